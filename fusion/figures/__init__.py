"""Figures: pictures that show themselves and are written to files, with a module for each format."""
