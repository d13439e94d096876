"""Two small backbones trained on Latin letters and digits, to have something to transfer."""

from pathlib import Path

from fusion.data.glyphs import glyph_data
from fusion.files import replacing
from fusion.recipe.backbones import Backbone
from fusion.recipe.branches import Branch
from fusion.recipe.head import Head, Output
from fusion.recipe.inputs import Image
from fusion.recipe.recipe import Recipe
from fusion.recipe.training import Optimizer, Phase, Training
from fusion.training.fitting import fit
from fusion.training.phases import Watch

INPUT = "glyph"
SHAPE = (28, 28, 1)


def pretrain(backbone: Backbone, out: Path, *, epochs: int, watch: Watch | None = None) -> None:
    """Trains a backbone on the Latin letters and digits of Matplotlib's fonts and writes its weights to `out`.

    The task is that of `fusion.data.glyphs`: 62 characters in 16 fonts, bent, noisy and half of them inverted.

    Args:
        backbone: What to train, from fresh weights.
        out: File of the whole backbone's weights, `.weights.h5`.
        epochs: Passes over the 4,960 images.
        watch: As in `fusion.train`.
    """
    data = glyph_data("latin", train=80, validation=5, test=1, input_name=INPUT)
    trained = fit(source_recipe(backbone, epochs), data, watch=watch)
    with replacing(out) as part:
        trained.model.get_layer("source").save_weights(part)


def source_recipe(backbone: Backbone, epochs: int) -> Recipe:
    """Returns the recipe that trains a backbone on the source task, all of it, batch normalisation too.

    >>> source_recipe(Backbone(arch="TinyVGG", weights=None), 6).head.output.width
    62
    """
    return Recipe(
        name=f"{backbone.arch} on Latin",
        inputs={INPUT: Image(shape=SHAPE)},
        backbones={"source": backbone.replaced(weights=None)},
        branches={"all": Branch(input=INPUT, backbone="source")},
        head=Head(output=Output(task="classification", classes=62)),
        training=Training(
            batch_size=32,
            phases=(
                Phase(
                    name="all layers",
                    train=("source", "head"),
                    epochs=epochs,
                    batchnorm="train",
                    optimizer=Optimizer(learning_rate=0.003),
                ),
            ),
        ),
    )
