import pytest

from fusion.recipe.reading import examine


def found(data):
    return {problem.place: problem.text for problem in examine(data).problems}


NONE = "There is no {} {!r}.{} Declared: {}."

WRONG = [
    ("/branches/left/input", "foto", NONE.format("input", "foto", " Did you mean 'photo'?", "photo, facts")),
    (
        "/branches/left/backbone",
        "VGG",
        NONE.format("backbone", "VGG", " Did you mean 'vgg'?", "vgg, res, own"),
    ),
    (
        "/branches/left/blocks",
        ["mbed"],
        NONE.format("block", "mbed", " Did you mean 'embed'?", "embed, mlp, top"),
    ),
    ("/head/blocks", ["zzz"], NONE.format("block", "zzz", "", "embed, mlp, top")),
    ("/training/phases/0/train/1", "block:m", NONE.format("block", "m", "", "embed, mlp, top")),
    ("/training/phases/0/train/1", "mlp", "'mlp' is a block; write 'block:mlp'."),
    (
        "/training/phases/0/train/1",
        "left",
        "'left' is a branch, and backbones and blocks train; its backbone is 'vgg'.",
    ),
    (
        "/branches/left/blocks",
        ["top"],
        "Block 'top' is used by branch 'left'; the head needs one of its own.",
    ),
]


@pytest.mark.parametrize(("place", "value", "text"), WRONG)
def test_a_name_that_is_not_declared_is_told_with_the_nearest_and_all(changed, place, value, text):
    assert text in found(changed(place, value)).values()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "head ",
        "vgg[",
        "vgg[a]b",
        "block:",
        "block:mlp[a..]",
        "head[dense]",
        "fusion[a..b]",
        "2x",
        "vgg[]",
        "vgg[..]",
    ],
)
def test_what_is_no_selector_is_refused(changed, text):
    assert list(found(changed("/training/phases/0/train/1", text))) == ["/training/phases/0/train/1"]


def test_a_source_of_a_fusion_is_a_branch_or_a_node(changed):
    assert found(changed("/fusion/all/from", ["pair", "third", "tabel"])) == {
        "/fusion/all/from/2": "There is no branch or fusion node 'tabel'. Did you mean 'table'? "
        "Declared: left, right, third, table, pair, all."
    }


def test_a_single_op_is_no_node_to_name(changed):
    data = changed("/fusion", {"op": "concat", "from": ["left", "right", "third", "fusion"]})

    assert found(data)["/fusion/from/3"].startswith("There is no branch or fusion node 'fusion'.")


def test_a_branch_is_joined_once_by_an_op(changed):
    assert found(changed("/fusion/pair/from", ["left", "right", "left"])) == {
        "/fusion/pair/from": "A branch is joined once; here one stands twice."
    }


def test_nodes_that_feed_each_other_are_a_circle(changed):
    data = changed("/fusion/pair/from", ["left", "right", "all"])

    assert found(data)["/fusion"] in {
        "Nodes feed each other in a circle: pair -> all -> pair.",
        "Nodes feed each other in a circle: all -> pair -> all.",
    }


def test_only_one_node_is_last(changed):
    data = changed("/fusion/all/from", ["third", "table"])

    assert found(data) == {"/fusion": "The nodes pair, all lead nowhere; only one may be last, join them."}


def test_several_branches_are_joined(full):
    del full["fusion"]

    assert found(full) == {"/fusion": "There are 4 branches; say how they are joined."}


def test_without_a_fusion_there_is_none_to_train(full):
    full["branches"] = {"left": full["branches"]["left"]}
    del full["fusion"]
    full["training"]["phases"][0]["train"] = ["fusion"]

    assert found(full)["/training/phases/0/train/0"] == "There is no fusion to train."


def test_what_serves_nothing_is_told(full):
    full["inputs"]["spare"] = {"kind": "tabular", "columns": ["a"]}
    full["backbones"]["idle"] = {"arch": "VGG16", "weights": None}
    full["blocks"]["extra"] = [{"dense": 1}]
    full["fusion"]["all"]["from"] = ["pair", "third"]

    assert found(full) == {
        "/inputs/spare": "'spare' is used by nothing; use it or take it out.",
        "/backbones/idle": "'idle' is used by nothing; use it or take it out.",
        "/blocks/extra": "'extra' is used by nothing; use it or take it out.",
        "/branches/table": "Branch 'table' reaches no output; name it in a fusion's \"from\" or take it out.",
    }


def test_what_serves_nothing_is_told_beside_problems_elsewhere(changed):
    data = changed("/blocks/extra", [{"dense": 1}], "/training/seed", -1)

    assert set(found(data)) == {"/blocks/extra", "/training/seed"}


def test_what_may_serve_a_part_that_cannot_be_read_is_not_called_idle(changed):
    assert list(found(changed("/branches/table/blocks", ["mlp", 3]))) == ["/branches/table/blocks/1"]


