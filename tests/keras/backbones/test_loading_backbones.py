import hashlib
import os
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from fusion.backbones.loading import load
from fusion.backbones.skeletons import skeleton
from fusion.backbones.tracing import trace
from fusion.backbones.weights import StoredWeights
from fusion.errors import BackboneError, WeightsError

ASSETS = Path(os.environ.get("FUSION_ASSETS", "/nowhere")) / "weights"
with_assets = pytest.mark.skipif(
    not ASSETS.is_dir(), reason="FUSION_ASSETS names no folder with real weights"
)
# Keras's own way of saving, with NumPy 2.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)
REAL = {
    "mobilenet_2_5_224_tf_no_top.h5": ("MobileNet", {"alpha": 0.25}),
    "mobilenet_5_0_160_deq_qat_no_top.weights.h5": ("MobileNet", {"alpha": 0.5}),
    "mobilenet_1_0_224_deq_qat_no_top.weights.h5": ("MobileNet", {}),
    "mobilenet_v2_1.0_224_deq_ptq_no_top.weights.h5": ("MobileNetV2", {}),
}
WITH_TOP = "mobilenet_2_5_224_tf_with_top.h5"


def tiny(weights=None, arch="TinyVGG", width=4, **more):
    return load(arch, shape=(16, 16, 3), weights=weights, options={"width": width}, **more)


@pytest.fixture
def stored(tmp_path):
    model = tiny()
    path = tmp_path / "tiny.weights.h5"
    model.save_weights(path)
    return model, path


def test_a_backbone_is_whole_named_and_as_its_skeleton_says():
    model = tiny(name="left")

    assert model.name == "left"
    assert trace(model, source="TinyVGG") == skeleton("TinyVGG", shape=(16, 16, 3), options={"width": 4})


def test_a_name_changes_no_layer():
    # The constructors of ConvNeXt and EfficientNetV2 derive inner names, and whether they normalise, from the name.
    model = load("EfficientNetV2B0", shape=(32, 32, 3), weights=None, name="left")

    assert trace(model, source="EfficientNetV2B0") == skeleton("EfficientNetV2B0", shape=(32, 32, 3))


def test_weights_come_from_the_file(stored):
    model, path = stored
    digest = hashlib.sha256(path.read_bytes()).hexdigest()

    again = tiny(StoredWeights(path, digest))

    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), again.get_weights(), strict=True))
    assert not np.array_equal(tiny().get_weights()[0], again.get_weights()[0])


def test_the_state_of_an_optimizer_in_the_file_does_no_harm(tmp_path):
    model = tiny()
    model.compile("adam", "mse")
    model.train_on_batch(np.zeros((1, 16, 16, 3)), np.zeros((1, 2, 2, 16)))
    path = tmp_path / "trained.weights.h5"
    model.save_weights(path)

    again = tiny(StoredWeights(path))
    assert np.array_equal(model.get_weights()[0], again.get_weights()[0])


def test_the_digest_is_checked_before_anything_is_built(stored, monkeypatch):
    _, path = stored
    monkeypatch.setattr("fusion.backbones.loading.construct", None)

    with pytest.raises(WeightsError, match=rf"{path} is not the one meant: its sha256 is \w+, expected 0+\."):
        tiny(StoredWeights(path, "0" * 64))


def test_the_file_of_a_wider_network_is_refused(stored):
    _, path = stored

    with pytest.raises(
        WeightsError, match=r"tiny\.weights\.h5 does not hold the weights of this TinyVGG .* it has 4796 num"
    ):
        tiny(StoredWeights(path), width=8)


def test_the_file_of_a_longer_network_is_refused(tmp_path):
    model = tiny()
    longer = keras.Sequential([keras.Input((16, 16, 3)), *model.layers[1:], keras.layers.Conv2D(3, 1)])
    path = tmp_path / "longer.weights.h5"
    longer.save_weights(path)

    with pytest.raises(WeightsError, match=r"longer\.weights\.h5 does not hold the weights of this TinyVGG"):
        tiny(StoredWeights(path))


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_a_file_with_as_many_numbers_in_other_shapes_is_refused(stored):
    _, path = stored
    with h5py.File(path, "r+") as file:
        kernel = file["layers/conv2d/vars/0"]
        turned = kernel[...].reshape(-1)
        del file["layers/conv2d/vars/0"]
        file["layers/conv2d/vars/0"] = turned

    with pytest.raises(
        WeightsError, match=r"this TinyVGG without its classifier: .*variable\.shape="
    ) as caught:
        tiny(StoredWeights(path))
    # Keras would print every value.
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda _: b"", lambda _: b"no HDF5" * 100]
)
def test_a_damaged_file_is_refused_by_name(stored, damage):
    _, path = stored
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(WeightsError, match=r"tiny\.weights\.h5 cannot be read as HDF5, it may be damaged"):
        tiny(StoredWeights(path))


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(WeightsError, match=r"absent\.weights\.h5 cannot be read: No such file"):
        tiny(StoredWeights(tmp_path / "absent.weights.h5"))


def test_weights_that_are_none_of_the_three_are_refused():
    with pytest.raises(
        WeightsError, match="Weights of TinyVGG are None, 'imagenet' or a StoredWeights, got 'random'"
    ):
        tiny("random")


def test_a_bad_shape_is_refused_before_anything_is_built():
    with pytest.raises(BackboneError, match="TinyVGG needs at least 16x16x3, got 8x8x3"):
        load("TinyVGG", shape=(8, 8, 3), weights=None)


@with_assets
@pytest.mark.parametrize("file", REAL)
def test_real_weights_are_loaded(file):
    arch, options = REAL[file]
    random = load(arch, shape=(64, 64, 3), weights=None, options=options)

    model = load(arch, shape=(64, 64, 3), weights=StoredWeights(ASSETS / file), options=options)

    pairs = zip(random.weights, model.weights, strict=True)
    assert not [b.path for a, b in pairs if np.array_equal(a.numpy(), b.numpy())]


@with_assets
@pytest.mark.filterwarnings("ignore:Skipping nested container")
@pytest.mark.parametrize("file", [*REAL, WITH_TOP])
@pytest.mark.parametrize(
    ("arch", "options"), [("MobileNetV2", {"alpha": 0.35}), ("MobileNet", {"alpha": 0.75})]
)
def test_real_weights_of_another_network_are_refused_by_name(file, arch, options):
    with pytest.raises(WeightsError, match=f"{file} does not hold the weights of this {arch}"):
        load(arch, shape=(64, 64, 3), weights=StoredWeights(ASSETS / file), options=options)


@with_assets
def test_a_file_with_the_classifier_is_refused():
    with pytest.raises(WeightsError, match="it has 475544 numbers, the network 218544"):
        load(
            "MobileNet", shape=(64, 64, 3), weights=StoredWeights(ASSETS / WITH_TOP), options={"alpha": 0.25}
        )
