"""Features: what a model gives by hand, found again, continued, and in bfloat16 nearly the same."""

from dataclasses import replace

import keras
import numpy as np
import pytest

import fusion
from fusion.data.arrays import from_arrays
from fusion.errors import LayerNotFoundError, ModelError
from fusion.features import arrays as features
from fusion.features import precision
from fusion.features.archives import write_features
from fusion.features.arrays import extract_features
from fusion.features.taps import fixed
from fusion.frontier.units import units
from fusion.model.building import build
from fusion.model.files import Loaded
from fusion.store.shelf import holdings

EYE = {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}


def recipe(**changes):
    told = {
        "name": "two taps",
        "inputs": {"photo": {"kind": "image", "shape": (16, 16, 3)}},
        "backbones": {"eye": EYE, "res": {"arch": "TinyResNet", "weights": None, "options": {"width": 4}}},
        "branches": {
            "plain": {
                "input": "photo",
                "backbone": "eye",
                "cut": ("block1_pool", "block2_pool"),
                "blocks": ("own",),
            },
            "map": {"input": "photo", "backbone": "res", "cut": "stage2_block1_out", "pool": "flatten"},
        },
        "blocks": {"own": ({"dense": 5},)},
        "fusion": {"op": "concat", "from": ("plain", "map")},
        "head": {"output": {"task": "classification", "classes": ("dark", "light")}},
    }
    return fusion.Recipe(**{**told, **changes})


ONE = recipe()


def data_for(made, count=60, seed=0):
    random = np.random.default_rng(seed)
    fed = {
        name: random.integers(0, 256, (count, *declared.shape)).astype("float32")
        for name, declared in made.inputs.items()
    }
    return from_arrays(fed, np.arange(count) % 2, inputs=made.inputs, output=made.head.output)


@pytest.fixture(scope="module")
def data():
    return data_for(ONE)


@pytest.fixture(scope="module")
def rows(data):
    """Data of one split alone, which take a third of the time."""
    return replace(data, validation=None, test=None)


def by_hand(model, layer, part):
    inner = keras.Model(model.inputs, layer)
    rows = {name: column.read(np.arange(len(column))) for name, column in part.columns.items()}
    return inner.predict(rows, verbose=0, batch_size=32)


def test_features_are_what_the_model_gives(tmp_path, data):
    found = extract_features(ONE, data, store=tmp_path)
    model = build(ONE)

    assert found.labels == ("dark", "light")
    assert list(found.parts) == ["train", "validation", "test"]
    for name, part in found.parts.items():
        given = getattr(data, name)
        assert part.names == given.names
        assert part.targets.tolist() == given.targets.tolist()
        for tap, layer in (("plain", "plain.taps"), ("map", "map.pool")):
            expected = by_hand(model, model.get_layer(layer).output, given)
            np.testing.assert_allclose(part.arrays[tap], expected, rtol=1e-5, atol=1e-6)


def test_any_layer_gives_its_maps(tmp_path, rows):
    found = extract_features(ONE, rows, taps=["eye/block1_conv1", "plain.pool.block1_pool"], store=tmp_path)
    model = build(ONE)

    eye, photos = model.get_layer("eye"), rows.train.columns["photo"].read(np.arange(len(rows.train)))
    first = keras.Model(eye.inputs, eye.get_layer("block1_conv1").output)
    expected = first.predict(model.get_layer("eye.prepare").predict(photos, verbose=0), verbose=0)
    np.testing.assert_allclose(
        found.parts["train"].arrays["eye/block1_conv1"], expected, rtol=1e-5, atol=1e-6
    )
    assert found.parts["train"].arrays["plain.pool.block1_pool"].shape == (len(rows.train), 4)


def test_the_second_time_nothing_is_computed(tmp_path, rows):
    seen = []
    first = extract_features(ONE, rows, store=tmp_path, watch=seen.append)
    count = len(seen)
    again = extract_features(ONE, rows, store=tmp_path, watch=seen.append)

    assert seen[0].what == "train"
    assert seen[-1].done == seen[-1].count == len(rows.train)
    assert [each.since for each in seen[count:]] == [len(rows.train)]
    assert np.array_equal(again.parts["train"].arrays["map"], first.parts["train"].arrays["map"])


