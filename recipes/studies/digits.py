"""Where to cut a network that tells five digits apart, for the other five: what the study in digits.json runs on.

    python recipes/studies/digits.py runs/digits

draws for each seed which five of scikit-learn's ten digits are the source and which the target, trains a network on the
source, runs the study and writes a report; what is done already is left alone. It needs `pip install scikit-learn`.
"""

import argparse
import shutil
from pathlib import Path

import keras
import numpy as np
from sklearn.datasets import load_digits

import fusion

STUDY = Path(__file__).with_suffix(".json")
SIZES = {"train": 10, "validation": 10, "test": 150}
"""Images of each class of the target; those for validation choose nothing, but tell whether training has come to rest."""


def seven_small_layers(input_shape: tuple[int, int, int]) -> keras.Model:
    """Returns a chain of four convolutions and two dense layers, written as convolutions, that a head makes seven."""
    x = inputs = keras.Input(input_shape)
    for number, filters in enumerate((16, 16, 32, 32), start=1):
        x = _layer(x, f"conv{number}", filters, kernel_size=3, padding="same")
        if number % 2 == 0:
            x = keras.layers.MaxPooling2D(name=f"pool{number}")(x)
    x = _layer(x, "dense5", 64, kernel_size=x.shape[1])
    x = _layer(x, "dense6", 32, kernel_size=1)
    return keras.Model(inputs, x, name="seven_small_layers")


def _layer(x: keras.KerasTensor, name: str, filters: int, **options: object) -> keras.KerasTensor:
    x = keras.layers.Conv2D(filters, kernel_initializer="he_normal", name=name, **options)(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


fusion.register_backbone("SevenSmallLayers", seven_small_layers, preprocess="tf")


def halves(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns five digits, and the other five, as a seed draws them."""
    drawn = np.random.default_rng(seed).permutation(10)
    return np.sort(drawn[:5]), np.sort(drawn[5:])


def digits_of(classes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the images of some digits, 0..255 of shape (n, 8, 8, 1), and class numbers from 0, in an order by chance."""
    images, digits = load_digits(return_X_y=True)
    kept = np.flatnonzero(np.isin(digits, classes))
    kept = np.random.default_rng([seed, 1]).permutation(kept)
    pixels = np.round(images[kept] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
    return pixels, np.searchsorted(classes, digits[kept])


def write_target(file: Path, seed: int) -> None:
    """Writes the target of a seed in its splits."""
    pixels, targets = digits_of(halves(seed)[1], seed)
    arrays, first = {}, 0
    for split, size in SIZES.items():
        rows = np.concatenate(
            [np.flatnonzero(targets == number)[first : first + size] for number in range(5)]
        )
        arrays |= {f"{split}_photo": pixels[rows], f"{split}_targets": targets[rows]}
        first += size
    np.savez_compressed(file, **arrays)


def write_source(file: Path, seed: int) -> None:
    """Trains a network on all images of the source of a seed, and writes its weights."""
    pixels, targets = digits_of(halves(seed)[0], seed)
    keras.utils.set_random_seed(10_000 + seed)
    eye = seven_small_layers((8, 8, 1))
    whole = keras.Sequential([eye, keras.layers.Flatten(), keras.layers.Dense(5)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole.compile("adam", loss, metrics=["accuracy"])
    seen = whole.fit(pixels / 255 - 0.3, targets, batch_size=25, epochs=20, verbose=0)
    print(f"source of seed {seed}: accuracy {seen.history['accuracy'][-1]:.3f} in training")
    eye.save_weights(file)


def prepare(folder: Path, seeds: tuple[int, ...]) -> Path:
    """Returns the study's file in a folder, beside all it runs on, which is made unless it is there."""
    for seed in seeds:
        (folder / str(seed)).mkdir(parents=True, exist_ok=True)
        for name, write in (("target.npz", write_target), ("source.weights.h5", write_source)):
            if not (folder / str(seed) / name).exists():
                write(folder / str(seed) / name, seed)
    return Path(shutil.copy(STUDY, folder / STUDY.name))


def main() -> None:
    """Runs the study, or goes on with it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    wanted = parser.parse_args()
    study = prepare(wanted.out, fusion.load_study(STUDY).numbers)
    fusion.run_study(study, out=wanted.out / "run", workers=wanted.workers)
    print(fusion.write_report(wanted.out / "run", wanted.out / "report")[0])


if __name__ == "__main__":
    main()
