import importlib.util
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from fusion.cli.app import app
from fusion.errors import DataError, DrawingError, ModelError, RecipeError, StoreError, TrainingError
from fusion.model.addresses import weights
from fusion.model.files import load, load_weights


def test_check_says_what_is_sound_and_ends_with_0(run, recipe_file):
    status, out, _ = run("check", recipe_file())

    assert status == 0
    assert "r.json: ok, 1 branch" in out


def test_check_says_what_a_training_computes_in(run, recipe_file):
    training = {"precision": "mixed_bfloat16", "phases": [{"name": "all", "train": ["head"], "epochs": 1}]}

    assert "computed in mixed_bfloat16" in run("check", recipe_file(training=training))[1]
    assert "computed in" not in run("check", recipe_file())[1]


def test_check_goes_on_after_a_bad_file_and_ends_with_1(run, recipe_file, tmp_path):
    bad = recipe_file("bad.json", head={"output": {"task": "binray"}})

    status, out, err = run("check", bad, tmp_path / "absent.json", recipe_file())

    assert status == 1
    assert "r.json: ok" in out
    assert "/head/output/task" in err
    assert "Did you mean 'binary'" in err
    assert "absent.json: 1 problem" in err


def test_check_prints_remarks(run, recipe_file):
    odd = recipe_file(
        backbones={"eye": {"arch": "TinyResNet", "weights": None, "options": {"width": 4}}},
        branches={"all": {"input": "photo", "backbone": "eye", "cut": "stage2_block1_relu1"}},
    )

    status, out, _ = run("check", odd)

    assert status == 0
    assert "note /branches/all/cut" in out
    assert "inside a block" in out


@pytest.mark.parametrize("arguments", [["check"], ["nothing"], ["layers", "VGG16", "--input", "224"]])
def test_a_wrong_call_ends_with_2(run, arguments):
    assert run(*arguments)[0] == 2


def test_cost_prints_parts_and_phases(run, recipe_file):
    status, out, _ = run("cost", recipe_file())

    assert status == 0
    for text in ("all", "head", "in all", "head first", "all of it"):
        assert text in out


def test_cost_shows_auxiliary_outputs_beside_what_the_model_has(run, recipe_file):
    branches = {
        name: {"input": "photo", "backbone": "eye", "cut": f"{name}_pool"} for name in ("block1", "block2")
    }
    output = {"task": "classification", "classes": 2}
    path = recipe_file(
        branches=branches,
        fusion={"op": "concat", "from": ["block1", "block2"]},
        head={"output": output, "auxiliary": {"block1": 0.3}},
    )

    status, out, _ = run("cost", path)

    assert status == 0
    assert "block1.auxiliary" in out
    assert "Auxiliary outputs are there in training only, and not in all." in out


def test_cost_tells_what_an_entrance_discards_of_what_a_branch_does(run, recipe_file):
    path = recipe_file(
        backbones={name: {"arch": "TinyVGG", "weights": None} for name in ("eye", "mind")},
        branches={
            "front": {"input": "photo", "backbone": "eye", "cut": "block1_pool"},
            "back": {"from": "front", "backbone": "mind", "enter": "block1_pool", "cut": "block2_pool"},
        },
        training=None,
    )

    status, out, _ = run("cost", path)

    assert status == 0
    assert re.search(r"Of what back cuts, \S+ k params and \S+ MFLOP lie before its entrance", out)


def test_cost_as_json_is_the_costs(run, recipe_file):
    found = json.loads(run("cost", recipe_file(), "--json")[1])

    assert found["phases"] == [
        {"name": "head first", "trainable": 18},
        {"name": "all of it", "trainable": found["params"] - found["statistics"]},
    ]


def test_layers_lists_where_to_cut(run):
    status, out, _ = run("layers", "TinyVGG", "--input", "32,32,1")

    assert status == 0
    assert "block1_pool" in out
    assert "stage:3" in out
    assert "block1_bn1" not in out


def test_layers_as_json_lists_every_layer_when_asked(run):
    found = json.loads(run("layers", "TinyVGG", "--input", "16x16x3", "--all", "--json")[1])

    assert found[0]["name"] == "block1_conv1"
    assert found[0]["params"] == 3 * 3 * 3 * 16
    assert len(found) == 21


def test_layers_all_lists_architectures(run):
    names = run("layers", "all")[1].split()

    assert len(names) == 43
    assert {"VGG16", "TinyVGG"} <= set(names)


