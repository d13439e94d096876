"""A picture of what training is fed: images of its first batch after augmentation, with what they are."""

from typing import TYPE_CHECKING, Any

import numpy as np

from fusion.data.augmentation import augmenter
from fusion.data.batches import shuffled_batches
from fusion.data.examples import Data
from fusion.errors import DataError, TrainingError
from fusion.model.seeding import seed_of
from fusion.recipe.inputs import Image
from fusion.recipe.recipe import Recipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDE = 8
"""Examples in a row."""


def show_batch(recipe: Recipe, data: Data, *, count: int = 16) -> "Figure":
    """Returns a Matplotlib figure of the first examples of the first phase's first batch, as training is fed them.

    Images are shown after augmentation and before the preprocessing of backbones, those of one example below each other, with its
    target above; a missing one is left white.

    Args:
        recipe: The recipe.
        data: Examples as `fusion.read_data` gives them.
        count: How many examples; not more than a batch has.

    >>> from fusion.data.arrays import from_arrays
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (8, 8, 1)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None}},
    ...     branches={"all": {"input": "photo", "backbone": "eye"}},
    ...     head={"output": {"task": "binary"}},
    ...     training={"phases": [{"name": "head", "train": ["head"], "epochs": 1}]},
    ... )
    >>> photos = np.random.default_rng(0).integers(0, 256, (200, 8, 8, 1))
    >>> data = from_arrays(photos, np.arange(200) % 2, inputs=one.inputs, output=one.head.output)
    >>> len(show_batch(one, data, count=4).axes)
    4

    Raises:
        DataError: If the recipe reads no image.
        TrainingError: If it has no training.
    """
    if recipe.training is None:
        raise TrainingError(
            f'{recipe.name!r} has no training, so there is no batch to show. Write "training".'
        )
    images = {name: declared for name, declared in recipe.inputs.items() if isinstance(declared, Image)}
    if not images:
        raise DataError(f"{recipe.name!r} reads no image, and only images are shown.")
    batch, targets = _first(recipe, data)
    shown = min(count, len(targets))
    return _draw({name: _seen(batch[name][:shown], images[name]) for name in images}, _said(targets, data))


def _first(recipe: Recipe, data: Data) -> tuple[dict[str, np.ndarray], np.ndarray]:
    training: Any = recipe.training
    fed = shuffled_batches(
        data.train,
        batch_size=training.batch_size,
        seed=seed_of(training.seed, "order of phase 0"),
        epochs=1,
        augment=augmenter(training.augment, recipe.inputs) if training.augment else None,
    )
    batch, targets = next(iter(fed.as_numpy_iterator()))
    return batch, targets


def _seen(pixels: np.ndarray, declared: Image) -> np.ndarray:
    """Returns images in 0..1 with three channels."""
    low, high = declared.range
    colours = np.nan_to_num((pixels - low) / (high - low), nan=1.0)
    return np.repeat(colours, 3, axis=-1) if colours.shape[-1] == 1 else colours


def _said(targets: np.ndarray, data: Data) -> list[str]:
    labels = data.labels
    if labels and targets.ndim == 1:
        return [labels[int(target)] for target in targets]
    if labels and targets.shape[1] == len(labels):
        return [", ".join(name for name, on in zip(labels, row, strict=True) if on) for row in targets]
    if labels:
        return [labels[int(row[0])] for row in targets]
    return [", ".join(f"{number:g}" for number in np.atleast_1d(row)) for row in targets]


def _draw(images: dict[str, np.ndarray], titles: list[str]) -> "Figure":
    # A figure of its own, without pyplot: it opens no window and leaves the user's figures alone.
    from matplotlib.figure import Figure

    count = len(next(iter(images.values())))
    across, down = min(WIDE, count), -(-count // WIDE)
    figure = Figure(figsize=(1.5 * across, 1.7 * down * len(images)), layout="constrained")
    grid = figure.subplots(down * len(images), across, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for place in range(count):
        for line, (name, pixels) in enumerate(images.items()):
            axes = grid[place // WIDE * len(images) + line, place % WIDE]
            axes.imshow(pixels[place])
            above = titles[place] if line == 0 else ""
            named = f"{above}\n{name}".strip() if len(images) > 1 else above
            axes.set_title(named, fontsize=8, color="#57606A", parse_math=False)
    return figure
