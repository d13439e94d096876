"""What is said of the taps of a study before anything trains: values, as JSON and as CSV."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import inf

from fusion.scores.agreement import Agreement

COLUMNS = ("tap", "depth", "width", "params", "flops", "ridge", "knn", "logme", "hscore", "p", "test")
"""What a row of the table holds, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTap:
    """One tap with its scores; greater is better.

    Args:
        tap: Its address, such as `vgg/block4_pool`.
        backbone: The backbone it is of.
        depth: Its place among the backbone's layers, above 0 and at most 1.
        width: How many features it has, pooled.
        params: Weights kept by a cut there.
        flops: Operations kept by a cut there, for one sample; `None` where they are not known.
        ridge: What a ridge probe says of each example without having seen it: accuracy or, for a regression, skill.
        knn: The same of the nearest neighbours.
        logme: Log evidence per example.
        hscore: H-score above chance.
        penalty: The ridge penalty it was best with.
        p: Chance that any tap's ridge score stands out as far under shuffled targets; `None` without permutations.
        nulls: By score, the mean of shuffled targets and how many deviations the score lies above it.
        test: What the same ridge probe, fitted to all scored examples, says of the test split; `None` if not asked for.
    """

    tap: str
    backbone: str
    depth: float
    width: int
    params: int
    flops: int | None
    ridge: float
    knn: float
    logme: float
    hscore: float
    penalty: float
    p: float | None = None
    nulls: Mapping[str, tuple[float, float]]
    test: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """The taps of a study, scored.

    Args:
        study: Its name.
        task: What is predicted.
        measure: What `ridge`, `knn` and `test` are: `accuracy` or `skill`, the share of squared error taken away.
        splits: What they were scored on; never the test split.
        examples: How many there are in these.
        rows: How many were scored: fewer where a tap has so many features that they were sampled.
        permutations: Shufflings of each null.
        blind: What one and the same answer for all of them is worth: the share of the commonest class, or no skill.
        taps: By backbone and depth.
        similarity: Debiased CKA between them.
        agreement: How each score, depth and width foretell `judged`.
        judged: What they are held against: `test`, or `ridge` where no test was asked for.
    """

    study: str
    task: str
    measure: str
    splits: tuple[str, ...]
    examples: int
    rows: int
    permutations: int
    blind: float
    taps: tuple[ScoredTap, ...]
    similarity: tuple[tuple[float, ...], ...]
    agreement: tuple[Agreement, ...]
    judged: str

    @property
    def best(self) -> ScoredTap:
        """The tap that ridge puts first; of equal ones the cheapest."""
        return min(self.taps, key=lambda tap: (-tap.ridge, inf if tap.flops is None else tap.flops))


def scores_json(scored: Scored) -> str:
    """Returns all that is known as JSON.

    >>> one = ScoredTap(
    ...     tap="a/b", backbone="a", depth=1.0, width=2, params=0, flops=0, ridge=0.9, knn=0.8, logme=0.1,
    ...     hscore=0.2, penalty=1.0, nulls={},
    ... )  # fmt: skip
    >>> found = Scored(
    ...     study="s", task="binary", measure="accuracy", splits=("train",), examples=8, rows=8, permutations=0,
    ...     blind=0.5, taps=(one,), similarity=((1.0,),), agreement=(), judged="ridge",
    ... )  # fmt: skip
    >>> json.loads(scores_json(found))["taps"][0]["ridge"]
    0.9
    """
    return json.dumps({"scores": 1, **asdict(scored)}, indent=1, ensure_ascii=False) + "\n"


def scores_csv(scored: Scored) -> str:
    """Returns a line for each tap, after a line of names.

    >>> empty = Scored(
    ...     study="s", task="binary", measure="accuracy", splits=("train",), examples=8, rows=8, permutations=0,
    ...     blind=0.5, taps=(), similarity=(), agreement=(), judged="ridge",
    ... )  # fmt: skip
    >>> scores_csv(empty).strip()
    'tap,depth,width,params,flops,ridge,knn,logme,hscore,p,test'
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for tap in scored.taps:
        writer.writerow([getattr(tap, name) for name in COLUMNS])
    return text.getvalue()