def test_draw_writes_a_picture_of_a_phase(run, recipe_file, tmp_path):
    first = run("draw", recipe_file(), "-o", tmp_path / "1.svg")
    second = run("draw", recipe_file(), "-o", tmp_path / "2.svg", "--phase", "2")

    assert (first[0], second[0]) == (0, 0)
    assert (tmp_path / "1.svg").read_text() != (tmp_path / "2.svg").read_text()


def test_draw_shows_layers_and_opens_what_is_named(run, recipe_file, tmp_path):
    args = ["draw", recipe_file(), "-o", tmp_path / "x.svg"]

    assert run(*args, "--level", "layer", "--expand", "block1", "--expand", "cut")[0] == 0
    assert "open part block1_pool" in (tmp_path / "x.svg").read_text()
    assert run(*args, "--level", "stage")[0] == 0
    assert " segment" in (tmp_path / "x.svg").read_text()


def test_draw_refuses_levels_that_are_not_there_and_opening_at_others(run, recipe_file, tmp_path):
    args = ["draw", recipe_file(), "-o", tmp_path / "x.svg"]

    for wrong, words in {
        ("--level", "layers"): "There is no level 'layers'; there are: branch, stage, layer.",
        ("--expand", "all"): "--expand opens what --level layer shows; write both.",
    }.items():
        status, _, err = run(*args, *wrong)
        assert status == 2
        assert words in " ".join(err.replace("\u2502", " ").split())


def test_draw_lays_values_over_a_picture(run, recipe_file, tmp_path):
    (tmp_path / "values.json").write_text('{"all": 0.875, "eye/block1_pool": 0.5}')
    args = ["draw", recipe_file(), "-o", tmp_path / "x.svg", "--values", tmp_path / "values.json"]

    assert run(*args, "--values-name", "accuracy")[0] == 0
    text = (tmp_path / "x.svg").read_text()
    assert "all: accuracy 0.875" in text
    assert "eye/block1_pool: accuracy 0.5" in text
    (tmp_path / "values.json").write_text('{"al": 0.875}')
    with pytest.raises(DrawingError, match=r"nothing at 'al' to lay a value over. Did you mean 'all'\?"):
        run(*args)


def test_draw_outlines_what_changed(run, recipe_file, tmp_path):
    old = recipe_file()
    new = tmp_path / "new.json"
    new.write_text(old.read_text().replace("block2_pool", "block3_pool"))

    assert run("draw", "--diff", old, new, "-o", tmp_path / "x.svg")[0] == 0
    assert "~ cut" in (tmp_path / "x.svg").read_text()
    status, _, err = run("draw", old, "--diff", old, new, "-o", tmp_path / "x.svg")
    assert status == 2
    assert "two to compare as --diff OLD NEW" in " ".join(err.replace("\u2502", " ").split())


def test_draw_shows_what_does_not_fit_and_says_it(run, tmp_path):
    table = {"kind": "tabular", "columns": ["area"]}
    data = {
        "recipe": 1,
        "name": "unequal",
        "inputs": {"a": table, "b": {**table, "columns": ["rooms", "price"]}},
    }
    data |= {"branches": {"left": {"input": "a"}, "right": {"input": "b"}}}
    data |= {"fusion": {"op": "add", "from": ["left", "right"]}, "head": {"output": {"task": "binary"}}}
    (tmp_path / "x.json").write_text(json.dumps(data))

    with pytest.raises(RecipeError, match="/fusion   add needs vectors of one width: left 1, right 2"):
        run("draw", tmp_path / "x.json", "-o", tmp_path / "x.svg")
    assert "does not fit" in (tmp_path / "x.svg").read_text()
    with pytest.raises(RecipeError, match="add needs vectors of one width: left 1, right 2"):
        run("draw", tmp_path / "x.json", "-o", tmp_path / "x.gv")


def test_draw_refuses_a_phase_that_is_not_there(run, recipe_file, tmp_path):
    status, _, err = run("draw", recipe_file(), "-o", tmp_path / "x.svg", "--phase", "3")

    assert status == 2
    assert "1 head first, 2 all of it" in " ".join(err.replace("\u2502", " ").split())


