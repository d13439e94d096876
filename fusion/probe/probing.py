"""The picked sets of taps on their way to a recipe: the study that confirms them, the winner, and its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusion.checking import resolve
from fusion.data.columns import check_present
from fusion.errors import StudyError
from fusion.execution.running import PreparedStudy, prepare
from fusion.graph.nodes import FusionGraph
from fusion.probe.confirming import Confirmed
from fusion.probe.fusing import Fused
from fusion.probe.picking import STANDS, picked_study
from fusion.probe.scoring import PreparedTaps
from fusion.recipe.recipe import Recipe
from fusion.study.declaration import BASE, Study
from fusion.study.variants import metric_of


@dataclass(frozen=True, slots=True)
class Picked:
    """What confirms the picked sets.

    Args:
        study: Its arms are the picks, the best tap as `base`.
        trials: What runs, all on the split that the taps were scored on.
        metric: What they are judged by.
        recipes: By arm.
        names: By arm, its taps in words.
    """

    study: Study
    trials: PreparedStudy
    metric: str
    recipes: Mapping[str, Recipe]
    names: Mapping[str, str]


def check_confirmable(prepared: PreparedTaps) -> None:
    """Refuses to confirm taps of a backbone of which each seed has weights of its own: they were scored on those of one.

    Raises:
        StudyError: Saying which seed they were scored on.
    """
    if prepared.own_weights:
        seed = prepared.study.numbers[0]
        raise StudyError(
            f"Taps of {prepared.study.name!r} are scored on the weights of seed {seed} alone, and every seed has its own, so "
            "picks cannot be confirmed over seeds. Score without --confirm, and compare the taps as cuts of a study."
        )


def pick(prepared: PreparedTaps, fused: Fused) -> Picked:
    """Returns the study that confirms the picked sets of taps, checked and not run.

    Its data are those the taps were scored on with their test split, whatever the seed: another split would let
    examples be judged on that taps were picked by.

    Raises:
        StudyError: If each seed has weights of its own, the recipe cannot be cut at other taps, or trains no head, or
            examples lack the one input that a picked recipe reads.
        RecipeError: If a picked recipe cannot be built, such as by an op that wants equal widths.
    """
    check_confirmable(prepared)
    taps = {tap.name: tap for tap in prepared.taps}
    sets = {name: each.taps for name, each in fused.picks.items()}
    chosen = {name: [taps[tap] for tap in each] for name, each in sets.items()}
    study = picked_study(prepared.study, prepared.graph.recipe, chosen)
    arms = {BASE: study.recipe, **{name: arm.recipe for name, arm in study.arms.items()}}
    recipes = {name: recipe for name, recipe in arms.items() if isinstance(recipe, Recipe)}
    declared = prepared.graph.recipe.inputs
    for each in recipes.values():
        # With no other input beside it nothing stands in for one that is missing.
        check_present(
            prepared.data, [name for name in each.inputs if declared[name].optional and len(each.inputs) == 1]
        )
    first, *others = sets
    names = {BASE: sets[first], **{name: sets[name] for name in others}}
    return Picked(
        study,
        prepare(study, prepared.data, folders=prepared.folders),
        metric_of(study, resolve(recipes[BASE], folders=prepared.folders)),
        recipes,
        {**{name: _called(each, len(taps)) for name, each in names.items()}, STANDS: STANDS},
    )


def _called(chosen: Sequence[str], every: int) -> str:
    return f"all {every} taps" if len(chosen) == every > 2 else " + ".join(chosen)


def winner(picked: Picked, confirmed: Confirmed) -> Recipe:
    """Returns the recipe of the pick that is best on validation data."""
    recipe = picked.recipes[confirmed.winner]
    return recipe.replaced(notes=f"Cut at {picked.names[confirmed.winner]}, as a study of taps found best.")


def tap_values(graph: FusionGraph, fused: Fused) -> dict[str, float]:
    """Returns the Shapley shares of those taps that a recipe's backbones have, by address, as a picture takes them."""
    return {tap: share for tap, share in fused.shares.items() if tap.partition("/")[0] in graph.trunks}
