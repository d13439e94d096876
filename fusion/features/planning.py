"""Where the phases of a recipe are split on this machine, for the data there are."""

from dataclasses import replace

from fusion.data.examples import Data, ImageFiles
from fusion.errors import FileError
from fusion.frontier.machines import keep_rates, known_rates
from fusion.frontier.plans import LEAST, Plan, plan
from fusion.frontier.rates import Rates
from fusion.graph.nodes import FusionGraph
from fusion.store.room import bound

QUICK = 0.1
"""Seconds that storing must save in a phase where no program is made for it: what writing and reading takes."""


def plan_for(graph: FusionGraph, data: Data, *, shared: bool = False) -> Plan:
    """Returns what each phase stores and takes on this machine; its training and validation examples are counted.

    The tensors of both, of all phases together, take no more than the store may.

    Args:
        graph: The recipe, resolved.
        data: What it trains on.
        shared: Whether programs of prefixes are there from an earlier training, so that to store little pays.

    Raises:
        TrainingError: If the recipe has no training.
        StoreError: If what the store may take is said by no number.
    """
    rates, count = machine_rates(), len(data.train)
    if not any(isinstance(column, ImageFiles) for column in data.train.columns.values()):
        # Arrays are decoded already.
        rates = replace(rates, decode=0.0)
    share = count / (count + (len(data.validation) if data.validation else 0))
    most = share * bound() / max(1, len(graph.phases))
    return plan(graph, examples=count, rates=rates, most=most, least=QUICK if shared else LEAST)


def machine_rates() -> Rates:
    """Returns what this machine does in a second, measured by TensorFlow the first time and kept in the user's cache.

    Where nothing can be kept, it is measured in each process.
    """
    found = known_rates()
    if found is None:
        # It takes TensorFlow, which a plan with known rates does not wait for.
        from fusion.features.measuring import measure

        found = measure()
        try:
            keep_rates(found)
        except FileError:
            return found
    return found
