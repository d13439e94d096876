"""What joins vectors, in pictures: an op's box says its name, its settings, its widths, its weights and who trains it."""

import pytest

from fusion.checking import draw
from fusion.drawing.display import Group, Strokes, Text, flattened
from fusion.drawing.joints import joint, pool_words
from fusion.drawing.states import view
from fusion.recipe.branches import Branch
from fusion.recipe.reading import from_data
from fusion.recipe.writing import to_data
from fusion.wording import TIMES


@pytest.fixture
def box_of(topologies):
    graph = topologies["ops"]
    return lambda name: joint(view(graph, 0), graph[name])


def words(box):
    return [item.text for item, *_ in flattened(box.items) if isinstance(item, Text)]


def test_the_box_of_an_op_says_its_settings_widths_weights_and_state(box_of):
    found = words(box_of("gates"))

    assert found == [
        "gates: gated",
        "24 units",
        "32 + 256 + 32 → 24",
        "30.9 k params · 62.3 kFLOP",
        "trainable",
    ]


def test_an_op_that_no_selector_names_is_frozen(box_of):
    assert words(box_of("filmed"))[-1] == "frozen"


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("looked", ["project 32", "table looks at places", "4 heads"]),
        ("alike", ["project 8", "abs_diff, product, cosine"]),
        ("summed", ["project 16", "2 learned weights"]),
        ("filmed", ["summed scales and shifts alike"]),
        ("ranks", ["rank 2", "16 units"]),
        ("products", ["16 units"]),
        ("pairs", ["16 units"]),
        ("tokens", ["4 heads"]),
        ("all", ["project 16"]),
    ],
)
def test_every_op_with_something_inside_says_what(box_of, name, settings):
    assert words(box_of(name))[1:-3] == settings


def test_what_an_op_reads_runs_into_its_box_one_below_the_other(box_of):
    box = box_of("gates")

    heights = [y for x, y in box.inlets.values()]
    assert list(box.inlets) == ["0", "1", "2"]
    assert heights == sorted(heights)
    assert list(box.outlets) == [""]


def test_lines_run_into_an_op_in_the_order_of_their_heights_so_that_none_crosses(graph_of, topology):
    data = to_data(topology("four").recipe)
    data["fusion"] = {"op": "attention", "from": ["s", "e", "ee", "w"], "project": 32}
    data["branches"]["n"]["cut"] = "block4_pool"
    data["fusion"]["from"].append("n")

    drawing = draw(graph_of(from_data(data))).drawing
    group = next(i for i, *_ in flattened(drawing.items) if isinstance(i, Group) and i.name == "boxes")
    x, y, frame = next((i.x, i.y, i.frame) for i in group.items if i.name == "fusion")
    lines = next(i for i, *_ in flattened(drawing.items) if isinstance(i, Group) and i.name == "lines")
    into = {p[-1][1]: p[0][1] for p in (line.points for line in lines.items) if p[-1][0] == x}
    starts = [into[end] for end in sorted(into) if y < end < y + frame[1]]
    assert len(starts) == 5
    assert starts == sorted(starts)


@pytest.mark.parametrize(("weights", "free"), [((0.7, 0.3), False), ("learned", True), (None, True)])
def test_shares_that_are_given_keep_the_order_of_the_recipe(topologies, graph_of, weights, free):
    data = to_data(topologies["votes"].recipe)
    data["fusion"]["vote"]["weights"] = weights
    graph = graph_of(from_data(data))

    assert joint(view(graph, 0), graph["vote"]).symmetric == free


def test_the_tip_of_a_box_names_all_it_joins(box_of):
    assert box_of("looked").tip == f"looked: cross_attention of table 2, places 16{TIMES}128"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"pool": "none"}, "map"),
        ({"pool": "avg+max", "features": 1024}, f"avg+max 1{TIMES}1"),
        ({"pool": "gem", "normalise": "l2"}, "gem l2"),
    ],
)
def test_a_pool_is_told_in_words(fields, expected):
    assert pool_words(Branch(input="photo", backbone="net", **fields), (14, 14, 512)) == expected


def test_a_pool_that_learns_is_drawn_with_its_weight(graph_of, topology):
    data = to_data(topology("two").recipe)
    data["branches"]["texture"]["pool"] = "gem_learned"

    words = draw(graph_of(from_data(data)), phase=1).svg()
    assert "gem, learned exponent" in words
    assert "1 param ·" in words


def test_a_vector_that_is_not_pooled_is_as_it_is():
    assert pool_words(Branch(input="photo", backbone="net", pool="none"), (512,)) == "as it is"


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        (None, "averaged evenly"),
        ("learned", "averaged by 2 learned weights"),
        ((0.7, 0.3), "averaged 0.7 : 0.3"),
    ],
)
def test_late_fusion_says_how_predictions_are_averaged(topologies, graph_of, weights, said):
    recipe = topologies["votes"].recipe.replace("/fusion/vote/weights", weights)
    graph = graph_of(recipe)

    found = words(joint(view(graph, 0), graph["vote"]))

    assert found[:4] == ["vote: late", "an output layer each", said, "32 + 128 → 5"]


def test_every_op_with_something_inside_has_a_sign_of_its_own(topology):
    graphs = [topology("ops"), topology("votes")]
    signs = {}
    for graph in graphs:
        for node in graph.nodes:
            if node.kind == "fusion":
                items = [item for item, *_ in flattened(joint(view(graph, 0), node).items)]
                op = graph.recipe.nodes[node.layer].op
                # All are drawn in ink; what is frozen or trains has a colour of its own.
                signs[op] = {each for each in items if isinstance(each, Strokes) and each.stroke == "ink"}

    drawn = {op: found for op, found in signs.items() if op != "concat"}
    assert len(drawn) == 10
    assert all(len(found) == 1 for found in drawn.values())
    # Bilinear and tensor fusion both multiply every pair of features.
    assert len({next(iter(found)) for found in drawn.values()}) == 9
