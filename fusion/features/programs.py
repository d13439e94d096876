"""Parts of a built model as programs of their own, which share its layers: what is trained in one is trained in it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from fusion.features.calls import Call, Calls, Place
from fusion.features.helped import Helped


class Program(Helped):
    """A part of a model, from some of its tensors to others; made to be run and fitted, never to be saved.

    It has the weights of the whole model, in the same order, so an optimizer treats both alike. Callbacks are given the
    whole model; what they ask of training, such as to stop, is passed on.

    Args:
        whole: The model it is a part of.
        calls: The calls of that.
        given: Names of the units whose tensors it is fed, in a dict.
        wanted: Where what it gives comes from.
        structure: What these are packed into, such as `whole.output`; `None` for a list.
        auxiliary: Of a model with auxiliary outputs after its own, how much the loss of each counts, by its name.
    """

    def __init__(
        self,
        whole: keras.Model,
        calls: Calls,
        *,
        given: Collection[str],
        wanted: Sequence[Place],
        structure: Any = None,
        auxiliary: Mapping[str, float] | None = None,
    ) -> None:
        super().__init__(auxiliary or {}, name=f"{whole.name}_part")
        self.whole = whole
        self._given = {name: calls.ends[name] for name in given}
        self._wanted = tuple(wanted)
        self._structure = structure
        self._steps = _Steps(_needed(calls.calls, frozenset(self._given.values()), wanted))
        self._traced = _Traced()
        self.built = True

    def call(self, inputs: Mapping[str, Any], training: bool | None = None) -> Any:
        """Returns what is wanted, from the tensors of the units that are given, by name."""
        found = {place: inputs[name] for name, place in self._given.items()}
        self._steps.run(found, training)
        outputs = [found[place] for place in self._wanted]
        if self._structure is None:
            return outputs
        return keras.tree.pack_sequence_as(self._structure, outputs)

    def at_inference(self, batch: Any) -> Callable[[Any], Any]:
        """Returns what runs it at inference on batches of one form, traced once for each.

        Args:
            batch: The form, as `tf.data` tells it (`element_spec`).
        """
        if batch not in self._traced.forms:
            run = tf.function(
                lambda given: self(given, training=False), input_signature=[batch], autograph=False
            )
            self._traced.forms.append(batch)
            self._traced.functions.append(run)
        return self._traced.functions[self._traced.forms.index(batch)]

    @property
    def stop_training(self) -> bool:
        """Whether a callback asked the whole model to stop."""
        return bool(self.whole.stop_training)

    @stop_training.setter
    def stop_training(self, asked: bool) -> None:
        self.whole.stop_training = asked

    @property
    def history(self) -> Any:
        """What the whole model's callbacks saw of the last fit."""
        return self.whole.history


def prefix(whole: keras.Model, calls: Calls, *, inputs: Collection[str], tensors: Sequence[str]) -> Program:
    """Returns the program that gives frozen tensors from what the model is fed.

    >>> from fusion.checking import resolve
    >>> from fusion.features.calls import calls
    >>> from fusion.model.building import build_graph
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> graph = resolve(one)
    >>> model = build_graph(graph)
    >>> first = prefix(model, calls(model, graph), inputs=["facts"], tensors=["facts.normalise"])
    >>> first({"facts": keras.ops.ones((1, 1))})[0].numpy().tolist()
    [[1.0]]
    """
    return Program(whole, calls, given=inputs, wanted=[calls.ends[name] for name in tensors])


def suffix(
    whole: keras.Model,
    calls: Calls,
    *,
    given: Collection[str],
    auxiliary: Mapping[str, float] | None = None,
) -> Program:
    """Returns the program that gives the model's outputs from frozen tensors and what inputs it still needs.

    >>> from fusion.checking import resolve
    >>> from fusion.features.calls import calls
    >>> from fusion.model.building import build_graph
    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": {"kind": "tabular", "columns": ["area"]}},
    ...     branches={"all": {"input": "facts"}},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> graph = resolve(one)
    >>> model = build_graph(graph)
    >>> suffix(model, calls(model, graph), given=["facts.normalise"]).count_params() == model.count_params()
    True
    """
    wanted, structure = calls.outputs, whole.output
    return Program(whole, calls, given=given, wanted=wanted, structure=structure, auxiliary=auxiliary)


class _Steps:
    """Calls and their numbers, out of Keras's sight: it would take layers in a tuple for weights of their own."""

    def __init__(self, steps: Mapping[int, Call]) -> None:
        self.steps = steps

    def run(self, found: dict[Place, Any], training: bool | None) -> None:
        """Adds to the tensors that are there those of all steps."""
        for number, call in self.steps.items():
            tensors = {key: found[place] for key, place in call.reads.items()}
            args, kwargs = call.arguments.fill_in(tensors)
            # As a functional model does: what it is told goes before what was said when it was built.
            if training is not None and isinstance(call.operation, keras.Layer):
                kwargs["training"] = training
            given = keras.tree.flatten(call.operation(*args, **kwargs))
            found.update({(number, place): tensor for place, tensor in enumerate(given)})


class _Traced:
    """Functions and the forms of what they are given, out of Keras's sight, which would wrap the lists."""

    def __init__(self) -> None:
        self.forms: list[Any] = []
        self.functions: list[Callable[[Any], Any]] = []


def _needed(calls: Sequence[Call], given: Collection[Place], wanted: Sequence[Place]) -> dict[int, Call]:
    """Returns the calls that are made, by number: those that what is wanted depends on without what is given."""
    waiting, needed = [each for each in wanted if each not in given], set[int]()
    while waiting:
        number, _ = waiting.pop()
        if number not in needed:
            needed.add(number)
            waiting += [each for each in calls[number].reads.values() if each not in given]
    return {number: calls[number] for number in sorted(needed)}
