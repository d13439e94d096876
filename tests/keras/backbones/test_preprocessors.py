import subprocess
import sys

import keras
import numpy as np
import pytest

from fusion.backbones.applications import APPLICATIONS
from fusion.backbones.preprocessing import preprocessor
from fusion.errors import BackboneError

MODULES = {
    "ConvNeXt": "convnext",
    "DenseNet": "densenet",
    "EfficientNetB": "efficientnet",
    "EfficientNetV2": "efficientnet_v2",
    "InceptionResNetV2": "inception_resnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3": "mobilenet_v3",
    "NASNet": "nasnet",
    "ResNet50V2": "resnet_v2",
    "ResNet101V2": "resnet_v2",
    "ResNet152V2": "resnet_v2",
    "ResNet": "resnet",
    "MobileNet": "mobilenet",
    "VGG16": "vgg16",
    "VGG19": "vgg19",
    "Xception": "xception",
}


def photographs(channels=3):
    return np.random.default_rng(0).integers(0, 256, (2, 8, 6, channels)).astype("float32")


def prepared(mode, pictures, value_range=(0, 255), size=None):
    model = preprocessor(mode, shape=pictures.shape[1:], size=size, value_range=value_range, name="prepare")
    return keras.ops.convert_to_numpy(model(pictures))


@pytest.mark.parametrize("arch", [name for name, entry in APPLICATIONS.items() if entry.imagenet])
def test_an_architecture_gets_what_its_own_module_of_keras_makes(arch):
    module = next(module for prefix, module in MODULES.items() if arch.startswith(prefix))
    expected = getattr(keras.applications, module).preprocess_input(photographs())

    found = prepared(APPLICATIONS[arch].preprocess, photographs())

    # 1e-5 of the largest value: single precision.
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch", "none"])
@pytest.mark.parametrize("value_range", [(0, 1), (-1, 1)])
def test_a_declared_range_makes_no_difference(mode, value_range):
    low, high = value_range
    scaled = photographs() / 255 * (high - low) + low

    found = prepared(mode, scaled.astype("float32"), value_range)

    assert np.allclose(found, prepared(mode, photographs()), rtol=1e-5, atol=1e-4)


def test_bytes_are_taken_too():
    assert np.array_equal(prepared("tf", photographs().astype("uint8")), prepared("tf", photographs()))


@pytest.mark.parametrize("mode", ["tf", "none"])
def test_one_channel_is_enough_where_no_channel_is_special(mode):
    assert prepared(mode, photographs(1)).shape == (2, 8, 6, 1)


@pytest.mark.parametrize("mode", ["caffe", "torch"])
def test_one_channel_is_refused_where_each_has_its_mean(mode):
    with pytest.raises(BackboneError, match=r"needs pictures with 3 channels \(RGB\), got 28x28x1"):
        preprocessor(mode, shape=(28, 28, 1), size=None, value_range=(0, 255), name="prepare")


def test_a_picture_is_resized_before_it_is_scaled():
    found = prepared("tf", photographs(), size=(4, 3))

    expected = keras.layers.Resizing(4, 3)(photographs()) / 127.5 - 1
    assert np.allclose(found, expected, atol=1e-6)


def test_a_picture_of_any_size_is_resized():
    model = preprocessor("caffe", shape=(None, None, 3), size=(16, 24), value_range=(0, 255), name="prepare")

    assert model.output_shape == (None, 16, 24, 3)


def test_where_nothing_has_to_be_done_the_picture_passes():
    assert np.array_equal(prepared("none", photographs()), photographs())


def test_single_precision_is_kept_under_any_policy():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        found = prepared("torch", photographs(), size=(4, 4))
    finally:
        keras.config.set_dtype_policy(policy)

    assert found.dtype == "float32"
    assert np.array_equal(found, prepared("torch", photographs(), size=(4, 4)))


def test_all_names_come_from_the_given_one_whatever_was_built_before():
    models = [
        preprocessor("caffe", shape=(8, 8, 3), size=(4, 4), value_range=(0, 1), name="photo")
        for _ in range(2)
    ]

    names = [[operation.name for operation in model.operations] for model in models]
    assert names[0] == names[1] == ["photo_picture", "photo_resize", "photo_bgr", "photo_rescale"]


@pytest.mark.slow
def test_it_opens_bit_equal_in_a_process_that_has_never_heard_of_fusion(tmp_path):
    np.save(tmp_path / "photographs.npy", photographs())
    modes = ["caffe", "tf", "torch", "none"]
    for mode in modes:
        model = preprocessor(mode, shape=(8, 6, 3), size=(5, 5), value_range=(0, 255), name=mode)
        model.save(tmp_path / f"{mode}.keras")

    code = (
        "import keras, numpy as np, sys; x = np.load('photographs.npy')\n"
        f"for mode in {modes}: np.save(mode, np.array(keras.models.load_model(mode + '.keras')(x)))\n"
        "assert 'fusion' not in sys.modules"
    )
    subprocess.run([sys.executable, "-P", "-c", code], cwd=tmp_path, check=True)
    for mode in modes:
        assert np.array_equal(np.load(tmp_path / f"{mode}.npy"), prepared(mode, photographs(), size=(5, 5)))
