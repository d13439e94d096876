"""Features of data as arrays: what a frozen model makes of every example, for a classifier of one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from fusion.checking import Source, places, resolve
from fusion.data.examples import Data, Examples, splits, take
from fusion.data.reading import read_data
from fusion.features.calls import calls
from fusion.features.extraction import Pass, Watch, extract
from fusion.features.frozen import Frozen
from fusion.features.precision import Precision, computing, precision_of
from fusion.features.programs import prefix
from fusion.features.taps import tapped
from fusion.frontier.tensors import NodeTensor
from fusion.graph.nodes import FusionGraph
from fusion.model.adapting import adapt_inputs
from fusion.model.building import build_graph
from fusion.model.files import Loaded
from fusion.store.shelf import store_folder

SAMPLE = 64
"""Examples that what a precision costs is measured on."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Features of one split.

    Args:
        arrays: One array per tap, of shape (examples, *shape), read-only and in a file: `numpy.array` copies it.
        targets: As in the data: class numbers of shape (examples,), or floats of shape (examples, units).
        names: What the examples are called, such as the paths of images.
    """

    arrays: Mapping[str, np.ndarray]
    targets: np.ndarray | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Features of data.

    Args:
        parts: By split: `train`, `validation` and `test`, as far as the data have them.
        labels: Names of the classes, where targets are classes.
        deviations: By tap, how far features in bfloat16 are off those in float32 (`deviations`); empty where they are
            float32.
    """

    parts: Mapping[str, Part]
    labels: tuple[str, ...] | None
    deviations: Mapping[str, float]


def extract_features(
    recipe: Source | Loaded,
    data: Data | str | Path,
    *,
    taps: Sequence[str] = (),
    precision: str = "float32",
    folders: Sequence[str | Path] = (),
    store: str | Path | None = None,
    watch: Watch | None = None,
) -> Features:
    """Returns what a frozen model makes of every example, split by split, at inference.

    The arrays lie in a store, where the same features are found again and an interrupted extraction continues.

    Args:
        recipe: The recipe, its file, what `fusion.resolve` made of it; or a trained model from `fusion.load`.
        data: Examples, or what `fusion.read_data` reads.
        taps: Names of branches, for their vectors or maps before blocks of their own; of nodes, such as `"fusion"`;
            or addresses of layers, such as `"vgg/block4_pool"`. All branches if there is none.
        precision: `"bfloat16"` has backbones compute in it, which is faster on machines made for it, and less exact.
        folders: Where weights files lie, as in `fusion.build`.
        store: Folder of the store; that of the user's cache if `None`.
        watch: Called after each batch.

    >>> import tempfile
    >>> from fusion.data.arrays import from_arrays
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (16, 16, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "block2_pool"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> photos = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3))
    >>> data = from_arrays(photos, np.arange(40) % 2, inputs=one.inputs, output=one.head.output)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = extract_features(one, data, store=folder)
    >>> found.parts["train"].arrays["all"].shape[1:]
    (8,)

    Raises:
        RecipeError: Listing every problem of the recipe.
        LayerNotFoundError: If a tap is nothing the model has.
        ModelError: If a tap comes after weights nothing has trained, or this machine does not compute in the precision.
        DataError: If the data cannot be used, or are not what the recipe reads.
        WeightsError: If weights are missing, damaged, or another network's.
        StoreError: If the store cannot be used, or has no room.
    """
    chosen = precision_of(precision)
    trained = isinstance(recipe, Loaded)
    graph = resolve(recipe.recipe if isinstance(recipe, Loaded) else recipe, folders=folders)
    tensors = tapped(graph, taps, trained=trained)
    found = data if isinstance(data, Data) else _read(graph, Path(data))
    model = _model(recipe, graph, found, folders)
    training = graph.recipe.training
    frozen = Frozen(
        model,
        graph,
        Path(store) if store is not None else store_folder(),
        batch_size=training.batch_size if training else 32,
        precision=chosen,
    )
    parts = {
        name: _part(frozen, tensors, examples, watch=watch, what=name)
        for name, examples in splits(found).items()
    }
    sample = next(iter(splits(found).values()))
    off = deviations(model, graph, tensors, sample) if chosen == "bfloat16" else {}
    return Features(parts, found.labels, off)


def deviations(
    model: keras.Model, graph: FusionGraph, tensors: Mapping[str, NodeTensor], examples: Examples
) -> dict[str, float]:
    """Returns by tap how far features in bfloat16 are off those in float32, on up to 64 examples.

    Each is the root mean square of the difference over that of the features' deviations from their means over the
    examples: what a classifier tells classes by.
    """
    count = min(len(examples), SAMPLE)
    sample = take(examples, np.linspace(0, len(examples) - 1, count).astype(int))
    names = [tensor.name for tensor in tensors.values()]

    def run(precision: Precision) -> list[np.ndarray]:
        batches: list[Sequence[np.ndarray]] = []
        # One for each: what it does is fixed when it first runs.
        program = prefix(model, calls(model, graph), inputs=list(sample.columns), tensors=names)
        with computing(model, graph, precision):
            extract(program, sample, batches.append, how=Pass(batch_size=32))
        return [np.concatenate(each).astype("float32") for each in zip(*batches, strict=True)]

    return {
        tap: float(np.sqrt(np.mean((narrow - exact) ** 2) / max(exact.var(axis=0).mean(), 1e-12)))
        for tap, exact, narrow in zip(tensors, run("float32"), run("bfloat16"), strict=True)
    }


def _part(
    frozen: Frozen, tensors: Mapping[str, NodeTensor], examples: Examples, *, watch: Watch | None, what: str
) -> Part:
    wanted = list({tensor.name: tensor for tensor in tensors.values()}.values())
    found = frozen.tensors(wanted, examples, what=what, watch=watch)
    arrays = {tap: found[tensor.name] for tap, tensor in tensors.items()}
    return Part(arrays, examples.targets, examples.names)


def _read(graph: FusionGraph, path: Path) -> Data:
    declared = graph.recipe
    return read_data(path, inputs=declared.inputs, output=declared.head.output, seed=declared.seed)


def _model(
    recipe: Source | Loaded, graph: FusionGraph, data: Data, folders: Sequence[str | Path]
) -> keras.Model:
    if isinstance(recipe, Loaded):
        return recipe.model
    model = build_graph(graph, folders=places(recipe, folders))
    tuple(adapt_inputs(model, graph.recipe.inputs, data.train))
    return model
