"""What a fusion op or a pool is made of: layers of Keras as plain values, with shapes, weights and operations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from fusion.graph.nodes import Weights, size
from fusion.skeleton.flops import flops
from fusion.skeleton.layers import Shape


@dataclass(frozen=True, slots=True)
class Inner:
    """One layer inside an op or a pool.

    Args:
        name: Its name there.
        kind: Its class in `keras.layers`, or `ops.` and a function of `keras.ops`.
        of: What it reads, by name: earlier layers, or what the whole reads.
        shape: Shape of what it gives for one sample.
        config: Arguments of the class, or further ones of the function.
        params: Number of its weights; gradients change them all.
        flops: Operations for one sample; a multiply-accumulate is two.
    """

    name: str
    kind: str
    of: tuple[str, ...]
    shape: Shape
    config: Mapping[str, Any] = field(default_factory=dict)
    params: int = 0
    flops: int = 0


class Assembly:
    """Layers put together one after the other; the last one gives what the whole gives.

    >>> found = Assembly({"a": (4,)})
    >>> found.dense("half", "a", 2)
    'half'
    >>> [(layer.name, layer.shape, layer.params) for layer in found.layers]
    [('half', (2,), 10)]
    """

    def __init__(self, sources: Mapping[str, Shape]) -> None:
        self.layers: list[Inner] = []
        self._shapes = dict(sources)

    def shape(self, name: str) -> Shape:
        """Returns the shape of what is called `name`, a layer or a source."""
        return self._shapes[name]

    def width(self, name: str) -> int:
        """Returns how many values each place has of what is called `name`; of a vector, how many it has."""
        return self._shapes[name][-1] or 1

    def add(
        self,
        name: str,
        kind: str,
        of: Sequence[str],
        shape: Shape | None = None,
        config: Mapping[str, Any] | None = None,
        *,
        cost: int | None = None,
    ) -> str:
        """Adds a layer without weights and returns its name; the shape is that of the first it reads if not given."""
        inputs = [self._shapes[each] for each in of]
        given = inputs[0] if shape is None else shape
        found = flops(kind, config or {}, inputs, given, []) if cost is None else cost
        return self._put(Inner(name, kind, tuple(of), given, config or {}, flops=found))

    def dense(
        self,
        name: str,
        of: str,
        units: int,
        activation: str = "linear",
        config: Mapping[str, Any] | None = None,
    ) -> str:
        """Adds a dense layer, with a bias unless `config` says otherwise, and returns its name."""
        places, width = self._shapes[of][:-1], self.width(of)
        whole = {"units": units, "activation": activation, **(config or {})}
        weights = [(width, units), (units,)] if whole.get("use_bias", True) else [(width, units)]
        cost = flops("Dense", whole, [(*places, width)], (*places, units), weights)
        params = sum(prod(each) for each in weights)
        return self._put(Inner(name, "Dense", (of,), (*places, units), whole, params, cost))

    def convolve(self, name: str, of: str, channels: int) -> str:
        """Adds a convolution of one place with bias, which changes a map's channels, and returns its name."""
        shape = self._shapes[of]
        given, weights = (*shape[:-1], channels), [(1, 1, self.width(of), channels), (channels,)]
        cost = flops("Conv2D", {}, [shape], given, weights)
        params = sum(prod(each) for each in weights)
        config = {"filters": channels, "kernel_size": 1}
        return self._put(Inner(name, "Conv2D", (of,), given, config, params, cost))

    def attend(self, name: str, asks: str, answers: str, heads: int) -> str:
        """Adds attention over tokens of one width and returns its name.

        Counts the four projections, the products of queries with keys and of what comes of it with values, and four
        operations for each number of the softmax, as any activation.
        """
        width, queries, keys = self.width(asks), self._places(asks), self._places(answers)
        config = {"num_heads": heads, "key_dim": width // heads, "use_bias": False}
        cost = 4 * width * width * (queries + keys) + 4 * queries * keys * (width + heads)
        layer = Inner(
            name, "MultiHeadAttention", (asks, answers), (queries, width), config, 4 * width**2, cost
        )
        return self._put(layer)

    def norm(self, name: str, of: str) -> str:
        """Adds a layer normalisation and returns its name."""
        shape = self._shapes[of]
        cost = flops("LayerNormalization", {}, [shape], shape, [])
        return self._put(Inner(name, "LayerNormalization", (of,), shape, {}, 2 * self.width(of), cost))

    def _places(self, name: str) -> int:
        return size(self._shapes[name][:-1])

    def _put(self, layer: Inner) -> str:
        self.layers.append(layer)
        self._shapes[layer.name] = layer.shape
        return layer.name


def weights_of(layers: Sequence[Inner], owner: str) -> tuple[Weights, ...]:
    """Returns the weights of layers by address: that of the only one is its owner's name.

    >>> weights_of([Inner("a", "Dense", ("x",), (2,), params=6), Inner("b", "ReLU", ("a",), (2,))], "fusion")
    (Weights(address='fusion/a', kind='Dense', params=6, statistics=0),)
    """
    alone = len(layers) == 1
    return tuple(
        Weights(owner if alone else f"{owner}/{each.name}", each.kind, each.params)
        for each in layers
        if each.params
    )


def numbers_of(layers: Sequence[Inner]) -> int:
    """Returns how many numbers layers give for one sample, all together.

    >>> numbers_of([Inner("a", "Dense", ("x",), (2,)), Inner("b", "ReLU", ("a",), (2,))])
    4
    """
    return sum(size(each.shape) for each in layers)
