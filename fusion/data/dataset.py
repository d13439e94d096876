"""The dataset file, format 1: which files and columns feed which input, what is predicted, and how it is split."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from fusion.data.splits import Judged, Split
from fusion.errors import Problem, RecipeError
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.reading import read
from fusion.recipe.values import Fraction, Named, Value, Word, by_key

FORMAT: Literal[1] = 1


class Files(Value):
    """Images, one file per row of the table; in JSON `{"files": "frontal/{house_id:03d}.jpg"}`.

    >>> Files(files="frontal/{house_id:03d}.jpg").files
    'frontal/{house_id:03d}.jpg'
    """

    files: Word


class Columns(Value):
    """Numbers from columns of the table; in JSON `{"columns": ["bedrooms", "area"]}`.

    >>> Columns(columns=("bedrooms", "area")).columns
    ('bedrooms', 'area')
    """

    columns: tuple[Word, ...]


class Column(Value):
    """One column of the table, of numbers, of texts, or of tokens with blanks between; in JSON `{"column": "price"}`.

    >>> Column(column="price").column
    'price'
    """

    column: Word


class Folder(Value):
    """A folder of images with a sub-folder per class, which gives the target too; in JSON `{"folder": "pets"}`.

    >>> Folder(folder="pets").folder
    'pets'
    """

    folder: Word


class SplitColumn(Value):
    """A column that says which split each row is in; in JSON `{"column": "split"}`.

    Args:
        column: Its cells are train, validation (or val) and test.
        shared: Inputs whose images may stand in several splits, such as one that all rows are compared with.

    >>> SplitColumn(column="split").shared
    ()
    """

    column: Word
    shared: tuple[Word, ...] = ()


class Shares(Value):
    """How much is kept from training, drawn by content; in JSON `{"validation": 0.2, "test": 0.2, "seed": 1}`.

    Rows that have an image in common are in one split, whichever inputs it feeds.

    Args:
        validation: Share to choose by.
        test: Share to report on.
        seed: Another one draws other rows.
        group: A column; rows with one text in it are in one split, such as all photographs of a house.
        shared: Inputs whose images may stand in several splits, such as one that all rows are compared with.

    >>> Shares(test=0.2, group="house_id").validation
    0.15
    """

    validation: Fraction = 0.15
    test: Fraction = 0.15
    seed: Annotated[int, Field(strict=True, ge=0)] | None = None
    group: Word | None = None
    shared: tuple[Word, ...] = ()

    @model_validator(mode="after")
    def _something_is_left(self) -> "Shares":
        if self.validation + self.test >= 1:
            raise ValueError(
                f"Nothing is left for training: {self.validation:g} + {self.test:g} is 1 or more."
            )
        return self


_any_key = by_key({Files: "files", Columns: "columns", Folder: "folder", Column: "column"})


def column_or_shares(value: Any) -> str:
    """Tells a split that is given from one that is drawn, as pydantic asks."""
    return (
        "<column>"
        if isinstance(value, SplitColumn) or (isinstance(value, dict) and "column" in value)
        else "<shares>"
    )


Source = Annotated[
    Annotated[Files, Tag("<files>")]
    | Annotated[Columns, Tag("<columns>")]
    | Annotated[Column, Tag("<column>")]
    | Annotated[Folder, Tag("<folder>")],
    Discriminator(_any_key),
]
"""What feeds one input."""
Target = Annotated[
    Annotated[Column, Tag("<column>")] | Annotated[Columns, Tag("<columns>")], Discriminator(_any_key)
]
"""What is predicted: a class or a number in one column, several numbers or labels in several."""
Splitting = Annotated[
    Annotated[SplitColumn, Tag("<column>")] | Annotated[Shares, Tag("<shares>")],
    Discriminator(column_or_shares),
]
"""How rows are split: as a column says, or by content."""


class Dataset(Value):
    """What a dataset file says; paths in it are relative to the folder of the file.

    Args:
        version: Version of the format; the key `dataset` in JSON.
        table: A CSV file with one row per example; `None` where a folder of classes is all there is.
        inputs: What feeds each input of the recipe.
        target: What is predicted; `None` without a table.
        split: How rows are split; by content, if it is not said.

    >>> Dataset(inputs={"photo": Folder(folder="pets")}).split
    Shares(validation=0.15, test=0.15, seed=None, group=None, shared=())
    """

    always_written: ClassVar = ("dataset",)

    version: Literal[1] = Field(default=FORMAT, validation_alias="dataset", serialization_alias="dataset")
    table: Word | None = None
    inputs: Named[Source]
    target: Target | None = None
    split: Splitting = Shares()

    @property
    def dataset(self) -> int:
        """Version of the format, by the name it has in JSON."""
        return self.version


def load_dataset(path: Path) -> tuple[Dataset, list[Problem], dict[str, Any]]:
    """Returns what can be read of a dataset file, what is wrong with it, and the plain data it was read from.

    Raises:
        RecipeError: If too little can be read to look further.

    >>> load_dataset(Path("none.json"))
    Traceback (most recent call last):
    ...
    fusion.errors.RecipeError: none.json: 1 problem
      (whole file)   The file cannot be read: No such file or directory.
    """
    data = parse(read_text(path), source=path.name)
    if text := _unknown_version(data):
        raise RecipeError.of(path.name, [Problem("/dataset", text)])
    dataset, problems = read(data, Dataset)
    if dataset is None:
        raise RecipeError.of(path.name, problems)
    return dataset, problems, data


def _unknown_version(data: object) -> str:
    version = data.get("dataset") if isinstance(data, dict) else None
    if isinstance(version, bool) or not isinstance(version, int) or version < FORMAT:
        return f'A dataset file is an object with "dataset": {FORMAT}, the version of its format.'
    if version > FORMAT:
        return f"The format is version {version}; this package reads up to {FORMAT}. Use a newer fusion."
    return ""


def drawn_split(dataset: Dataset, seed: int, judged: Judged | None = None) -> Split:
    """Returns the shares and the seed for what is split by content; `seed` is used if the file has none.

    >>> drawn_split(Dataset(inputs={"photo": Folder(folder="pets")}), 3)
    Split(validation=0.15, test=0.15, seed=3, judged=None)
    """
    if isinstance(dataset.split, SplitColumn):
        return Split(seed=seed, judged=judged)
    shares, drawn = dataset.split, dataset.split.seed
    return Split(
        validation=shares.validation,
        test=shares.test,
        seed=seed if drawn is None else drawn,
        judged=judged,
    )
