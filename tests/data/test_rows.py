import json
import os
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from fusion.data.descriptions import describe
from fusion.data.examples import splits
from fusion.data.rows import read_dataset, read_unlabelled
from fusion.errors import DataError, RecipeError
from fusion.recipe.absence import Absence
from fusion.recipe.head import Output
from fusion.recipe.inputs import Category, Image, Table
from fusion.recipe.texts import Text, Tokens

INPUTS = {"front": Image(shape=(8, 8, 3)), "facts": Table(columns=("beds", "area"))}
PHOTO = {"front": Image(shape=(8, 8, 3))}
PRICE = Output(task="regression")
KIND = Output(task="classification", classes=2)
ASSETS = Path(os.environ.get("FUSION_ASSETS", "/nowhere"), "images")
needs_assets = pytest.mark.skipif(not ASSETS.is_dir(), reason="FUSION_ASSETS names no folder with images")
HOUSES = {
    "dataset": 1,
    "table": "houses.csv",
    "inputs": {"front": {"files": "front/{id:03d}.png"}, "facts": {"columns": ["beds", "area"]}},
    "target": {"column": "price"},
}


@pytest.fixture
def houses(tmp_path, picture):
    """Writes 40 houses with a photograph each, and a dataset file with some changes; returns the file."""

    def write(changes=(), *, images=40, lines=None):
        header = "id,beds,area,price,kind,part,red,round"
        made = [
            f"{i},{i % 5},{50 + i},{1000 * i},{'flat' if i % 2 else 'house'},"
            f"{('train', 'train', 'Val', 'test')[i % 4]},{i % 2},{i % 3 // 2}"
            for i in range(40)
        ]
        (tmp_path / "houses.csv").write_text("\n".join([header, *(lines or made)]))
        for i in range(images):
            picture(tmp_path / f"front/{i:03}.png", content=i)
        data = {key: value for key, value in (HOUSES | dict(changes)).items() if value is not None}
        (tmp_path / "houses.json").write_text(json.dumps(data))
        return tmp_path / "houses.json"

    return write


def rows_of(part):
    return [int(name.split()[-1]) - 2 for name in part.names]


def test_rows_feed_images_numbers_and_targets(houses):
    data = read_dataset(houses(), inputs=INPUTS, output=PRICE)

    assert sum(map(len, splits(data).values())) == 40
    assert data.labels is None
    assert data.source == "Table houses.csv, split by content, validation 0.15, test 0.15, seed 0."
    for part in splits(data).values():
        rows = rows_of(part)
        facts = part.columns["facts"].read(np.arange(len(part)))
        assert facts.tolist() == [[i % 5, 50 + i] for i in rows]
        assert part.targets.tolist() == [[1000 * i] for i in rows]
        assert [path.name for path in part.columns["front"].paths] == [f"{i:03}.png" for i in rows]


def test_dropping_rows_moves_no_other(houses):
    whole = read_dataset(houses(), inputs=INPUTS, output=PRICE)
    lines = [f"{i},{i % 5},{50 + i},0,flat,train,0,0" for i in range(39, 4, -1)]
    some = read_dataset(houses(lines=lines), inputs=INPUTS, output=PRICE)

    ids = {path.name for path in some.test.columns["front"].paths}
    assert ids == {path.name for path in whole.test.columns["front"].paths if int(path.stem) >= 5}


def test_another_seed_draws_other_rows(houses):
    path = houses({"split": {"test": 0.3}})

    one, other = (read_dataset(path, inputs=INPUTS, output=PRICE, seed=seed) for seed in (0, 1))

    assert one.test.names != other.test.names


def test_a_column_of_texts_gives_classes(houses):
    data = read_dataset(houses({"target": {"column": "kind"}}), inputs=INPUTS, output=KIND)

    assert data.labels == ("flat", "house")
    assert data.train.targets.tolist() == [0 if i % 2 else 1 for i in rows_of(data.train)]


def test_names_of_the_heads_classes_give_the_order(houses):
    output = Output(task="classification", classes=("house", "flat"))

    data = read_dataset(houses({"target": {"column": "kind"}}), inputs=INPUTS, output=output)

    assert data.train.targets.tolist() == [i % 2 for i in rows_of(data.train)]


