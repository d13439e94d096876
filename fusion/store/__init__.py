"""Frozen tensors kept on disk: computed once, found again by what they depend on, never served damaged."""
