"""Prices of houses from four photographs, from a table, from both: mean absolute errors on the same held-out houses.

    FUSION_ASSETS=... python benchmarks/houses.py

The seed draws the split, fresh weights and the order of examples. Houses are split once for all arms, so that those
that share a photograph stay together and each arm is judged on the same; the epoch is chosen on validation houses.
"""

import csv
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from reporting import report

import fusion

ASSETS = Path(os.environ["FUSION_ASSETS"])
HOUSES = ASSETS / "images" / "houses"
RECIPES = Path(__file__).parent.parent / "recipes"
EYE = {"file": "mobilenet_2_5_224_tf_no_top.h5"}
ROOMS = ("frontal", "bedroom", "bathroom", "kitchen")
SOURCES = {
    **{room: {"files": f"{HOUSES}/{room}/{{house_id:03d}}.jpg"} for room in ROOMS},
    "facts": {"columns": ["bedrooms", "bathrooms", "area_sqft"]},
    "zip": {"column": "zipcode"},
}
SEEDS = (0, 1, 2)


def main() -> None:
    both = fusion.load_recipe(RECIPES / "image_and_table.json").replace("/backbones/eye/weights", EYE)
    photos = fusion.load_recipe(RECIPES / "multi_input.json").replace("/backbones/eye/weights", EYE)
    arms = {
        "photographs and table": both,
        "table alone": without_photographs(both),
        "photographs alone": photos,
    }
    errors = {name: [] for name in ("the training mean", "the training median", *arms)}
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            parts = pin_split(both, Path(folder), seed)
            for name, recipe in arms.items():
                errors[name].append(error(recipe.replace("/training/seed", seed), Path(folder), name))
            for name, centre in (("the training mean", np.mean), ("the training median", np.median)):
                guess = centre(parts.train.targets)
                errors[name].append(float(np.abs(parts.test.targets - guess).mean()))
    rows = [[name, *found, statistics.mean(found)] for name, found in errors.items()]
    report("houses", ("mean absolute error, dollars", *(f"seed {seed}" for seed in SEEDS), "mean"), rows)


def without_photographs(recipe: fusion.Recipe) -> fusion.Recipe:
    """The same recipe with neither photographs nor what they go through."""
    said = json.loads(fusion.to_json(recipe))
    said["backbones"] = {}
    for room in ROOMS:
        del said["inputs"][room], said["branches"][f"{room}_view"]
    del said["blocks"]["look"]
    said["fusion"]["from"] = list(said["branches"])
    said["training"]["phases"][0]["train"].remove("block:look")
    return fusion.from_json(json.dumps(said))


def pin_split(recipe: fusion.Recipe, folder: Path, seed: int) -> fusion.Data:
    """Splits the houses by all there is of them, writes a table that says how, and returns the data."""
    split = {"group": "house_id", "test": 0.25, "validation": 0.15, "seed": seed}
    write_dataset(recipe, folder / "drawn.json", table=str(HOUSES / "houses.csv"), split=split)
    data = fusion.read_data(folder / "drawn.json", inputs=recipe.inputs, output=recipe.head.output)
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    of_row = {int(row.split()[-1]): name for name, part in parts.items() for row in part.names}
    with (HOUSES / "houses.csv").open() as source, (folder / "pinned.csv").open("w", newline="") as target:
        header, *rows = csv.reader(source)
        writer = csv.writer(target)
        writer.writerows([[*header, "split"], *([*row, of_row[i]] for i, row in enumerate(rows, start=2))])
    return data


def write_dataset(recipe: fusion.Recipe, path: Path, *, table: str, split: dict[str, object]) -> None:
    sources = {name: SOURCES[name] for name in recipe.inputs}
    said = {
        "dataset": 1,
        "table": table,
        "inputs": sources,
        "target": {"column": "price_usd"},
        "split": split,
    }
    path.write_text(json.dumps(said))


def error(recipe: fusion.Recipe, folder: Path, name: str) -> float:
    path = folder / f"{name}.json"
    write_dataset(recipe, path, table="pinned.csv", split={"column": "split"})
    began = time.perf_counter()
    run = fusion.train(recipe, path, folders=[ASSETS / "weights"])
    found = run.metrics["test"]["mae"]
    print(
        f"{name}, seed {recipe.training.seed}: {found:.0f} in {time.perf_counter() - began:.0f} s", flush=True
    )
    return found


if __name__ == "__main__":
    main()
