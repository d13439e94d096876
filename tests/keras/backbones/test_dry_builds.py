"""A dry run touches nothing of the user's session. The names it gives are in test_recorded_architectures."""

import gc

import keras
import pytest
from keras import layers

from fusion.backbones.applications import APPLICATIONS
from fusion.backbones.building import construct, dry_build, worded
from fusion.backbones.tracing import trace
from fusion.errors import BackboneError


def dry():
    return dry_build("TinyVGG", shape=(16, 16, 3), options={"width": 4})


def made_variables():
    gc.collect()
    return [thing for thing in gc.get_objects() if isinstance(thing, keras.Variable)]


def test_no_weight_is_made(monkeypatch):
    seen = []

    def spy(model, *, source):
        seen.extend(model.variables)
        return trace(model, source=source)

    monkeypatch.setattr("fusion.backbones.building.trace", spy)
    dry()

    assert len(seen) == 6 * 5
    assert [variable.path for variable in seen if variable._value is not None] == []


def test_no_variable_stays():
    before = {id(variable) for variable in made_variables()}

    dry()

    assert [variable.path for variable in made_variables() if id(variable) not in before] == []


def test_a_later_stateless_scope_initialises_nothing_of_it(monkeypatch):
    dry()
    started = []
    monkeypatch.setattr(keras.Variable, "_deferred_initialize", lambda self: started.append(self.path))

    with keras.StatelessScope():
        pass

    assert started == []


def test_automatic_names_of_the_user_go_on_where_they_were():
    before = layers.Conv2D(1, 1).name

    dry_build("InceptionV3", shape=(75, 75, 3), options={})

    after = layers.Conv2D(1, 1).name
    assert int(after.rpartition("_")[2]) == int(before.rpartition("_")[2] if "_" in before else 0) + 1


def test_the_default_dtype_of_the_user_has_no_say():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        skeleton = dry()
    finally:
        keras.config.set_dtype_policy(policy)

    assert {layer.dtype for layer in skeleton.layers} == {"float32"}


def test_a_dry_run_inside_a_stateless_scope_of_the_user_works():
    with keras.StatelessScope():
        assert dry() == dry()


def test_the_dry_table_is_that_of_the_real_network():
    real = construct("TinyResNet", shape=(28, 28, 1), weights=None, options={"width": 4})

    assert trace(real, source="TinyResNet") == dry_build(
        "TinyResNet", shape=(28, 28, 1), options={"width": 4}
    )


def test_what_a_constructor_refuses_is_told_with_the_arguments():
    with pytest.raises(
        BackboneError, match=r"MobileNetV3Small cannot be built for 224x224x3 with alpha='wide': "
    ):
        dry_build("MobileNetV3Small", shape=(224, 224, 3), options={"alpha": "wide"})


def test_an_option_a_constructor_does_not_know_is_refused():
    with pytest.raises(
        BackboneError, match=r"VGG16 cannot be built for \?x\?x3 with depth=3: .*unexpected keyword"
    ):
        construct("VGG16", shape=(None, None, 3), weights=None, options={"depth": 3})


def test_options_change_the_network():
    small, large = (
        dry_build("MobileNet", shape=(32, 32, 3), options={"alpha": alpha}).params for alpha in (0.25, 1.0)
    )

    assert (small, large) == (218544, 3228864)


def test_words_for_a_shape_without_options():
    assert worded((28, 28, 1), {}) == "28x28x1"


@pytest.mark.parametrize("arch", [name for name, entry in APPLICATIONS.items() if entry.imagenet])
def test_the_catalogue_names_constructors_of_keras(arch):
    assert callable(getattr(keras.applications, arch))


@pytest.mark.slow
@pytest.mark.parametrize(
    "arch",
    [
        "ConvNeXtTiny",
        "DenseNet121",
        "EfficientNetB0",
        "EfficientNetV2B0",
        "InceptionResNetV2",
        "InceptionV3",
        "MobileNet",
        "MobileNetV3Small",
        "NASNetMobile",
        "ResNet50V2",
        "VGG16",
        "Xception",
    ],
)
def test_the_catalogues_smallest_size_can_be_built_and_one_less_is_refused_by_keras(arch):
    smallest = APPLICATIONS[arch].min_size

    assert dry_build(arch, shape=(smallest, smallest, 3), options={}).params
    with pytest.raises(BackboneError, match=f"Input size must be at least {smallest}x{smallest}"):
        dry_build(arch, shape=(smallest - 1, smallest, 3), options={})
