"""Texts end to end: which words are told apart, training where words alone tell, files, strings nobody wants."""

import json

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fusion.checking import resolve
from fusion.data.arrays import from_arrays
from fusion.data.batches import batches
from fusion.data.examples import Array, Data, Examples, splits
from fusion.data.rows import read_dataset
from fusion.errors import DataError, ModelError
from fusion.graph.costs import costs
from fusion.model.addresses import layer, set_weights, weights
from fusion.model.building import build
from fusion.model.files import load, load_weights, save
from fusion.model.lookups import set_vocabulary
from fusion.model.selftest import self_test
from fusion.model.words import bag_of_words, words
from fusion.recipe.recipe import Recipe
from fusion.training.evaluation import predict
from fusion.training.fitting import fit
from fusion.training.runs import train

VOCABULARY = "caption.prepare/words/vocabulary"
HOSTILE = (
    "\u202eright-to-left\u202c مرحبا بالعالم",
    "👩‍👩‍👧 emoji 🇫🇷",
    "é e\u0301 ÄÖ İstanbul ß",
    "\x00 zero\x00byte word\x00",
    "line\u2028break\x85next\x1fend\u00a0wide\u3000",
    "[UNK] UNK [unk] {0} %s \\ \\1 \"quoted\" 'single' `tick`",
    "!!! ... ???",
    "a" * 5000,
)


def declared(**changes):
    return Recipe(
        name="captions",
        inputs={"caption": {"kind": "text", "column": "caption", "most": 12, **changes}},
        blocks={"embed": [{"dense": 4}]},
        branches={"words": {"input": "caption", "blocks": ["embed"]}},
        head={"output": {"task": "classification", "classes": ["cat", "dog"]}},
        training={
            "phases": [
                {
                    "name": "all",
                    "train": ["head", "block:embed"],
                    "epochs": 12,
                    "optimizer": {"learning_rate": 0.05},
                }
            ]
        },
    )


@pytest.fixture(scope="module")
def recipe():
    return declared()


def captions(count):
    """Captions in which one word alone tells the class."""
    random = np.random.default_rng(0)
    number = random.integers(0, 2, count)
    said = [
        f"{random.choice(['A', 'the', 'one'])} {random.choice(['small', 'big', 'old', 'Red'])} "
        f"{['cat', 'dog'][each]}, {random.choice(['asleep', 'awake', 'outside', 'here'])}!"
        for each in number
    ]
    return np.array(said)[:, None], number


@pytest.fixture(scope="module")
def data(recipe):
    texts, numbers = captions(160)
    return from_arrays({"caption": texts}, numbers, inputs=recipe.inputs, output=recipe.head.output)


@pytest.fixture(scope="module")
def run(recipe, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    return train(recipe, data, out=out), out


def only(*texts):
    names = tuple(map(str, range(len(texts))))
    return Examples({"caption": Array(np.array(texts, dtype=object)[:, None])}, None, names)


def test_words_alone_decide_and_are_learnt(run):
    assert run[0].metrics["test"]["accuracy"] == 1.0


def test_a_bag_costs_no_weights_and_has_a_place_for_each_word(recipe, run):
    model = run[0].model
    told = weights(model)[VOCABULARY].tolist()

    given = np.array(model.get_layer("caption.prepare")(tf.constant([["The DOG, the dog?"], ["unheard of"]])))

    assert costs(resolve(recipe)).params == model.count_params() == 13 * 4 + 4 + 4 * 2 + 2
    assert layer(model, "caption.prepare/bag").output.shape == (None, 13)
    assert np.flatnonzero(given[0]).tolist() == sorted(1 + told.index(word) for word in ("the", "dog"))
    assert given[1].tolist() == np.eye(13)[0].tolist()


def test_counts_stand_in_the_places_where_they_are_asked_for():
    bag = bag_of_words(3, counted=True, name="caption.prepare")
    set_vocabulary(bag.get_layer("words"), ["red", "box"])

    given = np.array(bag(tf.constant([["red box, Red box RED"], ["a red pen"], ["..."]])))

    assert given.tolist() == [[0, 3, 2, 0], [2, 1, 0, 0], [0, 0, 0, 0]]


def test_the_most_frequent_words_of_the_training_rows_are_told_apart():
    recipe = declared(most=3)
    output = np.array([0, 1])
    part = Examples({"caption": Array(np.array([["b a, b"], ["C a d"]]))}, output, ("1", "2"))
    others = Examples({"caption": Array(np.array([["x x x"], ["x y"]]))}, output, ("1", "2"))

    model = fit(recipe, Data(part, others, None, ("cat", "dog"), "Made up.")).model

    assert weights(model)[VOCABULARY].tolist() == ["a", "b", "c"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=30), min_size=1, max_size=4))
