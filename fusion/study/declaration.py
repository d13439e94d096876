"""The study file, format 1: which variants of a recipe run, on what, how often, and what they are compared by."""

from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from fusion.errors import Problem, RecipeError, StudyError, shown
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.reading import in_order, read
from fusion.recipe.recipe import Recipe
from fusion.recipe.values import Count, Map, Named, Several, Text, Value, Word, any_length

if TYPE_CHECKING:
    from fusion.data.examples import Data

FORMAT: Literal[1] = 1
SEED = "{seed}"
"""What stands for the seed in the names of data and of weights files."""
BASE = "base"
"""The arm that is the study's recipe as it stands."""

CutKind = Literal[
    "frozen", "finetuned", "random", "control", "control_finetuned", "scratch", "lp_ft", "surgical"
]
"""What becomes of the layers before a cut and of those after it."""

Place = Annotated[str, Field(pattern="^/")]
"""A JSON Pointer into a recipe, such as `/branches/texture/cut`."""

V = TypeVar("V")
if TYPE_CHECKING:
    Placed = Mapping[str, V]
else:
    Placed = Map[Place, V]
    """A map from places in a recipe."""


def any_recipe(value: Any) -> str:
    """Tells the path of a recipe from a recipe, as pydantic asks."""
    return "<path>" if isinstance(value, str) else "<recipe>"


AnyRecipe = Annotated[
    Annotated[Word, Tag("<path>")] | Annotated[Recipe, Tag("<recipe>")], Discriminator(any_recipe)
]
"""The path of a recipe's file, or the recipe itself."""


class Arm(Value):
    """A variant: the study's recipe, or another one, with some of its values exchanged or some of its branches alone.

    In JSON `{"change": {"/branches/texture/cut": "block3_pool"}}` or `{"branches": ["texture"]}`.

    Args:
        recipe: The recipe that is changed; the study's, if it is not said.
        change: New values by their places, JSON Pointers into the recipe, or into what `branches` leave of it.
        branches: Those that stay; what only the others used goes with them before anything is changed. All, if it is not
            said.

    >>> Arm(change={"/fusion/op": "multiply"}).recipe is None
    True
    """

    recipe: AnyRecipe | None = None
    change: Placed[Any] = Map()
    branches: Annotated[Several[Word], Field(min_length=1)] | None = None


def _one_or_several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


class Cuts(Value):
    """Arms that ask where to cut a backbone and train on; what each of them is, `fusion.study.cuts.cut_arms` tells.

    Args:
        backbone: Whose first layers are transferred.
        at: Last layers that are: names, globs such as `block*_pool`, `natural` (what every path passes through) or
            `stages` (their ends).
        arms: What becomes of them. `frozen` (AnB) and `finetuned` (AnB+) under new layers; `control` (BnB) and
            `control_finetuned`, the same with layers learnt on the task itself; `random`, frozen ones that learnt nothing;
            `lp_ft`, new layers first, then all; `surgical`, only those from the cut before train; `scratch`, all anew.

    >>> Cuts(backbone="eye", at="stages").at
    ('stages',)
    """

    backbone: Word
    at: Annotated[tuple[Word, ...], BeforeValidator(_one_or_several), Field(min_length=1)] = ("natural",)
    arms: Annotated[tuple[CutKind, ...], Field(min_length=1)] = ("frozen", "random", "control", "scratch")


def _rising(rungs: tuple[int, ...]) -> tuple[int, ...]:
    if rungs[0] < 2 or any(after <= before for before, after in pairwise(rungs)):
        raise ValueError(f"Rungs are rising numbers of seeds from 2 on, got {', '.join(map(str, rungs))}.")
    return rungs


class Racing(Value):
    """A race: arms that are surely worse than another after some seeds run with no further one.

    Args:
        rungs: After how many seeds arms are compared.
        alpha: Chance that an arm as good as the best is stopped, all rungs together.

    >>> Racing(rungs=[3, 5, 8]).alpha
    0.05
    """

    rungs: Annotated[tuple[Count, ...], Field(min_length=1), AfterValidator(_rising)]
    alpha: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.05


def _seeds(value: Any) -> Any:
    if isinstance(value, list | tuple) and value and all(type(seed) is int and seed >= 0 for seed in value):
        return tuple(value)
    if type(value) is int and value > 0:
        return value
    raise ValueError(f"Seeds are how many there are, or a list of whole numbers, got {shown(value)}.")


def _different(seeds: Any) -> Any:
    if isinstance(seeds, tuple) and (twice := [seed for seed, count in Counter(seeds).items() if count > 1]):
        raise ValueError(f"Each seed runs once, but {', '.join(map(str, twice))} stands more than once.")
    return seeds


Seeds = Annotated[
    Annotated[Count, Tag("<one>")] | Annotated[tuple[int, ...], Tag("<several>")],
    Discriminator(any_length),
    BeforeValidator(_seeds),
    AfterValidator(_different),
]
"""How many seeds, counted from 0, or which."""


def _not_base(arms: Map[str, Arm]) -> Map[str, Arm]:
    if BASE in arms:
        raise ValueError(f"{BASE!r} is the arm that is the recipe as it stands; give this one another name.")
    return arms


