"""What a study will take and be able to tell, before anything trains."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fusion.frontier.frontiers import USUAL
from fusion.frontier.plans import plan
from fusion.frontier.rates import Rates
from fusion.graph.costs import costs
from fusion.graph.nodes import FusionGraph
from fusion.statistics.prospects import Prospect, prospect
from fusion.study.declaration import BASE, Study


@dataclass(frozen=True, slots=True)
class PlannedArm:
    """What one run of an arm takes.

    Args:
        arm: Which variant.
        params: Weights of the model.
        flops: Of a prediction, for one example; `None` where they are not known.
        epochs: Passes over the training data by which arms are compared: those since something was last reset.
        before: Those before.
        stored_bytes: What its frozen tensors take in the store.
        seconds: How long its training takes; validation is not in it.
    """

    arm: str
    params: int
    flops: int | None
    epochs: int
    before: int
    stored_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a study takes.

    Args:
        arms: What one run of each arm takes.
        trials: How many runs there are: each arm once with each seed.
        seconds: How long they take one after the other.
        stored_bytes: What their frozen tensors take in the store, if none are shared.
        prospect: What differences it can find.
        repeated: Arms that are left out, each with the arm that means the same.
    """

    arms: tuple[PlannedArm, ...]
    trials: int
    seconds: float
    stored_bytes: int
    prospect: Prospect
    repeated: Mapping[str, str] = field(default_factory=dict)


def plan_study(
    study: Study,
    arms: Mapping[str, FusionGraph],
    *,
    examples: int,
    judged: int | None = None,
    rates: Rates = USUAL,
) -> StudyPlan:
    """Returns what a study takes and can tell; nothing trains.

    Args:
        study: What was declared.
        arms: Its variants, as `fusion.study.variants.variants` returns them.
        examples: How many each trial trains on.
        judged: How many it is judged on, if that is known.
        rates: What times are reckoned with.

    >>> from fusion.recipe.short import fuse
    >>> from fusion.study.variants import variants
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> study = Study(name="cuts", recipe=one, axes={"/branches/tinyvgg_view/cut": ["block2_pool"]}, seeds=5)
    >>> found = plan_study(study, variants(study), examples=100)
    >>> found.trials, found.prospect.needed
    (10, 6)

    Raises:
        TrainingError: If there is no example.
    """
    planned = tuple(_planned(name, graph, examples, rates) for name, graph in arms.items())
    seeds = len(study.numbers)
    # What a regression is judged by has no share of right answers.
    counts = judged if arms[BASE].recipe.head.output.task != "regression" else None
    return StudyPlan(
        planned,
        seeds * len(planned),
        seeds * sum(each.seconds for each in planned),
        seeds * sum(each.stored_bytes for each in planned),
        prospect(seeds, len(planned) - 1, alpha=study.alpha, judged=counts),
    )


def _planned(name: str, graph: FusionGraph, examples: int, rates: Rates) -> PlannedArm:
    training, total = plan(graph, examples=examples, rates=rates), costs(graph)
    epochs = sum(phase.frontier.epochs for phase in training.phases)
    budget = graph.recipe.training.budget if graph.recipe.training else 0
    bytes_, seconds = training.stored_bytes, training.seconds
    return PlannedArm(name, total.params, total.known_flops, budget, epochs - budget, bytes_, seconds)
