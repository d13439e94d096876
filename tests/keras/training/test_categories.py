import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from fusion.checking import resolve
from fusion.data.arrays import from_arrays
from fusion.data.batches import batches
from fusion.data.examples import Array, Examples, splits
from fusion.data.rows import read_dataset
from fusion.errors import DataError, ModelError
from fusion.graph.costs import costs
from fusion.model.addresses import layer, set_weights, weights
from fusion.model.building import build
from fusion.model.files import load, load_weights, save
from fusion.model.selftest import self_test
from fusion.recipe.recipe import Recipe
from fusion.training.evaluation import predict
from fusion.training.fitting import fit
from fusion.training.runs import train

VOCABULARY = "zip.prepare/lookup/vocabulary"
TOWNS = ("[UNK]", "a\u2028b", "c", "München", "seldom")


@pytest.fixture(scope="module")
def recipe():
    return Recipe(
        name="zip and facts",
        inputs={
            "zip": {"kind": "categorical", "column": "zip", "most": 4},
            "facts": {"kind": "tabular", "columns": ["a", "b"]},
        },
        blocks={"embed": [{"dropout": 0.1}, {"dense": 3}]},
        branches={
            "place": {"input": "zip", "blocks": ["embed"]},
            "raw": {"input": "zip"},
            "facts_": {"input": "facts"},
        },
        fusion={"op": "concat", "of": ["place", "raw", "facts_"]},
        head={"output": {"task": "regression"}},
        training={"phases": [{"name": "all", "train": ["head", "block:embed"], "epochs": 2}]},
    )


@pytest.fixture(scope="module")
def data(recipe):
    random = np.random.default_rng(0)
    places = random.choice(5, (120, 1), p=[0.3, 0.27, 0.2, 0.2, 0.03])
    arrays = {"zip": np.array(TOWNS)[places], "facts": random.normal(size=(120, 2))}
    return from_arrays(arrays, 10.0 * places, inputs=recipe.inputs, output=recipe.head.output)


