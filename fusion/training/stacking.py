"""Many models of one form as one program: what differs between them lies one after the other along a first axis."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

ROWS = tf.TensorSpec((None, None), tf.int64)
"""Which row of the tables each model reads, for each example of its batch."""


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Models that differ in their weights, in the rows they read and in what their dropout draws.

    Args:
        form: One of them, from what it reads to its output.
        trained: Its weights that gradients change, each with those of all models, of shape (models, ...).
        moved: The same of those that change otherwise, such as statistics.
        dropouts: Its layers that drop out, each with the random states of all models.
        tables: By name of what is read, a table of shape (rows, width) that all models read rows of.
        targets: What each row is to give.
        loss: What is minimised, beside penalties on weights.
    """

    form: keras.Model
    trained: Sequence[tuple[Any, Any]]
    moved: Sequence[tuple[Any, Any]]
    dropouts: Sequence[tuple[Any, Any]]
    tables: Mapping[str, Any]
    targets: Any
    loss: keras.losses.Loss


def stepper(stack: Stack, optimizer: keras.optimizers.Optimizer) -> Callable[[Any], Any]:
    """Returns the function that trains all models of a stack on a batch each, given `ROWS`, and returns each one's loss.

    `tf.vectorized_map` runs the form for all of them. What dropout multiplies with is drawn before it, by Keras's own
    layers from each model's own state, as a random operation is none that can be vectorised.

    Args:
        stack: The models.
        optimizer: One that treats models apart, of the weights of all (`make_stacked_optimizer`).
    """
    inner = [each for each, _ in (*stack.trained, *stack.moved)]
    outer = [each for _, each in (*stack.trained, *stack.moved)]
    count = len(stack.trained)
    draws = _draws(stack)

    def one(given: Any) -> Any:
        values, masks, inputs, targets = given
        with tf.GradientTape() as tape:
            tape.watch(values[:count])
            with keras.StatelessScope(zip(inner, values, strict=True)) as scope, _masked(draws, masks):
                found = stack.loss(targets, stack.form(inputs, training=True)) + sum(stack.form.losses)
        gradients = tape.gradient(found, values[:count], unconnected_gradients="zero")
        moved = [tf.convert_to_tensor(scope.get_current_value(each)) for each in inner[count:]]
        return gradients, moved, found

    @tf.function(input_signature=[ROWS])  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def step(rows: Any) -> Any:
        inputs = {name: tf.gather(table, rows) for name, table in stack.tables.items()}
        masks = _drawn(stack, draws, tf.shape(rows)[1])
        given = ([each.value for each in outer], masks, inputs, tf.gather(stack.targets, rows))
        gradients, moved, losses = tf.vectorized_map(one, given, fallback_to_while_loop=False)
        optimizer.apply(gradients, outer[:count])
        for variable, value in zip(outer[count:], moved, strict=True):
            variable.assign(value)
        return losses

    return step  # type: ignore[no-any-return]  # TensorFlow ships no types


def judge(stack: Stack) -> Callable[[Any, Mapping[str, Any], Any], Any]:
    """Returns the function that gives what each model of a stack says of rows of tables, and its loss there.

    It takes `ROWS`, the tables and the targets of their rows; penalties on weights are in the loss, as in training.
    """
    inner = [each for each, _ in (*stack.trained, *stack.moved)]

    def one(given: Any) -> Any:
        values, inputs, targets = given
        with keras.StatelessScope(zip(inner, values, strict=True)):
            said = stack.form(inputs, training=False)
            return said, stack.loss(targets, said) + sum(stack.form.losses)

    @tf.function(reduce_retracing=True)  # type: ignore[untyped-decorator]  # TensorFlow ships no types
    def judged(rows: Any, tables: Mapping[str, Any], targets: Any) -> Any:
        inputs = {name: tf.gather(table, rows) for name, table in tables.items()}
        values = [each.value for _, each in (*stack.trained, *stack.moved)]
        given = (values, inputs, tf.gather(targets, rows))
        return tf.vectorized_map(one, given, fallback_to_while_loop=False)

    return judged  # type: ignore[no-any-return]  # TensorFlow ships no types


Draw = tuple[Any, tuple[int, ...]]
"""A call of a dropout, and the shape of one example of what it is called on."""


def _draws(stack: Stack) -> list[Draw]:
    """Returns the calls of dropouts, in order: the form is run once on a row, which changes nothing."""
    found: list[Draw] = []

    def noting(layer: Any) -> Callable[..., Any]:
        def call(inputs: Any, training: bool | None = None) -> Any:  # noqa: ARG001 - as Keras calls it
            found.append((layer, tuple(inputs.shape[1:])))
            return inputs

        return call

    if stack.dropouts:
        calls = [(layer, noting(layer)) for layer, _ in stack.dropouts]
        with _called(calls), keras.StatelessScope():
            stack.form({name: table[:1] for name, table in stack.tables.items()}, training=True)
    return found


def _drawn(stack: Stack, draws: Sequence[Draw], examples: Any) -> list[Any]:
    """Returns for each draw what each model's batch is multiplied by; random states go on."""
    if not draws:
        return []
    states = [layer.seed_generator.state for layer, _ in stack.dropouts]

    def of_one(seeds: Any) -> Any:
        with keras.StatelessScope(zip(states, seeds, strict=True)) as scope:
            masks = [layer.call(tf.ones((examples, *shape)), training=True) for layer, shape in draws]
        return masks, [tf.convert_to_tensor(scope.get_current_value(each)) for each in states]

    shapes = [tf.TensorSpec((None, *shape), tf.float32) for _, shape in draws]
    held = [each for _, each in stack.dropouts]
    given = ([each.value() for each in held],)
    made = tf.map_fn(
        lambda one: of_one(one[0]),
        given,
        fn_output_signature=(shapes, [tf.TensorSpec(each.shape[1:], each.dtype) for each in held]),
    )
    masks, after = made
    for variable, value in zip(held, after, strict=True):
        variable.assign(value)
    return list(masks)


@contextmanager
def _masked(draws: Sequence[Draw], masks: Sequence[Any]) -> Iterator[None]:
    """Makes dropouts multiply by what was drawn, call by call."""
    waiting = {
        id(layer): iter([mask for (other, _), mask in zip(draws, masks, strict=True) if other is layer])
        for layer, _ in draws
    }

    def multiplying(layer: Any) -> Callable[..., Any]:
        def call(inputs: Any, training: bool | None = None) -> Any:  # noqa: ARG001 - as Keras calls it
            return inputs * next(waiting[id(layer)])

        return call

    with _called([(layer, multiplying(layer)) for layer in {id(each): each for each, _ in draws}.values()]):
        yield


@contextmanager
def _called(calls: Sequence[tuple[Any, Callable[..., Any]]]) -> Iterator[None]:
    """Calls other functions in place of layers for as long as the context lasts."""
    for layer, call in calls:
        layer.call = call
    try:
        yield
    finally:
        for layer, _ in calls:
            del layer.call
