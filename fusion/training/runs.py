"""A training from recipe and data to a folder that holds all that came of it."""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from fusion.backbones.catalogue import find
from fusion.checking import Source, draw, places, resolve
from fusion.data.examination import Progress
from fusion.data.examples import Data, splits
from fusion.data.reading import read_data
from fusion.data.seen import SEEN, write_seen
from fusion.errors import TrainingError, shown
from fusion.files import replacing
from fusion.graph.nodes import FusionGraph
from fusion.model.addresses import set_weights, without_auxiliary
from fusion.model.building import build_graph
from fusion.model.files import load_weights, save
from fusion.recipe.writing import recipe_hash, to_json
from fusion.store.room import check_writable
from fusion.training.checkpoints import CHECKPOINT
from fusion.training.evaluation import judged, outputs, probable
from fusion.training.fitting import fit
from fusion.training.history import History, draw_curves
from fusion.training.loans import Loan
from fusion.training.phases import Trained, Watch
from fusion.training.programs import Programs
from fusion.training.resuming import origin_of
from fusion.training.scaling import spread
from fusion.training.states import STATE, check_origin, named_beside, read_state
from fusion.wording import counted

FILES = {
    "recipe.json": "the recipe, in its canonical form",
    "diagram.svg": "the architecture, coloured by the last phase",
    SEEN: "which examples it is trained on and chosen by, as digests",
    "history.csv": "loss and metrics, a line an epoch",
    "checkpoint.npz": "weights by address of the phase's best epoch so far",
    "curves.png": "the history as a picture",
    "model.keras": "the trained model; opens anywhere Keras does",
    "metrics.json": "loss and metrics of the finished model on each split",
}
"""What a run's folder holds at the end, in the order in which it comes about."""


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a training.

    Args:
        loan: The trained model, until a training that shares its programs takes it over.
        graph: The recipe, resolved.
        history: What was seen epoch by epoch.
        metrics: Loss and metrics of the finished model by split; only those on `test` were never used to choose.
        scores: What it says of the examples of each split it was not trained on: probabilities, or numbers of a regression.
        labels: Names of the classes, where targets are classes.
        seconds: How long building, training and judging took; looking at the data before is not in it.
    """

    loan: Loan = field(repr=False)
    graph: FusionGraph
    history: History
    metrics: Mapping[str, Mapping[str, float]]
    scores: Mapping[str, np.ndarray]
    labels: tuple[str, ...] | None
    seconds: float

    @property
    def model(self) -> keras.Model:
        """The trained Keras model, with the weights of the epoch each phase kept.

        Raises:
            TrainingError: If a later training was given the same `Programs`, and took the model over.
        """
        return self.loan.model


def train(
    recipe: Source,
    data: Data | str | Path,
    *,
    out: str | Path | None = None,
    folders: Sequence[str | Path] = (),
    watch: Watch | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    progress: Progress | None = None,
    store: bool | str | Path = True,
    resume: bool = False,
    strategy: tf.distribute.Strategy | None = None,
    programs: Programs | None = None,
) -> Run:
    """Trains the model of a recipe on data and judges it on every split.

    Args:
        recipe: The recipe, or the path of its file, or what `fusion.resolve` made of it.
        data: Examples, or what `fusion.read_data` reads: a folder of images, an `.npz` file or a dataset file.
        out: Folder for all that comes of it (`FILES`), without another run's; `None` to write nothing.
        folders: Where weights files lie, as in `fusion.build`.
        watch: Called as each phase begins; returns Keras callbacks for it.
        callbacks: Keras callbacks, called in each phase as in a `fit` of its own.
        progress: Called with how many of how many image files have been examined.
        store: Folder for frozen tensors, which are computed once where that saves time; `True` is `store` in the
            user's cache folder, `False` runs all layers in every epoch.
        resume: Goes on with a run in `out` that was killed, after the last epoch that ended, to the result that it would
            have had (on one machine to the bit); begins it where no run is there.
        strategy: A `tf.distribute.MirroredStrategy`, to train on several devices, each with its share of every batch.
        programs: What an earlier training built and compiled, to go on with where the recipe differs in its seed alone;
            its model is then this one's, and is that run's no more.

    Raises:
        RecipeError: Listing every problem of the recipe.
        DataError: If the data cannot be used, or are not what the recipe reads.
        WeightsError: If weights are missing, damaged, or another network's.
        TrainingError: If the recipe has no training or cannot do what it says, or the folder holds another run.
        StoreError: If the store cannot be used.
    """
    if not isinstance(programs, Programs | None):
        raise TrainingError(
            f"Expected fusion.Programs() as programs, got {shown(programs)}. Make them once, and give them to each training."
        )
    graph = resolve(recipe, folders=folders)
    declared, where = graph.recipe, places(recipe, folders)
    check_start(graph, out=out, folders=where, store=store, resume=resume)
    if not isinstance(data, Data):
        output = declared.head.output
        data = read_data(data, inputs=declared.inputs, output=output, seed=declared.seed, progress=progress)
    began = time.perf_counter()
    # A run that is gone on with has told them already, and other data may yet be refused.
    if out is not None and not (resume and (Path(out) / STATE).exists()):
        _tell(graph, data, Path(out))
    with _rescuing(graph, out, where):
        trained = fit(
            graph,
            data,
            out=out,
            folders=where,
            watch=watch,
            callbacks=callbacks,
            store=store,
            resume=resume,
            strategy=strategy,
            programs=programs,
        )
    metrics, scores = _judge(trained, data)
    seconds = time.perf_counter() - began
    run = Run(trained.loan, graph, trained.history, metrics, scores, data.labels, seconds)
    if out is not None:
        _finish(run, Path(out))
    return run


def _judge(trained: Trained, data: Data) -> tuple[dict[str, dict[str, float]], dict[str, np.ndarray]]:
    """Returns metrics by split, and what the model says of the examples of each that it was not trained on."""
    metrics, scores, output = {}, {}, trained.graph.recipe.head.output
    for name, examples in splits(data).items():
        model, part = trained.parts.get(name, (trained.model, examples))
        said = outputs(model, part)
        metrics[name] = judged(said, np.asarray(part.targets), output, spread=spread(model))
        if name != "train":
            scores[name] = probable(said, output)
    return metrics, scores


def _tell(graph: FusionGraph, data: Data, out: Path) -> None:
    """Writes what is trained on what, before a training, which may be killed: its checkpoint can become a model."""
    _write(out / "recipe.json", to_json(graph.recipe))
    _write(out / "diagram.svg", draw(graph, phase=max(len(graph.phases) - 1, 0)).svg())
    write_seen(data.digests, out / SEEN)


def _finish(run: Run, out: Path) -> None:
    # The model first: what comes after may fail without it being lost.
    save(run.model, out / "model.keras", recipe=run.graph.recipe, labels=run.labels)
    about: dict[str, Any] = {
        "recipe": recipe_hash(run.graph.recipe),
        "metrics": run.metrics,
        "kept_epochs": run.history.kept,
        "seconds": round(run.seconds, 1),
        "versions": {"fusion": version("fusion"), "keras": keras.__version__, "tensorflow": tf.__version__},
    }
    _write(out / "metrics.json", json.dumps(about, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    with replacing(out / "curves.png") as part:
        draw_curves(run.history).savefig(part, dpi=144, format="png")
    # The last step: until then the run can be gone on with.
    (out / STATE).unlink()


def check_start(
    graph: FusionGraph,
    *,
    out: str | Path | None,
    folders: Sequence[Path],
    store: bool | str | Path = True,
    resume: bool = False,
) -> None:
    """Raises if a training could not start: its folder holds another, or a weights file is missing or another one.

    Raises:
        TrainingError: If the folder holds another run, one that has ended or not, or cannot be written to.
        WeightsError: If a weights file is not there, or is not the one that was meant.
        StoreError: If the store that is named cannot be written.
    """
    if not isinstance(store, bool):
        check_writable(Path(store))
    for backbone in graph.recipe.backbones.values():
        find(backbone, folders)
    if out is None:
        if resume:
            raise TrainingError("A run is gone on with from its folder; say which by out.")
        return
    folder = Path(out)
    # These alone are left by a training that did not start.
    unstarted = {"recipe.json", "diagram.svg", SEEN}
    used = [name for name in FILES if (folder / name).exists() and name not in unstarted]
    if used and not (folder / STATE).exists():
        if resume:
            raise TrainingError(f"The run in {out} has ended, so there is nothing to go on with.")
        raise TrainingError(
            f"The folder {out} holds another run ({', '.join(used)}). Name a new folder, or move that one away."
        )
    if used and not resume:
        raise TrainingError(
            f"The folder {out} holds a run that did not end, {_where(folder)}. Go on with it by --resume "
            "(resume=True in Python), or name a new folder."
        )
    if resume and (folder / STATE).exists():
        check_origin(read_state(folder / STATE), origin_of(graph.recipe), folder)
    if folder.exists() and not folder.is_dir():
        raise TrainingError(f"{out} is a file; a run needs a folder.")
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise TrainingError(
            f"The run cannot be written to {out}: {error.strerror}. Name a folder that can be written to."
        ) from error


def _where(folder: Path) -> str:
    state = read_state(folder / STATE)
    return f"with {counted(len(state.epochs), 'epoch')} done"


@contextmanager
def _rescuing(graph: FusionGraph, out: str | Path | None, folders: Sequence[Path]) -> Iterator[None]:
    """Saves the model with the weights of the last checkpoint, if there is one, of a training that is broken off."""
    try:
        yield
    except KeyboardInterrupt:
        if out is not None and (checkpoint := Path(out) / CHECKPOINT).exists():
            # The run's own: of one that is gone on with, data given now may yet be refused.
            labels = named_beside(checkpoint)
            model = build_graph(graph, folders=folders)
            set_weights(model, without_auxiliary(load_weights(checkpoint)))
            save(model, Path(out) / "model.keras", recipe=graph.recipe, labels=labels)
        raise


def _write(path: Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")
