"""A recipe trained on data, phase by phase."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fusion.checking import resolve
from fusion.data.batches import batches, shuffled_batches, steps
from fusion.data.examples import Array, Data, Examples, splits
from fusion.errors import DataError, TrainingError, listed
from fusion.graph.costs import trainable
from fusion.graph.nodes import FusionGraph
from fusion.model.addresses import layer
from fusion.model.building import build_graph
from fusion.model.files import save_weights
from fusion.model.seeding import seed_of
from fusion.recipe.head import Output
from fusion.recipe.inputs import Table
from fusion.recipe.recipe import Recipe
from fusion.recipe.training import Phase, Training
from fusion.training.freezing import held_still, inference_mode, set_trainable
from fusion.training.history import Epoch, History, append_csv
from fusion.training.objectives import check_monitor, loss, metrics
from fusion.training.optimizers import make_optimizer
from fusion.training.recording import Recorder, Weights

CHECKPOINT = "checkpoint.npz"
"""Weights by address of the best epoch so far, of all that training changed."""
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
    recipe: Recipe | str | Path,
    data: Data,
    *,
    out: str | Path | None = None,
    folders: Sequence[str | Path] = (),
    watch: Watch | None = None,
) -> Trained:
    """Returns the model of a recipe trained on data by the phases it declares.

    What a phase does not name is frozen and runs in inference mode, its dropout too; that it did not move is made sure
    of after each phase. The model is compiled anew for each. Fresh weights, the order of examples and dropout follow
    from the seed of the recipe's training.

    Args:
        recipe: The recipe, or the path of its file.
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
    own = [] if isinstance(recipe, Recipe) else [Path(recipe).absolute().parent]
    graph = resolve(recipe)
    training = _training(graph.recipe, data)
    model = build_graph(graph, folders=[*map(Path, folders), *own])
    run = _Run(graph, model, data, training, Path(out) if out is not None else None)
    run.adapt_tables()
    for number in range(len(training.phases)):
        run.fit_phase(number, watch)
    return Trained(model, graph, History(tuple(run.epochs), run.kept))


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

    def adapt_tables(self) -> None:
        """Takes mean and variance of each table from the training rows, and from no others."""
        for name, declared in self.graph.recipe.inputs.items():
            column = self.data.train.columns[name]
            if isinstance(declared, Table) and isinstance(column, Array):
                address = f"{name}.normalise"
                layer(self.model, address).adapt(np.asarray(column.values, "float32"))
                self.changed[address] = None

    def fit_phase(self, number: int, watch: Watch | None) -> None:
        phase, plan = self.training.phases[number], self.graph.phases[number]
        set_trainable(self.model, self.graph, plan)
        self.changed |= dict.fromkeys(plan.rates)
        self.compile(number)
        recorder = Recorder(phase, self.changed, self.record, self.checkpoint)
        start = self.start(number)
        validation = self.data.validation
        with inference_mode(self.model, plan), held_still(self.model, plan):
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
        rates = {
            address: (layer(self.model, address).trainable_variables, rate)
            for address, rate in self.graph.phases[number].rates.items()
        }
        self.model.compile(
            optimizer=make_optimizer(phase.optimizer, rates),
            loss=loss(output),
            metrics=metrics(output),
            jit_compile=False,
        )

    def start(self, number: int) -> PhaseStart:
        trained = trainable(self.graph, self.graph.phases[number].rates)
        every = sum(each.params for each in self.graph.weights.values())
        phases = self.training.phases
        batch_size = self.training.batch_size
        return PhaseStart(
            phases[number],
            number + 1,
            len(phases),
            trained,
            every - trained,
            steps(self.data.train, batch_size=batch_size),
        )

    def batches(self, number: int) -> Any:
        return shuffled_batches(
            self.data.train,
            batch_size=self.training.batch_size,
            seed=seed_of(self.training.seed, f"order of phase {number}"),
            epochs=self.training.phases[number].epochs,
        )

    def record(self, epoch: Epoch) -> None:
        self.epochs.append(epoch)
        if self.out is not None:
            append_csv(self.out / HISTORY, epoch)

    def checkpoint(self, weights: Weights) -> None:
        if self.out is not None:
            save_weights(weights, self.out / CHECKPOINT)


def _training(recipe: Recipe, data: Data) -> Training:
    """Returns the training a recipe declares, made sure of that the data let it do what it says."""
    if recipe.training is None:
        raise TrainingError(
            f'Recipe {recipe.name!r} says nothing of training; give it "training" with phases.'
        )
    for phase in recipe.training.phases:
        check_monitor(phase, validated=data.validation is not None)
    given, wanted = list(data.train.columns), list(recipe.inputs)
    if set(given) != set(wanted):
        raise DataError(
            f"The recipe reads the inputs {listed(wanted)}, and the data have {listed(given)}. "
            "Name the data's inputs as the recipe does."
        )
    for name, part in splits(data).items():
        _check_targets(part, recipe.head.output, name)
    return recipe.training


def _check_targets(examples: Examples, output: Output, split: str) -> None:
    """Refuses targets the output cannot have; some devices would turn a class that is not there into NaN in silence."""
    targets = examples.targets
    if targets is None:
        raise DataError(f"There are no targets in {split}; examples without targets can only be predicted.")
    shape = targets.shape[1:]
    if output.task == "classification":
        if shape or not np.issubdtype(targets.dtype, np.integer):
            raise DataError(
                f"The targets of a classification are class numbers of shape (examples,), those of {split} are "
                f"{targets.dtype} of shape {targets.shape}."
            )
        if len(targets) and not 0 <= targets.min() <= targets.max() < output.width:
            raise DataError(
                f"The head has the classes 0 to {output.width - 1}, and the targets of {split} go from "
                f"{targets.min()} to {targets.max()}."
            )
    elif shape != (output.width,):
        raise DataError(
            f"The targets of this {output.task} have shape (examples, {output.width}), those of {split} "
            f"{targets.shape}."
        )
