"""Optimizers as a recipe declares them, with a learning rate of its own for each part that has one."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from fusion.recipe.training import Optimizer

KINDS: dict[str, Any] = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}


def make_optimizer(
    declared: Optimizer, rates: Mapping[str, tuple[Any, float]], *, steps: int
) -> keras.optimizers.Optimizer:
    """Returns a fresh optimizer.

    Args:
        declared: What the phase says.
        rates: By address, each trained layer's variables and their learning rate.
        steps: How many steps the phase has in all its epochs.

    >>> type(make_optimizer(Optimizer(name="sgd", learning_rate=0.1), {}, steps=10)).__name__
    'SGD'
    """
    base = declared.learning_rate
    factors = [(variable, rate / base) for variables, rate in rates.values() for variable in variables]
    kind = KINDS[declared.name]
    if any(factor != 1 for _, factor in factors):
        return _factored(kind, factors)(**_arguments(declared, steps))
    return kind(**_arguments(declared, steps))


def renewed(
    used: keras.optimizers.Optimizer, fresh: keras.optimizers.Optimizer, trained: Sequence[Any]
) -> keras.optimizers.Optimizer:
    """Returns a used optimizer in the state of a fresh one of the same kind, both of the same variables.

    >>> one = keras.Variable(np.ones(2, "float32"))
    >>> used, fresh = (make_optimizer(Optimizer(), {}, steps=10) for _ in range(2))
    >>> used.apply([keras.ops.ones(2)], [one])
    >>> int(used.iterations), int(renewed(used, fresh, [one]).iterations)
    (1, 0)
    """
    fresh.build(trained)
    for own, new in zip(used.variables, fresh.variables, strict=True):
        own.assign(new)
    return used


def make_stacked_optimizer(
    declared: Optimizer, rates: Sequence[tuple[Any, np.ndarray]], *, steps: int
) -> keras.optimizers.Optimizer:
    """Returns a fresh optimizer of variables that hold those of many models, one after the other along a first axis.

    Each is changed as the optimizer of its model would change it, `clipnorm` included.

    Args:
        declared: What the phase says, but for its learning rate.
        rates: Each variable, and the learning rate of each model for it.
        steps: How many steps the phase has in all its epochs.

    >>> two = keras.Variable(np.ones((2, 3), "float32"))
    >>> optimizer = make_stacked_optimizer(Optimizer(name="sgd"), [(two, np.array([0.1, 0.5]))], steps=1)
    >>> optimizer.apply([keras.ops.ones((2, 3))], [two])
    >>> two.numpy()[:, 0].tolist()
    [0.8999999761581421, 0.5]
    """
    shaped = [
        (variable, each.astype(np.float32).reshape(-1, *(1,) * (len(variable.shape) - 1)))
        for variable, each in rates
    ]
    kind = _clipped_apart(_factored(KINDS[declared.name], shaped))
    optimizer = kind(**_arguments(declared.replaced(learning_rate=1.0), steps))
    optimizer.build([variable for variable, _ in rates])
    return optimizer


def _arguments(declared: Optimizer, steps: int) -> dict[str, Any]:
    given: dict[str, Any] = {"learning_rate": _rate(declared, steps)}
    if declared.momentum:
        given["momentum"] = declared.momentum
    if declared.nesterov:
        given["nesterov"] = True
    if declared.weight_decay is not None:
        given["weight_decay"] = declared.weight_decay
    if declared.clipnorm is not None:
        given["clipnorm"] = declared.clipnorm
    return given


def _rate(declared: Optimizer, steps: int) -> Any:
    """The rate, or its course over the steps of a phase; a cosine that ends where it began is constant."""
    if declared.schedule == "constant" and not declared.warmup:
        return declared.learning_rate
    rising = min(round(declared.warmup * steps), steps - 1)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if rising else declared.learning_rate,
        decay_steps=steps - rising,
        alpha=0.0 if declared.schedule == "cosine" else 1.0,
        warmup_target=declared.learning_rate if rising else None,
        warmup_steps=rising,
    )


def _factored(kind: Any, factors: Sequence[tuple[Any, Any]]) -> Any:
    """Returns a kind of optimizer whose steps, and whose decay, are scaled for each variable.

    `update_step` is what Keras asks a new optimizer to define (`keras.optimizers.Optimizer`); gradients cannot be
    scaled instead, as Adam divides by their size.
    """

    class Factored(kind):  # type: ignore[misc]  # which kind is known when it runs
        def __init__(self, **arguments: Any) -> None:
            super().__init__(**arguments, name=kind.__name__)
            self._factors = {self._var_key(variable): factor for variable, factor in factors}

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            rate = learning_rate * self._factors[self._var_key(variable)]
            if self.weight_decay:
                self.assign_sub(variable, variable * self.weight_decay * rate)
            super().update_step(gradient, variable, rate)

        def _apply_weight_decay(self, variables: Any) -> None:
            """Does nothing: decay goes with each variable's own rate, in `update_step`."""

    return Factored


def _clipped_apart(kind: Any) -> Any:
    """Returns a kind of optimizer that clips what lies along the first axis of a gradient each by itself."""

    class Apart(kind):  # type: ignore[misc]  # which kind is known when it runs
        def _clip_by_norm(self, values: Any, axes: Any = None) -> Any:  # noqa: ARG002 - as Keras calls it
            return super()._clip_by_norm(values, axes=list(range(1, len(values.shape))))

    return Apart