def test_draw_takes_a_phase_by_its_name(run, recipe_file, tmp_path):
    run("draw", recipe_file(), "-o", tmp_path / "name.svg", "--phase", "all of it")
    run("draw", recipe_file(), "-o", tmp_path / "number.svg", "--phase", "2")
    status, _, err = run("draw", recipe_file(), "-o", tmp_path / "x.svg", "--phase", "al of it")

    assert (tmp_path / "name.svg").read_bytes() == (tmp_path / "number.svg").read_bytes()
    assert status == 2
    assert "Did you mean 'all of it'" in " ".join(err.replace("\u2502", " ").split())


@pytest.mark.parametrize("level", ["branch", "stage", "layer"])
def test_draw_compares_what_does_not_fit_and_says_why(run, recipe_file, tmp_path, level):
    tables = {
        "inputs": {
            "a": {"kind": "tabular", "columns": ["area"]},
            "b": {"kind": "tabular", "columns": ["rooms", "price"]},
        },
        "branches": {"left": {"input": "a"}, "right": {"input": "b"}},
        "backbones": {},
        "training": None,
    }
    old = recipe_file("old.json", **tables, fusion={"op": "add", "from": ["left", "right"]})
    new = recipe_file("new.json", **tables, fusion={"op": "concat", "from": ["left", "right"]})

    for number, pair in enumerate([(old, new), (new, old), (old, old)]):
        drawn = tmp_path / f"{number}.svg"
        with pytest.raises(RecipeError, match=r"old.json: 1 problem\n.* left 1, right 2"):
            run("draw", "--diff", *pair, "-o", drawn, "--level", level)
        assert not any(word in drawn.read_text() for word in ("in all", "+ added", "\u2212 removed"))


@pytest.mark.parametrize(
    ("words", "known"),
    [(("--style", "drak"), "auto, light, dark, paper, slide"), (("--engine", "neato"), "own, dot")],
)
def test_draw_refuses_a_look_that_is_not_there(run, recipe_file, tmp_path, words, known):
    status, _, err = run("draw", recipe_file(), "-o", tmp_path / "x.svg", *words)

    assert status == 2
    assert f"there are: {known}" in " ".join(err.replace("│", " ").split())


def test_draw_writes_every_format_in_every_style(run, recipe_file, tmp_path):
    for suffix in ("svg", "png", "pdf", "tex", "gv", "mmd", "json", "txt"):
        assert run("draw", recipe_file(), "-o", tmp_path / f"x.{suffix}", "--style", "paper")[0] == 0

    assert "phase 1 of 2: head first" in (tmp_path / "x.txt").read_text(encoding="utf-8")
    assert run("draw", recipe_file(), "-o", tmp_path / "dark.svg", "--style", "dark")[0] == 0
    assert "#0D1117" in (tmp_path / "dark.svg").read_text(encoding="utf-8")


def test_unfreeze_writes_phases_and_says_their_rates(run, recipe_file, tmp_path):
    status, out, _ = run(
        "unfreeze", recipe_file(), "--epochs", 3, "--decay", 0.5, "--groups", 1, "-o", tmp_path / "u.json"
    )

    assert status == 0
    assert "eye[block1_pool..]: head 0.0001, eye[block1_pool..] 5e-05" in out
    assert run("check", tmp_path / "u.json")[1].count("epochs, adam") == 2


def test_what_unfreeze_writes_elsewhere_finds_the_weights_beside_the_recipe(run, recipe_file, tmp_path):
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "eye.weights.h5").write_bytes(b"")
    weights = {"file": "w/eye.weights.h5"}
    path = recipe_file(backbones={"eye": {"arch": "TinyVGG", "weights": weights, "options": {"width": 4}}})

    status, _, _ = run("unfreeze", path, "-o", tmp_path / "made" / "u.json")

    assert status == 0
    assert '"file": "../w/eye.weights.h5"' in (tmp_path / "made" / "u.json").read_text()
    assert "no weights file" not in run("check", tmp_path / "made" / "u.json")[1]


def test_unfreeze_does_not_overwrite_what_it_reads(run, recipe_file):
    path = recipe_file()
    before = path.read_text()

    status, _, err = run("unfreeze", path, "-o", path.parent / "." / path.name)

    assert status != 0
    assert "is the recipe that is read" in " ".join(err.replace("│", " ").split())
    assert path.read_text() == before


