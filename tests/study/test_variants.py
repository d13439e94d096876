import pytest

from fusion.errors import RecipeError
from fusion.recipe.recipe import Recipe
from fusion.recipe.writing import to_json
from fusion.study.declaration import Study
from fusion.study.variants import _named, all_variants, metric_of, variants, weight_places
from tests.topologies import Tables

EYE = Recipe(
    name="eye",
    inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    backbones={"eye": {"arch": "Plain", "weights": {"file": "w.weights.h5"}}},
    branches={"all": {"input": "photo", "backbone": "eye", "cut": "block2_pool"}},
    head={"output": {"task": "binary"}},
    training={"phases": [{"name": "head", "train": ["head"], "epochs": 3}]},
)


def problems(study, **places):
    with pytest.raises(RecipeError) as caught:
        variants(study, **places)
    return {problem.place: problem.text for problem in caught.value.problems}


def test_every_combination_of_axes_is_an_arm_and_what_means_the_same_is_one(study):
    both = study.replaced(axes={"/blocks/mlp/0/dense": [4, 8], "/training/batch_size": [32, 64]})

    arms = variants(both)

    assert list(arms) == [
        "base",
        "0/dense=4, training/batch_size=32",
        "0/dense=4, training/batch_size=64",
        "0/dense=8, training/batch_size=64",
    ]
    assert arms["0/dense=4, training/batch_size=64"].recipe.blocks["mlp"][0].units == 4
    assert arms["0/dense=4, training/batch_size=64"].recipe.training.batch_size == 64


def test_an_arm_changes_its_recipe_or_that_of_the_study(recipe, tmp_path):
    (tmp_path / "other.json").write_text(to_json(recipe.replace("/blocks/mlp/0/dense", 32)))
    study = Study(
        name="two",
        recipe=recipe,
        arms={"other": {"recipe": "other.json", "change": {"/training/batch_size": 4}}},
    )

    found = variants(study, folder=tmp_path)["other"].recipe

    assert (found.blocks["mlp"][0].units, found.training.batch_size) == (32, 4)
    assert weight_places(study, "other", folder=tmp_path) == [tmp_path]


@pytest.fixture
def eye_files(tmp_path):
    """Writes a recipe into folders, each with a weights file of some content beside it."""

    def write(**contents):
        for name, content in contents.items():
            (tmp_path / name).mkdir()
            (tmp_path / name / "r.json").write_text(to_json(EYE))
            if content:
                (tmp_path / name / "w.weights.h5").write_text(content)
        arms = {name: {"recipe": f"{name}/r.json"} for name in contents if name != "a"}
        return Study(name="eyes", recipe="a/r.json", arms=arms)

    return write


def test_arms_of_one_recipe_are_the_same_where_the_files_beside_them_are(eye_files, tmp_path):
    study = eye_files(a="one", b="another", c="one", d="another")

    found = all_variants(study, folder=tmp_path, shelf=lambda _: Tables())

    assert list(found.arms) == ["base", "b"]
    assert found.repeated == {"c": "base", "d": "b"}


def test_files_that_are_not_there_are_no_content(eye_files, tmp_path):
    study = eye_files(a="", b="", c="one")

    found = all_variants(study, folder=tmp_path, shelf=lambda _: Tables())

    assert (list(found.arms), found.repeated) == (["base", "c"], {"b": "base"})


def test_weights_named_for_all_arms_are_those_of_all(eye_files, tmp_path):
    study = eye_files(a="one", b="another")

    found = all_variants(study, folder=tmp_path, folders=[tmp_path / "a"], shelf=lambda _: Tables())

    assert found.repeated == {"b": "base"}


@pytest.fixture
def both(recipe):
    table = recipe.inputs["facts"]
    return recipe.replaced(
        inputs={"facts": table, "more": table},
        branches={"all": recipe.branches["all"], "other": {"input": "more"}},
        fusion={"op": "concat", "from": ["all", "other"]},
    )


