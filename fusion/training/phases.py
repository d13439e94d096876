"""What is known when a phase begins, who is told, and what came of all phases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import keras

from fusion.data.examples import Examples
from fusion.frontier.plans import PlannedPhase
from fusion.graph.costs import trainable
from fusion.graph.nodes import FusionGraph
from fusion.recipe.training import Phase
from fusion.training.history import History
from fusion.training.loans import Loan


@dataclass(frozen=True, slots=True)
class PhaseStart:
    """What is known when a phase begins.

    Args:
        phase: The phase as declared.
        number: Its place, from 1.
        count: How many phases there are.
        trainable: How many weights it trains.
        frozen: How many it leaves as they are, statistics included.
        steps: Batches an epoch.
        planned: How it is split, and what that saves; `None` where nothing may be stored.
        done: How many of its epochs an interrupted run had behind it.
        weights: How much each class counts in its loss, by name, or by number where it has none; nothing where all count alike.
    """

    phase: Phase
    number: int
    count: int
    trainable: int
    frozen: int
    steps: int
    planned: PlannedPhase | None = None
    done: int = 0
    weights: Mapping[str, float] = field(default_factory=dict)


def phase_start(
    graph: FusionGraph,
    number: int,
    *,
    steps: int,
    planned: PlannedPhase | None,
    done: int,
    weights: Mapping[str, float],
) -> PhaseStart:
    """Returns what is known as a phase of a recipe begins; `number` counts from 0.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.short import fuse
    >>> one = resolve(fuse("TinyVGG[block1_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3)))
    >>> phase_start(one, 0, steps=5, planned=None, done=0, weights={}).trainable
    34
    """
    phases = graph.recipe.training.phases if graph.recipe.training else ()
    trained = trainable(graph, graph.phases[number].rates)
    every = sum(each.params for each in graph.weights.values())
    return PhaseStart(
        phases[number],
        number + 1,
        len(phases),
        trained,
        every - trained,
        steps,
        planned,
        done,
        weights,
    )


Watch = Callable[[PhaseStart], Sequence[keras.callbacks.Callback]]
"""Called as each phase begins; returns Keras callbacks for it. Those that are `Onlooker`s see extractions too."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of a training.

    Args:
        loan: The trained model, until a training that shares its programs takes it over.
        graph: What it was built from.
        history: What was seen on the way.
        parts: For splits of which tensors are stored, what gives the model's output of them, and they.
    """

    loan: Loan = field(repr=False)
    graph: FusionGraph
    history: History
    parts: Mapping[str, tuple[keras.Model, Examples]]

    @property
    def model(self) -> keras.Model:
        """The trained model."""
        return self.loan.model
