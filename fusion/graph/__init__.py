"""A recipe as a graph, with every shape, cost and trainable weight known before Keras is loaded."""
