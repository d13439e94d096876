"""One training under way: its phases, what is recorded and written as they go."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import keras

from fusion.data.augmentation import augmenter
from fusion.data.batches import batches, reading, shuffled_batches, steps
from fusion.data.examples import Data, Examples, splits
from fusion.errors import TrainingError
from fusion.features.frozen import Frozen
from fusion.features.needs import check_store
from fusion.features.planning import plan_for
from fusion.frontier.plans import PlannedPhase
from fusion.graph.nodes import FusionGraph
from fusion.model.adapting import adapt_inputs
from fusion.model.addresses import layers, set_weights
from fusion.model.renewing import renew
from fusion.model.seeding import seed_of
from fusion.recipe.training import Training
from fusion.store.shelf import store_folder
from fusion.training.checkpoints import write_checkpoint
from fusion.training.freezing import held_still, inference_mode, set_trainable
from fusion.training.history import HISTORY, Epoch, append_csv, write_csv
from fusion.training.objectives import loss, metrics
from fusion.training.onlooking import told
from fusion.training.optimizers import make_optimizer
from fusion.training.phases import Watch, phase_start
from fusion.training.precision import mixed, scaled
from fusion.training.programs import Built, Programs
from fusion.training.recording import Recorder, Weights
from fusion.training.resuming import Keeper, States, origin_in_full, put_back, put_back_optimizer
from fusion.training.scaling import adapt_output, spread
from fusion.training.states import STATE, State, check_origin, read_state
from fusion.training.weighting import class_weights, named


@dataclass
class Course:
    """One training under way.

    Args:
        graph: The recipe, resolved.
        built: The model, which is fitted with the auxiliary outputs too, where there are some.
        data: What it is trained and chosen by.
        training: What the recipe declares of it.
        out: Folder for what is there while it goes on; `None` to write nothing.
        store: Folder for frozen tensors; `None` to store none.
        callbacks: Keras callbacks of the user.
        programs: What an earlier training built and compiled; `None` to share nothing.
    """

    graph: FusionGraph
    built: Built
    data: Data
    training: Training
    out: Path | None
    store: Path | None
    callbacks: Sequence[keras.callbacks.Callback]
    programs: Programs | None = None

    def __post_init__(self) -> None:
        self.parts: dict[str, tuple[keras.Model, Examples]] = {}
        self.epochs: list[Epoch] = []
        self.kept: dict[str, int] = {}
        self.changed: dict[str, None] = {}
        self.states: States | None = None

    @property
    def model(self) -> keras.Model:
        """The model, with the auxiliary outputs too."""
        return self.built.whole

    def begin(self, *, resume: bool) -> State:
        """Adapts the model to the data, and returns where to go on: in the first phase, or as a folder says."""
        origin = origin_in_full(self.graph.recipe, self.data, self.model) if self.out is not None else {}
        self.adapt()
        if self.programs is not None:
            self.built = self.programs.exchanged(self.built)
        if self.out is None:
            self.check_store(0)
            return State()
        self.states = States(self.out / STATE, self.model, origin, self.data.labels)
        if not (resume and self.states.path.exists()):
            self.check_store(0)
            self.states.begin()
            return State()
        state = read_state(self.states.path)
        check_origin(state, origin, self.out)
        put_back(self.model, state)
        self.check_store(state.phase)
        self.changed |= dict.fromkeys(name.rpartition("/")[0] for name in state.now)
        self.epochs, self.kept = list(state.epochs), dict(state.kept)
        write_csv(self.out / HISTORY, self.epochs)
        if state.best:
            self.checkpoint(state.best)
        return state

    def adapt(self) -> None:
        """Takes from the training rows, and no others, what inputs and a standardised target are measured by."""
        train = self.data.train
        self.changed |= dict.fromkeys(adapt_inputs(self.model, self.graph.recipe.inputs, train))
        targets = train.targets
        if targets is not None:
            self.changed |= dict.fromkeys(adapt_output(self.model, targets))

    def check_store(self, first: int) -> None:
        """Raises if the tensors of the phases from one on cannot be stored."""
        if self.planned:
            check_store(self.frozen, [each.frontier for each in self.planned[first:]], self.used())

    def used(self) -> dict[str, Examples]:
        """Returns the examples that training sees, by split."""
        return {name: part for name, part in splits(self.data).items() if name != "test"}

    def fit_phase(self, number: int, watch: Watch | None, state: State) -> None:
        """Fits one phase, from where `state` left it, and gives the model the weights of the epoch that is kept."""
        phase, plan = self.training.phases[number], self.graph.phases[number]
        set_trainable(self.model, self.graph, plan)
        if state.ended:
            self.end_phase(number, state)
            return
        if not state.done:
            self.changed |= dict.fromkeys(renew(self.model, plan.is_reset, seed=self.training.seed))
        self.changed |= dict.fromkeys(plan.rates)
        recorder = Recorder(
            phase, self.changed, self.record, self.checkpoint, standing=state.standing, weights=state.best
        )
        start = phase_start(
            self.graph,
            number,
            steps=self.steps(),
            planned=self.planned[number] if self.planned else None,
            done=state.done,
            weights=named(self.weights, self.data.labels),
        )
        callbacks = [
            recorder,
            *(watch(start) if watch else ()),
            *self.callbacks,
            self.keeper(number, recorder),
        ]
        with inference_mode(self.model, plan), held_still(self.model, plan), reading():
            self.parts = self.split(number, callbacks)
            self.fit_epochs(number, callbacks, state, steps=start.steps)
            recorder.restore()
        self.kept[phase.name] = recorder.kept

    def fit_epochs(
        self, number: int, callbacks: list[keras.callbacks.Callback], state: State, *, steps: int
    ) -> None:
        """Fits the epochs of a phase that are left, on its parts where it is split."""
        phase, size = self.training.phases[number], self.training.batch_size
        fitted, train = self.parts.get("train", (self.model, self.data.train))
        _, validation = self.parts.get("validation", (fitted, self.data.validation))
        self.compile(number, fitted, state)
        plan, precision = self.graph.phases[number], self.training.precision
        with mixed(self.model, self.graph, plan, fitted=fitted, precision=precision):
            fitted.fit(
                self.batches(train, number, start=state.done),
                initial_epoch=state.done,
                epochs=phase.epochs,
                steps_per_epoch=steps,
                validation_data=batches(validation, batch_size=size) if validation else None,
                # Also where only a part is fitted, callbacks are given the whole model.
                callbacks=keras.callbacks.CallbackList(
                    callbacks, add_history=True, model=self.model, epochs=phase.epochs, steps=steps
                ),
                class_weight=self.weights or None,
                shuffle=False,
                verbose=0,
            )

    def judged(self) -> dict[str, tuple[keras.Model, Examples]]:
        """Returns by what the finished model's output of a split is given, where that is not the model itself."""
        # Who trained on changed copies is judged on the examples themselves.
        found = {
            name: part for name, part in self.parts.items() if name != "train" or not self.training.views
        }
        if not self.built.shared:
            return found
        whole = self.built.program((), self.frozen.helped)
        return {name: found.get(name, (whole, part)) for name, part in splits(self.data).items()}

    def end_phase(self, number: int, state: State) -> None:
        """Leaves all as a phase does whose last epoch had ended when its run was interrupted."""
        set_weights(self.model, state.best)
        self.kept[self.training.phases[number].name] = state.standing.kept
        # A later phase is split by itself; the last one's parts judge the finished model.
        if number + 1 == len(self.training.phases):
            with inference_mode(self.model, self.graph.phases[number]), reading():
                self.parts = self.split(number, self.callbacks)

    def keeper(self, number: int, recorder: Recorder) -> Keeper:
        """Returns the callback that writes where the phase stands."""

        def keep(done: int, ended: bool) -> None:
            if self.states is not None:
                seen = {"phase": number, "epochs": tuple(self.epochs), "kept": dict(self.kept)}
                self.states.write(recorder, done, ended, **seen)

        return Keeper(self.training.phases[number].epochs, keep)

    def split(
        self, number: int, callbacks: Sequence[keras.callbacks.Callback]
    ) -> dict[str, tuple[keras.Model, Examples]]:
        """Returns what comes after the frontier of a phase, and the examples it reads; nothing where there is none."""
        found = self.planned[number].frontier if self.planned else None
        used = self.used()
        if found is None or not found.tensors:
            # In mixed precision the model as a whole would round elsewhere than its parts do.
            if not self.graph.auxiliary and self.training.precision == "float32" and not self.built.shared:
                return {}
            fitted = self.built.program((number,), self.frozen.helped)
            return {name: (fitted, part) for name, part in used.items()}
        use: tuple[int | str, ...] = (number, *(each.name for each in found.tensors), *found.inputs)
        fitted = self.built.program(use, partial(self.frozen.suffix, found))
        watch = told(callbacks)
        fed = {"train": self.frozen.views(found, used.pop("train"), watch=watch)}
        fed |= {
            name: self.frozen.examples(found, part, what=name, watch=watch) for name, part in used.items()
        }
        return {name: (fitted, part) for name, part in fed.items()}

    @cached_property
    def weights(self) -> dict[int, float]:
        """How much each class counts."""
        return class_weights(self.graph.recipe, self.data.train.targets, self.data.labels)

    @cached_property
    def frozen(self) -> Frozen:
        """What runs the frozen layers of the model, once."""
        return Frozen(
            self.model,
            self.graph,
            self.store or store_folder(),
            batch_size=self.training.batch_size,
            programs=self.built.prefixes,
        )

    @cached_property
    def planned(self) -> Sequence[PlannedPhase]:
        """How each phase is split; empty where nothing may be stored."""
        if self.store is None:
            if self.training.views:
                raise TrainingError(
                    'The training has "views", which are stored copies, and there is no store to keep them in. '
                    "Take them out to change images anew in every epoch, or let it store."
                )
            return ()
        return plan_for(self.graph, self.data, shared=self.built.shared).phases

    def compile(self, number: int, fitted: keras.Model, state: State) -> None:
        """Compiles for the phase: Keras goes on training what was trainable at the last compilation."""
        phase, known = self.training.phases[number], layers(self.model)
        output = self.graph.recipe.head.output
        rates = {
            address: (known[address].trainable_variables, rate)
            for address, rate in self.graph.phases[number].rates.items()
        }
        optimizer = scaled(
            make_optimizer(phase.optimizer, rates, steps=phase.epochs * self.steps()), self.training.precision
        )
        made = self.built.compiled(
            fitted, optimizer, lambda: (loss(output, spread=spread(self.model)), metrics(output))
        )
        if state.optimizer:
            put_back_optimizer(made, self.model.trainable_variables, state)

    def steps(self) -> int:
        """Batches an epoch."""
        return steps(self.data.train, batch_size=self.training.batch_size)

    def batches(self, train: Examples, number: int, *, start: int) -> Any:
        """Returns the batches of a phase from an epoch on, shuffled, and changed where the recipe says so."""
        augmentation = None if self.training.views else self.training.augment
        return shuffled_batches(
            train,
            batch_size=self.training.batch_size,
            seed=seed_of(self.training.seed, f"order of phase {self.training.since_reset(number)}"),
            epochs=self.training.phases[number].epochs,
            start=start,
            augment=augmenter(augmentation, self.graph.recipe.inputs) if augmentation else None,
        )

    def record(self, epoch: Epoch) -> None:
        """Keeps what an epoch came to, and writes it down."""
        self.epochs.append(epoch)
        if self.out is not None:
            append_csv(self.out / HISTORY, epoch)

    def checkpoint(self, weights: Weights) -> None:
        """Writes the weights of the best epoch so far."""
        if self.out is not None:
            write_checkpoint(self.model, weights, self.out)