def test_other_taps_are_added_to_those_that_are_there(tmp_path, rows):
    seen = []
    extract_features(ONE, rows, taps=["plain"], store=tmp_path)
    extract_features(ONE, rows, store=tmp_path, watch=seen.append)

    assert seen
    assert len([each for each in holdings(tmp_path) if each.state == "stored"]) == 2


def test_an_interrupted_extraction_continues(tmp_path, rows):
    def stop(seen):
        if seen.done >= 32:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        extract_features(ONE, rows, store=tmp_path, watch=stop)
    seen = []
    found = extract_features(ONE, rows, store=tmp_path, watch=seen.append)
    other = extract_features(ONE, rows, store=tmp_path / "other")

    assert seen[0].since == 32
    assert np.array_equal(found.parts["train"].arrays["map"], other.parts["train"].arrays["map"])


def test_a_trained_model_gives_what_it_learnt(tmp_path, rows):
    model = build(ONE, seed=7)
    found = extract_features(
        Loaded(model, ONE, ("a", "b")), rows, taps=["fusion", "plain.own"], store=tmp_path
    )

    expected = by_hand(model, model.get_layer("fusion").output, rows.train)
    np.testing.assert_allclose(found.parts["train"].arrays["fusion"], expected, rtol=1e-5, atol=1e-6)
    assert found.parts["train"].arrays["plain.own"].shape == (len(rows.train), 5)


def test_two_calls_of_one_backbone_are_told_apart(tmp_path):
    pair = recipe(
        inputs={name: {"kind": "image", "shape": (16, 16, 3)} for name in ("left", "right")},
        backbones={"eye": EYE},
        branches={
            name: {"input": name, "backbone": "eye", "cut": "block2_pool"} for name in ("left", "right")
        },
        blocks={},
        fusion={"op": "concat", "from": ("left", "right")},
    )
    data = data_for(pair)

    part = extract_features(pair, data, store=tmp_path).parts["test"]
    model = build(pair)
    for name in ("left", "right"):
        expected = by_hand(model, model.get_layer(f"{name}.pool").output, data.test)
        np.testing.assert_allclose(part.arrays[name], expected, rtol=1e-5, atol=1e-6)


