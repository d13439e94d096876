"""The command `fusion`: the library's verbs on files; here it is printed and exited, and nowhere else."""

from fusion.cli.app import main

__all__ = ["main"]
