"""Held-out accuracy of the two-MobileNets recipes on three sets of photographs, three seeds each.

    FUSION_ASSETS=... python benchmarks/photographs.py

Epochs are chosen on validation images, taken from the training images by content, never on the test split. The seed draws the split where the set has none, fresh weights and the order of examples.
"""

import os
import statistics
from pathlib import Path

from reporting import report

import fusion

ASSETS = Path(os.environ["FUSION_ASSETS"])
RECIPES = Path(__file__).parent.parent / "recipes"
PETS, INSECTS = "cats_dogs_two_mobilenets.json", "hymenoptera_two_mobilenets.json"
SETS = {"hymenoptera": (INSECTS, 2, 0.94), "cats_dogs": (PETS, 2, 0.96), "houses": (PETS, 4, 0.95)}
SEEDS = (0, 1, 2)


def main() -> None:
    rows = []
    for name, (recipe, classes, claimed) in SETS.items():
        runs = [accuracy(name, recipe, classes, seed) for seed in SEEDS]
        rows.append([name, *runs, statistics.mean(runs), f">= {claimed}"])
    report("photographs", ("photographs", *(f"seed {seed}" for seed in SEEDS), "mean", "claimed"), rows)


def accuracy(name: str, file: str, classes: int, seed: int) -> float:
    recipe = fusion.load_recipe(RECIPES / file)
    recipe = recipe.replace("/head/output/classes", classes).replace("/training/seed", seed)
    run = fusion.train(recipe, ASSETS / "images" / name, folders=[ASSETS / "weights"])
    print(f"{name}, seed {seed}: {run.metrics['test']['accuracy']:.4f} in {run.seconds:.0f} s", flush=True)
    return run.metrics["test"]["accuracy"]


if __name__ == "__main__":
    main()
