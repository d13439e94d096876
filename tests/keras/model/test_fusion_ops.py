"""Fusion ops and pools as Keras builds them, against what the published formulas give in NumPy."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from fusion.graph.assembly import numbers_of
from fusion.graph.ops import SOURCE, op_layers
from fusion.graph.pools import MAP, pool_layers
from fusion.model.assembling import assembled
from fusion.recipe.branches import Branch
from fusion.recipe.head import Output
from fusion.recipe.joining import Compare, Concat
from fusion.recipe.weighing import (
    Attention,
    Bilinear,
    CrossAttention,
    Film,
    Gated,
    LowRank,
    Tensor,
    WeightedSum,
)

EXAMPLES = 3
BINARY = Output(task="binary")


def made(op, *shapes, output=BINARY):
    """An op built on random vectors or maps of some shapes: what it gives, its weights by layer, and what it read."""
    sources = dict(zip(op.of, shapes, strict=True))
    layers = op_layers(op, sources, output)
    model = assembled(layers, {f"{SOURCE}{name}": shape for name, shape in sources.items()}, name="fusion")
    random = np.random.default_rng(0)
    read = [random.normal(size=(EXAMPLES, *shape)).astype("float32") for shape in shapes]
    weights = {
        each.name: [np.array(value) for value in each.weights] for each in getattr(model, "layers", [])
    }
    given = np.array(model(read))
    assert given.shape == (EXAMPLES, *layers[-1].shape)
    assert model.count_params() == sum(layer.params for layer in layers)
    return given, weights, read


def dense(values, weights):
    kernel, bias = weights
    return values @ kernel + bias


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def test_a_projection_brings_each_vector_to_one_width():
    given, weights, (a, b) = made(Concat(of=("a", "b"), project=4), (3,), (5,))

    by_hand = [dense(a, weights["project_a"]), dense(b, weights["project_b"])]
    np.testing.assert_allclose(given, np.concatenate(by_hand, 1), atol=1e-6)


def test_a_weighted_sum_starts_as_the_mean():
    given, _, read = made(WeightedSum(of=("a", "b", "c")), (4,), (4,), (4,))

    np.testing.assert_allclose(given, np.mean(read, 0), atol=1e-6)


def test_one_gate_weighs_two_vectors():
    given, weights, (a, b) = made(Gated(of=("a", "b"), units=4), (3,), (5,))

    gate = sigmoid(dense(np.concatenate([a, b], 1), weights["gate"]))
    hidden = [np.tanh(dense(a, weights["hidden_a"])), np.tanh(dense(b, weights["hidden_b"]))]
    np.testing.assert_allclose(given, gate * hidden[0] + (1 - gate) * hidden[1], atol=1e-6)


def test_each_of_three_vectors_has_a_gate():
    given, weights, read = made(Gated(of=("a", "b", "c"), units=4), (3,), (5,), (2,))

    every = np.concatenate(read, 1)
    by_hand = sum(
        sigmoid(dense(every, weights[f"gate_{name}"])) * np.tanh(dense(values, weights[f"hidden_{name}"]))
        for name, values in zip("abc", read, strict=True)
    )
    np.testing.assert_allclose(given, by_hand, atol=1e-6)


def test_the_second_vector_scales_and_shifts_the_first():
    given, weights, (a, b) = made(Film(of=("a", "b")), (3,), (5,))

    assert np.array_equal(weights["scale"][1], np.ones(3))
    np.testing.assert_allclose(given, a * dense(b, weights["scale"]) + dense(b, weights["shift"]), atol=1e-6)


def test_two_vectors_are_compared_by_difference_product_and_angle():
    given, _, (a, b) = made(Compare(of=("a", "b"), terms=("abs_diff", "product", "cosine")), (4,), (4,))

    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(given, np.concatenate([abs(a - b), a * b, cosine[:, None]], 1), atol=1e-6)


def test_a_bilinear_form_weighs_every_pair_of_components():
    given, weights, (a, b) = made(Bilinear(of=("a", "b"), units=2), (3,), (5,))

    kernel, bias = weights["weigh"]
    by_hand = np.einsum("ni,nj,iju->nu", a, b, kernel.reshape(3, 5, 2)) + bias
    np.testing.assert_allclose(given, by_hand, atol=1e-6)


def test_tensor_fusion_is_a_dense_layer_on_the_outer_product_of_vectors_with_a_one():
    given, weights, read = made(Tensor(of=("a", "b", "c"), units=7), (3,), (2,), (4,))

    kernel, bias = weights["weigh"]
    one = [np.concatenate([values, np.ones((EXAMPLES, 1), "float32")], 1) for values in read]
    outer = np.einsum("ni,nj,nk->nijk", *one).reshape(EXAMPLES, -1)
    # Solved for the order in which the products stand: the columns of both are the same numbers.
    rows = np.concatenate([kernel, bias[None]])
    order = [_row(place, (3, 2, 4)) for place in range(4 * 3 * 5)]
    np.testing.assert_allclose(given, outer @ rows[order], atol=1e-5)


def _row(place, widths):
    """The row of the kernel for a product, by its place in the outer product; the last row is the bias."""
    i, j, k = np.unravel_index(place, [width + 1 for width in widths])
    a, b, c = widths
    # Products of the first two: all pairs, then the first alone, then the second alone.
    pairs = a * b + a + b
    two = i * b + j if i < a and j < b else a * b + i if i < a else a * b + a + j if j < b else pairs
    if two < pairs and k < c:
        return two * c + k
    if two < pairs:
        return pairs * c + two
    return pairs * c + pairs + k


def test_low_rank_fusion_sums_products_of_the_factors_of_each_rank():
    given, weights, read = made(LowRank(of=("a", "b", "c"), rank=3, units=2), (3,), (5,), (2,))

    factors = [dense(values, weights[f"factor_{name}"]) for name, values in zip("abc", read, strict=True)]
    by_hand = np.prod(factors, 0).reshape(EXAMPLES, 3, 2).sum(1)
    np.testing.assert_allclose(given, by_hand, atol=1e-6)


def attention(asks, answers, weights, heads):
    """Multi-head attention and what follows it, by hand."""
    query, key, value, out = weights["attention"]
    q, k, v = (
        np.einsum("nti,ihd->nhtd", tokens, kernel)
        for tokens, kernel in ((asks, query), (answers, key), (answers, value))
    )
    scores = np.einsum("nhtd,nhsd->nhts", q, k) / np.sqrt(q.shape[-1])
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    seen = asks + np.einsum("nhts,nhsd,hdo->nto", shares, v, out)
    seen = (seen - seen.mean(-1, keepdims=True)) / np.sqrt(seen.var(-1, keepdims=True) + 1e-3)
    return seen.mean(1)


def test_attention_lets_vectors_look_at_each_other():
    given, weights, read = made(Attention(of=("a", "b", "c"), heads=2), (4,), (4,), (4,))

    tokens = np.stack(read, 1)
    np.testing.assert_allclose(given, attention(tokens, tokens, weights, 2), atol=1e-5)


def test_cross_attention_lets_a_vector_look_at_the_places_of_maps():
    given, weights, (a, b, c) = made(CrossAttention(of=("a", "b", "c"), heads=2), (4,), (9, 4), (5, 4))

    by_hand = attention(a[:, None], np.concatenate([b, c], 1), weights, 2)
    np.testing.assert_allclose(given, by_hand, atol=1e-5)


@pytest.mark.parametrize(
    "op",
    [
        Compare(of=("a", "b"), terms=("abs_diff", "product", "cosine")),
        Attention(of=("a", "b"), heads=2),
    ],
    ids=lambda op: op.op,
)
def test_a_symmetric_op_gives_the_same_when_what_it_joins_is_exchanged(op):
    layers = op_layers(op, {"a": (4,), "b": (4,)}, BINARY)
    model = assembled(layers, {"in.a": (4,), "in.b": (4,)}, name="fusion")
    a, b = np.random.default_rng(0).normal(size=(2, EXAMPLES, 4)).astype("float32")

    assert op.is_symmetric
    np.testing.assert_allclose(model([a, b]), model([b, a]), atol=1e-6)


def pooled(shape, **fields):
    layers = pool_layers(Branch(input="photo", backbone="net", **fields), shape)
    model = assembled(layers, {MAP: shape}, name="pool")
    values = np.random.default_rng(0).uniform(size=(EXAMPLES, *shape)).astype("float32")
    given = np.array(model(values))
    assert given.shape == (EXAMPLES, *layers[-1].shape)
    assert numbers_of(layers) > 0
    return given, values


def test_the_generalised_mean_has_exponent_three():
    given, values = pooled((4, 5, 3), pool="gem")

    np.testing.assert_allclose(given, (values**3).mean((1, 2)) ** (1 / 3), rtol=1e-5)


@pytest.mark.parametrize("power", [3.0, 0.5, 6.0])
def test_a_learned_exponent_starts_at_three_and_is_above_zero_whatever_its_weight(power):
    layers = pool_layers(Branch(input="photo", backbone="net", pool="gem_learned"), (4, 5, 3))
    model = assembled(layers, {MAP: (4, 5, 3)}, name="pool")
    values = np.random.default_rng(0).uniform(size=(EXAMPLES, 4, 5, 3)).astype("float32")
    assert np.exp(model.get_weights()[0]) == pytest.approx(3)

    model.set_weights([np.log([[power]])])
    by_hand = (values**power).mean((1, 2)) ** (1 / power)
    np.testing.assert_allclose(np.array(model(values)), by_hand, rtol=1e-4)


@pytest.fixture(params=["float32", "mixed_float16"])
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.parametrize("pool", ["gem", "gem_learned"])
@pytest.mark.parametrize("value", [0.0, 1e-4])
def test_the_generalised_mean_of_a_map_of_next_to_nothing_has_a_finite_slope(policy, value, pool):
    import tensorflow as tf

    layers = pool_layers(Branch(input="photo", backbone="net", pool=pool), (2, 2, 3))
    model, values = assembled(layers, {MAP: (2, 2, 3)}, name="pool"), tf.fill((1, 2, 2, 3), value)
    with tf.GradientTape() as tape:
        tape.watch(values)
        found = tf.reduce_sum(model(values))

    assert np.isfinite(tape.gradient(found, values)).all()


def test_an_average_over_a_grid_keeps_where_things_are():
    given, values = pooled((4, 4, 3), features=12)

    by_hand = values.reshape(EXAMPLES, 2, 2, 2, 2, 3).mean((2, 4)).reshape(EXAMPLES, -1)
    np.testing.assert_allclose(given, by_hand, atol=1e-6)


def test_average_and_maximum_over_a_grid_stand_one_after_the_other():
    given, values = pooled((4, 4, 3), pool="avg+max", features=24)

    cells = values.reshape(EXAMPLES, 2, 2, 2, 2, 3)
    both = [cells.mean((2, 4)).reshape(EXAMPLES, -1), cells.max((2, 4)).reshape(EXAMPLES, -1)]
    np.testing.assert_allclose(given, np.concatenate(both, 1), atol=1e-6)


def test_tokens_are_pooled_in_a_row_of_cells():
    given, values = pooled((9, 2), features=6)

    np.testing.assert_allclose(
        given, values.reshape(EXAMPLES, 3, 3, 2).mean(2).reshape(EXAMPLES, -1), atol=1e-6
    )


def test_a_normalised_vector_has_length_one_and_a_vector_of_nothing_stays_that():
    layers = pool_layers(Branch(input="photo", backbone="net", normalise="l2"), (2, 2, 3))
    model = assembled(layers, {MAP: (2, 2, 3)}, name="pool")
    values = np.random.default_rng(0).uniform(size=(2, 2, 2, 3)).astype("float32")
    values[1] = 0

    assert np.linalg.norm(model(values), axis=1) == pytest.approx([1, 0], abs=1e-6)


OPENS = """
import sys
import keras
import numpy as np
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
assert not [name for name in sys.modules if name.partition(".")[0] == "fusion"]
batch = dict(np.load(sys.argv[2]))
np.save(sys.argv[3], model.predict(batch, verbose=0))
"""


@pytest.fixture(scope="module")
def everything():
    """A recipe in which every op and every pool occurs."""
    from fusion.recipe.recipe import Recipe

    def eye(name, **fields):
        return {"input": "photo", "backbone": name, **fields}

    return Recipe(
        name="everything",
        inputs={
            "photo": {"kind": "image", "shape": (32, 32, 3)},
            "facts": {"kind": "tabular", "columns": ["x", "y"]},
        },
        backbones={
            name: {"arch": arch, "weights": None, "options": {"width": 4}}
            for name, arch in (("plain", "TinyVGG"), ("residual", "TinyResNet"))
        },
        branches={
            "gem": eye("plain", pool="gem", normalise="l2"),
            "grid": eye("plain", cut=["block1_pool", "block2_pool"], features=32, normalise="l2"),
            "both": eye("residual", pool="avg+max", features=64),
            "map": eye("residual", pool="none"),
            "early": eye("plain", cut="block2_pool", pool="none"),
            "facts_": {"input": "facts"},
        },
        fusion={
            "looked": {"op": "cross_attention", "from": ["facts_", "map", "early"], "project": 8},
            "summed": {"op": "weighted_sum", "from": ["gem", "grid"], "project": 8},
            "gates": {"op": "gated", "from": ["looked", "summed", "both"], "units": 8},
            "gate": {"op": "gated", "from": ["gates", "summed"]},
            "filmed": {"op": "film", "from": ["gate", "both"]},
            "alike": {
                "op": "compare",
                "from": ["filmed", "gate"],
                "terms": ["abs_diff", "product", "cosine"],
            },
            "pairs": {"op": "bilinear", "from": ["alike", "filmed"], "units": 8},
            "ranks": {"op": "low_rank", "from": ["pairs", "alike"], "units": 8, "rank": 2},
            "all": {"op": "tensor", "from": ["ranks", "pairs", "filmed"], "units": 8},
            "tokens": {"op": "attention", "from": ["all", "ranks", "pairs"], "heads": 2},
            "end": {"op": "concat", "from": ["tokens", "gate"], "project": 4},
        },
        head={"output": {"task": "binary"}},
    )


def test_every_op_and_pool_passes_the_self_test(everything):
    from fusion.checking import resolve
    from fusion.model.building import build
    from fusion.model.selftest import self_test

    findings = self_test(build(everything), resolve(everything))

    assert [finding for finding in findings if not finding.holds] == []


def test_a_file_with_every_op_opens_in_safe_mode_where_fusion_is_not_imported(everything, tmp_path):
    from fusion.model.building import build
    from fusion.model.files import save
    from fusion.model.selftest import synthetic

    model, batch = build(everything), synthetic(everything, examples=2)
    save(model, tmp_path / "m.keras", recipe=everything)
    np.savez(tmp_path / "batch.npz", **batch)

    places = [str(tmp_path / name) for name in ("m.keras", "batch.npz", "out.npy")]
    subprocess.run([sys.executable, "-c", OPENS, *places], check=True, cwd=tmp_path)

    assert np.array_equal(np.load(places[2]), model.predict(batch, verbose=0))


def test_names_inside_ops_do_not_depend_on_what_was_built_before(everything):
    from fusion.model.building import build

    def names(model):
        return [
            (layer.name, [each.name for each in layer.operations])
            for layer in model.layers
            if isinstance(layer, keras.Model)
        ]

    assert names(build(everything)) == names(build(everything))


@pytest.mark.parametrize("policy", ["mixed_float16"], indirect=True)
def test_half_precision_computes_every_op(everything, policy):
    from fusion.model.building import build
    from fusion.model.selftest import synthetic

    given = build(everything).predict(synthetic(everything, examples=2), verbose=0)

    assert np.isfinite(given).all()
