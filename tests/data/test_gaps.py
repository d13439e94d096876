"""Examples that lack an optional input, wherever they are read from."""

import json

import numpy as np
import pytest

from fusion.data.arrays import from_arrays, read_arrays
from fusion.data.descriptions import describe
from fusion.data.examples import Array, ImageFiles, splits
from fusion.data.gaps import missing, only_image
from fusion.data.reading import read_data, read_images
from fusion.data.rows import read_dataset
from fusion.errors import DataError, RecipeError
from fusion.recipe.head import Output
from fusion.recipe.inputs import Category, Image, Table
from fusion.recipe.texts import Text

PRICE = Output(task="regression")
MAY_MISS = {"missing": "zeros"}
PHOTO = Image(shape=(4, 4, 3), optional=MAY_MISS)
FACTS = Table(columns=("beds", "area"), optional=MAY_MISS)
TOWN = Category(column="town", most=5, optional=MAY_MISS)
WORDS = Text(column="words", most=5, optional=MAY_MISS)
NEEDED = Table(columns=("year",))
INPUTS = {"photo": PHOTO, "facts": FACTS, "town": TOWN, "words": WORDS, "needed": NEEDED}


def arrays(count=60):
    random = np.random.default_rng(0)
    return {
        "photo": random.uniform(1, 255, (count, 4, 4, 3)),
        "facts": random.normal(size=(count, 2)),
        "town": np.array([["Graz"], ["Linz"]] * (count // 2)),
        "words": np.array([["a large house"], ["quiet"]] * (count // 2)),
        "needed": random.normal(size=(count, 1)),
    }


def read(given, inputs=INPUTS):
    return from_arrays(given, np.arange(60.0), inputs=inputs, output=PRICE)


def gone(data, name):
    return {
        part.names[row]
        for part in splits(data).values()
        for row in np.flatnonzero(missing(part.columns[name]))
    }


def test_rows_of_nan_and_empty_texts_lack_their_input_and_are_counted():
    given = arrays()
    given["photo"][3] = given["facts"][[4, 5]] = np.nan
    given["town"][6], given["words"][7] = "", ""

    data = read(given)

    assert [gone(data, name) for name in INPUTS] == [
        {"row 3"},
        {"row 4", "row 5"},
        {"row 6"},
        {"row 7"},
        set(),
    ]
    assert describe(data).splitlines()[-4:] == [
        "1 of 60 examples lacks 'photo'.",
        "2 of 60 examples lack 'facts'.",
        "1 of 60 examples lacks 'town'.",
        "1 of 60 examples lacks 'words'.",
    ]


def test_an_input_that_is_not_given_is_missing_everywhere():
    given = arrays()
    del given["photo"], given["town"]

    data = read(given)

    assert len(gone(data, "photo")) == len(gone(data, "town")) == 60
    assert data.train.columns["photo"].read(np.arange(2)).shape == (2, 4, 4, 3)


@pytest.mark.parametrize(
    ("name", "row", "value", "message"),
    [
        (
            "facts",
            (4, 1),
            np.nan,
            r"the first, nan, in row 4, .*A row that lacks the input is NaN throughout",
        ),
        ("photo", (4, 1, 2, 0), np.nan, r"the first, nan, in row 4, counted from 0, at \(1, 2, 0\)"),
        ("photo", (4, 1, 2, 0), 300.0, r"but its 2832 values lie in [0-9.]*\.\.300"),
        ("facts", (4,), np.inf, r"2 in all, the first, inf, in row 4"),
        ("town", (4,), " ", r"a text of blanks in row 4"),
        (
            "needed",
            (4,),
            np.nan,
            r'row 4.*Or let the recipe say that examples may lack the input: "optional"',
        ),
    ],
)
def test_a_row_that_holds_half_an_input_is_refused(name, row, value, message):
    given = arrays()
    given["photo"][9] = given["facts"][9] = np.nan
    given[name][row] = value

    with pytest.raises(DataError, match=message):
        read(given)


def test_an_empty_text_that_must_be_there_says_how_it_need_not_be():
    given = arrays()
    given["town"][3] = ""

    with pytest.raises(DataError, match=r'an empty text in row 3.*"optional": \{"missing": "zeros"\}'):
        read(given, INPUTS | {"town": TOWN.replaced(optional=None)})


def test_examples_without_any_input_are_refused():
    given = {name: each for name, each in arrays().items() if name in ("facts", "town")}
    given["facts"][[3, 4, 5]] = np.nan
    given["town"][[4, 5]] = ""

    with pytest.raises(DataError, match=r"2 examples have no input at all. Leave out:\n  row 4\n  row 5"):
        read(given, {"facts": FACTS, "town": TOWN})


def test_an_optional_key_of_an_npz_file_may_be_left_out_and_a_misspelt_one_is_named(tmp_path):
    given = arrays()
    del given["photo"]
    np.savez(tmp_path / "a.npz", targets=np.arange(60.0), **given)
    np.savez(tmp_path / "b.npz", targets=np.arange(60.0), foto=given["facts"], **given)

    data = read_arrays(tmp_path / "a.npz", inputs=INPUTS, output=PRICE)

    assert len(gone(data, "photo")) == 60
    with pytest.raises(
        DataError, match=r"'foto', which is not asked for. Did you mean 'photo'.*\n.*if you have them: photo"
    ):
        read_arrays(tmp_path / "b.npz", inputs=INPUTS, output=PRICE)


def test_an_optional_key_given_for_one_split_is_needed_for_all(tmp_path):
    given = {f"{part}_{name}": each for part in ("train", "test") for name, each in arrays().items()}
    given |= {f"{part}_targets": np.arange(60.0) for part in ("train", "test")}
    del given["test_photo"]
    np.savez(tmp_path / "a.npz", **given)

    with pytest.raises(DataError, match="lacks 'test_photo'"):
        read_arrays(tmp_path / "a.npz", inputs=INPUTS, output=PRICE)


@pytest.fixture
def table(tmp_path, picture):
    """Writes a table of 40 rows with some cells changed and some photographs missing; returns its dataset file."""

    def write(changes=(), *, without=(), inputs=None):
        rows = [
            [f"{i:02}", str(i % 5), str(50 + i), f"town {i % 3}", f"house {i}", str(i), str(i)]
            for i in range(40)
        ]
        for (row, column), cell in dict(changes).items():
            rows[row][column] = cell
        header = "id,beds,area,town,words,year,price"
        (tmp_path / "t.csv").write_text("\n".join([header, *(",".join(row) for row in rows)]))
        for i in set(range(40)) - set(without):
            picture(tmp_path / f"photos/{i:02}.png", content=i)
        told = {
            "photo": {"files": "photos/{id}.png"},
            "facts": {"columns": ["beds", "area"]},
            "town": {"column": "town"},
            "words": {"column": "words"},
            "needed": {"columns": ["year"]},
        }
        dataset = {"dataset": 1, "table": "t.csv", "inputs": inputs or told, "target": {"column": "price"}}
        (tmp_path / "t.json").write_text(json.dumps(dataset))
        return tmp_path / "t.json"

    return write


def test_empty_cells_and_files_that_are_not_there_are_missing_inputs(table):
    changes = {(3, 0): "", (4, 1): "", (4, 2): "", (5, 3): "", (6, 4): ""}

    data = read_dataset(table(changes, without=[7]), inputs=INPUTS, output=PRICE)

    assert gone(data, "photo") == {"t.csv row 5", "t.csv row 9"}
    assert gone(data, "facts") == {"t.csv row 6"}
    assert gone(data, "town") == {"t.csv row 7"}
    assert gone(data, "words") == {"t.csv row 8"}
    assert "2 of 40 examples lack 'photo'." in data.source


def test_a_dataset_file_need_not_feed_what_is_optional(table):
    data = read_dataset(table(inputs={"needed": {"columns": ["year"]}}), inputs=INPUTS, output=PRICE)

    assert all(len(gone(data, name)) == 40 for name in ("photo", "facts", "town", "words"))
    with pytest.raises(RecipeError, match="Missing input 'needed'"):
        read_dataset(table(inputs={"town": {"column": "town"}}), inputs=INPUTS, output=PRICE)


def test_a_row_with_half_of_its_numbers_is_refused(table):
    path = table({(4, 1): ""})

    with pytest.raises(
        DataError, match=r"row 6, column 'beds': it is empty\nA row that lacks the input has none"
    ):
        read_dataset(path, inputs=INPUTS, output=PRICE)


@pytest.mark.parametrize(("cell", "says"), [((4, 5), True), ((4, 6), False)])
def test_an_empty_cell_says_that_an_input_may_be_optional_and_a_target_not(table, cell, says):
    path = table({cell: ""})

    with pytest.raises(DataError) as found:
        read_dataset(path, inputs=INPUTS, output=PRICE)

    assert ('"optional": {"missing": "zeros"}' in str(found.value)) == says


def test_files_none_of_which_is_there_are_no_missing_inputs(table):
    path = table(without=range(40))

    with pytest.raises(DataError, match="40 of 40 images for input 'photo' are not there"):
        read_dataset(path, inputs=INPUTS, output=PRICE)


def test_a_file_that_must_be_there_says_how_it_need_not_be(table):
    needed = INPUTS | {"photo": PHOTO.replaced(optional=None)}

    with pytest.raises(DataError, match=r'09.png\nOr let the recipe say .*"optional"'):
        read_dataset(table(without=[9]), inputs=needed, output=PRICE)


def test_rows_that_lack_a_photograph_have_none_in_common(table):
    # Were "no photograph" one image, all these rows would be in one split.
    data = read_dataset(table(without=range(1, 40)), inputs=INPUTS, output=PRICE)

    assert all(gone(data, "photo") & set(part.names) for part in splits(data).values())


def test_a_folder_feeds_the_image_and_all_else_is_missing(folder):
    inputs = {"photo": Image(shape=(4, 4, 3)), "facts": FACTS}

    data = read_data(folder({"cat": 20, "dog": 20}), inputs=inputs, output=Output(task="binary"))

    assert set(data.train.columns) == {"photo", "facts"}
    assert missing(data.test.columns["facts"]).all()


def test_images_to_predict_lack_all_other_inputs(folder):
    (first, *_) = sorted(folder({"cat": 2}).rglob("*.png"))

    examples = read_images([first], input_name="photo", image=PHOTO, others=INPUTS)

    assert list(examples.columns) == ["photo", "facts", "town", "words"]
    assert missing(examples.columns["words"]).tolist() == [True]


def test_which_image_is_fed_follows_where_it_can():
    one, other = Image(shape=(4, 4, 3)), PHOTO

    assert only_image({"a": one, "b": other, "facts": FACTS}) == ("a", one)
    assert only_image({"b": other, "facts": FACTS}) == ("b", other)
    assert only_image({"b": other, "c": other}) is None
    assert only_image({"b": other, "c": other}, given="c") == ("c", other)
    assert only_image({"a": one, "b": other}, given="b") is None
    assert only_image({"b": other, "needed": NEEDED}) is None
    assert only_image({"b": other, "facts": FACTS}, given="facts") is None


def test_missing_is_told_of_chosen_rows_and_of_files():
    values = np.arange(3000.0)[:, None]
    values[[7, 2500]] = np.nan

    assert np.flatnonzero(missing(Array(values, rows=np.arange(2999, -1, -1)))).tolist() == [499, 2992]
    assert missing(Array(np.ones((2, 1), int))).tolist() == [False, False]
    assert missing(ImageFiles((None,), (4, 4, 3), (0, 255))).tolist() == [True]
