import json
import re

import pytest

from fusion.data.dataset import (
    Column,
    Columns,
    Dataset,
    Files,
    Folder,
    Shares,
    SplitColumn,
    drawn_split,
    load_dataset,
)
from fusion.data.splits import Split
from fusion.errors import RecipeError

HOUSES = {
    "dataset": 1,
    "table": "houses.csv",
    "inputs": {
        "frontal": {"files": "frontal/{house_id:03d}.jpg"},
        "facts": {"columns": ["bedrooms", "bathrooms", "area_sqft"]},
    },
    "target": {"column": "price_usd"},
    "split": {"validation": 0.15, "test": 0.15, "seed": 0},
}


@pytest.fixture
def problems(tmp_path):
    """The problems of a dataset file, as text."""

    def found(data):
        path = tmp_path / "d.json"
        path.write_text(json.dumps(data))
        return "\n".join(f"{problem.place} {problem.text}" for problem in load_dataset(path)[1])

    return found


def test_dataset_file_is_read_as_values(tmp_path):
    path = tmp_path / "houses.json"
    path.write_text(json.dumps(HOUSES))

    dataset, problems, data = load_dataset(path)

    assert problems == []
    assert data == HOUSES
    assert dataset == Dataset(
        table="houses.csv",
        inputs={
            "frontal": Files(files="frontal/{house_id:03d}.jpg"),
            "facts": Columns(columns=("bedrooms", "bathrooms", "area_sqft")),
        },
        target=Column(column="price_usd"),
        split=Shares(seed=0),
    )


def test_dataset_made_in_python_writes_the_same_json():
    dataset = Dataset.model_validate(HOUSES)

    assert json.loads(dataset.model_dump_json(by_alias=True))["inputs"] == HOUSES["inputs"]
    assert json.loads(dataset.model_dump_json(by_alias=True))["dataset"] == 1


def test_seed_of_the_file_comes_before_the_one_asked_for():
    inputs = {"photo": Folder(folder="pets")}

    assert drawn_split(Dataset(inputs=inputs, split=Shares(test=0.3, seed=5)), 2) == Split(test=0.3, seed=5)
    assert drawn_split(Dataset(inputs=inputs, split=Shares(test=0.3)), 2) == Split(test=0.3, seed=2)
    assert drawn_split(Dataset(inputs=inputs, split=SplitColumn(column="part")), 2) == Split(seed=2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tabel": "x"}, r"^/tabel Unknown key 'tabel'\. Did you mean 'table'\?"),
        ({"split": {"tests": 0.2}}, r"^/split/tests Unknown key 'tests'\. Did you mean 'test'\?"),
        ({"split": {"test": 0.6, "validation": 0.5}}, r"^/split Nothing is left for training: 0\.5 \+ 0\.6"),
        ({"split": {"test": -1}}, r"^/split/test Expected 0.* or more, got -1\."),
        ({"split": {"seed": "a"}}, r"^/split/seed Expected a whole number, got 'a'\."),
        ({"split": {"column": 3}}, r"^/split/column Expected a text, got 3\."),
        ({"split": {"group": 3}}, r"^/split/group Expected a text, got 3\."),
        ({"split": {"column": "a", "group": "b"}}, r"^/split/group Unknown key 'group'\."),
        ({"target": {"colum": "x"}}, r"^/target .*Did you mean 'column'\?"),
        ({"target": "price"}, r"^/target Expected an object"),
        ({"inputs": {"p": {"file": "x"}}}, r"^/inputs/p .*Did you mean 'files'\?"),
        ({"inputs": {"p": {"files": "x", "columns": ["a"]}}}, r"^/inputs/p 'files \+ columns' is not one of"),
        ({"inputs": {"1p": {"files": "x"}}}, r"^/inputs/1p '1p' cannot be a name"),
    ],
)
def test_mistakes_are_found_at_their_place(problems, changes, message):
    found = problems(HOUSES | changes)

    assert re.search(message, found)
    assert found.count("\n") == 0


def test_all_mistakes_are_found_at_once(problems):
    found = problems(HOUSES | {"tabel": "x", "split": {"tests": 0.2}, "target": {}})

    assert found.count("\n") == 2


def test_keys_starting_with_x_are_free(problems):
    assert problems(HOUSES | {"x-origin": "doi 10.5220/0006040700620068"}) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"dataset": 2, "inputs": {}}', r"/dataset +The format is version 2; this package reads up to 1"),
        ('{"dataset": "1", "inputs": {}}', r"/dataset +A dataset file is an object with \"dataset\": 1"),
        ('{"dataset": true, "inputs": {}}', r"/dataset +A dataset file is an object"),
        ('{"inputs": {}}', r"/dataset +A dataset file is an object with \"dataset\": 1"),
        ("[]", r"/dataset +A dataset file is an object"),
        ('{"dataset": 1, "dataset": 1}', "stands more than once"),
        ('{"dataset": 1,}', "No valid JSON at line 1"),
        ('{"dataset": 1}', "/inputs +Missing key 'inputs'"),
    ],
)
def test_file_that_is_no_dataset_of_this_format_is_refused(tmp_path, text, message):
    (tmp_path / "d.json").write_text(text)

    with pytest.raises(RecipeError, match=message):
        load_dataset(tmp_path / "d.json")


def test_missing_file_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"d\.json: 1 problem\n.*The file cannot be read"):
        load_dataset(tmp_path / "d.json")
