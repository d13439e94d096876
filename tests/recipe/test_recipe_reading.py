import pytest

from fusion.errors import RecipeError
from fusion.recipe.inputs import Image
from fusion.recipe.reading import examine, from_data, load_recipe, read


def found(data):
    return {problem.place: problem.text for problem in examine(data).problems}


def test_problems_of_every_level_are_told_together(changed):
    data = changed(
        "/name", "", "/inputs/facts/columns", [], "/branches/left/poool", "avg",
        "/branches/right/backbone", "ress", "/blocks/top/2/dropout", 2, "/fusion/pair/from", ["left", "rigth"],
        "/head/output/classes", 1, "/training/phases/0/epochs", 0, "/training/phases/1/train/0", "hed",
    )  # fmt: skip

    assert set(found(data)) == {
        "/name",
        "/inputs/facts/columns",
        "/branches/left/poool",
        "/branches/right/backbone",
        "/blocks/top/2/dropout",
        "/fusion/pair/from/1",
        "/head/output/classes",
        "/training/phases/0/epochs",
        "/training/phases/1/train/0",
    }


def test_a_wrong_length_of_one_phase_hides_no_selector_of_any(changed):
    data = changed(
        "/training/phases/0/epochs", -1,
        "/training/phases/0/train", ["hed", 3, "vg"],
        "/training/phases/1/train/1/part", "resn[..]",
    )  # fmt: skip

    assert set(found(data)) == {
        "/training/phases/0/epochs",
        "/training/phases/0/train/0",
        "/training/phases/0/train/1",
        "/training/phases/0/train/2",
        "/training/phases/1/train/1",
    }


def test_a_mistyped_section_is_one_problem(full):
    full["bakcbones"] = full.pop("backbones")

    assert found(full) == {"/bakcbones": "Unknown key 'bakcbones'. Did you mean 'backbones'?"}


def test_a_mistyped_key_that_must_be_there_is_one_problem(full):
    full["branches"]["left"]["inputt"] = full["branches"]["left"].pop("input")

    assert found(full) == {"/branches/left/inputt": "Unknown key 'inputt'. Did you mean 'input'?"}


def test_a_key_that_is_missing_and_one_that_is_unlike_any_are_two_problems(full):
    full["branches"]["left"]["source"] = full["branches"]["left"].pop("input")

    assert set(found(full)) == {"/branches/left/source", "/branches/left/input"}


def test_what_cannot_be_read_at_all_leaves_no_recipe(changed):
    assert examine(changed("/branches", [])).recipe is None
    assert examine(changed("/inputs", {})).recipe is None
    assert examine(3).recipe is None


def test_what_can_be_read_stays(changed):
    examined = examine(changed("/inputs/facts/columns", [], "/branches/left/pool", "mean"))

    assert list(examined.recipe.inputs) == ["photo"]
    assert list(examined.recipe.branches) == ["left", "right", "third", "table"]
    assert ("branches", "left", "pool") in examined.doubtful


def test_other_files_are_read_by_the_same_rules():
    assert read({"kind": "image", "shape": [8, 8, 3]}, Image) == (Image(shape=(8, 8, 3)), [])

    value, problems = read({"kind": "image", "shape": [8, 0, 3]}, Image)

    assert value is None
    assert [problem.place for problem in problems] == ["/shape/1"]


def test_a_file_has_the_names_of_the_format_only(changed, full):
    assert found(changed("/fusion/pair", {"op": "add", "of": ["left", "right"]}))[
        "/fusion/pair/of"
    ].startswith("Unknown key 'of'.")
    del full["fusion"]["pair"]
    full["fusion"]["all"]["from"] = ["left", "right", "third", "table"]
    assert found(changed("/extras", {"x-a": 1})) == {
        "/extras": "Unknown key 'extras'. Known keys: recipe, $schema, name, notes, requires, inputs, backbones, branches, "
        "fusion, blocks, head, training."
    }


def test_the_error_names_the_file_and_counts(tmp_path):
    (tmp_path / "bad.json").write_text('{"recipe": 1, "name": "x", "inputs": {}, "branches": {}, "head": {}}')

    with pytest.raises(
        RecipeError, match=r"bad\.json: 3 problems\n  /inputs        Expected 1 or more"
    ) as caught:
        load_recipe(tmp_path / "bad.json")

    assert len(caught.value.problems) == 3


def test_reading_leaves_the_data_as_they_were(full, changed):
    import copy

    before = copy.deepcopy(full)

    from_data(full)
    with pytest.raises(RecipeError, match="1 problem"):
        from_data({**full, "head": {**full["head"], "block": ["top"]}})

    assert full == before


def test_a_single_input_that_is_wrong_hides_nothing_of_the_rest(full):
    full["inputs"] = {"photo": {"kind": "image", "shape": [8, 8]}}
    full["branches"] = {"third": {"input": "photo", "backbone": "onw"}}
    full["fusion"] = None
    full["head"]["blocks"] = ["topp"]

    assert set(found(full)) >= {"/inputs/photo/shape/2", "/branches/third/backbone", "/head/blocks/0"}


def test_a_single_branch_or_node_that_is_wrong_hides_nothing_of_the_rest(full):
    full["branches"] = {"third": {"input": 3, "backbone": "own"}}
    full["fusion"] = {"all": {"op": "ad", "from": ["third", "fourth"]}}
    full["head"]["blocks"] = ["topp"]

    assert set(found(full)) >= {"/branches/third/input", "/fusion/all/op", "/head/blocks/0"}


def test_an_output_that_is_wrong_hides_no_block_of_the_head(changed):
    assert set(found(changed("/head/output/task", "clustering", "/head/blocks", ["topp"]))) == {
        "/head/output/task",
        "/head/blocks/0",
    }


def test_one_place_has_one_problem(changed):
    assert len(examine(changed("/branches/third/backbone", 3)).problems) == 1


def test_nodes_that_a_broken_one_may_join_are_not_said_to_lead_nowhere(changed):
    data = changed(
        "/fusion/other", {"op": "concat", "from": ["third", "table"]}, "/fusion/all", {"op": "concatt"}
    )

    assert "/fusion" not in found(data)
    assert "/fusion/all/op" in found(data)
