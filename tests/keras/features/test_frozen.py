"""The frozen part of a model: its calls, what its tensors depend on, and how they come into a store."""

from contextlib import suppress
from dataclasses import replace

import keras
import numpy as np
import pytest

from fusion.backbones.applications import REGISTERED
from fusion.backbones.registered import register_backbone
from fusion.checking import resolve
from fusion.data.examples import Array, Examples, ImageFiles
from fusion.data.fingerprints import fingerprint
from fusion.errors import ModelError, StoreError
from fusion.features import measuring, planning
from fusion.features.calls import calls
from fusion.features.digests import digests
from fusion.features.frozen import Frozen
from fusion.features.planning import machine_rates
from fusion.features.programs import prefix, suffix
from fusion.frontier.frontiers import frontier
from fusion.frontier.machines import known_rates
from fusion.frontier.rates import Rates
from fusion.model.addresses import layer, set_weights, weights
from fusion.model.building import build_graph
from fusion.recipe.recipe import Recipe
from fusion.store.shelf import holdings
from fusion.store.writers import writing

SLOW = Rates(compute=1e4, decode=0)


@keras.saving.register_keras_serializable("frozen")
class Twice(keras.layers.Layer):
    """A layer of no package."""

    def call(self, x):
        return 2 * x


def own(input_shape):
    """A nested model, a bare operation and a layer of no package."""
    inputs = keras.Input(input_shape)
    inner = keras.Sequential([keras.Input(input_shape), keras.layers.Conv2D(2, 1, name="c")], name="inner")
    return keras.Model(inputs, keras.layers.ReLU(name="end")(Twice(name="twice")(inner(inputs) + 1.0)))


@pytest.fixture(autouse=True, scope="module")
def registered():
    register_backbone("Own", own, preprocess="none")
    yield
    # What stays registered would be an architecture in every test after these.
    del REGISTERED["Own"]


def recipe(backbone="eye", branch="all", arch="TinyVGG", **options):
    return Recipe(
        name="one",
        requires=["Own"] if arch == "Own" else [],
        inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
        backbones={backbone: {"arch": arch, "weights": None, "options": options}},
        branches={branch: {"input": "photo", "backbone": backbone}},
        head={"output": {"task": "binary"}},
        training={"batch_size": 4, "phases": [{"name": "head", "train": ["head"], "epochs": 5}]},
    )


def examples(count=10):
    photos = np.random.default_rng(0).uniform(0, 255, (count, 16, 16, 3)).astype("float32")
    return Examples({"photo": Array(photos)}, None, tuple(map(str, range(count))))


@pytest.fixture(scope="module")
def graph():
    return resolve(recipe(width=4))


@pytest.fixture(scope="module")
def model(graph):
    return build_graph(graph)


def test_prefix_and_suffix_in_turn_give_what_the_model_gives(graph, model):
    found, photos = calls(model, graph), {"photo": examples().columns["photo"].values}
    names = ["eye/block1_pool"]

    first = prefix(model, found, inputs=["photo"], tensors=names)
    second = suffix(model, found, given=names)

    tensors = dict(zip(names, first(photos, training=False), strict=True))
    assert np.array_equal(second(tensors, training=False), model(photos, training=False))


def test_layers_of_nested_models_and_bare_operations_are_called_one_by_one():
    graph = resolve(recipe(arch="Own"))
    model = build_graph(graph)
    found, photos = calls(model, graph), {"photo": examples().columns["photo"].values}
    inner = [name for name in found.ends if name.startswith("eye/") and "inner" in name]

    (between,) = prefix(model, found, inputs=["photo"], tensors=inner)(photos)

    assert inner == ["eye/inner.c"]
    assert np.array_equal(suffix(model, found, given=inner)({inner[0]: between}), model(photos))


def test_looking_at_the_calls_of_a_model_adds_none(graph, model):
    before = [len(each._inbound_nodes) for each in model._flatten_layers()]

    prefix(model, calls(model, graph), inputs=["photo"], tensors=["all.pool"])(
        {"photo": examples().columns["photo"].values}
    )

    assert [len(each._inbound_nodes) for each in model._flatten_layers()] == before


def test_a_model_of_another_recipe_is_refused(graph):
    other = build_graph(resolve(recipe(backbone="other", width=4)))

    with pytest.raises(ModelError, match=r"calls 'eye\.prepare' 0 times, and its recipe 1 times"):
        calls(other, graph)


def digest(graph, model, content=b"1"):
    return digests(calls(model, graph), {"photo": content})


def test_a_digest_follows_values_and_not_names(graph, model):
    renamed = resolve(recipe(backbone="b", branch="c", width=4))
    twin = build_graph(renamed)
    set_weights(twin, {name.replace("eye/", "b/"): value for name, value in weights(model).items()})

    first, second = digest(graph, model), digest(renamed, twin)

    assert first["all.pool"] == second["c.pool"]
    assert first["eye/block1_pool"] == second["b/block1_pool"]
    assert len(set(first.values())) == len(first)


def test_a_digest_changes_with_content_weights_and_configuration_above_it_only(graph, model):
    before = digest(graph, model)
    changed = build_graph(graph)
    set_weights(changed, weights(model))
    kernel = layer(changed, "eye/block2_conv1").kernel
    kernel.assign(np.asarray(kernel) + 1)
    after, wider = digest(graph, changed), digest(*_built(recipe(width=5)))

    assert digest(graph, model, b"2")["eye/block1_pool"] != before["eye/block1_pool"]
    assert after["eye/block1_pool"] == before["eye/block1_pool"]
    assert after["eye/block2_conv1"] != before["eye/block2_conv1"]
    assert after["all.pool"] != before["all.pool"]
    assert wider["all.pool"] != before["all.pool"]


