"""Where to cut a network of Latin letters, for Greek letters (near) and symbols (far): what glyphs_*.json run on.

Everything is drawn from the fonts matplotlib ships, so nothing is downloaded:

    python recipes/studies/glyphs.py greek runs/glyphs

trains the source network, draws what each seed is given, runs every arm with every seed, scores the layers as taps, and writes
a report; what is done already is left alone.
"""

import argparse
import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

import fusion
from fusion.data.examples import Examples, splits, take
from fusion.data.glyphs import ALPHABETS, SIZE, glyph_data
from fusion.probe.fusing import fuse_taps, fused_data
from fusion.probe.scored import scores_json
from fusion.probe.scoring import pool_taps, prepare_taps, score

LAYERS = ("conv1_relu", "pool2", "conv3_relu", "pool4", "dense5_relu", "dense6_relu")
"""The six layers that can be transferred, each with what activates and pools it; the seventh is the output."""
FILE = "latin.weights.h5"
CLASSES = 29
"""Characters of each target: all Greek letters, and as many of the symbols."""


def seven_layers(input_shape: tuple[int, int, int]) -> keras.Model:
    """Returns a chain of four convolutions and two dense layers, written as convolutions, that a head makes seven."""
    x = inputs = keras.Input(input_shape)
    for number, filters in enumerate((16, 16, 32, 32), start=1):
        x = _layer(x, f"conv{number}", filters, kernel_size=3, padding="same")
        if number % 2 == 0:
            x = keras.layers.MaxPooling2D(name=f"pool{number}")(x)
    x = _layer(x, "dense5", 128, kernel_size=x.shape[1])
    x = _layer(x, "dense6", 64, kernel_size=1)
    return keras.Model(inputs, x, name="seven_layers")


def _layer(x: keras.KerasTensor, name: str, filters: int, **options: object) -> keras.KerasTensor:
    x = keras.layers.Conv2D(filters, kernel_initializer="he_normal", name=name, **options)(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)


fusion.register_backbone("SevenLayers", seven_layers, preprocess="tf")


TARGETS = {"greek": "greek", "symbols": "symbols", "random": "greek"}
"""The alphabet of each study."""


def study_file(name: str) -> Path:
    """Returns where a study lies."""
    return Path(__file__).with_name(f"glyphs_{name}.json")


def train_source(folder: Path, *, per_class: int = 120, epochs: int = 15) -> Path:
    """Returns the file of the weights of a network that tells Latin letters and digits apart, trained unless it is there."""
    path = folder / FILE
    if not path.exists():
        data = glyph_data("latin", train=per_class, validation=5, test=20)
        run = fusion.train(_source(epochs), data, store=False)
        print(f"source: accuracy {run.metrics['test']['accuracy']:.3f}")
        whole = seven_layers((SIZE, SIZE, 1))
        whole.set_weights(run.model.get_layer("eye").get_weights())
        folder.mkdir(parents=True, exist_ok=True)
        whole.save_weights(path)
    return path


def _source(epochs: int) -> fusion.Recipe:
    """Returns the recipe of the same network on Latin letters; all of it trains."""
    recipe = fusion.load_study(study_file("greek")).recipe
    phase = {"name": "all", "train": ["head", "eye"], "epochs": epochs, "keep": "last"}
    return (
        recipe.replace("/name", "latin")
        .replace("/backbones/eye/weights", None)
        .replace("/head/output/classes", len(ALPHABETS["latin"]))
        .replace("/training", {"batch_size": 64, "phases": [phase]})
    )


def study_of(
    alphabet: str,
    *,
    seeds: int,
    arms: tuple[str, ...] = ("frozen", "random", "scratch"),
    at: tuple[str, ...] = LAYERS,
) -> fusion.Study:
    """Returns the study of one target alphabet with other arms or cuts, on data that are the same for all seeds."""
    study = fusion.load_study(study_file(alphabet))
    return study.replaced(data=None, seeds=seeds, cuts=study.cuts.replaced(arms=arms, at=at))


def target_data(alphabet: str, *, seed: int = 0) -> fusion.Data:
    """Returns 8 examples of each character to train on, drawn by a seed, and 20 to report on that are the same for all."""
    drawn, fixed = (
        {
            name: _known(part)
            for name, part in splits(glyph_data(alphabet, train=8, validation=2, test=20, seed=each)).items()
        }
        for each in (seed + 1, 1)
    )
    labels = tuple(ALPHABETS[alphabet][:CLASSES])
    return fusion.Data(drawn["train"], drawn["validation"], fixed["test"], labels, f"Drawn by seed {seed}.")


def _known(part: Examples) -> Examples:
    return take(part, np.flatnonzero(part.targets < CLASSES))


def write_targets(folder: Path, alphabet: str, seeds: Iterable[int]) -> None:
    """Writes the data of each seed unless they are there."""
    for seed in seeds:
        file = folder / alphabet / f"{seed}.npz"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            arrays = {}
            for name, part in splits(target_data(alphabet, seed=seed)).items():
                pixels = part.columns["photo"].read(np.arange(len(part)))
                arrays |= {f"{name}_photo": pixels, f"{name}_targets": part.targets}
            np.savez_compressed(file, **arrays)


def write_scores(study: Path, run: Path) -> None:
    """Scores the layers for a small head, on what the first seed is given, for the report of a run."""
    prepared = prepare_taps(study)
    pooled = pool_taps(prepared, test=True)
    (run / "scores.json").write_text(scores_json(score(prepared, pooled)), encoding="utf-8")
    (run / "fusions.json").write_text(json.dumps(fused_data(fuse_taps(pooled))), encoding="utf-8")


def main() -> None:
    """Runs a study, or goes on with it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("study", choices=list(TARGETS))
    parser.add_argument("out", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    wanted = parser.parse_args()
    train_source(wanted.out)
    study = Path(shutil.copy(study_file(wanted.study), wanted.out))
    declared = fusion.load_study(study)
    write_targets(wanted.out, TARGETS[wanted.study], declared.numbers)
    run = wanted.out / f"run_{wanted.study}"
    fusion.run_study(study, out=run, workers=wanted.workers)
    if declared.taps:
        write_scores(study, run)
    print(fusion.write_report(run, wanted.out / f"report_{wanted.study}")[0])


if __name__ == "__main__":
    main()
