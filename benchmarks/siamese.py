"""Two photographs of cats and dogs, same or different: accuracy on pairs of photographs that no training pair has.

    FUSION_ASSETS=... python benchmarks/siamese.py

Beside it the angle between the frozen features of both, with the threshold that is best on training pairs. The seed
draws the split of the photographs, the pairs, fresh weights and the order of examples.
"""

import json
import os
import statistics
import tempfile
from pathlib import Path

import numpy as np
from reporting import report

import fusion
from fusion.data.batches import batches
from fusion.data.pairs import find_pairs, write_pairs
from fusion.data.splits import Split

ASSETS = Path(os.environ["FUSION_ASSETS"])
RECIPE = Path(__file__).parent.parent / "recipes" / "siamese.json"
EYE = {"file": "mobilenet_2_5_224_tf_no_top.h5"}
SEEDS = (0, 1, 2)


def main() -> None:
    found = {"siamese": [], "angle of frozen features": []}
    for seed in SEEDS:
        recipe = fusion.load_recipe(RECIPE).replace("/backbones/twin/weights", EYE)
        recipe = recipe.replace("/training/seed", seed)
        with tempfile.TemporaryDirectory() as folder:
            pairs = find_pairs(ASSETS / "images" / "cats_dogs", split=Split(seed=seed))
            about = write_pairs(pairs, Path(folder) / "pairs.csv")
            data = fusion.read_data(about, inputs=recipe.inputs, output=recipe.head.output)
            run = fusion.train(recipe, data, folders=[ASSETS / "weights"])
            found["siamese"].append(run.metrics["test"]["accuracy"])
            found["angle of frozen features"].append(by_angle(recipe, data))
        print(
            f"seed {seed}: {found['siamese'][-1]:.3f} in {run.seconds:.0f} s on {len(data.test)} test pairs",
            flush=True,
        )
    rows = [[name, *each, statistics.mean(each)] for name, each in found.items()]
    rows.append(["chance", *[0.5] * len(SEEDS), 0.5])
    report("siamese", ("accuracy on held-out pairs", *(f"seed {seed}" for seed in SEEDS), "mean"), rows)


def by_angle(recipe: fusion.Recipe, data: fusion.Data) -> float:
    """The accuracy of a threshold on the cosine of both feature vectors, the best one of the training pairs."""
    said = json.loads(fusion.to_json(recipe))
    for branch in said["branches"].values():
        del branch["blocks"]
    del said["blocks"]["embed"], said["training"]
    said["fusion"]["terms"] = ["cosine"]
    model = fusion.build(fusion.from_json(json.dumps(said)), folders=[ASSETS / "weights"])
    fused = type(model)(model.inputs, model.get_layer("output").input)
    train, test = (
        (np.asarray(fused.predict(batches(part, batch_size=32).map(lambda x, _: x), verbose=0))[:, 0], part)
        for part in (data.train, data.test)
    )
    cosines, part = train
    threshold = max(cosines, key=lambda least: ((cosines >= least) == part.targets[:, 0]).mean())
    cosines, part = test
    return float(((cosines >= threshold) == part.targets[:, 0]).mean())


if __name__ == "__main__":
    main()
