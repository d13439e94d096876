"""The layer table of a backbone as plain values."""

from dataclasses import dataclass
from functools import cached_property

Shape = tuple[int | None, ...]
"""Sizes of one sample's tensor, without the batch axis; `None` where the size is open."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One row: a layer, or a bare operation, of a backbone.

    Args:
        name: Canonical name, the same in every process. A layer inside a nested model is dotted: `stem.conv`.
        kind: Its Keras class, such as `"Conv2D"`.
        parents: Names of the rows it reads, in the order of its arguments.
        shape: Shape of its output for one sample, without the batch axis.
        params: Number of its weights, counted as `count_params` does.
        statistics: How many of those no gradient changes (moving mean and variance, constants).
        flops: Floating point operations for one sample; a multiply-accumulate is two.
        dtype: Dtype of its output.
        operation: Whether it is a bare operation, which `model.layers` does not list.
        container: Name of the nested model it lies in, or `""`.
        package: Python package its class is from; one that is not `"keras"` is needed to open a saved model.
        activation: Name of the activation it ends with, such as `"softmax"`, as its configuration says; `""` without one.
        kernel: Size of the window that a convolution or a pooling moves over its input, such as `(1, 7)`; `()` without one.
    """

    name: str
    kind: str
    parents: tuple[str, ...]
    shape: Shape
    params: int = 0
    statistics: int = 0
    flops: int = 0
    dtype: str = "float32"
    operation: bool = False
    container: str = ""
    package: str = "keras"
    activation: str = ""
    kernel: tuple[int, ...] = ()


@dataclass(frozen=True)
class Skeleton:
    """The layers of one backbone for one input shape, parents before children.

    Args:
        source: What it was made from, such as `"VGG16"`.
        input_shape: Shape of one input, such as `(224, 224, 3)`.
        layers: Rows in the order in which Keras lists them; the first is the input.
        output: Name of the last layer.
        keras: Version of Keras that made it.
        levels: Names that the source itself has for some rows, such as `("P4", "conv4_block6_out")`.
        whole: Rows that cannot be saved by themselves, only as a part of the backbone as it was made.
        vocabulary: How many token ids it knows, from 0, if it reads texts; `None` if not.

    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("c", "Conv2D", ("x",), (8, 8, 4), params=112))
    >>> tiny = Skeleton("tiny", (8, 8, 3), rows, "c", "3.15.1")
    >>> tiny["c"].shape, tiny.params
    ((8, 8, 4), 112)
    """

    source: str
    input_shape: Shape
    layers: tuple[Layer, ...]
    output: str
    keras: str
    levels: tuple[tuple[str, str], ...] = ()
    whole: tuple[str, ...] = ()
    vocabulary: int | None = None

    @cached_property
    def rows(self) -> dict[str, Layer]:
        """The rows by name."""
        return {layer.name: layer for layer in self.layers}

    @cached_property
    def containers(self) -> dict[str, str]:
        """For each nested model, the name of the row that gives its output."""
        found = {}
        for layer in self.layers:
            container = layer.container
            # The last row of a model that lies in another is the last so far of that one too.
            while container:
                found[container] = layer.name
                container = container.rpartition(".")[0]
        return found

    @property
    def params(self) -> int:
        """Number of weights of the whole backbone."""
        return sum(layer.params for layer in self.layers)

    def __getitem__(self, name: str) -> Layer:
        return self.rows[name]
