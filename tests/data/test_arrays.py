import numpy as np
import pytest

from fusion.data.arrays import digest_rows, from_arrays, read_arrays
from fusion.data.examples import join, splits
from fusion.data.splits import Split
from fusion.data.values import check_array
from fusion.errors import DataError
from fusion.recipe.head import Output
from fusion.recipe.inputs import Category, Image, Table
from fusion.recipe.texts import Text, Tokens

INPUTS = {"photo": Image(shape=(4, 4, 1)), "facts": Table(columns=("a", "b"))}
TWO = Output(task="classification", classes=2)


def arrays(count, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "photo": rng.integers(0, 256, (count, 4, 4, 1), dtype=np.uint8),
        "facts": rng.normal(size=(count, 2)).astype(np.float32),
    }


def labels(count):
    return np.arange(count) % 2


def test_keys_are_inputs_and_targets_and_rows_are_split_by_content(tmp_path):
    stored = arrays(100)
    np.savez(tmp_path / "d.npz", targets=labels(100), **stored)

    data = read_arrays(tmp_path / "d.npz", inputs=INPUTS, output=TWO)

    assert sum(map(len, splits(data).values())) == 100
    assert data.labels == ("0", "1")
    assert data.source.startswith("Arrays d.npz, split by content")
    row = int(data.test.names[0].removeprefix("row "))
    assert (data.test.columns["photo"].read(np.array([0])) == stored["photo"][row]).all()
    assert data.test.targets[0] == row % 2


def test_prefixed_keys_are_given_splits(tmp_path):
    parts = {"train": arrays(10, 1), "validation": arrays(4, 2), "test": arrays(6, 3)}
    keys = {f"{part}_{name}": array for part, held in parts.items() for name, array in held.items()}
    targets = {f"{part}_targets": labels(len(held["photo"])) for part, held in parts.items()}
    np.savez(tmp_path / "d.npz", **keys, **targets)

    data = read_arrays(tmp_path / "d.npz", inputs=INPUTS, output=TWO)

    assert {name: len(part) for name, part in splits(data).items()} == {
        "train": 10,
        "validation": 4,
        "test": 6,
    }
    assert (data.test.columns["facts"].read(np.arange(6)) == parts["test"]["facts"]).all()


def test_dropping_rows_moves_no_other():
    whole, targets = arrays(100), labels(100)
    some = {name: array[20:80] for name, array in whole.items()}

    before = from_arrays(whole, targets, inputs=INPUTS, output=TWO)
    after = from_arrays(some, targets[20:80], inputs=INPUTS, output=TWO)

    kept = {int(name[4:]) - 20 for name in before.test.names} & set(range(60))
    assert kept == {int(name[4:]) for name in after.test.names}


def test_memory_mapped_array_stays_in_its_file(tmp_path):
    np.save(tmp_path / "x.npy", arrays(50)["photo"])
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")

    data = from_arrays(mapped, labels(50), inputs={"photo": INPUTS["photo"]}, output=TWO)

    assert all(part.columns["photo"].values is mapped for part in splits(data).values())


def test_order_of_inputs_does_not_change_the_digest():
    one = arrays(3)

    assert digest_rows(one) == digest_rows(dict(reversed(one.items())))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (
            np.zeros((2, 4, 4), "f4"),
            r"wants examples of shape \(4, 4, 1\), but its array has shape \(2, 4, 4\).*\.\.\., None",
        ),
        (
            np.zeros((2, 8, 8, 1), "f4"),
            r"shape \(4, 4, 1\), but its array has shape \(2, 8, 8, 1\), so \(8, 8, 1\)",
        ),
        (np.full((2, 4, 4, 1), "x"), "holds <U1; expected numbers"),
        (np.full((2, 4, 4, 1), 1j), "holds complex128; expected numbers"),
        (
            np.full((2, 4, 4, 1), np.nan),
            r"are NaN, or .*: 32 in all, the first, nan, in row 0, .* \(0, 0, 0\)",
        ),
        (
            np.full((2, 4, 4, 1), np.inf, "f2"),
            "NaN, or infinite as float32.*: 32 in all, the first, inf, in row 0",
        ),
        (np.zeros((0, 4, 4, 1)), "input 'photo' has no rows"),
        (
            np.full((2, 4, 4, 1), 0.5),
            r"declares range 0\.\.255, but its 32 values lie in 0\.5\.\.0\.5: was .* by 255\?",
        ),
        (
            np.full((2, 4, 4, 1), -3.0),
            r"declares range 0\.\.255, but its 32 values lie in -3\.\.-3\. Rescale",
        ),
        (np.full((2, 4, 4, 1), 300.0), r"lie in 300\.\.300\. Rescale"),
    ],
)
def test_array_that_is_not_what_the_input_declares_is_refused(array, message):
    with pytest.raises(DataError, match=message):
        check_array(array, INPUTS["photo"], what="input 'photo'")


def test_raw_photographs_for_a_range_of_one_are_refused():
    with pytest.raises(
        DataError, match=r"declares range 0\.\.1, but its .* lie in 0\.\.2\d\d\. Rescale the array"
    ):
        check_array(arrays(20)["photo"], Image(shape=(4, 4, 1), range=(0, 1)), what="input 'photo'")


