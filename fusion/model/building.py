"""A recipe's graph as a Keras functional model: one layer or sub-model for each node."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import keras

from fusion.backbones import catalogue
from fusion.backbones.preprocessing import preprocessor
from fusion.checking import Source, places, resolve
from fusion.graph.absences import KINDS, absence_layers
from fusion.graph.absences import SOURCE as PARENT
from fusion.graph.nodes import AUXILIARY, FusionGraph, Node
from fusion.graph.ops import SOURCE, op_layers
from fusion.graph.pools import IDS, MAP, padded, padding, pool_layers
from fusion.graph.stitches import READ, stitch_layers
from fusion.model.assembling import assembled
from fusion.model.collecting import leftovers_collected
from fusion.model.cutting import cut, keep
from fusion.model.layers import block_model, normalisation, output_layer
from fusion.model.lookups import lookup
from fusion.model.seeding import seeded
from fusion.model.words import bag_of_words, list_of_words
from fusion.recipe.inputs import Category, Image, Table
from fusion.recipe.texts import Text, Tokens, Words
from fusion.skeleton.layers import Shape


def build(recipe: Source, *, folders: Sequence[str | Path] = (), seed: int | None = None) -> keras.Model:
    """Returns the Keras model of a recipe, or of the one in a JSON file.

    It is made of built-in layers only, so a saved one opens where `fusion` is not installed. Its inputs are
    named as the recipe names them: feed it by name, `model.predict({"photo": photos})`. The same layer names come out
    whatever was built before. All weights are trainable, as Keras has it; `fusion.train` freezes them by phase.

    Args:
        recipe: The recipe, or the path of its file, or what `fusion.resolve` made of it.
        folders: Where weights files lie; the recipe file's own folder and those in FUSION_WEIGHTS come after them.
        seed: Of fresh weights; that of the recipe's training if `None`, or 0 without one.

    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "block2_pool"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> [layer.name for layer in build(one).layers]
    ['photo', 'eye.prepare', 'eye', 'all.pool', 'output']

    Raises:
        RecipeError: Listing every problem of the recipe.
        WeightsError: If weights are missing, damaged, or another network's.
        BackboneError: If a backbone cannot be built.
    """
    return build_graph(resolve(recipe, folders=folders), folders=places(recipe, folders), seed=seed)


def build_graph(graph: FusionGraph, *, folders: Sequence[Path] = (), seed: int | None = None) -> keras.Model:
    """Returns the Keras model of a graph, as `build` does of a recipe."""
    return build_with_auxiliary(graph, folders=folders, seed=seed)[0]


def build_with_auxiliary(
    graph: FusionGraph,
    *,
    folders: Sequence[Path] = (),
    seed: int | None = None,
    trunks: Mapping[str, keras.Model] | None = None,
) -> tuple[keras.Model, dict[str, Any]]:
    """Returns the Keras model of a graph, and beside it what each auxiliary output predicts, by what it reads.

    The model holds no layer of the latter; `fusion.training` trains them together. With `trunks`, those of another model
    of these backbones and cuts, by name, none is made: both models then share them.
    """
    seed = graph.recipe.seed if seed is None else seed
    made: dict[str, Any] = dict(trunks or {})
    tensors: dict[str, Any] = {}
    with leftovers_collected():
        for node in graph.nodes:
            if node.layer not in made:
                with seeded(seed, node.layer):
                    made[node.layer] = _made(graph, node, folders)
            tensors[node.name] = _called(graph, node, made[node.layer], tensors)
    inputs = [tensors[name] for name in graph.recipe.inputs]
    # A list of named inputs: a model made of a dict takes a wrong further key for one of its own.
    model = keras.Model(inputs, tensors["output"], name=_model_name(graph.recipe.name))
    return model, {name: tensors[f"{name}{AUXILIARY}"] for name in graph.recipe.head.auxiliary}


def _made(graph: FusionGraph, node: Node, folders: Sequence[Path]) -> Any:
    """Returns the layer or sub-model a node calls; `None` where Keras's own functions make and call it at once."""
    recipe = graph.recipe
    match node.kind:
        case "prepare":
            return _preparation(graph, node)
        case "trunk":
            trunk, backbone = graph.trunks[node.layer], recipe.backbones[node.layer]
            whole, naming = _loaded(graph, node, folders), catalogue.naming(backbone)
            if trunk.kept.intersection(trunk.skeleton.whole):
                return keep(whole, name=node.layer)
            return cut(whole, trunk.taps, name=node.layer, naming=naming, enter=trunk.enter)
        case "stitch":
            read = _mapped(graph, node)
            return assembled(stitch_layers(read, node.shape), {READ: read}, name=node.layer)
        case "block":
            width = graph.parents(node.name)[0].shape[-1] or 0
            return block_model(recipe.blocks[node.layer], width, name=node.layer)
        case "pool":
            return _pool(graph, node)
        case "fusion":
            op = recipe.nodes[node.name]
            shapes = [parent.shape for parent in graph.parents(node.name)]
            shapes_of = dict(zip(op.of, shapes, strict=True))
            sources = {f"{SOURCE}{source}": shape for source, shape in shapes_of.items()}
            return assembled(
                op_layers(op, shapes_of, recipe.head.output, padded=padded(recipe)), sources, name=node.layer
            )
        case "output" | "auxiliary":
            width = graph.parents(node.name)[0].shape[-1] or 0
            return output_layer(recipe.head.output, width, name=node.layer, predicted=not node.can_train)
        case kind if kind in KINDS:
            return _for_absence(graph, node)
        case _:
            return None


