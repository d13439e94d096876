"""Whether a dataset file, its table and a recipe agree: every disagreement, each with its place in the file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fusion.data.dataset import Column, Columns, Dataset, Files, Folder, Source, SplitColumn
from fusion.data.table import CsvTable, check_template, fields
from fusion.errors import DataError, Problem, listed, near
from fusion.recipe.head import Output
from fusion.recipe.inputs import NOUNS, Category, Image, Input, Table
from fusion.recipe.texts import Text, Tokens, Words
from fusion.recipe.translation import pointer


def disagreements(
    dataset: Dataset,
    data: Mapping[str, Any],
    table: CsvTable | None,
    *,
    inputs: Mapping[str, Input],
    output: Output | None,
    trained: bool = False,
) -> list[Problem]:
    """Returns everything in which a dataset file does not fit its table or the recipe.

    Args:
        dataset: What could be read of the file.
        data: The plain data of the file, with the parts that could not be read.
        table: Its table, if it has one that could be read.
        inputs: The recipe's inputs.
        output: What the recipe predicts; `None` to predict it, which asks neither for a target nor for a split.
        trained: Whether it is trained on them: then columns are named as in the recipe, whose names `predict` asks for.

    >>> from pathlib import Path
    >>> table = CsvTable(Path("t.csv"), {"id": ("1",), "price": ("5",)})
    >>> dataset = Dataset(
    ...     table="t.csv", inputs={"photo": Files(files="{ids}.png")}, target=Column(column="price")
    ... )
    >>> data = dataset.model_dump(by_alias=True)
    >>> photo, price = {"photo": Image(shape=(8, 8, 3))}, Output(task="regression")
    >>> for problem in disagreements(dataset, data, table, inputs=photo, output=price):
    ...     print(problem.place, problem.text)
    /inputs/photo/files t.csv has no column 'ids'. Did you mean 'id'?
    """
    written = data.get("inputs")
    found = [
        *_names(written if isinstance(written, dict) else {}, inputs),
        *_needs(dataset, data),
        *(
            problem
            for name, source in dataset.inputs.items()
            for problem in _input(name, source, inputs.get(name))
        ),
        *(_target(dataset, output) if output else ()),
    ]
    if table is not None:
        found += _columns(dataset, table)
        found += _renamed(dataset, table, inputs) if trained else ()
    return [each for each in found if output or not each.place.startswith(("/target", "/split"))]


def _names(written: Mapping[str, object], inputs: Mapping[str, Input]) -> Iterator[Problem]:
    for name in written:
        if name not in inputs:
            hint = near(name, inputs) or f" It has {listed(inputs)}."
            yield Problem(pointer(("inputs", name)), f"The recipe has no input {name!r}.{hint}")
    for name, declared in inputs.items():
        if name not in written and not declared.optional:
            yield Problem("/inputs", f"Missing input {name!r}, which the recipe has.")


def _needs(dataset: Dataset, data: Mapping[str, Any]) -> Iterator[Problem]:
    """What stands there without what it needs, or with what it excludes."""
    tabled, targeted = (data.get(key) is not None for key in ("table", "target"))
    for name, source in dataset.inputs.items():
        if isinstance(source, Folder) and (tabled or len(dataset.inputs) > 1):
            text = (
                "A folder of classes cannot be joined with a table or another input. "
                'Write "files" with a table that has a row per example.'
            )
            yield Problem(pointer(("inputs", name)), text)
        if not isinstance(source, Folder) and not tabled:
            yield Problem(pointer(("inputs", name)), 'This reads a table, but there is no "table".')
    if tabled and not targeted:
        yield Problem("/target", 'Missing key \'target\': which column is predicted, as {"column": "price"}.')
    if not tabled and targeted:
        yield Problem("/target", 'Without a "table", the sub-folders are the classes; there is no target.')
    if not tabled and (isinstance(dataset.split, SplitColumn) or dataset.split.group):
        yield Problem("/split", 'A column of a table splits the rows, but there is no "table".')
    for i, name in enumerate(dataset.split.shared):
        if not isinstance(dataset.inputs.get(name), Files):
            images = [each for each, source in dataset.inputs.items() if isinstance(source, Files)]
            text = f"{name!r} is no input of images.{near(name, images) or f' There are: {listed(images)}.'}"
            yield Problem(f"/split/shared/{i}", text)


def _input(name: str, source: Source, declared: Input | None) -> Iterator[Problem]:
    place = pointer(("inputs", name))
    match declared:
        case Image() if isinstance(source, Columns | Column):
            key = "columns" if isinstance(source, Columns) else "column"
            yield Problem(place, f'Input {name!r} is an image, so it wants "files" or "folder", not "{key}".')
        case Table() if isinstance(source, Columns):
            yield from _same_columns(f"{place}/columns", source.columns, declared.columns)
        case Table():
            yield Problem(place, f'Input {name!r} is a table of numbers, so it wants "columns".')
        case Tokens() if not isinstance(source, Column):
            yield Problem(
                place,
                f'Input {name!r} is a list of tokens, so it wants one "column" of whole numbers with blanks between.',
            )
        case Category() | Text() | Words() if not isinstance(source, Column):
            what = NOUNS[declared.kind]
            yield Problem(place, f'Input {name!r} is a {what}, so it wants one "column" of texts.')
    if isinstance(source, Files):
        try:
            check_template(source.files)
        except DataError as error:
            yield Problem(f"{place}/files", str(error))


def _same_columns(place: str, written: Sequence[str], declared: Sequence[str]) -> Iterator[Problem]:
    """Columns may have other names than in the recipe where nothing is trained, but then they are matched by position."""
    if len(written) != len(declared):
        counts = f"{len(written)} columns, but the recipe's input has {len(declared)}: {listed(declared)}."
        yield Problem(place, counts)
    elif set(written) == set(declared) and written != declared:
        yield Problem(
            place, f"The recipe has these columns in another order: {listed(declared)}. Write them so."
        )


def _renamed(dataset: Dataset, table: CsvTable, inputs: Mapping[str, Input]) -> Iterator[Problem]:
    """Columns of other names than the recipe's: it would be trained on these, and asked for those."""
    for name, source in dataset.inputs.items():
        declared = inputs.get(name)
        written: tuple[str, ...]
        if isinstance(declared, Category | Text | Words) and isinstance(source, Column):
            key, written = "column", (source.column,)
        elif isinstance(declared, Table) and isinstance(source, Columns):
            key, written = "columns", source.columns
        else:
            continue
        pairs = list(zip(written, declared.columns, strict=False))
        other = [(new, old) for new, old in pairs if new != old]
        same = set(written) == set(declared.columns) or len(written) != len(declared.columns)
        # What is wrong otherwise is said already.
        if not same and table.columns.keys() >= set(written):
            here, there = (listed(repr(pair[side]) for pair in other) for side in (0, 1))
            yield Problem(
                pointer(("inputs", name, key)),
                f"This file feeds {name!r} from {here}, and the recipe says {there}, which is what predict would ask for. "
                f"Name the {key} of one as the other does: in the recipe, or here and in the first row of the table.",
            )


