"""A recipe trained on data, phase by phase."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fusion.checking import Source, places, resolve
from fusion.data.augmentation import augmenter
from fusion.data.batches import batches, reading, shuffled_batches, steps
from fusion.data.examples import Array, Data
from fusion.data.gaps import missing
from fusion.errors import DataError, listed
from fusion.graph.costs import trainable
from fusion.graph.nodes import FusionGraph
from fusion.model.addresses import layer, layers, lookups
from fusion.model.building import build_graph
from fusion.model.files import save_weights
from fusion.model.lookups import most_frequent, set_vocabulary, vocabulary
from fusion.model.seeding import seed_of
from fusion.model.words import words
from fusion.recipe.inputs import Category, Table
from fusion.recipe.texts import Text
from fusion.recipe.training import Phase, Training
from fusion.training.fitness import training_of
from fusion.training.freezing import held_still, inference_mode, set_trainable
from fusion.training.history import Epoch, History, append_csv
from fusion.training.objectives import loss, metrics
from fusion.training.optimizers import make_optimizer
from fusion.training.recording import Recorder, Weights
from fusion.training.scaling import adapt_output, spread

CHECKPOINT = "checkpoint.npz"
"""Weights by address, of all that training changed so far: of the best epoch so far of the phase under way."""
HISTORY = "history.csv"


@dataclass(frozen=True, slots=True)
class PhaseStart:
    """What is known when a phase begins.

    Args:
        phase: The phase as declared.
        number: Its place, from 1.
        count: How many phases there are.
        trainable: How many weights it trains.
        frozen: How many it leaves as they are, statistics included.
        steps: Batches an epoch.
    """

    phase: Phase
    number: int
    count: int
    trainable: int
    frozen: int
    steps: int


Watch = Callable[[PhaseStart], Sequence[keras.callbacks.Callback]]
"""Called as each phase begins; returns Keras callbacks for it."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model, the graph it was built from, and what was seen on the way."""

    model: keras.Model
    graph: FusionGraph
    history: History


def fit(
    recipe: Source,
    data: Data,
    *,
    out: str | Path | None = None,
    folders: Sequence[str | Path] = (),
    watch: Watch | None = None,
) -> Trained:
    """Returns the model of a recipe trained on data by the phases it declares.

    What a phase does not name is frozen and runs in inference mode, its dropout too; that it did not move is made sure
    of after each phase. The model is compiled anew for each. Fresh weights, the order of examples, dropout and
    augmentation follow from the seed of the recipe's training; augmentation is no part of the model.

    Args:
        recipe: The recipe, or the path of its file, or what `fusion.resolve` made of it.
        data: Examples as `fusion.read_data` gives them.
        out: Folder for `history.csv`, a line an epoch, and `checkpoint.npz`, the best weights so far; both are
            there while training goes on. `None` to write nothing.
        folders: Where weights files lie, as in `fusion.build`.
        watch: Called as each phase begins.

    Raises:
        RecipeError: Listing every problem of the recipe.
        TrainingError: If it has no training, or that cannot do what it says.
        DataError: If the data are not what the recipe reads.
        WeightsError: If weights are missing, damaged, or another network's.
    """
    graph = resolve(recipe, folders=folders)
    training = training_of(graph.recipe, data)
    model = build_graph(graph, folders=places(recipe, folders))
    run = _Run(graph, model, data, training, Path(out) if out is not None else None)
    run.adapt_inputs()
    run.adapt_output()
    for number in range(len(training.phases)):
        run.fit_phase(number, watch)
    return Trained(model, graph, History(tuple(run.epochs), run.kept))


def _refuse_constant(name: str, declared: Table | Category | Text, rows: np.ndarray) -> None:
    """Refuses columns that say nothing in training: divided by its spread, any other number would be enormous."""
    same = (rows == rows[:1]).all(axis=0)
    constant = [column for column, said in zip(declared.columns, same, strict=True) if said]
    if constant:
        raise DataError(
            f"Input {name!r}: {listed(constant)} has one value in all training rows, so nothing can be learnt "
            "from it. Leave it out of the columns."
        )


def _refuse_wordless(name: str, told: Sequence[str]) -> None:
    if not told:
        raise DataError(
            f"Input {name!r}: no text of the training rows has a word, only punctuation, which is taken out. "
            'Declare it as "kind": "categorical" if whole texts are what tells rows apart.'
        )


