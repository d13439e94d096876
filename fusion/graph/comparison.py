"""What two resolved recipes differ in, in words, and what that comes to."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fusion.graph.costs import Costs, PartCost, costs
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import to_data
from fusion.wording import amount, work

ABSENT = object()
"""Stands where one of two recipes has nothing."""

UNMEANT = {"name", "notes", "$schema", "recipe"}
"""Keys of a recipe that are no part of what it means."""

NOUNS = {
    "inputs": "input",
    "backbones": "backbone",
    "branches": "branch",
    "blocks": "block",
    "fusion": "fusion",
    "phases": "phase",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two recipes differ in: its JSON Pointer (`""` for the whole), and words."""

    place: str
    text: str


def compared(old: FusionGraph, new: FusionGraph) -> tuple[Difference, ...]:
    """Returns what changed from one resolved recipe to another, then what that comes to in all.

    >>> from fusion.graph.making import make_graph
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> two = one.replace("/head/output/units", 2)
    >>> [each.text for each in compared(make_graph(one, None), make_graph(two, None))][0]
    'units of output of head: none -> 2'
    """
    was, now = costs(old), costs(new)
    parts = {part.name: part for part in was.parts}, {part.name: part for part in now.parts}
    found = [
        Difference(place, _worded(place, pair, (old, new)) + _effect(place, parts))
        for place, pair in _changes(_meant(old.recipe), _meant(new.recipe), "")
    ]
    return (*found, Difference("", _total(was, now))) if found else ()


def _meant(recipe: Recipe) -> dict[str, Any]:
    data = recipe.model_dump(mode="json", by_alias=True)
    return {key: value for key, value in data.items() if key not in UNMEANT and not key.startswith("x-")}


def _changes(before: Any, after: Any, place: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yields the places of the smallest values that differ, with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            escaped = key.replace("~", "~0").replace("/", "~1")
            if not key.startswith("x-"):
                yield from _changes(before.get(key, ABSENT), after.get(key, ABSENT), f"{place}/{escaped}")
    elif _are_lists_of_objects(before, after):
        for number in range(max(len(before), len(after))):
            old, new = (each[number] if number < len(each) else ABSENT for each in (before, after))
            yield from _changes(old, new, f"{place}/{number}")
    elif before != after and not {id(before), id(after)} <= {id(ABSENT), id(None)}:
        yield place, (before, after)


def _are_lists_of_objects(*values: Any) -> bool:
    return all(isinstance(value, list) and all(isinstance(each, dict) for each in value) for value in values)


def _worded(place: str, pair: tuple[Any, Any], graphs: tuple[FusionGraph, FusionGraph]) -> str:
    before, after = pair
    what = _named(place, graphs[0 if after is ABSENT else 1])
    if before is ABSENT:
        return f"{what} added: {_shown(_written(place, after, graphs[1].recipe))}"
    if after is ABSENT:
        return f"{what} removed"
    told = [
        _written(place, value, graph.recipe) if _has_keys(value) else value
        for value, graph in zip(pair, graphs, strict=True)
    ]
    return f"{what}: {_shown(told[0])} -> {_shown(told[1])}"


def _has_keys(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(_has_keys, value)))


def _written(place: str, value: Any, recipe: Recipe) -> Any:
    """Returns what a recipe writes at a place, where what nobody need say is left out; `value` where it writes nothing."""
    found: Any = to_data(recipe)
    for part in place.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(key) if isinstance(found, list) else key]
        except (KeyError, IndexError):
            return value
    return found


def _named(place: str, graph: FusionGraph) -> str:
    """Returns a place in words: `cut of branch 'texture'`."""
    group, *parts = [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]
    if group == "training" and len(parts) > 1 and parts[0] == "phases":
        group, number, *rest = parts
        parts = [graph.phases[int(number)].name, *rest]
    if group not in NOUNS or not parts or (group == "fusion" and not isinstance(graph.recipe.fusion, dict)):
        return " of ".join([*reversed(parts), group])
    name, *rest = parts
    rest = [f"step {int(part) + 1}" if part.isdecimal() else part for part in rest]
    return " of ".join([*reversed(rest), f"{NOUNS[group]} '{name}'"])


def _shown(value: Any) -> str:
    """Returns a value in words: `op concat, from left + right`, what stands in another in brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value:
        return ", ".join(f"{key} {_inside(each)}" for key, each in value.items() if each is not None)
    if isinstance(value, list) and value and all(isinstance(each, str) for each in value):
        return " + ".join(value)
    if _has_keys(value):
        return ", ".join(map(_inside, value))
    return "none" if value is None else json.dumps(value, ensure_ascii=False)


def _inside(value: Any) -> str:
    return f"({_shown(value)})" if value and _has_keys(value) else _shown(value)


def _effect(place: str, parts: tuple[Mapping[str, PartCost], Mapping[str, PartCost]]) -> str:
    """Returns what a change of one branch does to its width and weights."""
    group, _, rest = place[1:].partition("/")
    name = rest.partition("/")[0]
    was, now = (each.get(name) for each in parts)
    if group != "branches" or was is None or now is None:
        return ""
    features = f"{was.width} -> {now.width} features" if was.width != now.width else ""
    params = f"{_signed(now.params - was.params)} params" if was.params != now.params else ""
    said = ", ".join(filter(None, (features, params)))
    return f": {said}" if said else ""


def _total(was: Costs, now: Costs) -> str:
    params = f"{amount(was.params)} -> {amount(now.params)} params ({_signed(now.params - was.params)})"
    said = [params if was.params != now.params else f"{amount(now.params)} params as before"]
    flops = work(was.flops, was.uncounted), work(now.flops, now.uncounted)
    said.append(f"{_arrow(*flops)} a sample" if flops[0] != flops[1] else f"{flops[1]} a sample as before")
    old = {phase.name: phase.trainable for phase in was.phases}
    said += [
        f"phase '{phase.name}' trains {amount(old[phase.name])} -> {amount(phase.trainable)}"
        for phase in now.phases
        if phase.name in old and old[phase.name] != phase.trainable
    ]
    return "in all: " + ", ".join(said)


def _arrow(before: str, after: str) -> str:
    """Returns two quantities with an arrow, the unit once where they have it in common."""
    number, _, unit = before.partition(" ")
    return f"{number} -> {after}" if unit == after.partition(" ")[2] else f"{before} -> {after}"


def _signed(number: int) -> str:
    return f"{'-' if number < 0 else '+'}{amount(abs(number))}" if number else "as before"
