import keras
import numpy as np
import pytest

from fusion.data.examples import Array, Examples
from fusion.errors import DataError
from fusion.recipe.head import Output
from fusion.training.evaluation import evaluate, predict


def model_of(units, activation):
    x = keras.Input((units,), name="x")
    identity = keras.layers.Dense(units, activation=activation, use_bias=False, kernel_initializer="identity")
    return keras.Model([x], identity(x))


def examples(values, targets):
    values = np.array(values, "float32")
    return Examples({"x": Array(values)}, targets, tuple(f"row {number}" for number in range(len(values))))


def test_accuracy_and_loss_are_those_of_the_predictions():
    part = examples([[2, 0], [0, 2], [2, 0]], np.array([0, 1, 1]))

    found = evaluate(model_of(2, "softmax"), part, Output(task="classification", classes=2), batch_size=2)

    right, wrong = -np.log(1 / (1 + np.exp(-2))), -np.log(1 / (1 + np.exp(2)))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["loss"] == pytest.approx((2 * right + wrong) / 3, rel=1e-5)


def test_a_regression_is_judged_by_squared_and_absolute_errors():
    found = evaluate(
        model_of(1, "linear"), examples([[1], [3]], np.array([[1.0], [1.0]])), Output(task="regression")
    )

    assert found == pytest.approx({"loss": 2.0, "mae": 1.0})


def test_judging_leaves_no_trace_in_the_model():
    model = model_of(1, "linear")

    evaluate(model, examples([[1]], np.array([[1.0]])), Output(task="regression"))

    assert not model.compiled


def test_judging_needs_targets():
    with pytest.raises(DataError, match="no targets to judge by"):
        evaluate(model_of(1, "linear"), examples([[1]], None), Output(task="regression"))


@pytest.mark.parametrize(
    ("output", "activation", "values", "labels", "expected"),
    [
        (Output(task="classification", classes=2), "softmax", [[0, 1]], ("cat", "dog"), "dog"),
        (Output(task="classification", classes=2), "softmax", [[1, 0]], None, "0"),
        (Output(task="binary"), "sigmoid", [[3]], ("no", "yes"), "yes"),
        (Output(task="binary"), "sigmoid", [[-3]], ("no", "yes"), "no"),
        (Output(task="multilabel", classes=3), "sigmoid", [[1, -1, 1]], ("a", "b", "c"), "a, c"),
        (Output(task="multilabel", classes=3), "sigmoid", [[-1, -1, 1]], None, "2"),
        (Output(task="regression"), "linear", [[7]], None, None),
    ],
)
def test_predictions_are_named_as_the_task_has_it(output, activation, values, labels, expected):
    model = model_of(len(values[0]), activation)

    (found,) = predict(model, examples(values, None), output, labels=labels)

    assert found.label == expected
    assert found.name == "row 0"
    assert len(found.scores) == len(values[0])


@pytest.mark.parametrize(
    ("output", "values", "targets"),
    [
        ({"task": "classification", "classes": 3}, [[2, 0, 1], [0, 2, 1], [2, 0, 3]], [0, 1, 1]),
        ({"task": "binary"}, [[3], [-3], [0.4], [-0.4]], [[1.0], [0.0], [0.0], [1.0]]),
        (
            {"task": "multilabel", "classes": 2},
            [[0.4, -2], [0.3, 1], [-3, 2]],
            [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]],
        ),
    ],
    ids=lambda value: value["task"] if isinstance(value, dict) else "",
)
def test_a_model_of_logits_is_judged_and_predicts_as_one_of_probabilities(output, values, targets):
    plain, logits = Output(**output), Output(**output, logits=True)
    part = examples(values, np.array(targets))

    models = [model_of(len(values[0]), each.activation) for each in (plain, logits)]

    expected = evaluate(models[0], part, plain)
    assert evaluate(models[1], part, logits) == pytest.approx(expected, rel=1e-5)
    assert 0 < expected["accuracy"] < 1
    pairs = zip(predict(models[0], part, plain), predict(models[1], part, logits), strict=True)
    for one, other in pairs:
        assert one.label == other.label
        assert one.scores == pytest.approx(other.scores, rel=1e-5)


