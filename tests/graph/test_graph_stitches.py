"""A branch that reads the map of another: what the graph has, costs and trains, and what it refuses."""

import pytest

from fusion.graph.costs import costs
from fusion.graph.stitches import stitch_layers, unsound
from fusion.skeleton.layers import Layer, Skeleton

AGAIN = "Declare it once more, as 'res2' with the same weights, and use one for each."


@pytest.fixture
def stitched(two):
    """The chain up to `pool2`, 8x8x16, and the residual net after `a_out`, 16x16x8."""
    two["branches"] = {
        "front": {"input": "photo", "backbone": "net", "cut": "pool2", "pool": "none"},
        "back": {"from": "front", "backbone": "res", "enter": "a_out", "cut": "b_out"},
    }
    del two["fusion"]
    return two


def names(graph):
    return [node.name for node in graph.nodes]


def test_a_map_goes_through_a_stitch_into_what_comes_after_the_entered_layer(graph_of, stitched):
    graph = graph_of(stitched)

    assert names(graph) == ["photo", "net", "res.stitch", "res", "back.pool", "head.top", "output"]
    assert graph["res.stitch"].shape == (16, 16, 8)
    assert graph.digraph.edges["net", "res.stitch"]["tap"] == "pool2"
    assert graph.trunks["res"].kept == {"b_conv", "b_bn", "b_out"}
    assert graph.trunks["res"].enter == "a_out"
    assert graph.remarks == ()


def test_the_second_half_reads_no_photograph_so_nothing_is_prepared(graph_of, stitched):
    stitched["inputs"]["photo"]["range"] = [0, 1]

    graph = graph_of(stitched)

    assert [node.name for node in graph.nodes if node.kind == "prepare"] == ["net.prepare"]


def test_a_stitch_resizes_only_where_sizes_differ():
    assert [layer.kind for layer in stitch_layers((8, 8, 4), (8, 8, 6))] == ["Conv2D"]
    assert [layer.kind for layer in stitch_layers((8, 8, 4), (8, 4, 4))] == ["Resizing", "Conv2D"]


def test_weights_and_operations_are_those_of_what_is_kept(graph_of, stitched):
    graph = graph_of(stitched)
    found = costs(graph)
    front, back, _ = found.parts

    # 1x1 from 16 channels to 8 with bias; 3x3 from 8 to 16 with bias; normalisation of 16.
    assert back.params - front.params == (16 * 8 + 8) + (9 * 8 * 16 + 16) + 4 * 16
    assert graph["res.stitch"].flops == 16 * 16 * 8 * (2 * 16 + 1)
    assert front.width == 16
    assert back.flops == sum(node.flops for node in graph.nodes if not node.is_head)


def test_what_the_entrance_discards_is_told_of_what_the_cut_does(graph_of, stitched):
    stitched["branches"]["back"]["cut"] = "b_bn"

    back = costs(graph_of(stitched)).parts[1]

    assert back.skipped.params == (9 * 3 * 8 + 8) + (9 * 8 * 8 + 8) + 4 * 8
    assert (back.skipped.layers, back.discarded.layers) == (6, 7)
    assert back.discarded.flops - back.skipped.flops == 8 * 8 * 16
    assert costs(graph_of(stitched)).discarded.layers == back.discarded.layers + 2


def test_of_a_front_that_is_read_deeper_elsewhere_a_branch_costs_its_own_cut(graph_of, stitched):
    alone = costs(graph_of(stitched)).parts[1]
    stitched["branches"]["deep"] = {"input": "photo", "backbone": "net", "cut": "pool3"}
    stitched["fusion"] = {"op": "concat", "from": ["back", "deep"]}

    graph = graph_of(stitched)

    assert graph.trunks["net"].taps == ("pool2", "pool3")
    assert costs(graph).parts[1] == alone


def test_a_front_that_is_joined_too_is_pooled_and_stitched(graph_of, stitched):
    stitched["branches"]["front"]["pool"] = "max"
    stitched["fusion"] = {"op": "concat", "from": ["front", "back"]}

    graph = graph_of(stitched)

    assert graph["fusion"].shape == (32,)
    assert [node.name for node in graph.parents("res.stitch")] == ["net"]


def test_an_entrance_may_be_an_alias(graph_of, stitched):
    stitched["branches"]["back"]["enter"] = "stage:1"

    assert graph_of(stitched).trunks["res"].enter == "a_out"


def test_stitches_follow_each_other(graph_of, stitched):
    stitched["backbones"]["third"] = {"arch": "Parallel", "weights": None}
    stitched["branches"] = {
        "end": {"from": "back", "backbone": "third", "enter": "mixed1", "cut": "mixed2"}
    } | stitched["branches"]

    graph = graph_of(stitched)

    assert names(graph)[:6] == ["photo", "net", "res.stitch", "res", "third.stitch", "third"]
    assert [part.name for part in costs(graph).parts] == ["end", "front", "back", "head"]
    assert costs(graph).parts[0].params > costs(graph).parts[2].params