@pytest.fixture(scope="module")
def run(recipe, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    return train(recipe, data, out=out), out


def one_row(text):
    return Examples(
        {"zip": Array(np.array([[text]])), "facts": Array(np.zeros((1, 2)))}, None, ("the only row",)
    )


def test_a_text_costs_no_weights_and_fills_one_of_its_places(recipe, run):
    graph = resolve(recipe)
    model = run[0].model

    assert graph["zip.prepare"].shape == (5,)
    assert costs(graph).params == model.count_params() == 5 + 5 * 3 + 3 + (3 + 5 + 2) + 1
    told = layer(model, "zip.prepare/numbers").output
    assert (told.shape, told.dtype) == ((None, 5), "float32")
    places = dict(zip(weights(model)[VOCABULARY].tolist(), (1, 2, 3, 4), strict=True))
    assert sorted(places) == sorted(TOWNS[:4])
    given = model.get_layer("zip.prepare")(tf.constant([[text] for text in (*TOWNS, "never seen")]))
    told = [places.get(text, 0) for text in (*TOWNS, "never seen")]
    assert np.array(given).tolist() == [np.eye(5)[place].tolist() for place in told]


def test_the_most_frequent_texts_of_the_training_rows_are_told_apart(recipe, data):
    values = np.array([["d"], ["b"], ["c"], ["c"], ["a"], ["b"], ["e"], ["f"]])
    facts = np.random.default_rng(0).normal(size=(8, 2))
    part = Examples({"zip": Array(values), "facts": Array(facts)}, facts[:, :1], tuple("12345678"))
    others = Examples(
        {"zip": Array(np.array([["x"]] * 8)), "facts": Array(facts)}, facts[:, :1], tuple("12345678")
    )

    model = fit(recipe, replaced(data, part, others)).model

    assert weights(model)[VOCABULARY].tolist() == ["b", "c", "a", "d"]


def replaced(data, train_part, validation):
    return type(data)(train_part, validation, None, None, "Made up.")


def test_unknown_texts_are_treated_as_seldom_ones(recipe, run):
    model, output = run[0].model, recipe.head.output

    seldom, unknown, known = (
        predict(model, one_row(text), output)[0].scores for text in ("seldom", "nowhere", "c")
    )

    assert seldom == unknown
    assert seldom != known


def test_a_model_made_of_a_checkpoint_tells_the_same_texts_apart(recipe, data, run):
    rescued = build(recipe)
    before = rescued.predict(batches(data.validation, batch_size=8), verbose=0)

    set_weights(rescued, load_weights(run[1] / "checkpoint.npz"))
    set_weights(rescued, {name: value for name, value in weights(run[0].model).items() if "facts" in name})

    assert weights(rescued)[VOCABULARY].tolist() == weights(run[0].model)[VOCABULARY].tolist()
    after = rescued.predict(batches(data.validation, batch_size=8), verbose=0)
    assert np.array_equal(after, run[0].model.predict(batches(data.validation, batch_size=8), verbose=0))
    assert not np.array_equal(before, after)


def test_a_lookup_changed_later_is_seen_by_what_keras_has_compiled(run, recipe):
    copy = load(run[1]).model
    output = recipe.head.output
    before = predict(copy, one_row("c"), output)[0].scores

    set_weights(copy, {VOCABULARY: np.array(["x", "y"])})

    assert predict(copy, one_row("c"), output)[0].scores == predict(copy, one_row("?"), output)[0].scores
    assert predict(copy, one_row("c"), output)[0].scores != before


def test_texts_no_lookup_could_tell_apart_change_nothing(run):
    model = run[0].model
    before = weights(model)

    for texts, match in (
        (np.array(list("abcde")), "is a list of at most 4 different texts, and the stored one has 5"),
        (np.array(["a", "a"]), "some are equal or empty"),
        (np.array(["a", ""]), "some are equal or empty"),
        (np.array([1.0, 2.0]), r"is a list of texts, and the stored one is float64 of shape \(2,\)"),
    ):
        with pytest.raises(ModelError, match=match):
            set_weights(model, {"output/bias": before["output/bias"] + 1, VOCABULARY: texts})

    assert all(np.array_equal(before[name], value) for name, value in weights(model).items())


@pytest.mark.slow
def test_a_saved_model_reads_texts_where_fusion_is_not_installed(run, data, tmp_path):
    result, out = run
    examples = data.validation
    rows = examples.columns["zip"].read(np.arange(len(examples)))[:, 0].tolist()
    facts = examples.columns["facts"].read(np.arange(len(examples))).tolist()
    (tmp_path / "rows.json").write_text(json.dumps([rows, facts]))
    code = (
        "import sys, json; sys.modules['fusion'] = None\n"
        "import keras, tensorflow as tf\n"
        f"texts, facts = json.load(open({str(tmp_path / 'rows.json')!r}))\n"
        f"model = keras.saving.load_model({str(out / 'model.keras')!r})\n"
        "found = model.predict({'zip': tf.constant(texts)[:, None], 'facts': tf.constant(facts)}, verbose=0)\n"
        "print(json.dumps(found.tolist()))"
    )

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    expected = result.model.predict(batches(examples, batch_size=32), verbose=0)
    assert np.allclose(json.loads(said), expected, rtol=1e-6)


def test_the_self_test_holds_before_and_after_training(recipe, run):
    for model in (build(recipe), run[0].model):
        assert [finding for finding in self_test(model, resolve(recipe)) if not finding.holds] == []


def test_a_copy_of_a_model_without_texts_yet_opens(recipe, tmp_path):
    save(build(recipe), tmp_path / "m.keras", recipe=recipe)

    assert weights(load(tmp_path / "m.keras").model)[VOCABULARY].tolist() == []


def test_a_category_that_never_changes_is_refused(recipe, data):
    facts = np.random.default_rng(0).normal(size=(4, 2))
    part = Examples({"zip": Array(np.array([["a"]] * 4)), "facts": Array(facts)}, facts[:, :1], tuple("1234"))

    with pytest.raises(DataError, match="Input 'zip': zip has one value in all training rows"):
        fit(recipe, replaced(data, part, part))


def test_numbers_where_texts_are_read_are_refused(recipe, data):
    facts = np.random.default_rng(0).normal(size=(4, 2))
    names = tuple("1234")
    numbers = Examples({"zip": Array(facts[:, :1]), "facts": Array(facts)}, facts[:, :1], names)
    texts = Examples(
        {"zip": Array(np.array([["a"]] * 4)), "facts": Array(facts.astype(str))}, facts[:, :1], names
    )

    with pytest.raises(DataError, match="Input 'zip' reads texts, and train has numbers"):
        fit(recipe, replaced(data, numbers, numbers))
    with pytest.raises(DataError, match="Input 'facts' reads numbers, and train has texts"):
        fit(recipe, replaced(data, texts, texts))


def test_a_table_in_a_file_is_trained_on_and_predicted(recipe, tmp_path):
    random = np.random.default_rng(1)
    places = random.choice(3, 60)
    rows = [f"{['010', '10', 'Köln'][i]},{random.normal()},{random.normal()},{i}" for i in places]
    (tmp_path / "t.csv").write_text("\n".join(["zip,a,b,price", *rows]), encoding="utf-8")
    (tmp_path / "t.json").write_text(
        json.dumps(
            {
                "dataset": 1,
                "table": "t.csv",
                "inputs": {"zip": {"column": "zip"}, "facts": {"columns": ["a", "b"]}},
                "target": {"column": "price"},
            }
        )
    )

    data = read_dataset(tmp_path / "t.json", inputs=recipe.inputs, output=recipe.head.output)
    run = train(recipe, data)

    assert set(weights(run.model)[VOCABULARY].tolist()) == {"010", "10", "Köln"}
    assert len(predict(run.model, splits(data)["test"], recipe.head.output)) == len(data.test)
