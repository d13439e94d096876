"""How far the splits of a study's seeds share examples."""

from collections.abc import Sequence

from fusion.study.records import Record


def drawn_anew(records: Sequence[Record]) -> bool:
    """Returns whether seeds were judged on different examples.

    >>> one = Record(key="0a", arm="base", seed=0, status="done", examples="1f")
    >>> drawn_anew([one, one])
    False
    """
    return len({record.examples for record in records}) > 1


def overlap_of(records: Sequence[Record], *, own_data: bool = False) -> float:
    """Returns judged over training examples where the splits of seeds are drawn from one pool, else 0.

    Args:
        records: What trials came to.
        own_data: Whether each seed had data of its own.

    >>> sizes = {"train": 80, "test": 20}
    >>> two = [Record(key=at, arm="base", seed=0, status="done", examples=at, sizes=sizes) for at in "ab"]
    >>> overlap_of(two), overlap_of(two[:1])
    (0.25, 0.0)
    """
    if own_data or not drawn_anew(records):
        return 0.0
    shares = [
        record.sizes.get(record.judged_on, 0) / record.sizes["train"]
        for record in records
        if record.sizes.get("train")
    ]
    return max(shares, default=0.0)