def test_several_columns_give_several_labels(houses):
    output = Output(task="multilabel", classes=("red", "round"))
    changes = {"target": {"columns": ["red", "round"]}, "split": {"validation": 0.3, "test": 0.3}}

    data = read_dataset(houses(changes), inputs=INPUTS, output=output)

    assert data.train.targets.tolist() == [[i % 2, i % 3 // 2] for i in rows_of(data.train)]


def test_several_columns_give_several_numbers(houses):
    output = Output(task="regression", units=2)

    data = read_dataset(houses({"target": {"columns": ["price", "area"]}}), inputs=INPUTS, output=output)

    assert data.train.targets.tolist() == [[1000 * i, 50 + i] for i in rows_of(data.train)]


def test_a_column_can_give_the_split(houses):
    data = read_dataset(houses({"split": {"column": "part"}}), inputs=INPUTS, output=PRICE)

    assert {name: len(part) for name, part in splits(data).items()} == {
        "train": 20,
        "validation": 10,
        "test": 10,
    }
    assert {i % 4 for i in rows_of(data.test)} == {3}
    assert "split as given" in describe(data)


def test_folder_of_classes_needs_no_table(tmp_path, folder):
    folder({"cats": 30, "dogs": 30})
    (tmp_path / "pets.json").write_text(
        '{"dataset": 1, "inputs": {"front": {"folder": "pets"}}, "split": {"seed": 3}}'
    )

    data = read_dataset(tmp_path / "pets.json", inputs=PHOTO, output=Output(task="binary"))

    assert data.labels == ("cats", "dogs")
    assert data.train.targets.shape == (len(data.train), 1)
    assert data.source == "Folder pets, split by content, validation 0.15, test 0.15, seed 3."


def test_progress_counts_each_file_once_however_many_rows_name_it(houses):
    seen = []
    both = {"front": INPUTS["front"], "back": INPUTS["front"]}
    sources = {"front": {"files": "front/{id:03d}.png"}, "back": {"files": "front/{id:03d}.png"}}

    read_dataset(
        houses({"inputs": sources}),
        inputs=both,
        output=PRICE,
        progress=lambda done, total: seen.append((done, total)),
    )

    assert seen[-1] == (40, 40)
    assert len(seen) == 40


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"table": "hauses.csv"}, r"/table +The table .*hauses\.csv cannot be read: No such file"),
        ({"table": None}, r'/inputs/front +This reads a table, but there is no "table"'),
        ({"target": None}, r"/target +Missing key 'target'"),
        (
            {"target": {"column": "prize"}},
            r"/target/column +houses\.csv has no column 'prize'\. Did you mean 'price'\?",
        ),
        ({"target": {"columns": ["price"]}, "x-a": 1}, None),
        ({"target": {"columns": ["price", "area"]}}, r"/target +The target has 2 of the 1 columns"),
        (
            {"split": {"column": "prat"}},
            r"/split/column +houses\.csv has no column 'prat'\. Did you mean 'part'\?",
        ),
        (
            {"inputs": {"frnt": {"files": "{id}.png"}, "facts": {"columns": ["beds", "area"]}}},
            r"/inputs/frnt +The recipe has no input 'frnt'\. Did you mean 'front'\?\n +/inputs +Missing input 'front'",
        ),
        (
            {"inputs": {"front": {"files": "{ids}.png"}, "facts": {"columns": ["beds", "aera"]}}},
            r"2 problems\n +/inputs/front/files .* 'ids'\. Did you mean 'id'\?\n +/inputs/facts/columns/1 .* 'aera'",
        ),
        (
            {"inputs": {"front": {"files": "{id!r}.png"}, "facts": {"columns": ["beds", "area"]}}},
            r"/inputs/front/files +'\{id!r\}\.png' is not a template",
        ),
        (
            {"inputs": {"front": {"columns": ["beds"]}, "facts": {"files": "{id}.png"}}},
            r"'front' is an image, so it wants \"files\"(.|\n)*'facts' is a table of numbers, so it wants \"columns\"",
        ),
        (
            {"inputs": {"front": {"files": "{id}.png"}, "facts": {"columns": ["beds"]}}},
            r"/inputs/facts/columns +1 columns, but the recipe's input has 2: beds, area",
        ),
        (
            {"inputs": {"front": {"files": "{id}.png"}, "facts": {"columns": []}}},
            r"/inputs/facts/columns +0 columns, but the recipe's input has 2: beds, area",
        ),
        ({"inputs": {}}, r"2 problems\n +/inputs +Missing input 'front'.*\n +/inputs +Missing input 'facts'"),
        (
            {"inputs": {"front": {"files": "{id}.png"}, "facts": {"columns": ["area", "beds"]}}},
            r"/inputs/facts/columns +The recipe has these columns in another order: beds, area",
        ),
        (
            {"inputs": {"front": {"folder": "front"}, "facts": {"columns": ["beds", "area"]}}},
            r"/inputs/front +A folder of classes cannot be joined with a table",
        ),
    ],
)
def test_disagreements_are_found_before_anything_is_read(houses, changes, message):
    path = houses(changes, images=1, lines=["0,1,50,1,flat,train,0,0"])
    (path.parent / "front/000.png").write_bytes(b"broken, but that comes later")

    with pytest.raises(DataError if message is None else RecipeError, match=message or "000.png"):
        read_dataset(path, inputs=INPUTS, output=PRICE)


