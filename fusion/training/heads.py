"""Many heads trained at once on stored vectors, each as if it were alone."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fusion.data.batches import epoch_order
from fusion.data.examples import Data, splits
from fusion.errors import TrainingError
from fusion.graph.nodes import FusionGraph
from fusion.model.addresses import layers, variables
from fusion.model.seeding import seed_of
from fusion.training.choosing import Choice
from fusion.training.evaluation import judged, probable
from fusion.training.fitness import training_of
from fusion.training.freezing import inference_mode
from fusion.training.history import Epoch, History
from fusion.training.objectives import loss, metrics
from fusion.training.optimizers import make_stacked_optimizer
from fusion.training.scaling import spread
from fusion.training.sources import Source, fresh_models
from fusion.training.stacking import Stack, judge, stepper

AT_ONCE = 128
"""Rows of each head that are judged together."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What came of one of several heads.

    Args:
        history: The losses of its epochs, and what decided which is kept.
        metrics: Loss and metrics by split, of the epoch that is kept.
        scores: What it says of the examples by split: probabilities, or numbers of a regression.
    """

    history: History
    metrics: Mapping[str, Mapping[str, float]]
    scores: Mapping[str, np.ndarray]


def fit_heads(
    graphs: Sequence[FusionGraph], data: Data, *, sources: Sequence[Source], folders: Sequence[Path] = ()
) -> tuple[Fitted | TrainingError, ...]:
    """Returns what training each of several recipes comes to, their heads trained in one program.

    Each has its own weights, order of examples, dropout, learning rate, best epoch and end; they are those of `fit`, and
    so are the numbers, but for the order in which a machine adds. A head that loses its way does not disturb the others:
    its error is returned in its place.

    Args:
        graphs: The recipes, resolved. They differ in seed, learning rates and what is before the vectors alone
            (`fusion.execution.bunching`).
        data: What all are trained on, chosen and judged by.
        sources: For each recipe the vectors it reads, as `make_source` makes them; several may read the same.
        folders: Where weights files lie.

    Raises:
        TrainingError: If the first recipe has no training, or that cannot do what it says.
        BackboneError: If a model cannot be built.
    """
    made = list({id(each): each for each in sources}.values())
    with inference_mode(made[0].model, graphs[0].phases[0]):
        group = _Group(graphs, made, [made.index(each) for each in sources], data)
        return group.fitted(fresh_models(graphs, sources, folders))


class _Group:
    """Heads on their way."""

    def __init__(
        self, graphs: Sequence[FusionGraph], sources: Sequence[Source], places: Sequence[int], data: Data
    ) -> None:
        self.graphs, self.sources = graphs, sources
        self.places = np.array(places)
        self.data = splits(data)
        self.training, self.output = training_of(graphs[0], data), graphs[0].recipe.head.output
        self.phase, self.plan = self.training.phases[0], graphs[0].phases[0]
        self.form, self.spread = sources[0].form, spread(sources[0].model)
        self.tables = {name: self._tables(name) for name in self.data}
        self.targets = {name: self._targets(name) for name in self.data}

    def fitted(self, fresh: Sequence[keras.Model]) -> tuple[Fitted | TrainingError, ...]:
        """Trains all heads, and judges each with the weights of its best epoch."""
        stack = self._stack(fresh)
        step = stepper(stack, self._optimizer(stack))
        self.judge = judge(stack)
        choices = [Choice(self.phase) for _ in self.graphs]
        lost: dict[int, TrainingError] = {}
        seen: list[list[Epoch]] = [[] for _ in self.graphs]
        best = _now(stack)
        for epoch in range(self.phase.epochs):
            began, running = time.perf_counter(), self._running(choices, lost)
            if not running:
                break
            found = self._epoch(step, epoch)
            each = (time.perf_counter() - began) / len(self.graphs)
            now = _now(stack)
            for head in running:
                seen[head].append(Epoch(self.phase.name, epoch + 1, each, found[head]))
                try:
                    if choices[head].keeps(epoch + 1, found[head]):
                        for kept, new in zip(best, now, strict=True):
                            kept[head] = new[head]
                except TrainingError as error:
                    lost[head] = error
        for (_, outer), values in zip((*stack.trained, *stack.moved), best, strict=True):
            outer.assign(values)
        scores = {name: self._said(name)[0] for name in self.data}
        return tuple(
            lost[head] if head in lost else self._judged(head, seen[head], choices[head], scores)
            for head in range(len(self.graphs))
        )

    def _running(self, choices: Sequence[Choice], lost: Mapping[int, TrainingError]) -> list[int]:
        return [head for head, each in enumerate(choices) if not each.stopped and head not in lost]

    def _epoch(self, step: Any, epoch: int) -> list[dict[str, float]]:
        """Trains an epoch, and returns what each head came to."""
        count, size = len(self.data["train"]), self.training.batch_size
        orders = {
            seed: epoch_order(count, seed_of(seed, "order of phase 0"), epoch)
            for seed in {graph.recipe.seed for graph in self.graphs}
        }
        rows = np.stack([orders[graph.recipe.seed] for graph in self.graphs]) + self._offsets("train")
        total = np.zeros(len(self.graphs))
        for start in range(0, count, size):
            batch = rows[:, start : start + size]
            total += step(tf.constant(batch)).numpy().astype(float) * batch.shape[1]
        found = [{"loss": float(each)} for each in total / count]
        if "validation" in self.data:
            said, losses = self._said("validation")
            for row, scores, value in zip(found, said, losses, strict=True):
                row["val_loss"] = float(value)
                row |= self._monitored(scores)
        return found

    def _monitored(self, scores: np.ndarray) -> dict[str, float]:
        """Returns what decides on the best epoch, where that is a metric."""
        if self.phase.monitor in {"loss", "val_loss"}:
            return {}
        found = {}
        for metric in metrics(self.output):
            if self.phase.monitor == f"val_{metric.name}":
                metric.update_state(self.data["validation"].targets, scores)
                found[self.phase.monitor] = float(metric.result())
        return found

    def _judged(
        self, head: int, seen: Sequence[Epoch], choice: Choice, scores: Mapping[str, np.ndarray]
    ) -> Fitted:
        found = {
            name: judged(scores[name][head], np.asarray(part.targets), self.output, spread=self.spread)
            for name, part in self.data.items()
        }
        likely = {name: probable(each[head], self.output) for name, each in scores.items()}
        return Fitted(History(tuple(seen), {self.phase.name: choice.kept}), found, likely)

    def _said(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Returns what all heads say of a split, of shape (heads, examples, units), and each one's loss."""
        count, said = len(self.data[name]), []
        total = np.zeros(len(self.graphs))
        for start in range(0, count, AT_ONCE):
            rows = np.arange(start, min(start + AT_ONCE, count)) + self._offsets(name)
            scores, losses = self.judge(tf.constant(rows), self.tables[name], self.targets[name])
            said.append(scores.numpy())
            total += losses.numpy().astype(float) * rows.shape[1]
        return np.concatenate(said, axis=1), total / count

    def _offsets(self, name: str) -> np.ndarray:
        """Returns where each head's rows begin in the tables of a split, of shape (heads, 1)."""
        found: np.ndarray = self.places[:, np.newaxis] * len(self.data[name])
        return found

    def _tables(self, name: str) -> dict[str, Any]:
        columns = [each.parts[name].columns for each in self.sources]
        return {
            column: tf.constant(np.concatenate([_rows(each[column]) for each in columns]))
            for column in columns[0]
        }

    def _targets(self, name: str) -> Any:
        return tf.constant(np.concatenate([self.data[name].targets] * len(self.sources)))

    def _stack(self, fresh: Sequence[keras.Model]) -> Stack:
        known = [variables(each) for each in fresh]
        own = {
            name: each
            for name, each in variables(self.sources[0].model).items()
            if name.rpartition("/")[0] in self.plan.rates
        }
        stacked = {
            name: _variable(np.stack([np.array(each[name]) for each in known]), trainable=each.trainable)
            for name, each in own.items()
        }
        pairs = [(own[name], stacked[name]) for name in own]
        return Stack(
            self.form,
            [pair for pair in pairs if pair[0].trainable],
            [pair for pair in pairs if not pair[0].trainable],
            self._dropouts(fresh),
            self.tables["train"],
            self.targets["train"],
            loss(self.output, spread=self.spread),
        )

    def _dropouts(self, fresh: Sequence[keras.Model]) -> list[tuple[Any, Any]]:
        """Returns the layers of the form that drop out, each with the random state of every head."""
        known = [layers(each) for each in fresh]
        return [
            (layer, tf.Variable(np.stack([_state(each[address]) for each in known]), trainable=False))
            for address, layer in layers(self.sources[0].model).items()
            if isinstance(layer, keras.layers.Dropout) and layer.rate and self.plan.is_active(address)
        ]

    def _optimizer(self, stack: Stack) -> keras.optimizers.Optimizer:
        addresses = {
            id(each): name.rpartition("/")[0] for name, each in variables(self.sources[0].model).items()
        }
        rates = [
            (outer, np.array([graph.phases[0].rates[addresses[id(inner)]] for graph in self.graphs]))
            for inner, outer in stack.trained
        ]
        steps = -(-len(self.data["train"]) // self.training.batch_size)
        return make_stacked_optimizer(self.phase.optimizer, rates, steps=self.phase.epochs * steps)


def _now(stack: Stack) -> list[np.ndarray]:
    return [np.array(outer) for _, outer in (*stack.trained, *stack.moved)]


def _state(dropout: Any) -> np.ndarray:
    return np.array(dropout.seed_generator.state)


def _rows(column: Any) -> np.ndarray:
    found: np.ndarray = column.read(np.arange(len(column)))
    return found


def _variable(values: np.ndarray, *, trainable: bool) -> keras.Variable:
    return keras.Variable(values, trainable=trainable, dtype=str(values.dtype))
