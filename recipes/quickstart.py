"""The recipe of quickstart.json written in Python: the same value, with the editor's help."""

from fusion import (
    Backbone,
    Branch,
    Concat,
    Dropout,
    Head,
    Image,
    LayerNorm,
    Optimizer,
    Output,
    Phase,
    Recipe,
    Training,
    WeightsFile,
    to_json,
)

head_first = Phase(name="head first", train=["head"], epochs=8, optimizer=Optimizer(learning_rate=0.005))
deep = ["head", "plain[block3_conv1..]", "residual[stage2_block1_out..]"]
last_blocks = Phase(name="last blocks", train=deep, epochs=12)
recipe = Recipe(
    name="Latin letters to Greek ones",
    inputs={"glyph": Image(shape=(28, 28, 1))},
    backbones={
        "plain": Backbone(arch="TinyVGG", weights=WeightsFile(file="plain.weights.h5")),
        "residual": Backbone(arch="TinyResNet", weights=WeightsFile(file="residual.weights.h5")),
    },
    branches={
        "strokes": Branch(input="glyph", backbone="plain", cut="block3_relu2", pool="avg+max"),
        "outline": Branch(input="glyph", backbone="residual", cut="stage3_block1_out", pool="avg+max"),
    },
    fusion=Concat(of=("strokes", "outline")),
    blocks={"top": [LayerNorm(), Dropout(rate=0.5)]},
    head=Head(blocks=["top"], output=Output(task="classification", classes=29)),
    training=Training(phases=[head_first, last_blocks]),
)

if __name__ == "__main__":
    print(to_json(recipe), end="")
