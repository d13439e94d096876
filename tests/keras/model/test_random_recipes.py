"""Recipes made at random: whatever can be declared is built as it was counted, trains whole, and is saved and opened."""

from typing import get_args

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fusion
from fusion.checking import check, resolve
from fusion.graph.costs import costs
from fusion.graph.nodes import AUXILIARY
from fusion.model.addresses import variables
from fusion.model.building import build_with_auxiliary
from fusion.model.selftest import self_test, synthetic
from fusion.recipe.branches import Branch
from fusion.recipe.inputs import NOUNS
from fusion.recipe.joining import AnyOp
from fusion.recipe.reading import from_json
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import recipe_hash, to_json

CUTS = {
    "plain": ("block1_pool", "block2_pool", "block3_pool"),
    "residual": ("conv1_relu", "stage2_block1_out", "stage3_block2_out"),
}
ENTERED = {
    ("plain", "block1_pool"): ("block2_relu2", "block2_pool", "block3_pool"),
    ("plain", "block2_conv1"): ("block2_pool", "block3_conv2"),
    ("residual", "conv1_relu"): ("stage1_block1_out", "stage3_block1_out"),
    ("residual", "stage:2"): ("stage3_block1_conv1", "stage3_block2_out"),
}
"""For an architecture and a layer to enter it at, layers that come after."""
READERS = ("reader_of_ids", "reader_of_caption")
WIDTHS = st.sampled_from([4, 6, 8])
VECTORS = ("avg", "max", "avg+max", "gem", "gem_learned", "flatten")
EQUAL = ("add", "average", "maximum", "multiply", "weighted_sum", "attention", "compare")
PAIRS = ("compare", "film", "bilinear")
WITH_UNITS = ("gated", "bilinear", "low_rank", "tensor")
OPS = sorted({"concat", *EQUAL, *PAIRS, *WITH_UNITS})
LATER = ("cross_attention", "late")
"""Ops that are not drawn with the others, as they join maps, or come last."""
STEPS = ([{"layer_norm": True}], [{"batch_norm": True}, {"dropout": 0.2}], [])
TERMS = ("abs_diff", "product", "cosine")
ABSENCES = (None, {"missing": "zeros"}, {"missing": "learned", "dropout": 0.3})


@st.composite
def recipes(draw) -> Recipe:
    """A sound recipe of one to four branches, joined by fusion nodes until one is left."""
    branches = {f"branch{number}": draw(image_branches()) for number in range(draw(st.integers(1, 4)))}
    idle = draw(second_halves(branches))
    maps = [name for name in branches if branches[name]["pool"] == "none" and name not in idle]
    loose = [name for name in branches if name not in maps and name not in idle]
    others = {
        f"{name}_": {"input": name} for name in draw(st.sets(st.sampled_from(["facts", "said", "zip"])))
    }
    for number in range(draw(st.integers(0, 2))):
        others[f"read{number}_"] = draw(text_branches())
    if not loose and not others:
        others["facts_"] = {"input": "facts"}
    branches |= others
    loose += others
    blocks = draw(blocks_of(branches, loose))
    return Recipe(**draw(wholes(branches, draw(fusions(loose, maps)), blocks)))


@st.composite
def text_branches(draw):
    cuts = st.lists(
        st.sampled_from(["embedding_out", "block1_out", "last"]), min_size=1, max_size=2, unique=True
    )
    read = draw(st.sampled_from(["ids", "caption"]))
    return {
        "input": read,
        "backbone": f"reader_of_{read}",
        "cut": draw(cuts),
        "pool": draw(st.sampled_from([*VECTORS, "first"])),
    }


@st.composite
def blocks_of(draw, branches, loose):
    """Gives some of the branches a block of their own, and some of those one that all have in common."""
    steps = [{"dense": draw(WIDTHS), "activation": "gelu"}, *draw(st.sampled_from(STEPS))]
    found = {}
    for name in loose:
        own = draw(st.sampled_from([[], [f"to_{name}"], [f"to_{name}", "shared"]]))
        branches[name]["blocks"] = own
        found |= {block: [{"dense": 4}] if block == "shared" else steps for block in own}
    return found


