"""The frozen part before a later cut begins with what is stored of that before an earlier one."""

from dataclasses import replace

import numpy as np
import pytest

from fusion.checking import resolve
from fusion.data.examples import Array, Examples
from fusion.features import frozen as module
from fusion.features.frozen import Frozen
from fusion.frontier.tensors import tensor
from fusion.frontier.units import above, units
from fusion.model.addresses import layer
from fusion.model.building import build_graph
from fusion.recipe.recipe import Recipe

CUTS = {
    "TinyVGG": ["block1_pool", "block2_pool", "block3_pool"],
    "TinyResNet": ["stage1_block1_out", "stage2_block1_out", "stage3_block2_out"],
}


@pytest.fixture(scope="module")
def photos():
    values = np.random.default_rng(0).uniform(0, 255, (11, 32, 32, 3)).astype("float32")
    return Examples({"photo": Array(values)}, None, tuple(map(str, range(11))))


@pytest.fixture
def runs(monkeypatch):
    """What each extraction was given, and how many calls of layers it took."""
    seen = []

    def watched(whole, calls, *, inputs, tensors):
        program = made(whole, calls, inputs=inputs, tensors=tensors)
        seen.append((list(inputs), len(program._steps.steps)))
        return program

    made = module.prefix
    monkeypatch.setattr(module, "prefix", watched)
    return seen


@pytest.fixture(scope="module", params=CUTS)
def net(request):
    one = Recipe(
        name="one",
        inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
        backbones={"eye": {"arch": request.param, "weights": None, "options": {"width": 8}}},
        branches={"all": {"input": "photo", "backbone": "eye"}},
        head={"output": {"task": "binary"}},
    )
    graph = resolve(one)
    return graph, build_graph(graph), CUTS[request.param]


def at(graph, cut):
    return tensor(units(graph)[f"eye/{cut}"])


def test_a_later_cut_runs_only_what_lies_after_an_earlier_one_and_gives_the_same(net, photos, runs, tmp_path):
    graph, model, cuts = net
    shared = Frozen(model, graph, tmp_path / "shared", batch_size=4)
    for number, cut in enumerate(cuts):
        alone = Frozen(model, graph, tmp_path / cut, batch_size=4)

        (found,) = shared.tensors([at(graph, cut)], photos).values()
        (expected,) = alone.tensors([at(graph, cut)], photos).values()

        assert np.array_equal(found, expected)
        (given, calls), (whole_given, whole_calls) = runs[-2:]
        assert whole_given == ["photo"]
        assert given == (["photo"] if number == 0 else [f"eye/{cuts[number - 1]}"])
        opened = units(graph)
        before = above(opened, [f"eye/{cuts[number - 1]}"]) if number else set()
        # Beside its layers a backbone's preparation is one unit of several calls, which run only with the first.
        assert number == 0 or calls == len(above(opened, [f"eye/{cut}"]) - before)
        assert number == 0 or calls < whole_calls

    assert sum(calls for _, calls in runs[::2]) == runs[-1][1]


def test_what_other_weights_gave_is_not_begun_with(net, photos, runs, tmp_path):
    graph, model, (first, second, _) = net
    frozen = Frozen(model, graph, tmp_path, batch_size=4)
    frozen.tensors([at(graph, first)], photos)
    kernel = next(each for each in layer_weights(model))
    kernel.assign(kernel * 2)

    frozen.tensors([at(graph, second)], photos)

    assert runs[-1][0] == ["photo"]


def layer_weights(model):
    for name in ("eye/block1_conv1", "eye/conv1"):
        try:
            yield layer(model, name).kernel
        except LookupError:
            continue


def test_other_examples_begin_with_their_own(net, photos, runs, tmp_path):
    graph, model, (first, second, _) = net
    frozen = Frozen(model, graph, tmp_path, batch_size=4)
    frozen.tensors([at(graph, first)], photos)

    frozen.tensors(
        [at(graph, second)], replace(photos, columns={"photo": Array(photos.columns["photo"].values + 1)})
    )

    assert runs[-1][0] == ["photo"]
