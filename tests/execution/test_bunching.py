import pytest

from fusion.checking import resolve
from fusion.execution import bunching
from fusion.execution.bunching import bunched, graphs_of, may_stack, pieces, source_of
from fusion.graph.costs import costs
from fusion.recipe.reading import from_data
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import to_data
from fusion.skeleton.layers import Layer, Skeleton
from fusion.study.trials import Trial

LAST = {"name": "head", "train": ["head"], "epochs": 5}


class Tables:
    """A catalogue with a network of two layers."""

    def skeleton(self, backbone, shape):
        rows = (
            Layer("input", "InputLayer", (), shape),
            Layer("conv", "Conv2D", ("input",), (8, 8, 16), 400, 0, 10**9, activation="relu", kernel=(3, 3)),
            Layer("deep", "Conv2D", ("conv",), (8, 8, 16), 400, 0, 10**9, activation="relu", kernel=(3, 3)),
            Layer("wide", "Conv2D", ("deep",), (8, 8, 32), 400, 0, 10**9, activation="relu", kernel=(3, 3)),
        )
        return Skeleton(backbone.arch, shape, rows, "wide", "3.15.1")

    def preprocess(self, backbone):
        return "none"

    def needs_preparation(self, backbone, image, shape):
        return False


def resolved(recipe, folders=()):
    return resolve(recipe, catalogue=Tables(), folders=folders)


@pytest.fixture
def frozen():
    """A recipe whose head trains on what a frozen backbone gives."""
    return Recipe(
        name="photo",
        inputs={"photo": {"kind": "image", "shape": (8, 8, 3)}},
        backbones={"eye": {"arch": "Two", "weights": None}},
        branches={"all": {"input": "photo", "backbone": "eye", "cut": "conv"}},
        blocks={"top": [{"dense": 4}, {"dropout": 0.2}]},
        head={"blocks": ["top"], "output": {"task": "binary"}},
        training={"phases": [LAST]},
    )


@pytest.fixture
def trial_of():
    def make(recipe, seed=0, rate=0.001, data="same"):
        training = recipe.training.phases[0]
        rated = {**LAST, "optimizer": {"name": training.optimizer.name, "learning_rate": rate}}
        own = recipe.replace("/training", {"seed": seed, "phases": [rated]})
        return Trial("a", seed, own, "accuracy", None, data)

    return make


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setattr(bunching, "resolve", resolved)
    monkeypatch.setattr(Trial, "key", property(lambda each: f"{each.seed}{each.recipe}{each.data}"))


def stacks(recipe, **changes):
    for place, value in changes.items():
        recipe = recipe.replace(place.replace("__", "/"), value)
    return may_stack(resolved(recipe))


def test_a_head_on_stored_vectors_may_train_with_others(frozen):
    assert stacks(frozen)


@pytest.mark.parametrize(
    "change",
    [
        {"/training": {"phases": [LAST, LAST | {"name": "again"}]}},
        {"/training": {"phases": [LAST | {"monitor": "accuracy"}]}},
        {"/training": {"phases": [LAST | {"reset": ["head"]}]}},
        {"/training": {"class_weight": "balanced", "phases": [LAST]}},
        {"/training": {"precision": "mixed_bfloat16", "phases": [LAST]}},
        {"/training": {"phases": [LAST | {"train": ["head", "eye"]}]}},
        {"/training": {"augment": {"photo": [{"flip": "horizontal"}]}, "phases": [LAST]}},
        {"/branches/all/pool": "flatten", "/training": {"phases": [LAST | {"epochs": 1}]}},
    ],
    ids=[
        "phases",
        "monitor",
        "reset",
        "class weights",
        "precision",
        "backbone",
        "augmentation",
        "nothing stored",
    ],
)
def test_what_is_not_covered_trains_alone(frozen, change):
    assert not stacks(frozen, **change)


def test_what_keeps_fresh_weights_after_the_vectors_trains_alone(frozen):
    side = LAST | {"train": ["head", "block:side"]}
    data = to_data(frozen) | {
        "branches": {
            "a": {"input": "photo", "backbone": "eye", "cut": "conv", "blocks": ["side"]},
            "b": {"input": "photo", "backbone": "eye", "cut": "conv"},
        },
        "fusion": {"op": "gated", "from": ["a", "b"], "project": 4},
        "training": {"phases": [side]},
    }
    data["blocks"]["side"] = [{"dense": 4}]
    gated = from_data(data)

    assert not stacks(gated)
    assert stacks(gated, **{"/training": {"phases": [side | {"train": ["head", "block:side", "fusion"]}]}})


def test_a_monitor_that_nothing_is_chosen_by_does_not_matter(frozen):
    assert stacks(frozen, **{"/training": {"phases": [LAST | {"monitor": "accuracy", "keep": "last"}]}})


