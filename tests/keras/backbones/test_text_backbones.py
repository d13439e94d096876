"""Text backbones of KerasHub on lists of tokens: cut, pooled without padding, trained, saved and opened again."""

import json
import math
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
import typer

import fusion
from fusion.backbones import tokens
from fusion.cli.describing import check, cost
from fusion.data.examples import Array, Data, Examples
from fusion.errors import BackboneError, DataError
from fusion.features import planning
from fusion.frontier.rates import Rates
from fusion.skeleton.flops import flops
from fusion.training.sources import make_source

keras_hub = pytest.importorskip("keras_hub", reason="the extra fusion[kerashub] is not installed")

TINY = {
    "vocabulary_size": 50,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 8,
    "intermediate_dim": 16,
    "max_sequence_length": 12,
}
LLAMA = {
    "vocabulary_size": 50,
    "num_layers": 2,
    "num_query_heads": 2,
    "num_key_value_heads": 1,
    "hidden_dim": 8,
    "intermediate_dim": 16,
}
ALBERT = TINY | {"embedding_dim": 4}
T5 = {key: value for key, value in TINY.items() if key != "max_sequence_length"}
IDS = np.array([[2, 7, 9, 3, 0, 0], [2, 8, 3, 0, 0, 0], [2, 4, 5, 6, 7, 3]], dtype="int32")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))


def made(name="BertBackbone", options=TINY, **changes):
    return {"kerashub": name, "weights": None, "preprocess": "none", "options": options, **changes}


def recipe(net=None, *, length=6, pad=0, **branch):
    return fusion.Recipe(
        name="said",
        inputs={"words": {"kind": "tokens", "length": length, "pad": pad}},
        backbones={"net": net or made()},
        branches={"said": {"input": "words", "backbone": "net", **branch}},
        head={"output": {"task": "classification", "classes": 2}},
        training={
            "phases": [
                {
                    "name": "all",
                    "train": ["head", "net[transformer_layer_1..]"],
                    "epochs": 15,
                    "optimizer": {"learning_rate": 0.02},
                }
            ]
        },
    )


def untrained(net=None, **options):
    return fusion.Recipe(**{**dict(recipe(net, **options)), "training": None})


def vector(model):
    return keras.Model(model.inputs, model.get_layer("output").input)


def problems(one):
    return {each.place: each.text for each in fusion.check(one)}


def padded(ids, length, pad=0):
    return np.pad(ids, ((0, 0), (0, length - ids.shape[1])), constant_values=pad)


@pytest.mark.parametrize(
    ("name", "cut", "pool", "tap"),
    [
        ("BertBackbone", "last", "avg", "transformer_layer_1"),
        ("BertBackbone", "transformer_layer_0", "max", "transformer_layer_0"),
        ("BertBackbone", ["transformer_layer_0", "last"], "first", "transformer_layer_1"),
        ("BertBackbone", "pooled_dense", "none", "pooled_dense"),
        ("DistilBertBackbone", "embeddings_layer_norm", "avg+max", "embeddings_layer_norm"),
        ("RobertaBackbone", "last", "flatten", "transformer_layer_1"),
        ("GPT2Backbone", "last", "gem", "layer_norm"),
    ],
)
def test_a_text_backbone_is_cut_and_opened_again(tmp_path, name, cut, pool, tap):
    one = untrained(made(name), cut=cut, pool=pool)
    graph = fusion.resolve(one)

    model = fusion.build(graph)

    assert graph.trunks["net"].taps[-1] == tap
    assert model.count_params() == fusion.costs(graph).params
    assert [each for each in fusion.self_test(model, graph) if not each.holds] == []
    fusion.save(model, tmp_path / "m.keras", recipe=one)
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "m.keras")([IDS]), model([IDS]))