def test_a_seed_is_no_change_and_no_axis_as_it_is_that_of_the_study(recipe):
    axis = Study(name="seeds", recipe=recipe, axes={"/training/seed": [1, 2]})
    arm = Study(name="seeds", recipe=recipe, arms={"one": {"change": {"/training/seed": 1}}})

    assert 'use "seeds" of the study' in problems(axis)["/axes/~1training~1seed"]
    assert 'use "seeds" of the study' in problems(arm)["/arms/one/change/~1training~1seed"]


def test_recipes_that_differ_in_their_seed_alone_mean_the_same(recipe):
    study = Study(name="seeds", recipe=recipe, arms={"one": {"recipe": recipe.replace("/training/seed", 1)}})

    assert all_variants(study).repeated == {"one": "base"}


def test_a_change_of_what_is_left_out_or_not_there_is_refused(both):
    gone = {"branches": ["all"], "change": {"/branches/other/cut": "nonsense"}}
    unfused = {"branches": ["all"], "change": {"/fusion/op": "add"}}
    mistyped = {"change": {"/branches/othr/cut": "x"}}

    study = Study(name="gone", recipe=both, arms={"gone": gone, "unfused": unfused, "mistyped": mistyped})
    found = problems(study)

    assert "There is no branch 'other'. It has: all." in found["/arms/gone"]
    assert "There is no branch 'othr'. Did you mean 'other'?" in found["/arms/mistyped"]
    assert "/fusion" in found["/arms/unfused"]


