"""Backbones with layers that are not of Keras, or that hold together, and files that are not there."""

from dataclasses import replace

import pytest

from fusion.errors import WeightsError
from fusion.graph.making import examine_graph
from fusion.recipe.reading import from_data


class Changed:
    """The tables of these tests, one thing about them changed."""

    def __init__(self, tables, change):
        self.tables, self.change = tables, change

    def skeleton(self, backbone, shape):
        return self.change(self.tables.skeleton(backbone, shape))

    def preprocess(self, backbone):
        return self.tables.preprocess(backbone)

    def needs_preparation(self, backbone, image, shape):
        return self.tables.needs_preparation(backbone, image, shape)


@pytest.fixture
def examined(tables, one):
    def examine(change, *cuts, **branch):
        one["branches"] = {
            f"b{place}": {"input": "photo", "backbone": "net", "cut": cut} for place, cut in enumerate(cuts)
        }
        if len(cuts) > 1:
            one["fusion"] = {"op": "concat", "from": list(one["branches"])}
        graph, problems = examine_graph(from_data(one), Changed(tables, change))
        return graph, {problem.place: problem.text for problem in problems}

    return examine


def of_another_package(table):
    rows = tuple(replace(row, package="other") if row.name == "conv2" else row for row in table.layers)
    return replace(table, layers=rows)


def held(table):
    return replace(table, whole=("conv2",))


def test_layers_of_another_package_are_remarked_where_they_are_kept(examined):
    assert examined(of_another_package, "pool1")[0].remarks == ()
    (remark,) = examined(of_another_package, "pool2", "pool3")[0].remarks

    assert (remark.place, remark.text) == (
        "/backbones/net",
        "Conv2D of other: a saved model opens only where other has been imported, not with Keras alone.",
    )


@pytest.mark.parametrize(
    ("cuts", "torn"),
    [
        (["last"], []),
        (["pool1"], []),
        (["pool2"], ["/branches/b0/cut"]),
        (["last", "pool1"], ["/branches/b1/cut"]),
        ([["pool1", "last"]], ["/branches/b0/cut"]),
    ],
    ids=str,
)
def test_a_backbone_that_holds_together_is_read_at_its_end_or_before(examined, cuts, torn):
    _, problems = examined(held, *cuts)

    assert list(problems) == torn
    for text in problems.values():
        assert "its layer 'conv2' (Conv2D) can be saved in the whole backbone only" in text


def test_a_file_that_is_not_there_is_a_problem_of_its_key(examined):
    def absent(table):
        raise WeightsError("There is no such file.")

    assert examined(absent, "last")[1] == {"/backbones/net/arch": "There is no such file."}
