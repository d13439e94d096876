import pytest

from fusion.graph.making import examine_graph
from fusion.recipe.reading import examine


def rates(graph, phase=0):
    return dict(graph.phases[phase].rates)


def trained(graph, phase=0):
    return list(rates(graph, phase))


@pytest.mark.parametrize(
    ("selector", "addresses"),
    [
        ("head", ["top/dense", "output"]),
        ("block:top", ["top/dense"]),
        ("net", ["net/conv1", "net/conv2"]),
        ("net[conv2]", ["net/conv2"]),
        ("net[conv2..]", ["net/conv2"]),
        ("net[pool1..]", ["net/conv2"]),
        ("net[after:pool1..]", ["net/conv2"]),
        ("net[..pool1]", ["net/conv1"]),
        ("net[..conv2]", ["net/conv1", "net/conv2"]),
        ("net[conv1..conv1]", ["net/conv1"]),
        ("net[stage:1..stage:2]", ["net/conv2"]),
        ("res", ["res/stem", "res/a_conv", "res/b_conv"]),
        ("res[a_out..]", ["res/b_conv"]),
    ],
)
def test_a_selector_picks_layers_with_weights(graph_of, two, phased, selector, addresses):
    assert trained(graph_of(phased(two, [selector]))) == addresses


def test_batch_normalisation_trains_where_the_phase_says_so(graph_of, two, phased):
    graph = graph_of(phased(two, ["res[a_add..]", "res[a_conv..a_add]"], batchnorm="train"))

    assert trained(graph) == ["res/a_conv", "res/a_bn", "res/b_conv", "res/b_bn"]


def test_batch_normalisation_of_a_block_always_trains(graph_of, two, phased):
    two["blocks"]["top"].append({"batch_norm": True})

    assert trained(graph_of(phased(two, ["block:top"]))) == ["top/dense", "top/batch_norm"]


@pytest.mark.parametrize("selector", ["block:foo", "fusion:foo"])
def test_a_selector_of_what_is_not_declared_is_no_further_problem_of_the_graph(tables, two, phased, selector):
    read = examine(phased(two, ["head", selector]))

    assert [problem.place for problem in read.problems] == ["/training/phases/0/train/1"]
    assert examine_graph(read.recipe, tables)[1] == []


def test_a_selector_of_batch_normalisation_alone_trains_nothing_in_inference(problems_of, two, phased):
    assert problems_of(phased(two, ["res[a_bn]"])) == {
        "/training/phases/0/train/0": "'res[a_bn]' matches no weights but batch normalisation, which this phase leaves "
        "in inference; name layers that have some, such as convolutions."
    }


@pytest.mark.parametrize("selector", ["net[pool1]", "res[a_add..a_out]"])
def test_a_selector_without_weights_is_refused(problems_of, two, phased, selector):
    assert problems_of(phased(two, ["head", selector])) == {
        "/training/phases/0/train/1": f"{selector!r} matches no weights; name layers that have some, such as "
        "convolutions."
    }


def test_a_block_of_dropout_has_nothing_to_train(problems_of, two, phased):
    two["blocks"]["top"] = [{"dropout": 0.5}]

    assert list(problems_of(phased(two, ["block:top"]))) == ["/training/phases/0/train/0"]


def test_what_lies_after_the_cut_is_not_in_the_model(problems_of, two, phased):
    assert problems_of(phased(two, ["net[conv3..]", "net[..pool3]"])) == {
        "/training/phases/0/train/0": "'net[conv3..]' lies after the cut 'pool2', so the model does not have it.",
        "/training/phases/0/train/1": "'net[..pool3]' lies after the cut 'pool2', so the model does not have it.",
    }


def test_a_layer_nobody_knows_is_told_with_the_nearest(problems_of, two, phased):
    (text,) = problems_of(phased(two, ["net[cnv1..]"])).values()

    assert text.startswith("'net' (Chain) has no layer 'cnv1'. Did you mean 'conv1' (32x32x8)?")


def test_a_range_that_runs_backwards_is_refused(problems_of, two, phased):
    assert problems_of(phased(two, ["net[pool2..conv1]"])) == {
        "/training/phases/0/train/0": "'net[pool2..conv1]' runs backwards: 'conv1' comes before 'pool2'. Exchange them."
    }


@pytest.fixture
def inception(one):
    one["backbones"]["net"]["arch"] = "Parallel"
    one["branches"]["all"]["cut"] = "last"
    return one


