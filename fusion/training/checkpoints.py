"""The weights of the best epoch so far, written down while a training goes on."""

from pathlib import Path

import keras

from fusion.model.addresses import lookups
from fusion.model.files import save_weights
from fusion.model.lookups import vocabulary
from fusion.training.recording import Weights

CHECKPOINT = "checkpoint.npz"
"""Weights by address, of all that training changed so far: of the best epoch so far of the phase under way."""


def write_checkpoint(model: keras.Model, weights: Weights, out: Path) -> None:
    """Writes weights by address, and the vocabularies of the model they are of, into a folder.

    Vocabularies are no weights of Keras's, and with other ones the weights would mean other things.

    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> with TemporaryDirectory() as folder:
    ...     write_checkpoint(
    ...         keras.Sequential([keras.Input((1,))]), {"output/bias": np.zeros(2)}, Path(folder)
    ...     )
    ...     with np.load(Path(folder) / CHECKPOINT) as found:
    ...         found["output/bias"].tolist()
    [0.0, 0.0]

    Raises:
        FileError: If the file cannot be written.
    """
    texts = {name: vocabulary(each) for name, each in lookups(model).items()}
    save_weights({**texts, **weights}, out / CHECKPOINT)
