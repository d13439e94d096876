import keras
import pytest
from keras import layers

from fusion.backbones.tracing import operations, trace
from fusion.errors import BackboneError
from fusion.skeleton.cuts import resolve


def chain(*parts, shape=(8, 8, 3)):
    inputs = x = keras.Input(shape)
    for part in parts:
        x = part(x)
    return keras.Model(inputs, x)


def test_a_row_says_what_keras_says_of_its_layer():
    model = chain(layers.Conv2D(4, 3, name="conv"), layers.BatchNormalization(name="bn"))

    conv, bn = trace(model, source="mine").layers[1:]
    assert (conv.kind, conv.parents, conv.shape, conv.dtype) == (
        "Conv2D",
        ("input_layer",),
        (6, 6, 4),
        "float32",
    )
    assert (conv.params, conv.statistics, conv.flops, conv.operation) == (112, 0, 6 * 6 * 4 * 55, False)
    assert (bn.params, bn.statistics) == (16, 8)


def test_a_row_says_which_window_its_layer_moves_over_its_input():
    model = chain(
        layers.Conv2D(4, (1, 7), padding="same"),
        layers.DepthwiseConv2D(3),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Reshape((-1, 1)),
        layers.Conv1D(2, 5),
    )

    found = [row.kernel for row in trace(model, source="mine").layers]

    assert found == [(), (1, 7), (3, 3), (2, 2), (), (), (5,)]


def test_a_row_says_with_which_activation_its_layer_ends():
    model = chain(layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(5, activation="softmax"))

    assert [row.activation for row in trace(model, source="mine").layers] == ["", "linear", "", "softmax"]


def test_an_open_size_stays_open():
    skeleton = trace(chain(layers.Conv2D(4, 3, name="conv"), shape=(None, None, 3)), source="mine")

    assert skeleton.input_shape == (None, None, 3)
    assert skeleton["conv"].shape == (None, None, 4)


@pytest.mark.parametrize("frozen", [False, True])
def test_statistics_are_counted_in_frozen_layers_too(frozen):
    model = chain(layers.Normalization(name="scale"), layers.BatchNormalization(name="bn"))
    model.trainable = not frozen

    skeleton = trace(model, source="mine")
    assert [skeleton[name].statistics for name in ("scale", "bn")] == [7, 6]


def test_the_output_of_a_layer_in_half_precision_is_told():
    assert (
        trace(chain(layers.Dense(2, dtype="mixed_float16", name="half")), source="mine")["half"].dtype
        == "float16"
    )


def test_bare_operations_are_rows():
    model = chain(lambda x: x * 2.0 + 1.0, layers.Dense(2, name="dense"))

    skeleton = trace(model, source="mine")
    assert [(row.name, row.operation) for row in skeleton.layers[1:3]] == [("multiply", True), ("add", True)]
    assert not skeleton["dense"].operation


def test_layers_of_nested_models_have_dotted_names_and_read_across_the_border():
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.ReLU(name="a"), layers.ReLU(name="b")], name="inner"
    )
    model = chain(layers.ReLU(name="before"), inner, layers.ReLU(name="after"))

    skeleton = trace(model, source="mine")
    assert list(skeleton.rows)[1:] == ["before", "inner.a", "inner.b", "after"]
    assert [skeleton[name].parents for name in ("inner.a", "inner.b", "after")] == [
        ("before",),
        ("inner.a",),
        ("inner.b",),
    ]
    assert skeleton["inner.a"].container == "inner"
    assert resolve(skeleton, "inner") == "inner.b"


def test_models_nest_in_nested_models():
    deepest = chain(layers.ReLU(name="c"))
    deepest.name = "deepest"
    deep = chain(deepest)
    deep.name = "deep"

    skeleton = trace(chain(deep, layers.ReLU(name="top")), source="mine")
    assert list(skeleton.rows)[1:] == ["deep.deepest.c", "top"]
    assert skeleton["deep.deepest.c"].parents == (skeleton.layers[0].name,)
    assert skeleton["top"].parents == ("deep.deepest.c",)
    assert resolve(skeleton, "deep") == "deep.deepest.c"


def test_a_sequential_alone_is_a_backbone():
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name="a")])

    assert list(trace(model, source="mine").rows) == ["input_layer", "a"]


def test_a_model_that_ends_with_a_nested_one_ends_with_its_last_row():
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name="a")], name="inner")

    assert trace(chain(inner), source="mine").output == "inner.a"


def test_automatic_names_in_nested_models_count_with_the_rest():
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU()], name="inner")

    names = list(trace(chain(layers.ReLU(), inner, layers.ReLU()), source="mine").rows)
    # The inner layer was made first.
    assert names[1:] == ["re_lu_1", "inner.re_lu", "re_lu_2"]


def test_a_layer_that_reads_one_tensor_twice_has_it_twice_as_parent():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Multiply(name="square")([inputs, inputs]))

    assert trace(model, source="mine")["square"].parents == ("input_layer", "input_layer")


def test_calls_of_a_layer_in_other_models_do_not_matter():
    shared = layers.Dense(3, name="shared")
    chain(shared, shape=(3,))

    model = chain(layers.Dense(3, name="own"), shared, shape=(3,))
    assert trace(model, source="mine")["shared"].parents == ("own",)


def test_operations_are_found_by_their_canonical_names():
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.ReLU(name="a")], name="inner")
    conv = layers.Conv2D(4, 3)
    model = chain(inner, conv)

    found = operations(model)
    assert found["conv2d"] is conv
    assert found["inner"] is inner
    assert found["inner.a"] is inner.layers[0]
    assert set(trace(model, source="mine").rows) <= set(found)


def test_a_layer_called_twice_is_refused():
    twice = layers.Dense(3, name="twice")

    with pytest.raises(BackboneError, match=r"mine calls its layer 'twice' more than once, so a cut there"):
        trace(chain(twice, twice, shape=(3,)), source="mine")


def test_several_inputs_or_outputs_are_refused():
    inputs = [keras.Input((3,), name=name) for name in ("a", "b")]

    with pytest.raises(BackboneError, match="mine has 2 inputs and 1 outputs; a backbone has one of each"):
        trace(keras.Model(inputs, layers.Add()(inputs)), source="mine")
    with pytest.raises(BackboneError, match="mine has 1 inputs and 2 outputs"):
        trace(keras.Model(inputs[0], [layers.Dense(1)(inputs[0]), layers.Dense(2)(inputs[0])]), source="mine")


class Written(keras.Model):
    def call(self, inputs):
        return inputs


@pytest.mark.parametrize(
    "model", [Written(), keras.Sequential([layers.Dense(3)])], ids=["subclassed", "never called"]
)
def test_what_is_no_graph_of_layers_is_refused(model):
    with pytest.raises(BackboneError, match=r"mine is no functional model \((Written|Sequential)\)"):
        trace(model, source="mine")


def test_names_that_meet_when_counted_afresh_are_refused():
    # The dense layer has the name that the convolution gets.
    model = chain(layers.Dense(3, name="conv2d"), layers.Conv2D(4, 3, name="conv2d_900"))

    with pytest.raises(
        BackboneError, match="mine has several layers called conv2d once automatic names are counted"
    ):
        trace(model, source="mine")
