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
