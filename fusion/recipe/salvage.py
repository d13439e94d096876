"""What can be read of data that are wrong in places, so that no problem hides another and none follows from another."""

import copy
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from fusion.errors import Problem
from fusion.recipe.translation import Place, pointer, reports

V = TypeVar("V")

Context = dict[str, Any]

PARTIAL = "partial"
"""In the context of a validation: the fields that something has been taken out of, so that they may be empty."""

UNIQUE = "*"
"""As a stand-in: a name that no other part has."""


def salvage(
    data: Any, validate: Callable[[Any, Context], V], stand_ins: Mapping[Place, Any] | None = None
) -> tuple[V | None, list[Problem], set[Place]]:
    """Returns the value that `data` say without the parts that are wrong, what is wrong, and the places affected.

    What is wrong is taken out and the rest validated again. Where a part cannot do without what was taken out, the
    part goes as well, and that is no further problem; `None` where the whole goes.

    Args:
        data: Data of JSON's types, or values.
        validate: Makes the value, or raises pydantic's error; takes pydantic's context too.
        stand_ins: For places, `"*"` being any index, what takes the place of a value that is wrong.

    >>> from pydantic import TypeAdapter
    >>> adapter = TypeAdapter(dict[str, int])
    >>> value, problems, gone = salvage({"a": 1, "b": "x"}, lambda data, _: adapter.validate_python(data))
    >>> value, [problem.place for problem in problems], gone
    ({'a': 1}, ['/b'], {('b',)})
    """
    problems: list[Problem] = []
    rest, gone = copy.deepcopy(data), set[Place]()
    while True:
        try:
            return validate(rest, {PARTIAL: {place[0] for place in gone}}), problems, gone
        except ValidationError as error:
            found = list(reports(error))
        problems += [report.problem for report in found if not _follows(report.place, gone)]
        for report in found:
            place = report.place
            # What was taken out already is missing now: what holds it cannot do without.
            while place in gone:
                place = place[:-1]
            if not place:
                return None, problems, gone
            # A mistyped key leaves a doubt about the one it was meant for.
            gone |= {place, _take_out(rest, place, stand_ins or {}), report.meant or place}


def _follows(place: Place, gone: Collection[Place]) -> bool:
    """Whether something is wrong only because of what is gone: it is missing, or its parts do not agree any more."""
    return any(other[: len(place)] == place for other in gone)


def _take_out(data: Any, place: Place, stand_ins: Mapping[Place, Any]) -> Place:
    """Takes the value at `place` out; an entry of a list with its whole list, as indices must not move.

    Returns the place of what is gone. What stands in for it stays there.
    """
    above, last = place[:-1], place[-1]
    holder: Any = data
    for depth, part in enumerate(above):
        try:
            holder = holder[part]
        except (KeyError, TypeError):
            return place[: depth + 1]
    stand_in = stand_ins.get(tuple("*" if isinstance(part, int) else part for part in place))
    if stand_in is not None:
        holder[last] = pointer(place) if stand_in == UNIQUE else copy.deepcopy(stand_in)
    elif isinstance(holder, dict):
        holder.pop(last, None)
    else:
        return _take_out(data, place[:-1], stand_ins)
    return place