@st.composite
def second_halves(draw, branches):
    """Adds branches that read the map of one before; returns those that nothing but a stitch reads from now on."""
    idle = []
    for number in range(draw(st.integers(0, 2))):
        fronts = [name for name, branch in branches.items() if len(branch["cut"]) == 1]
        if not fronts:
            break
        front = draw(st.sampled_from(fronts))
        arch, enter = draw(st.sampled_from(sorted(ENTERED)))
        pool = draw(st.sampled_from([*VECTORS, "none"]))
        cuts = draw(st.lists(st.sampled_from(ENTERED[arch, enter]), min_size=1, max_size=2, unique=True))
        branches[f"half{number}"] = {
            "of": front,
            "backbone": f"{arch}{number}",
            "enter": enter,
            "pool": pool,
            "cut": cuts[:1] if pool == "none" else cuts,
        }
        if front not in idle and draw(st.booleans()):
            branches[front] |= {"pool": "none", "normalise": None, "features": None}
            idle.append(front)
    return idle


@st.composite
def image_branches(draw):
    backbone = draw(st.sampled_from(sorted(CUTS)))
    pool = draw(st.sampled_from([*VECTORS, "none"]))
    cuts = draw(st.lists(st.sampled_from(CUTS[backbone]), min_size=1, max_size=2, unique=True))
    branch = {
        "input": draw(st.sampled_from(["photo", "other"])),
        "backbone": backbone,
        "pool": pool,
        "cut": cuts[:1] if pool == "none" else cuts,
        "normalise": draw(st.sampled_from([None, "l2"])),
    }
    if pool in {"avg", "max", "avg+max"}:
        branch["features"] = draw(st.sampled_from([None, 8, 50]))
    return branch


@st.composite
def fusions(draw, loose, maps):
    """Nodes that join all vectors and maps, in a map that is not in the order in which they are made."""
    loose, nodes = list(loose), {}
    if maps:
        asks = draw(st.sampled_from([*loose, *maps[:-1]]))
        answers = [name for name in maps if name != asks]
        nodes["looked"] = {
            "op": "cross_attention",
            "of": [asks, *answers],
            "project": draw(st.sampled_from([4, 8])),
        }
        loose = [*(name for name in loose if name != asks), "looked"]
    while len(loose) > 1:
        op = draw(st.sampled_from(OPS))
        several = draw(st.permutations(loose))[: 2 if op in PAIRS else draw(st.integers(2, 3))]
        node = {"op": op, "of": several}
        if op in EQUAL or op in {"bilinear", "tensor"} or draw(st.booleans()):
            node["project"] = 8 if op == "attention" else draw(WIDTHS)
        if op in WITH_UNITS:
            node["units"] = draw(WIDTHS)
        if op == "compare":
            node["terms"] = draw(st.lists(st.sampled_from(TERMS), min_size=1, unique=True))
        name = f"node{len(nodes)}"
        # A node may be read twice: what it joined with others stays to be joined again.
        kept = several[:1] if len(nodes) == 0 and len(loose) > 2 and draw(st.booleans()) else []
        nodes[name] = node
        loose = [each for each in loose if each not in several or each in kept] + [name]
    last = f"node{len(nodes) - 1}"
    if last in nodes and draw(st.booleans()):
        shares = [None, "learned", [0.75, 0.25] if len(nodes[last]["of"]) == 2 else [0.5, 0.25, 0.25]]
        nodes[last] = {"op": "late", "of": nodes[last]["of"], "weights": draw(st.sampled_from(shares))}
        if draw(st.booleans()):
            nodes[last]["project"] = draw(WIDTHS)
    names = draw(st.permutations(sorted(nodes)))
    return {name: nodes[name] for name in names}


