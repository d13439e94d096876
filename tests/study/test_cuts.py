"""Arms that ask where to cut and train on: which layers keep, begin anew and train in each."""

import pytest

from fusion.errors import RecipeError
from fusion.graph.making import make_graph
from fusion.recipe.reading import from_data
from fusion.recipe.writing import exchanged, to_data
from fusion.report.curves import curves
from fusion.study.arms import read_arms, write_arms
from fusion.study.cuts import KINDS, WITHOUT_CUT, cut_arms
from fusion.study.declaration import CutKind, Cuts, Study
from fusion.study.planning import plan_study
from fusion.study.variants import variants
from tests.topologies import Tables

NEW = {"top/dense", "output"}


def layers(*stages):
    return {
        f"eye/block{stage}_{kind}{step}" for stage in stages for step in (1, 2, 3) for kind in ("conv", "bn")
    }


def convolutions(*stages):
    return {name for name in layers(*stages) if "conv" in name}


@pytest.fixture
def recipe():
    return from_data(
        {
            "recipe": 1,
            "name": "one eye",
            "inputs": {"photo": {"kind": "image", "shape": [32, 32, 3]}},
            "backbones": {"eye": {"arch": "Plain", "weights": "imagenet"}},
            "branches": {"all": {"input": "photo", "backbone": "eye", "cut": "block3_pool"}},
            "blocks": {"top": [{"dense": 8}]},
            "head": {"blocks": ["top"], "output": {"task": "binary"}},
            "training": {
                "phases": [
                    {"name": "head", "train": ["head"], "epochs": 3},
                    {"name": "all", "train": ["head", "eye"], "epochs": 4, "optimizer": {"name": "sgd"}},
                ]
            },
        }
    )


@pytest.fixture
def changed(recipe):
    """Returns the graph of one arm, after its change."""

    def make(kind, layer="block1_pool", start=recipe, **fields):
        cuts = Cuts(backbone="eye", **{"at": ["block*_pool"], "arms": [kind]} | fields)
        arms = cut_arms(cuts, make_graph(start, Tables()))
        data = to_data(start)
        for place, value in arms[f"{kind}@{layer}" if layer else kind].change.items():
            data = exchanged(data, place, value)
        return make_graph(from_data(data), Tables())

    return make


def reset(graph, phase=0):
    return {address for address in graph.weights if graph.phases[phase].is_reset(address)}


@pytest.mark.parametrize(
    ("kind", "trained", "begun", "weights"),
    [
        ("frozen", [NEW | layers(2, 3)], [NEW | layers(2, 3)], "imagenet"),
        ("finetuned", [NEW | layers(2, 3) | convolutions(1)], [NEW | layers(2, 3)], "imagenet"),
        ("random", [NEW | layers(2, 3)], [NEW | layers(2, 3)], None),
        ("control", [NEW | layers(1, 2, 3), NEW | layers(2, 3)], [set(), NEW | layers(2, 3)], None),
        (
            "control_finetuned",
            [NEW | layers(1, 2, 3), NEW | layers(2, 3) | convolutions(1)],
            [set(), NEW | layers(2, 3)],
            None,
        ),
        (
            "lp_ft",
            [NEW | layers(2, 3), NEW | layers(2, 3) | convolutions(1)],
            [NEW | layers(2, 3), set()],
            "imagenet",
        ),
        ("surgical", [NEW | convolutions(1)], [NEW], "imagenet"),
    ],
)
def test_each_kind_of_arm_keeps_begins_and_trains_what_it_says(changed, kind, trained, begun, weights):
    graph = changed(kind)

    assert [set(plan.rates) for plan in graph.phases] == trained
    assert [reset(graph, phase) for phase in range(len(graph.phases))] == begun
    assert graph.recipe.backbones["eye"].weights == weights


def test_every_kind_is_known():
    assert {*KINDS, WITHOUT_CUT} == set(CutKind.__args__)


def test_an_arm_without_a_cut_trains_all_from_nothing(changed):
    graph = changed("scratch", layer="")

    assert [set(plan.rates) for plan in graph.phases] == [NEW | layers(1, 2, 3)]
    assert graph.recipe.backbones["eye"].weights is None


def test_all_that_is_new_begins_with_one_draw_and_a_control_learns_from_another_before(changed):
    scratch = changed("scratch", layer="")
    (alone,), (learning, _) = scratch.recipe.training.phases, changed("control").recipe.training.phases

    assert reset(scratch) == NEW | layers(1, 2, 3)
    assert learning == alone.model_copy(update={"reset": ()})


@pytest.mark.parametrize("kind", KINDS)
def test_every_arm_has_the_budget_and_the_optimizer_of_the_recipe(changed, recipe, kind):
    training = changed(kind).recipe.training

    assert training.budget == 7 == sum(phase.epochs for phase in recipe.training.phases)
    assert {phase.optimizer.name for phase in training.phases} == {"sgd"}


def test_a_part_is_what_lies_between_two_cuts(changed):
    assert set(changed("surgical", "block2_pool").phases[0].rates) == NEW | convolutions(2)


def test_after_the_last_layer_the_head_alone_begins_anew(changed):
    graph = changed("frozen", "block3_pool")

    assert set(graph.phases[0].rates) == reset(graph) == NEW


