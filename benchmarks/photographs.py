"""Held-out accuracy of the two-MobileNets recipe on three sets of photographs, three seeds each.

    FUSION_ASSETS=... python benchmarks/photographs.py

Nothing of the test split is used to choose: epochs are chosen on validation images, taken from the training images
by content. The seed draws the split where the set has none, fresh weights and the order of examples.
"""

import os
import statistics
from pathlib import Path

from reporting import report

import fusion

ASSETS = Path(os.environ["FUSION_ASSETS"])
RECIPE = Path(__file__).parent.parent / "recipes" / "cats_dogs_two_mobilenets.json"
SETS = {"hymenoptera": (2, 0.94), "cats_dogs": (2, 0.96), "houses": (4, 0.95)}
SEEDS = (0, 1, 2)


def main() -> None:
    rows = []
    for name, (classes, claimed) in SETS.items():
        runs = [accuracy(name, classes, seed) for seed in SEEDS]
        rows.append([name, *runs, statistics.mean(runs), f">= {claimed}"])
    report("photographs", ("photographs", *(f"seed {seed}" for seed in SEEDS), "mean", "claimed"), rows)


def accuracy(name: str, classes: int, seed: int) -> float:
    recipe = fusion.load_recipe(RECIPE)
    recipe = recipe.replace("/head/output/classes", classes).replace("/training/seed", seed)
    run = fusion.train(recipe, ASSETS / "images" / name, folders=[ASSETS / "weights"])
    print(f"{name}, seed {seed}: {run.metrics['test']['accuracy']:.4f} in {run.seconds:.0f} s", flush=True)
    return run.metrics["test"]["accuracy"]


if __name__ == "__main__":
    main()
