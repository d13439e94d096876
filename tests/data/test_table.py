from pathlib import Path

import numpy as np
import pytest

from fusion.data.table import CsvTable, check_template, files, load_table, numbers, texts
from fusion.errors import DataError


@pytest.fixture
def write(tmp_path):
    def written(text, encoding="utf-8"):
        path = tmp_path / "t.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return written


def table(**columns):
    return CsvTable(Path("t.csv"), columns)


def test_cells_are_texts_by_column_without_blanks(write):
    found = load_table(write('id, room\r\n1, "bath, small"\r\n 2 ,Küche\r\n\r\n', encoding="utf-8-sig"))

    assert found.columns == {"id": ("1", "2"), "room": ("bath, small", "Küche")}
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("id,price\n", "has no rows"),
        ("id,price,id\n1,2,3\n", "names 'id' more than once"),
        ("id,price\n1,2\n3\n4,5,6\n", "has 2 columns, but row 3 has 1, row 4 has 3"),
        ("id,price\n\n1,2\n", "has 2 columns, but row 2 has 0"),
        ('id,price\n1,"2\n', "is not UTF-8 text with commas"),
    ],
)
def test_malformed_table_is_refused(write, text, message):
    with pytest.raises(DataError, match=message):
        load_table(write(text))


def test_table_in_another_encoding_is_refused(write):
    with pytest.raises(DataError, match="is not UTF-8 text with commas"):
        load_table(write("id,ort\n1,Köln\n", encoding="latin-1"))


def test_missing_table_is_named(tmp_path):
    with pytest.raises(DataError, match=r"The table .*none\.csv cannot be read: No such file"):
        load_table(tmp_path / "none.csv")


def test_numbers_are_float32_with_a_column_each():
    found = numbers(table(a=("1", "-2.5"), b=("1e3", "0")), ["b", "a"])

    assert found.tolist() == [[1000.0, 1.0], [0.0, -2.5]]
    assert found.dtype == "float32"


@pytest.mark.parametrize("cell", ["large", "1,000", "nan", "1_000", "0x10"])
def test_text_in_a_column_of_numbers_is_named_with_its_row(cell):
    with pytest.raises(
        DataError, match=r"1 cell cannot be used.*\n  row 3, column 'a': '.*' is not a number"
    ):
        numbers(table(a=("1", cell)), ["a"])


@pytest.mark.parametrize("cell", ["1e39", "-1e39", "3.5e38", "1e400", "inf"])
def test_a_number_too_large_for_float32_is_named_with_its_row(cell):
    with pytest.raises(
        DataError, match=rf"row 3, column 'a': '{cell}' is infinite as float32, which holds up to 3\.4e\+38"
    ):
        numbers(table(a=("1", cell)), ["a"])


def test_the_largest_number_of_float32_is_read():
    assert numbers(table(a=("3.4028235e38",)), ["a"])[0, 0] == np.finfo(np.float32).max


def test_empty_cells_are_named_with_their_rows():
    with pytest.raises(
        DataError, match=r"2 cells .*\n  row 2, column 'b': it is empty\n  row 3, column 'a': it is empty"
    ):
        numbers(table(a=("1", ""), b=("", "2")), ["a", "b"])


def test_ten_of_many_cells_are_named():
    with pytest.raises(DataError, match=r"12 cells .*(\n  row \d+, column 'a': .*){10}\n  and 2 more$"):
        texts(table(a=("",) * 12), "a")


def test_files_follow_their_template():
    found = files(table(id=("7", "1234"), room=("bath", "bed")), "{room}/{id:03d}.jpg", root=Path("r"))

    assert found == (Path("r/bath/007.jpg"), Path("r/bed/1234.jpg"))


def test_a_cell_that_looks_like_a_template_is_left_as_it_is():
    assert files(table(a=("{b}",), b=("x",)), "{a}.png", root=Path("r")) == (Path("r/{b}.png"),)


def test_absolute_paths_are_allowed():
    assert files(table(a=("/data/x.png",)), "{a}", root=Path("r")) == (Path("/data/x.png"),)


def test_zeros_need_a_whole_number():
    with pytest.raises(DataError, match=r"row 3, column 'id': '7b' is not a whole number"):
        files(table(id=("7", "7b")), "{id:03d}.jpg", root=Path())


def test_empty_cell_in_the_name_of_a_file_is_named():
    with pytest.raises(DataError, match="row 2, column 'id': it is empty"):
        files(table(id=("",)), "{id}.jpg", root=Path())


@pytest.mark.parametrize(
    "template",
    ["plain.jpg", "{}.jpg", "{id.__class__}{x", "{id:>10}.jpg", "{id!r}.jpg", "{{id}}.jpg", "{id:03d}}"],
)
def test_anything_else_between_braces_is_refused(template):
    with pytest.raises(DataError, match="is not a template: between braces stands the name of a column"):
        check_template(template)
