"""Pictures laid out by Graphviz's `dot`, where it is installed: asked as a program of its own, which may fail or hang."""

import shutil
import subprocess

from fusion.errors import DrawingError, listed

FORMATS = (".svg", ".png", ".pdf")
PATIENCE = 60.0
"""Seconds that `dot` may take."""


def rendered(source: str, suffix: str, *, patience: float = PATIENCE) -> bytes:
    """Returns DOT source as a picture in the format of `suffix`, drawn by `dot`.

    It never asks for orthogonal lines, at which `dot` 2.43 crashes.

    >>> rendered("digraph {}", ".txt")
    Traceback (most recent call last):
    ...
    fusion.errors.DrawingError: Graphviz does not write .txt here; it writes .svg, .png, .pdf. ...

    Raises:
        DrawingError: If the format is another, or `dot` is not installed, fails, or takes longer than `patience`.
    """
    if suffix not in FORMATS:
        text = "Leave the engine out for others."
        raise DrawingError(f"Graphviz does not write {suffix} here; it writes {listed(FORMATS)}. {text}")
    program = shutil.which("dot")
    if program is None:
        ways = "Install Graphviz (https://graphviz.org/download/), write .gv, or leave the engine out"
        raise DrawingError(f"There is no program `dot` to lay the picture out. {ways}.")
    try:
        done = subprocess.run(
            [program, f"-T{suffix[1:]}"],
            input=source.encode(),
            capture_output=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        text = "Leave the engine out, or write .gv and give it more time."
        raise DrawingError(f"Graphviz did not end within {patience:g} seconds. {text}") from error
    complaint = done.stderr.decode(errors="replace").strip()
    if done.returncode or not done.stdout:
        raise DrawingError(
            f"Graphviz failed with status {done.returncode}: {complaint[-300:] or 'it says nothing'}."
        )
    if "too large" in complaint:
        raise DrawingError("The picture is too large for a PNG by Graphviz; write .svg or .pdf instead.")
    return done.stdout
