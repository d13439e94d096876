"""The first tutorials: a classifier on frozen features, the first layers frozen, pooled and tuned; one photograph predicted."""

import keras
import numpy as np
import pytest

import fusion
from fusion.checking import check
from fusion.data.reading import read_data
from fusion.data.requests import read_values
from fusion.features.archives import write_features
from fusion.features.arrays import extract_features
from fusion.model.addresses import weights
from fusion.model.building import build
from fusion.model.files import load
from fusion.recipe.reading import load_recipe
from fusion.recipe.recipe import Recipe
from fusion.training.contactsheets import show_batch
from fusion.training.evaluation import predict
from fusion.training.runs import train


@pytest.fixture
def recipe(recipes, folders, middle):
    return load_recipe(recipes / "frozen_backbone.json").replace("/backbones/eye/weights", middle)


def test_a_small_classifier_learns_from_arrays_of_a_frozen_backbone(photographs, folders, recipe, tmp_path):
    pets, store = photographs / "cats_dogs", tmp_path / "store"

    write_features(extract_features(recipe, pets, folders=folders, store=store), tmp_path / "features.npz")
    with np.load(tmp_path / "features.npz") as found:
        arrays = dict(found)
    model = keras.Sequential([keras.layers.Dense(64, "relu"), keras.layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    keep = keras.callbacks.ModelCheckpoint(tmp_path / "best.keras", "val_accuracy", save_best_only=True)
    validation = (arrays["validation_seen"], arrays["validation_targets"])
    keras.utils.set_random_seed(0)
    model.fit(
        arrays["train_seen"],
        arrays["train_targets"],
        validation_data=validation,
        epochs=10,
        callbacks=[keep],
        verbose=0,
    )
    run = train(recipe, pets, folders=folders, store=store, out=tmp_path / "run")

    best = keras.saving.load_model(tmp_path / "best.keras")
    assert best.evaluate(arrays["test_seen"], arrays["test_targets"], verbose=0)[1] > 0.9
    # The hot-dog recipe as it should be: what stands before the classifier, and the preprocessing of the weights.
    assert run.metrics["test"]["accuracy"] > 0.9
    assert {"model.keras", "curves.png", "history.csv", "metrics.json"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }


def test_the_hot_dog_recipe_as_published_is_refused_with_both_reasons():
    published = Recipe(
        name="hot dog",
        inputs={"photo": {"kind": "image", "shape": (224, 224, 3)}},
        backbones={
            "net": {"arch": "MobileNetV2", "weights": "imagenet", "preprocess": {"scale": 1 / 255}},
        },
        branches={"all": {"input": "photo", "backbone": "net", "cut": "predictions", "pool": "none"}},
        head={"output": {"task": "binary", "classes": ("hot dog", "something else")}},
    )

    found = {problem.place: problem.text for problem in check(published)}

    assert "whose 1000 classes are no features" in found["/branches/all/cut"]
    assert "trained on images in -1..1 (tf), not scaled by 0.003922" in found["/backbones/net/preprocess"]
    assert len(found) == 2


def test_with_the_first_layers_frozen_structure_weights_and_curves_are_saved(
    few, folders, recipes, middle, tmp_path
):
    recipe = load_recipe(recipes / "first_layers_frozen.json").replace("/backbones/eye/weights", middle)
    before = weights(build(recipe, folders=folders))

    run = train(recipe, few("cats_dogs", 60), folders=folders, store=tmp_path / "store", out=tmp_path / "run")

    after = weights(run.model)
    moved = {name.split("/")[1] for name in before if not np.array_equal(before[name], after[name])}
    assert {"conv_dw_12", "conv_pw_13"} <= moved
    assert not moved & {"conv1", "conv_pw_11", "conv_pw_11_bn", "conv_pw_12_bn"}
    (tmp_path / "model.json").write_text(run.model.to_json())
    run.model.save_weights(tmp_path / "model.weights.h5")
    again = keras.models.model_from_json((tmp_path / "model.json").read_text())
    again.load_weights(tmp_path / "model.weights.h5")
    photo = np.random.default_rng(0).uniform(0, 255, (2, 160, 160, 3)).astype("float32")
    assert np.array_equal(
        again.predict({"photo": photo}, verbose=0), run.model.predict({"photo": photo}, verbose=0)
    )
    assert (tmp_path / "run" / "curves.png").stat().st_size > 1000
    assert run.metrics["test"]["accuracy"] > 0.6


def test_a_batch_of_photographs_is_shown_as_it_is_fed(few, recipes):
    recipe = load_recipe(recipes / "first_layers_frozen.json")
    data = read_data(few("cats_dogs", 20), inputs=recipe.inputs, output=recipe.head.output, seed=0)

    plain, fed = (
        [axes for axes in show_batch(each, data, count=8).axes if axes.images]
        for each in (recipe.replace("/training/augment", {}), recipe)
    )

    assert [axes.get_title() for axes in fed] == [axes.get_title() for axes in plain]
    assert {axes.get_title() for axes in fed} == {"cats", "dogs"}
    seen = [[axes.images[0].get_array() for axes in each] for each in (plain, fed)]
    assert all(one.shape == other.shape == (160, 160, 3) for one, other in zip(*seen, strict=True))
    assert not any(np.array_equal(one, other) for one, other in zip(*seen, strict=True))


def test_pooled_with_dense_256_the_last_block_is_tuned_and_one_photograph_predicted(
    few, folders, recipes, inverted, tmp_path
):
    recipe = load_recipe(recipes / "pooled_fine_tune.json").replace("/backbones/eye/weights", inverted)
    folder = few("cats_dogs", 60)

    train(recipe, folder, folders=folders, store=tmp_path / "store", out=tmp_path / "run")

    model, recipe, labels = load(tmp_path / "run")
    said = [
        predict(
            model,
            read_values({"photo": str(path)}, inputs=recipe.inputs),
            recipe.head.output,
            labels=labels,
        )[0].label
        for kind in ("cats", "dogs")
        for path in sorted((folder / kind).iterdir())[:5]
    ]
    assert sum(map(str.__eq__, said, ["cats"] * 5 + ["dogs"] * 5)) >= 9


def test_a_hub_block_is_a_backbone(few, folders, small, tmp_path):
    net = keras.applications.MobileNet(
        input_shape=(128, 128, 3), alpha=0.25, include_top=False, weights=None, pooling="avg"
    )
    net.load_weights(folders[0] / small["file"])
    net.export(tmp_path / "hub_block", verbose=False)
    recipe = Recipe(
        name="hub block",
        inputs={"photo": {"kind": "image", "shape": (128, 128, 3)}},
        backbones={
            "net": {"saved_model": str(tmp_path / "hub_block"), "preprocess": "tf", "endpoint": "serve"},
        },
        branches={"seen": {"input": "photo", "backbone": "net", "pool": "none"}},
        blocks={"top": [{"dense": 256, "activation": "relu"}]},
        head={"blocks": ["top"], "output": {"task": "classification", "classes": ("cats", "dogs")}},
        training={"phases": [{"name": "head", "train": ["head"], "epochs": 5}]},
    )
    folder = few("cats_dogs", 60)

    run = train(recipe, folder, store=tmp_path / "store", out=tmp_path / "run")

    photo = read_values({"photo": str(next((folder / "cats").iterdir()))}, inputs=recipe.inputs)
    opened = fusion.load(tmp_path / "run")
    found = predict(opened.model, photo, recipe.head.output, labels=opened.labels)[0]
    assert found == predict(run.model, photo, recipe.head.output, labels=run.labels)[0]
    assert run.metrics["train"]["accuracy"] > 0.8