def test_branches_that_lead_the_same_way_run_once(graph_of, stitched):
    stitched["branches"]["other"] = stitched["branches"]["back"] | {"cut": "b_bn", "pool": "max"}
    stitched["fusion"] = {"op": "concat", "from": ["back", "other"]}

    graph = graph_of(stitched)

    assert graph.trunks["res"].calls == ("res",)
    assert graph.trunks["res"].taps == ("b_bn", "b_out")


def test_two_inputs_share_both_halves_and_the_stitch(graph_of, stitched):
    stitched["inputs"]["other"] = stitched["inputs"]["photo"]
    stitched["branches"]["front2"] = stitched["branches"]["front"] | {"input": "other"}
    stitched["branches"]["back2"] = stitched["branches"]["back"] | {"from": "front2"}
    stitched["fusion"] = {"op": "multiply", "from": ["back", "back2"]}

    graph = graph_of(stitched)

    assert [node.name for node in graph.nodes if node.kind == "stitch"] == [
        "res@photo.stitch",
        "res@other.stitch",
    ]
    assert {node.layer for node in graph.nodes if node.kind == "stitch"} == {"res.stitch"}
    assert costs(graph).params == sum(each.params for each in graph.weights.values())


def test_a_second_half_is_made_for_the_images_of_the_first_or_for_those_it_says(graph_of, stitched):
    stitched["branches"]["front"]["resize"] = [24, 24]
    followed = graph_of(stitched)["res.stitch"].shape
    stitched["branches"]["back"]["resize"] = [64, 64]

    assert followed == (12, 12, 8)
    assert graph_of(stitched)["res.stitch"].shape == (32, 32, 8)


def test_a_second_half_reads_colour_whatever_the_channels_of_the_image(graph_of, stitched):
    stitched["inputs"]["photo"]["shape"] = [32, 32, 5]

    assert graph_of(stitched).trunks["res"].shape == (32, 32, 3)


@pytest.mark.parametrize(
    ("change", "place", "text"),
    [
        (
            {"enter": "a_conv"},
            "enter",
            "a path to the cut at 'b_out' goes around it. The nearest .* stem, a_add",
        ),
        ({"enter": "b_out"}, "enter", "it is cut there, and nothing would be left"),
        ({"enter": "a_ot"}, "enter", "has no layer 'a_ot'. Did you mean 'a_out'"),
        ({"enter": "x"}, "enter", 'that is its input. Give the branch an "input"'),
        ({"cut": "b_ot"}, "cut", "has no layer 'b_ot'"),
        ({"resize": [4, 4]}, "resize", "Residual needs at least 8x8x3"),
    ],
)
def test_what_cannot_be_entered_is_refused(problems_of, stitched, phased, change, place, text):
    stitched["branches"]["back"] |= change

    problems = problems_of(phased(stitched, ["head", "stitch:res", "res[b_conv..]"]))

    assert list(problems) == [f"/branches/back/{place}"]
    with pytest.raises(ValueError, match=text):
        raise ValueError(problems[f"/branches/back/{place}"])


def test_a_backbone_too_large_for_the_images_is_told_that_it_can_be_resized(problems_of, stitched, tables):
    whole = tables.skeleton
    tables.skeleton = lambda backbone, shape: whole(
        backbone, shape if backbone.arch == "Chain" else (4, 4, 3)
    )

    assert problems_of(stitched)["/branches/back/resize"].endswith(
        '"resize" says for which images it is made.'
    )


def test_everything_wrong_along_a_chain_is_told_at_once(problems_of, stitched):
    stitched["branches"]["front"]["cut"] = "pool9"
    stitched["branches"]["back"] |= {"enter": "a_conv", "cut": "b_out"}

    assert set(problems_of(stitched)) == {"/branches/front/cut", "/branches/back/enter"}


def test_vectors_sequences_and_open_maps_are_not_stitched(problems_of, stitched):
    stitched["backbones"]["flat"] = {"arch": "Flat", "weights": None}
    stitched["branches"]["front"] |= {"backbone": "flat", "cut": "vector"}
    del stitched["backbones"]["net"]
    vector = problems_of(stitched)["/branches/back/from"]
    stitched["branches"]["front"]["cut"] = "open"

    assert vector == (
        "'vector' gives a vector of 8, and a stitch joins maps that have height, width and channels."
    )
    assert problems_of(stitched)["/branches/back/from"].startswith("The map of 'open' has an open size")
    assert "gives a sequence of 196 tokens" in unsound("encoder", (196, 768))
    assert unsound("conv", (4, 8, 8, 3)).startswith("'conv' gives 4")


def test_a_backbone_is_not_entered_and_run_from_an_input(problems_of, stitched):
    stitched["branches"]["whole"] = {"input": "photo", "backbone": "res"}
    stitched["fusion"] = {"op": "concat", "from": ["whole", "back"]}

    assert problems_of(stitched) == {
        "/branches/back/backbone": "'res' is both entered at 'a_out' and run from an input, and Keras cannot open a "
        f"model again in which two sub-models hold the same layers. {AGAIN}"
    }


