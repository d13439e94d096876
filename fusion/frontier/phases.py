"""What of the units changes in a phase from one epoch to the next, and what training them takes."""

from fusion.frontier.units import AUGMENTED, Units, below
from fusion.graph.nodes import AUXILIARY, PhasePlan


def varying(units: Units, plan: PhasePlan) -> frozenset[str]:
    """Returns the units a phase must run in every epoch: what trains or is random, and all that depends on it.

    Auxiliary outputs too, whose losses every epoch reports.

    All others give the same for the same example throughout the phase: what is frozen runs in inference mode.

    >>> from fusion.frontier.units import Unit
    >>> chain = {
    ...     "a": Unit("a", "a", "", "a", (), (2,)),
    ...     "b": Unit("b", "b", "", "b", ("a",), (2,), weights=("b",)),
    ...     "c": Unit("c", "c", "", "c", ("b",), (2,)),
    ... }
    >>> sorted(varying(chain, PhasePlan("only b", {"b": 0.1}, frozenset({"b"}))))
    ['b', 'c']
    """
    moving = {
        unit.name
        for unit in units.values()
        if plan.rates.keys() & set(unit.weights)
        or (unit.layer == AUGMENTED and unit.random)
        or unit.node.endswith(AUXILIARY)
        or (unit.random and plan.is_active(unit.address))
    }
    return below(units, moving)


def training_flops(units: Units, plan: PhasePlan) -> dict[str, int]:
    """Returns the operations of each unit in a step for one sample: forwards, and backwards where gradients go.

    A gradient with respect to weights takes about what the layer takes forwards, and one with respect to what it reads
    as much again; the latter only where something trains before it.

    >>> from fusion.frontier.units import Unit
    >>> chain = {
    ...     "a": Unit("a", "a", "", "a", (), (2,), flops=10),
    ...     "b": Unit("b", "b", "", "b", ("a",), (2,), flops=10, weights=("b",)),
    ...     "c": Unit("c", "c", "", "c", ("b",), (2,), flops=10),
    ... }
    >>> training_flops(chain, PhasePlan("only b", {"b": 0.1}, frozenset({"b"})))
    {'a': 10, 'b': 20, 'c': 20}
    """
    trained = {unit.name for unit in units.values() if plan.rates.keys() & set(unit.weights)}
    learning = below(units, trained)
    return {
        unit.name: unit.flops * (1 + (unit.name in trained) + (not learning.isdisjoint(unit.parents)))
        for unit in units.values()
    }