@st.composite
def wholes(draw, branches, nodes, blocks):
    used = sorted({branch["input"] for branch in branches.values() if "input" in branch})
    inputs = {
        "photo": {"kind": "image", "shape": (32, 32, 3)},
        "other": {"kind": "image", "shape": (24, 32, draw(st.sampled_from([1, 3]))), "range": (0, 1)},
        "facts": {"kind": "tabular", "columns": ["a", "b", "c"]},
        "said": {
            "kind": "text",
            "column": "said",
            "most": 7,
            "bag": draw(st.sampled_from(["multi_hot", "count"])),
        },
        "zip": {"kind": "categorical", "column": "zip", "most": 5},
        "caption": {"kind": "words", "column": "caption", "most": 7, "length": 6},
        "ids": {"kind": "tokens", "length": 5},
    }
    for name in used if len(used) > 1 else ():
        inputs[name]["optional"] = draw(st.sampled_from(ABSENCES))
    owners = {branch.get("backbone") for branch in branches.values()}
    arch = {
        f"{name}{number}": kind
        for name, kind in (("plain", "TinyVGG"), ("residual", "TinyResNet"))
        for number in ("", 0, 1)
    } | dict.fromkeys(READERS, "TinyText")
    task = draw(st.sampled_from(["classification", "binary", "multilabel", "regression"]))
    output = {"task": task, "logits": task != "regression" and draw(st.booleans())}
    if task in {"classification", "multilabel"}:
        output["classes"] = 3
    if task == "regression":
        output["standardise"] = draw(st.booleans())
    trains = draw(st.booleans())
    late = any(node["op"] == "late" for node in nodes.values())
    joined = {source for node in nodes.values() for source in node["of"]}
    vectors = sorted(name for name in joined if branches.get(name, {}).get("pool") != "none")
    helped = draw(st.lists(st.sampled_from(vectors), max_size=2, unique=True)) if vectors else []
    return {
        "name": "random",
        "inputs": {name: each for name, each in inputs.items() if name in used},
        "backbones": {
            name: {"arch": arch[name], "weights": None, "options": options | {"width": 4}}
            for name, options in ((key, {"vocabulary": 9} if key in READERS else {}) for key in arch)
            if name in owners
        },
        "branches": branches,
        "fusion": nodes or None,
        "blocks": blocks,
        "head": {"output": output, "auxiliary": {name: draw(st.sampled_from([0.3, 1])) for name in helped}},
        "training": {"phases": [{"name": "one", "train": ["fusion" if late else "head"], "epochs": 1}]}
        if trains
        else None,
    }


def failings(recipe):
    """Returns what is wrong with a recipe, or with the model that is built of it; nothing where both are sound."""
    if problems := check(recipe):
        return list(problems)
    keras.backend.clear_session()
    graph = resolve(recipe)
    model, predictions = build_with_auxiliary(graph)
    found = [finding for finding in self_test(model, graph) if not finding.holds]
    if model.count_params() != costs(graph).params:
        found.append(f"{model.count_params()} weights built of {costs(graph).params}")
    program = keras.Model(model.inputs, list(predictions.values())) if predictions else None
    return [*found, *auxiliary_failings(graph, program)] if program else found


def auxiliary_failings(graph, program):
    """Yields what is wrong with auxiliary outputs, each weight of which is counted and gets a gradient."""
    trained = {name: each for name, each in variables(program).items() if each.trainable}
    own = {name: each for name, each in trained.items() if AUXILIARY in name}
    with tf.GradientTape() as tape:
        given = tf.nest.flatten(program(synthetic(graph.recipe, examples=4), training=False))
        # One output alone: those of a softmax add up to one, and their sum has no gradient.
        total = sum(tf.reduce_sum(each[:, 0]) for each in given)
    gradients = tape.gradient(total, [each.value for each in own.values()])

    params = sum(part.params for part in costs(graph).auxiliary)
    kept = sum(each.statistics for node in graph.auxiliary for each in node.weights)
    built = sum(int(np.prod(each.shape)) for each in own.values())
    if built != params - kept:
        yield f"{built} weights of auxiliary outputs built of {params - kept}"
    for name, each in zip(own, gradients, strict=True):
        if not np.isfinite(each).all() or not np.any(each):
            yield f"{name} gets no gradient"


def test_recipes_at_random_can_have_every_op_pool_step_and_kind_of_input():
    ops = {kind.__name__ for kind in (getattr(fusion, name) for name in fusion.__all__) if is_op(kind)}
    pools = {"none", "first", *VECTORS}
    kinds = {"image", "tabular", "categorical", "text", "words", "tokens"}

    assert {op.title().replace("_", "") for op in (*OPS, *LATER)} == ops
    assert pools == set(get_args(Branch.model_fields["pool"].annotation))
    assert kinds == NOUNS.keys()


def is_op(kind):
    return isinstance(kind, type) and issubclass(kind, AnyOp)


@settings(max_examples=100, deadline=None)
@given(recipes())
def test_a_recipe_is_the_same_after_it_was_written(recipe):
    again = from_json(to_json(recipe))

    assert again == recipe
    assert recipe_hash(again) == recipe_hash(recipe)


# One example takes some four seconds; most of that is Keras.
@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(recipes())
def test_what_is_declared_is_built_trains_whole_and_survives_a_file(recipe):
    assert failings(recipe) == []


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(recipes())
def test_whatever_is_declared_is_built_trains_whole_and_survives_a_file(recipe):
    assert failings(recipe) == []