def test_it_gives_what_kerashub_gives(tmp_path):
    whole = keras_hub.models.BertBackbone(**TINY)
    whole.save_weights(tmp_path / "bert.weights.h5")
    net = made(weights={"file": "bert.weights.h5"})
    fed = {"token_ids": IDS, "padding_mask": (IDS != 0).astype("int32"), "segment_ids": 0 * IDS}
    given, real = whole(fed), (IDS != 0)[..., None]

    pooled = {
        pool: vector(fusion.build(untrained(net, pool=pool), folders=[tmp_path]))([IDS])
        for pool in ("avg", "first", "max", "flatten")
    }
    own = vector(fusion.build(untrained(net, cut="pooled_dense", pool="none"), folders=[tmp_path]))([IDS])

    each = np.array(given["sequence_output"])
    np.testing.assert_allclose(pooled["avg"], (each * real).sum(1) / real.sum(1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(pooled["max"], np.where(real, each, -np.inf).max(1), rtol=1e-5)
    np.testing.assert_allclose(pooled["flatten"], (each * real).reshape(3, -1), rtol=1e-5)
    np.testing.assert_allclose(pooled["first"], each[:, 0], rtol=1e-5)
    np.testing.assert_allclose(own, given["pooled_output"], rtol=1e-5)


def same_weights(one, other):
    fusion.set_weights(other, fusion.weights(one))


@pytest.mark.parametrize("normalise", [None, "l2"])
@pytest.mark.parametrize("pool", ["avg", "max", "avg+max", "gem", "gem_learned", "first"])
def test_more_padding_does_not_change_the_vector(pool, normalise):
    short = fusion.build(untrained(length=6, pad=1, pool=pool, normalise=normalise))
    long = fusion.build(untrained(length=12, pad=1, pool=pool, normalise=normalise))
    ids = np.where(IDS == 0, 1, IDS)

    same_weights(short, long)

    np.testing.assert_allclose(
        vector(long)([padded(ids, 12, pad=1)]), vector(short)([ids]), rtol=1e-4, atol=1e-5
    )
    assert np.abs(np.array(vector(short)([ids])) - np.array(vector(short)([IDS]))).max() > 1e-4


def asked(length):
    """One branch asks, the other answers with a place for each token."""
    one = untrained(length=length, cut="last", pool="first")
    return one.replaced(
        branches={
            "asks": {"input": "words", "backbone": "net", "pool": "first"},
            "answers": {"input": "words", "backbone": "net", "pool": "none", "cut": "transformer_layer_0"},
        },
        fusion={"op": "cross_attention", "from": ["asks", "answers"], "heads": 2},
    )


def test_cross_attention_does_not_look_at_padding(tmp_path):
    short, long = fusion.build(asked(6)), fusion.build(asked(12))

    same_weights(short, long)
    fusion.save(long, tmp_path / "m.keras", recipe=asked(12))

    expected = short([IDS])
    np.testing.assert_allclose(long([padded(IDS, 12)]), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        long.predict({"words": padded(IDS, 12)}, verbose=0), expected, rtol=1e-4, atol=1e-6
    )
    copy = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(copy([padded(IDS, 12)]), long([padded(IDS, 12)]))


def test_a_text_of_padding_alone_gives_numbers():
    for pool in ("avg", "max", "avg+max", "gem", "gem_learned", "flatten"):
        found = np.array(vector(fusion.build(untrained(pool=pool)))([0 * IDS]))

        assert np.isfinite(found).all()
        assert np.abs(found).max() < 1e-5


@pytest.mark.slow
def test_a_backbone_whose_layers_cannot_be_saved_is_taken_whole_and_not_cut(tmp_path):
    one = untrained(made("LlamaBackbone", LLAMA))
    model = fusion.build(one)

    fusion.save(model, tmp_path / "m.keras", recipe=one)
    np.save(tmp_path / "ids.npy", IDS)
    code = (
        "import sys, fusion, numpy as np\n"
        "assert 'keras_hub' not in sys.modules\n"
        "np.save('found.npy', fusion.load('m.keras').model([np.load('ids.npy')]))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)

    np.testing.assert_array_equal(np.load(tmp_path / "found.npy"), model([IDS]))
    assert model.count_params() == fusion.costs(one).params
    cut = untrained(made("LlamaBackbone", LLAMA), cut="whole.transformer_layer_0")
    assert list(problems(cut)) == ["/branches/said/cut"]
    assert "can be saved in the whole backbone only" in problems(cut)["/branches/said/cut"]


@pytest.mark.parametrize(
    ("net", "place", "told"),
    [
        (
            made(options=TINY | {"max_sequence_length": 4}),
            "/inputs/words/length",
            "BertBackbone has 4 positions",
        ),
        (
            made("AlbertBackbone", ALBERT),
            "/backbones/net",
            "calls its layer 'group_0_inner_layer_0' more than once",
        ),
        (made("T5Backbone", T5), "/backbones/net", "T5Backbone reads decoder_padding_mask, "),
        (made("ResNetBackbone", {}), "/backbones/net", "reads images, and the input is a list of tokens"),
        (made(preprocess="tf"), "/backbones/net", '"preprocess" is for images'),
        (made(options=TINY | {"hidden": 3}), "/backbones/net", "BertBackbone has no option 'hidden'"),
        (
            {"arch": "TinyVGG", "weights": None},
            "/backbones/net",
            "TinyVGG reads images, and the input is a text. Name a backbone of texts: TinyText, one of KerasHub",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:30],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_reads_no_list_of_tokens_is_told(net, place, told):
    found = problems(untrained(net))

    assert list(found) == [place]
    assert told in found[place]


def test_an_image_is_not_read_as_text():
    one = untrained().replaced(inputs={"words": {"kind": "image", "shape": (8, 8, 3)}})

    assert problems(one) == {
        "/backbones/net": "BertBackbone reads no images, but texts or sounds. Feed it an input of the kind tokens."
    }


def test_one_backbone_knows_one_padding():
    one = untrained().replaced(
        inputs={"a": {"kind": "tokens", "length": 6}, "b": {"kind": "tokens", "length": 8, "pad": 1}},
        branches={name: {"input": name, "backbone": "net"} for name in "ab"},
        fusion={"op": "compare", "from": ["a", "b"]},
    )

    assert list(problems(one)) == ["/inputs/b/pad"]
    assert "'net' reads 'a', padded with 0, and 'b', padded with 1" in problems(one)["/inputs/b/pad"]


def test_texts_of_two_lengths_share_a_backbone():
    one = untrained().replaced(
        inputs={"a": {"kind": "tokens", "length": 6}, "b": {"kind": "tokens", "length": 8}},
        branches={name: {"input": name, "backbone": "net"} for name in "ab"},
        fusion={"op": "compare", "from": ["a", "b"], "terms": ["abs_diff"]},
    )

    model = fusion.build(one)

    assert [each for each in fusion.self_test(model, fusion.resolve(one)) if not each.holds] == []
    found = vector(model)([IDS, padded(IDS, 8)])
    np.testing.assert_allclose(found, np.zeros((3, 8)), atol=1e-5)


def test_the_first_is_of_tokens_in_a_row():
    one = untrained(
        made("VGGBackbone", {"stackwise_num_repeats": [1], "stackwise_num_filters": [4]}), pool="first"
    )
    image = one.replaced(inputs={"words": {"kind": "image", "shape": (8, 8, 3)}})

    assert "only of a list of tokens there is a first" in problems(image)["/branches/said/pool"]


def sentences(count, known=50):
    """Lists of tokens in which one alone tells the class."""
    random = np.random.default_rng(0)
    ids = random.integers(10, known, (count, 6)).astype("int32")
    lengths, number = random.integers(3, 7, count), random.integers(0, 2, count)
    ids[np.arange(6) >= lengths[:, None]] = 0
    ids[np.arange(count), random.integers(0, 3, count)] = 4 + number
    return ids, number


@pytest.mark.slow
def test_what_is_frozen_stays_and_what_trains_learns(tmp_path):
    one = recipe()
    ids, number = sentences(300)
    data = fusion.from_arrays({"words": ids}, number, inputs=one.inputs, output=one.head.output)
    before = fusion.weights(fusion.build(one))

    run = fusion.train(one, data, out=tmp_path / "run")

    after = fusion.weights(run.model)
    moved = {
        name.partition("/")[2].partition("/")[0]
        for name in before
        if not np.array_equal(before[name], after[name])
    }
    assert moved == {"transformer_layer_1", "kernel", "bias"}
    assert run.metrics["train"]["accuracy"] > 0.8
    again = fusion.load(tmp_path / "run")
    assert fusion.predict(again.model, data.test, one.head.output) == fusion.predict(
        run.model, data.test, one.head.output
    )


@pytest.mark.parametrize(
    "begin",
    [fusion.train, lambda one, data: make_source(fusion.resolve(one), data, ())],
    ids=["alone", "with others"],
)
def test_tokens_a_backbone_does_not_know_are_refused_with_their_row(begin):
    one = recipe()
    ids, number = sentences(40)
    ids[7, 2] = 50
    part = Examples({"words": Array(ids, pad=0)}, number, tuple(f"row {i}" for i in range(40)))

    with pytest.raises(
        DataError, match="'words': row 7 of train has the token 50, and its backbone knows 50, from 0"
    ):
        begin(one, Data(part, part, None, ("0", "1"), "Made up."))


def test_more_than_token_ids_decide_is_refused():
    inputs = [keras.Input((4,), name=name) for name in ("token_ids", "images")]

    with pytest.raises(
        BackboneError, match="Functional reads token_ids, images, and a branch feeds one list"
    ):
        tokens.of_one_input(keras.Model(inputs, keras.layers.Add()(inputs)), length=4, pad=0)


@pytest.mark.parametrize("kind", ["TransformerEncoder", "TransformerDecoder"])
def test_operations_of_attention_are_counted(kind):
    inputs = keras.Input((24, 32))
    layer = getattr(keras_hub.layers, kind)(intermediate_dim=96, num_heads=4)
    layer(inputs)
    shapes = [tuple(weight.shape) for weight in layer.weights]

    found = flops(kind, {}, [(24, 32)], (24, 32), shapes)

    kernels = sum(math.prod(weight.shape) for weight in layer.weights if weight.name == "kernel")
    biases = sum(math.prod(weight.shape) for weight in layer.weights if weight.name == "bias")
    products, softmax, rest = 2 * 2 * 24 * 24 * 32, 4 * 4 * 24 * 24, 24 * (4 * 96 + 2 * 4 * 32 + 2 * 32)
    assert found == 24 * (2 * kernels + biases) + products + softmax + rest


@pytest.mark.parametrize("missing", ["zeros", "learned"])
@pytest.mark.parametrize("pool", ["avg", "none"])
def test_a_text_may_be_missing_and_padding_still_counts_for_nothing(missing, pool):
    def one(length):
        optional = {"kind": "tokens", "length": length, "optional": {"missing": missing}}
        return asked(length).replaced(
            inputs={"words": {"kind": "tokens", "length": length}, "more": optional},
            branches={
                "asks": {"input": "words", "backbone": "net", "pool": "first"},
                "answers": {"input": "more", "backbone": "net", "pool": pool, "cut": "transformer_layer_0"},
            },
            fusion={"op": "cross_attention" if pool == "none" else "concat", "from": ["asks", "answers"]},
        )

    short, long = fusion.build(one(6)), fusion.build(one(12))
    same_weights(short, long)
    gap = IDS.copy()
    gap[1] = 0

    found = np.array(long({"words": padded(IDS, 12), "more": padded(gap, 12)}))

    np.testing.assert_allclose(found, short({"words": IDS, "more": gap}), rtol=1e-4, atol=1e-6)
    other = np.array(short({"words": IDS, "more": IDS}))
    np.testing.assert_allclose(other[[0, 2]], found[[0, 2]], rtol=1e-4, atol=1e-6)
    assert np.abs(other[1] - found[1]).max() > 1e-6
    assert [each for each in fusion.self_test(short, fusion.resolve(one(6))) if not each.holds] == []


def test_stored_tokens_train_as_those_read_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e3, decode=0))
    one = asked(6).replaced(
        training={"phases": [{"name": "head", "train": ["head", "fusion"], "epochs": 2}], "batch_size": 16}
    )
    ids, number = sentences(60)
    data = fusion.from_arrays({"words": ids}, number, inputs=one.inputs, output=one.head.output)

    stored, anew = (fusion.train(one, data, store=store) for store in (tmp_path / "store", False))

    assert any((tmp_path / "store").rglob("*.npy"))
    expected = fusion.weights(anew.model)
    for name, value in fusion.weights(stored.model).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["FNetBackbone", "DebertaV3Backbone"])
def test_operations_that_are_not_known_are_told_and_not_called_none(name, tmp_path, capsys):
    options = {key: value for key, value in TINY.items() if name[:4] != "FNet" or key != "num_heads"}
    (tmp_path / "said.json").write_text(fusion.to_json(untrained(made(name, options))))

    with pytest.raises(typer.Exit) as ended:
        check([tmp_path / "said.json"])
    assert ended.value.exit_code == 0
    assert re.search("FLOP a sample not known, for those of .*Encoder.* are not", capsys.readouterr().out)
    cost(tmp_path / "said.json")
    told = capsys.readouterr().out
    assert "not known" in told
    assert "it is not known what they compute" in " ".join(told.split())
