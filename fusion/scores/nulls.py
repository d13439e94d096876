"""What a score would be if targets had nothing to do with features: the same score under shuffled targets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fusion.errors import DataError
from fusion.scores.targets import Targets, take


@dataclass(frozen=True, slots=True)
class Null:
    """A score and the same score under shuffled targets.

    Args:
        observed: The score of the targets as they are.
        draws: The scores under each shuffling.
    """

    observed: float
    draws: tuple[float, ...]

    @property
    def p(self) -> float:
        """Share of all orders, the true one included, that score as high: never 0 (Phipson and Smyth 2010)."""
        return (1 + sum(draw >= self.observed for draw in self.draws)) / (1 + len(self.draws))

    @property
    def mean(self) -> float:
        """The score to expect of targets that have nothing to do with the features."""
        return float(np.mean(self.draws))

    @property
    def z(self) -> float:
        """How many standard deviations of the shuffled scores the observed one lies above their mean."""
        deviation = float(np.std(self.draws, ddof=1))
        return (self.observed - self.mean) / deviation if deviation > 0 else 0.0


def shuffle(
    score: Callable[[Targets], float], targets: Targets, *, permutations: int = 99, seed: int = 0
) -> Null:
    """Returns a score with its permutation null: everything that depends on targets is done anew for each shuffling.

    The choice of a penalty is part of the score, so what choosing gains is part of the null too. The same seed
    shuffles alike for each tap, which `correct` needs. The smallest possible p is `1 / (permutations + 1)`.

    >>> from fusion.scores.targets import make_targets
    >>> targets = make_targets([0, 0, 0, 1, 1, 1], "binary")
    >>> shuffle(lambda shuffled: float(shuffled.columns[3:].sum()), targets, permutations=39).p < 0.2
    True

    Raises:
        DataError: If fewer than 2 permutations are asked for.
    """
    drawn = orders(len(targets), permutations=permutations, seed=seed)
    return Null(score(targets), tuple(score(take(targets, order)) for order in drawn))


def orders(count: int, *, permutations: int, seed: int = 0) -> np.ndarray:
    """Returns the orders that `shuffle` draws of so many examples, of shape (permutations, count).

    Scores that take all of them at once, such as `fusion.scores.ridge.ridge_draws`, do in a few products of matrices what
    takes as many for each.

    >>> orders(3, permutations=2).shape
    (2, 3)

    Raises:
        DataError: If fewer than 2 permutations are asked for.
    """
    if permutations < 2:
        raise DataError(
            f"A null needs 2 permutations or more, not {permutations}; p can be no less than 1 / (permutations + 1)."
        )
    generator = np.random.default_rng(seed)
    return np.stack([generator.permutation(count) for _ in range(permutations)])


def correct(nulls: Sequence[Null]) -> tuple[float, ...]:
    """Returns for each tap the chance that any tap's score stands out as far: p corrected for having many taps.

    Single-step max-T (Westfall and Young 1993): scores are standardised by mean and deviation of observed and shuffled
    ones together, and each observed one is compared with the largest over taps of each shuffling. Less strict than
    Bonferroni where taps are alike, as layers of one network are.

    >>> correct([Null(5.0, (0.0, 1.0, 2.0)), Null(0.0, (1.0, 0.0, 2.0))])
    (0.25, 1.0)

    Raises:
        DataError: If the nulls are not of equally many permutations.
    """
    if len({len(null.draws) for null in nulls}) != 1:
        raise DataError(
            "Nulls corrected together need the same shufflings: draw them with one seed and number."
        )
    together = np.array([[null.observed, *null.draws] for null in nulls])
    deviation = together.std(1, keepdims=True)
    standard = (together - together.mean(1, keepdims=True)) / np.where(deviation > 0, deviation, 1.0)
    # The same sum in another order must not make a tie a win.
    largest = standard.max(0) + 1e-12
    return tuple(float((largest >= own).mean()) for own in standard[:, 0])
