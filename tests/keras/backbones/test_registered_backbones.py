"""Functions registered in Python as architectures: required by name, listed, built, saved and opened again."""

import keras
import numpy as np
import pytest
from keras import layers

import fusion
from fusion.backbones.applications import REGISTERED
from fusion.errors import BackboneError, RecipeError, WeightsError


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path):
    """No test finds what another registered, nor a table it left."""
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))
    before = dict(REGISTERED)
    yield tmp_path
    REGISTERED.clear()
    REGISTERED.update(before)


def small(input_shape, width=4):
    x = keras.Input(input_shape)
    y = layers.Conv2D(width, 3, strides=2, name="one")(x)
    return keras.Model(x, layers.Conv2D(2 * width, 3, activation="relu")(y))


@keras.saving.register_keras_serializable("ours")
class Halved(layers.Layer):
    """A layer that Keras does not have, and knows of."""

    def call(self, x):
        return x / 2


class Unknown(layers.Layer):
    """A layer that Keras does not know of."""

    def call(self, x):
        return x


def recipe(cut="last", requires=("mine",), shape=(32, 32, 3), **changes):
    return fusion.Recipe(
        name="mine",
        requires=requires,
        inputs={"photo": {"kind": "image", "shape": shape}},
        backbones={"net": {"arch": "mine", "weights": None, **changes}},
        branches={"all": {"input": "photo", "backbone": "net", "cut": cut}},
        head={"output": {"task": "classification", "classes": 2}},
    )


def problems(*args, **kwargs):
    return {each.place: each.text for each in fusion.check(recipe(*args, **kwargs))}


def test_a_registered_function_is_an_architecture(alone):
    fusion.register_backbone("mine", small, preprocess="tf")
    one = recipe(options={"width": 6})

    model = fusion.build(one)

    assert fusion.resolve(one).trunks["net"].taps == ("conv2d",)
    assert model.get_layer("net").output_shape == (None, 13, 13, 12)
    assert model.count_params() == fusion.costs(one).params
    fusion.save(model, alone / "m.keras", recipe=one)
    images = np.full((1, 32, 32, 3), 9.0)
    np.testing.assert_array_equal(keras.saving.load_model(alone / "m.keras")([images]), model([images]))
    assert fusion.from_json(fusion.to_json(one)) == one


def test_its_weights_come_from_a_file(alone):
    fusion.register_backbone("mine", small, preprocess="none")
    whole = small((32, 32, 3))
    whole.save_weights(alone / "mine.weights.h5")

    model = fusion.build(recipe(weights={"file": "mine.weights.h5"}), folders=[alone])

    np.testing.assert_array_equal(fusion.weights(model)["net/one/kernel"], whole.get_layer("one").kernel)
    fusion.register_backbone("mine", lambda input_shape: small(input_shape, 8), preprocess="none")
    with pytest.raises(WeightsError, match="does not hold the weights of this mine"):
        fusion.build(recipe(weights={"file": "mine.weights.h5"}), folders=[alone])


def test_a_function_registered_anew_is_looked_at_anew(alone):
    fusion.register_backbone("mine", small, preprocess="tf")
    assert fusion.resolve(recipe())["net"].shape == (13, 13, 8)

    fusion.register_backbone("mine", lambda input_shape: small(input_shape, 6), preprocess="tf")

    assert fusion.resolve(recipe())["net"].shape == (13, 13, 12)
    assert not list(alone.glob("cache/**/*.json"))


def test_what_nobody_registered_is_told_once_and_the_rest_of_the_recipe_too():
    one = recipe(cut="nowhere").replace("/head/output/classes", 3)

    (problem,) = fusion.check(one)

    assert problem.place == "/requires/0"
    assert problem.text == (
        "Nothing is registered as 'mine' in this process. In Python, before the recipe is used: "
        "fusion.register_backbone('mine', function, preprocess=...)."
    )


def test_what_is_used_is_required_and_what_is_required_is_used():
    fusion.register_backbone("mine", small, preprocess="tf")

    assert problems(requires=[]) == {
        "/backbones/net/arch": '\'mine\' is a function registered in Python; say so: "requires": ["mine"].'
    }
    assert problems(requires=["mine", "mini", "VGG16"]) == {
        "/requires/1": "'mini' is the arch of no backbone; take it out. Did you mean 'mine'?",
        "/requires/2": "'VGG16' is built in; take it out.",
    }
    with pytest.raises(RecipeError, match="'mine' stands more than once"):
        recipe(requires=["mine", "mine"])