class Study(Value):
    """What is varied, and what the variants are compared by.

    The study's recipe as it stands is always an arm, called `base`. The arms of `axes` are all combinations of their
    values. An arm that would mean the same as an earlier one is left out.

    Args:
        name: What it is called.
        notes: Free text.
        recipe: The recipe that is varied: the path of its file, relative to that of the study, or the recipe itself.
        data: What `fusion.read_data` reads, relative to the study's file; may be given when the study runs instead. With
            `{seed}` in it every seed has data of its own; so it may have weights files.
        arms: Variants by name.
        axes: Values to try by their place, a JSON Pointer into the recipe; every combination is an arm.
        cuts: Arms that ask where to cut and train on.
        taps: By backbone, layers that are scored before anything trains: names, globs such as `block*_pool`,
            `natural` (what every path passes through) or `stages` (their ends).
        reference: The arm the others are compared with.
        metric: What is compared: a metric of the recipe's task, or `loss`; the task's first, if it is not said.
        seeds: Of splits, of the order of examples and of new weights: each arm runs once with each.
        alpha: Error rate of all comparisons together.
        racing: Stops arms that are surely not the best before they ran with all seeds.

    >>> study = Study(name="cuts", recipe="two.json", axes={"/branches/one/cut": ["stage:3", "stage:4"]})
    >>> study.numbers
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)
    """

    always_written: ClassVar = ("study",)

    study: Literal[1] = FORMAT
    name: Word
    notes: Text = ""
    recipe: AnyRecipe
    data: Word | None = None
    arms: Annotated[Named[Arm], AfterValidator(_not_base)] = Field(default=Map())
    axes: Placed[Annotated[Several[Any], Field(min_length=1)]] = Map()
    cuts: Cuts | None = None
    taps: Named[Annotated[Several[Word], Field(min_length=1)]] = Field(default=Map())
    reference: Word = BASE
    metric: Word | None = None
    seeds: Seeds = 10
    alpha: Annotated[float, Field(strict=True, gt=0, lt=1)] = 0.05
    racing: Racing | None = None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The seeds, also where only their number was said."""
        return self.seeds if isinstance(self.seeds, tuple) else tuple(range(self.seeds))

    @property
    def has_own_data(self) -> bool:
        """Whether each seed has data of its own, which may share examples all the same."""
        return SEED in (self.data or "")


def load_study(path: str | Path) -> Study:
    """Returns the study in the JSON file at `path`; its variants are checked when it is planned or run.

    >>> load_study("none.json")
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: none.json: 1 problem
      (whole file)   The file cannot be read: No such file or directory.

    Raises:
        RecipeError: Listing every problem, each with its JSON Pointer.
    """
    study, problems = examine_study(path)
    if problems or study is None:
        raise RecipeError.of(str(path), problems)
    return study


def examine_study(path: str | Path) -> tuple[Study | None, list[Problem]]:
    """Returns what can be read of the study in a file, without the parts that are wrong, and what is wrong, in order.

    Raises:
        RecipeError: If it is no study of this format.
    """
    data = parse(read_text(Path(path)), source=str(path))
    version = data.get("study") if isinstance(data, dict) else None
    if type(version) is not int or version < FORMAT:
        text = f'A study file is an object with "study": {FORMAT}, the version of its format.'
        raise RecipeError.of(str(path), [Problem("/study", text)])
    if version > FORMAT:
        text = f"The format is version {version}; this package reads up to {FORMAT}. Use a newer fusion."
        raise RecipeError.of(str(path), [Problem("/study", text)])
    study, problems = read(data, Study)
    return study, in_order(problems, data)


def open_study(
    study: Study | str | Path, data: "Data | str | Path | None", *, use: str
) -> tuple[Study, Path, "Data | str | Path"]:
    """Returns a study, the folder its paths are relative to, and the data that are given or, else, those it names.

    Args:
        study: The study, or the path of its file.
        data: What it runs on, instead of what the study names.
        use: What the data are wanted for, in a word.

    >>> open_study(Study(name="one", recipe="one.json", data="photographs"), None, use="run")[2].name
    'photographs'

    Raises:
        RecipeError: Listing every problem of the file.
        StudyError: If nobody says what it runs on, or only one of study and data says that seeds have data of their own.
    """
    declared, folder = (
        (study, Path()) if isinstance(study, Study) else (load_study(study), Path(study).parent)
    )
    if data is not None:
        _check_own(declared, data)
        return declared, folder, data
    if declared.data is None:
        raise StudyError(
            f'Study {declared.name!r} names no "data"; name them there, or give them to the {use}.'
        )
    return declared, folder, folder / declared.data


def _check_own(study: Study, data: "Data | str | Path") -> None:
    """Raises unless study and data agree on whether seeds have data of their own, by which intervals are made."""
    own = isinstance(data, str | Path) and SEED in str(data)
    if own and not study.has_own_data:
        raise StudyError(
            f'{data} is other data for every seed, which has to be known when arms are compared: write it as the "data" of '
            f"study {study.name!r}."
        )
    if study.has_own_data and not own:
        raise StudyError(
            f"Study {study.name!r} has data of its own for every seed, {study.data}; what is given instead needs {SEED} too."
        )