def test_classes_are_told_by_one_column(houses):
    with pytest.raises(RecipeError, match=r'/target +A classification is told by one "column"'):
        read_dataset(houses({"target": {"columns": ["kind", "part"]}}, images=0), inputs=INPUTS, output=KIND)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": {"column": "x"}}, r'/target +Without a "table", the sub-folders are the classes'),
        (
            {"split": {"column": "part"}},
            r'/split +A column of a table splits the rows, but there is no "table"',
        ),
    ],
)
def test_what_needs_a_table_is_refused_without_one(tmp_path, changes, message):
    data = {"dataset": 1, "inputs": {"front": {"folder": "pets"}}} | changes
    (tmp_path / "pets.json").write_text(json.dumps(data))

    with pytest.raises(RecipeError, match=message):
        read_dataset(tmp_path / "pets.json", inputs=PHOTO, output=KIND)


def test_a_target_of_null_is_missing_where_there_is_a_table(houses):
    path = houses(images=0)
    path.write_text(json.dumps(HOUSES | {"target": None}))

    with pytest.raises(RecipeError, match=r"/target +Missing key 'target'"):
        read_dataset(path, inputs=INPUTS, output=PRICE)


def test_a_table_of_null_is_none(houses):
    path = houses(images=0)
    path.write_text(json.dumps(HOUSES | {"table": None}))

    with pytest.raises(RecipeError, match=r'/inputs/front +This reads a table, but there is no "table"'):
        read_dataset(path, inputs=INPUTS, output=PRICE)


def test_a_folder_of_classes_is_read_beside_a_table_and_a_target_of_null(tmp_path, folder):
    folder({"cats": 30, "dogs": 30})
    data = {"dataset": 1, "table": None, "target": None, "inputs": {"front": {"folder": "pets"}}}
    (tmp_path / "pets.json").write_text(json.dumps(data))

    assert read_dataset(tmp_path / "pets.json", inputs=PHOTO, output=KIND).labels == ("cats", "dogs")


def test_misspelt_key_does_not_hide_what_else_is_wrong(houses):
    changes = {
        "splitt": {},
        "inputs": {"front": {"fils": "{id}.png"}, "facts": {"columns": ["bads", "area"]}},
    }

    with pytest.raises(RecipeError, match=r"houses\.json: 3 problems") as caught:
        read_dataset(houses(changes, images=0), inputs=INPUTS, output=PRICE)

    assert [problem.place for problem in caught.value.problems] == [
        "/splitt",
        "/inputs/front",
        "/inputs/facts/columns/0",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("40,many,50,1,flat,train,0,0", r"row 3, column 'beds': 'many' is not a number"),
        ("40,,50,1,flat,train,0,0", r"row 3, column 'beds': it is empty"),
        ("x,1,50,1,flat,train,0,0", r"row 3, column 'id': 'x' is not a whole number"),
        ("40,1,50,,flat,train,0,0", r"row 3, column 'price': it is empty"),
        (
            "77,1,50,1,flat,train,0,0",
            r"1 of 2 images for input 'front' are not there:\n  row 3: .*front/077\.png\nOr let",
        ),
    ],
)
def test_cells_that_cannot_be_used_are_named_with_their_row(houses, line, message):
    with pytest.raises(DataError, match=message):
        read_dataset(houses(images=1, lines=["0,1,50,1,flat,train,0,0", line]), inputs=INPUTS, output=PRICE)


