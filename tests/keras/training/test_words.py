"""Texts read in order, without KerasHub: words become numbers in the model, which a backbone of texts reads."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

import fusion
from fusion.backbones.applications import REGISTERED
from fusion.errors import BackboneError, RecipeError
from fusion.features import planning
from fusion.frontier.rates import Rates
from fusion.model.addresses import set_weights, weights
from fusion.model.files import load_weights
from fusion.model.lookups import set_vocabulary
from fusion.model.words import list_of_words

VOCABULARY = "caption.prepare/words/vocabulary"
READER = {"arch": "TinyText", "weights": None, "options": {"vocabulary": 14, "width": 8}}


def declared(reader=READER, pool="avg+max", train=("head", "reader"), epochs=12, optional=None, **changes):
    caption = {"kind": "words", "column": "caption", "most": 12, "length": 6, "optional": optional}
    facts = {"facts": {"kind": "tabular", "columns": ["a", "b"]}} if optional else {}
    rows = {"row": {"input": "facts"}} if optional else {}
    phase = {"name": "all", "train": [*train], "epochs": epochs, "optimizer": {"learning_rate": 0.02}}
    return fusion.Recipe(
        name="captions",
        inputs={"caption": caption | changes, **facts},
        backbones={"reader": reader},
        branches={"said": {"input": "caption", "backbone": "reader", "pool": pool}, **rows},
        fusion={"op": "concat", "from": ["said", "row"]} if optional else None,
        head={"output": {"task": "classification", "classes": ["cat first", "dog first"]}},
        training={"batch_size": 16, "phases": [phase]},
    )


def captions(count):
    """Captions of one bag of words in which the order alone tells the class."""
    random = np.random.default_rng(0)
    number = random.integers(0, 2, count)
    said = [
        f"{random.choice(['A', 'the', 'one'])} {['cat chases dog', 'dog chases cat'][each]} {random.choice(['here', 'now!', ''])} {random.integers(1000)}"
        for each in number
    ]
    return np.array(said)[:, None], number


READS_TOKENS = fusion.Recipe(
    name="tokens",
    inputs={"ids": {"kind": "tokens", "length": 6}},
    backbones={"reader": READER},
    branches={"said": {"input": "ids", "backbone": "reader"}},
    head={"output": {"task": "binary"}},
)


@pytest.fixture(scope="module")
def recipe():
    return declared()


@pytest.fixture(scope="module")
def data(recipe):
    texts, numbers = captions(240)
    return fusion.from_arrays({"caption": texts}, numbers, inputs=recipe.inputs, output=recipe.head.output)


@pytest.fixture(scope="module")
def run(recipe, data, tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    return fusion.train(recipe, data, out=out), out


@pytest.fixture
def alone():
    before = dict(REGISTERED)
    yield
    REGISTERED.clear()
    REGISTERED.update(before)


def problems(recipe):
    return {each.place: each.text for each in fusion.check(recipe)}


def test_the_order_of_words_is_learnt(run):
    assert run[0].metrics["test"]["accuracy"] == 1.0


def test_words_are_numbered_by_how_often_training_rows_have_them():
    made = list_of_words(3, length=4, name="caption.prepare")
    set_vocabulary(made.get_layer("words"), ["red", "box"])

    given = made(tf.constant([["A red, RED box"], ["box"], ["..."], ["red red box red red box"]]))

    assert np.array(given).tolist() == [[1, 2, 2, 3], [3, 0, 0, 0], [0, 0, 0, 0], [2, 2, 3, 2]]
    assert given.dtype == "int32"


def test_the_vocabulary_is_that_of_the_training_rows_and_lies_in_the_checkpoint(run, recipe, data):
    told = weights(run[0].model)[VOCABULARY].tolist()
    rescued = fusion.build(recipe)

    set_weights(rescued, load_weights(run[1] / "checkpoint.npz"))

    assert told[:3] == ["cat", "chases", "dog"]
    assert weights(rescued)[VOCABULARY].tolist() == told
    np.testing.assert_array_equal(rescued(fed(data.test)), run[0].model(fed(data.test)))


def fed(examples):
    return {
        name: tf.constant(column.read(np.arange(len(examples)))) for name, column in examples.columns.items()
    }


def test_it_is_counted_before_it_is_built_and_tests_itself(run, recipe):
    graph = fusion.resolve(recipe)

    assert [node.name for node in graph.nodes] == [
        "caption",
        "caption.prepare",
        "reader",
        "said.pool",
        "output",
    ]
    assert [node.name for node in graph.parents("said.pool")] == ["reader", "caption.prepare"]
    assert fusion.costs(graph).params == run[0].model.count_params()
    assert fusion.costs(graph).flops > 0
    for model in (fusion.build(recipe), run[0].model):
        assert [found for found in fusion.self_test(model, graph) if not found.holds] == []


@pytest.mark.parametrize("pool", ["avg", "max", "gem", "avg+max"])
def test_more_room_for_words_does_not_change_what_a_text_gives(pool):
    short, long = (fusion.build(declared(pool=pool, length=length)) for length in (4, 9))
    for model in (short, long):
        set_weights(model, {VOCABULARY: np.array(["cat", "dog"])})
    set_weights(long, weights(short))
    text = tf.constant([["cat sees dog"]])

    np.testing.assert_allclose(long([text]), short([text]), atol=1e-6)


def test_a_saved_model_reads_texts_where_fusion_is_not_installed(run, data, predicted_elsewhere):
    result, out = run
    texts = [row.decode() for row in fed(data.test)["caption"].numpy()[:, 0]]

    said = predicted_elsewhere(out / "model.keras", texts)

    np.testing.assert_allclose(said, result.model(fed(data.test)), rtol=1e-5)


def test_a_table_is_trained_on_evaluated_and_predicted(tmp_path):
    one = declared(epochs=1)
    texts, numbers = captions(60)
    rows = [f'"{text}",{["cat first", "dog first"][n]}' for text, n in zip(texts[:, 0], numbers, strict=True)]
    (tmp_path / "t.csv").write_text("\n".join(["caption,label", *rows]), encoding="utf-8")
    about = {
        "dataset": 1,
        "table": "t.csv",
        "inputs": {"caption": {"column": "caption"}},
        "target": {"column": "label"},
    }
    (tmp_path / "t.json").write_text(json.dumps(about))

    run = fusion.train(one, tmp_path / "t.json", out=tmp_path / "run")
    read = fusion.read_values({"caption": "The cat chases dog"}, inputs=one.inputs)

    assert {"cat", "dog"} < {*weights(run.model)[VOCABULARY].tolist()}
    assert (
        fusion.predict(run.model, read, one.head.output, labels=run.labels)[0].label in one.head.output.labels
    )


@pytest.mark.parametrize("train", [("head",), ("head", "reader"), ("head", "eye[block3_conv1..]")], ids=str)
def test_what_is_stored_beside_words_trains_as_what_is_read_anew(train, tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e3, decode=0))
    one = with_photographs(declared(train=train, epochs=2))
    texts, numbers = captions(80)
    photos = np.random.default_rng(0).uniform(0, 255, (80, 16, 16, 3)).astype("float32")
    arrays = {"caption": texts, "photo": photos}
    data = fusion.from_arrays(arrays, numbers, inputs=one.inputs, output=one.head.output)

    stored, anew = (fusion.train(one, data, store=store) for store in (tmp_path / "store", False))

    assert any((tmp_path / "store").rglob("*.npy"))
    expected = weights(anew.model)
    for name, value in weights(stored.model).items():
        if value.dtype.kind == "U":
            assert value.tolist() == expected[name].tolist()
        else:
            np.testing.assert_allclose(value, expected[name], rtol=1e-5, atol=1e-6)


def with_photographs(recipe):
    return recipe.replaced(
        inputs={**recipe.inputs, "photo": {"kind": "image", "shape": (16, 16, 3)}},
        backbones={**recipe.backbones, "eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        branches={**recipe.branches, "seen": {"input": "photo", "backbone": "eye"}},
        fusion={"op": "concat", "of": ["said", "seen"]},
    )


@pytest.mark.parametrize("missing", ["zeros", "learned"])
def test_a_text_may_be_missing(missing):
    one = declared(optional={"missing": missing})
    model = fusion.build(one)

    given = model([tf.constant([[""], ["cat"]]), tf.zeros((2, 2))])

    assert np.isfinite(given).all()
    assert [found for found in fusion.self_test(model, fusion.resolve(one)) if not found.holds] == []


def test_more_words_than_the_reader_knows_are_refused_with_both_sides():
    assert problems(declared(most=13)) == {
        "/inputs/caption/most": "13 words, none and any other have the numbers 0 to 14, and 'reader' (TinyText) knows 14, "
        'from 0 to 13. Write "most": 12 or less, or give the backbone 15 in its options.'
    }


def test_words_and_images_are_told_from_each_other():
    photo = fusion.Recipe(
        name="photo",
        inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
        backbones={"reader": READER},
        branches={"seen": {"input": "photo", "backbone": "reader"}},
        head={"output": {"task": "binary"}},
    )
    preset = declared({"preset": "bert_tiny_en_uncased"})
    padded = declared().replace("/inputs", {"caption": {"kind": "tokens", "length": 6, "pad": 1}})

    assert "TinyText reads texts, and the input is an image" in problems(photo)["/backbones/reader"]
    assert "by the numbers its own tokenizer gives them" in problems(preset)["/backbones/reader"]
    assert (
        "takes 0 for padding, and input 'caption' is a list of tokens padded with 1"
        in problems(padded)["/backbones/reader"]
    )


def test_weights_that_were_trained_with_other_numbers_are_refused():
    trained = declared(READER | {"weights": {"file": "reader.weights.h5"}})

    assert "know words by the numbers they were trained with" in problems(trained)["/backbones/reader"]


def test_two_lists_of_words_are_not_read_by_one_backbone():
    one = declared()
    both = one.replaced(
        inputs={**one.inputs, "answer": one.inputs["caption"]},
        branches={**one.branches, "replied": one.branches["said"].model_copy(update={"input": "answer"})},
        fusion={"op": "concat", "of": ["said", "replied"]},
    )

    assert list(problems(both)) == ["/inputs/answer"]
    assert "the words of 'caption' and of 'answer'" in problems(both)["/inputs/answer"]


def test_words_need_a_backbone_that_reads_them():
    with pytest.raises(
        RecipeError, match="Input 'caption' is a list of words; name the backbone that turns it into"
    ):
        declared().replace("/branches/said", {"input": "caption"})


def gru(input_shape, vocabulary=14):
    ids = keras.Input(input_shape, dtype="int32")
    x = keras.layers.Embedding(vocabulary, 8, mask_zero=True)(ids)
    return keras.Model(ids, keras.layers.GRU(8, return_sequences=True)(x))


def test_a_registered_function_reads_words(alone, data, tmp_path):
    fusion.register_backbone("gru", gru, preprocess="none", reads="tokens")
    one = declared({"arch": "gru", "weights": None}, pool="avg").replace("/requires", ["gru"])

    run = fusion.train(one, data, out=tmp_path / "run")

    assert run.metrics["test"]["accuracy"] > 0.9
    assert fusion.resolve(one).trunks["reader"].skeleton.vocabulary == 14
    np.testing.assert_array_equal(
        keras.saving.load_model(tmp_path / "run" / "model.keras")(fed(data.test)), run.model(fed(data.test))
    )
    assert fusion.costs(one).uncounted == ("GRU",)
    assert "/inputs/caption/most" in problems(one.replace("/inputs/caption/most", 13))


def test_what_a_registered_function_reads_is_said_and_held(alone):
    with pytest.raises(
        BackboneError, match=r"'gru' reads tokens, which nothing is done to. Write preprocess=\"none\""
    ):
        fusion.register_backbone("gru", gru, preprocess="tf", reads="tokens")
    fusion.register_backbone("gru", gru, preprocess="none")
    one = declared({"arch": "gru", "weights": None}).replace("/requires", ["gru"])
    assert 'reads="tokens"' in problems(one)["/backbones/reader"]

    fusion.register_backbone("gru", of_floats, preprocess="none", reads="tokens")

    assert "reads float32, and tokens are whole numbers" in problems(one)["/backbones/reader"]


def of_floats(input_shape):
    x = keras.Input(input_shape)
    return keras.Model(x, keras.layers.Dense(3)(x))


def test_a_model_of_texts_in_a_file_reads_tokens(tmp_path):
    gru((6,)).save(tmp_path / "mine.keras")
    gru((7,)).save(tmp_path / "long.keras")
    reader = {"file": "mine.keras", "preprocess": "none"}
    one = READS_TOKENS.replaced(backbones={"reader": reader})

    model = fusion.build(one, folders=[tmp_path])

    assert model.get_layer("reader").output.shape == (None, 6, 8)
    assert fusion.resolve(one, folders=[tmp_path]).vocabulary("ids") == 14
    long = one.replaced(backbones={"reader": reader | {"file": "long.keras"}})
    told = {each.place: each.text for each in fusion.check(long, folders=[tmp_path])}
    assert told == {"/inputs/ids/length": 'long.keras reads 7 tokens, got 6. Write "length": 7.'}


def test_tokens_and_words_are_not_read_by_one_backbone():
    both = READS_TOKENS.replaced(
        inputs={**READS_TOKENS.inputs, **declared().inputs},
        branches={**READS_TOKENS.branches, "replied": {"input": "caption", "backbone": "reader"}},
        fusion={"op": "concat", "of": ["said", "replied"]},
    )

    assert list(problems(both)) == ["/inputs/caption"]
