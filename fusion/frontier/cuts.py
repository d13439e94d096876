"""The cheapest way to have what something needs, each tensor computed again or read: a minimum cut.

To compute a tensor takes all that it reads; to read a stored one takes nothing else. Which to do is the project selection
problem, solved by a cut as in Xin and others, "Helix: holistic optimization for accelerating iterative machine learning"
(2018), section 5.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import networkx as nx
from networkx.algorithms.flow import boykov_kolmogorov

STORE, RUN = "store", "run"
"""The two sides of the cut: what is not computed again, and what is."""


@dataclass(frozen=True, slots=True)
class Price:
    """What having one tensor costs, in whole numbers so that sums are exact.

    Args:
        parents: What it reads.
        run: Cost to compute it, when what it reads is there.
        load: Cost to read it; `None` where it cannot be stored.
    """

    parents: tuple[str, ...]
    run: int
    load: int | None


@dataclass(frozen=True, slots=True)
class Cut:
    """How each tensor that is needed is had.

    Args:
        loaded: Those that are read, in order.
        run: Those that are computed, in order.
    """

    loaded: tuple[str, ...]
    run: tuple[str, ...]


def cheapest(prices: Mapping[str, Price], varying: Collection[str]) -> Cut:
    """Returns the cut of least cost by which all of `varying` can be computed.

    Of several such cuts it is the one that computes least: it reads the last of several tensors of one size.

    Args:
        prices: By name of the tensor, each after those it reads.
        varying: Those that are computed whatever it costs, with all that depend on them.

    >>> chain = {"x": Price((), 5, None), "map": Price(("x",), 100, 40), "mean": Price(("map",), 1, 2)}
    >>> cheapest({**chain, "head": Price(("mean",), 3, None)}, {"head"})
    Cut(loaded=('mean',), run=('head',))
    """
    network = nx.DiGraph()
    network.add_nodes_from((STORE, RUN))
    for name, price in prices.items():
        if name not in varying:
            network.add_edge(STORE, (name, RUN), capacity=price.run)
        for parent in price.parents:
            if parent not in varying:
                # Who is computed needs all it reads: without capacity an edge is never cut.
                network.add_edge((parent, "need"), RUN if name in varying else (name, RUN))
    for name, price in prices.items():
        if (name, "need") in network:
            limit = {} if price.load is None else {"capacity": price.load}
            network.add_edge((name, RUN), (name, "need"), **limit)
    residual = boykov_kolmogorov(network, STORE, RUN)
    computed = {node[0] for node in nx.ancestors(_open(residual), RUN) if node[1] == RUN} | set(varying)
    return _cut(prices, varying, computed)


def _open(residual: nx.DiGraph) -> nx.DiGraph:
    """Returns the edges of a residual network along which more could flow."""
    return nx.DiGraph(
        (tail, head) for tail, head, edge in residual.edges(data=True) if edge["flow"] < edge["capacity"]
    )


def _cut(prices: Mapping[str, Price], varying: Collection[str], computed: Collection[str]) -> Cut:
    """Returns what is read and computed of what is needed; what only could be computed for nothing is left out."""
    needed = set(varying)
    for name in reversed([*prices]):
        if name in needed and name in computed:
            needed.update(prices[name].parents)
    return Cut(
        tuple(name for name in prices if name in needed and name not in computed),
        tuple(name for name in prices if name in needed and name in computed),
    )
