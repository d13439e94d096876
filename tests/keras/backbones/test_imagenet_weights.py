"""Published weights, without a network: Keras's download is replaced by one that fails."""

import os
import shutil
import subprocess
import sys
import urllib.error
from pathlib import Path

import keras
import numpy as np
import pytest

from fusion.backbones import imagenet
from fusion.backbones.building import construct, dry_build
from fusion.backbones.loading import load
from fusion.backbones.tracing import trace
from fusion.backbones.weights import StoredWeights
from fusion.errors import WeightsError

ASSETS = Path(os.environ.get("FUSION_ASSETS", "/nowhere")) / "weights"
with_assets = pytest.mark.skipif(
    not ASSETS.is_dir(), reason="FUSION_ASSETS names no folder with real weights"
)
MOBILENET = "mobilenet_2_5_224_tf_no_top.h5"


def fail(*_):
    raise urllib.error.URLError("Name or service not known")


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """An empty cache of Keras, and no network."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", fail)
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def quarter(weights="imagenet", shape=(224, 224, 3)):
    return load("MobileNet", shape=shape, weights=weights, options={"alpha": 0.25})


def test_offline_without_the_file_the_url_and_its_place_are_told(models):
    with pytest.raises(WeightsError) as caught:
        load("VGG16", shape=(64, 64, 3), weights="imagenet")

    file = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
    assert f"Fetch https://storage.googleapis.com/tensorflow/keras-applications/vgg16/{file} " in str(
        caught.value
    )
    assert f"put it at {models / file}, or set KERAS_HOME" in str(caught.value)
    assert "Name or service not known" in str(caught.value)


def test_a_file_that_keras_renames_is_told_under_its_cached_name(models):
    with pytest.raises(
        WeightsError,
        match=f"NASNet-mobile-no-top.h5 elsewhere and put it at {models / 'nasnet_mobile_no_top.h5'},",
    ):
        load("NASNetMobile", shape=(224, 224, 3), weights="imagenet")


@with_assets
def test_offline_with_the_file_it_works(models):
    shutil.copy(ASSETS / MOBILENET, models)

    model = quarter()

    same = quarter(StoredWeights(ASSETS / MOBILENET))
    assert all(np.array_equal(a, b) for a, b in zip(model.get_weights(), same.get_weights(), strict=True))


@with_assets
@pytest.mark.slow
def test_offline_with_the_file_it_works_in_a_process_of_its_own(models):
    shutil.copy(ASSETS / MOBILENET, models)

    code = (
        "from fusion.backbones.loading import load;"
        "m = load('MobileNet', shape=(224, 224, 3), weights='imagenet', options={'alpha': 0.25}); print(m.count_params())"
    )
    environment = {**os.environ, "KERAS_HOME": str(models.parent), "TF_CPP_MIN_LOG_LEVEL": "3"}
    output = subprocess.check_output([sys.executable, "-c", code], text=True, env=environment)
    assert output.strip() == "218544"


def test_a_damaged_file_in_the_cache_is_told(models):
    (models / MOBILENET).write_bytes(b"half a file")

    with pytest.raises(
        WeightsError,
        match=rf"MobileNet cannot .* with alpha=0\.25\. If a file in {models} is damaged, delete it",
    ):
        quarter()


def test_options_that_have_no_weights_are_told():
    with pytest.raises(
        WeightsError, match=r"with alpha=0\.3\. .* Keras says: If imagenet weights are being loaded, alpha"
    ):
        load("MobileNet", shape=(224, 224, 3), weights="imagenet", options={"alpha": 0.3})


def test_pictures_with_one_channel_have_no_weights():
    with pytest.raises(
        WeightsError, match=r"VGG16 cannot be had with weights 'imagenet' for 64x64x1.*must have 3 channels"
    ):
        load("VGG16", shape=(64, 64, 1), weights="imagenet")


def test_our_own_backbones_have_none():
    with pytest.raises(WeightsError, match="There are no 'imagenet' weights for TinyVGG"):
        load("TinyVGG", shape=(28, 28, 3), weights="imagenet")


class UnrelatedError(Exception):
    """Something that went wrong elsewhere."""


def test_what_is_no_failed_download_passes_through(monkeypatch):
    def crash(*_, **__):
        raise UnrelatedError("something else")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", crash)

    with pytest.raises(UnrelatedError, match="something else"):
        load("VGG16", shape=(64, 64, 3), weights="imagenet")


def test_without_a_writable_folder_keras_uses_another(monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "absent"))

    assert imagenet.models_folder().parent.name == ".keras"


class AskedError(Exception):
    """Stops a constructor when it asks for its file."""


@pytest.mark.parametrize(
    "arch",
    [
        "VGG16",
        "VGG19",
        "MobileNet",
        "MobileNetV2",
        "MobileNetV3Small",
        "ResNet50",
        "ResNet50V2",
        "Xception",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in (
                "ConvNeXtTiny",
                "DenseNet121",
                "EfficientNetB0",
                "EfficientNetV2B0",
                "InceptionResNetV2",
                "InceptionV3",
                "NASNetLarge",
                "NASNetMobile",
            )
        ),
    ],
)
def test_the_place_that_is_told_is_where_keras_looks(arch, monkeypatch):
    asked = {}

    def get_file(fname=None, origin=None, **options):
        asked.update(name=fname or origin.rpartition("/")[2], origin=origin, folder=options["cache_subdir"])
        raise AskedError("for its file")

    monkeypatch.setattr("keras.src.utils.file_utils.get_file", get_file)

    with pytest.raises(AskedError, match="for its file"), keras.StatelessScope(initialize_variables=False):
        construct(arch, shape=(224, 224, 3), weights="imagenet", options={})
    keras.utils.clear_session()
    assert asked["folder"] == "models"
    told = imagenet._unreachable(arch, asked["origin"], "no network")
    assert f"put it at {imagenet.models_folder() / asked['name']}," in told


def test_an_efficientnet_with_imagenet_weights_has_one_rescaling_more(monkeypatch):
    # The table in the cache is that of the network without weights; cuts mean the same layers in both.
    monkeypatch.setattr("keras.src.utils.file_utils.get_file", lambda *_, **__: "unused.h5")
    monkeypatch.setattr(keras.Model, "load_weights", lambda *_, **__: None)

    names = list(trace(load("EfficientNetB0", shape=(64, 64, 3), weights="imagenet"), source="x").rows)

    assert [name for name in names if name != "rescaling_1"] == list(
        dry_build("EfficientNetB0", shape=(64, 64, 3), options={}).rows
    )
    assert names[3] == "rescaling_1"
