"""A model and the programs compiled of it, kept for trainings that differ in their seed alone."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fusion.backbones.applications import REGISTERED
from fusion.backbones.catalogue import find_digest
from fusion.data.examples import Data, splits
from fusion.features.programs import Program
from fusion.graph.nodes import FusionGraph
from fusion.model.addresses import layers, variables, weights
from fusion.model.renewing import ADAPTED
from fusion.recipe.backbones import Backbone, KerasHubBackbone
from fusion.recipe.writing import seedless
from fusion.training.loans import Loan
from fusion.training.optimizers import renewed
from fusion.training.resuming import random_states

SLOTS = 2**30
"""Bytes that the optimizers of kept programs may have before all are let go of for that of a further phase."""


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A model under training, and what was made of it.

    Args:
        model: The model as it is handed on.
        whole: The same with its auxiliary outputs, where there are some.
        shared: Whether what is made of it outlasts the training.
        programs: What is fitted, by the number of its phase and what it is fed, and under `()` what judges the model.
        prefixes: What computes frozen tensors, by what it is fed and gives.
    """

    model: keras.Model
    whole: keras.Model
    shared: bool = False
    programs: dict[tuple[int | str, ...], Program] = field(default_factory=dict)
    prefixes: dict[tuple[tuple[str, ...], ...], Program] = field(default_factory=dict)

    def program(self, use: tuple[int | str, ...], make: Callable[[], Program]) -> Program:
        """Returns the program for a use, which is made unless it is there; others may have to make room for it."""
        if not self.shared:
            return make()
        if use not in self.programs:
            if self._slots() > SLOTS:
                self.programs.clear()
            self.programs[use] = make()
        return self.programs[use]

    def compiled(
        self,
        fitted: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        judges: Callable[[], tuple[keras.losses.Loss, list[Any]]],
    ) -> keras.optimizers.Optimizer:
        """Compiles what is fitted, unless that was done in an earlier training, and returns the optimizer it has.

        The model too: what callbacks see of it is what is fitted.

        Args:
            fitted: The model or a program of it.
            optimizer: Fresh; where another one is part of a program, that is put into its state.
            judges: Makes the loss and the metrics.
        """
        waiting = dict.fromkeys((self.whole, fitted))
        if self.shared and fitted.compiled:
            optimizer = renewed(fitted.optimizer, optimizer, self.whole.trainable_variables)
            del waiting[fitted]
        for each in waiting:
            loss, metrics = judges()
            each.compile(optimizer=optimizer, loss=loss, metrics=metrics, jit_compile=False)
        return optimizer

    def _slots(self) -> int:
        """How many bytes the optimizers of the programs take."""
        compiled = [each for each in self.programs.values() if each.compiled]
        kept = [variable for each in compiled for variable in each.optimizer.variables]
        return sum(prod(each.shape) * np.dtype(each.dtype).itemsize for each in kept)


class Programs:
    """What the last training built and compiled, for the next one to go on with where it differs in its seed alone.

    Building a small network and making programs of its phases, which TensorFlow traces as each first runs, takes longer
    than training it. A training that is given the `Programs` of one before it, and has the same recipe but for its seed
    and the file of its weights, and inputs measured alike, is given the model of that one with the weights and random
    states that it begins with alone, and comes to what it comes to alone, to the bit. For any other a model is built and
    kept instead. In mixed precision and on several devices nothing is kept.

    The optimizer of every phase is kept with its program, as it is a part of it: of Adam twice the bytes of what trains.
    Where these come to more than a GiB (`SLOTS`), the programs make room for those of the next phase, and are made anew.

    The models of such trainings are one: what the next one learns replaces what this one learnt, so this one's run has
    a model no more (`fusion.training.loans`).

    >>> Programs().built is None
    True
    """

    def __init__(self) -> None:
        self.built: Built | None = None
        self.lent: Loan | None = None
        self._form: Any = None
        self._measured: Any = None

    @contextmanager
    def kept(self, form: Any) -> Iterator[None]:
        """Lets go of what is of another form (`form_of`) before a model is built, and of all where its training breaks off."""
        if self._form != form:
            self.built, self.lent, self._form = None, None, form
        try:
            yield
        except BaseException:
            self.built = self.lent = self._form = None
            raise

    def exchanged(self, fresh: Built) -> Built:
        """Returns what is kept, in the state of a fresh model of the form there is room for; without any, that model.

        Args:
            fresh: Adapted to the data, not yet trained.
        """
        measured = _measured(fresh.whole)
        if self.built is None or self._measured != measured:
            self.built, self.lent, self._measured = fresh, None, measured
        if self.lent is not None:
            self.lent.end()
        if self.built is not fresh:
            for values in (variables, random_states):
                known = values(self.built.whole)
                for address, value in values(fresh.whole).items():
                    known[address].assign(value)
            # Files that it is saved to have it in them.
            self.built.model.name = fresh.model.name
        return self.built


def form_of(graph: FusionGraph, data: Data, folders: Sequence[Path]) -> Any:
    """Returns what trainings have in common that can share programs, to be compared; the values of weights are not in it.

    Raises:
        WeightsError: If a file that holds a network is not there.
    """
    recipe = graph.recipe
    functions = {name: REGISTERED.get(name) for name in recipe.requires}
    files = {
        name: find_digest(each, folders)
        for name, each in recipe.backbones.items()
        if not isinstance(each, Backbone | KerasHubBackbone)
    }
    parts = {
        name: None if part.targets is None else (part.targets.dtype.str, part.targets.shape[1:])
        for name, part in splits(data).items()
    }
    phases = recipe.training.phases if recipe.training else ()
    # The course of a learning rate is part of a program, and goes by the number of steps.
    on_course = any(each.optimizer.schedule != "constant" or each.optimizer.warmup for each in phases)
    count = len(data.train) if on_course else None
    # In the order in which things are named they are computed and added up.
    return json.dumps(seedless(recipe)), dict(graph.trunks), functions, files, parts, count


def _measured(model: keras.Model) -> dict[str, Any]:
    """Returns what programs hold fixed: what inputs and targets are measured by, words and categories."""
    fixed = {address for address, each in layers(model).items() if isinstance(each, ADAPTED)}
    return {
        name: value.tolist() for name, value in weights(model).items() if name.rpartition("/")[0] in fixed
    }