def test_a_backbone_does_not_lead_into_itself(problems_of, stitched):
    stitched["branches"]["back"] = {"from": "front", "backbone": "net", "enter": "pool1", "cut": "pool3"}
    del stitched["backbones"]["res"]

    assert "'net' is both entered at 'pool1'" in problems_of(stitched)["/branches/back/backbone"]


def test_a_backbone_is_entered_at_one_layer(problems_of, stitched):
    stitched["branches"]["other"] = stitched["branches"]["back"] | {"enter": "stem"}
    stitched["fusion"] = {"op": "concat", "from": ["other", "back"]}

    problems = problems_of(stitched)

    assert list(problems) == ["/branches/other/enter"]
    assert problems["/branches/other/enter"].startswith("'res' is entered at 'a_out' already, and Keras")


def test_a_stitch_leads_from_one_layer(problems_of, stitched):
    stitched["branches"]["early"] = stitched["branches"]["front"] | {"cut": "pool1"}
    stitched["branches"]["other"] = stitched["branches"]["back"] | {"from": "early"}
    stitched["fusion"] = {"op": "concat", "from": ["other", "back"]}

    assert problems_of(stitched) == {
        "/branches/other/from": "The stitch into 'res' reads net/pool2 already, and here net/pool1; it leads from one "
        f"layer to one. {AGAIN}"
    }


def test_a_shared_stitch_reads_maps_of_one_size(problems_of, stitched):
    stitched["inputs"]["other"] = {"kind": "image", "shape": [24, 24, 3]}
    stitched["branches"]["front2"] = stitched["branches"]["front"] | {"input": "other"}
    stitched["branches"]["back2"] = stitched["branches"]["back"] | {"from": "front2"}
    stitched["fusion"] = {"op": "concat", "from": ["back", "back2"]}

    text = problems_of(stitched)["/branches/back2/from"]

    assert text.replace("\N{MULTIPLICATION SIGN}", "x") == (
        "The stitch into 'res' leads from 8x8x16 to 16x16x8 already, and here from 6x6x16 to 12x12x8. "
        'Write one "resize" in the branches it comes from.'
    )


def test_what_a_backbone_cannot_be_saved_without_cannot_be_left_out(problems_of, stitched, tables):
    whole = tables.skeleton

    def held(backbone, shape):
        table = whole(backbone, shape)
        return Skeleton("Held", shape, table.layers, table.output, table.keras, whole=("b_conv",))

    tables.skeleton = lambda backbone, shape: (held if backbone.arch == "Residual" else whole)(
        backbone, shape
    )

    assert problems_of(stitched)["/branches/back/enter"].startswith(
        "'res' (Held) cannot be entered at 'a_out': its layer 'b_conv' (Conv2D) can be saved in the whole backbone only."
    )


def test_a_backbone_that_is_not_there_hides_what_comes_from_it(problems_of, stitched, phased):
    stitched["backbones"]["net"]["arch"] = "Nothing"

    assert list(problems_of(phased(stitched, ["head", "stitch:res", "res"]))) == ["/backbones/net"]


def test_selectors_pick_the_stitch_and_what_comes_after_the_entrance(graph_of, stitched, phased):
    graph = graph_of(
        phased(stitched, ["stitch:res"], ["res"], ["res[..b_conv]"], ["head"], batchnorm="train")
    )

    assert [set(phase.rates) for phase in graph.phases] == [
        {"res.stitch/conv"},
        {"res/b_conv", "res/b_bn"},
        {"res/b_conv"},
        {"output", "top/dense"},
    ]


@pytest.mark.parametrize("layer", ["stem", "a_out"])
def test_what_lies_before_the_entrance_is_not_there_to_train(problems_of, stitched, phased, layer):
    problems = problems_of(phased(stitched, [f"res[{layer}..]"]))

    assert problems["/training/phases/0/train/0"] == (
        f"'res[{layer}..]': {layer!r} is not there, as 'res' is entered at 'a_out', whose place the stitched map takes. "
        "Write 'res' for all that comes after."
    )


def test_the_first_rows_after_an_entrance_need_not_be_passed_by_all(graph_of, stitched, phased):
    stitched["backbones"]["third"] = {"arch": "Parallel", "weights": None}
    stitched["branches"]["back"] |= {"backbone": "third", "enter": "mixed1", "cut": "mixed2"}
    del stitched["backbones"]["res"]

    graph = graph_of(phased(stitched, ["third[..mixed2]"]))

    assert set(graph.phases[0].rates) == {"third/left3", "third/right3"}


def test_layers_of_another_package_count_only_where_they_are_kept(graph_of, stitched, tables):
    whole = tables.skeleton

    def foreign(backbone, shape):
        table = whole(backbone, shape)
        rows = tuple(
            Layer(row.name, row.kind, row.parents, row.shape, row.params, package="other")
            if row.name in {"stem"}
            else row
            for row in table.layers
        )
        return Skeleton(table.source, shape, rows, table.output, table.keras)

    tables.skeleton = foreign

    assert graph_of(stitched).remarks == ()
