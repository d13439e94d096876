"""The quickstart itself: a source task, a recipe, and what the recipe's arms come to."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from fusion.data.glyphs import glyph_data
from fusion.errors import TrainingError
from fusion.graph.costs import costs
from fusion.quickstart.arms import arms
from fusion.quickstart.source import INPUT, pretrain
from fusion.recipe.backbones import Backbone, WeightsFile
from fusion.recipe.reading import load_recipe
from fusion.training.phases import Watch
from fusion.training.runs import Run, train

SOURCE_EPOCHS = {"TinyVGG": 5, "TinyResNet": 6}
"""Passes over the source task: a step of the residual network takes a third of the time and learns less."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one arm came to.

    Args:
        arm: What the table calls it.
        accuracy: On test images that nothing was chosen by.
        params: Weights of the model.
        trainable: Weights the last phase trains.
        seconds: How long training and judging took.
    """

    arm: str
    accuracy: float
    params: int
    trainable: int
    seconds: float


def recipe_file() -> Path:
    """Returns where `quickstart.json` is: in the package, or beside it in a checkout.

    >>> recipe_file().name
    'quickstart.json'
    """
    package = Path(str(files("fusion")))
    shipped = package / "recipes" / "quickstart.json"
    return shipped if shipped.is_file() else package.parent / "recipes" / "quickstart.json"


def compare(
    out: Path, *, announce: Callable[[str], None] = lambda _: None, watch: Watch | None = None
) -> tuple[Row, ...]:
    """Trains two backbones on Latin letters, then the quickstart's recipe and its arms on Greek ones.

    Args:
        out: Folder, new or empty: for the backbones' weights, and for the fused arm's run as `fusion.train` leaves it.
        announce: Called with what comes next, before each training.
        watch: Called as each phase begins, as in `fusion.train`.

    Raises:
        TrainingError: If the folder is not empty.
        FileError: If it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise TrainingError(f"{out} is not an empty folder. Name a new one, or move that one away.")
    recipe = load_recipe(recipe_file())
    for backbone in recipe.backbones.values():
        if isinstance(backbone, Backbone) and isinstance(backbone.weights, WeightsFile):
            announce(f"pretraining {backbone.arch} on Latin letters")
            pretrain(backbone, out / backbone.weights.file, epochs=SOURCE_EPOCHS[backbone.arch], watch=watch)
    data = glyph_data("greek", train=8, validation=6, test=30, input_name=INPUT)
    rows = []
    for arm, each in arms(recipe).items():
        announce(f"Greek letters, {arm}")
        run = train(each, data, out=out if each is recipe else None, folders=[out], watch=watch)
        rows.append(_row(arm, run))
    return tuple(rows)


def _row(arm: str, run: Run) -> Row:
    total = costs(run.graph)
    return Row(arm, run.metrics["test"]["accuracy"], total.params, total.phases[-1].trainable, run.seconds)
