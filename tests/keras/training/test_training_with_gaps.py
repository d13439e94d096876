"""Training on examples some of which lack an optional input."""

import numpy as np
import pytest
from PIL import Image as Pictures

from fusion.data.arrays import from_arrays
from fusion.data.augmentation import augmenter
from fusion.data.batches import batches
from fusion.data.examples import Examples, ImageFiles
from fusion.errors import DataError
from fusion.model.addresses import weights
from fusion.model.building import build
from fusion.model.files import load, load_weights
from fusion.recipe.augmentation import Contrast, Flip, Rotation
from fusion.recipe.inputs import Image
from fusion.recipe.recipe import Recipe
from fusion.training.evaluation import predict
from fusion.training.fitting import fit
from fusion.training.runs import train


def recipe(dropout=0.3, *, trains=("head",), **training):
    return Recipe(
        name="gaps",
        inputs={
            "photo": {
                "kind": "image",
                "shape": (16, 16, 3),
                "optional": {"missing": "learned", "dropout": dropout},
            },
            "facts": {
                "kind": "tabular",
                "columns": ["a", "b"],
                "optional": {"missing": "zeros", "dropout": dropout},
            },
            "town": {"kind": "categorical", "column": "town", "most": 2, "optional": {"missing": "learned"}},
            "words": {"kind": "text", "column": "words", "most": 3, "optional": {"missing": "zeros"}},
        },
        backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        blocks={"embed": [{"dense": 4}]},
        branches={
            "look": {"input": "photo", "backbone": "eye", "cut": "block2_pool"},
            "numbers": {"input": "facts", "blocks": ["embed"]},
            "place": {"input": "town"},
            "said": {"input": "words"},
        },
        fusion={"op": "concat", "of": ["look", "numbers", "place", "said"]},
        head={"output": {"task": "regression"}},
        training={"phases": [{"name": "one", "train": list(trains), "epochs": 2}], **training},
    )


def arrays(count=90):
    random = np.random.default_rng(0)
    given = {
        "photo": random.uniform(0, 255, (count, 16, 16, 3)).astype("float32"),
        "facts": random.normal([5, 1000], [1, 200], size=(count, 2)),
        "town": np.array([["Linz"], ["Graz"], ["Linz"]] * (count // 3)),
        "words": np.array([["quiet house"], ["house"], ["large house"]] * (count // 3)),
    }
    given["photo"][::4] = np.nan
    given["facts"][1::4] = np.nan
    given["town"][2::4] = ""
    given["words"][3::4] = ""
    return given


def data(given=None):
    one = recipe()
    return from_arrays(given or arrays(), np.arange(90.0) % 7, inputs=one.inputs, output=one.head.output)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    # Everything trains: no gradient may carry what is not there.
    everything = recipe(trains=("head", "block:embed", "eye"), augment={"photo": [{"flip": "horizontal"}]})
    return train(everything, data(), out=out), out


def test_statistics_are_those_of_the_rows_that_have_an_input(run):
    found, given = weights(run[0].model), data().train.columns
    facts = given["facts"].read(np.arange(len(given["facts"])))
    present = facts[~np.isnan(facts).any(axis=1)]

    assert np.allclose(found["facts.normalise/mean"], present.mean(axis=0), rtol=1e-5)
    assert np.allclose(found["facts.normalise/variance"], present.var(axis=0), rtol=1e-4)
    assert found["town.prepare/lookup/vocabulary"].tolist() == ["Linz", "Graz"]
    assert set(found["words.prepare/words/vocabulary"].tolist()) == {"house", "quiet", "large"}


def test_all_weights_move_and_stay_finite(run):
    before, after = weights(untrained()), weights(run[0].model)

    moved = {name for name, each in after.items() if not np.array_equal(each, before[name])}
    assert {"look.missing/learned/kernel", "place.missing/learned/kernel", "eye/block1_conv1/kernel"} <= moved
    assert all(np.isfinite(each).all() for each in after.values() if each.dtype.kind == "f")
    assert all(np.isfinite(epoch.metrics["loss"]) for epoch in run[0].history.epochs)
    assert np.isfinite(run[0].metrics["test"]["loss"])


def untrained():
    return build(recipe())


def test_a_run_opens_and_its_checkpoint_holds_what_was_learned_for_gaps(run):
    examples, output = data().test, recipe().head.output
    copy = load(run[1]).model

    assert predict(copy, examples, output) == predict(run[0].model, examples, output)
    assert "place.missing/learned/kernel" in load_weights(run[1] / "checkpoint.npz")


def test_the_same_seed_takes_the_same_inputs_away():
    one, other, never = (fit(recipe(rate), data()) for rate in (0.3, 0.3, 0.0))

    first, second, third = (
        [epoch.metrics["loss"] for epoch in each.history.epochs] for each in (one, other, never)
    )
    assert first == second
    assert first != third


def test_inputs_are_taken_away_also_where_their_branch_is_frozen():
    given = arrays()
    given["photo"] = np.random.default_rng(1).uniform(0, 255, given["photo"].shape)

    dropped, kept = (weights(fit(recipe(rate), data(given)).model) for rate in (0.5, 0.0))

    # What stands in for photographs moves by nothing else, as every example has one.
    started = weights(untrained())["look.missing/learned/kernel"]
    assert (dropped["look.missing/learned/kernel"] != started).all()
    assert np.array_equal(kept["look.missing/learned/kernel"], started)


def test_an_input_no_training_example_has_is_refused():
    given = arrays()
    given["photo"][:] = np.nan

    with pytest.raises(DataError, match="Input 'photo' is missing in all training examples"):
        fit(recipe(), data(given))


def test_a_file_that_is_missing_is_read_as_nan(tmp_path):
    Pictures.new("RGB", (8, 8), "red").save(tmp_path / "a.png")
    column = ImageFiles((tmp_path / "a.png", None), (4, 4, 3), (0, 255))

    (batch,) = batches(Examples({"photo": column}, None, ("a", "b")), batch_size=2)

    photo = np.array(batch["photo"])
    assert photo[0].max() == 255
    assert np.isnan(photo[1]).all()


def test_augmentation_leaves_missing_images_missing_and_changes_no_other_for_them():
    changes = {"photo": (Flip(mode="horizontal"), Rotation(factor=0.1), Contrast(factor=0.3))}
    augment = augmenter(changes, {"photo": Image(shape=(8, 8, 3))})
    photos = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype("float32")
    gappy = photos.copy()
    gappy[2] = np.nan

    whole, found = (np.array(augment({"photo": each}, np.array([0, 1]))["photo"]) for each in (photos, gappy))

    assert np.isnan(found[2]).all()
    assert np.array_equal(found[[0, 1, 3]], whole[[0, 1, 3]])
    assert not np.array_equal(found[0], photos[0])
