"""Pools of the 8x8x16 map that the chain's second pooling gives."""

import pytest

from fusion.graph.pools import grid
from fusion.recipe.branches import Branch


@pytest.fixture
def pooled(graph_of, one):
    """Makes the pool node of a recipe whose one branch has some fields more."""

    def make(**fields):
        one["branches"]["all"] |= fields
        return graph_of(one)["all.pool"]

    return make


@pytest.mark.parametrize(
    ("pool", "width", "flops"),
    [
        ("avg", 16, 1024),
        ("max", 16, 1024),
        ("avg+max", 32, 2048),
        ("flatten", 1024, 0),
        # A comparison and four operations of a power each, then the mean, then the root of 16 numbers.
        ("gem", 16, 1024 * (1 + 4 + 1) + 4 * 16),
        # The exponential of a logarithm, and a mean more to have a one for the exponent's layer: its product and `exp`.
        ("gem_learned", 16, 1024 * (1 + 1 + 4 + 1 + 4 + 1) + 16 + 2 + 4 + 16 * (4 + 1 + 4)),
    ],
)
def test_a_pool_gives_a_vector_of_known_width_and_cost(pooled, pool, width, flops):
    node = pooled(pool=pool)

    assert (node.shape, node.flops) == ((width,), flops)


@pytest.mark.parametrize(
    ("pool", "numbers"), [("avg", 16), ("avg+max", 16 + 16 + 32), ("flatten", 1024), ("gem", 3 * 1024 + 32)]
)
def test_the_numbers_inside_a_pool_are_counted(pooled, pool, numbers):
    assert pooled(pool=pool).activations == numbers


@pytest.mark.parametrize(
    ("pool", "features", "width"),
    [
        ("avg", 64, 64),
        ("avg", 100, 64),
        ("max", 150, 144),
        ("avg", 15, 16),
        ("avg+max", 128, 128),
        ("avg", 9999, 1024),
    ],
)
def test_features_pool_over_the_finest_grid_they_allow(pooled, pool, features, width):
    assert pooled(pool=pool, features=features).shape == (width,)


def test_tokens_are_pooled_in_a_row():
    assert grid((50, 64), 640) == (10,)


def test_cells_of_a_grid_that_does_not_divide_the_map_overlap():
    from fusion.graph.pools import pool_layers

    branch = Branch(input="photo", backbone="net", features=9)

    cells = pool_layers(branch, (7, 8, 1))[0]

    assert cells.config == {"pool_size": (3, 4), "strides": (2, 2)}
    assert cells.shape == (3, 3, 1)


def test_a_normalised_tap_costs_three_operations_a_number(pooled):
    node = pooled(normalise="l2")

    assert (node.shape, node.flops) == ((16,), 1024 + 3 * 16)


def test_each_of_several_taps_is_normalised_before_they_are_joined(graph_of, one):
    one["branches"]["all"] |= {"cut": ["pool1", "pool3"], "normalise": "l2"}

    graph = graph_of(one)

    assert [node.kind for node in graph.nodes[2:5]] == ["pool", "pool", "join"]
    assert graph["all.pool.pool1"].flops == 16 * 16 * 8 + 3 * 8


def test_a_map_that_is_not_pooled_is_a_list_of_tokens(graph_of, two):
    two["branches"]["left"]["pool"] = two["branches"]["right"]["pool"] = "none"
    two["fusion"]["op"] = "cross_attention"

    assert graph_of(two)["left.pool"].shape == (64, 16)


def test_a_map_is_no_vector_for_a_head(problems_of, one):
    one["branches"]["all"]["pool"] = "none"

    assert problems_of(one) == {
        "/branches/all/pool": 'The head reads a vector, and "pool": "none" leaves a map; it is for the op '
        "cross_attention."
    }


@pytest.mark.parametrize("fields", [{"pool": "none"}, {"features": 64}])
def test_places_of_a_map_of_open_size_cannot_be_counted(problems_of, one, fields):
    one["backbones"]["net"]["arch"] = "Flat"
    one["branches"]["all"] |= {"cut": "open", **fields}

    assert problems_of(one) == {
        "/branches/all/pool": "The map of 'open' has an open size and its places cannot be counted."
    }
