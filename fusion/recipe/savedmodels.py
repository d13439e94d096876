"""Backbones that are a SavedModel: a program of TensorFlow with its weights, taken whole."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from fusion.recipe.preprocessing import Told
from fusion.recipe.values import Sha256, Value, Word


def _told(value: Any) -> Any:
    if value == "auto":
        raise ValueError(
            'A SavedModel does not say what it was fed. Write {"scale": 0.00392156862745098} for 0..1, as those of '
            'TensorFlow Hub want, "tf" for [-1, 1], or "none" if it scales 0..255 itself.'
        )
    return value


class SavedModel(Value):
    """A SavedModel, such as TensorFlow Hub hands out; branches that name it share its weights.

    It is one block: nothing of its inside can be cut, and nothing of it trains. It is a program, which can do what TensorFlow
    can, files included: take it from who you trust, and write its digest down.

    Args:
        saved_model: Its folder, or that folder as `.tar.gz`: absolute, or beside the recipe, or in a folder of
            `FUSION_WEIGHTS`; or an address that `tensorflow_hub` resolves.
        sha256: Digest of the folder as `fusion lock` writes it, or of the `.tar.gz`; what has another is refused.
        preprocess: What it was fed; it does not say it itself, so it has to be written.
        endpoint: Which of its functions is called.
        output: Which of what that gives is taken, if there are several.

    >>> SavedModel(saved_model="hub/mobilenet_v2", preprocess={"scale": 1 / 255}).arch
    'mobilenet_v2'
    """

    always_written: ClassVar = ("saved_model", "preprocess")

    saved_model: Word
    sha256: Sha256 | None = None
    preprocess: Annotated[Told, BeforeValidator(_told)] = Field(default="auto", validate_default=True)
    endpoint: Word = "serving_default"
    output: Word | None = None

    @property
    def arch(self) -> str:
        """Name of the folder, without what leads to it."""
        return self.saved_model.replace("\\", "/").rstrip("/").rpartition("/")[2]

    @property
    def weights(self) -> Literal["own"]:
        """Those in the folder."""
        return "own"
