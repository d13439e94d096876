"""Fuse pretrained Keras backbones, cut at any layer, and transfer only the parts you name."""
