import pytest

from fusion.errors import RecipeError
from fusion.graph.costs import branch_nodes, costs
from fusion.graph.making import make_graph
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import to_data


def recipe(a: object, b: object, *, trains: tuple[str, ...] = ("head",)) -> Recipe:
    return Recipe(
        name="two tables",
        inputs={
            "a": {"kind": "tabular", "columns": ["x", "y"], "optional": a},
            "b": {"kind": "categorical", "column": "z", "most": 3, "optional": b},
        },
        blocks={"embed": [{"dense": 5}]},
        branches={"left": {"input": "a", "blocks": ["embed"]}, "right": {"input": "b"}},
        fusion={"op": "concat", "from": ["left", "right"]},
        head={"output": {"task": "regression"}},
        training={"phases": [{"name": "one", "train": list(trains), "epochs": 1}]},
    )


LEARNED, DROPPED = {"missing": "learned"}, {"missing": "zeros", "dropout": 0.5}


def test_what_a_branch_gives_instead_comes_last_in_it() -> None:
    graph = make_graph(recipe(LEARNED, None), None)

    assert graph.ends == {"left": "left.missing", "right": "b.prepare", "fusion": "fusion"}
    assert [parent.name for parent in graph.parents("left.missing")] == ["left.embed", "a.optional.present"]
    assert [parent.name for parent in graph.parents("left.embed")] == ["a.optional.fill"]
    assert [parent.name for parent in graph.parents("a.optional.fill")] == ["a.normalise"]


def test_a_learned_vector_is_as_wide_as_its_branch_and_trains_with_the_head() -> None:
    graph = make_graph(recipe(LEARNED, LEARNED), None)

    weights = {name: each.params for name, each in graph.weights.items() if "missing" in name}
    assert weights == {"left.missing/learned": 5, "right.missing/learned": 4}
    assert set(graph.phases[0].rates) == {*weights, "output"}
    assert costs(graph).phases[0].trainable == 9 + (9 + 1)


def test_without_the_head_what_is_learned_for_missing_inputs_is_frozen() -> None:
    graph = make_graph(recipe(LEARNED, None, trains=("block:embed",)), None)

    assert set(graph.phases[0].rates) == {"embed/dense"}


def test_inputs_are_taken_away_in_every_phase() -> None:
    graph = make_graph(recipe(DROPPED, LEARNED, trains=("block:embed",)), None)

    assert graph.phases[0].is_active("a.optional.drop/dropout")
    assert not graph.phases[0].is_active("b.optional.drop/dropout")


def test_only_where_all_inputs_are_optional_one_has_to_be_kept() -> None:
    some, every = (make_graph(recipe(DROPPED, b), None) for b in (None, LEARNED))

    assert [parent.name for parent in some.parents("left.missing")] == ["left.embed", "a.optional.drop"]
    assert [parent.name for parent in every.parents("left.missing")] == ["left.embed", "a.optional.keep"]
    assert [parent.name for parent in every.parents("a.optional.keep")] == [
        "a.optional.present",
        "a.optional.drop",
        "b.optional.present",
    ]
    assert [parent.name for parent in every.parents("right.missing")] == ["b.prepare", "b.optional.present"]


def test_a_branch_does_not_run_through_other_inputs_whose_absence_it_depends_on() -> None:
    graph = make_graph(recipe(DROPPED, LEARNED), None)

    through = [node.name for node in branch_nodes(graph, "left")]
    assert through == [
        "a",
        "a.optional.present",
        "a.optional.drop",
        "a.optional.keep",
        "a.normalise",
        "a.optional.fill",
        "left.embed",
        "left.missing",
    ]


def test_a_block_may_be_called_like_what_an_optional_input_does() -> None:
    found = recipe(DROPPED, LEARNED)
    blocks = {"drop": [{"dense": 5}], "present": [{"dense": 2}]}
    branches = {"a": {"input": "a", "blocks": ["drop", "present"]}, "right": {"input": "b"}}
    fused = {"op": "concat", "from": ["a", "right"]}

    graph = make_graph(found.replaced(blocks=blocks, branches=branches, fusion=fused), None)

    assert graph["a.drop"].kind == "block"
    assert graph["a.optional.drop"].kind == "drop"


def test_a_block_called_missing_would_be_taken_for_what_a_branch_gives_instead() -> None:
    data = to_data(recipe(None, None)) | {"blocks": {"missing": [{"dense": 5}]}}
    data["branches"]["left"]["blocks"] = ["missing"]

    with pytest.raises(RecipeError, match="The name 'missing' is the library's own"):
        from_data(data)
