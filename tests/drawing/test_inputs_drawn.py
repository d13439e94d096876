from fusion.checking import draw, resolve
from fusion.drawing.states import view
from fusion.graph.costs import costs
from fusion.recipe.recipe import Recipe

ZIP = Recipe(
    name="zip",
    inputs={"zip": {"kind": "categorical", "column": "zip code", "most": 50}},
    blocks={"embed": [{"dense": 4}]},
    branches={"place": {"input": "zip", "blocks": ["embed"]}},
    head={"output": {"task": "regression"}},
)


def test_a_text_of_words_is_drawn_with_its_column_and_what_it_becomes() -> None:
    words = ZIP.replace("/inputs/zip", {"kind": "text", "column": "description", "most": 50})

    drawn = draw(resolve(words)).svg()

    assert ">1 text<" in drawn
    assert "<title>description</title>" in drawn
    assert ">bag of words<" in drawn
    assert ">51<" in drawn
    assert "each of the 50 most frequent words in training" in drawn


def test_a_text_is_drawn_with_its_column_and_what_it_becomes() -> None:
    drawn = draw(resolve(ZIP)).svg()

    assert ">1 text<" in drawn
    assert "<title>zip code</title>" in drawn
    assert ">one-hot<" in drawn
    assert "one place for each of the 50 most frequent texts in training, the first for all others" in drawn


OPTIONAL = Recipe(
    name="optional",
    inputs={
        "zip": {"kind": "categorical", "column": "zip", "most": 50, "optional": {"missing": "learned"}},
        "facts": {
            "kind": "tabular",
            "columns": ["area"],
            "optional": {"missing": "zeros", "dropout": 0.5},
        },
    },
    branches={"place": {"input": "zip"}, "numbers": {"input": "facts"}},
    fusion={"op": "concat", "of": ["place", "numbers"]},
    head={"output": {"task": "regression"}},
    training={"phases": [{"name": "one", "train": ["head"], "epochs": 1}]},
)


def test_what_may_be_missing_has_a_dashed_border_and_says_so() -> None:
    drawn = draw(resolve(OPTIONAL)).svg()

    assert ">1 text · optional<" in drawn
    assert ">1 column · optional<" in drawn
    # Two inputs and what is given in place of one; the other has weights and a colour.
    assert drawn.count("stroke-dasharray") == 3
    assert ">or zeros<" in drawn
    assert ">or learned<" in drawn
    assert ">if zip is missing<" in drawn


def test_what_only_tells_whether_an_input_is_there_is_not_drawn_and_its_costs_are_kept() -> None:
    graph = resolve(OPTIONAL)
    seen = view(graph, 0).graph

    assert [node.name for node in seen.nodes if "optional" in node.name] == []
    assert costs(seen) == costs(graph)
    assert [node.name for node in seen.parents("numbers.missing")] == ["facts.normalise"]


def test_an_optional_input_is_told_in_words_and_every_layer_of_it_to_explorers() -> None:
    figure = draw(resolve(OPTIONAL))

    words = [line.strip() for line in figure.text().splitlines()]
    assert "facts: 1 column, optional" in words
    assert "or zeros: 1" in words
    assert "or learned: if zip is missing, 51, 51 params, trainable" in words
    assert '"facts.optional.drop"' in figure.explorer()
