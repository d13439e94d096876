"""Data from wherever they lie, made to fit what a recipe is fed and predicts."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from fusion.data.arrays import read_arrays
from fusion.data.examination import Progress, examine
from fusion.data.examples import Data, Examples, ImageFiles
from fusion.data.folders import read_folder
from fusion.data.gaps import only_image, whole, with_absent
from fusion.data.images import EXTENSIONS
from fusion.data.rows import read_dataset, read_unlabelled
from fusion.data.splits import Judged, Split
from fusion.data.targets import match_head
from fusion.errors import DataError
from fusion.recipe.head import Output
from fusion.recipe.inputs import Image, Input, Table
from fusion.recipe.texts import Tokens


def read_data(
    path: str | Path,
    *,
    inputs: Mapping[str, Input],
    output: Output,
    seed: int = 0,
    progress: Progress | None = None,
    judged: Judged | None = None,
) -> Data:
    """Returns the data at `path`: a folder of images, an .npz file of arrays, or a dataset file (.json).

    Everything is looked at first: what cannot be trained on is refused here, by name. Targets come as
    `fusion.data.targets.encode` says.

    Args:
        path: The folder or file.
        inputs: The recipe's inputs.
        output: The recipe's output.
        seed: Seed of what is split by content.
        progress: Called with how many of how many image files have been examined.
        judged: What alone will be looked at, as nothing is trained: `train`, `validation`, `test` or `all`. Then
            other splits may be missing, or lack classes.

    Raises:
        DataError: If the data cannot be used, or do not fit the recipe.
        RecipeError: If a dataset file has problems; it lists all of them.

    >>> read_data("pets", inputs={"photo": Image(shape=(8, 8, 3))}, output=Output(task="binary"))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: There is no folder or file pets.
    """
    path, split = Path(path), Split(seed=seed, judged=judged)
    if path.is_dir():
        name, image = _only_image(path, inputs)
        data = read_folder(path, input_name=name, image=image, split=split, progress=progress)
        return match_head(whole(data, inputs), output, source=path.name)
    if not path.exists():
        raise DataError(f"There is no folder or file {path}.")
    match path.suffix.lower():
        case ".npz":
            return read_arrays(path, inputs=inputs, output=output, split=split)
        case ".json":
            return read_dataset(
                path, inputs=inputs, output=output, seed=seed, progress=progress, judged=judged
            )
        case _:
            raise DataError(
                f"{path} is neither a folder of images, an .npz file nor a dataset file (.json). "
                f"A table is read through a dataset file, such as:\n{dataset_example(inputs)}"
            )


def read_images(
    paths: Sequence[Path],
    *,
    input_name: str,
    image: Image,
    others: Mapping[str, Input] | None = None,
    progress: Progress | None = None,
) -> Examples:
    """Returns image files as examples without targets, to predict.

    Args:
        paths: The files.
        input_name: The input they feed.
        image: What the recipe says of it.
        others: The recipe's inputs, of which those that are optional and not given are missing.
        progress: Called with how many of how many files have been examined.

    Raises:
        DataError: If any of them is not an image, naming the first ten.

    >>> read_images([Path("none.jpg")], input_name="photo", image=Image(shape=(8, 8, 3)))
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: 1 of 1 file cannot be used as an image. Repair or remove:
      none.jpg: No such file or directory
    """
    examine(paths, progress=progress)
    column = ImageFiles(tuple(paths), image.shape, image.range)
    return with_absent(Examples({input_name: column}, None, tuple(map(str, paths))), others or {})


def read_inputs(
    path: str | Path, *, inputs: Mapping[str, Input], progress: Progress | None = None
) -> Examples:
    """Returns the data at `path` as examples without targets, to predict: a dataset file (.json) or a folder of images.

    Of a dataset file every row of its table is read, whatever its target and split say; of a folder every image in it,
    also those in sub-folders.

    Args:
        path: The file or folder.
        inputs: The recipe's inputs.
        progress: Called with how many of how many image files have been examined.

    Raises:
        DataError: If the data cannot be used, or do not fit the recipe.
        RecipeError: If a dataset file has problems; it lists all of them.

    >>> read_inputs("pets", inputs={"photo": Image(shape=(8, 8, 3))})
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: pets is neither a folder of images nor a dataset file (.json).
    """
    path = Path(path)
    if path.is_dir():
        name, image = _only_image(path, inputs)
        found = sorted(each for each in path.rglob("*") if each.suffix.lower() in EXTENSIONS)
        if not found:
            raise DataError(f"The folder {path} has no images.")
        return read_images(found, input_name=name, image=image, others=inputs, progress=progress)
    if path.suffix.lower() != ".json":
        raise DataError(f"{path} is neither a folder of images nor a dataset file (.json).")
    return read_unlabelled(path, inputs=inputs, progress=progress)


def dataset_example(inputs: Mapping[str, Input]) -> str:
    """Returns a dataset file for these inputs, to be filled in.

    >>> print(dataset_example({"photo": Image(shape=(8, 8, 3))}))
    {
      "dataset": 1,
      "table": "table.csv",
      "inputs": {
        "photo": {"files": "photo/{id}.jpg"}
      },
      "target": {"column": "label"}
    }
    """
    fed = (
        f"    {json.dumps(name)}: {json.dumps(_source(name, declared))}" for name, declared in inputs.items()
    )
    head = '{\n  "dataset": 1,\n  "table": "table.csv",\n  "inputs": {\n'
    return head + ",\n".join(fed) + '\n  },\n  "target": {"column": "label"}\n}'


def _source(name: str, declared: Input) -> dict[str, object]:
    if isinstance(declared, Image):
        return {"files": f"{name}/{{id}}.jpg"}
    if isinstance(declared, Table):
        return {"columns": list(declared.columns)}
    return {"column": name if isinstance(declared, Tokens) else declared.column}


def _only_image(path: Path, inputs: Mapping[str, Input]) -> tuple[str, Image]:
    found = only_image(inputs)
    if found is None:
        raise DataError(
            f"{path} is a folder, which feeds one image input, but the recipe has the inputs {', '.join(inputs)}. "
            f"Write a dataset file that says what feeds which, such as:\n{dataset_example(inputs)}"
        )
    return found
