"""One thing of a sound recipe made wrong at a time: what cannot be read leads to no problem elsewhere in the graph."""

import pytest

from fusion.graph.making import examine_graph
from fusion.recipe.reading import examine, read
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import pointer

SOUND = pytest.mark.parametrize(
    "sound", [pytest.param("joined", marks=pytest.mark.slow), "stitched"], indirect=True
)
VALUES = ((None, [], {"": 1}), (-1, "x" * 99))


@pytest.fixture
def sound(request):
    """A sound recipe: one of stitches alone, or all that can be joined."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def stitched(two, phased):
    """A recipe without a fusion, whose one end comes from another branch, and that from a third."""
    two["backbones"]["third"] = {"arch": "Parallel", "weights": None}
    two["branches"] = {
        "front": {"input": "photo", "backbone": "net", "cut": "pool2", "pool": "none"},
        "middle": {"from": "front", "backbone": "res", "enter": "a_out", "cut": "b_out"},
        "back": {"from": "middle", "backbone": "third", "enter": "mixed1", "cut": "mixed2", "pool": "max"},
    }
    del two["fusion"]
    return phased(two, ["stitch:res", "stitch:third"], ["head", "res[b_conv..]", "third"])


@pytest.fixture
def joined(two, phased):
    """A recipe whose widths must fit, whose selectors reach as far as its cuts, and whose block is shared."""
    two["backbones"]["net"]["options"] = {"width": 2}
    two["branches"]["left"] |= {
        "pool": "avg+max",
        "features": 64,
        "normalise": "l2",
        "resize": [24, 24],
        "blocks": ["embed"],
    }
    two["branches"]["right"] |= {"cut": ["a_out", "b_out", "b_bn"], "pool": "max"}
    two["branches"]["deep"] = {
        "input": "photo",
        "backbone": "res",
        "cut": "stem",
        "pool": "flatten",
        "blocks": ["end"],
    }
    two["branches"]["places"] = {"input": "photo", "backbone": "res", "cut": "a_out", "pool": "none"}
    two["backbones"]["half"] = {"arch": "Chain", "weights": None}
    two["branches"]["end"] = {
        "from": "left",
        "resize": [32, 32],
        "backbone": "half",
        "enter": "pool1",
        "cut": "pool2",
        "blocks": ["end3"],
    }
    two["branches"]["facts"] = {"input": "facts", "blocks": ["end2"]}
    two["inputs"]["facts"] = {"kind": "tabular", "columns": ["a", "b"]}
    two["blocks"] |= {
        "embed": [{"dense": 40}],
        "end": [{"dense": 2}],
        "end2": [{"dense": 2}],
        "end3": [{"dense": 2}],
    }
    two["fusion"] = {
        "wide": {"op": "add", "from": ["left", "right"]},
        "narrow": {"op": "multiply", "from": ["deep", "facts", "end"]},
        "looked": {"op": "cross_attention", "from": ["wide", "places"], "project": 8, "heads": 2},
        "gates": {"op": "gated", "from": ["looked", "narrow"], "units": 4},
        "ranks": {"op": "low_rank", "from": ["gates", "looked"], "units": 4, "rank": 2},
        "products": {"op": "tensor", "from": ["ranks", "narrow"], "units": 4, "budget": 60},
        "thin": {"op": "concat", "from": ["looked", "narrow"], "project": 2},
        "all": {"op": "average", "from": ["gates", "products", "thin"]},
    }
    return phased(
        two,
        ["head", "fusion:gates", "res[b_conv..]"],
        ["net[conv2..]", "stitch:half", "half[conv2..]", {"part": "res[..a_out]", "learning_rate": 0.1}],
    )


@SOUND
def test_the_recipe_to_start_from_is_sound(graph_of, sound):
    assert graph_of(sound).remarks == ()


@SOUND
def test_what_cannot_be_read_leads_to_no_problem_elsewhere(sound, tables, variants_of):
    strays = []
    for variant in variants_of(sound, VALUES):
        wrong, place = variant.data, variant.place
        found = examine(wrong)
        graph, more = (
            examine_graph(found.recipe, tables, doubtful=found.doubtful) if found.recipe else (None, ())
        )
        assert graph is not None or found.problems or more
        stray = [problem for problem in (*found.problems, *more) if not variant.is_related(problem.place)]
        # Where names are gone with a whole section, or an entry has another name, who uses them is wrong as well.
        emptied = len(place) == 1 and isinstance(wrong.get(place[0]), dict)
        renamed = len(place) == 2 and variant.mistyped
        if stray and not emptied and not renamed and read(wrong, Recipe)[1]:
            strays.append((pointer(place), stray))

    assert strays == []