def test_a_late_value_out_of_range_in_a_long_array_is_found(monkeypatch):
    monkeypatch.setattr("fusion.data.values._CHUNK", 64)
    array = np.full((20, 4, 4, 1), 9.0)
    array[17, 0, 0, 0] = -1

    with pytest.raises(DataError, match=r"320 values lie in -1\.\.9"):
        check_array(array, INPUTS["photo"], what="input 'photo'")


@pytest.mark.parametrize(("number", "said"), [(-1e39, r"-1e\+39"), (np.nan, "nan"), (np.inf, "inf")])
@pytest.mark.parametrize("name", INPUTS)
def test_a_late_value_that_float32_cannot_hold_is_found_and_placed(monkeypatch, name, number, said):
    monkeypatch.setattr("fusion.data.values._CHUNK", 64)
    array = arrays(20)[name].astype("f8")
    array[17].flat[-1] = number
    array[19].flat[0] = number
    place = r"\(3, 3, 0\)" if name == "photo" else r"\(1,\)"

    with pytest.raises(
        DataError, match=rf"up to 3\.4e\+38: 2 in all, the first, {said}, in row 17, .* at {place}"
    ):
        check_array(array, INPUTS[name], what=name)


def test_table_of_another_width_is_refused():
    with pytest.raises(DataError, match=r"wants examples of shape \(2,\), but its array has shape \(5, 3\)"):
        check_array(np.zeros((5, 3)), INPUTS["facts"], what="input 'facts'")


def test_misspelt_input_is_named_with_the_near_one():
    given = {"phot": arrays(3)["photo"], "facts": arrays(3)["facts"]}

    with pytest.raises(
        DataError, match=r"has 'phot', which is not asked for\. Did you mean 'photo'\?\n.* lacks 'photo'"
    ):
        from_arrays(given, labels(3), inputs=INPUTS, output=TWO)


def test_one_array_for_two_inputs_is_refused():
    with pytest.raises(DataError, match="One array was given for 2 inputs; give a dict with photo, facts"):
        from_arrays(arrays(3)["photo"], labels(3), inputs=INPUTS, output=TWO)


def test_arrays_of_different_length_are_refused():
    with pytest.raises(DataError, match="photo 3, facts 3, targets 4"):
        from_arrays(arrays(3), labels(4), inputs=INPUTS, output=TWO)


def test_array_without_rows_is_refused():
    with pytest.raises(DataError, match="photo, facts, targets have no rows"):
        from_arrays(arrays(0), labels(0), inputs=INPUTS, output=TWO)


def test_a_single_number_for_targets_is_refused():
    with pytest.raises(DataError, match="targets has no rows"):
        from_arrays(arrays(3), np.array(1), inputs=INPUTS, output=TWO)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"There is no file .*d\.npz"):
        read_arrays(tmp_path / "d.npz", inputs=INPUTS, output=TWO)


def test_damaged_file_is_named(tmp_path):
    np.savez(tmp_path / "d.npz", targets=labels(9), **arrays(9))
    whole = (tmp_path / "d.npz").read_bytes()
    (tmp_path / "d.npz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DataError, match=r"d\.npz cannot be read as arrays"):
        read_arrays(tmp_path / "d.npz", inputs=INPUTS, output=TWO)


def test_file_with_one_unnamed_array_is_refused(tmp_path):
    np.save(tmp_path / "d.npy", labels(9))
    (tmp_path / "d.npy").rename(tmp_path / "d.npz")

    with pytest.raises(
        DataError, match=r"d\.npz holds one array without a name; save arrays with numpy\.savez"
    ):
        read_arrays(tmp_path / "d.npz", inputs=INPUTS, output=TWO)


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "d.npz", targets=np.array([{}, {}], dtype=object), **arrays(2))

    with pytest.raises(DataError, match=r"cannot be read as arrays: Object arrays cannot be loaded"):
        read_arrays(tmp_path / "d.npz", inputs=INPUTS, output=TWO)


def test_prefixed_keys_must_be_complete(tmp_path):
    np.savez(tmp_path / "d.npz", train_targets=labels(2), test_photo=arrays(2)["photo"])

    with pytest.raises(
        DataError, match=r"d\.npz lacks 'train_photo', 'train_facts', 'test_facts', 'test_targets'"
    ):
        read_arrays(tmp_path / "d.npz", inputs=INPUTS, output=TWO)


def test_splits_of_different_shape_are_refused(tmp_path):
    one = {"photo": INPUTS["photo"]}
    np.savez(
        tmp_path / "d.npz",
        train_photo=np.zeros((2, 4, 4, 1)),
        train_targets=labels(2),
        test_photo=np.zeros((2, 5, 4, 1)),
        test_targets=labels(2),
    )

    with pytest.raises(DataError, match=r"splits of 'photo' differ in shape: \(2, 4, 4, 1\), \(2, 5, 4, 1\)"):
        read_arrays(tmp_path / "d.npz", inputs=one, output=TWO)


