"""Folders of images, tables and arrays as examples to train on, split by content.

Everything but `fusion.data.batches` is free of TensorFlow: what is wrong with data is said before it loads.
"""
