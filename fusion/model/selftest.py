"""A built model put to the test: every weight that could train gets a gradient, a saved copy predicts the same."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import networkx as nx
import numpy as np
import tensorflow as tf

from fusion.graph.nodes import FusionGraph
from fusion.model.addresses import layers, lookups, variables, weights
from fusion.model.files import load, save
from fusion.model.lookups import vocabulary
from fusion.recipe.inputs import Category, Image, Input
from fusion.recipe.recipe import Recipe
from fusion.recipe.texts import Text, Tokens, Words


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing the self-test looked at: what, whether it holds, and what was seen."""

    what: str
    holds: bool
    seen: str


def self_test(model: keras.Model, graph: FusionGraph) -> tuple[Finding, ...]:
    """Returns what one synthetic batch shows of a model: its weights, its gradients, its symmetry, a saved copy.

    Raises:
        ModelError: If the model cannot be saved or opened.
    """
    known = {name: graph.vocabulary(name) for name in graph.recipe.inputs}
    optional = sum(declared.optional is not None for declared in graph.recipe.inputs.values())
    # A multiple of four: TensorFlow 2.21's gradient of a 1x1 convolution with strides, of four channels and an odd number
    # of examples, writes where it must not, and the process ends.
    count = 4 * (1 + optional // 4)
    batch = _with_gaps(
        graph.recipe, _as_trained(model, synthetic(graph.recipe, examples=count, vocabularies=known))
    )
    return (
        _counted(model, graph),
        _steady(model, batch),
        _graded(model, graph, batch),
        _symmetric(model, graph),
        _saved(model, graph.recipe, batch),
    )


def synthetic(
    recipe: Recipe, *, examples: int, vocabularies: Mapping[str, int | None] | None = None
) -> dict[str, np.ndarray]:
    """Returns random inputs of the shapes and ranges that a recipe declares; the texts are `"1"` to `"9"`.

    Of tokens the last third is padding.

    Args:
        recipe: The recipe.
        examples: How many.
        vocabularies: How many tokens are known, by input; 2 where nobody says.

    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"x": {"kind": "tabular", "columns": ["a", "b"]}},
    ...     branches={"b": {"input": "x"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> synthetic(one, examples=3)["x"].shape
    (3, 2)
    """
    random = np.random.default_rng(0)
    found = {}
    for name, declared in recipe.inputs.items():
        match declared:
            case Image():
                values: Any = random.uniform(*declared.range, (examples, *declared.shape)).astype("float32")
            case Tokens(length=length, pad=pad):
                values = random.integers(
                    0, (vocabularies or {}).get(name) or 2, (examples, length), dtype=np.int32
                )
                values[:, length - length // 3 :] = pad
            case Category() | Text() | Words():
                values = random.integers(1, 10, (examples, 1)).astype(np.str_)
            case _:
                values = random.normal(size=(examples, len(declared.columns))).astype("float32")
        found[name] = values
    return found


def _as_trained(model: keras.Model, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns a batch whose tables have the mean and variance of those the model was trained on, its texts theirs."""
    found = dict(batch)
    for address, each in lookups(model).items():
        known, name = vocabulary(each), address.partition("/")[0].removesuffix(".prepare")
        if len(known):
            found[name] = np.resize(known, batch[name].shape)
    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            name = layer.name.removesuffix(".normalise")
            found[name] = batch[name] * np.sqrt(layer.variance) + np.array(layer.mean)
    return {
        name: values if values.dtype.kind in "Ui" else np.asarray(values, "float32")
        for name, values in found.items()
    }


def _with_gaps(recipe: Recipe, batch: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Returns a batch whose first example has every input; of the next ones, each lacks one that is optional.

    Of two that are multiplied, one that is missing takes from the other all that would move it.
    """
    found = dict(batch)
    optional = [name for name, declared in recipe.inputs.items() if declared.optional]
    for place, name in enumerate(optional):
        values = found[name].copy()
        values[1 + place] = _absent(recipe.inputs[name])
        found[name] = values
    return found


def _absent(declared: Input) -> Any:
    """Returns what an example is fed that lacks an input."""
    if isinstance(declared, Tokens):
        return declared.pad
    return "" if declared.dtype == "string" else np.nan


def _counted(model: keras.Model, graph: FusionGraph) -> Finding:
    declared = sum(each.params for each in graph.kept_weights.values())
    built = model.count_params()
    return Finding("weights are those the recipe declares", built == declared, f"{built:,} of {declared:,}")


def _steady(model: keras.Model, batch: dict[str, np.ndarray]) -> Finding:
    """Looks whether a call that says nothing of training is one at inference: in Keras some layers see to the contrary."""
    before = weights(model)
    difference = float(np.abs(np.array(model(batch)) - np.array(model(batch))).max())
    moved = [name for name, value in weights(model).items() if not np.array_equal(before[name], value)]
    seen = f"difference {difference:g}, {len(moved)} weights moved"
    return Finding("two calls give the same and change no weight", difference == 0.0 and not moved, seen)


def _graded(model: keras.Model, graph: FusionGraph, batch: dict[str, np.ndarray]) -> Finding:
    last = layers(model).get("output")
    # Before the activation, which may saturate; a standardised output, a sub-model, has none.
    features = keras.Model(model.inputs, last.input if last else model.outputs)
    with tf.GradientTape() as tape:
        logits = features(batch, training=False)
        if isinstance(last, keras.layers.Dense):
            logits = tf.matmul(logits, last.kernel) + last.bias
        # Squares, so that no output's gradient cancels another's.
        loss = tf.reduce_sum(tf.square(logits))
    trained = {name: each for name, each in variables(model).items() if each.trainable}
    gradients = tape.gradient(loss, [each.value for each in trained.values()])
    # Of a maximum the gradient goes to what is largest: fresh weights may lose on one batch, and win on another.
    losing = _only_by_maximum(graph)
    bad = [
        name
        for name, gradient in zip(trained, gradients, strict=True)
        if not _is_alive(gradient, or_zero=name.rpartition("/")[0] in losing)
    ]
    seen = f"{len(trained) - len(bad)} of {len(trained)}" + (f", not {', '.join(bad[:5])}" if bad else "")
    return Finding("every trainable weight gets a finite gradient that is not zero", not bad, seen)


def _symmetric(model: keras.Model, graph: FusionGraph) -> Finding:
    random = np.random.default_rng(0)
    found = {}
    for name, op in graph.recipe.nodes.items():
        if op.is_symmetric:
            shapes = [[4, *(each or 1 for each in parent.shape)] for parent in graph.parents(name)]
            read = [random.normal(size=shape).astype("float32") for shape in shapes]
            join = model.get_layer(name)
            found[name] = float(np.abs(np.array(join(read)) - np.array(join(read[::-1]))).max())
    # Sums in another order differ in their last digits.
    bad = [name for name, difference in found.items() if difference > 1e-5]
    seen = f"{len(found) - len(bad)} of {len(found)}" + (f", not {', '.join(bad)}" if bad else "")
    return Finding("what a symmetric op joins may be exchanged", not bad, seen)


def _only_by_maximum(graph: FusionGraph) -> set[str]:
    """Returns the addresses of layers all of whose ways to the output lead through a maximum, its own layers included."""
    largest = [name for name, op in graph.recipe.nodes.items() if op.op == "maximum"]
    without = graph.digraph.subgraph(set(graph.digraph) - set(largest))
    free = nx.ancestors(without, "output") | {"output"}
    addresses = {each.address for name in free for each in graph[name].weights}
    return {each.address for node in graph.nodes for each in node.weights} - addresses


def _is_alive(gradient: Any, *, or_zero: bool) -> bool:
    if gradient is None:
        return False
    # That of an embedding is a few of its rows.
    values = np.array(tf.convert_to_tensor(gradient))
    return bool(np.isfinite(values).all() and (or_zero or values.any()))


def _saved(model: keras.Model, recipe: Recipe, batch: dict[str, np.ndarray]) -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        save(model, path, recipe=recipe)
        copy = load(path).model
    difference = float(np.abs(np.array(model(batch)) - np.array(copy(batch))).max())
    return Finding(
        "a saved and opened copy predicts the same", difference == 0.0, f"difference {difference:g}"
    )
