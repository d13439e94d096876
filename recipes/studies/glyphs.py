"""Where to cut a network that tells Latin letters apart, for Greek letters (near) and symbols (far): a study of cuts.

Everything is drawn from the fonts matplotlib ships, so nothing is downloaded:

    python recipes/studies/glyphs.py greek runs/glyphs --seeds 10

trains the source network, scores its layers, trains every arm with every seed, and writes a report; what is done already is left alone.
"""

import argparse
from pathlib import Path

import keras

import fusion
from fusion.data.glyphs import ALPHABETS, SIZE, glyph_data

LAYERS = ("conv1_relu", "pool2", "conv3_relu", "pool4", "dense5_relu", "dense6_relu")
"""The six layers that can be transferred, each with what activates and pools it; the seventh is the output."""
FILE = "latin.weights.h5"


def seven_layers(input_shape: tuple[int, int, int]) -> keras.Model:
    """Returns a chain of four convolutions and two dense layers, written as convolutions, that a head makes seven."""
    layers = keras.layers
    inputs = keras.Input(input_shape)
    x = layers.Conv2D(16, 3, padding="same", name="conv1")(inputs)
    x = layers.ReLU(name="conv1_relu")(x)
    x = layers.Conv2D(16, 3, padding="same", name="conv2")(x)
    x = layers.ReLU(name="conv2_relu")(x)
    x = layers.MaxPooling2D(name="pool2")(x)
    x = layers.Conv2D(32, 3, padding="same", name="conv3")(x)
    x = layers.ReLU(name="conv3_relu")(x)
    x = layers.Conv2D(32, 3, padding="same", name="conv4")(x)
    x = layers.ReLU(name="conv4_relu")(x)
    x = layers.MaxPooling2D(name="pool4")(x)
    x = layers.Conv2D(128, x.shape[1], name="dense5")(x)
    x = layers.ReLU(name="dense5_relu")(x)
    x = layers.Conv2D(64, 1, name="dense6")(x)
    x = layers.ReLU(name="dense6_relu")(x)
    return keras.Model(inputs, x, name="seven_layers")


fusion.register_backbone("SevenLayers", seven_layers, preprocess="tf")


def recipe_for(alphabet: str, *, weights: str | None, epochs: int, batch_size: int) -> fusion.Recipe:
    """Returns the recipe of one network on one alphabet; all of it trains."""
    phase = {
        "name": "all",
        "train": ["head", "eye"],
        "epochs": epochs,
        "keep": "last",
        "optimizer": {"learning_rate": 0.001},
    }
    return fusion.Recipe(
        name=alphabet,
        inputs={"photo": {"kind": "image", "shape": (SIZE, SIZE, 1)}},
        requires=["SevenLayers"],
        backbones={"eye": {"arch": "SevenLayers", "weights": weights and {"file": weights}}},
        branches={"all": {"input": "photo", "backbone": "eye", "pool": "flatten"}},
        head={"output": {"task": "classification", "classes": len(ALPHABETS[alphabet])}},
        training={"batch_size": batch_size, "phases": [phase]},
    )


def train_source(folder: Path, *, per_class: int = 120, epochs: int = 15) -> Path:
    """Returns the file of the weights of a network that tells Latin letters and digits apart, trained unless it is there."""
    path = folder / FILE
    if not path.exists():
        data = glyph_data("latin", train=per_class, validation=5, test=20)
        run = fusion.train(recipe_for("latin", weights=None, epochs=epochs, batch_size=64), data, store=False)
        print(f"source: accuracy {run.metrics['test']['accuracy']:.3f}")
        whole = seven_layers((SIZE, SIZE, 1))
        whole.set_weights(run.model.get_layer("eye").get_weights())
        folder.mkdir(parents=True, exist_ok=True)
        whole.save_weights(path)
    return path


def study_of(
    alphabet: str,
    *,
    seeds: int,
    epochs: int = 25,
    arms: tuple[str, ...] = ("frozen", "random", "scratch"),
    at: tuple[str, ...] = LAYERS,
) -> fusion.Study:
    """Returns the study of one target alphabet; its reference is the network trained from scratch."""
    return fusion.Study(
        name=f"Where to cut a network of Latin letters for {alphabet}",
        recipe=recipe_for(alphabet, weights=FILE, epochs=epochs, batch_size=29),
        cuts={"backbone": "eye", "at": at, "arms": arms},
        taps={"eye": LAYERS},
        reference="scratch",
        seeds=seeds,
    )


def target_data(alphabet: str) -> fusion.Data:
    """Returns 8 training examples of each character, and 20 to report on."""
    return glyph_data(alphabet, train=8, validation=2, test=20, seed=1)


def main() -> None:
    """Runs a study, or goes on with it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("alphabet", choices=["greek", "symbols"])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--arms", nargs="+", default=["frozen", "random", "scratch"])
    wanted = parser.parse_args()
    train_source(wanted.out)
    run = wanted.out / wanted.alphabet
    study = study_of(wanted.alphabet, seeds=wanted.seeds, arms=tuple(wanted.arms))
    data = target_data(wanted.alphabet)
    for tap in fusion.score_taps(study, data, test=True, folders=[wanted.out]).taps:
        print(
            f"{tap.tap}: ridge {tap.ridge:.3f}, kNN {tap.knn:.3f}, LogME {tap.logme:.3f}, test {tap.test:.3f}"
        )
    fusion.run_study(study, data, out=run, folders=[wanted.out])
    print(fusion.write_report(run, wanted.out / f"report_{wanted.alphabet}")[0])


if __name__ == "__main__":
    main()
