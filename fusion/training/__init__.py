"""Phases of training: what trains, by how much, for how long, and what was seen."""
