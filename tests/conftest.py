"""What tests of several parts have in common: data with one thing made wrong at a time, and one fresh process."""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _pytest.doctest import DoctestModule

from fusion.backbones import skeletons
from fusion.recipe.translation import Place, pointer
from fusion.skeleton.files import to_json
from fusion.skeleton.layers import Layer, Skeleton

MISTYPED = "z"


@dataclass(frozen=True)
class Variant:
    """Data with one thing wrong.

    Args:
        data: The data; they change when the next variant is taken.
        place: Where the value that is exchanged, taken out or under another key is.
        mistyped: Whether it is under another key, which `place` ends in.
    """

    data: Any
    place: Place
    mistyped: bool = False

    def is_related(self, problem: str) -> bool:
        """Whether a problem lies at the place, above it or below it."""
        here, there = f"{pointer(self.place).removesuffix(MISTYPED * self.mistyped)}/", f"{problem}/"
        return there.startswith((here, here[:-1] + MISTYPED)) or here.startswith(there)


def places(data: Any, above: Place = ()) -> Iterator[Place]:
    children = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, child in children:
        yield (*above, key)
        yield from places(child, (*above, key))


def variants(data: Any, values: Sequence[Sequence[Any]]) -> Iterator[Variant]:
    """Yields the data with one value of each of the `values` at each place, in turn, then taken out, then mistyped."""
    wrong = copy.deepcopy(data)
    for number, place in enumerate(places(data)):
        *above, last = place
        inside = wrong
        for part in above:
            inside = inside[part]
        right, before = inside[last], copy.copy(inside)
        for several in values:
            inside[last] = several[number % len(several)]
            yield Variant(wrong, place)
        inside[last] = right
        if isinstance(inside, dict):
            del inside[last]
            yield Variant(wrong, place)
            inside[f"{last}{MISTYPED}"] = right
            yield Variant(wrong, (*above, f"{last}{MISTYPED}"), mistyped=True)
            # Keys come back in their order.
            inside.clear()
            inside.update(before)


@pytest.fixture(scope="session")
def places_of() -> Callable[[Any], Iterator[Place]]:
    """Every place in some data, as keys and indices from the whole down."""
    return places


@pytest.fixture(scope="session", params=["in turn", pytest.param("each everywhere", marks=pytest.mark.slow)])
def variants_of(
    request: pytest.FixtureRequest,
) -> Callable[[Any, Sequence[Sequence[Any]]], Iterator[Variant]]:
    """Makes one thing of some data wrong at a time; in the slow run every value is tried at every place."""
    if request.param == "in turn":
        return variants
    return lambda data, values: variants(data, [(value,) for several in values for value in several])


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(file_path: Path) -> Iterator[None]:
    """Looks for tests alone: to look for examples in what tests say takes as long as to find the tests."""
    found = yield
    return [each for each in found if not isinstance(each, DoctestModule)]


PROGRAM = """
import json, sys

loaded = {}

def note(step):
    loaded[step] = sorted(sys.modules)

import fusion
note("import")
import fusion.skeleton.cuts, fusion.skeleton.files, fusion.skeleton.articulation
note("tables")
from fusion.backbones.skeletons import skeleton
skeleton("VGG16", shape=(32, 32, 3))
note("cache")
import importlib.util
spec = importlib.util.spec_from_file_location("cases", sys.argv[1])
cases = importlib.util.module_from_spec(spec)
spec.loader.exec_module(cases)
from fusion.figures.figure import draw
from fusion.graph.making import make_graph
drawn = [draw(make_graph(recipe, cases.Tables())).svg() for recipe in cases.RECIPES.values()]
note("drawing")
json.dump({"loaded": loaded, "drawn": drawn}, sys.stdout)
"""


@dataclass(frozen=True)
class Fresh:
    """What a process of its own came to: the modules it held after each step, and the pictures it drew."""

    loaded: dict[str, set[str]]
    drawn: list[str]


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """A process with another hash seed: imports, looks up a table in its cache, then draws every topology."""
    folder, root = tmp_path_factory.mktemp("fresh"), Path(__file__).parents[1]
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("FUSION_CACHE", folder), ("PYTHONHASHSEED", seed), ("PYTHONPATH", root)):
            patch.setenv(name, str(value))
        table = Skeleton("VGG16", (32, 32, 3), (Layer("x", "InputLayer", (), (32, 32, 3)),), "x", "0")
        skeletons._write(skeletons._path("VGG16", (32, 32, 3), "{}"), to_json(table))
        cases = Path(__file__).with_name("topologies.py")
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(cases)], capture_output=True, check=True)
    found = json.loads(done.stdout)
    return Fresh({step: set(names) for step, names in found["loaded"].items()}, found["drawn"])
