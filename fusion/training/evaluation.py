"""A trained model judged on examples, and asked about new ones."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from fusion.data.batches import batches
from fusion.data.examples import Examples
from fusion.errors import DataError
from fusion.recipe.head import Output
from fusion.training.objectives import loss, metrics


def evaluate(
    model: keras.Model, examples: Examples, output: Output, *, batch_size: int = 32
) -> dict[str, float]:
    """Returns loss and metrics of a model on examples with targets; see `fusion.training.objectives`.

    Raises:
        DataError: If the examples have no targets.
    """
    if examples.targets is None:
        raise DataError("There are no targets to judge by; examples without targets can only be predicted.")
    model.compile(loss=loss(output), metrics=metrics(output), jit_compile=False)
    found = model.evaluate(batches(examples, batch_size=batch_size), return_dict=True, verbose=0)
    return {name: float(value) for name, value in found.items()}


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one example.

    Args:
        name: The example.
        scores: The model's outputs: probabilities, or numbers of a regression.
        label: The most likely class where classes have names, else its number; `None` for a regression.
    """

    name: str
    scores: tuple[float, ...]
    label: str | None


def predict(
    model: keras.Model,
    examples: Examples,
    output: Output,
    *,
    labels: tuple[str, ...] | None = None,
    batch_size: int = 32,
) -> tuple[Prediction, ...]:
    """Returns what a model says of each example, in order."""
    scores = model.predict(_inputs(batches(examples, batch_size=batch_size)), verbose=0)
    return tuple(
        Prediction(name, tuple(map(float, row)), _label(row, output, labels))
        for name, row in zip(examples.names, scores, strict=True)
    )


def _inputs(dataset: Any) -> Any:
    """Leaves out targets where there are some."""
    return dataset.map(lambda inputs, _: inputs) if isinstance(dataset.element_spec, tuple) else dataset


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
