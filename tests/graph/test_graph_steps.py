from fusion.graph.steps import dense_costs, step_layers
from fusion.recipe.blocks import BatchNorm, Dense, Dropout, LayerNorm


def test_steps_of_one_kind_are_numbered_and_single_ones_are_not():
    steps = [Dense(units=8), LayerNorm(), Dense(units=4), Dropout(rate=0.5), BatchNorm()]

    assert [(layer.name, layer.kind, layer.width) for layer in step_layers(steps, 3)] == [
        ("dense_1", "Dense", 8),
        ("layer_norm", "LayerNormalization", 8),
        ("dense_2", "Dense", 4),
        ("dropout", "Dropout", 4),
        ("batch_norm", "BatchNormalization", 4),
    ]


def test_weights_and_operations_are_those_of_the_width_that_arrives():
    steps = [Dense(units=8, activation="relu"), LayerNorm(), BatchNorm(), Dropout(rate=0.5)]

    assert [(layer.params, layer.statistics, layer.flops) for layer in step_layers(steps, 3)] == [
        (3 * 8 + 8, 0, 8 * (2 * 3 + 1) + 8),
        (2 * 8, 0, 4 * 8),
        (4 * 8, 2 * 8, 2 * 8),
        (0, 0, 0),
    ]


def test_an_activation_costs_more_than_a_relu_and_none_nothing():
    assert [dense_costs(2, 3, name) for name in ("linear", "relu", "gelu")] == [
        (9, 0, 15),
        (9, 0, 18),
        (9, 0, 27),
    ]