def test_names_that_are_built_in_are_taken():
    with pytest.raises(
        BackboneError, match="'ResNet50' is built in; register the function under another name"
    ):
        fusion.register_backbone("ResNet50", small, preprocess="tf")


def test_what_the_function_is_fed_has_to_be_said():
    with pytest.raises(BackboneError, match="Say what 'mine' is fed"):
        fusion.register_backbone("mine", small, preprocess="auto")
    with pytest.raises(RecipeError, match=r"/preprocess   'tff' is not one of"):
        fusion.register_backbone("mine", small, preprocess="tff")
    fusion.register_backbone("mine", small, preprocess=fusion.Scaling(scale=0.5))
    assert str(fusion.resolve(recipe()).trunks["net"].preprocess) == "scaled by 0.5"


def test_a_function_without_an_input_shape_is_refused():
    with pytest.raises(
        BackboneError, match=r"called with input_shape=\(height, width, channels\), and takes size"
    ):
        fusion.register_backbone("mine", lambda size: None, preprocess="tf")


def test_options_are_those_of_the_function():
    fusion.register_backbone("mine", small, preprocess="tf")
    assert problems(options={"widht": 3}) == {
        "/backbones/net": "mine has no option 'widht'. Did you mean 'width'? It has: width."
    }

    fusion.register_backbone("mine", lambda **settings: small(settings["input_shape"]), preprocess="tf")
    assert problems(options={"widht": 3}) == {}


def test_images_smaller_than_was_said_are_refused():
    fusion.register_backbone("mine", small, preprocess="tf", min_size=40)

    assert problems() == {
        "/inputs/photo/shape": "mine needs at least 40x40x3, got 32x32x3. Feed larger images, or write "
        '"resize": [40, 40] in the branch.'
    }


def test_there_are_no_imagenet_weights_of_it():
    fusion.register_backbone("mine", small, preprocess="tf")

    assert problems(weights="imagenet")["/backbones/net"].startswith("There are no ImageNet weights of mine")


def test_weights_that_the_function_gives_are_kept():
    def filled(input_shape):
        model = small(input_shape)
        model.set_weights([np.full(weight.shape, 3.0) for weight in model.weights])
        return model

    fusion.register_backbone("mine", filled, preprocess="tf")

    assert (fusion.weights(fusion.build(recipe()))["net/one/kernel"] == 3).all()


def fails(input_shape):
    raise ValueError("Too wide.")


def of(layer):
    return lambda input_shape: keras.Sequential([keras.Input(input_shape), layer()])


class Subclassed(keras.Model):
    """A model whose layers nobody can list."""


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (fails, "The function registered as 'mine' does not build a model for 32x32x3: Too wide."),
        (
            lambda input_shape: 3,
            "The function registered as 'mine' returns int, expected keras.Model(inputs, outputs).",
        ),
        (
            lambda input_shape: Subclassed(),
            "mine is no functional model (Subclassed), so its layers cannot be listed",
        ),
        (
            of(Unknown),
            "What the function registered as 'mine' builds could be saved but never opened: Keras does not "
            "know 'Unknown'. Decorate it with @keras.saving.register_keras_serializable().",
        ),
        (of(lambda: layers.Lambda(lambda x: x)), "mine holds code (Lambda), which could do anything"),
    ],
    ids=["fails", "no model", "subclassed", "unknown layer", "lambda"],
)
def test_a_function_that_builds_no_backbone_is_told_with_the_reason(function, told):
    fusion.register_backbone("mine", function, preprocess="tf")

    found = problems()

    assert list(found) == ["/backbones/net"]
    assert found["/backbones/net"].startswith(told)


def test_a_layer_that_keras_knows_of_is_taken_with_a_remark(alone):
    fusion.register_backbone("mine", of(Halved), preprocess="tf")

    graph = fusion.resolve(recipe())

    (remark,) = graph.remarks
    assert remark.place == "/backbones/net"
    assert remark.text.startswith("Halved of ")
    assert "opens only where" in remark.text
    fusion.save(fusion.build(graph), alone / "m.keras", recipe=graph.recipe)
    assert fusion.load(alone / "m.keras").model.count_params() == fusion.costs(graph).params
