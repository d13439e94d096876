"""What a phase does to weights: freezes them, trains them, or some of each."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from fusion.drawing.tidying import tidied
from fusion.drawing.values import Values
from fusion.graph.nodes import FusionGraph, Weights

State = Literal["frozen", "trainable", "mixed", "none", "undeclared"]
"""`none` has no weights; `undeclared` has some, and the recipe declares no training."""


@dataclass(frozen=True, slots=True)
class View:
    """A graph as one phase sees it.

    Args:
        graph: The graph.
        phase: Number of the phase, from 0.
        trained: Addresses of the layers that train in it; `None` where no training is declared.
        values: What is laid over the picture as colour.
        before: What it is compared with.
        said: What changed from that, in words.
    """

    graph: FusionGraph
    phase: int
    trained: Collection[str] | None
    values: Values | None = None
    before: "View | None" = None
    said: tuple[str, ...] = ()

    @property
    def batchnorm(self) -> str:
        """What the phase does with the batch normalisation of backbones; `""` without training."""
        training = self.graph.recipe.training
        return training.phases[self.phase].batchnorm if training else ""


def view(graph: FusionGraph, phase: int) -> View:
    """Returns `graph` as its phase number `phase` sees it; any number will do where no training is declared."""
    return View(tidied(graph), phase, graph.phases[phase].rates if graph.phases else None)


def state(weights: Iterable[Weights], trained: Collection[str] | None) -> State:
    """Returns what happens to the layers of `weights` where those at the addresses `trained` train.

    Layers that could not train, such as those that only normalise by fixed statistics, do not make anything mixed.

    >>> kernel, bias = Weights("vgg/a", "Conv2D", 12), Weights("vgg/b", "Conv2D", 12)
    >>> state([kernel, bias], {"vgg/b"}), state([], {"vgg/b"}), state([kernel], None)
    ('mixed', 'none', 'undeclared')
    """
    every = [each for each in weights if each.params]
    if not every:
        return "none"
    if trained is None:
        return "undeclared"
    found = {each.address in trained for each in every if each.params > each.statistics}
    if found == {True, False}:
        return "mixed"
    return "trainable" if True in found else "frozen"


def trainable_params(weights: Iterable[Weights], trained: Collection[str] | None) -> int:
    """Returns how many numbers gradients change.

    >>> trainable_params([Weights("vgg/bn", "BatchNormalization", 16, 8)], {"vgg/bn"})
    8
    """
    return sum(each.params - each.statistics for each in weights if trained and each.address in trained)