def test_a_cut_at_a_layer_with_weights_keeps_them(changed):
    graph = changed("frozen", "block1_bn3", at=["block1_bn3"])

    assert reset(graph) == NEW | layers(2, 3)


@pytest.mark.parametrize("kind", ["finetuned", "lp_ft", "surgical", "control_finetuned"])
def test_what_was_learnt_elsewhere_trains_at_the_rate_the_recipe_has_for_it(changed, recipe, kind):
    slow = recipe.replace("/training/phases/1/train/1", {"part": "eye", "learning_rate": 1e-5})

    rates = changed(kind, start=slow).phases[-1].rates

    assert {rates[name] for name in convolutions(1)} == {1e-5}
    assert {rate for name, rate in rates.items() if name not in convolutions(1)} == {0.001}


def test_two_phases_have_two_epochs_or_more(changed, recipe):
    short = recipe.replace("/training/phases", [{"name": "all", "train": ["head", "eye"], "epochs": 1}])
    long = short.replace("/training/phases/0/epochs", 2)

    assert [phase.epochs for phase in changed("lp_ft", start=long).recipe.training.phases] == [1, 1]
    with pytest.raises(
        RecipeError, match=r"/cuts/arms/0   'lp_ft' trains in two phases, and .* one epoch together"
    ):
        changed("lp_ft", start=short)


def test_another_pretrained_backbone_trains_and_never_begins_anew(changed, recipe):
    data = to_data(recipe)
    data["backbones"]["ear"] = {"arch": "Residual", "weights": "imagenet"}
    data["branches"]["more"] = {"input": "photo", "backbone": "ear", "cut": "block1_pool"}
    data["fusion"] = {"op": "concat", "from": ["all", "more"]}
    data["training"]["phases"][1]["train"].append("ear[block1_conv3..]")

    graph = changed("control", start=from_data(data))

    assert all("ear/block1_conv3" in plan.rates for plan in graph.phases)
    assert not {address for address in reset(graph, 1) if address.startswith("ear")}


@pytest.mark.parametrize(
    ("fields", "place", "text"),
    [
        ({"backbone": "eyes"}, "/cuts/backbone", r"There is no backbone 'eyes'\. Did you mean 'eye'\?"),
        ({"at": ["block1_pol"]}, "/cuts/at/0", r"'eye' \(Plain\) has no layer 'block1_pol'"),
        ({"at": ["natural", "zz*"]}, "/cuts/at/1", r"'eye' \(Plain\) has no layer like 'zz\*'"),
        (
            {"at": ["block4_pool"]},
            "/cuts/at/0",
            "'block4_pool' lies after 'block3_pool', where the recipe itself",
        ),
    ],
)
def test_what_is_not_there_is_refused_before_anything_runs(recipe, fields, place, text):
    study = Study(name="where", recipe=recipe, cuts={"backbone": "eye"} | fields)

    with pytest.raises(RecipeError, match=text) as caught:
        variants(study, shelf=lambda _: Tables())

    assert [problem.place for problem in caught.value.problems] == [place]


def test_a_backbone_without_weights_has_nothing_to_transfer(recipe):
    study = Study(name="w", recipe=recipe.replace("/backbones/eye/weights", None), cuts={"backbone": "eye"})

    with pytest.raises(RecipeError, match="'eye' has \"weights\": null, so no cut transfers anything"):
        variants(study, shelf=lambda _: Tables())


def test_a_recipe_without_training_has_no_epochs_to_share(recipe):
    graph = make_graph(recipe.replaced(training=None), Tables())

    with pytest.raises(RecipeError, match="from which every arm takes its epochs and optimizer"):
        cut_arms(Cuts(backbone="eye"), graph)


def test_an_arm_of_ones_own_has_another_name(recipe):
    study = Study(name="w", recipe=recipe, arms={"scratch": {}}, cuts={"backbone": "eye", "at": "stages"})

    with pytest.raises(
        RecipeError, match="'scratch' is the name of an arm of \"cuts\"; give this one another"
    ):
        variants(study, shelf=lambda _: Tables())


def test_a_study_lists_its_cuts_after_the_recipe_and_plans_them(recipe):
    study = Study(name="w", recipe=recipe, cuts={"backbone": "eye", "at": ["block1_pool", "block2_pool"]})

    found = variants(study, shelf=lambda _: Tables())
    planned = plan_study(study, found, examples=100)

    kinds = ("frozen", "random", "control")
    assert list(found) == ["base", *(f"{kind}@block{n}_pool" for n in (1, 2) for kind in kinds), "scratch"]
    assert {each.epochs for each in planned.arms} == {7}
    assert {each.arm: each.before for each in planned.arms if each.before} == {
        "control@block1_pool": 7,
        "control@block2_pool": 7,
    }


def test_a_report_draws_a_curve_for_each_kind(recipe, tmp_path):
    study = Study(name="w", recipe=recipe, cuts={"backbone": "eye", "at": "stages"})
    found = variants(study, shelf=lambda _: Tables())

    write_arms(found, tmp_path, cuts=cut_arms(study.cuts, found["base"]))
    drawn = curves(read_arms(tmp_path))

    assert [each.name for each in drawn] == ["frozen", "random", "control"]
    assert [place.tap for place, _ in drawn[0].points] == [f"eye/block{n}_pool" for n in (1, 2, 3)]
    assert next(arm for _, arm in drawn[1].points) == "random@block1_pool"
