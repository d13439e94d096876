"""Commands that train a model and use it: train, evaluate, predict."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast, get_args

import typer

from fusion.cli.describing import AsJson, File, resolve
from fusion.cli.making import Folders, Store
from fusion.errors import DataError, ModelError, TrainingError, listed, near

if TYPE_CHECKING:
    from fusion.data.examination import Progress
    from fusion.data.examples import Data, Examples
    from fusion.data.splits import Judged
    from fusion.recipe.inputs import Image
    from fusion.recipe.recipe import Recipe

ModelFile = Annotated[
    Path, typer.Argument(metavar="MODEL", help="A .keras file that fusion wrote, or its run's folder.")
]
DataPath = Annotated[
    Path, typer.Option("--data", help="A folder of images, an .npz file or a dataset file (.json).")
]
SplitName = Annotated[str, typer.Option("--split", help="train, validation, test, or all of them.")]


def train(
    file: File,
    data: DataPath,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the run, new or empty.")],
    folder: Folders = None,
    store: Store = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="Run all layers in every epoch.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a run that did not end, after its last epoch.")
    ] = False,
    devices: Annotated[
        int | None,
        typer.Option("--devices", min=1, help="How many GPUs share each batch; all weights on each."),
    ] = None,
    logs: Annotated[
        Path | None,
        typer.Option("--tensorboard", help="Folder for TensorBoard's logs, one in it for each phase."),
    ] = None,
) -> None:
    """Train a recipe on data, phase by phase, and judge it on what it never saw."""
    from rich.console import Console

    from fusion.backbones.quiet import load_keras

    kept_in = _store_of(store, no_store=no_store)
    graph = resolve(file, folder or ())
    load_keras()
    from fusion.checking import places
    from fusion.cli.progress import both, watching
    from fusion.cli.tables import print_metrics
    from fusion.training.devices import mirrored
    from fusion.training.history import kept
    from fusion.training.runs import FILES, check_start
    from fusion.training.runs import train as trained
    from fusion.training.states import STATE
    from fusion.training.tensorboards import tensorboard

    logging = tensorboard(logs) if logs else None
    strategy = mirrored(devices) if devices else None
    folders = places(file, folder or [])
    check_start(graph, out=out, folders=folders, store=kept_in, resume=resume)
    if resume and not (out / STATE).exists():
        typer.echo(f"{out} holds no run to go on with; one begins there")
    examples = described(data, graph.recipe)
    with _interruptible(out), watching(Console(stderr=True)) as watch:
        run = trained(
            graph,
            examples,
            out=out,
            folders=folders,
            watch=both(watch, logging) if logging else watch,
            store=kept_in,
            resume=resume,
            strategy=strategy,
        )
    print_metrics(run.metrics)
    typer.echo(f"kept: {kept(run.history)}")
    typer.echo(f"{out}: {', '.join(FILES)}")


def _store_of(store: Path | None, *, no_store: bool) -> Path | bool:
    """Returns where frozen tensors are stored: in a folder, in the user's cache (`True`), or nowhere."""
    if store and no_store:
        raise TrainingError(
            "--store names a folder to store in, and --no-store stores nothing. Give one of them."
        )
    return not no_store and (store or True)


def described(path: Path, recipe: "Recipe") -> "Data":
    """Returns data as a recipe reads them, after saying what they are."""
    from fusion.cli.bars import examining
    from fusion.data.descriptions import describe

    with examining() as progress:
        examples = read(path, recipe, progress)
    typer.echo(describe(examples))
    return examples


@contextmanager
def _interruptible(out: Path) -> Iterator[None]:
    """Says of a training that is interrupted what is saved of it, and ends as what is interrupted does."""
    try:
        yield
    except KeyboardInterrupt:
        saved = out / "model.keras"
        said = f"the best weights so far are in {saved}" if saved.exists() else "no epoch had ended"
        typer.echo(f"interrupted; {said}; --resume goes on after the last epoch", err=True)
        raise typer.Exit(130) from None


def evaluate(
    model: ModelFile,
    data: DataPath,
    split: SplitName = "test",
    as_json: AsJson = False,
) -> None:
    """Judge a trained model on a split of data."""
    import json

    from fusion.backbones.quiet import load_keras

    load_keras()
    from fusion.cli.bars import examining
    from fusion.cli.tables import print_metrics
    from fusion.data.descriptions import describe
    from fusion.data.examples import join, splits
    from fusion.data.seen import SEEN, seen_before
    from fusion.data.splits import Judged
    from fusion.model.files import load
    from fusion.training.evaluation import evaluate as evaluated
    from fusion.training.fitness import check_labels

    if split not in get_args(Judged):
        raise DataError(f"{split!r} is no split; there are {listed(get_args(Judged))}.")
    loaded = load(_model(model))
    with examining() as progress:
        found_data = read(data, loaded.recipe, progress, judged=cast(Judged, split))
    check_labels(loaded.labels, found_data.labels, "The model")
    if not as_json:
        typer.echo(describe(found_data))
    every = splits(found_data)
    if split == "all":
        part = join(list(every.values()))
    elif split in every:
        part = every[split]
    else:
        raise DataError(f"The data have no split {split!r}; they have {', '.join(every)}, and all.")
    found = evaluated(loaded.model, part, loaded.recipe.head.output)
    before = seen_before(_digests(found_data, split), _model(model).parent / SEEN)
    if as_json:
        typer.echo(json.dumps({"split": split, "examples": len(part), "seen": before, **found}))
        return
    print_metrics({split: found})
    for part_name, count in before.items():
        typer.echo(f"{count} of these {len(part)} examples were in its {part_name} split: not held out.")


