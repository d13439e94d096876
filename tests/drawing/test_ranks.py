"""Columns of a picture: cards that read as many others stand level, however much is done to what they are fed before."""

from itertools import permutations

from fusion.drawing.boxes import Box
from fusion.drawing.columns import columns
from fusion.drawing.contents import Contents, Link
from fusion.drawing.ranks import ranks_of

CARDS = {"eye", "reader", "second"}
PAIRS = (
    *(("photo", "eye"), ("caption", "words"), ("words", "reader")),
    *(("eye", "stitch"), ("stitch", "second"), ("second", "fusion"), ("reader", "fusion")),
)


def contents(pairs: tuple[tuple[str, str], ...] = PAIRS) -> Contents:
    names = ["eye", "reader", "second", "photo", "caption", "words", "stitch", "fusion"]
    boxes = {
        name: Box(
            name,
            20,
            20,
            (),
            {"": (0.0, 10.0)},
            {"": (20.0, 10.0)},
            role="card" if name in CARDS else "thing",
        )
        for name in names
    }
    return Contents(boxes, tuple(Link(a, "", b, "", "line", 1.0) for a, b in pairs))


def test_cards_that_read_as_many_others_stand_level() -> None:
    found = ranks_of(contents())

    assert found["eye"] == found["reader"] == 2
    assert found["second"] == found["eye"] + 2
    assert found["fusion"] == found["second"] + 1
    assert (found["photo"], found["caption"], found["words"]) == (0, 0, 1)


def test_the_order_of_links_changes_nothing() -> None:
    first = ranks_of(contents())

    assert all(ranks_of(contents(tuple(each))) == first for each in list(permutations(PAIRS))[::97])


def test_cards_keep_the_order_of_the_recipe_and_inputs_that_of_their_cards() -> None:
    found = columns(contents())

    tops = {name: place.top for name, place in found.places.items()}
    assert tops["eye"] < tops["reader"]
    assert tops["photo"] < tops["caption"]
