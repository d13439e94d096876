"""Backbones out of `.keras` files: cut, built, saved and opened again; what cannot be one is told before."""

import hashlib
import json
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from keras import layers
from typer.testing import CliRunner

import fusion
from fusion.backbones import opening
from fusion.backbones.opening import open_archive
from fusion.cli import app as commands
from fusion.errors import BackboneError, RecipeError, WeightsError
from fusion.model.addresses import weights


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))


def chain(size=32, **settings):
    """A chain whose layers have other names than a fresh process would give them, a nested one and a classifier."""
    x = keras.Input((size, size, 3), name="picture", **settings)
    y = layers.Conv2D(4, 3, padding="same", name="conv2d_7")(x)
    y = y * 2.0
    y._keras_history.operation.name = "doubled"
    y = layers.Conv2D(4, 3, padding="same", name="conv2d_3")(y)
    inner = keras.Sequential(
        [
            keras.Input((None, None, 4)),
            layers.Conv2D(6, 3, strides=2, name="deep"),
            layers.BatchNormalization(name="bn"),
        ],
        name="inner",
    )
    y = layers.ReLU(name="out")(inner(y))
    y = layers.GlobalAveragePooling2D(name="gap")(y)
    return keras.Model(x, layers.Dense(3, activation="softmax", name="classes")(y))


def plain():
    return keras.Sequential([keras.Input((32, 32, 3)), layers.Conv2D(4, 3, name="c"), layers.ReLU(name="r")])


def recipe(file="mine.keras", cut="out", **changes):
    return fusion.Recipe(
        name="mine",
        inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
        backbones={"mine": {"file": file, "preprocess": "tf", **changes}},
        branches={"all": {"input": "photo", "backbone": "mine", "cut": cut}},
        head={"output": {"task": "classification", "classes": 2}},
    )


@pytest.fixture
def mine(tmp_path):
    """Saves a model, with weights that are not those it starts with, as mine.keras."""

    def save(model, name="mine.keras"):
        path = tmp_path / name
        for weight in model.weights:
            weight.assign(np.random.default_rng(0).uniform(0.1, 1, weight.shape))
        model.save(path)
        return path

    return save


def problems(path, **changes):
    return {each.place: each.text for each in fusion.check(recipe(**changes), folders=[path.parent])}


IMAGES = np.random.default_rng(1).uniform(0, 255, (2, 32, 32, 3)).astype("float32")


def pooled(model):
    """What a fused model pools of the images."""
    return keras.Model(model.inputs, model.get_layer("all.pool").input)([IMAGES])


def given(path, cut):
    """What a layer of the model in a file gives of the images, without fusion."""
    whole = keras.saving.load_model(path)
    outer, _, inner = cut.partition(".")
    rows = {operation.name: operation.output for operation in whole.operations}
    if outer != "inner":
        return keras.Model(whole.inputs, rows[outer])([IMAGES / 127.5 - 1])
    holder = whole.get_layer("inner")
    before = keras.Model(whole.inputs, rows["conv2d_3"])
    part = keras.Model(holder.inputs, holder.get_layer(inner or "bn").output)
    return part([before([IMAGES / 127.5 - 1])])


@pytest.mark.parametrize("cut", ["conv2d_7", "conv2d_3", "doubled", "inner", "inner.deep", "out"])
def test_a_file_is_cut_at_any_layer_by_the_names_in_it(mine, cut):
    path = mine(chain())
    graph = fusion.resolve(recipe(cut=cut), folders=[path.parent])

    model = fusion.build(graph, folders=[path.parent])

    np.testing.assert_allclose(pooled(model), given(path, cut), rtol=1e-3, atol=1e-2)
    assert model.count_params() == fusion.costs(graph).params
    assert graph.trunks["mine"].skeleton["conv2d_7"].params == 4 * 28


def test_what_was_cut_of_a_file_opens_without_fusion(mine, tmp_path):
    path = mine(chain())
    fused = recipe(cut=["conv2d_3", "inner.deep"])
    model = fusion.build(fused, folders=[path.parent])
    fusion.save(model, tmp_path / "fused.keras", recipe=fused)
    np.save(tmp_path / "images.npy", IMAGES)
    code = (
        "import sys, keras, numpy as np\n"
        "found = keras.saving.load_model(sys.argv[1])(np.load(sys.argv[2]))\n"
        "assert 'fusion' not in sys.modules\n"
        "np.save(sys.argv[3], found)"
    )

    places = [str(tmp_path / name) for name in ("fused.keras", "images.npy", "found.npy")]
    subprocess.run([sys.executable, "-c", code, *places], check=True, cwd=tmp_path)

    np.testing.assert_array_equal(np.load(places[2]), model([IMAGES]))
    assert fusion.load(places[0]).recipe == fused


