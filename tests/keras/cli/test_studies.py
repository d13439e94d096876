import io
import json
import re
import shutil
from dataclasses import replace
from unittest.mock import Mock

import numpy as np
import pytest
from rich.console import Console

import fusion
from fusion.backbones.applications import REGISTERED
from fusion.cli.bars import bars
from fusion.cli.trials import run_trials
from fusion.data import fingerprints
from fusion.data.reading import read_data
from fusion.errors import StudyError
from fusion.execution import running, training
from fusion.execution.running import prepare
from fusion.execution.running import run as run_prepared
from fusion.execution.training import run_trial
from fusion.features.programs import Program
from fusion.recipe.reading import from_data, load_recipe
from fusion.study.arms import read_arms
from fusion.study.declaration import Study, load_study
from fusion.study.records import Record
from fusion.study.results import load_results
from fusion.training.runs import train


@pytest.fixture
def study_file(recipe_file, tmp_path):
    def write(**fields):
        recipe_file()
        data = {
            "study": 1,
            "name": "cuts",
            "recipe": "r.json",
            "axes": {"/branches/all/cut": ["block1_pool"]},
            "seeds": 2,
        }
        (tmp_path / "s.json").write_text(json.dumps(data | fields))
        return tmp_path / "s.json"

    return write


def plain(results):
    return sorted((record.key, record.arm, record.seed, record.value) for record in results.records)


def test_a_plan_counts_the_data_it_is_given(run, study_file, photos):
    said = run("study", "plan", study_file(), "--data", photos, "--json")[1]
    counted = run("study", "plan", study_file(), "--examples", 40, "--judged", 8, "--json")[1]

    assert json.loads(said) == json.loads(counted)


def test_a_plan_without_data_asks_for_them_or_a_number(run, study_file, photos):
    with pytest.raises(StudyError, match=r"give them to the plan\. Or say how many .*: --examples N\."):
        run("study", "plan", study_file())
    with pytest.raises(StudyError, match="--examples N or --data, not both"):
        run("study", "plan", study_file(), "--data", photos, "--examples", 3)


def test_a_study_is_planned_run_looked_at_and_written(run, study_file, photos, tmp_path):
    out = tmp_path / "run"

    status, said, _ = run("study", "plan", study_file(), "--examples", 42, "--judged", 12)
    assert status == 0
    assert "12 examples to judge on" in said
    assert "4 trials" in said
    assert "without validation, building and compiling" in said
    assert "nothing can be significant" in said

    status, said, err = run("study", "run", study_file(), "--data", photos, "-o", out)
    assert status == 0, err
    assert "all 4 trials ran" in said
    assert f"4 trials of 2 arms (base, all/cut=block1_pool), kept in {out}" in err
    assert re.search(r"^1 of 4: base, seed 0: 0\.\d{4}, \d+ s$", err, re.MULTILINE)
    assert "4 of 4: " in err
    first = load_results(out)
    assert {record.status for record in first.records} == {"done"}
    assert all(len(record.correct) > 3 for record in first.records)
    assert {sum(record.sizes.values()) for record in first.records} == {60}
    assert read_arms(out)["base"].cuts["all"].tap == "eye/block2_pool"
    assert run("study", "report", out, "-o", tmp_path / "report")[0] == 0
    assert "The recipe of base; layers are coloured" in (tmp_path / "report" / "report.md").read_text()

    assert "all 4 trials ran" in run("study", "run", study_file(), "--data", photos, "-o", out)[1]
    assert load_results(out).records == first.records
    assert "all/cut=block1_pool" in run("study", "status", out)[1]
    assert run("study", "export", out, "-o", tmp_path / "rows.csv", "--charts", tmp_path / "drawn")[0] == 0
    assert (tmp_path / "drawn" / "layers.png").exists()
    assert (tmp_path / "drawn" / "pareto.svg").exists()
    assert (tmp_path / "rows.csv").read_text().count("\n") == 5
    assert run("study", "export", out, "-o", tmp_path / "rows.json")[0] == 0
    assert json.loads((tmp_path / "rows.json").read_text())[0]["status"] == "done"
    with pytest.raises(StudyError, match=r"written as .csv or .json"):
        run("study", "export", out, "-o", tmp_path / "rows.xlsx")
    with pytest.raises(StudyError, match="holds the study 'cuts' as it was declared"):
        run("study", "run", study_file(seeds=3), "--data", photos, "-o", out)


