import json

import pytest

from fusion.errors import DataError


@pytest.fixture
def houses(run, recipe_file, tmp_path):
    """A model that reads a photograph and a table, as yet untrained."""
    recipe = recipe_file(
        inputs={
            "photo": {"kind": "image", "shape": [16, 16, 3]},
            "facts": {"kind": "tabular", "columns": ["beds", "area"]},
        },
        branches={
            "eye": {"input": "photo", "backbone": "eye", "cut": "block1_pool"},
            "table": {"input": "facts"},
        },
        fusion={"op": "concat", "from": ["eye", "table"]},
        head={"output": {"task": "regression", "standardise": True}},
        training=None,
    )
    assert run("build", recipe, "-o", tmp_path / "m.keras")[0] == 0
    return tmp_path / "m.keras"


def test_one_example_is_said_by_name(run, houses, photos):
    photo = photos / "dark/0.png"

    (found,) = json.loads(run("predict", houses, f"photo={photo}", "beds=3", "area=120", "--json")[1])

    assert found["name"] == str(photo)
    assert found["label"] is None
    assert "output 0" in run("predict", houses, "area=120", f"photo={photo}", "beds=3")[1]
    with pytest.raises(DataError, match="there is no 'area'"):
        run("predict", houses, f"photo={photo}", "beds=3")
    with pytest.raises(DataError, match="Write NAME=VALUE for each"):
        run("predict", houses, photo)


def test_a_name_that_nothing_reads_is_told_from_a_file(run, houses, photos):
    with pytest.raises(
        DataError, match=r"nothing reads 'bds'. Did you mean 'beds'. Known: beds, area, photo"
    ):
        run("predict", houses, "bds=3", "area=120", f"photo={photos}/dark/0.png")
    with pytest.raises(DataError, match=r"nothing reads 'zzz'. Known: beds, area, photo"):
        run("predict", houses, "zzz=3")


def test_a_model_of_texts_is_asked_with_a_text(run, recipe_file, photos, tmp_path):
    recipe = recipe_file(
        inputs={"said": {"kind": "text", "column": "said", "most": 5}},
        branches={"bag": {"input": "said"}},
        backbones={},
        fusion=None,
        training=None,
    )
    run("build", recipe, "-o", tmp_path / "m.keras")

    with pytest.raises(
        DataError, match=r'reads said, and no image. .* as in said="some text", or give a table by --data.$'
    ):
        run("predict", tmp_path / "m.keras", photos / "dark/0.png")
    with pytest.raises(DataError, match=r"nothing reads 'sad'. Did you mean 'said'"):
        run("predict", tmp_path / "m.keras", "sad=a text")


def test_every_row_of_a_table_is_predicted(run, houses, photos, tmp_path):
    (tmp_path / "new.csv").write_text("id,beds,area\n0,2,50\n1,3,80\n")
    said = {
        "dataset": 1,
        "table": "new.csv",
        "inputs": {
            "photo": {"files": f"{photos.name}/dark/{{id}}.png"},
            "facts": {"columns": ["beds", "area"]},
        },
    }
    about = photos.parent / "new.json"
    (tmp_path / "new.csv").replace(photos.parent / "new.csv")
    about.write_text(json.dumps(said))

    found = json.loads(run("predict", houses, "--data", about, "--json")[1])

    assert [each["name"] for each in found] == ["new.csv row 2", "new.csv row 3"]
    alone = json.loads(run("predict", houses, f"photo={photos}/dark/1.png", "beds=3", "area=80", "--json")[1])
    assert found[1]["scores"] == pytest.approx(alone[0]["scores"], rel=1e-5)


def test_what_to_predict_is_said_once(run, houses, photos):
    assert run("predict", houses)[0] == 2
    assert run("predict", houses, "beds=3", "--data", photos)[0] == 2
