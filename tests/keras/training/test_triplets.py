"""Two-alternative forced choice: which of two photographs is nearer to a third, all three through one backbone."""

import numpy as np
import pytest

from fusion.checking import resolve
from fusion.data.examples import Array, Data, Examples
from fusion.graph.costs import costs
from fusion.model.addresses import weights
from fusion.model.building import build
from fusion.recipe.recipe import Recipe
from fusion.training.fitting import fit

SIDES = ("anchor", "first", "second")


def triplets(count: int, seed: int) -> Examples:
    """Photographs of one colour each, and noise: of two steps to the anchor's colour one is shorter, each 0, 1 or 2.

    By one comparison alone at most 5 of 6 can be told, as a step of 1 is as often the shorter as the longer.
    """
    random = np.random.default_rng(seed)
    steps = np.array([(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)])[np.arange(count) % 6]
    anchors = random.uniform(80, 160, (count, 3))
    colours = {"anchor": anchors}
    for side, step in zip(("first", "second"), steps.T, strict=True):
        colours[side] = anchors + 40 * step[:, None] * random.choice([-1, 1], (count, 3))
    noise = {side: random.uniform(-10, 10, (count, 16, 16, 3)) for side in SIDES}
    photos = {side: (noise[side] + colours[side][:, None, None]).astype("float32") for side in SIDES}
    nearer = steps[:, 1:] < steps[:, :1]
    names = tuple(f"{seed}/{number}" for number in range(count))
    return Examples({side: Array(photos[side]) for side in SIDES}, nearer.astype("float32"), names)


@pytest.fixture(scope="module")
def triplet() -> Recipe:
    """The form of `recipes/triplet.json` at the size of a test."""
    return Recipe(
        name="triplet",
        inputs={side: {"kind": "image", "shape": (16, 16, 3)} for side in SIDES},
        backbones={"one": {"arch": "TinyVGG", "weights": None, "options": {"width": 4}}},
        branches={
            f"{side}_view": {"input": side, "backbone": "one", "cut": "block2_pool", "blocks": ["embed"]}
            for side in SIDES
        },
        fusion={
            "to_first": {
                "op": "compare",
                "of": ["anchor_view", "first_view"],
                "terms": ["abs_diff", "cosine"],
            },
            "to_second": {
                "op": "compare",
                "of": ["anchor_view", "second_view"],
                "terms": ["abs_diff", "cosine"],
            },
            "both": {"op": "concat", "of": ["to_first", "to_second"]},
        },
        blocks={"embed": [{"layer_norm": True}, {"dense": 8}]},
        head={"output": {"task": "binary", "classes": ["first", "second"]}},
        training={
            "batch_size": 16,
            "phases": [
                {
                    "name": "all",
                    "train": ["one", "block:embed", "head"],
                    "epochs": 20,
                    "optimizer": {"learning_rate": 0.01},
                }
            ],
        },
    )


def test_a_triplet_tells_which_of_two_photographs_has_the_colour_of_a_third(triplet):
    data = Data(triplets(180, 0), triplets(48, 1), triplets(120, 2), ("first", "second"), "Made up.")

    model = fit(triplet, data).model

    chances = model.predict({side: data.test.columns[side].values for side in SIDES}, verbose=0)
    assert ((chances > 0.5) == data.test.targets).mean() > 0.9


def test_the_three_branches_of_a_triplet_own_one_set_of_weights(triplet):
    alone = Recipe(
        name="alone",
        inputs={"anchor": triplet.inputs["anchor"]},
        backbones=triplet.backbones,
        branches={"anchor_view": triplet.branches["anchor_view"]},
        blocks=triplet.blocks,
        head=triplet.head,
    )

    of_three, of_one = build(triplet), build(alone)

    head = {"output/kernel", "output/bias"}
    assert set(weights(of_three)) - head == set(weights(of_one)) - head
    # Each comparison has a difference for each of 8 features, and an angle; the head of one branch has the 8 alone.
    assert of_three.count_params() == of_one.count_params() + 2 * (8 + 1) - 8
    assert costs(resolve(triplet)).params == of_three.count_params()