def test_a_sequential_with_open_sizes_is_a_backbone_of_images_of_any_size(mine):
    path = mine(
        keras.Sequential(
            [keras.Input((None, None, 3)), layers.Conv2D(4, 3, strides=2, name="c"), layers.ReLU(name="r")]
        )
    )

    graph = fusion.resolve(recipe(cut="last"), folders=[path.parent])

    assert graph.trunks["mine"].skeleton["r"].shape == (15, 15, 4)
    assert pooled(fusion.build(graph, folders=[path.parent])).shape == (2, 15, 15, 4)


@pytest.mark.parametrize("size", [32, None])
def test_sizes_are_known_also_in_a_model_of_open_sizes_that_lies_in_another(mine, size):
    path = mine(chain(size))

    graph = fusion.resolve(recipe(cut="inner.deep"), folders=[path.parent])

    assert graph.trunks["mine"].skeleton["inner.deep"].shape == (15, 15, 6)
    assert graph["mine"].flops > 32 * 32 * 4 * 2 * 27
    assert pooled(fusion.build(graph, folders=[path.parent])).shape == (2, 15, 15, 6)


def test_a_table_that_is_cached_needs_neither_keras_nor_with_a_digest_the_file(mine, monkeypatch):
    path = mine(chain())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    first = fusion.resolve(recipe(sha256=digest), folders=[path.parent])
    monkeypatch.setattr(opening, "dry_open", None)

    assert (
        fusion.resolve(recipe(), folders=[path.parent]).trunks["mine"].skeleton
        == first.trunks["mine"].skeleton
    )
    path.unlink()
    assert fusion.check(recipe(sha256=digest)) == ()
    with pytest.raises(WeightsError, match=r"There is no model file 'mine\.keras'"):
        fusion.build(recipe(sha256=digest))


def test_another_file_under_the_same_name_is_another_table(mine):
    path = mine(chain())
    fusion.resolve(recipe(), folders=[path.parent])

    mine(plain())

    assert problems(path, cut="r") == {}
    assert "has no layer 'conv2d_7'" in problems(path, cut="conv2d_7")["/branches/all/cut"]


def test_a_file_with_another_digest_is_refused(mine):
    path = mine(chain())

    assert "is not the one meant: its sha256 is " in problems(path, sha256="0" * 64)["/backbones/mine/file"]


def test_a_file_that_lies_nowhere_is_a_problem_of_its_name(tmp_path):
    found = problems(tmp_path / "mine.keras")

    assert list(found) == ["/backbones/mine/file"]
    assert found["/backbones/mine/file"].startswith("There is no model file 'mine.keras'. Looked for: ")


def test_a_file_that_holds_no_whole_model_is_refused(tmp_path):
    assert problems(tmp_path / "mine.h5", file="mine.h5") == {
        "/backbones/mine": "A whole model is opened from a .keras file, got 'mine.h5'. Open it in Keras and save it as "
        'one; weights alone belong to an "arch": "weights": {"file": ...}.'
    }


@pytest.mark.parametrize("damage", [b"", b"PK", None])
def test_a_damaged_file_is_told(mine, damage):
    path = mine(chain())
    path.write_bytes(path.read_bytes()[:2000] if damage is None else damage)

    assert "is no .keras file that can be read" in problems(path)["/backbones/mine/file"]


def two_inputs():
    x, y = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
    return keras.Model([x, y], layers.Add()([x, y]))


def two_outputs():
    x = keras.Input((32, 32, 3))
    return keras.Model(x, [layers.ReLU()(x), layers.Softmax()(x)])


def twice():
    x, layer = keras.Input((32, 32, 3)), layers.Conv2D(3, 1, name="again")
    return keras.Model(x, layer(layer(x)))


def vectors():
    return keras.Sequential([keras.Input((8,)), layers.Dense(2)])


@keras.saving.register_keras_serializable("ours")
class Doubled(layers.Layer):
    """A layer that Keras does not have."""

    def call(self, x):
        return 2 * x


def threefold(x):
    return 3 * x