def _mapped(graph: FusionGraph, node: Node) -> Shape:
    """Returns the shape of the map a node reads."""
    shape: Shape
    ((_, _, shape),) = graph.digraph.in_edges(node.name, data="shape")
    return shape


def _loaded(graph: FusionGraph, node: Node, folders: Sequence[Path]) -> keras.Model:
    trunk = graph.trunks[node.layer]
    fed = graph.recipe.inputs.get(graph.parents(node.name)[0].name)
    pad = fed.pad if isinstance(fed, Tokens) else 0
    return catalogue.load(graph.recipe.backbones[node.layer], trunk.shape, folders, pad=pad)


def _pool(graph: FusionGraph, node: Node) -> Any:
    trunk, *fed = graph.parents(node.name)
    shape: Shape = graph.digraph.edges[trunk.name, node.name]["shape"]
    sources = {MAP: shape} | dict.fromkeys([IDS] if fed else [], shape[:1])
    layers = pool_layers(
        graph.recipe.branches[node.branch], shape, pad=padding(graph.recipe, node.branch, shape)
    )
    return assembled(layers, sources, name=node.layer, dtypes={IDS: "int32"})


def _for_absence(graph: FusionGraph, node: Node) -> Any:
    shapes = [parent.shape for parent in graph.parents(node.name)]
    layers = absence_layers(graph.recipe, node.kind, node.name, shapes)
    read = {f"{PARENT}{number}": shape for number, shape in enumerate(shapes)}
    declared = graph.recipe.inputs.get(graph.parents(node.name)[0].name)
    dtypes = dict.fromkeys(read, declared.dtype) if declared else {}
    return assembled(layers, read, name=node.layer, dtypes=dtypes)


def _preparation(graph: FusionGraph, node: Node) -> Any:
    (source,) = graph.parents(node.name)
    declared = graph.recipe.inputs[source.name.partition(".")[0]]
    if isinstance(declared, Table):
        return normalisation(node)
    if isinstance(declared, Category):
        return lookup(declared.most, name=node.layer)
    if isinstance(declared, Text):
        return bag_of_words(declared.most, counted=declared.bag == "count", name=node.layer)
    if isinstance(declared, Words):
        return list_of_words(declared.most, length=declared.length, name=node.layer)
    (trunk,) = graph.digraph.successors(node.name)
    mode = graph.trunks[graph[trunk].layer].preprocess
    size = (node.shape[0] or 0, node.shape[1] or 0)
    image = cast(Image, declared)  # the one kind that is prepared for a backbone
    return preprocessor(
        mode,
        shape=image.shape,
        size=size,
        value_range=image.range,
        name=node.layer,
        channels=node.shape[2],
    )


def _called(graph: FusionGraph, node: Node, layer: Any, tensors: dict[str, Any]) -> Any:
    recipe = graph.recipe
    read = [_read(graph, parent.name, node.name, tensors) for parent in graph.parents(node.name)]
    match node.kind:
        case "input":
            declared = recipe.inputs[node.name]
            return keras.Input(declared.shape, dtype=declared.dtype, name=node.layer)
        case "join":
            return keras.layers.Concatenate(name=node.layer)(read)
        case "fusion":
            return layer(read)
        case _:
            return layer(read if len(read) > 1 else read[0])


def _read(graph: FusionGraph, parent: str, child: str, tensors: dict[str, Any]) -> Any:
    """Returns what a node reads of a parent; of a trunk with several outputs, the tap it asks for."""
    tap = graph.digraph.edges[parent, child]["tap"]
    if not tap:
        return tensors[parent]
    taps = graph.trunks[graph[parent].layer].taps
    return tensors[parent][taps.index(tap)] if len(taps) > 1 else tensors[parent]


def _model_name(name: str) -> str:
    """Returns a name that Keras and TensorFlow take; the recipe's own is in the recipe."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:64].strip("_") or "fusion"
