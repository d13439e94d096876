"""Where the vectors and the fresh weights of heads come from that train together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from fusion.data.batches import reading
from fusion.data.examples import Data, Examples, splits
from fusion.features.frozen import Frozen
from fusion.features.programs import Program
from fusion.frontier.frontiers import frontier
from fusion.graph.nodes import FusionGraph
from fusion.model.adapting import adapt_inputs
from fusion.model.building import build_with_auxiliary
from fusion.store.shelf import store_folder
from fusion.training.fitness import training_of
from fusion.training.freezing import inference_mode, set_trainable
from fusion.training.scaling import adapt_output


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A model whose frozen part gives the vectors that one head or several read.

    Args:
        model: The model.
        form: What comes after the vectors.
        parts: By split, the vectors.
    """

    model: keras.Model
    form: Program
    parts: Mapping[str, Examples]


def make_source(graph: FusionGraph, data: Data, folders: Sequence[Path]) -> Source:
    """Returns the model of a recipe, adapted to data, and the vectors its head reads, from the store where it has them.

    Raises:
        TrainingError: If the recipe has no training, or that cannot do what it says.
        DataError: If the data are not what the recipe reads.
        WeightsError: If weights are missing, damaged, or another network's.
        StoreError: If the store cannot be used.
    """
    size = training_of(graph, data).batch_size
    model, _ = build_with_auxiliary(graph, folders=folders)
    list(adapt_inputs(model, graph.recipe.inputs, data.train))
    if data.train.targets is not None:
        adapt_output(model, data.train.targets)
    set_trainable(model, graph, graph.phases[0])
    split = frontier(graph, 0)
    frozen = Frozen(model, graph, store_folder(), batch_size=size)
    with inference_mode(model, graph.phases[0]), reading():
        parts = {name: frozen.examples(split, part, what=name) for name, part in splits(data).items()}
        return Source(model, frozen.suffix(split), parts)


def fresh_models(
    graphs: Sequence[FusionGraph], sources: Sequence[Source], folders: Sequence[Path]
) -> list[keras.Model]:
    """Returns for each recipe a model with the fresh weights and random states of its seed, made once for a seed."""
    made: dict[int, keras.Model] = {}
    for graph, source in zip(graphs, sources, strict=True):
        if graph.recipe.seed not in made:
            trunks = {name: source.model.get_layer(name) for name in graph.trunks}
            made[graph.recipe.seed] = build_with_auxiliary(graph, folders=folders, trunks=trunks)[0]
    return [made[graph.recipe.seed] for graph in graphs]