def test_batch_normalisation_trains_with_others_by_sgd_alone(frozen):
    deep = frozen.replace("/blocks/top", [{"dense": 4}, {"batch_norm": True}])

    assert not stacks(deep)
    assert stacks(deep, **{"/training": {"phases": [LAST | {"optimizer": {"name": "sgd"}}]}})


def test_trials_of_one_form_and_data_are_bunched_whatever_their_seeds_and_rates(frozen, trial_of):
    trials = [trial_of(frozen, seed, rate) for seed in (0, 1) for rate in (0.001, 0.01)]
    other = trial_of(frozen, 2, data="other")
    deeper = trial_of(frozen.replace("/branches/all/cut", "deep"), 3)
    wider = trial_of(frozen.replace("/branches/all/cut", "wide"), 3)
    larger = trial_of(frozen.replace("/blocks/top/0/dense", 5), 3)

    found = bunched([trials[0], other, *trials[1:], wider, deeper, larger])

    assert found == [(*trials, deeper), (larger,), (wider,), (other,)]


@pytest.fixture
def in_order(frozen):
    """Returns how trials of arms that each run alone are ordered, as words of arm and seed."""

    def order(arms, seeds):
        whole = {"name": "head", "train": ["head", "eye"], "epochs": 5}
        trials = []
        for seed in seeds:
            for number, arm in enumerate(arms):
                own = frozen.replace("/blocks/top/0/dense", 4 + number)
                own = own.replace("/training", {"seed": seed, "phases": [whole]})
                trials.append(Trial(arm, seed, own, "accuracy", None, f"split {seed}"))
        return [f"{trial.arm}{trial.seed}" for (trial,) in bunched(trials)]

    return order


def test_the_first_seed_of_every_arm_runs_first(in_order):
    assert in_order("abc", [7, 8])[:3] == ["a7", "b7", "c7"]


def test_arms_take_turns_with_a_few_seeds_of_one_program_after_the_other(in_order, monkeypatch):
    monkeypatch.setattr(bunching, "SEEDS", 2)

    assert " ".join(in_order("ab", range(6))) == "a0 b0 b1 b2 a1 a2 a3 a4 b3 b4 b5 a5"


def test_a_run_that_is_broken_off_half_way_leaves_pairs(in_order):
    half = in_order("abcde", range(10))[:30]

    assert sum(all(f"{arm}{seed}" in half for arm in "abcde") for seed in range(10)) == 6


def test_a_bunch_is_no_larger_than_a_killed_run_may_lose(frozen, trial_of, monkeypatch):
    monkeypatch.setattr(bunching, "HEADS", 2)

    assert [len(each) for each in bunched([trial_of(frozen, seed) for seed in range(5)])] == [2, 2, 1]


def test_bunches_are_small_enough_for_all_workers_to_have_one(frozen, trial_of):
    alone = trial_of(frozen.replace("/blocks/top/1", {"batch_norm": True}), 9)
    trials = [*(trial_of(frozen, seed) for seed in range(5)), alone]

    assert [len(each) for each in bunched(trials, 2)] == [3, 1, 2]
    assert [len(each) for each in bunched(trials, 8)] == [1] * 6


def test_vectors_of_a_piece_fit_into_memory(frozen, trial_of, monkeypatch):
    graphs = graphs_of([trial_of(frozen, seed) for seed in (0, 0, 1, 2)])
    model = 4 * costs(graphs[0]).params
    monkeypatch.setattr(bunching, "BYTES", 2 * (10 * 16 * 4 + model))

    assert pieces(graphs, 10) == [slice(0, 3), slice(3, 4)]
    assert pieces(graphs, 100) == [slice(0, 2), slice(2, 3), slice(3, 4)]


def test_models_of_a_piece_fit_into_memory(frozen, trial_of, monkeypatch):
    deep = frozen.replace("/branches/all/cut", "deep")
    graphs = graphs_of([trial_of(frozen), trial_of(deep), trial_of(frozen, rate=0.1)])
    monkeypatch.setattr(bunching, "BYTES", 4 * costs(graphs[0]).params + 4 * costs(graphs[1]).params - 1)

    assert pieces(graphs, 0) == [slice(0, 1), slice(1, 2), slice(2, 3)]


def test_vectors_depend_on_the_seed_where_something_frozen_has_fresh_weights(frozen, trial_of):
    first, second, rated = graphs_of([trial_of(frozen), trial_of(frozen, 1), trial_of(frozen, rate=0.1)])

    assert source_of(first) == source_of(rated) != source_of(second)


def test_vectors_of_known_weights_are_the_same_for_all_seeds(frozen, trial_of):
    known = frozen.replace("/backbones/eye/weights", "imagenet")
    first, second = graphs_of([trial_of(known), trial_of(known, 1)])

    assert source_of(first) == source_of(second) != source_of(graphs_of([trial_of(frozen)])[0])