def test_words_that_name_no_split_are_refused(houses):
    lines = ["0,1,50,1,flat,train,0,0", "1,1,50,1,flat,tset,0,0"]

    with pytest.raises(
        DataError, match=r"neither train, validation nor test in:\n  row 3: 'tset' Did you mean 'test'\?$"
    ):
        read_dataset(
            houses({"split": {"column": "part"}}, lines=lines, images=0), inputs=INPUTS, output=PRICE
        )


def test_a_column_that_holds_nothing_out_is_refused(houses):
    lines = [f"{i},1,50,1,flat,train,0,0" for i in range(3)]

    with pytest.raises(DataError, match="The given split has only train"):
        read_dataset(
            houses({"split": {"column": "part"}}, lines=lines, images=3), inputs=INPUTS, output=PRICE
        )


def test_broken_image_is_named(houses):
    path = houses()
    (path.parent / "front/007.png").write_bytes(b"")

    with pytest.raises(DataError, match=r"front/007\.png: it is empty"):
        read_dataset(path, inputs=INPUTS, output=PRICE)


def test_one_image_with_two_labels_is_kept_and_named_where_there_is_nothing_but_images(houses):
    changes = {"inputs": {"front": {"files": "front/{id:03d}.png"}}, "target": {"column": "kind"}}
    lines = [
        f"{i},1,50,1,{kind},{part},0,0"
        for i, (kind, part) in enumerate(product(("flat", "house"), ("train", "val", "test")))
    ]
    changes["split"] = {"column": "part"}

    data = read_dataset(
        houses(changes, lines=[*lines, lines[0].replace("flat", "house")]), inputs=PHOTO, output=KIND
    )

    assert "houses.csv row 2 = houses.csv row 8 (flat, house)" in data.source


def test_a_label_the_head_does_not_have_is_refused_with_the_near_one(houses):
    output = Output(task="classification", classes=("flat", "hause"))

    with pytest.raises(
        DataError, match=r"column 'kind', has the class 'house', the head has not\. Did you mean 'hause'"
    ):
        read_dataset(houses({"target": {"column": "kind"}}), inputs=INPUTS, output=output)


@pytest.mark.slow
@needs_assets
def test_houses_with_two_photographs_and_a_table_are_read(tmp_path):
    data = {
        "dataset": 1,
        "table": str(ASSETS / "houses/houses.csv"),
        "inputs": {
            "front": {"files": str(ASSETS / "houses/frontal/{house_id:03d}.jpg")},
            "bath": {"files": str(ASSETS / "houses/bathroom/{house_id:03d}.jpg")},
            "facts": {"columns": ["bedrooms", "area_sqft"]},
        },
        "target": {"column": "price_usd"},
    }
    (tmp_path / "houses.json").write_text(json.dumps(data))
    inputs = INPUTS | {"bath": INPUTS["front"], "facts": Table(columns=("bedrooms", "area_sqft"))}

    read = read_dataset(tmp_path / "houses.json", inputs=inputs, output=PRICE)

    assert sum(map(len, splits(read).values())) == 200


def test_ten_of_many_missing_images_are_named(houses):
    lines = [f"{i},1,50,1,flat,train,0,0" for i in range(100, 112)]

    with pytest.raises(DataError, match=r"12 of 12 images .*(\n  row \d+: .*){10}\n  and 2 more$"):
        read_dataset(houses(images=0, lines=lines), inputs=INPUTS, output=PRICE)