@pytest.mark.parametrize(
    ("selector", "listed", "linked", "beside", "clear"),
    [
        ("net[left1..]", 5, 3, "left1", "stem, mixed1"),
        ("net[right3..]", 1, 1, None, None),
        ("net[left3..]", 2, 1, "left3", "mixed1, mixed2"),
        ("net[after:mixed1..]", 2, 1, "left3", "mixed1, mixed2"),
        ("net[..right2]", 4, 3, "right2", "stem, mixed1"),
        ("net[stem..left1]", 2, 2, None, None),
        ("net[stem..right1]", 3, 2, "right1", "stem, mixed1"),
        ("net[mixed1..]", 2, 2, None, None),
        ("net[..mixed1]", 4, 4, None, None),
    ],
)
def test_a_range_that_list_and_graph_read_in_two_ways_is_refused_with_both_counts(
    problems_of, inception, phased, selector, listed, linked, beside, clear
):
    told = problems_of(phased(inception, [selector]))

    if listed == linked:
        assert told == {}
    else:
        assert told == {
            "/training/phases/0/train/0": f"{selector!r} can be read in two ways, as {beside!r} lies beside other "
            f"layers: in the order of the list it picks {listed} layers with weights, along the connections {linked}. "
            f"Name a layer that everything passes through, such as {clear}."
        }


def test_a_range_that_is_clear_picks_what_it_says(graph_of, inception, phased):
    graph = graph_of(phased(inception, ["net[mixed1..]"], ["net[..mixed1]"], ["net[stem..left1]"]))

    assert trained(graph) == ["net/left3", "net/right3"]
    assert trained(graph, 1) == ["net/stem", "net/left1", "net/right1", "net/right2"]
    assert trained(graph, 2) == ["net/stem", "net/left1"]


def test_a_rate_holds_for_its_selector_and_the_optimizers_for_the_others(graph_of, two, phased):
    parts = [{"part": "net[conv2..]", "learning_rate": 1e-5}, "head"]

    graph = graph_of(phased(two, parts, optimizer={"learning_rate": 0.01}))

    assert rates(graph) == {"net/conv2": 1e-5, "top/dense": 0.01, "output": 0.01}


def test_one_layer_with_two_rates_is_refused(problems_of, two, phased):
    parts = ["head", {"part": "net", "learning_rate": 0.1}, {"part": "net[conv2]", "learning_rate": 0.2}]

    assert problems_of(phased(two, parts)) == {
        "/training/phases/0/train/2": "'net[conv2]' and 'net' both pick 'net/conv2', with different learning rates; "
        "make them apart."
    }


def test_one_layer_twice_with_one_rate_is_that_rate(graph_of, two, phased):
    assert rates(graph_of(phased(two, ["head", "block:top", "head"]))) == {
        "top/dense": 0.001,
        "output": 0.001,
    }


def test_phases_stand_apart(graph_of, two, phased):
    graph = graph_of(phased(two, ["head"], ["net"]))

    assert [plan.name for plan in graph.phases] == ["phase 0", "phase 1"]
    assert (trained(graph), trained(graph, 1)) == (["top/dense", "output"], ["net/conv1", "net/conv2"])


def test_what_is_selected_is_active_also_without_weights(graph_of, two, phased):
    plan = graph_of(phased(two, ["head", "net[conv2..]"])).phases[0]

    assert plan.is_active("top/dropout")
    assert plan.is_active("net/pool2")
    assert not plan.is_active("net/pool1")
    assert not plan.is_active("res/a_bn")


def test_weights_that_branches_share_train_once(graph_of, one, phased):
    one["inputs"]["other"] = {"kind": "image", "shape": [32, 32, 3]}
    one["branches"]["twin"] = {**one["branches"]["all"], "input": "other"}
    one["fusion"] = {"op": "add", "from": ["all", "twin"]}

    assert trained(graph_of(phased(one, ["net"]))) == ["net/conv1", "net/conv2"]


def test_a_recipe_without_training_has_no_phases(graph_of, two):
    assert graph_of(two).phases == ()


def test_weights_of_a_table_never_train(graph_of, one, phased):
    one["inputs"]["facts"] = {"kind": "tabular", "columns": ["a"]}
    one["branches"]["facts"] = {"input": "facts"}
    one["fusion"] = {"op": "concat", "from": ["all", "facts"]}

    assert trained(graph_of(phased(one, ["head", "net"]))) == ["net/conv1", "net/conv2", "output"]


def test_a_selector_without_weights_is_told_beside_widths_that_do_not_fit(problems_of, two, phased):
    two["branches"]["left"]["cut"] = "pool1"
    two["fusion"]["op"] = "add"

    assert list(problems_of(phased(two, ["head", "net[pool1]"]))) == ["/fusion", "/training/phases/0/train/1"]
