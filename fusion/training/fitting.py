"""A recipe trained on data, phase by phase."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import keras
import tensorflow as tf

from fusion.checking import Source, places, resolve
from fusion.data.examples import Data
from fusion.graph.nodes import FusionGraph
from fusion.model.building import build_with_auxiliary
from fusion.model.collecting import leftovers_collected
from fusion.store.shelf import store_folder
from fusion.training.course import Course
from fusion.training.devices import scope
from fusion.training.fitness import training_of
from fusion.training.history import History
from fusion.training.loans import Loan
from fusion.training.phases import Trained, Watch
from fusion.training.programs import Built, Programs, form_of
from fusion.training.states import State


def fit(
    recipe: Source,
    data: Data,
    *,
    out: str | Path | None = None,
    folders: Sequence[str | Path] = (),
    watch: Watch | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    store: bool | str | Path = True,
    resume: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    programs: Programs | None = None,
) -> Trained:
    """Returns the model of a recipe trained on data by the phases it declares.

    What a phase does not name is frozen and runs in inference mode, its dropout too; that it did not move is made sure
    of after each phase. The model is compiled for each, once for all trainings that share `programs`. Fresh weights, the
    order of examples, dropout and augmentation follow from the seed of the recipe's training; augmentation is no part of
    the model.

    Args:
        recipe: The recipe, or the path of its file, or what `fusion.resolve` made of it.
        data: Examples as `fusion.read_data` gives them.
        out: Folder for `history.csv`, a line an epoch, and `checkpoint.npz`, the best weights so far; both are
            there while training goes on. `None` to write nothing.
        folders: Where weights files lie, as in `fusion.build`.
        watch: Called as each phase begins.
        callbacks: Keras callbacks, called in each phase as in a `fit` of the whole model; they change nothing frozen.
        store: Folder for frozen tensors, which are computed once where that saves time, and found again by later
            phases and runs; `True` is `store` in the user's cache folder, `False` runs all layers in every epoch. The
            weights are the same.
        resume: Goes on after the last epoch of which `out` has the state; from the start where it has none.
        strategy: A `tf.distribute.MirroredStrategy`, to train on several devices.
        programs: What an earlier training built and compiled, to go on with where the recipe differs in its seed alone;
            its model is then this one's, and is that training's no more.

    Raises:
        RecipeError: Listing every problem of the recipe.
        TrainingError: If it has no training, or that cannot do what it says.
        DataError: If the data are not what the recipe reads.
        WeightsError: If weights are missing, damaged, or another network's.
        StoreError: If the store cannot be used.
    """
    graph = resolve(recipe, folders=folders)
    training = training_of(graph, data)
    where = places(recipe, folders)
    shared = programs if strategy is None and training.precision == "float32" else None
    form = form_of(graph, data, where) if shared is not None else None
    with scope(strategy, training), programs.kept(form) if programs is not None else nullcontext():
        # Where a model is shared, the fresh one goes as soon as its state is taken over.
        with leftovers_collected():
            course = Course(
                graph,
                _built(graph, where, shared=shared is not None),
                data,
                training,
                Path(out) if out is not None else None,
                folder_of(store),
                callbacks,
                shared,
            )
            state = course.begin(resume=resume)
        for number in range(state.phase, len(training.phases)):
            course.fit_phase(number, watch, state if number == state.phase else State())
    loan = Loan(course.built.model)
    if shared is not None:
        shared.lent = loan
    return Trained(loan, graph, History(tuple(course.epochs), course.kept), course.judged())


def _built(graph: FusionGraph, folders: Sequence[Path], *, shared: bool) -> Built:
    model, predictions = build_with_auxiliary(graph, folders=folders)
    # In training it has the auxiliary outputs too; what is handed on is without them.
    whole = keras.Model(model.inputs, [model.output, *predictions.values()]) if predictions else model
    return Built(model, whole, shared=shared)


def folder_of(store: bool | str | Path) -> Path | None:
    """Returns the folder that frozen tensors are stored in; `None` if they are not.

    >>> folder_of("features"), folder_of(False)
    (PosixPath('features'), None)
    """
    if isinstance(store, bool):
        return store_folder() if store else None
    return Path(store)