def test_a_folder_whose_trials_were_of_another_recipe_is_refused(study_file, recipe_file, photos, tmp_path):
    out = tmp_path / "run"
    running.run_study(study_file(), photos, out=out, max_seconds=0)
    before = (out / "trials.json").read_text()
    changed = json.loads(recipe_file().read_text())
    changed["training"]["batch_size"] = 4
    recipe_file().write_text(json.dumps(changed))

    with pytest.raises(
        StudyError, match=r"lists other trials of 'base', 'all/cut=block1_pool': since it began"
    ):
        running.run_study(tmp_path / "s.json", photos, out=out, max_seconds=0)
    assert (out / "trials.json").read_text() == before

    (out / "trials.json").write_text("damaged")
    assert len(running.run_study(study_file(), photos, out=out, max_seconds=0).trials) == 4
    assert (out / "trials.json").read_text() == before
    assert len(running.run_study(study_file(), photos, out=out, max_seconds=0).trials) == 4


def test_a_run_without_any_trial_is_refused_and_one_goes_nowhere_by_itself(run, study_file, photos, tmp_path):
    out = tmp_path / "run"
    assert run("study", "run", study_file(), "--data", photos, "-o", out, "--max-seconds", 0)[0] == 0

    status, said, _ = run("study", "compare", out)

    assert status == 3
    assert "4 trials did not run" in said
    with pytest.raises(StudyError, match=r"Say where results go: -o FILE.csv"):
        run("study", "export", out)


def test_a_trial_is_the_training_of_its_recipe(study_file, recipe_file, photos):
    prepared = prepare(study_file(axes={}, seeds=[3]), photos)
    (trial,) = prepared.trials

    record = run_trial(trial, prepared.data)

    recipe = load_recipe(recipe_file()).replace("/training/seed", 3)
    data = read_data(photos, inputs=recipe.inputs, output=recipe.head.output, seed=3)
    metrics = train(recipe, data).metrics
    assert record.metrics == metrics
    assert record.value == metrics["test"]["accuracy"]
    assert record.correct.count("1") / len(record.correct) == pytest.approx(record.value)


def test_a_trial_on_other_data_than_it_was_made_for_is_refused(study_file, photos):
    prepared = prepare(study_file(axes={}), photos)
    first, second = prepared.trials

    with pytest.raises(StudyError, match="The data changed since the study began"):
        run_trial(
            first, read_data(photos, inputs=first.recipe.inputs, output=first.recipe.head.output, seed=9)
        )
    assert first.data != second.data


def test_data_that_changed_since_another_study_read_them_here_are_read_anew(study_file, photos, tmp_path):
    folder = shutil.copytree(photos, tmp_path / "photos")
    late = folder / "dark" / "late.png"
    shutil.copy(folder / "dark" / "0.png", late)
    (trial,) = prepare(study_file(axes={}, seeds=[0]), folder).trials
    late.unlink()
    training.forget_examples()
    training.examples_for(trial.recipe, folder, trial.seed)

    with pytest.raises(StudyError, match="The data changed since the study began"):
        run_trial(trial, folder)
    shutil.copy(folder / "dark" / "0.png", late)
    assert sum(run_trial(trial, folder).sizes.values()) == 61


def test_a_study_without_data_is_refused(study_file):
    with pytest.raises(StudyError, match='names no "data"'):
        prepare(study_file())


@pytest.mark.slow
def test_workers_know_the_backbones_that_were_registered_here(recipe_file, photos, tmp_path, monkeypatch):
    def small(*, input_shape):
        import keras

        photo = keras.Input(input_shape)
        return keras.Model(photo, keras.layers.Conv2D(4, 3, name="only")(photo))

    # What stays registered would be an architecture in every test after this one.
    monkeypatch.setitem(REGISTERED, "small of this test", None)
    fusion.register_backbone("small of this test", small, preprocess="tf")
    data = json.loads(recipe_file().read_text()) | {"requires": ["small of this test"]}
    data["backbones"] = {"eye": {"arch": "small of this test", "weights": None}}
    data["branches"]["all"]["cut"] = "only"
    study = Study(name="own", recipe=from_data(data), seeds=2)

    found = fusion.run_study(study, photos, out=tmp_path / "run", workers=2)

    assert [record.error for record in found.records] == ["", ""]