def test_ten_of_many_wrong_splits_are_named(houses):
    lines = [f"{i},1,50,1,flat,zzz,0,0" for i in range(12)]

    with pytest.raises(DataError, match=r"test in:(\n  row \d+: 'zzz'){10}\n  and 2 more$"):
        read_dataset(
            houses({"split": {"column": "part"}}, lines=lines, images=0), inputs=INPUTS, output=PRICE
        )


def test_a_column_like_no_other_is_answered_with_all_there_are(houses):
    with pytest.raises(RecipeError, match=r"no column 'zzz'\. It has id, beds, area, price"):
        read_dataset(houses({"target": {"column": "zzz"}}, images=0), inputs=INPUTS, output=PRICE)


def test_an_input_like_no_other_is_answered_with_all_there_are(houses):
    changes = {"inputs": HOUSES["inputs"] | {"zzz": {"columns": ["beds"]}}}

    with pytest.raises(
        RecipeError, match=r"/inputs/zzz +The recipe has no input 'zzz'\. It has front, facts"
    ):
        read_dataset(houses(changes, images=0), inputs=INPUTS, output=PRICE)


CITY = {"city": Category(column="kind", most=2)}
CITIES = {"inputs": {"city": {"column": "kind"}}}


def test_a_column_of_texts_feeds_a_category_and_counts_for_the_split(houses):
    both = {"inputs": {**CITIES["inputs"], "size": {"columns": ["area"]}}}
    size = {"size": Table(columns=("area",))}

    data = read_dataset(houses(both), inputs=CITY | size, output=PRICE)
    alone = read_dataset(houses({"inputs": {"size": {"columns": ["area"]}}}), inputs=size, output=PRICE)

    for part in splits(data).values():
        texts = part.columns["city"].read(np.arange(len(part)))[:, 0].tolist()
        numbers = [int(name.rpartition(" ")[2]) - 2 for name in part.names]
        assert texts == ["flat" if number % 2 else "house" for number in numbers]
    assert not {*data.digests["train"]} & {*alone.digests["train"]}


def test_an_empty_text_of_a_category_is_refused(houses):
    lines = ["0,1,50,5,flat,train,0,0", "1,1,50,5,,train,0,0"]

    with pytest.raises(DataError, match="row 3, column 'kind': it is empty"):
        read_dataset(houses(CITIES, lines=lines), inputs=CITY, output=PRICE)


@pytest.mark.parametrize(
    ("source", "inputs", "match"),
    [
        ({"columns": ["kind"]}, CITY, "'city' is a category, so it wants one \"column\" of texts"),
        ({"files": "{id}.png"}, CITY, "'city' is a category, so it wants one \"column\" of texts"),
        ({"column": "kindd"}, CITY, "/inputs/city/column .*has no column 'kindd'. Did you mean 'kind'"),
        (
            {"column": "beds"},
            {"city": Table(columns=("beds",))},
            'is a table of numbers, so it wants "columns"',
        ),
        ({"column": "kind"}, {"city": Image(shape=(8, 8, 3))}, 'it wants "files" or "folder", not "column"'),
    ],
)
def test_what_cannot_feed_a_category_is_refused(houses, source, inputs, match):
    with pytest.raises(RecipeError, match=match):
        read_dataset(houses({"inputs": {"city": source}}), inputs=inputs, output=PRICE)


SAID = {"said": Text(column="kind", most=2)}


def test_a_column_of_texts_feeds_a_text(houses):
    both = {"inputs": {"said": {"column": "kind"}, "size": {"columns": ["area"]}}}

    data = read_dataset(houses(both), inputs=SAID | {"size": Table(columns=("area",))}, output=PRICE)

    texts = data.train.columns["said"].read(np.arange(len(data.train)))[:, 0].tolist()
    assert set(texts) == {"flat", "house"}


def test_a_missing_text_is_refused_with_its_row(houses):
    lines = ["0,1,50,5,a flat,train,0,0", "1,1,50,5,  ,train,0,0"]

    with pytest.raises(DataError, match="row 3, column 'kind': it is empty"):
        read_dataset(houses({"inputs": {"said": {"column": "kind"}}}, lines=lines), inputs=SAID, output=PRICE)