def test_check_of_a_study_names_what_plans_it(run, tmp_path):
    (tmp_path / "s.json").write_text(json.dumps({"study": 1, "name": "n", "recipe": "r.json"}))

    status, _, err = run("check", tmp_path / "s.json")

    assert status == 1
    assert f"{tmp_path / 's.json'} is a study, not a recipe" in err
    assert "fusion study plan" in err


def test_build_saves_a_model_with_its_recipe(run, recipe_file, tmp_path):
    status, out, _ = run("build", recipe_file(), "-o", tmp_path / "m.keras")

    assert status == 0
    assert "params" in out
    assert load(tmp_path / "m.keras").recipe.name == "bright or dark"


def test_a_trained_model_is_judged_and_asked(run, recipe_file, photos, tmp_path):
    out = tmp_path / "run"

    status, said, err = run("train", recipe_file(), "--data", photos, "-o", out)

    assert status == 0, err
    assert "60 examples of 2 classes (bright, dark)" in said
    assert "kept: epoch" in said
    written = {path.name for path in out.iterdir()}
    assert written == {
        "recipe.json", "diagram.svg", "history.csv", "checkpoint.npz", "curves.png", "model.keras", "metrics.json",
        "seen.json",
    }  # fmt: skip
    metrics = json.loads((out / "metrics.json").read_text())["metrics"]
    assert set(metrics) == {"train", "validation", "test"}

    judged = json.loads(run("evaluate", out, "--data", photos, "--json")[1])
    assert judged.pop("split") == "test"
    whole = json.loads(run("evaluate", out, "--data", photos, "--split", "all", "--json")[1])
    assert (whole["examples"], judged.pop("examples") < 60) == (60, True)
    assert judged.pop("seen") == {}
    assert set(whole["seen"]) == {"train", "validation"}
    assert judged == pytest.approx(metrics["test"], rel=1e-5)

    told = run("evaluate", out, "--data", photos, "--split", "train")[1]
    assert (
        f"{whole['seen']['train']} of these {whole['seen']['train']} examples were in its train split" in told
    )

    found = json.loads(run("predict", out / "model.keras", photos / "dark/0.png", "--json")[1])
    assert len(found) == 1
    assert found[0]["label"] in {"bright", "dark"}
    assert sum(found[0]["scores"]) == pytest.approx(1, abs=1e-5)
    assert found[0]["label"] == ("bright", "dark")[int(np.argmax(found[0]["scores"]))]

    alone = photos.parent / "alone"
    for kind in ("bright", "dark"):
        shutil.copytree(photos / kind, alone / "test" / kind)
    assert json.loads(run("evaluate", out, "--data", alone, "--json")[1])["examples"] == 60

    table = run("predict", out, photos / "dark/0.png", photos / "bright/1.png")[1]
    assert "bright" in table
    assert "dark/0.png" in table.replace("\n", "")

    (out / "model.keras").unlink()
    assert (
        run("build", out / "recipe.json", "--weights", out / "checkpoint.npz", "-o", out / "model.keras")[0]
        == 0
    )
    assert "not held out" in run("evaluate", out, "--data", photos, "--split", "train")[1]

    with pytest.raises(TrainingError, match="--no-store stores nothing"):
        run("train", recipe_file(), "--data", photos, "-o", tmp_path / "x", "--no-store", "--store", "y")
    with pytest.raises(TrainingError, match="holds another run"):
        run("train", recipe_file(), "--data", photos, "-o", out)
    with pytest.raises(DataError, match=r"'tset' is no split; there are train, validation, test, all"):
        run("evaluate", out, "--data", photos, "--split", "tset")


def test_training_says_what_it_stores_and_how_far_it_is(run, recipe_file, photos, tmp_path, monkeypatch):
    from fusion.features import planning
    from fusion.frontier.rates import Rates

    monkeypatch.setattr(planning, "machine_rates", lambda: Rates(compute=1e3))

    one = recipe_file(training={"phases": [{"name": "head", "train": ["head"], "epochs": 2}]})

    status, _, err = run(
        "train", one, "--data", photos, "-o", tmp_path / "run", "--store", tmp_path / "store"
    )

    assert status == 0
    assert "stored: " in err
    assert "an example in every epoch instead of" in " ".join(err.split())
    assert "computed of 40 train, 12 validation examples in" in err
    assert any((tmp_path / "store").iterdir())

    _, _, err = run("train", one, "--data", photos, "-o", tmp_path / "second", "--store", tmp_path / "store")

    assert "found in the store: train, validation" in err
    assert "computed of" not in err


