"""What other test examples could have given: the same trained models, judged on examples drawn anew."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fusion.errors import DataError, listed
from fusion.statistics.outcomes import Outcome, by_arm, column, complete, pair

DRAWS = 10_000
"""Bootstrap samples of an interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDifference:
    """The difference of one arm to the reference in accuracy, over test examples; the seeds are those that were run.

    Args:
        arm: The arm that is compared.
        reference: What it is compared with.
        mean: Mean over seeds and examples of arm minus reference.
        low: Lower end of its interval.
        high: Upper end of it.
        disagreement: Share of pairs, one of each arm, of which exactly one is right.
        examples: How many test examples there are.
    """

    arm: str
    reference: str
    mean: float
    low: float
    high: float
    disagreement: float
    examples: int


def correctness(outcomes: Sequence[Outcome]) -> dict[str, np.ndarray]:
    """Returns for each arm that ran to its end a table, blocks x examples, of 1 where it was right and 0 elsewhere.

    Raises:
        DataError: If the arms are not paired, answers were not kept, or trials were judged on different examples.

    >>> rows = [Outcome(arm="a", seed=seed, value=0.5, epochs=3, correct=(True, seed > 0)) for seed in (0, 1)]
    >>> correctness(rows)["a"].tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    pair(outcomes)
    kept = sorted(complete(outcomes), key=lambda outcome: (outcome.seed, outcome.split))
    lacking = sorted({outcome.arm for outcome in kept if not outcome.correct})
    if lacking:
        raise DataError(
            f"Which test examples were right was not kept for {listed(lacking)}, so what other examples could have "
            "given is not known. Keep them for every trial."
        )
    if len({(outcome.judged_on, outcome.examples, len(outcome.correct or ())) for outcome in kept}) > 1:
        raise DataError(
            "The trials were judged on different examples, so an example has no answer from every model. "
            "Keep one test split for all seeds, or leave this uncertainty out."
        )
    order = dict.fromkeys(outcome.arm for outcome in outcomes)
    tables = by_arm(kept)
    return {
        arm: np.array([outcome.correct for outcome in tables[arm]], dtype=np.float64)
        for arm in order
        if arm in tables
    }


def sample_differences(
    outcomes: Sequence[Outcome], reference: str, *, confidence: float = 0.95, seed: int = 0
) -> tuple[SampleDifference, ...]:
    """Returns the accuracy of each arm minus the reference's with an interval for other test examples.

    A paired bootstrap (Efron 1979, Bootstrap methods, Annals of Statistics 7): examples are drawn with replacement, each
    with what all models said of it; the interval lies between the quantiles of the mean over `DRAWS` samples.

    Args:
        outcomes: Trials that kept which examples were right, all on the same examples.
        reference: The arm the others are compared with.
        confidence: Coverage of each interval.
        seed: Seed of the draws.

    Raises:
        DataError: As `correctness` and `column`.

    >>> right = {"a": (True, True, False, False) * 25, "b": (True, True, True, False) * 25}
    >>> rows = [Outcome(arm=arm, seed=0, value=0.0, epochs=3, correct=each) for arm, each in right.items()]
    >>> (found,) = sample_differences(rows, "a")
    >>> found.mean, round(found.low, 2), round(found.high, 2), found.disagreement
    (0.25, 0.17, 0.34, 0.25)
    """
    tables = correctness(outcomes)
    column(pair(outcomes), reference)
    found = []
    for arm, table in tables.items():
        if arm == reference:
            continue
        gaps = table - tables[reference]
        low, high = _interval(gaps.mean(axis=0), confidence, np.random.default_rng(seed))
        found.append(
            SampleDifference(
                arm=arm,
                reference=reference,
                mean=float(gaps.mean()),
                low=low,
                high=high,
                disagreement=float(np.abs(gaps).mean()),
                examples=gaps.shape[1],
            )
        )
    return tuple(found)


def _interval(gaps: np.ndarray, confidence: float, generator: np.random.Generator) -> tuple[float, float]:
    # Averages of a few right and wrong answers take few values: how often each is drawn is all a mean needs.
    values, counts = np.unique(gaps.round(9), return_counts=True)
    drawn = generator.multinomial(len(gaps), counts / len(gaps), size=DRAWS)
    tail = (1 - confidence) / 2
    low, high = np.quantile(drawn @ values / len(gaps), (tail, 1 - tail))
    return float(low), float(high)