def test_what_cannot_feed_a_text_is_refused(houses):
    with pytest.raises(RecipeError, match="'said' is a text, so it wants one \"column\" of texts"):
        read_dataset(houses({"inputs": {"said": {"columns": ["kind"]}}}), inputs=SAID, output=PRICE)


TWO = {"front": INPUTS["front"], "back": INPUTS["front"]}
SOURCES = {"front": {"files": "front/{id:03d}.png"}, "back": {"files": "front/{red:03d}.png"}}


def pairs_of(count, split):
    """Rows that each look at a photograph and at the one of `split(i)`."""
    return [f"{i},1,{i},{i},flat,{split(i)[0]},{split(i)[1]},0" for i in range(count)]


def test_rows_with_a_photograph_in_common_are_in_one_split(houses):
    lines = pairs_of(40, lambda i: ("train", i - i % 4))

    data = read_dataset(houses({"inputs": SOURCES}, lines=lines), inputs=TWO, output=PRICE)

    ids = [{i // 4 for i in rows_of(part)} for part in splits(data).values()]
    assert sum(map(len, ids)) == 10
    assert all(ids)


def test_rows_of_one_group_are_in_one_split_and_stay_there(houses):
    changes = {"split": {"group": "beds", "validation": 0.3, "test": 0.3, "seed": 4}}

    data = read_dataset(houses(changes), inputs=INPUTS, output=PRICE)

    def beds_of(part):
        return {int(beds) for beds in part.columns["facts"].read(np.arange(len(part)))[:, 0]}

    beds = [beds_of(part) for part in splits(data).values()]
    assert sum(map(len, beds)) == 5
    lines = [f"{i},{i % 5},{50 + i},0,flat,train,0,0" for i in range(39, 4, -1)]
    fewer = read_dataset(houses(changes, lines=lines), inputs=INPUTS, output=PRICE)
    assert beds_of(fewer.test) == beds[2]


def test_a_given_split_that_puts_one_photograph_into_two_is_refused_unless_it_is_meant(houses):
    split, lines = {"column": "part"}, pairs_of(40, lambda i: ("train" if i % 2 else "test", 0))
    changes = {"inputs": SOURCES, "split": split}

    with pytest.raises(
        DataError,
        match=r"^1 image stands in rows of more than one split.*\n  "
        r"houses\.csv row 2 front 000\.png = houses\.csv row 2 back 000\.png = .*\(test, train\)",
    ):
        read_dataset(houses(changes, lines=lines), inputs=TWO, output=PRICE)

    changes["split"] = {**split, "shared": ["back"]}
    data = read_dataset(houses(changes, lines=lines), inputs=TWO, output=PRICE)
    assert len(data.test) == 20


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"group": "bed"}, r"/split/group +houses\.csv has no column 'bed'\. Did you mean 'beds'\?"),
        ({"shared": ["frnt"]}, r"/split/shared/0 +'frnt' is no input of images\. Did you mean 'front'\?"),
        ({"shared": ["facts"]}, r"/split/shared/0 +'facts' is no input of images\."),
    ],
)
def test_groups_and_shared_images_are_looked_for(houses, split, message):
    with pytest.raises(RecipeError, match=message):
        read_dataset(houses({"split": split}, images=0), inputs=INPUTS, output=PRICE)


def test_a_group_needs_a_table(tmp_path):
    data = {"dataset": 1, "inputs": {"front": {"folder": "pets"}}, "split": {"group": "house"}}
    (tmp_path / "pets.json").write_text(json.dumps(data))

    with pytest.raises(
        RecipeError, match=r'/split +A column of a table splits the rows, but there is no "table"'
    ):
        read_dataset(tmp_path / "pets.json", inputs=PHOTO, output=KIND)


def test_a_table_of_test_rows_alone_can_be_judged(houses):
    lines = [f"{i},1,{i},{i},flat,test,0,0" for i in range(5)]

    data = read_dataset(
        houses({"split": {"column": "part"}}, lines=lines), inputs=INPUTS, output=PRICE, judged="test"
    )

    assert list(splits(data)) == ["test"]