def test_training_writes_logs_for_tensorboard_where_that_is_installed(run, recipe_file, photos, tmp_path):
    asked = (
        "train",
        recipe_file(),
        "--data",
        photos,
        "-o",
        tmp_path / "run",
        "--tensorboard",
        tmp_path / "t",
    )
    if importlib.util.find_spec("tensorboard") is None:
        with pytest.raises(TrainingError, match="TensorBoard need its package"):
            run(*asked)
        return

    run(*asked)

    assert sorted(path.name for path in (tmp_path / "t").iterdir()) == ["1 head first", "2 all of it"]


def test_devices_that_are_not_there_are_told_before_data_are_read(run, recipe_file, tmp_path):
    with pytest.raises(TrainingError, match="of the devices to train on"):
        run("train", recipe_file(), "--data", tmp_path / "no", "-o", tmp_path / "run", "--devices", 99)


def test_a_store_that_cannot_be_written_is_told_before_data_are_read(run, recipe_file, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(StoreError, match="there is a file where a folder has to be; name another"):
        run(
            "train",
            recipe_file(),
            "--data",
            tmp_path / "no",
            "-o",
            tmp_path / "r",
            "--store",
            tmp_path / "file",
        )


def test_a_checkpoint_of_a_broken_off_training_makes_a_model(run, recipe_file, photos, tmp_path, monkeypatch):
    from fusion.cli import progress

    class Interrupting(progress.Bar):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    monkeypatch.setattr(progress, "Bar", Interrupting)
    out = tmp_path / "run"

    status, _, err = run("train", recipe_file(), "--data", photos, "-o", out)

    assert status == 130
    assert f"the best weights so far are in {out / 'model.keras'}" in " ".join(err.split())
    assert len(json.loads((out / "seen.json").read_text())["train"]) > 30
    rescued = load(out / "model.keras")
    assert rescued.labels == ("bright", "dark")
    stored = load_weights(out / "checkpoint.npz")
    assert stored
    assert all(np.array_equal(weights(rescued.model)[name], value) for name, value in stored.items())
    built = run("build", recipe_file(), "--weights", out / "checkpoint.npz", "-o", tmp_path / "m.keras")
    assert built[0] == 0
    made = weights(load(tmp_path / "m.keras").model)
    assert all(np.array_equal(made[name], value) for name, value in weights(rescued.model).items())
    # The recipe does not say what the folders are called.
    assert load(tmp_path / "m.keras").labels == ("bright", "dark")

    monkeypatch.undo()
    with pytest.raises(TrainingError, match=r"did not end, with 0 epochs done\. Go on with it by --resume"):
        run("train", recipe_file(), "--data", photos, "-o", out)
    status, said, _ = run("train", recipe_file(), "--data", photos, "-o", out, "--resume")
    assert (status, "no run to go on with" in said) == (0, False)
    assert {"metrics.json", "state.npz"} & {path.name for path in out.iterdir()} == {"metrics.json"}


def test_a_folder_without_a_run_to_go_on_with_is_said_to_be_one(recipe_file, tmp_path):
    words = ["train", str(recipe_file()), "--data", "nowhere", "-o", str(tmp_path / "new"), "--resume"]

    done = CliRunner().invoke(app, words)

    assert "new holds no run to go on with; one begins there" in done.stdout
    assert isinstance(done.exception, DataError)


def test_labels_that_the_head_does_not_have_are_refused_before_training(run, recipe_file, photos, tmp_path):
    three = recipe_file(head={"output": {"task": "classification", "classes": 3}})

    with pytest.raises(DataError, match=r"2 classes \(bright, dark\)"):
        run("train", three, "--data", photos, "-o", tmp_path / "run")

    assert not (tmp_path / "run").exists()


def test_weights_that_are_not_there_are_missed_before_data_are_read(run, recipe_file, photos, tmp_path):
    absent = {"eye": {"arch": "TinyVGG", "weights": {"file": "absent.weights.h5"}}}

    with pytest.raises(
        OSError, match=r"no weights file 'absent.weights.h5'. Looked for: .*absent.weights.h5"
    ):
        run("build", recipe_file(backbones=absent), "-o", tmp_path / "m.keras")


def test_a_bad_recipe_is_not_built(run, recipe_file, tmp_path):
    with pytest.raises(RecipeError, match="block2_pol"):
        run(
            "build",
            recipe_file(branches={"all": {"input": "photo", "backbone": "eye", "cut": "block2_pol"}}),
            "-o",
            tmp_path / "m.keras",
        )


def test_a_file_that_is_no_model_is_refused(run, tmp_path):
    with pytest.raises(ModelError, match="There is no file"):
        run("predict", tmp_path / "m.keras", tmp_path / "x.png")


def test_schema_is_json(run):
    printed = run("schema")[1]

    assert json.loads(printed)["title"] == "Fusion recipe, format 1"
    assert len(printed) < 50_000


def test_errors_of_the_command_are_one_message_and_status_1(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "fusion", "cost", str(tmp_path / "absent.json")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_said(run):
    status, out, _ = run("--version")

    assert status == 0
    assert out.startswith("fusion ")


def test_diff_says_in_words_what_changed(run, recipe_file):
    first = recipe_file()
    other = recipe_file(
        "other.json", branches={"all": {"input": "photo", "backbone": "eye", "cut": "block1_pool"}}
    )

    status, out, _ = run("diff", first, other)

    assert status == 0
    assert "cut of branch 'all': block2_pool -> block1_pool: 8 -> 4 features" in out
    assert "mean the same" in run("diff", first, first)[1]


def test_check_locked_fails_once_something_moved(run, recipe_file):
    path = recipe_file()

    assert run("check", "--locked", path)[0] == 1
    assert ": 1 backbone, recipe " in run("lock", path)[1]
    assert run("check", "--locked", path)[0] == 0
    recipe_file(head={"output": {"task": "classification", "classes": 3}})
    status, _, err = run("check", "--locked", path)

    assert status == 1
    assert "means something else" in err


def test_self_test_takes_a_recipe_and_a_model(run, recipe_file, tmp_path):
    path = recipe_file()
    assert run("build", path, "-o", tmp_path / "m.keras")[0] == 0

    for file in (path, tmp_path / "m.keras"):
        status, out, _ = run("self-test", file)

        assert status == 0
        assert out.count("ok  ") == len(out.splitlines()) == 5


MAY_MISS = {"missing": "zeros"}
SEVERAL = {
    "inputs": {
        "photo": {"kind": "image", "shape": [16, 16, 3], "optional": MAY_MISS},
        "back": {"kind": "image", "shape": [16, 16, 3], "optional": MAY_MISS},
        "facts": {"kind": "tabular", "columns": ["area"], "optional": MAY_MISS},
    },
    "branches": {
        "one": {"input": "photo", "backbone": "eye", "cut": "block2_pool"},
        "other": {"input": "back", "backbone": "eye", "cut": "block2_pool"},
        "numbers": {"input": "facts"},
    },
    "fusion": {"op": "concat", "from": ["one", "other", "numbers"]},
}


def test_predict_does_without_inputs_that_are_optional(recipe_file, photos, run, tmp_path):
    run("build", recipe_file(**SEVERAL), "-o", tmp_path / "m.keras")
    picture = photos / "dark/0.png"

    front, back = (
        json.loads(run("predict", tmp_path / "m.keras", picture, "--input", name, "--json")[1])[0]["scores"]
        for name in ("photo", "back")
    )

    pixels = np.array(Image.open(picture).resize((16, 16), Image.Resampling.BILINEAR), "float32")[None]
    nothing = {"photo": np.full_like(pixels, np.nan), "back": np.full_like(pixels, np.nan)}
    batch = {**nothing, "photo": pixels, "facts": np.full((1, 1), np.nan, "float32")}
    assert front == pytest.approx(
        load(tmp_path / "m.keras").model.predict(batch, verbose=0)[0].tolist(), abs=1e-5
    )
    assert front != back


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say with --input which of its optional images these are"),
        (("--input", "fotos"), "no input 'fotos'. Did you mean 'photo'"),
        (("--input", "facts"), "not one image"),
    ],
)
def test_predict_asks_which_of_several_images_is_meant(recipe_file, photos, run, tmp_path, arguments, says):
    run("build", recipe_file(**SEVERAL), "-o", tmp_path / "m.keras")

    with pytest.raises(DataError) as refused:
        run("predict", tmp_path / "m.keras", photos / "dark/0.png", *arguments)

    assert says in str(refused.value)
