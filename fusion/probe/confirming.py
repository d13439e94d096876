"""Whether fusing is worth it: what was picked before training, trained with the real head and judged on the test split."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fusion.errors import StudyError
from fusion.probe.picking import STANDS
from fusion.statistics.differences import Difference, differences
from fusion.statistics.outcomes import by_arm, pair
from fusion.statistics.samples import SampleDifference, sample_differences
from fusion.study.declaration import BASE
from fusion.study.results import Results, outcomes
from fusion.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What training the picked sets came to; the first, the arm `base`, is the best single tap.

    Args:
        metric: What they are judged by.
        means: By arm, the mean of the metric over seeds.
        winner: The pick that is best on validation data.
        fused: The best of those with several taps, chosen alike; `None` where there is none.
        difference: That one against the best tap, over seeds.
        samples: The same over test examples; `None` where right and wrong answers were not kept.
        alpha: Error rate of the study.
    """

    metric: str
    means: Mapping[str, float]
    winner: str
    fused: str | None
    difference: Difference | None
    samples: SampleDifference | None
    alpha: float


def confirm(results: Results, metric: str) -> Confirmed:
    """Returns what the study of `fusion.probe.picking.picked_study` came to.

    The winner is chosen on validation data; the difference is that of the test split, in pairs of the same seed. The
    split is one and the same, so how far it could be otherwise with other examples is said apart.

    Args:
        results: All trials done.
        metric: What they were judged by.

    Raises:
        StudyError: If a trial failed or has not run, or there is no validation or no test split.
        DataError: If there is only one seed.
    """
    if results.failed or results.waiting:
        error = results.failed[0].error if results.failed else "they have not run"
        raise StudyError(
            f"{counted(len(results.failed) + results.waiting, 'trial')} of {len(results.trials)} told nothing: {error}"
        )
    seen = outcomes(results)
    means = {arm: float(np.mean([each.value for each in rows])) for arm, rows in by_arm(seen).items()}
    chosen = {arm: value for arm, value in _chosen_by(results, metric).items() if arm != STANDS}
    sign = 1 if results.better == "higher" else -1
    order = sorted(chosen, key=lambda arm: -sign * chosen[arm])
    fused = next((arm for arm in order if arm != BASE), None)
    confidence = 1 - results.study.alpha
    pairs = [each for each in seen if each.arm in {BASE, fused}]
    difference = (
        differences(pair(pairs, better=results.better), BASE, confidence=confidence)[0] if fused else None
    )
    # A regression has no right and wrong answers.
    answered = fused and all(each.correct for each in pairs)
    samples = sample_differences(pairs, BASE, confidence=confidence)[0] if answered else None
    return Confirmed(
        metric=metric,
        means=means,
        winner=order[0],
        fused=fused,
        difference=difference,
        samples=samples,
        alpha=results.study.alpha,
    )


def said(confirmed: Confirmed, names: Mapping[str, str]) -> str:
    """Returns in a sentence what fusing is worth, also when that is not significant.

    Args:
        confirmed: What training came to.
        names: What to call the arms.

    >>> gap = Difference(
    ...     arm="best-two", reference="base", mean=0.012, low=-0.004, high=0.028, spread=0.01, p=0.125, p_holm=0.125,
    ...     smallest_p=0.015625, blocks=7,
    ... )  # fmt: skip
    >>> print(
    ...     said(
    ...         Confirmed(
    ...             metric="accuracy", means={}, winner="base", fused="best-two", difference=gap,
    ...             samples=None, alpha=0.05,
    ...         ),
    ...         {"base": "vgg/block5_pool", "best-two": "vgg/block4_pool + vgg/block5_pool"},
    ...     )
    ... )  # fmt: skip
    Fusing vgg/block4_pool + vgg/block5_pool instead of vgg/block5_pool alone changes test accuracy by +0.012 (95 %
    interval over 7 paired seeds -0.004 to +0.028, p = 0.12): not significant.
    """
    gap = confirmed.difference
    if confirmed.fused is None or gap is None:
        return "No set of several taps was picked, so there is nothing to say about fusing."
    share = f"{100 * (1 - confirmed.alpha):.3g} %"
    over = f"over {gap.blocks} paired seeds, too few for an interval that says anything"
    if gap.smallest_p <= confirmed.alpha:
        over = f"{share} interval over {gap.blocks} paired seeds {gap.low:+.3f} to {gap.high:+.3f}, p = {gap.p:.2g}"
    if confirmed.samples is not None:
        examples = confirmed.samples
        over += f"; {share} interval over {examples.examples} test examples {examples.low:+.3f} to {examples.high:+.3f}"
    return (
        f"Fusing {names[confirmed.fused]} instead of {names[BASE]} alone changes test "
        f"{confirmed.metric} by {gap.mean:+.3f} ({over}): {_judgement(confirmed, gap)}."
    )


def _judgement(confirmed: Confirmed, gap: Difference) -> str:
    if gap.smallest_p > confirmed.alpha:
        return f"not significant; with {gap.blocks} seeds nothing could be"
    if gap.p > confirmed.alpha:
        return "not significant"
    several = confirmed.samples
    if several is not None and several.low <= 0 <= several.high:
        return "steady over seeds, but within what other test examples could give"
    return "significant"


def _chosen_by(results: Results, metric: str) -> dict[str, float]:
    """Returns by arm the mean of the metric on validation data.

    Raises:
        StudyError: If there are no validation data, or nothing else to judge by.
    """
    values: dict[str, list[float]] = {}
    for record in results.done:
        if "validation" not in record.metrics or record.judged_on != "test":
            raise StudyError(
                "What was picked is chosen on validation data and judged on a test split, and these data lack one. "
                "Give data with all three splits."
            )
        values.setdefault(record.arm, []).append(record.metrics["validation"][metric])
    return {arm: float(np.mean(each)) for arm, each in values.items()}