@pytest.mark.parametrize("split", [{"column": "part"}, {"group": "id"}])
def test_houses_with_the_same_few_numbers_are_not_one_house(houses, split):
    lines = [f"{i},1,50,{i},flat,{('train', 'val', 'test')[i % 3]},0,0" for i in range(40)]
    sources = {"facts": {"columns": ["beds", "area"]}}

    data = read_dataset(
        houses({"inputs": sources, "split": split}, lines=lines),
        inputs={"facts": INPUTS["facts"]},
        output=PRICE,
    )

    assert all(len(part) for part in (data.train, data.validation, data.test))


WORDS = {"words": Tokens(length=4, pad=1)}


def said(words):
    """Lines of houses with some words where the id stood."""
    return [
        f"{text},1,{50 + i},{i},flat,{('train', 'val', 'test')[i % 3]},0,0" for i, text in enumerate(words)
    ]


def test_tokens_stand_in_one_column_with_blanks_between_and_are_padded(houses):
    lines = said(f"101 {i} 102" for i in range(30))
    file = houses({"inputs": {"words": {"column": "id"}}}, lines=lines)

    data = read_dataset(file, inputs=WORDS, output=PRICE)
    for part in splits(data).values():
        column = part.columns["words"]
        assert (column.values.dtype, column.pad) == ("int32", 1)
        found = column.read(np.arange(len(part))).tolist()
        assert found == [[101, i, 102, 1] for i in rows_of(part)]
    assert read_unlabelled(file, inputs=WORDS).columns["words"].values.shape == (30, 4)


@pytest.mark.parametrize("cell", ["7 eight", "1 2 3 4 5", "-1", "1.0", "1_0", f"{2**31}"])
def test_a_cell_that_lists_no_tokens_is_named(houses, cell):
    file = houses({"inputs": {"words": {"column": "id"}}}, lines=said(["1 2", cell, "3"]))

    with pytest.raises(
        DataError, match=f"row 3, column 'id': expected a list of 1 to 4 tokens.*got '{cell}'"
    ):
        read_dataset(file, inputs=WORDS, output=PRICE)


def test_an_empty_cell_of_tokens_is_refused_unless_they_are_optional(houses):
    lines = said("" if i % 7 == 3 else f"{i}" for i in range(40))
    file = houses({"inputs": {"words": {"column": "id"}, "facts": {"columns": ["area"]}}}, lines=lines)
    facts = {"facts": Table(columns=("area",))}

    with pytest.raises(DataError, match="row 5, column 'id': it is empty"):
        read_dataset(file, inputs=WORDS | facts, output=PRICE)
    optional = {"words": Tokens(length=4, pad=1, optional=Absence(missing="zeros"))}
    found = read_dataset(file, inputs=optional | facts, output=PRICE).train
    empty = [place for place, row in enumerate(rows_of(found)) if row % 7 == 3]
    assert empty
    assert found.columns["words"].read(np.array(empty)).tolist() == [[1, 1, 1, 1]] * len(empty)


def test_tokens_want_one_column(houses):
    with pytest.raises(RecipeError, match="'words' is a list of tokens, so it wants one \"column\" of whole"):
        read_dataset(houses({"inputs": {"words": {"columns": ["beds"]}}}), inputs=WORDS, output=PRICE)


@pytest.mark.parametrize(
    ("inputs", "source", "says"),
    [
        (
            SAID,
            {"column": "part"},
            r"/inputs/said/column +This file feeds 'said' from 'part', and the recipe says 'kind'",
        ),
        (CITY, {"column": "part"}, r"/inputs/city/column +This file feeds 'city' from 'part'"),
        (
            {"facts": Table(columns=("beds", "area"))},
            {"columns": ["beds", "red"]},
            r"/inputs/facts/columns +This file feeds 'facts' from 'red', and the recipe says 'area'",
        ),
    ],
)
def test_what_is_trained_is_named_as_in_the_recipe_by_which_it_is_asked(houses, inputs, source, says):
    (name,) = inputs
    file = houses({"inputs": {name: source}})

    with pytest.raises(RecipeError, match=says):
        read_dataset(file, inputs=inputs, output=PRICE)

    assert len(read_dataset(file, inputs=inputs, output=PRICE, judged="all").train)
    assert len(read_unlabelled(file, inputs=inputs)) == 40
