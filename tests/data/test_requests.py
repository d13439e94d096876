import json

import numpy as np
import pytest

from fusion.data.gaps import missing
from fusion.data.reading import read_inputs
from fusion.data.requests import parse_values, read_values
from fusion.errors import DataError, RecipeError
from fusion.recipe.inputs import Category, Image, Table
from fusion.recipe.texts import Text, Tokens

INPUTS = {
    "frontal": Image(shape=(8, 8, 3)),
    "facts": Table(columns=("beds", "area")),
    "place": Category(column="zip", most=3),
}


@pytest.fixture
def house(tmp_path, picture):
    return {"frontal": str(picture(tmp_path / "a.png")), "beds": 3, "area": "52.5", "place": "94109"}


def test_values_become_one_example_of_all_inputs(house):
    examples = read_values(house, inputs=INPUTS)

    row = np.array([0])
    assert [str(path) for path in examples.columns["frontal"].paths] == [house["frontal"]]
    assert examples.columns["facts"].read(row).tolist() == [[3.0, 52.5]]
    assert examples.columns["place"].read(row).tolist() == [["94109"]]
    assert examples.names == (house["frontal"],)
    assert examples.targets is None


def test_a_text_goes_by_the_name_of_its_column_too(house):
    house["zip"] = house.pop("place")

    assert read_values(house, inputs=INPUTS).columns["place"].read(np.array([0])).tolist() == [["94109"]]


def test_several_rows_become_several_examples(house):
    facts = {"facts": INPUTS["facts"]}

    examples = read_values([{"beds": 1, "area": 2}, {"area": 4, "beds": 3}], inputs=facts)

    assert examples.columns["facts"].read(np.arange(2)).tolist() == [[1, 2], [3, 4]]
    assert examples.names == ("example 1", "example 2")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"beds": None}, "'beds' is a number, got None"),
        ({"beds": "many"}, "'beds' is a number, got 'many'"),
        ({"beds": True}, "'beds' is a number, got True"),
        ({"beds": "nan"}, "'beds' is a number, got 'nan'"),
        ({"area": 1e60}, "'area' is infinite as float32|'area' is too"),
        ({"frontal": 3}, "'frontal' is the file of an image, got 3"),
        ({"place": 94109}, "'place' is a text, got 94109"),
        ({"place": ""}, "'place' is empty; only an input that is \"optional\" in the recipe may be missing"),
        ({"bed": 3}, r"example 1: nothing reads 'bed'\. Did you mean 'beds'\?"),
    ],
)
def test_values_that_do_not_fit_are_named(house, changes, message):
    with pytest.raises(DataError, match=f"1 value of 1 example does not fit:\n.*({message})"):
        read_values(house | changes, inputs=INPUTS)


@pytest.mark.parametrize("key", ["frontal", "beds", "place"])
def test_missing_values_are_named(house, key):
    del house[key]

    with pytest.raises(DataError, match=f"example 2: there is no '{key}'"):
        read_values([house | {key: "x" if key != "beds" else 1}, house], inputs=INPUTS)


def test_a_file_that_is_no_image_is_named(house, tmp_path):
    (tmp_path / "b.png").write_bytes(b"broken")

    with pytest.raises(DataError, match=r"b\.png"):
        read_values(house | {"frontal": tmp_path / "b.png"}, inputs=INPUTS)


def test_nothing_to_predict_is_refused():
    with pytest.raises(DataError, match="There are no examples"):
        read_values([], inputs=INPUTS)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["area=1", "a.jpg"], "'a.jpg': expected NAME=VALUE, such as area=120"),
        (["area=1", "area=2"], "'area' is given more than once"),
    ],
)
def test_words_that_are_no_values_are_refused(words, message):
    with pytest.raises(DataError, match=message):
        parse_values(words)


def test_a_value_may_hold_an_equals_sign():
    assert parse_values(["photo=a=b.jpg"]) == {"photo": "a=b.jpg"}


