"""A graph as a Keras model: built, addressed, saved, opened again."""
