import hashlib

import numpy as np
import pytest

from fusion.data.contents import Contents
from fusion.data.examples import Array, Examples, splits
from fusion.data.splits import Split, allot, assemble, assign
from fusion.errors import DataError


def digests(count):
    return [hashlib.sha256(str(i).encode()).digest() for i in range(count)]


def made(targets):
    return Examples(
        {"x": Array(np.zeros(len(targets)))}, targets, tuple(f"e{i}" for i in range(len(targets)))
    )


def test_adding_and_removing_examples_moves_no_other():
    many = digests(300)
    before = dict(zip(many, assign(many, Split()), strict=True))

    fewer = many[50:250][::-1]

    assert [before[digest] for digest in fewer] == assign(fewer, Split()).tolist()


def test_equal_content_is_in_one_split():
    assert len(set(assign(digests(1) * 20, Split(test=0.4, validation=0.4)))) == 1


def test_shares_hold_on_average():
    parts = assign(digests(4000), Split(validation=0.1, test=0.3))

    assert abs(np.mean(parts == "validation") - 0.1) < 0.02
    assert abs(np.mean(parts == "test") - 0.3) < 0.02


def test_another_seed_draws_others():
    assert (assign(digests(100), Split(seed=0)) != assign(digests(100), Split(seed=1))).any()


def test_a_larger_validation_share_leaves_the_test_split_alone():
    small, large = (assign(digests(300), Split(validation=share)) for share in (0.1, 0.4))

    assert ((small == "test") == (large == "test")).all()


def test_split_of_known_content_never_changes_between_versions():
    recorded = "test validation validation test validation train train train"

    assert assign(digests(8), Split(validation=0.3, test=0.3, seed=7)).tolist() == recorded.split()


@pytest.mark.parametrize("shares", [{"test": -0.1}, {"validation": 0.5, "test": 0.5}, {"test": float("nan")}])
def test_shares_that_leave_nothing_are_refused(shares):
    with pytest.raises(DataError, match="shares of 0 or more that leave some for training; got validation="):
        Split(**shares)


def test_how_rows_were_split_names_the_shares_there_are():
    how = allot(["", ""], digests(2), Split(test=0, seed=4))[1]

    assert how == "split by content, validation 0.15, seed 4."


def test_all_three_given_splits_are_kept():
    given = ["train", "test", "validation"]

    parts, how = allot(given, digests(3), Split())

    assert parts.tolist() == given
    assert how == "split as given."


def test_a_lone_validation_split_is_held_out_and_another_drawn_from_train():
    given = ["train"] * 200 + ["validation"] * 20

    parts, how = allot(given, digests(220), Split(validation=0.2))

    assert set(parts[200:]) == {"test"}
    assert set(parts[:200]) == {"train", "validation"}
    assert abs(np.mean(parts[:200] == "validation") - 0.2) < 0.1
    assert "'validation' is held out as the test split and the validation split is taken from 'train'" in how


def test_a_lone_test_split_is_kept_and_validation_drawn_from_train():
    parts, how = allot(["train"] * 200 + ["test"] * 20, digests(220), Split())

    assert set(parts[200:]) == {"test"}
    assert set(parts[:200]) == {"train", "validation"}
    assert how.startswith("split as given and the validation split is taken from 'train'")


def test_without_a_share_there_is_no_validation_split():
    parts, how = allot(["train", "test"], digests(2), Split(validation=0))

    assert parts.tolist() == ["train", "test"]
    assert "there is no validation split" in how


@pytest.mark.parametrize("given", [["train"], ["test", "validation"]])
def test_given_splits_need_train_and_another(given):
    with pytest.raises(DataError, match="it needs train, and validation or test"):
        allot(given, digests(len(given)), Split())


def test_a_split_without_a_class_is_refused_with_advice():
    examples = made(np.array([0] * 60 + [1]))

    with pytest.raises(
        DataError, match=r"has no example of class dog.*drawn by content .* add examples, choose"
    ):
        assemble(
            examples,
            Contents(digests(61)),
            given=[""] * 61,
            labels=("cat", "dog"),
            split=Split(),
            source="Pets",
        )


def test_a_given_split_without_a_class_is_refused_with_other_advice():
    examples = made(np.array([0, 1, 0, 1, 0]))
    given = ["train", "train", "validation", "validation", "test"]

    with pytest.raises(
        DataError, match=r"test split \(1 examples\) has no example of class dog. Splits were given"
    ):
        assemble(
            examples, Contents(digests(5)), given=given, labels=("cat", "dog"), split=Split(), source="Pets"
        )


def test_an_empty_split_is_refused():
    with pytest.raises(DataError, match="Pets: there is no example in validation, test"):
        assemble(
            made(np.zeros((1, 1))),
            Contents([b"1"]),
            given=[""],
            labels=None,
            split=Split(validation=0.001, test=0.001),
            source="Pets",
        )


def test_content_in_two_given_splits_is_refused():
    with pytest.raises(
        DataError, match=r"1 example lies in more than one split.*\n  e0 = e1 \(test, train\)"
    ):
        assemble(
            made(np.zeros((2, 1))),
            Contents([b"1", b"1"]),
            given=["train", "test"],
            labels=None,
            split=Split(),
            source="Pets",
        )


def test_what_is_held_together_is_drawn_together():
    ties = [digests(1)[0]] * 30 + list(digests(60)[30:])
    examples = made(np.zeros((60, 1)))

    data = assemble(
        examples, Contents(digests(60), ties), given=[""] * 60, labels=None, split=Split(), source="Pets"
    )

    first = {f"e{i}" for i in range(30)}
    assert [bool(first & set(part.names)) for part in splits(data).values()].count(True) == 1
    assert set(data.digests["train"]) <= set(digests(60))


@pytest.mark.parametrize("given", [["test"] * 4, ["validation", "test"] * 2, ["train"] * 4])
def test_a_model_is_judged_on_what_there_is(given):
    examples = made(np.array([0, 0, 1, 1]))
    split = Split(judged=given[-1])

    data = assemble(
        examples, Contents(digests(4)), given=given, labels=("cat", "dog"), split=split, source="Pets"
    )

    assert set(splits(data)) == set(given)
    assert len(data.train) == given.count("train")


def test_classes_that_a_split_lacks_matter_only_where_it_is_judged():
    examples, given = made(np.array([0, 1, 0, 1, 0])), ["train", "train", "validation", "test", "test"]

    def judged(split):
        return assemble(
            examples,
            Contents(digests(5)),
            given=given,
            labels=("cat", "dog"),
            split=Split(judged=split),
            source="Pets",
        )

    assert len(judged("test").test) == 2
    assert len(judged("all").validation) == 1
    with pytest.raises(DataError, match=r"^The validation split \(1 examples\) has no example of class dog"):
        judged("validation")
