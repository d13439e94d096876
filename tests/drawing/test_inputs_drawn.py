from fusion.checking import resolve
from fusion.figures.figure import draw
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
