"""Every error this package raises on purpose, and how problems are worded and listed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self


class FusionError(Exception):
    """Base class: catch this to catch anything `fusion` raises on purpose.

    >>> issubclass(RecipeError, FusionError) and issubclass(RecipeError, ValueError)
    True
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a file a user wrote.

    Args:
        place: JSON Pointer (RFC 6901) to the value, such as `"/branches/texture/cut"`; `""` is the whole file.
        text: What is wrong, what was expected and what to do; further lines give detail.
    """

    place: str
    text: str


class RecipeError(FusionError, ValueError):
    """A recipe, or another file of the same kind, cannot be used; the message lists every problem.

    >>> print(RecipeError.of("two.json", [Problem("/branches/a/poool", "Unknown key 'poool'.")]))
    two.json: 1 problem
      /branches/a/poool   Unknown key 'poool'.
    """

    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, source: str, problems: Iterable[Problem]) -> Self:
        """Returns the error that lists `problems` found in `source`."""
        found = tuple(problems)
        error = cls(listing(source, found))
        error.problems = found
        return error


class LayerNotFoundError(FusionError, LookupError):
    """A backbone has no layer with that name."""


class BackboneError(FusionError, ValueError):
    """A backbone cannot be made as asked: its source, its options or its input shape."""


class InputSizeError(BackboneError):
    """Images are too small for a backbone, or have other channels than it reads."""


class WeightsError(FusionError, OSError):
    """A weights file is missing, damaged, or belongs to another network."""


class ModelError(FusionError, ValueError):
    """A model cannot be built, saved, opened or fed as asked."""


class FileError(FusionError, OSError):
    """A file cannot be written."""


class StoreError(FusionError, OSError):
    """The store of frozen tensors cannot be written or read: a full disk, no permission, rows that do not fit."""


class DrawingError(FusionError, ValueError):
    """A picture cannot be drawn or written as asked."""


class DataError(FusionError, ValueError):
    """Data do not fit: a broken image, an empty class, labels the head does not have."""


class StudyError(FusionError, RuntimeError):
    """A study cannot be planned, run or read as asked."""


class TrainingError(FusionError, RuntimeError):
    """Training was asked for something that would not train what it says."""


def listing(source: str, problems: Sequence[Problem]) -> str:
    r"""Returns `problems` as one text: a head line, then a line or more for each with its place.

    >>> print(listing("a.json", [Problem("/head", "Missing."), Problem("/x/y", "Bad.\nKnown: z.")]))
    a.json: 2 problems
      /head   Missing.
      /x/y    Bad.
              Known: z.
    """
    count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
    places = [problem.place or "(whole file)" for problem in problems]
    width = min(max((len(place) for place in places), default=0), 44)
    lines = [f"{source}: {count}"]
    for place, problem in zip(places, problems, strict=True):
        first, *rest = problem.text.split("\n")
        lines.append(f"  {place:<{width}}   {first}")
        lines += [f"  {'':<{width}}   {line}" for line in rest]
    return "\n".join(lines)


def near(word: str, known: Iterable[str]) -> str:
    """Returns `" Did you mean 'x'?"` for the known name nearest to `word`, or `""` if none is near.

    >>> near("block4_pol", ["block3_pool", "block4_pool"])
    " Did you mean 'block4_pool'?"
    >>> near("zebra", ["block4_pool"])
    ''
    """
    found = nearest(word, known)
    return f" Did you mean {found!r}?" if found else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns the known name nearest to `word`, or `""` if none is near; upper and lower case count as equal.

    >>> nearest("VGG_16", ["vgg16", "vgg19"])
    'vgg16'
    """
    folded = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), folded, n=1)
    return folded[close[0]] if close else ""


def shown(value: object) -> str:
    """Returns a value as a message quotes it: cut short where it is long.

    >>> shown([1, 2]), len(shown("x" * 1000))
    ('[1, 2]', 60)
    """
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def listed(names: Iterable[str], limit: int = 12) -> str:
    """Returns names as a comma-separated list that stays readable when there are many.

    >>> listed(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    every = list(names)
    if not every:
        return "none"
    shown = ", ".join(every[:limit])
    return shown if len(every) <= limit else f"{shown} and {len(every) - limit} more"


def itemised(head: str, lines: Sequence[str], limit: int = 10) -> str:
    """Returns a head line and, indented below it, the first `limit` of `lines`, with how many more there are.

    >>> print(itemised("3 files are broken:", ["a.png", "b.png", "c.png"], limit=2))
    3 files are broken:
      a.png
      b.png
      and 1 more
    """
    more = [f"and {len(lines) - limit} more"] if len(lines) > limit else []
    return "\n  ".join([head, *lines[:limit], *more])
