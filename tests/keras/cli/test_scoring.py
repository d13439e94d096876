import csv
import json

import numpy as np
import pytest

import fusion
from fusion.backbones.loading import load
from fusion.cli.scoring import in_words
from fusion.data.examples import Array, Examples
from fusion.data.reading import read_data
from fusion.errors import StudyError
from fusion.execution.running import prepare
from fusion.execution.training import run_trial
from fusion.features import frozen
from fusion.features.arrays import extract_features
from fusion.probe.fusing import fuse_taps
from fusion.probe.scoring import pool_taps, prepare_taps, score, score_taps
from fusion.recipe.reading import from_data, load_recipe
from fusion.recipe.writing import to_data
from fusion.scores.probing import Probing
from fusion.study.declaration import Study


@pytest.fixture
def study_file(recipe_file, tmp_path):
    def write(**fields):
        recipe_file()
        data = {"study": 1, "name": "taps", "recipe": "r.json", "taps": {"eye": ["block*_pool"]}, "seeds": 3}
        (tmp_path / "s.json").write_text(json.dumps(data | fields))
        return tmp_path / "s.json"

    return write


CHARTS = ("layers", "pareto", "likeness", "shares")


def test_a_study_is_scored_by_the_command_and_written(run, study_file, photos, tmp_path):
    words = (
        "study",
        "score",
        study_file(),
        "--data",
        photos,
        "-o",
        tmp_path / "out",
        "--store",
        tmp_path / "store",
    )

    status, said, err = run(*words, "--test", "--permutations", 19)

    assert status == 0, err
    assert "eye/block2_pool" in said
    assert "rank correlation" in said
    drawn = {f"{name}.{suffix}" for name in CHARTS for suffix in ("svg", "png")}
    assert drawn <= {path.name for path in (tmp_path / "out").iterdir()}
    assert "each left out in turn; p for 3 taps together, 19 permutations" in said
    rows = list(csv.DictReader((tmp_path / "out" / "scores.csv").read_text().splitlines()))
    assert [row["tap"] for row in rows] == ["eye/block1_pool", "eye/block2_pool", "eye/block3_pool"]
    assert all(float(row["test"]) > 0.5 for row in rows)
    data = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert data["scores"] == 1
    assert data["splits"] == ["train", "validation"]
    assert np.diag(data["similarity"]).tolist() == pytest.approx([1, 1, 1])
    assert [row["score"] for row in data["agreement"]][-2:] == ["depth", "width"]


def data_of(targets, *, told):
    """Photographs that are brighter the larger a target is, or that tell nothing of it."""
    random, columns = np.random.default_rng(0), targets.reshape(len(targets), -1)
    light = columns @ np.array([60.0, 90.0])[: columns.shape[1]] * told
    photos = random.uniform(0, 60, (len(targets), 16, 16, 3)) + light[:, None, None, None]
    names = tuple(f"row {number}" for number in range(len(targets)))
    part = Examples({"photo": Array(photos.astype("float32"))}, targets, names)
    return fusion.Data(part, None, None, None, "Made up.")


LABELS = np.random.default_rng(1).integers(0, 2, (60, 2))
PRICES = np.random.default_rng(1).random((60, 1)).astype("float32")


@pytest.mark.parametrize(
    ("output", "targets", "measure", "least"),
    [
        ({"task": "multilabel", "classes": 2}, LABELS, "accuracy", 0.8),
        ({"task": "regression"}, PRICES, "skill", 0.9),
        ({"task": "binary"}, LABELS[:, :1], "accuracy", 0.95),
    ],
)
def test_taps_are_scored_and_fused_for_every_task(recipe_file, tmp_path, output, targets, measure, least):
    study = Study(name="tasks", recipe=load_recipe(recipe_file(head={"output": output})))
    prepared = prepare_taps(study, data_of(targets, told=True))

    pooled = pool_taps(prepared, store=tmp_path)
    found, fused = score(prepared, pooled, Probing(permutations=19)), fuse_taps(pooled)

    assert (found.task, found.measure) == (output["task"], measure)
    assert found.best.ridge > least
    assert found.best.p == 0.05
    assert sum(fused.shares.values()) == pytest.approx(fused.every.skill)
    assert "below" not in in_words(found)


def test_a_tap_without_skill_is_said_to_have_none_and_not_less(recipe_file, tmp_path):
    study = Study(name="nothing", recipe=load_recipe(recipe_file()))
    data = data_of(np.arange(60) % 2, told=False)

    found = score_taps(study, data, options=Probing(permutations=0), store=tmp_path)

    assert found.blind == 0.5
    below = sum(tap.ridge < 0.5 for tap in found.taps)
    assert below
    assert f"By ridge {below} tap" in in_words(found)
    assert (
        "below 0.500, what one answer for all is worth: that is little skill or none, not less, as the"
        in in_words(found)
    )


def test_a_second_run_extracts_nothing_and_says_the_same(study_file, photos, tmp_path, monkeypatch):
    options = Probing(permutations=5)
    first = score_taps(study_file(), photos, options=options, store=tmp_path / "store")
    monkeypatch.setattr(frozen, "compute", None)

    again = score_taps(study_file(), photos, options=options, store=tmp_path / "store")

    assert again == first
    assert first.best.tap in {tap.tap for tap in first.taps}
    assert first.judged == "ridge"


