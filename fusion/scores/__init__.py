"""Scores of taps before anything is trained: how much features tell of targets, alone and joined."""