def _built(declared):
    graph = resolve(declared)
    return graph, build_graph(graph)


def test_layers_of_no_package_have_their_code_in_the_digest(monkeypatch):
    graph, model = _built(recipe(arch="Own"))
    before = digest(graph, model)

    monkeypatch.setattr("inspect.getsource", lambda kind: "other code")
    after = digest(graph, model)

    assert after["eye/inner.c"] == before["eye/inner.c"]
    assert after["eye/twice"] != before["eye/twice"]


def test_a_layer_whose_code_nobody_has_is_known_in_this_process_alone(monkeypatch):
    graph, model = _built(recipe(arch="Own"))

    def missing(kind):
        raise OSError

    monkeypatch.setattr("inspect.getsource", missing)

    assert digest(graph, model) == digest(graph, model)


def test_a_fingerprint_follows_what_is_fed(tmp_path):
    for name, content in (("a", b"1"), ("b", b"1"), ("c", b"2")):
        (tmp_path / name).write_bytes(content)
    a, b, c, d = (
        fingerprint(ImageFiles((tmp_path / name,), (8, size, 3), (0, 255)))
        for name, size in (("a", 8), ("b", 8), ("c", 8), ("a", 9))
    )
    gap = fingerprint(ImageFiles((None,), (8, 8, 3), (0, 255)))
    texts = [fingerprint(Array(np.array([["x"], ["yy"]], dtype=kind))) for kind in ("<U2", "<U9")]
    rows = fingerprint(Array(np.eye(3), rows=np.array([2, 0])))

    assert a == b
    assert len({a, c, d, gap}) == 4
    assert texts[0] == texts[1]
    assert rows == fingerprint(Array(np.eye(3)[[2, 0]]))


def test_several_tensors_are_computed_in_one_pass_and_found_again(graph, model, tmp_path):
    split = frontier(graph, 0, SLOW)
    pair = replace(split, tensors=(*split.tensors, _tensor(graph, "eye/block1_pool")), inputs=("photo",))
    seen = []
    frozen = Frozen(model, graph, tmp_path, batch_size=4)

    frozen.examples(split, examples(), watch=seen.append)
    both = frozen.examples(pair, examples(), watch=seen.append)
    again = Frozen(model, graph, tmp_path, batch_size=4).examples(pair, examples(), watch=seen.append)

    assert [each.done for each in seen] == [4, 8, 10, 4, 8, 10, 10]
    assert seen[-1].since == 10
    assert list(both.columns) == ["all.pool", "eye/block1_pool", "photo"]
    assert np.array_equal(both.columns["all.pool"].values, again.columns["all.pool"].values)
    wanted = prefix(model, calls(model, graph), inputs=["photo"], tensors=["eye/block1_pool"])
    photos = {"photo": examples().columns["photo"].values}
    assert np.allclose(both.columns["eye/block1_pool"].values, wanted(photos)[0], atol=1e-6)
    assert {each.manifest.parts["tensor"] for each in holdings(tmp_path)} == {"pool", "block1_pool"}
    assert {each.manifest.parts["backbone"] for each in holdings(tmp_path)} == {"TinyVGG"}


def _tensor(graph, name):
    from fusion.frontier.tensors import tensor
    from fusion.frontier.units import units

    return tensor(units(graph)[name])


def test_tensors_of_which_an_interruption_left_more_and_fewer_rows_are_finished(graph, model, tmp_path):
    tensors = [_tensor(graph, name) for name in ("eye/block1_pool", "eye/block2_pool")]
    split = replace(frontier(graph, 0, SLOW), tensors=tuple(tensors))
    wanted = Frozen(model, graph, tmp_path / "whole", batch_size=4).examples(split, examples())
    frozen = Frozen(model, graph, tmp_path / "broken", batch_size=4)
    ahead, _ = frozen._wanted(tensors, examples(), None)
    rows = wanted.columns["eye/block1_pool"].values
    # What was not appended is missing when the writer ends.
    with suppress(StoreError), writing(tmp_path / "broken", ahead.parts, shape=rows.shape[1:], rows=10) as it:
        it.append(rows[:6])

    found = frozen.examples(split, examples())

    for name, column in wanted.columns.items():
        assert np.array_equal(found.columns[name].values, column.values)


def test_a_store_without_room_says_so(graph, model, tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE_BYTES", "10")

    with pytest.raises(StoreError, match="may take 10 B"):
        Frozen(model, graph, tmp_path, batch_size=4).examples(frontier(graph, 0, SLOW), examples())


def test_a_machine_is_measured_once(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path))
    monkeypatch.setattr(measuring, "ROWS", 64)

    found = machine_rates()
    monkeypatch.setattr(measuring, "measure", lambda: Rates())

    assert found == machine_rates() == known_rates()
    assert 1e8 < found.compute < 1e14
    assert 0 < found.decode < 1


def test_a_machine_whose_cache_cannot_be_written_is_measured_each_time(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "file"))
    monkeypatch.setattr(measuring, "measure", lambda: Rates(compute=3e9))

    assert planning.machine_rates() == Rates(compute=3e9)
