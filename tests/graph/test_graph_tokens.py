"""Lists of tokens in a graph, with a text backbone whose table is written here."""

import re
from dataclasses import replace

import pytest

from fusion.checking import draw
from fusion.cli import planning
from fusion.cli.studying import _print_plan
from fusion.frontier.plans import plan
from fusion.graph.costs import costs
from fusion.graph.making import examine_graph, make_graph
from fusion.recipe.recipe import Recipe
from fusion.skeleton.articulation import articulations, natural_cuts
from fusion.skeleton.cuts import inside_block
from fusion.skeleton.layers import Layer, Skeleton
from fusion.study.declaration import Study
from fusion.study.planning import plan_study

L, W = 8, 4


def block(name, before):
    return Layer(name, "TransformerEncoder", (before, "mask"), (L, W), 100, 0, 1000, package="keras_hub")


ROWS = (
    Layer("ids", "InputLayer", (), (L,), dtype="int32"),
    Layer("real", "NotEqual", ("ids",), (L,), dtype="bool", operation=True),
    Layer("mask", "Cast", ("real",), (L,), dtype="int32", operation=True),
    Layer("embedding", "Embedding", ("ids",), (L, W), 200),
    block("block_1", "embedding"),
    block("block_2", "block_1"),
    Layer("first", "GetItem", ("block_2",), (W,), operation=True),
    Layer("pooler", "Dense", ("first",), (W,), 20, 0, 36),
)
TABLE = Skeleton("Bert", (L,), ROWS, "block_2", "3.15.1", vocabulary=50)


class Tables:
    def skeleton(self, backbone, shape):
        assert shape == (L,)
        return TABLE


def recipe(**branch):
    return Recipe(
        name="said",
        inputs={"words": {"kind": "tokens", "length": L, "pad": 3}},
        backbones={"bert": {"kerashub": "Bert", "weights": None, "preprocess": "none"}},
        branches={"said": {"input": "words", "backbone": "bert", **branch}},
        head={"output": {"task": "binary"}},
        training={"phases": [{"name": "top", "train": ["head", "bert[block_2..]"], "epochs": 1}]},
    )


def test_a_pool_of_tokens_reads_the_tokens_too():
    graph = make_graph(recipe(), Tables())

    assert [node.name for node in graph.nodes] == ["words", "bert", "said.pool", "output"]
    assert [node.name for node in graph.parents("said.pool")] == ["bert", "words"]
    assert [node.name for node in graph.parents("bert")] == ["words"]
    assert graph.vocabulary("words") == 50
    assert graph["said.pool"].shape == (W,)


@pytest.mark.parametrize(
    ("pool", "width", "reads"),
    [
        ("avg", W, True),
        ("max", W, True),
        ("avg+max", 2 * W, True),
        ("flatten", L * W, True),
        ("first", W, False),
    ],
)
def test_all_pools_but_the_first_look_for_padding(pool, width, reads):
    graph = make_graph(recipe(pool=pool), Tables())

    assert graph["said.pool"].shape == (width,)
    assert ("words" in [node.name for node in graph.parents("said.pool")]) is reads


def test_what_follows_the_output_is_no_part_of_it_and_can_be_had():
    graph = make_graph(recipe(), Tables())
    deep = make_graph(recipe(cut="pooler", pool="none"), Tables())

    assert costs(graph).discarded.layers == 2
    assert costs(graph).parts[0].discarded.params == 20
    assert costs(deep).discarded.layers == 0
    assert inside_block(TABLE, "pooler") is None
    assert deep["said.pool"].shape == (W,)


def test_a_mask_goes_around_no_block():
    assert articulations(TABLE) == ("ids", "embedding", "block_1", "block_2")
    assert natural_cuts(TABLE) == ("embedding", "block_1", "block_2")
    assert inside_block(TABLE, "block_1") is None


def test_one_phase_trains_the_last_block_alone():
    (plan,) = make_graph(recipe(), Tables()).phases

    assert [*plan.rates] == ["bert/block_2", "output"]


def test_the_first_of_a_grid_is_refused(one, graph_of, tables):
    one["branches"]["all"]["pool"] = "first"

    _, problems = examine_graph(Recipe(**one), tables)

    assert [problem.place for problem in problems] == ["/branches/all/pool"]
    assert "only of a list of tokens there is a first" in problems[0].text


def test_tokens_are_drawn_once_with_one_line_to_their_backbone():
    graph = make_graph(recipe(), Tables())

    drawn, told = draw(graph).svg(), draw(graph).text()

    assert ">8 tokens<" in drawn
    assert "reads 8 tokens" in drawn
    assert "  words: 8 tokens\n" in told
    assert "    pool: avg, 4\n" in told
    assert draw(graph).mermaid().count("words") == draw(
        make_graph(recipe(pool="first"), Tables())
    ).mermaid().count("words")


class Uncounted:
    """A backbone whose blocks are of a class of which it is not known what it computes."""

    def skeleton(self, backbone, shape):
        rows = [
            replace(row, kind="FNetEncoder", flops=0) if row.name.startswith("block") else row for row in ROWS
        ]
        return replace(TABLE, layers=tuple(rows))


def test_a_sum_of_operations_that_are_not_known_is_not_said():
    known, unknown = make_graph(recipe(), Tables()), make_graph(recipe(), Uncounted())

    found = costs(unknown)
    assert found.uncounted == found.parts[0].uncounted == ("FNetEncoder",)
    assert found.parts[-1].uncounted == costs(known).uncounted == ()
    shorter = recipe(cut="block_1").replace("/training/phases/0/train", ["head"])
    assert costs(make_graph(shorter, Uncounted())).unsaved == ("FNetEncoder",)


def test_plans_say_that_operations_are_not_known(capsys):
    known, unknown = make_graph(recipe(), Tables()), make_graph(recipe(), Uncounted())

    planning._print(plan(unknown, examples=10))

    told = " ".join(capsys.readouterr().out.split())
    assert "FLOP not known" in told
    assert "Operations of FNetEncoder are not known: times are those of all else, and take longer." in told
    study = Study(name="one", recipe=known.recipe, seeds=2)
    arms = plan_study(study, {"base": known, "other": unknown}, examples=10).arms
    assert [arm.flops is None for arm in arms] == [False, True]
    _print_plan(plan_study(study, {"base": unknown}, examples=10), reference="base")
    assert "FLOP not known" in capsys.readouterr().out


@pytest.mark.parametrize("level", ["branch", "stage", "layer"])
def test_a_picture_says_that_operations_are_not_known_and_no_sum(level):
    told = draw(make_graph(recipe(), Uncounted()), level=level).svg()

    words = [text for text in re.findall(">([^<>]+)<", told) if "FLOP" in text and "=" not in text]
    assert any("FLOP not known" in text for text in words)
    # What the head and the rest of the backbone compute is known.
    assert not any("no operations" in text for text in words)
    header = next(text for text in words if "in float32" in text)
    assert re.findall(r"[^·]*FLOP[^·]*", header)[0].strip() == "FLOP not known"
