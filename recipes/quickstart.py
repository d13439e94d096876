"""The recipe of quickstart.json written in Python: the same value, with the editor's help."""

import fusion

recipe = fusion.Recipe(
    name="Latin letters to Greek ones",
    inputs={"glyph": fusion.Image(shape=(28, 28, 1))},
    backbones={
        "plain": fusion.Backbone(arch="TinyVGG", weights=fusion.WeightsFile(file="plain.weights.h5")),
        "residual": fusion.Backbone(
            arch="TinyResNet", weights=fusion.WeightsFile(file="residual.weights.h5")
        ),
    },
    branches={
        "strokes": fusion.Branch(input="glyph", backbone="plain", cut="block3_relu2", pool="avg+max"),
        "outline": fusion.Branch(input="glyph", backbone="residual", cut="stage3_block1_out", pool="avg+max"),
    },
    fusion=fusion.Concat(of=("strokes", "outline")),
    blocks={"top": [fusion.LayerNorm(), fusion.Dropout(rate=0.5)]},
    head=fusion.Head(blocks=["top"], output=fusion.Output(task="classification", classes=29)),
    training=fusion.Training(
        phases=[
            fusion.Phase(
                name="head first", train=["head"], epochs=8, optimizer=fusion.Optimizer(learning_rate=0.005)
            ),
            fusion.Phase(
                name="last blocks",
                train=["head", "plain[block3_conv1..]", "residual[stage2_block1_out..]"],
                epochs=12,
            ),
        ]
    ),
)

if __name__ == "__main__":
    print(fusion.to_json(recipe), end="")
