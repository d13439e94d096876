import pytest

from fusion.data.seen import seen_before, write_seen
from fusion.errors import FileError


def digest(number):
    return bytes([number]) * 32


def test_what_shaped_a_model_is_counted_and_what_was_held_out_is_not(tmp_path):
    path = tmp_path / "seen.json"
    write_seen({"train": [digest(1), digest(2)], "validation": [digest(3)], "test": [digest(4)]}, path)

    assert seen_before([digest(2), digest(3), digest(4), digest(5)], path) == {"train": 1, "validation": 1}
    assert seen_before([digest(4), digest(5)], path) == {}


@pytest.mark.parametrize("text", ["{", "[]", '{"train": 3}'])
def test_a_damaged_file_is_refused(tmp_path, text):
    (tmp_path / "seen.json").write_text(text)

    with pytest.raises(FileError, match=r"seen\.json is damaged"):
        seen_before([digest(1)], tmp_path / "seen.json")
