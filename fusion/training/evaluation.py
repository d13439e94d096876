"""A trained model judged on examples, and asked about new ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import keras
import numpy as np

from fusion.data.batches import batches, reading
from fusion.data.examples import Examples
from fusion.errors import DataError
from fusion.recipe.head import Output
from fusion.training.arrays import as_examples
from fusion.training.objectives import loss, metrics
from fusion.training.scaling import spread


def evaluate(
    model: keras.Model, examples: Examples, output: Output, *, batch_size: int = 32
) -> dict[str, float]:
    """Returns loss and metrics of a model on examples with targets; see `fusion.training.objectives`.

    The loss is that of the predictions alone, without penalties on weights; of a standardised regression it is in
    squares of the training targets' standard deviation, and the metrics in their unit.

    Raises:
        DataError: If they are no examples, or have no targets.
    """
    if not isinstance(examples, Examples):
        raise DataError(
            f"Expected examples with targets, such as fusion.from_arrays(...).train, got {type(examples).__name__}."
        )
    if examples.targets is None:
        raise DataError("There are no targets to judge by; examples without targets can only be predicted.")
    return judged(outputs(model, examples, batch_size), examples.targets, output, spread=spread(model))


def judged(
    scores: np.ndarray, targets: np.ndarray, output: Output, *, spread: np.ndarray | None = None
) -> dict[str, float]:
    """Returns loss and metrics of what a model said of examples.

    Args:
        scores: What it said, of shape (examples, units).
        targets: What was right.
        output: What the head predicts.
        spread: Of a standardised regression, the standard deviation of each output's targets in training.

    >>> sure = np.array([[1.0, 0.0], [0.0, 1.0]])
    >>> judged(sure, np.array([0, 0]), Output(task="classification", classes=2))["accuracy"]
    0.5
    """
    found = {"loss": float(loss(output, spread=spread)(targets, scores))}
    for metric in metrics(output):
        metric.update_state(targets, scores)
        found[metric.name] = float(metric.result())
    return found


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one example.

    Args:
        name: The example.
        scores: The model's outputs: probabilities, or numbers of a regression.
        label: The most likely class by its name, or its number where classes have none; of a multilabel output all
            that are more likely than not, with commas, perhaps none; `None` for a regression.
    """

    name: str
    scores: tuple[float, ...]
    label: str | None


def predict(
    model: keras.Model,
    examples: Examples | Mapping[str, np.ndarray],
    output: Output,
    *,
    labels: tuple[str, ...] | None = None,
    batch_size: int = 32,
) -> tuple[Prediction, ...]:
    """Returns what a model says of each example, in order; of one that gives logits, the probabilities they mean.

    Args:
        model: A model of the recipe.
        examples: As `fusion.read_values` makes them; or arrays by the names of the model's inputs, a row per example.
        output: What the head predicts.
        labels: Names of classes.
        batch_size: How many are predicted together.

    Raises:
        DataError: If examples are neither, arrays do not fit the model's inputs, or the model has no number to say of one.
    """
    known = as_examples(examples, model)
    scores = probable(outputs(model, known, batch_size), output)
    unknown = np.flatnonzero(~np.isfinite(scores).all(axis=-1))
    if known is not examples and len(unknown):
        raise DataError(
            f"What the model says of row {unknown[0]}, counted from 0, is no number. "
            "Look for NaN and infinity in it; only an input that is optional may be missing (NaN)."
        )
    return tuple(
        Prediction(name, tuple(map(float, row)), _label(row, output, labels))
        for name, row in zip(known.names, scores, strict=True)
    )


def probable(scores: np.ndarray, output: Output) -> np.ndarray:
    """Returns the probabilities that logits mean; what is none is given back as it is.

    >>> probable(np.array([[0.0]]), Output(task="binary", logits=True)).tolist()
    [[0.5]]
    """
    if not output.logits:
        return scores
    return np.array(keras.activations.get(output.link)(keras.ops.convert_to_tensor(scores)))


def outputs(model: keras.Model, examples: Examples, batch_size: int = 32) -> np.ndarray:
    """Returns what a model predicts, of shape (examples, units); the model is not compiled for it."""
    with reading():
        found: np.ndarray = model.predict(
            batches(replace(examples, targets=None), batch_size=batch_size), verbose=0
        )
    return found


def _label(row: np.ndarray, output: Output, labels: tuple[str, ...] | None) -> str | None:
    match output.task:
        case "classification":
            number = int(np.argmax(row))
        case "binary":
            number = int(row[0] > 0.5)
        case "multilabel":
            chosen = [number for number, score in enumerate(row) if score > 0.5]
            return ", ".join(labels[number] if labels else str(number) for number in chosen)
        case "regression":
            return None
    return labels[number] if labels else str(number)