def _target(dataset: Dataset, output: Output) -> Iterator[Problem]:
    if dataset.target is None:
        return
    several = isinstance(dataset.target, Columns)
    count = len(dataset.target.columns) if isinstance(dataset.target, Columns) else 1
    if output.task in ("classification", "binary") and several:
        yield Problem("/target", f'A {output.task} is told by one "column" of class names.')
    elif output.task in ("multilabel", "regression") and count != output.width:
        text = f'The target has {count} of the {output.width} columns the head predicts; write as many "columns".'
        yield Problem("/target", text)


def _columns(dataset: Dataset, table: CsvTable) -> Iterator[Problem]:
    for place, column in _mentioned(dataset):
        if column not in table.columns:
            hint = near(column, table.columns) or f" It has {listed(table.columns)}."
            yield Problem(place, f"{table.path.name} has no column {column!r}.{hint}")


def _mentioned(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Every column the file mentions, with the place where it does."""
    for name, source in dataset.inputs.items():
        place = pointer(("inputs", name))
        if isinstance(source, Columns):
            yield from ((f"{place}/columns/{i}", column) for i, column in enumerate(source.columns))
        elif isinstance(source, Column):
            yield f"{place}/column", source.column
        elif isinstance(source, Files):
            yield from ((f"{place}/files", column) for column in fields(source.files))
    if isinstance(dataset.target, Columns):
        yield from ((f"/target/columns/{i}", column) for i, column in enumerate(dataset.target.columns))
    elif dataset.target is not None:
        yield "/target/column", dataset.target.column
    if isinstance(dataset.split, SplitColumn):
        yield "/split/column", dataset.split.column
    elif dataset.split.group is not None:
        yield "/split/group", dataset.split.group