def predict(
    model: ModelFile,
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WHAT]...", help="Image files; or of one example NAME=VALUE for each input."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="A dataset file (.json), all rows of it, or a folder of images."),
    ] = None,
    input_name: Annotated[
        str | None, typer.Option("--input", help="The input that images feed, where others are optional.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a trained model makes of new examples.

    A model that reads one image takes image files. Any other takes one example, as in frontal=a.jpg area_sqft=1200, or
    a table through --data.
    """
    import json
    from dataclasses import asdict

    from fusion.backbones.quiet import load_keras

    if bool(what) == (data is not None):
        raise typer.BadParameter("Say what to predict: image files, NAME=VALUE for each input, or --data.")
    load_keras()
    from fusion.cli.bars import examining
    from fusion.cli.tables import print_predictions
    from fusion.data.reading import read_inputs
    from fusion.model.files import load
    from fusion.training.evaluation import predict as predicted

    loaded = load(_model(model))
    with examining() as progress:
        if data is not None:
            examples = read_inputs(data, inputs=loaded.recipe.inputs, progress=progress)
        else:
            examples = _said(what or [], input_name, loaded.recipe, progress)
    found = predicted(loaded.model, examples, loaded.recipe.head.output, labels=loaded.labels)
    if as_json:
        typer.echo(json.dumps([asdict(prediction) for prediction in found], indent=1))
    else:
        print_predictions(found, loaded.labels)


def _fed(recipe: "Recipe", name: str | None) -> "tuple[str, Image]":
    """Returns the input that images alone can feed, or that of them which is named."""
    from fusion.data.gaps import only_image
    from fusion.data.requests import written

    inputs = recipe.inputs
    if name is not None and name not in inputs:
        raise DataError(f"The model has no input {name!r}.{near(name, inputs)} It has {listed(inputs)}.")
    found = only_image(inputs, given=name)
    if found is None:
        images = any(said.kind == "image" for said in inputs.values())
        which = [each for each, said in inputs.items() if said.kind == "image" and said.optional]
        raise DataError(
            f"The model reads {listed(inputs)}, {'not one image' if images else 'and no image'}. Write NAME=VALUE for each, as in {written(inputs)}, "
            f"{'give' if which else 'or give'} a table by --data"
            f"{', or say with --input which of its optional images these are' if which else ''}."
        )
    return found


def _said(what: list[str], name: str | None, recipe: "Recipe", progress: "Progress") -> "Examples":
    """Returns what is named on the command line: several images, or one example."""
    from fusion.data.reading import read_images
    from fusion.data.requests import keys, parse_values, read_values

    if name is None and _named(what, keys(recipe.inputs)):
        return read_values(parse_values(what), inputs=recipe.inputs, progress=progress)
    name, declared = _fed(recipe, name)
    paths = [Path(each) for each in what]
    return read_images(paths, input_name=name, image=declared, others=recipe.inputs, progress=progress)


def _named(what: list[str], known: Iterable[str]) -> bool:
    """Whether words are NAME=VALUE, also with a name that nothing reads; files may have an = in their names."""
    names = [word.partition("=")[0] for word in what]
    if names[0] in {*known}:
        return True
    return all(
        name != word and Path(name).name == name and not Path(word).exists()
        for name, word in zip(names, what, strict=True)
    )


def read(path: Path, recipe: "Recipe", progress: "Progress", *, judged: "Judged | None" = None) -> "Data":
    """Returns data as a recipe reads them."""
    from fusion.data.reading import read_data

    return read_data(
        path,
        inputs=recipe.inputs,
        output=recipe.head.output,
        seed=recipe.seed,
        progress=progress,
        judged=judged,
    )


def _digests(data: "Data", split: str) -> list[bytes]:
    """Returns the digests of a split's examples, or of all splits' for `all`."""
    parts = list(data.digests.values()) if split == "all" else [data.digests.get(split, ())]
    return [digest for part in parts for digest in part]


def _model(path: Path) -> Path:
    model, checkpoint = path / "model.keras", path / "checkpoint.npz"
    if path.is_dir() and checkpoint.exists() and not model.exists():
        raise ModelError(
            f"The run in {path} did not end. fusion train goes on with it by --resume. The weights of its best epoch make "
            "a model:\n"
            f"fusion build {path / 'recipe.json'} --weights {checkpoint} -o {model}"
        )
    return model if path.is_dir() else path