def test_a_table_is_normalised_as_in_training(tmp_path):
    facts = recipe(
        inputs={"facts": {"kind": "tabular", "columns": ("area", "price")}},
        backbones={},
        branches={"numbers": {"input": "facts", "blocks": ("own",)}},
        fusion=None,
    )
    data = data_for(facts)

    rows = extract_features(facts, data, store=tmp_path).parts["train"].arrays["numbers"]
    np.testing.assert_allclose(rows.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(rows.std(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("tap", "error", "match"),
    [
        ("plane", LayerNotFoundError, "nothing called 'plane'. Did you mean 'plain'"),
        (
            "eye/block1_pol",
            LayerNotFoundError,
            "Did you mean 'eye/block1_pool'.*Layers there: eye/block1_conv1",
        ),
        ("eye/block3_pool", LayerNotFoundError, "What lies after a cut it does not have"),
        ("fusion", ModelError, "comes after plain.own, whose weights nothing has trained"),
        ("output", ModelError, "comes after plain.own and 1 more|comes after plain.own, output"),
    ],
)
def test_a_tap_that_gives_no_features_is_refused(tmp_path, rows, tap, error, match):
    with pytest.raises(error, match=match):
        extract_features(ONE, rows, taps=[tap], store=tmp_path)


def test_a_tap_of_open_size_is_refused():
    graph = fusion.resolve(ONE)
    loose = replace(units(graph)["eye/block1_pool"], shape=(None, None, 4))

    with pytest.raises(ModelError, match=r"'map' has the open shape .* Declare the size of the input"):
        fixed(loose, "map")


def test_bfloat16_is_nearly_the_same_and_stored_in_half(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    taps = ["plain", "eye/block2_pool"]
    exact = extract_features(ONE, rows, taps=taps, store=tmp_path).parts["train"].arrays
    found = extract_features(ONE, rows, taps=taps, precision="bfloat16", store=tmp_path)

    assert exact["eye/block2_pool"].dtype == np.float32
    assert found.parts["train"].arrays["eye/block2_pool"].dtype.name == "bfloat16"
    assert found.parts["train"].arrays["plain"].dtype == np.float32
    for tap in taps:
        narrow = found.parts["train"].arrays[tap].astype("float32")
        assert not np.array_equal(narrow, exact[tap])
        np.testing.assert_allclose(narrow, exact[tap], rtol=0.05, atol=0.02 * np.abs(exact[tap]).max())
        assert 0 < found.deviations[tap] < 0.2


def test_a_model_computes_in_float32_again_afterwards(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    model = build(ONE)
    before = by_hand(model, model.get_layer("fusion").output, rows.train)

    extract_features(Loaded(model, ONE, None), rows, taps=["fusion"], precision="bfloat16", store=tmp_path)

    assert np.array_equal(by_hand(model, model.get_layer("fusion").output, rows.train), before)


@pytest.mark.parametrize(
    ("asked", "match"),
    [
        ("bfloat16", "has no instructions for bfloat16"),
        ("bfloat", "no precision 'bfloat'. Did you mean 'bfloat16'"),
    ],
)
def test_a_precision_that_is_of_no_use_is_refused(tmp_path, data, monkeypatch, asked, match):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: False)

    with pytest.raises(ModelError, match=match):
        extract_features(ONE, data, precision=asked, store=tmp_path)


def test_the_processor_is_asked(monkeypatch, tmp_path):
    monkeypatch.setattr(precision.tf.config, "list_physical_devices", lambda _: [])
    told = tmp_path / "cpuinfo"
    monkeypatch.setattr(precision, "CPU", told)

    assert not precision.has_bfloat16()
    told.write_text("flags\t\t: fpu avx512f avx512_bf16 sse\n")
    assert precision.has_bfloat16()
    told.write_text("flags\t\t: fpu avx512f bf16ish\n")
    assert not precision.has_bfloat16()
    monkeypatch.setattr(precision.tf.config, "list_physical_devices", lambda _: ["GPU:0"])
    assert precision.has_bfloat16()


def test_an_archive_holds_all_and_the_same_bytes_each_time(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(precision, "has_bfloat16", lambda: True)
    taps = ["plain", "eye/block2_pool"]
    found = extract_features(ONE, rows, taps=taps, precision="bfloat16", store=tmp_path / "store")

    keys = write_features(found, tmp_path / "one.npz")
    write_features(found, tmp_path / "two.npz")
    with np.load(tmp_path / "one.npz", allow_pickle=False) as archive:
        assert tuple(archive.files) == keys
        assert archive["classes"].tolist() == ["dark", "light"]
        for split, part in found.parts.items():
            assert archive[f"{split}_names"].tolist() == list(part.names)
            assert np.array_equal(archive[f"{split}_targets"], part.targets)
            for tap in taps:
                assert archive[f"{split}_{tap}"].dtype == np.float32
                assert np.array_equal(archive[f"{split}_{tap}"], part.arrays[tap].astype("float32"))
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_an_archive_with_two_arrays_of_one_name_is_refused(tmp_path):
    part = features.Part({"names": np.zeros((1, 2))}, None, ("a",))

    with pytest.raises(ModelError, match="Two arrays would be called 'train_names'"):
        write_features(features.Features({"train": part}, None, {}), tmp_path / "x.npz")


def test_a_branch_that_only_a_stitch_reads_gives_its_map_and_what_is_stitched_waits_for_training(
    tmp_path,
):
    stitched = recipe(
        branches={
            "front": {"input": "photo", "backbone": "eye", "cut": "block1_pool", "pool": "none"},
            "back": {"of": "front", "backbone": "res", "enter": "stage1_block1_out"},
        },
        fusion=None,
        blocks={},
    )

    rows = data_for(stitched)

    found = extract_features(stitched, rows, taps=["front"], store=tmp_path)

    assert found.parts["train"].arrays["front"].shape[1:] == (8, 8, 4)
    with pytest.raises(ModelError, match=r"'back' comes after res.stitch, whose weights nothing has trained"):
        extract_features(stitched, rows, taps=["back"], store=tmp_path)
