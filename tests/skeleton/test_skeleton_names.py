import pytest

from fusion.skeleton.names import automatic_number, canonical_names, stem


def test_names_of_a_later_backbone_count_from_the_first_of_each_class():
    rows = [
        ("input_layer_4", "InputLayer"),
        ("conv2d_94", "Conv2D"),
        ("re_lu_3", "ReLU"),
        ("conv2d_95", "Conv2D"),
    ]

    assert canonical_names(rows) == ["input_layer", "conv2d", "re_lu", "conv2d_1"]


def test_rank_is_by_number_and_not_by_place_in_the_list():
    rows = [("conv2d_12", "Conv2D"), ("conv2d_9", "Conv2D"), ("conv2d_10", "Conv2D")]

    assert canonical_names(rows) == ["conv2d_2", "conv2d", "conv2d_1"]


def test_names_of_the_author_stay():
    rows = [
        ("mixed0", "Concatenate"),
        ("block1_conv1", "Conv2D"),
        ("conv2d_07", "Conv2D"),
        ("conv2d_x", "Conv2D"),
    ]

    assert canonical_names(rows) == ["mixed0", "block1_conv1", "conv2d_07", "conv2d_x"]


def test_a_layer_and_a_bare_operation_of_one_class_name_share_their_numbers():
    # keras.layers.Add and the operation behind `x + y` are two classes called Add; Keras has one counter for both.
    assert canonical_names([("add_7", "Add"), ("add_5", "Add")]) == ["add_1", "add"]


def test_canonical_names_are_canonical():
    rows = [("conv2d_9", "Conv2D"), ("conv2d_4", "Conv2D"), ("dense", "Dense")]
    once = canonical_names(rows)

    assert canonical_names([(name, kind) for name, (_, kind) in zip(once, rows, strict=True)]) == once


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Conv2D", "conv2d"),
        ("BatchNormalization", "batch_normalization"),
        ("ReLU", "re_lu"),
        ("ZeroPadding2D", "zero_padding2d"),
        ("GlobalAveragePooling2D", "global_average_pooling2d"),
        ("LSTM", "lstm"),
        ("InputLayer", "input_layer"),
    ],
)
def test_stem_is_what_keras_calls_the_first_layer(kind, expected):
    assert stem(kind) == expected


def test_a_name_of_another_class_is_not_automatic():
    assert automatic_number("conv2d_3", "Dense") is None
