"""Auxiliary outputs in pictures: dashed boxes that say they are there in training only, and dashed lines to them."""

from fusion.checking import draw
from fusion.drawing.display import Group, Line, Rect, Text, flattened

OWN = {"texture.auxiliary", "grain.auxiliary", "near.auxiliary"}


def boxes(drawing):
    return {
        item.name: item
        for item, *_ in flattened(drawing.items)
        if isinstance(item, Group) and item.name in OWN
    }


def words(item):
    return [each.text for each, *_ in flattened((item,)) if isinstance(each, Text)]


def test_what_is_there_in_training_only_is_dashed_and_says_so(topologies):
    drawing = draw(topologies["votes"]).drawing

    found = boxes(drawing)
    lines = [
        item for item, *_ in flattened(drawing.items) if isinstance(item, Line) and item.stroke == "ghost"
    ]
    assert found.keys() == OWN
    assert all(isinstance(each.items[0], Rect) and each.items[0].dash for each in found.values())
    assert words(found["near.auxiliary"])[:4] == [
        "near.auxiliary",
        "training only",
        "dense 5 softmax",
        "its loss times 0.5",
    ]
    assert all(line.dash for line in lines)
    assert len([line for line in lines if line.arrow]) >= len(OWN)
    assert "in training only" in words(Group(drawing.items))


def test_the_bar_above_counts_the_weights_of_the_finished_model(topologies):
    said = words(Group(draw(topologies["votes"]).drawing.items))

    assert "812 trainable" in said


def test_pictures_without_auxiliary_outputs_do_not_speak_of_them(topologies):
    assert "in training only" not in words(Group(draw(topologies["two"]).drawing.items))


def test_the_words_of_a_picture_tell_of_auxiliary_outputs(topologies):
    lines = draw(topologies["votes"]).text().splitlines()

    (line,) = [line for line in lines if line.strip().startswith("grain.auxiliary")]
    assert "training only, dense 5 softmax, its loss times 0.3" in line
