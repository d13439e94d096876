"""Whether data and a recipe go together, looked at before anything trains."""

import numpy as np

from fusion.data.examples import Array, Data, Examples, splits
from fusion.data.gaps import missing
from fusion.errors import DataError, TrainingError, listed
from fusion.graph.nodes import FusionGraph
from fusion.recipe.head import Output
from fusion.recipe.recipe import Recipe
from fusion.recipe.texts import Tokens
from fusion.recipe.training import Training
from fusion.training.objectives import check_monitor
from fusion.training.scaling import check_scale
from fusion.training.weighting import class_weights


def training_of(graph: FusionGraph, data: Data) -> Training:
    """Returns the training a recipe declares, made sure of that the data let it do what it says.

    Raises:
        TrainingError: If there is no training, it needs validation data that are not there, or it weighs a class that
            is not there.
        DataError: If inputs, targets, tokens or the names of classes are not the recipe's.
    """
    recipe = graph.recipe
    if recipe.training is None:
        raise TrainingError(
            f'Recipe {recipe.name!r} says nothing of training; give it "training" with phases.'
        )
    if not len(data.train):
        raise DataError(
            "There are no examples to train on: these data were read to judge a model, or have no train split."
        )
    for phase in recipe.training.phases:
        check_monitor(phase, validated=data.validation is not None)
    check_labels(recipe.head.output.labels, data.labels, "The head")
    for name, part in splits(data).items():
        _check_columns(part, recipe, name)
        _check_targets(part, recipe.head.output, name)
    _check_present(data.train, recipe)
    if data.train.targets is not None:
        check_scale(data.train.targets, recipe.head.output)
    _check_tokens(graph, data)
    class_weights(recipe, data.train.targets, data.labels)
    return recipe.training


def _check_tokens(graph: FusionGraph, data: Data) -> None:
    """Refuses numbers of tokens that a backbone does not know: on some devices they would be read as zeros in silence."""
    for name, declared in graph.recipe.inputs.items():
        known = graph.vocabulary(name)
        if not isinstance(declared, Tokens) or known is None:
            continue
        for split, part in splits(data).items():
            column = part.columns[name]
            most = _greatest(column) if isinstance(column, Array) else []
            wrong = [i for i, each in enumerate(most) if each >= known]
            if wrong:
                raise DataError(
                    f"Input {name!r}: {part.names[wrong[0]]} of {split} has the token {most[wrong[0]]}, and its backbone "
                    f"knows {known}, from 0 to {known - 1} ({len(wrong)} such rows). Use the tokenizer it was trained with."
                )


def _greatest(column: Array) -> list[int]:
    """Returns the greatest token of each example, which are read a few thousand at a time."""
    pieces = np.array_split(np.arange(len(column)), len(column) // 4096 + 1)
    return [int(most) for rows in pieces for most in column.read(rows).max(axis=1)]


def check_labels(declared: tuple[str, ...] | None, found: tuple[str, ...] | None, whose: str) -> None:
    """Refuses data whose classes are named otherwise, or come in another order, than those of a head or a model.

    >>> check_labels(("cat", "dog"), ("dog", "cat"), "The model")
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: The model tells cat, dog apart, in this order, and the data have dog, cat. ...

    Raises:
        DataError: If they differ.
    """
    if declared is not None and found is not None and declared != found:
        raise DataError(
            f"{whose} tells {listed(declared)} apart, in this order, and the data have {listed(found)}. "
            "Give data of the same classes."
        )


def _check_columns(examples: Examples, recipe: Recipe, split: str) -> None:
    given, wanted = examples.columns, recipe.inputs
    if set(given) != set(wanted):
        raise DataError(
            f"The recipe reads the inputs {listed(wanted)}, and the data have {listed(given)}. "
            "Name the data's inputs as the recipe does."
        )
    for name, column in given.items():
        shape = wanted[name].shape
        if tuple(column.sample_shape) != shape:
            raise DataError(
                f"Input {name!r} reads examples of shape {shape}, those of {split} have {tuple(column.sample_shape)}."
            )
        texts = isinstance(column, Array) and column.is_text
        if texts != (wanted[name].dtype == "string"):
            reads, has = ("numbers", "texts") if texts else ("texts", "numbers")
            raise DataError(f"Input {name!r} reads {reads}, and {split} has {has}.")


def _check_present(train: Examples, recipe: Recipe) -> None:
    """Refuses an input that no training example has: what reads it would be trained on nothing."""
    for name, declared in recipe.inputs.items():
        if declared.optional and missing(train.columns[name]).all():
            raise DataError(
                f"Input {name!r} is missing in all training examples, so nothing can be learnt from it. "
                "Leave it out of the recipe, or give examples that have it."
            )


def _check_targets(examples: Examples, output: Output, split: str) -> None:
    """Refuses targets the output cannot have; some devices would turn a class that is not there into NaN in silence."""
    targets = examples.targets
    if targets is None:
        raise DataError(f"There are no targets in {split}; examples without targets can only be predicted.")
    if output.task == "classification":
        if targets.ndim != 1 or not np.issubdtype(targets.dtype, np.integer):
            raise DataError(
                f"The targets of a classification are class numbers of shape (examples,), those of {split} are "
                f"{targets.dtype} of shape {targets.shape}."
            )
        if len(targets) and not 0 <= targets.min() <= targets.max() < output.width:
            raise DataError(
                f"The head has the classes 0 to {output.width - 1}, and the targets of {split} go from "
                f"{targets.min()} to {targets.max()}."
            )
    elif targets.shape[1:] != (output.width,):
        raise DataError(
            f"The targets of this {output.task} have shape (examples, {output.width}), those of {split} "
            f"{targets.shape}."
        )
