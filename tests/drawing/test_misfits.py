"""An op that does not fit what it joins: drawn with what is known before it, with why, and without what comes after."""

import json
from pathlib import Path
from typing import Any

import pytest

from fusion.checking import draw, sketch
from fusion.drawing.display import Group, Rect, Text, flattened
from fusion.errors import DrawingError
from fusion.figures.figure import save
from fusion.graph.nodes import FusionGraph
from fusion.recipe.recipe import Recipe

TABLE = {"kind": "tabular", "columns": ["area"]}
PARTS: dict[str, Any] = {
    "name": "unequal",
    "inputs": {"a": TABLE, "b": TABLE | {"columns": ["rooms", "price"]}},
    "branches": {"left": {"input": "a"}, "right": {"input": "b"}},
    "fusion": {
        "sum": {"op": "gated", "from": ["left", "right"]},
        "more": {"op": "add", "from": ["sum", "right"]},
    },
    "head": {"output": {"task": "binary"}},
    "training": {"phases": [{"name": "one", "train": ["head", "fusion:sum"], "epochs": 1}]},
}
WHY = "gated needs vectors of one width: left 1, right 2."


@pytest.fixture(scope="module")
def misfit() -> FusionGraph:
    found = sketch(Recipe(**PARTS))
    assert found
    return found


@pytest.mark.parametrize("style", ["auto", "paper", "slide"])
@pytest.mark.parametrize("level", ["branch", "stage", "layer"])
def test_a_picture_ends_where_something_does_not_fit(misfit: FusionGraph, level: str, style: str) -> None:
    drawing = draw(misfit, level=level, style=style).drawing

    frames = {i.name: i for i, *_ in flattened(drawing.items) if isinstance(i, Group) and i.frame}
    assert frames.keys() >= {"a", "b", "sum"}
    assert not {"more", "output", "the prediction"} & frames.keys()
    border = frames["sum"].items[0]
    assert isinstance(border, Rect)
    assert (border.stroke, border.weight) == ("ink", 3.0)
    assert border.dash


def test_it_says_why_instead_of_what_it_would_cost(misfit: FusionGraph) -> None:
    figure = draw(misfit)

    words = [item.text for item, *_ in flattened(figure.drawing.items) if isinstance(item, Text)]
    assert words[1].startswith(f"Cannot be built: {WHY} Write")
    assert {"!", "does not fit", "1 + 2", "does not fit what it reads"} <= set(words)
    assert not any(word.endswith((" trainable", " frozen")) for word in words)
    assert f"Cannot be built: {WHY}" in figure.drawing.description
    assert f"\ncannot be built: {WHY}" in figure.text()
    assert figure.html().count("does not fit") >= 3


@pytest.mark.parametrize("level", ["branch", "stage", "layer"])
def test_what_only_something_after_it_reads_leads_nowhere(level: str) -> None:
    later = {
        "inputs": PARTS["inputs"] | {"c": TABLE | {"columns": ["year"]}},
        "branches": PARTS["branches"] | {"aside": {"input": "c"}},
        "fusion": PARTS["fusion"] | {"more": {"op": "concat", "from": ["sum", "aside"]}},
    }
    found = sketch(Recipe(**PARTS | later))
    assert found

    figure = draw(found, level=level)

    frames = {
        item.name for item, *_ in flattened(figure.drawing.items) if isinstance(item, Group) and item.frame
    }
    assert {"a", "b", "c", "sum"} <= frames
    assert "more" not in frames
    assert WHY in figure.text()
    assert figure.html().count("does not fit") >= 3
    assert "does not fit" in figure.tikz()


def test_formats_without_a_layout_have_no_place_for_it(misfit: FusionGraph, tmp_path: Path) -> None:
    for suffix in (".gv", ".mmd", ".json"):
        with pytest.raises(DrawingError, match="has no place for what does not fit; write"):
            save(draw(misfit), tmp_path / f"x{suffix}")


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ({}, ["sum"]),
        ({"fusion": {"op": "add", "from": ["left", "right"]}, "training": None}, ["fusion"]),
        ({"fusion": {"op": "concat", "from": ["left", "right"]}, "training": None}, None),
        ({"head": {"output": {"task": "binary"}, "blocks": ["none"]}}, None),
    ],
)
def test_only_what_has_no_other_problem_is_sketched(
    parts: dict[str, Any], names: list[str] | None, tmp_path: Path
) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps({"recipe": 1} | PARTS | parts))

    found = sketch(path)
    assert (list(found.misfits) if found else None) == names


@pytest.mark.parametrize("weights", ["learned", None])
def test_an_op_after_one_that_does_not_fit_is_no_further_misfit(weights: str | None) -> None:
    late = {"op": "late", "from": ["sum", "right"], "weights": weights}

    one = {"phases": [{"name": "one", "train": ["fusion:sum"], "epochs": 1}]}

    found = sketch(Recipe(**PARTS | {"fusion": PARTS["fusion"] | {"more": late}, "training": one}))
    assert found
    assert list(found.misfits) == ["sum"]
