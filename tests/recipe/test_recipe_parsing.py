import json

import pytest

from fusion.errors import RecipeError
from fusion.recipe.parsing import DEEPEST, parse, read_text
from fusion.recipe.reading import from_json, load_recipe


def test_every_key_that_stands_twice_is_told_with_its_place():
    with pytest.raises(RecipeError, match=r"x\.json: 3 problems") as caught:
        parse('{"a": 1, "b": [{"c": 1, "c": 2, "c": 3}], "a": {"d": 1, "d": 2}}', source="x.json")

    assert [problem.place for problem in caught.value.problems] == ["/a", "/a/d", "/b/0/c"]
    assert caught.value.problems[0].text == "The key 'a' stands more than once in one object; keep one."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "No valid JSON at line 1, column 1: Expecting value."),
        ("{\n  'a': 1}", "No valid JSON at line 2, column 3: Expecting property name"),
        ('{"a": 1} x', "No valid JSON at line 1, column 10: Extra data."),
        ('{"a": 1,}', "No valid JSON at line 1"),
        ("\ufeff{}", "No valid JSON at line 1, column 1: Unexpected UTF-8 BOM"),
        ('{"a": NaN}', "'NaN' is not finite"),
        ('{"a": [1e999]}', "'1e999' is not finite"),
        ("[" * 100_000, "nested more than 50 levels deep"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "nested more than 50 levels deep"),
        ('{"a": 1, "b": {"c": "\\ud800"}}', "A text here holds half a character"),
        ('{"\\udc00": 1}', "A text here holds half a character"),
    ],
)
def test_what_is_no_json_of_a_recipe_is_refused_with_where_and_why(text, said):
    with pytest.raises(RecipeError, match=r"^x\.json: 1 problem") as caught:
        parse(text, source="x.json")

    assert said in caught.value.problems[0].text


def test_what_is_nested_as_deep_as_allowed_is_read():
    text = "[" * DEEPEST + "]" * DEEPEST

    assert json.dumps(parse(text, source="x.json")) == text


def test_a_pair_of_surrogates_is_one_character():
    assert parse('"\\ud83d\\ude00"', source="x.json") == "\N{GRINNING FACE}"


def test_a_file_is_utf8_with_or_without_a_byte_order_mark(tmp_path):
    (tmp_path / "plain.json").write_bytes('{"ä": 1}'.encode())
    (tmp_path / "marked.json").write_bytes('{"ä": 1}'.encode("utf-8-sig"))

    assert read_text(tmp_path / "plain.json") == read_text(tmp_path / "marked.json") == '{"ä": 1}'


def test_a_file_of_other_bytes_is_refused(tmp_path):
    (tmp_path / "latin.json").write_bytes('{"a": "ä"}'.encode("latin-1"))

    with pytest.raises(RecipeError, match=r"latin\.json: 1 problem\n.*not UTF-8 text \(byte 7\)"):
        load_recipe(tmp_path / "latin.json")


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    with pytest.raises(
        RecipeError, match=r"none\.json: 1 problem\n.*cannot be read: No such file or directory\."
    ):
        load_recipe(tmp_path / "none.json")
    with pytest.raises(RecipeError, match=r"The file cannot be read: Is a directory\."):
        load_recipe(str(tmp_path))


@pytest.mark.parametrize("text", ["[]", "3", "null", '"recipe"', "true"])
def test_a_file_that_holds_no_object_is_no_recipe(text):
    with pytest.raises(RecipeError, match=r'A recipe is an object with "recipe": 1') as caught:
        from_json(text)

    assert caught.value.problems[0].place == ""