def test_a_lone_train_split_is_refused(tmp_path):
    np.savez(tmp_path / "d.npz", train_targets=labels(3), **{f"train_{k}": v for k, v in arrays(3).items()})

    with pytest.raises(DataError, match="The given split has only train"):
        read_arrays(tmp_path / "d.npz", inputs=INPUTS, output=TWO)


def test_other_share_and_seed_are_taken():
    data = from_arrays(arrays(50), labels(50), inputs=INPUTS, output=TWO, split=Split(test=0, seed=4))

    assert list(splits(data)) == ["train", "validation"]
    assert "seed 4" in data.source


ZIP = {"zip": Category(column="zip", most=3)}


def zips(count):
    return np.array([[f"zip {number}"] for number in range(count)])


def test_texts_are_split_by_content_and_stay_texts(tmp_path):
    np.savez(tmp_path / "d.npz", zip=zips(100), targets=labels(100))

    data = read_arrays(tmp_path / "d.npz", inputs=ZIP, output=TWO)

    row = int(data.test.names[0].removeprefix("row "))
    assert data.test.columns["zip"].read(np.array([0])).tolist() == [[f"zip {row}"]]


def test_longer_texts_elsewhere_move_no_row_to_another_split():
    longer = np.concatenate([zips(20), [["a much longer text"]]])

    assert digest_rows({"zip": longer})[:20] == digest_rows({"zip": zips(20)})
    assert digest_rows({"zip": zips(20).astype(object)}) == digest_rows({"zip": zips(20)})


def test_texts_do_not_run_into_those_of_the_next_input():
    one, other = digest_rows({"x": np.array([["ab"], ["a"]]), "y": np.array([["c"], ["bc"]])})

    assert one != other


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (np.ones((4, 1)), "input 'zip' holds float64; expected texts, as numpy.array"),
        (np.array([b"a", b"b"])[:, None], r"input 'zip' holds \|S1; expected texts"),
        (
            np.array(["a", 7], dtype=object)[:, None],
            "input 'zip' holds 7 in row 1, counted from 0; expected texts",
        ),
        (np.array([["a"], [" "]]), "input 'zip' has an empty text in row 1, counted from 0"),
        (np.array([["\ud800"]]), "input 'zip' has no valid text in row 0, counted from 0"),
        (np.array(["a", "b"]), r"wants examples of shape \(1,\).* Add an axis: array\[..., None\]"),
    ],
)
@pytest.mark.parametrize("declared", [ZIP["zip"], Text(column="zip", most=3)])
def test_arrays_that_are_no_texts_are_refused(declared, array, match):
    with pytest.raises(DataError, match=match):
        check_array(array, declared, what="input 'zip'")


def test_texts_where_numbers_are_read_are_refused():
    with pytest.raises(DataError, match="holds <U1; expected numbers"):
        check_array(np.array([["a", "b"]]), INPUTS["facts"], what="input 'facts'")


SAID = {"said": Tokens(length=3, pad=1)}


def test_tokens_stay_whole_numbers():
    ids = np.random.default_rng(0).integers(2, 2**25, (60, 3))

    data = from_arrays(ids, labels(60), inputs=SAID, output=TWO)
    together = join([data.train, data.test])

    for part in (data.train, together):
        found = part.columns["said"].read(np.arange(len(part)))
        assert found.dtype == np.int32
        rows = [int(name.removeprefix("row ")) for name in part.names]
        assert found.tolist() == ids[rows].tolist()


@pytest.mark.parametrize(
    ("array", "match"),
    [
        (
            np.ones((4, 3)),
            "input 'said' wants numbers of tokens, whole and from 0, got float64. Convert them",
        ),
        (np.array([[2, -1, 3]]), "whole and from 0, got int64, the least -1"),
        (np.array([[2, 3, 4], [1, 1, 1]]), r"nothing but padding \(1\) in row 1, counted from 0.* \"pad\""),
        (np.ones((4, 2), dtype=int), r"wants examples of shape \(3,\), but its array has shape \(4, 2\)"),
        (np.array([["a", "b", "c"]]), "holds <U1; expected numbers"),
    ],
)
def test_arrays_that_are_no_tokens_are_refused(array, match):
    with pytest.raises(DataError, match=match):
        check_array(array, SAID["said"], what="input 'said'")


def test_padding_alone_is_a_text_that_is_missing():
    said = {"said": Tokens(length=3, pad=1, optional={"missing": "zeros"}), "facts": INPUTS["facts"]}
    ids = np.random.default_rng(0).integers(2, 90, (60, 3))
    ids[:20] = 1
    facts = arrays(60)["facts"]

    data = from_arrays({"said": ids, "facts": facts}, labels(60), inputs=said, output=TWO)
    without = from_arrays({"facts": facts}, labels(60), inputs=said, output=TWO)

    assert "20 of 60 examples lack 'said'" in data.source
    assert "60 of 60 examples lack 'said'" in without.source
    assert without.train.columns["said"].read(np.array([0])).tolist() == [[1, 1, 1]]