def of(layer):
    return keras.Sequential([keras.Input((32, 32, 3)), layer])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (two_inputs, "mine.keras has 2 inputs and 1 outputs; a backbone has one of each."),
        (two_outputs, "mine.keras has 1 inputs and 2 outputs; a backbone has one of each."),
        (twice, "mine.keras calls its layer 'again' more than once, so a cut there would be ambiguous."),
        (vectors, "mine.keras reads values of shape 8, and a backbone reads images."),
        (
            lambda: of(Doubled()),
            "mine.keras holds what is not of Keras: 'ours>Doubled'. A fused model opens with",
        ),
        (lambda: of(layers.Activation(threefold)), "mine.keras holds what is not of Keras: 'threefold'."),
        (
            lambda: of(layers.Lambda(lambda x: x + 1)),
            "mine.keras holds code (Lambda), which could do anything when the file is opened.",
        ),
    ],
    ids=["inputs", "outputs", "called twice", "vectors", "own layer", "own function", "lambda"],
)
def test_a_model_that_cannot_be_a_backbone_is_told_with_the_reason(mine, make, told):
    path = mine(make())

    found = problems(path)

    assert list(found) == ["/backbones/mine"]
    assert found["/backbones/mine"].startswith(told)
    with pytest.raises(BackboneError) as caught:
        open_archive(path, shape=(32, 32, 3))
    assert str(caught.value).startswith(told)


def test_what_keras_cannot_make_of_a_file_is_told(mine):
    path = mine(plain())
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] = parts["config.json"].replace(b'"Conv2D"', b'"Conv9D"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)

    assert "Keras cannot make the model that mine.keras describes: " in problems(path)["/backbones/mine"]
    with pytest.raises(BackboneError, match="Keras cannot open"):
        open_archive(path, shape=(32, 32, 3))


@pytest.mark.parametrize(
    ("size", "channels", "told"),
    [
        (48, 3, 'mine.keras reads images of 48x48x3, got 32x32x3. Write "resize": [48, 48] in the branch.'),
        (32, 1, "mine.keras reads images of 32x32x1, got 32x32x3. Feed images of 1 channels."),
    ],
)
def test_images_of_another_size_are_told_where_their_size_stands(mine, size, channels, told):
    path = mine(keras.Sequential([keras.Input((size, size, channels)), layers.Conv2D(4, 3, name="out")]))

    assert problems(path) == {"/inputs/photo/shape": told}


@pytest.mark.parametrize("changes", [{}, {"preprocess": "auto"}])
def test_what_a_model_was_fed_has_to_be_said(changes):
    data = {"file": "mine.keras", **changes}

    with pytest.raises(
        RecipeError, match=r"/preprocess   A file does not say what its model was fed\. Write"
    ):
        fusion.BackboneFile(**data)


def test_a_scaling_is_what_the_model_is_fed(mine):
    path = mine(plain())
    line = {"scale": [0.5, 1.0, 2.0], "offset": 1.0, "channels": "bgr"}
    fused = recipe(cut="r", preprocess=line)

    model = fusion.build(fused, folders=[path.parent])

    np.testing.assert_allclose(
        model.get_layer("mine.prepare")(IMAGES), IMAGES[..., ::-1] * [0.5, 1, 2] + 1, rtol=1e-6
    )
    assert fusion.from_json(fusion.to_json(fused)) == fused
    assert "preprocess scaled by channel bgr" in fusion.draw(fused, folders=[path.parent]).svg()


def test_the_layers_of_a_file_are_listed_by_the_command(mine):
    path = mine(chain(size=None))

    done = CliRunner().invoke(commands.app, ["layers", str(path), "--input", "32,32,3", "--all", "--json"])

    found = {each["name"]: each["shape"] for each in json.loads(done.stdout)}
    assert found["inner.deep"] == [15, 15, 6]
    assert next(iter(found)) == "conv2d_7"


def test_a_saved_fusion_model_is_a_backbone_too(mine, tmp_path):
    path = mine(chain())
    first = recipe(cut="out")
    fusion.save(fusion.build(first, folders=[path.parent]), tmp_path / "first.keras", recipe=first)

    second = recipe(file="first.keras", cut="mine.conv2d_3", preprocess="none")

    assert fusion.build(second, folders=[tmp_path]).count_params() > 0


def test_what_is_frozen_of_a_file_stays_and_the_rest_learns(mine):
    path = mine(chain())
    fused = recipe(cut="out").replaced(
        training={"phases": [{"name": "all", "train": ["head", "mine[inner.deep..]"], "epochs": 1}]}
    )
    labels = np.arange(40) % 2
    images = np.random.default_rng(0).uniform(0, 255, (40, 32, 32, 3)).astype("uint8")
    data = fusion.from_arrays({"photo": images}, labels, inputs=fused.inputs, output=fused.head.output)

    run = fusion.train(fused, data, folders=[path.parent], out=path.parent / "run")

    before, after = weights(keras.saving.load_model(path)), weights(run.model)
    assert np.array_equal(before["conv2d_3/kernel"], after["mine/conv2d_3/kernel"])
    assert np.array_equal(before["inner/bn/gamma"], after["mine/inner.bn/gamma"])
    assert not np.array_equal(before["inner/deep/kernel"], after["mine/inner.deep/kernel"])