def test_a_mapping_of_arrays_is_predicted_as_examples_are():
    model, output, rows = model_of(2, "softmax"), Output(task="classification", classes=2), [[0, 1], [3, 1]]

    assert predict(model, {"x": np.array(rows)}, output) == predict(model, examples(rows, None), output)


@pytest.fixture(scope="module")
def mixed():
    photo, said = keras.Input((None, 8, 3), name="photo"), keras.Input((1,), dtype="string", name="said")
    ids = keras.Input((4,), dtype="int32", name="ids")
    counted = keras.layers.Lambda(
        lambda ids: keras.ops.sum(keras.ops.cast(ids, "float32"), -1, keepdims=True)
    )
    words = keras.layers.StringLookup(vocabulary=["yes"], output_mode="multi_hot")(said)
    seen = keras.layers.GlobalAveragePooling2D()(photo)
    joined = keras.layers.Concatenate()([seen, words, counted(ids)])
    return keras.Model([photo, said, ids], keras.layers.Dense(1, kernel_initializer="ones")(joined))


FED = {
    "photo": np.ones((2, 5, 8, 3), "uint8"),
    "said": np.array([["yes"], ["no"]]),
    "ids": np.ones((2, 4), "int64"),
}


def test_arrays_of_every_kind_are_fed_by_name(mixed):
    found = predict(mixed, dict(reversed(FED.items())), Output(task="regression"))

    assert [each.scores for each in found] == [(8.0,), (8.0,)]
    assert [each.name for each in found] == ["row 0", "row 1"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fotos": FED["photo"]}, r"there is no input 'fotos'\. Did you mean 'photo'\?"),
        ({"said": None}, "'said' is no array but NoneType"),
        ({"photo": "a.jpg"}, "'photo' is no array but str"),
        ({"photo": FED["photo"][0]}, r"'photo' has shape \(5, 8, 3\), expected \(None, None, 8, 3\)"),
        ({"photo": FED["photo"][:, :, :7]}, r"'photo' has shape \(2, 5, 7, 3\), expected"),
        ({"ids": np.array([["a"] * 4] * 2)}, "'ids' holds <U1, expected whole numbers"),
        ({"ids": np.ones((2, 4))}, "'ids' holds float64, expected whole numbers"),
        ({"photo": np.array(["a"])}, "'photo' holds <U1, expected numbers"),
        ({"said": np.ones((2, 1))}, "'said' holds float64, expected texts"),
        ({"ids": FED["ids"][:1]}, "rows differ in number: photo 2, said 2, ids 1"),
        ({name: array[:0] for name, array in FED.items()}, "'photo' has no rows"),
    ],
)
def test_arrays_that_do_not_fit_the_model_are_refused(mixed, changes, message):
    with pytest.raises(DataError, match=rf"do not fit the model:\n(.*\n)*?  {message}(.*\n)*.*read_values"):
        predict(mixed, FED | changes, Output(task="regression"))


def test_an_array_that_is_missing_is_named(mixed):
    with pytest.raises(DataError, match="'said' is missing"):
        predict(mixed, {"photo": FED["photo"], "ids": FED["ids"]}, Output(task="regression"))


def test_what_is_neither_examples_nor_arrays_by_name_is_refused():
    model = model_of(1, "linear")

    with pytest.raises(DataError, match=r"by input name \(x\), got ndarray.*read_values.*from_arrays"):
        predict(model, np.ones((2, 1)), Output(task="regression"))
    with pytest.raises(DataError, match=r"with targets, such as fusion\.from_arrays.*got dict"):
        evaluate(model, {"x": np.ones((2, 1))}, Output(task="regression"))


def test_an_array_of_which_nothing_can_be_said_is_refused():
    with pytest.raises(DataError, match="What the model says of row 1, counted from 0, is no number"):
        predict(model_of(1, "linear"), {"x": np.array([[1], [np.nan]])}, Output(task="regression"))
