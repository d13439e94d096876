"""The layer table of a backbone and questions about it, without Keras."""
