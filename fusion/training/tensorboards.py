"""Logs for TensorBoard: a folder for each phase, with its curves and learning rate."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path

import keras

from fusion.errors import TrainingError
from fusion.training.phases import PhaseStart, Watch


def tensorboard(folder: str | Path) -> Watch:
    """Returns what writes Keras's TensorBoard logs of each phase, as `fusion.train(..., watch=)` takes it.

    `tensorboard --logdir FOLDER` then shows loss, metrics and learning rate, by phase, training and validation.

    Args:
        folder: The logs; each phase has a folder in it, such as `1 head first`.

    Raises:
        TrainingError: If the package TensorBoard is not installed, or there is a file instead of the folder.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise TrainingError(
            'Logs for TensorBoard need its package, which is not installed: pip install "fusion[tensorboard]", or '
            "pip install tensorboard. Without it, history.csv and curves.png of a run hold the same numbers."
        )
    if Path(folder).is_file():
        raise TrainingError(f"{folder} is a file; logs for TensorBoard need a folder.")

    def watch(start: PhaseStart) -> Sequence[keras.callbacks.Callback]:
        place = Path(folder) / log_name(start)
        return [keras.callbacks.TensorBoard(str(place), write_graph=False)]

    return watch


def log_name(start: PhaseStart) -> str:
    """Returns the folder of a phase's logs: its number and its name, without what no file may have in its name.

    >>> from fusion.recipe.training import Phase
    >>> phase = Phase(name="head/first: 1e-3", train=["head"], epochs=1)
    >>> log_name(PhaseStart(phase, 1, 2, trainable=10, frozen=0, steps=1))
    '1 head_first_ 1e-3'
    """
    return f"{start.number} " + re.sub(r"[^\w .-]", "_", start.phase.name)