@dataclass
class _Run:
    """One training under way."""

    graph: FusionGraph
    model: keras.Model
    data: Data
    training: Training
    out: Path | None

    def __post_init__(self) -> None:
        self.epochs: list[Epoch] = []
        self.kept: dict[str, int] = {}
        self.changed: dict[str, None] = {}
        if self.out is not None:
            self.out.mkdir(parents=True, exist_ok=True)

    def adapt_inputs(self) -> None:
        """Takes mean and variance of tables, categories, and words of texts, from the training rows that have them."""
        for name, declared in self.graph.recipe.inputs.items():
            column = self.data.train.columns[name]
            if not isinstance(declared, Table | Category | Text) or not isinstance(column, Array):
                continue
            rows = column.read(np.arange(len(column)))
            if declared.optional:
                rows = rows[~missing(column)]
            _refuse_constant(name, declared, rows)
            if isinstance(declared, Table):
                layer(self.model, f"{name}.normalise").adapt(rows)
                self.changed[f"{name}.normalise"] = None
            elif isinstance(declared, Category):
                told = most_frequent(rows[:, 0], declared.most)
                set_vocabulary(layer(self.model, f"{name}.prepare/lookup"), told)
            else:
                told = most_frequent((word for text in rows[:, 0] for word in words(text)), declared.most)
                _refuse_wordless(name, told)
                set_vocabulary(layer(self.model, f"{name}.prepare/words"), told)

    def adapt_output(self) -> None:
        """Takes mean and spread of a standardised target from the training rows and no others."""
        targets = self.data.train.targets
        if targets is not None:
            self.changed |= dict.fromkeys(adapt_output(self.model, targets))

    def fit_phase(self, number: int, watch: Watch | None) -> None:
        phase, plan = self.training.phases[number], self.graph.phases[number]
        set_trainable(self.model, self.graph, plan)
        self.changed |= dict.fromkeys(plan.rates)
        self.compile(number)
        recorder = Recorder(phase, self.changed, self.record, self.checkpoint)
        start = self.start(number)
        validation = self.data.validation
        with inference_mode(self.model, plan), held_still(self.model, plan), reading():
            self.model.fit(
                self.batches(number),
                epochs=phase.epochs,
                steps_per_epoch=start.steps,
                validation_data=batches(validation, batch_size=self.training.batch_size)
                if validation
                else None,
                callbacks=[recorder, *(watch(start) if watch else ())],
                shuffle=False,
                verbose=0,
            )
            recorder.restore()
        self.kept[phase.name] = recorder.kept

    def compile(self, number: int) -> None:
        """Compiles for the phase: Keras goes on training what was trainable at the last compilation."""
        phase, output = self.training.phases[number], self.graph.recipe.head.output
        known = layers(self.model)
        rates = {
            address: (known[address].trainable_variables, rate)
            for address, rate in self.graph.phases[number].rates.items()
        }
        self.model.compile(
            optimizer=make_optimizer(phase.optimizer, rates, steps=phase.epochs * self.steps()),
            loss=loss(output, spread=spread(self.model)),
            metrics=metrics(output),
            jit_compile=False,
        )

    def start(self, number: int) -> PhaseStart:
        trained = trainable(self.graph, self.graph.phases[number].rates)
        every = sum(each.params for each in self.graph.weights.values())
        phases = self.training.phases
        return PhaseStart(phases[number], number + 1, len(phases), trained, every - trained, self.steps())

    def steps(self) -> int:
        """Batches an epoch."""
        return steps(self.data.train, batch_size=self.training.batch_size)

    def batches(self, number: int) -> Any:
        augmentation = self.training.augment
        return shuffled_batches(
            self.data.train,
            batch_size=self.training.batch_size,
            seed=seed_of(self.training.seed, f"order of phase {number}"),
            epochs=self.training.phases[number].epochs,
            augment=augmenter(augmentation, self.graph.recipe.inputs) if augmentation else None,
        )

    def record(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)
        if self.out is not None:
            append_csv(self.out / HISTORY, epoch)

    def checkpoint(self, weights: Weights) -> None:
        if self.out is not None:
            # Vocabularies are no weights of Keras's, and with other ones the weights would mean other things.
            texts = {name: vocabulary(each) for name, each in lookups(self.model).items()}
            save_weights({**texts, **weights}, self.out / CHECKPOINT)