@pytest.mark.parametrize("section", ["inputs", "backbones", "blocks", "fusion", "branches"])
@pytest.mark.parametrize("name", ["head", "output", "fusion"])
def test_the_librarys_own_names_are_refused(full, section, name):
    full[section][name] = next(iter(full[section].values()))

    told = found(full).get(f"/{section}/{name}")

    if (section, name) == ("fusion", "fusion"):
        assert told is None
    else:
        assert told == f"The name {name!r} is the library's own; choose another."


@pytest.mark.parametrize("name", ["pool", "taps", "prepare", "normalise", "auxiliary"])
def test_a_block_is_not_called_like_a_step_of_a_branch(changed, name):
    data = changed(f"/blocks/{name}", [{"dense": 4}], "/head/blocks", ["top", name])

    assert found(data) == {f"/blocks/{name}": f"The name {name!r} is the library's own; choose another."}


@pytest.mark.parametrize(
    ("one", "other"), [("inputs", "backbones"), ("inputs", "blocks"), ("backbones", "blocks")]
)
def test_what_becomes_a_layer_has_a_name_of_its_own(full, one, other):
    full[one]["twice"] = next(iter(full[one].values()))
    full[other]["twice"] = next(iter(full[other].values()))

    assert found(full)[f"/{other}/twice"] == (
        f"The name 'twice' stands for one of the {one} already; every layer needs its own."
    )


def test_a_fusion_node_is_called_like_no_branch_and_no_block(full):
    full["fusion"]["left"] = {"op": "add", "from": ["pair", "third"]}
    full["fusion"]["mlp"] = {"op": "add", "from": ["left", "all"]}

    told = found(full)

    assert told["/fusion/left"] == "The name 'left' stands for a branch already; choose another."
    assert told["/fusion/mlp"].startswith("The name 'mlp' stands for one of the blocks already")


def test_branches_may_be_called_like_inputs_backbones_and_blocks(full):
    for old, new in (("left", "vgg"), ("right", "photo"), ("table", "mlp")):
        full["branches"][new] = full["branches"].pop(old)
    full["fusion"]["pair"]["from"] = ["vgg", "photo"]
    full["fusion"]["all"]["from"] = ["pair", "third", "mlp"]

    assert found(full) == {}


def test_an_image_needs_a_backbone(full):
    del full["branches"]["third"]["backbone"]

    assert found(full) == {
        "/branches/third/backbone": "Input 'photo' is an image; name the backbone that turns it into features."
    }


@pytest.mark.parametrize(
    ("key", "value"), [("backbone", "vgg"), ("cut", "last"), ("pool", "max"), ("resize", [8, 8])]
)
def test_a_table_has_nothing_to_cut_or_pool(changed, key, value):
    assert found(changed(f"/branches/table/{key}", value)) == {
        f"/branches/table/{key}": f"Input 'facts' is a table, a vector already; {key!r} is for images."
    }


def test_a_block_is_gone_through_once_in_one_branch_and_in_the_head(changed):
    data = changed("/branches/left/blocks", ["embed", "embed"], "/head/blocks", ["top", "top"])

    assert found(data) == {
        "/branches/left/blocks/1": "Block 'embed' stands here already; one that is gone through again needs "
        "another name.",
        "/head/blocks/1": "Block 'top' stands here already; one that is gone through again needs another name.",
    }


def test_what_is_monitored_is_something_the_task_reports(changed):
    text = found(changed("/training/phases/0/monitor", "val_acuracy"))["/training/phases/0/monitor"]

    assert text.startswith("A classification does not report 'val_acuracy'. Did you mean 'val_accuracy'?")


def test_a_monitor_is_not_doubted_where_the_task_is_wrong(changed):
    data = changed("/training/phases/0/monitor", "val_mae")
    data["head"]["output"] = {"task": "regresion"}

    assert list(found(data)) == ["/head/output/task"]


def tokens(**branch):
    return {
        "recipe": 1,
        "name": "said",
        "inputs": {"words": {"kind": "tokens", "length": 8}},
        "backbones": {"bert": {"kerashub": "BertBackbone", "weights": None, "preprocess": "none"}},
        "branches": {"said": {"input": "words", "backbone": "bert", **branch}},
        "head": {"output": {"task": "binary"}},
    }


@pytest.mark.parametrize(("key", "value"), [("resize", [8, 8]), ("features", 64)])
def test_tokens_have_no_size(key, value):
    assert found(tokens(**{key: value})) == {
        f"/branches/said/{key}": f"Input 'words' is a list of tokens; {key!r} is for images."
    }


def test_tokens_need_a_backbone():
    one = tokens()
    del one["branches"]["said"]["backbone"], one["backbones"]

    assert found(one) == {
        "/branches/said/backbone": "Input 'words' is a list of tokens; name the backbone that turns it into features."
    }


def test_what_reads_tokens_is_not_stitched():
    one = tokens()
    one["branches"]["more"] = {"from": "said", "backbone": "bert", "enter": "transformer_layer_1"}

    assert found(one) == {
        "/branches/more/from": "Branch 'said' reads a text, and a stitch reads the map of an image. "
        "Cut at one layer, and pool."
    }