def test_an_arm_whose_recipe_cannot_be_read_names_the_file(recipe, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    arms = {"one": {"recipe": "none.json"}, "two": {"recipe": "bad.json"}}

    found = problems(Study(name="files", recipe=recipe, arms=arms), folder=tmp_path)

    assert f"In {tmp_path / 'none.json'}:\nThe file cannot be read: No such file" in found["/arms/one"]
    assert f"In {tmp_path / 'bad.json'}:\nNo valid JSON at line 1" in found["/arms/two"]


def test_an_arm_may_be_some_branches_with_a_change_of_what_is_left(both):
    arms = {
        "all-alone": {"branches": ["all"], "change": {"/blocks/mlp/0/dense": 9}},
        "same": {"branches": ["all", "other"]},
    }

    found = variants(Study(name="branches", recipe=both, arms=arms))

    alone = found["all-alone"].recipe
    assert list(found) == ["base", "all-alone"]
    assert (list(alone.inputs), alone.fusion, alone.blocks["mlp"][0].units) == (["facts"], None, 9)
    wrong = Study(name="branches", recipe=both, arms={"one": {"branches": ["al"]}})
    assert "There is no branch 'al'. Did you mean 'all'" in problems(wrong)["/arms/one"]


def test_a_text_that_reads_as_a_number_is_named_otherwise_than_the_number():
    assert [_named(("/a/b", value)) for value in ("1", 1, "true", True, "x")] == [
        'a/b="1"',
        "a/b=1",
        'a/b="true"',
        "a/b=true",
        "a/b=x",
    ]


def test_a_value_may_be_an_object(study):
    op = {"task": "binary", "logits": True}

    (arm,) = [name for name in variants(study.replaced(axes={"/head/output": [op]})) if name != "base"]

    assert arm == 'head/output={"task":"binary","logits":true}'


TWO = EYE.replaced(
    backbones={"eye": EYE.backbones["eye"], "res": {"arch": "Residual", "weights": None}},
    branches={**EYE.branches, "other": {"input": "photo", "backbone": "res", "cut": "block2_pool"}},
    fusion={"op": "concat", "from": ["all", "other"]},
)
HEAD = {"name": "head", "train": ["head"], "epochs": 1}


@pytest.mark.parametrize(
    ("place", "value", "wrong"),
    [
        ("/branches/all/cut", ["block1_pool", "block2_pool"], "block9_pool"),
        ("/branches/all/pool", "max", "mox"),
        ("/backbones/eye", {"arch": "Residual", "weights": None}, {"arch": "Plain", "wieghts": None}),
        ("/backbones/res/arch", "Plain", 3),
        (
            "/fusion",
            {"op": "weighted_sum", "from": ["all", "other"], "project": 8},
            {"op": "add", "from": ["all"]},
        ),
        ("/fusion/op", "gated", "gted"),
        ("/training/phases", [HEAD, {**HEAD, "train": ["head", "eye"], "name": "all"}], [HEAD, HEAD]),
        ("/training/phases/0/train", ["head", "res"], ["head", "rse"]),
        ("/training/phases/0/optimizer/learning_rate", 0.1, -1),
    ],
)
def test_any_field_of_a_recipe_is_an_axis_and_a_wrong_value_is_told_before_anything_runs(place, value, wrong):
    axes = Study(name="axes", recipe=TWO, axes={place: [value]})

    made = dict(all_variants(axes, shelf=lambda _: Tables()).arms)

    (name,) = set(made) - {"base"}
    assert made[name].recipe == TWO.replace(place, value)
    found = problems(axes.replaced(axes={place: [value, wrong]}), shelf=lambda _: Tables())
    assert list(found) == ["/axes"]
    assert place in found["/axes"]


def test_every_arm_that_cannot_be_built_is_named_with_its_problems(study):
    wrong = study.replaced(
        axes={"/blocks/mlp/0/dense": [4, -1]},
        arms={"lost": {"change": {"/blocks/mpl": []}}, "nowhere": {"change": {"/name/x": 1}}},
    )

    found = problems(wrong)

    assert set(found) == {"/arms/lost", "/arms/nowhere", "/axes"}
    assert "/blocks/mlp/0/dense" in found["/axes"]
    assert "leads to no value" in found["/arms/nowhere"]


def test_a_missing_recipe_is_a_problem_of_the_study(tmp_path):
    found = problems(Study(name="none", recipe="absent.json"), folder=tmp_path)

    assert "cannot be read: No such file" in found["/recipe"]


def test_arms_predict_the_same(study):
    found = problems(study.replaced(axes={"/head/output/task": ["regression"]}))

    assert "predicts something else than 'base'" in found["/arms"]


def test_a_recipe_without_training_cannot_run(study, recipe):
    found = problems(study.replaced(recipe=recipe.replaced(training=None), axes={}))

    assert "says nothing of training" in found["/recipe"]


@pytest.mark.parametrize(
    ("fields", "place", "text"),
    [
        ({"reference": "bas"}, "/reference", "Did you mean 'base'?"),
        ({"metric": "acuracy"}, "/metric", "Did you mean 'accuracy'?"),
        ({"taps": {"eye": ["natural"]}}, "/taps/eye", "There is no backbone 'eye'"),
    ],
)
def test_what_a_study_names_is_there(study, fields, place, text):
    assert text in problems(study.replaced(**fields))[place]


def test_the_metric_is_the_first_of_the_task_or_the_one_named(study):
    base = variants(study)["base"]

    assert metric_of(study, base) == "accuracy"
    assert metric_of(study.replaced(metric="auc"), base) == "auc"


def test_what_can_be_told_is_told_though_an_arm_cannot_be_built(study):
    wrong = study.replaced(
        axes={},
        arms={
            "lost": {"change": {"/blocks/mpl": []}},
            "other": {"change": {"/head/output/task": "regression"}},
        },
        reference="los",
        metric="acuracy",
        taps={"eye": ["natural"]},
    )

    found = problems(wrong)

    assert list(found) == ["/arms/lost", "/arms", "/metric", "/taps/eye", "/reference"]
    assert "Did you mean 'lost'? Arms: base, lost, other." in found["/reference"]


def test_an_arm_that_cannot_be_built_is_a_reference_all_the_same(study):
    arms = {"lost": {"change": {"/blocks/mpl": []}}}

    assert list(problems(study.replaced(axes={}, arms=arms, reference="lost"))) == ["/arms/lost"]


def test_no_arm_is_called_unknown_where_those_that_cut_are_not_known(study):
    cut = study.replaced(cuts={"backbone": "eye"}, reference="frozen@last")

    assert list(problems(cut)) == ["/cuts/backbone"]