def test_words_are_those_keras_finds(texts):
    layer = bag_of_words(3, counted=False, name="caption.prepare").get_layer("words")

    found = [
        [word.decode() for word in row if b"\0" not in word]
        for row in layer._preprocess(tf.constant(texts)[:, None]).to_list()
    ]

    assert [[*words(text)] for text in texts] == found


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_taken_and_kept(recipe, text, tmp_path):
    texts = np.array([[text], ["plain words"]] * 4, dtype=object)
    part = Examples({"caption": Array(texts)}, np.array([0, 1] * 4), tuple("12345678"))
    one = recipe.replace("/training/phases/0/epochs", 1)

    model = fit(one, Data(part, part, None, ("cat", "dog"), "Made up.")).model
    save(model, tmp_path / "m.keras", recipe=one)
    copy = load(tmp_path / "m.keras").model

    told = weights(model)[VOCABULARY].tolist()
    assert set(told) == {*words(text), "plain", "words"}
    assert weights(copy)[VOCABULARY].tolist() == told
    expected = predict(model, part, one.head.output)
    assert predict(copy, part, one.head.output) == expected
    bag = model.get_layer("caption.prepare")(tf.constant([[word] for word in told]))
    assert np.array(bag).argmax(axis=1).tolist() == list(range(1, len(told) + 1))


def test_unknown_words_are_treated_alike(run, recipe):
    found = predict(run[0].model, only("dog zebra", "dog zebu", "dog"), recipe.head.output)

    assert found[0].scores == found[1].scores != found[2].scores


def test_a_model_made_of_a_checkpoint_tells_the_same_words_apart(recipe, data, run):
    rescued = build(recipe)

    set_weights(rescued, load_weights(run[1] / "checkpoint.npz"))

    assert weights(rescued)[VOCABULARY].tolist() == weights(run[0].model)[VOCABULARY].tolist()
    assert predict(rescued, data.test, recipe.head.output) == predict(
        run[0].model, data.test, recipe.head.output
    )


def test_words_no_lookup_could_tell_apart_change_nothing(run):
    before = weights(run[0].model)

    for texts in (np.array(["a", "a"]), np.array(["a", " "]), np.array(list("abcdefghijklmn"))):
        with pytest.raises(ModelError, match=r"list of (at most 12 )?different texts"):
            set_weights(run[0].model, {VOCABULARY: texts})

    assert weights(run[0].model)[VOCABULARY].tolist() == before[VOCABULARY].tolist()


def test_the_self_test_holds_before_and_after_training(recipe, run):
    for model in (build(recipe), run[0].model):
        assert [finding for finding in self_test(model, resolve(recipe)) if not finding.holds] == []


def test_a_copy_of_a_model_without_words_yet_opens(recipe, tmp_path):
    save(build(recipe), tmp_path / "m.keras", recipe=recipe)

    assert weights(load(tmp_path / "m.keras").model)[VOCABULARY].tolist() == []


def test_texts_without_a_word_are_refused(recipe):
    part = Examples({"caption": Array(np.array([["!"], ["?"]]))}, np.array([0, 1]), ("1", "2"))

    with pytest.raises(DataError, match="Input 'caption': no text of the training rows has a word"):
        fit(recipe, Data(part, part, None, ("cat", "dog"), "Made up."))


def test_a_text_that_never_changes_is_refused(recipe):
    part = Examples({"caption": Array(np.array([["a"], ["a"]]))}, np.array([0, 1]), ("1", "2"))

    with pytest.raises(DataError, match="Input 'caption': caption has one value in all training rows"):
        fit(recipe, Data(part, part, None, ("cat", "dog"), "Made up."))


@pytest.mark.slow
def test_a_saved_model_reads_texts_where_fusion_is_not_installed(run, data, predicted_elsewhere):
    result, out = run
    texts = data.test.columns["caption"].read(np.arange(len(data.test)))[:, 0].tolist()

    said = predicted_elsewhere(out / "model.keras", [*texts, *HOSTILE])

    expected = result.model.predict(batches(only(*texts, *HOSTILE), batch_size=32), verbose=0)
    assert np.allclose(said, expected, rtol=1e-6)


def test_a_table_in_a_file_is_trained_on_and_predicted(recipe, tmp_path):
    texts, numbers = captions(60)
    rows = [f'"{text}",{["cat", "dog"][number]}' for text, number in zip(texts[:, 0], numbers, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["caption,label", *rows]), encoding="utf-8")
    about = {
        "dataset": 1,
        "table": "t.csv",
        "inputs": {"caption": {"column": "caption"}},
        "target": {"column": "label"},
    }
    (tmp_path / "t.json").write_text(json.dumps(about))

    data = read_dataset(tmp_path / "t.json", inputs=recipe.inputs, output=recipe.head.output)
    run = train(recipe, data)

    told = weights(run.model)[VOCABULARY].tolist()
    assert {"cat", "dog"} < {*told}
    assert len(predict(run.model, splits(data)["test"], recipe.head.output)) == len(data.test)
