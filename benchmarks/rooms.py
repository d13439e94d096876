"""Which room a photograph shows, told by it, by the table of its house, by both: accuracy on the same held-out houses.

    FUSION_ASSETS=... python benchmarks/rooms.py

A row for each photograph. The seed draws the split, fresh weights and the order of examples. Houses are split once for
all arms, all photographs of one house together; the epoch is chosen on validation houses.
"""

import csv
import json
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from reporting import report

import fusion

ASSETS = Path(os.environ["FUSION_ASSETS"])
HOUSES = ASSETS / "images" / "houses"
RECIPE = Path(__file__).parent.parent / "recipes" / "room_and_table.json"
EYE = {"file": "mobilenet_2_5_224_tf_no_top.h5"}
ROOMS = ("bathroom", "bedroom", "frontal", "kitchen")
FACTS = ("bedrooms", "bathrooms", "area_sqft")
SOURCES = {"photo": {"files": f"{HOUSES}/{{file}}"}, "facts": {"columns": FACTS}}
SEEDS = (0, 1, 2)


def main() -> None:
    both = fusion.load_recipe(RECIPE).replace("/backbones/eye/weights", EYE)
    arms = {
        "photograph and table": both,
        "photograph alone": without(both, "facts", "numbers", "mlp"),
        "table alone": without(both, "photo", "view", "look"),
    }
    found = {name: [] for name in ("the commonest room", *arms)}
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as folder:
            rows = photographs()
            data = read(both, rows, Path(folder), split={"group": "house_id", "test": 0.25, "seed": seed})
            commonest = np.bincount(data.train.targets).argmax()
            found["the commonest room"].append(float((data.test.targets == commonest).mean()))
            pinned = in_splits(rows, data)
            for name, recipe in arms.items():
                data = read(recipe, pinned, Path(folder), split={"column": "split"})
                run = fusion.train(recipe.replace("/training/seed", seed), data, folders=[ASSETS / "weights"])
                found[name].append(run.metrics["test"]["accuracy"])
                sizes = f"{len(data.train)} photographs train, {len(data.test)} are held out"
                print(
                    f"{name}, seed {seed}: {found[name][-1]:.3f} in {run.seconds:.0f} s; {sizes}", flush=True
                )
    table = [[name, *each, statistics.mean(each)] for name, each in found.items()]
    report("rooms", ("accuracy on held-out houses", *(f"seed {seed}" for seed in SEEDS), "mean"), table)


def without(recipe: fusion.Recipe, fed: str, branch: str, block: str) -> fusion.Recipe:
    """The same recipe with neither an input nor what it alone goes through."""
    said = json.loads(fusion.to_json(recipe))
    owner = said["branches"][branch].get("backbone")
    said["backbones"] = {name: each for name, each in said["backbones"].items() if name != owner}
    del said["inputs"][fed], said["branches"][branch], said["blocks"][block], said["fusion"]
    said["training"]["phases"][0]["train"].remove(f"block:{block}")
    return fusion.from_json(json.dumps(said))


def photographs() -> list[dict[str, object]]:
    """A row for each photograph: its house, its room, its file, and what is known of the house."""
    with (HOUSES / "houses.csv").open() as file:
        houses = list(csv.DictReader(file))
    return [
        {
            "house_id": house["house_id"],
            "room": room,
            "file": f"{room}/{int(house['house_id']):03d}.jpg",
            **{fact: house[fact] for fact in FACTS},
        }
        for house in houses
        for room in ROOMS
    ]


def in_splits(rows: Sequence[dict[str, object]], data: fusion.Data) -> list[dict[str, object]]:
    """The same rows, each with the split that it is in."""
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    of_line = {int(row.split()[-1]): name for name, part in parts.items() for row in part.names}
    return [{**row, "split": of_line[line]} for line, row in enumerate(rows, start=2)]


def read(
    recipe: fusion.Recipe, rows: Sequence[dict[str, object]], folder: Path, *, split: dict[str, object]
) -> fusion.Data:
    """Writes a table and the dataset file of a recipe's inputs, and reads them."""
    with (folder / "rooms.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    said = {
        "dataset": 1,
        "table": "rooms.csv",
        "inputs": {name: SOURCES[name] for name in recipe.inputs},
        "target": {"column": "room"},
        "split": split,
    }
    (folder / "rooms.json").write_text(json.dumps(said))
    return fusion.read_data(folder / "rooms.json", inputs=recipe.inputs, output=recipe.head.output)


if __name__ == "__main__":
    main()
