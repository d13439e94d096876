"""A trained model as it is handed on: its owner's until a later training goes on with it."""

import keras

from fusion.errors import TrainingError


class Loan:
    """A model that a training gives to who asked for it, and that another may take over.

    >>> loan = Loan(keras.Sequential())
    >>> loan.end()
    >>> loan.model
    Traceback (most recent call last):
    ...
    fusion.errors.TrainingError: The model of this run has gone on to a later training with the same programs...
    """

    def __init__(self, model: keras.Model) -> None:
        self._model: keras.Model | None = model

    @property
    def model(self) -> keras.Model:
        """The model.

        Raises:
            TrainingError: If a later training took it over.
        """
        if self._model is None:
            raise TrainingError(
                "The model of this run has gone on to a later training with the same programs, and has the weights of "
                "that one. Use or save it before the next training, or give that one no programs."
            )
        return self._model

    def end(self) -> None:
        """Takes the model away."""
        self._model = None