def test_every_row_of_a_table_is_read_without_target_and_split(tmp_path, picture):
    (tmp_path / "new.csv").write_text("id,beds\n1,2\n2,3\n")
    for number in (1, 2):
        picture(tmp_path / f"{number}.png")
    said = {
        "dataset": 1,
        "table": "new.csv",
        "inputs": {"front": {"files": "{id}.png"}, "facts": {"columns": ["beds"]}},
        "target": {"column": "price"},
        "split": {"column": "part"},
    }
    (tmp_path / "new.json").write_text(json.dumps(said))
    inputs = {"front": INPUTS["frontal"], "facts": Table(columns=("beds",))}

    examples = read_inputs(tmp_path / "new.json", inputs=inputs)

    assert examples.names == ("new.csv row 2", "new.csv row 3")
    assert examples.targets is None
    said["inputs"]["facts"] = {"columns": ["bed"]}
    (tmp_path / "new.json").write_text(json.dumps(said))
    with pytest.raises(RecipeError, match=r"new\.json: 1 problem\n +/inputs/facts/columns/0 +.*'beds'"):
        read_inputs(tmp_path / "new.json", inputs=inputs)


def test_every_image_of_a_folder_is_read(folder):
    path = folder({"cats": 2, "dogs/old": 1})

    examples = read_inputs(path, inputs={"photo": INPUTS["frontal"]})

    assert [name.removeprefix(f"{path}/") for name in examples.names] == [
        "cats/0.png",
        "cats/1.png",
        "dogs/old/0.png",
    ]


def test_a_folder_feeds_one_image_input_only(folder):
    with pytest.raises(DataError, match="is a folder, which feeds one image input"):
        read_inputs(folder({"cats": 1}), inputs=INPUTS)


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(DataError, match="has no images"):
        read_inputs(tmp_path, inputs={"photo": INPUTS["frontal"]})


def test_a_dataset_file_of_a_folder_is_refused(tmp_path):
    (tmp_path / "d.json").write_text('{"dataset": 1, "inputs": {"photo": {"folder": "pets"}}}')

    with pytest.raises(
        DataError, match=r"d\.json has no table; to predict a folder of images, give the folder itself"
    ):
        read_inputs(tmp_path / "d.json", inputs={"photo": INPUTS["frontal"]})


def test_an_empty_text_is_a_missing_one_where_it_is_optional(house):
    optional = INPUTS | {"place": INPUTS["place"].replaced(optional={"missing": "zeros"})}

    examples = read_values(house | {"place": ""}, inputs=optional)

    assert examples.columns["place"].values.tolist() == [[""]]


def test_optional_inputs_may_be_left_out(house):
    optional = {
        name: each.replaced(optional={"missing": "zeros"}) if name != "frontal" else each
        for name, each in INPUTS.items()
    }

    examples = read_values({"frontal": house["frontal"]}, inputs=optional)

    assert {name: missing(column).tolist() for name, column in examples.columns.items()} == {
        "frontal": [False],
        "facts": [True],
        "place": [True],
    }
    with pytest.raises(DataError, match="there is no 'area'"):
        read_values({"frontal": house["frontal"], "beds": 3}, inputs=optional)


def test_an_example_of_nothing_is_refused():
    facts = {"facts": INPUTS["facts"].replaced(optional={"missing": "zeros"})}

    with pytest.raises(DataError, match=r"1 example has no input at all\. Leave out:\n  example 1"):
        read_values({}, inputs=facts)


SAID = {"said": Tokens(length=4, pad=1)}


@pytest.mark.parametrize("value", [[7, 8], "7 8", (7, np.int64(8))])
def test_tokens_are_padded(value):
    examples = read_values({"said": value}, inputs=SAID)

    found = examples.columns["said"].read(np.array([0]))
    assert found.dtype == np.int32
    assert found.tolist() == [[7, 8, 1, 1]]


@pytest.mark.parametrize("value", [[], [1, 2, 3, 4, 5], [-1], [1.5], [True], "a b", 7, [2**31]])
def test_what_numbers_no_tokens_is_refused(value):
    with pytest.raises(
        DataError, match="example 1: 'said' is a list of 1 to 4 tokens, whole numbers from 0, got"
    ):
        read_values({"said": value}, inputs=SAID)


def test_missing_tokens_are_padding():
    optional = {"said": SAID["said"].replaced(optional={"missing": "zeros"}), "more": SAID["said"]}

    examples = read_values({"more": [5]}, inputs=optional)

    assert examples.columns["said"].read(np.array([0])).tolist() == [[1, 1, 1, 1]]


def test_a_text_goes_by_its_name_or_its_column():
    caption = {"caption": Text(column="said", most=5)}

    for key in ("caption", "said"):
        examples = read_values({key: "a big dog"}, inputs=caption)

        assert examples.columns["caption"].read(np.array([0])).tolist() == [["a big dog"]]