def test_taps_are_what_each_cut_alone_gives(study_file, recipe_file, photos, tmp_path):
    prepared = prepare_taps(study_file(), photos)

    pooled = pool_taps(prepared, test=True, store=tmp_path / "store")

    recipe = load_recipe(recipe_file()).replace("/branches/all/cut", "block1_pool")
    data = read_data(photos, inputs=recipe.inputs, output=recipe.head.output, seed=0)
    alone = extract_features(recipe, data, store=tmp_path / "other").parts
    parts = [alone[name].arrays["all"] for name in ("train", "validation")]
    np.testing.assert_allclose(pooled.features["eye/block1_pool"], np.concatenate(parts), atol=1e-6)
    np.testing.assert_allclose(pooled.held["eye/block1_pool"], alone["test"].arrays["all"], atol=1e-6)
    assert pooled.targets.columns.argmax(1).tolist() == [
        *alone["train"].targets.tolist(),
        *alone["validation"].targets.tolist(),
    ]


def test_the_test_split_changes_no_score(study_file, recipe_file, photos, tmp_path):
    recipe = load_recipe(recipe_file())
    data = read_data(photos, inputs=recipe.inputs, output=recipe.head.output, seed=0)
    without = fusion.Data(data.train, data.validation, None, data.labels, data.source)
    options = Probing(permutations=0)

    found = [
        score_taps(study_file(), each, options=options, store=tmp_path / "store") for each in (data, without)
    ]

    assert found[0] == found[1]
    with pytest.raises(StudyError, match="no test split to ask about"):
        score_taps(study_file(), without, options=options, test=True, store=tmp_path / "store")


def test_scores_need_data_and_targets(study_file, recipe_file, photos):
    recipe = load_recipe(recipe_file())
    data = read_data(photos, inputs=recipe.inputs, output=recipe.head.output, seed=0)
    bare = fusion.Data(type(data.train)(data.train.columns, None, data.train.names), None, None, None, "")

    with pytest.raises(StudyError, match='names no "data"'):
        score_taps(study_file())
    with pytest.raises(StudyError, match="some of these examples have none"):
        score_taps(study_file(), bare)
    assert prepare_taps(Study(name="inline", recipe=recipe), data).taps


def test_examples_without_the_input_of_a_tap_are_refused(recipe_file):
    data = to_data(load_recipe(recipe_file()))
    data["inputs"]["photo"] |= {"optional": {"missing": "zeros"}}
    data["inputs"]["facts"] = {"kind": "tabular", "columns": ["area"]}
    data["branches"]["area"] = {"input": "facts"}
    recipe = from_data(data | {"fusion": {"op": "concat", "from": ["all", "area"]}})
    photos = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3)).astype("float32")
    photos[:3] = np.nan
    facts, targets = np.ones((40, 1), dtype="float32"), np.arange(40) % 2
    columns = {"photo": Array(photos), "facts": Array(facts)}
    part = Examples(columns, targets, tuple(f"row {number}" for number in range(40)))
    prepared = prepare_taps(
        Study(name="gaps", recipe=recipe), fusion.Data(part, None, None, None, "Made up.")
    )

    with pytest.raises(StudyError, match="3 of 40 examples lack 'photo'"):
        pool_taps(prepared)


def test_a_pick_that_leaves_an_input_out_trains_on_the_data_of_all(recipe_file):
    data = to_data(load_recipe(recipe_file()))
    data["inputs"]["facts"] = {"kind": "tabular", "columns": ["area"]}
    data["branches"]["area"] = {"input": "facts"}
    data["training"]["phases"] = [{"name": "all", "train": ["fusion"], "epochs": 1}]
    both = from_data(data | {"fusion": {"op": "late", "from": ["all", "area"]}})
    one = load_recipe(recipe_file())
    random = np.random.default_rng(0)
    columns = {
        "photo": Array(random.integers(0, 256, (8, 16, 16, 3)).astype("float32")),
        "facts": Array(random.random((8, 1), dtype="float32")),
    }
    part = Examples(columns, np.arange(8) % 2, tuple(f"row {number}" for number in range(8)))
    shared = fusion.Data(part, part, part, None, "Made up.")
    study = Study(name="two inputs", recipe=both, arms={"alone": {"recipe": one}}, seeds=1)

    records = [run_trial(trial, shared) for trial in prepare(study, shared).trials]

    assert [record.status for record in records] == ["done", "done"]
    assert records[0].data == records[1].data


@pytest.mark.slow
def test_the_winner_is_a_recipe_that_trains_and_is_drawn_with_its_values(run, study_file, photos, tmp_path):
    out, path = tmp_path / "out", study_file(seeds=2)
    eye = load("TinyVGG", shape=(16, 16, 3), weights=None, options={"width": 4})
    eye.save_weights(tmp_path / "eye.weights.h5")
    recipe = json.loads((tmp_path / "r.json").read_text())
    recipe["backbones"]["eye"]["weights"] = {"file": "eye.weights.h5"}
    (tmp_path / "r.json").write_text(json.dumps(recipe))
    words = ("--data", photos, "-o", out, "--store", tmp_path / "store", "--permutations", 0, "--confirm")

    status, said, err = run("study", "score", path, *words)

    assert status == 0, err
    assert "with 2 seeds nothing could be" in said
    assert "7 sets of taps, all of them" in said
    assert "all 3 taps" in said
    fusions = json.loads((out / "fusions.json").read_text())
    assert sum(fusions["shares"].values()) == pytest.approx(fusions["every"]["skill"])
    recipe = load_recipe(out / "winner.json")
    assert [phase.name for phase in recipe.training.phases] == ["head first"]
    assert set(json.loads((out / "values.json").read_text())) == {
        f"eye/block{number}_pool" for number in (1, 2, 3)
    }
    drawn = run("draw", out / "winner.json", "--values", out / "values.json", "-o", tmp_path / "w.svg")
    assert drawn[0] == 0
    assert run("train", out / "winner.json", "--data", photos, "-o", tmp_path / "run")[0] == 0