@pytest.mark.slow
def test_workers_of_their_own_processes_come_to_the_same_and_are_quiet(
    run, study_file, photos, tmp_path, monkeypatch, capfd
):
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)
    for workers in (1, 2):
        out = tmp_path / str(workers)
        given = ("--data", photos, "-o", out, "--workers", workers)
        assert run("study", "run", study_file(seeds=3), *given)[0] == 0

    assert tuple(capfd.readouterr()) == ("", "")
    assert plain(load_results(tmp_path / "1")) == plain(load_results(tmp_path / "2"))


HEAD = {"name": "head", "train": ["head"], "epochs": 2}


@pytest.mark.slow
@pytest.mark.parametrize("training", [{}, {"training": {"batch_size": 8, "phases": [HEAD]}}])
def test_a_cluster_comes_to_the_same_bit_for_bit(
    one_cluster, run, study_file, recipe_file, photos, tmp_path, monkeypatch, capfd, training
):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'fusion[ray]'")
    monkeypatch.setenv("FUSION_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(photos.parent)
    given = ("study", "run", study_file(seeds=2), "--data", photos.name)
    recipe_file(**training)

    assert run(*given, "-o", tmp_path / "here")[0] == 0
    capfd.readouterr()
    assert run(*given, "-o", tmp_path / "ray", "--executor", "ray", "--workers", 2)[0] == 0

    assert tuple(capfd.readouterr()) == ("", "")
    here, there = load_results(tmp_path / "here"), load_results(tmp_path / "ray")
    assert here.failed == there.failed == ()
    # Which trials find the programs of others depends on where each runs.
    same = {"seconds": 0.0, "reused": False}
    assert [replace(each, **same) for each in there.records] == [
        replace(each, **same) for each in here.records
    ]


@pytest.mark.slow
def test_a_cluster_is_given_data_in_memory(one_cluster, study_file, photos, tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'fusion[ray]'")
    study = load_study(study_file(seeds=1, axes={}))
    recipe = load_recipe(tmp_path / "r.json")
    data = read_data(photos, inputs=recipe.inputs, output=recipe.head.output, seed=0)
    named = study.replaced(recipe=recipe)

    there = fusion.run_study(named, data, out=tmp_path / "ray", executor="ray", workers=1)

    assert plain(there) == plain(fusion.run_study(named, data, out=tmp_path / "here"))
    assert there.failed == ()


def test_where_trials_run_is_said_rightly(run, study_file, photos, tmp_path):
    prepared = prepare(study_file(axes={}, seeds=1), photos)
    with pytest.raises(StudyError, match=r"There is no executor 'rey'. Did you mean 'ray'"):
        next(run_prepared(prepared, out=tmp_path, executor="rey"))
    given = ("study", "run", study_file(), "--data", photos, "-o", tmp_path / "run")
    status, _, err = run(*given, "--executor", "rey")
    assert (status, "There is no executor 'rey'" in err) == (2, True)
    status, _, err = run(*given, "--address", "auto")
    assert (status, "An address is one of a Ray cluster" in err) == (2, True)
    with pytest.raises(StudyError, match="A cluster is named by HOST:PORT"):
        run(*given, "--executor", "ray", "--address", "here")


def test_an_arm_that_leaves_an_input_out_is_given_the_same_examples(recipe_file, tmp_path):
    one = load_recipe(recipe_file())
    data = json.loads(recipe_file().read_text())
    data["inputs"]["facts"] = {"kind": "tabular", "columns": ["area"]}
    data["branches"]["area"] = {"input": "facts"}
    data["fusion"] = {"op": "concat", "from": ["all", "area"]}
    random = np.random.default_rng(0)
    photos = random.integers(0, 256, (40, 16, 16, 3)).astype("uint8")
    given = {"photo": photos, "facts": random.random((40, 1)), "targets": np.arange(40) % 2}
    study = Study(name="inputs", recipe=from_data(data), arms={"alone": {"recipe": one}}, seeds=2)

    def keys():
        return {(trial.arm, trial.seed): trial.key for trial in prepare(study, tmp_path / "d.npz").trials}

    np.savez(tmp_path / "d.npz", **given)
    before = keys()
    results = fusion.run_study(study, tmp_path / "d.npz", out=tmp_path / "run")
    np.savez(tmp_path / "d.npz", **given | {"targets": given["targets"][::-1]})
    after = keys()

    gates = {gate.name: gate.passed for gate in fusion.compare(results).gates}
    assert (gates["data"], gates["examples"], gates["pairs"]) == (True, True, True)
    both, alone = results.done[:2]
    assert both.inputs.keys() - alone.inputs.keys() == {"facts"}
    assert both.inputs["photo"] == alone.inputs["photo"]
    assert both.sizes == alone.sizes
    assert not set(before.values()) & set(after.values())


def test_an_input_is_looked_at_once_for_all_arms_of_a_seed(recipe_file, tmp_path, monkeypatch):
    one = load_recipe(recipe_file())
    data = json.loads(recipe_file().read_text())
    data["inputs"]["facts"] = {"kind": "tabular", "columns": ["area"]}
    data["branches"]["area"] = {"input": "facts"}
    data["fusion"] = {"op": "concat", "from": ["all", "area"]}
    photos = np.zeros((40, 16, 16, 3), "uint8") + np.arange(40, dtype="uint8")[:, None, None, None]
    np.savez(tmp_path / "d.npz", photo=photos, facts=np.arange(40.0)[:, None], targets=np.arange(40) % 2)
    arms = {f"batch_{size}": {"recipe": one.replace("/training/batch_size", size)} for size in (4, 8, 16)}
    study = Study(name="inputs", recipe=from_data(data), arms=arms, seeds=2)
    counted = Mock(wraps=fingerprints._of_rows)
    monkeypatch.setattr(fingerprints, "_of_rows", counted)

    prepared = prepare(study, tmp_path / "d.npz")

    assert len({trial.data for trial in prepared.trials}) == 2 * 2
    # Three splits of one input, of two seeds.
    assert counted.call_count == 3 * 2


def test_a_race_runs_no_further_seed_of_an_arm_that_is_surely_worse(
    run, study_file, photos, tmp_path, monkeypatch
):
    ran = []

    def quick(trial, **_):
        ran.append((trial.arm, trial.seed))
        value = 0.9 + (trial.seed % 3) / 100 if trial.arm == "base" else 0.2 + (trial.seed % 2) / 100
        return Record(key=trial.key, arm=trial.arm, seed=trial.seed, status="done", value=value)

    monkeypatch.setattr(training, "run_trial", quick)
    file, out = study_file(seeds=6, racing={"rungs": [3, 5]}), tmp_path / "run"
    given = ("study", "run", file, "--data", photos, "-o", out)

    first = run(*given, "--max-seconds", 0)[1]
    status, said, _ = run(*given)

    assert "12 trials left" in first
    assert status == 0
    assert "stopped: all/cut=block1_pool, after 3 seeds: base is better" in said
    assert "all 9 trials ran; the race spared 3" in said
    assert len(ran) == len(set(ran)) == 9
    assert "all 9 trials ran" in run(*given)[1]
    assert len(ran) == 9
    assert "stopped after 3 seeds" in run("study", "compare", out)[1]
    assert "the race spares trials" in run("study", "plan", file, "--examples", 42)[1]
    run("study", "export", out, "-o", tmp_path / "all.json")
    found = json.loads((tmp_path / "all.json").read_text())
    assert {each["arm"]: each.get("stopped") for each in found} == {"base": None, "all/cut=block1_pool": 3}
    run("study", "report", out, "-o", tmp_path / "report")
    assert "stopped" in (tmp_path / "report" / "trials.csv").read_text().splitlines()[0]
    for folder in (tmp_path / "anew", out):
        with bars(Console(file=io.StringIO())) as progress:
            run_trials(prepare(file, photos), folder, progress)
        assert [(bar.completed, bar.total) for bar in progress.tasks] == [(9, 9)]


def test_a_plan_names_the_arms_it_leaves_out(run, study_file):
    file = study_file(axes={"/branches/all/cut": ["block2_pool", "block1_pool"]})

    said = run("study", "plan", file, "--examples", 42)[1]
    found = json.loads(run("study", "plan", file, "--examples", 42, "--json")[1])

    assert "left out: all/cut=block2_pool, which means the same as base" in said
    assert found["repeated"] == {"all/cut=block2_pool": "base"}


def test_python_runs_the_same_study(study_file, photos, tmp_path):
    begun = fusion.run_study(study_file(seeds=1), photos, out=tmp_path / "run", max_seconds=0)
    results = fusion.run_study(study_file(seeds=1), photos, out=tmp_path / "run")

    assert (begun.records, begun.waiting) == ((), 2)
    assert [record.arm for record in results.records] == ["base", "all/cut=block1_pool"]
    assert results.waiting == 0
    cuts = [each["/branches/all/cut"] for each in results.cv_results_["params"]]
    assert cuts == ["block2_pool", "block1_pool"]


def refuse(trial, data, inputs):
    raise AssertionError("this trial ran alone")


def test_heads_of_a_study_train_together_and_come_to_what_each_comes_to_alone(
    recipe_file, tmp_path, photos, monkeypatch
):
    phase = {"name": "head", "train": ["head"], "epochs": 2}
    recipe_file(training={"batch_size": 8, "phases": [phase]})
    rate = {"/training/phases/0/optimizer/learning_rate": [0.01, 0.03]}
    data = {"study": 1, "name": "rates", "recipe": "r.json", "axes": rate, "seeds": [3]}
    (tmp_path / "s.json").write_text(json.dumps(data))
    prepared = prepare(tmp_path / "s.json", photos)
    alone = [run_trial(trial, prepared.data) for trial in prepared.trials]
    monkeypatch.setattr(training, "run_trial", refuse)

    together = list(running.run(prepared, out=tmp_path / "run"))

    again = list(running.run(prepared, out=tmp_path / "run"))
    assert again == together
    assert [(record.status, record.together) for record in together] == [("done", 3)] * 3
    for here, there in zip(together, alone, strict=True):
        assert {here.key, here.examples, here.correct} == {there.key, there.examples, there.correct}
        assert here.losses == pytest.approx(there.losses, abs=1e-5)
        for split, values in there.metrics.items():
            assert here.metrics[split] == pytest.approx(values, abs=1e-5)
        same = {"value": None, "metrics": {}, "losses": (), "seconds": 0, "machine": "", "together": 1}
        assert replace(here, **same) == replace(there, **same)


def test_seeds_of_an_arm_share_their_programs_and_come_to_what_each_comes_to_alone(
    recipe_file, tmp_path, photos, monkeypatch
):
    phase = {"name": "all", "train": ["head", "eye"], "epochs": 1}
    recipe_file(training={"batch_size": 8, "phases": [phase]})
    data = {"study": 1, "name": "rates", "recipe": "r.json", "seeds": 2}
    data["axes"] = {"/training/batch_size": [16]}
    (tmp_path / "s.json").write_text(json.dumps(data))
    prepared = prepare(tmp_path / "s.json", photos)
    alone = {trial.key: run_trial(trial, prepared.data) for trial in prepared.trials}
    built = Mock(wraps=Program)
    monkeypatch.setattr("fusion.features.programs.Program", built)

    shared = list(running.run(prepared, out=tmp_path / "run"))

    first, other = (trial.arm for trial in prepared.trials[:2])
    assert [(record.arm, record.seed) for record in shared] == [
        (first, 0),
        (other, 0),
        (other, 1),
        (first, 1),
    ]
    assert [record.reused for record in shared] == [False, False, True, False]
    # What is fitted, and what judges it, each time an arm begins a turn.
    assert built.call_count == 3 * 2
    for record in shared:
        same = {"seconds": 0, "machine": "", "reused": False}
        assert replace(record, **same) == replace(alone[record.key], **same)


def test_a_head_that_fails_among_others_is_recorded_and_the_others_are_done(recipe_file, tmp_path, photos):
    phase = {"name": "head", "train": ["head"], "epochs": 1, "optimizer": {"name": "sgd"}}
    recipe_file(training={"batch_size": 8, "phases": [phase]})
    rate = {"/training/phases/0/optimizer/learning_rate": [1e38]}
    data = {"study": 1, "name": "rates", "recipe": "r.json", "axes": rate, "seeds": [3]}
    (tmp_path / "s.json").write_text(json.dumps(data))

    good, bad = running.run(prepare(tmp_path / "s.json", photos), out=tmp_path / "run")

    assert good.status == "done"
    assert bad.error.startswith("TrainingError: Phase 'head' lost its way in epoch 1")
