"""Optional inputs as layers of Keras: whether one is there, what is read where it is not, what a branch gives then.

An example that lacks an input is fed NaN for its numbers, the empty text for its text, padding alone for its tokens.
Nothing that is computed from those reaches a fusion, a loss or a gradient: they are exchanged before a backbone, and its
vector after.
"""

from collections.abc import Sequence

from fusion.graph.assembly import Assembly, Inner
from fusion.graph.nodes import Kind, size
from fusion.recipe.absence import Absence
from fusion.recipe.inputs import Image, Input
from fusion.recipe.recipe import Recipe
from fusion.recipe.stitching import root
from fusion.recipe.texts import Tokens
from fusion.skeleton.layers import Shape

SOURCE = "in."
"""In front of the number of a parent, what the layers of a node read of it."""

KINDS: tuple[Kind, ...] = ("present", "drop", "keep", "fill", "missing")
"""What a node does that is there for optional inputs; the first four bear the name of an input, the last of a branch."""

START = {"class_name": "RandomNormal", "config": {"stddev": 0.02}}
"""How a learned vector begins, as the class token of a vision transformer does."""


def absence_of(recipe: Recipe, branch: str) -> Absence | None:
    """Returns what a branch does where its input is missing; `None` where that is always there."""
    declared = recipe.inputs.get(root(recipe.branches, branch))
    return declared.optional if declared is not None else None


def node_name(owner: str, kind: Kind) -> str:
    """Returns the name of a node of one of `KINDS`: of an input, or of a branch.

    >>> node_name("photo", "present"), node_name("texture", "missing")
    ('photo.optional.present', 'texture.missing')
    """
    return f"{owner}.missing" if kind == "missing" else f"{owner}.optional.{kind}"


def learns_absence(recipe: Recipe, branch: str) -> bool:
    """Returns whether a branch learns what it gives where its input is missing."""
    absence = absence_of(recipe, branch)
    return absence is not None and absence.missing == "learned"


def is_lone(recipe: Recipe) -> bool:
    """Returns whether all inputs are optional, so that one of them has to be kept in each example."""
    return all(declared.optional for declared in recipe.inputs.values())


def absence_layers(recipe: Recipe, kind: Kind, name: str, shapes: Sequence[Shape]) -> tuple[Inner, ...]:
    """Returns the layers of a node of one of `KINDS`, on parents of some shapes.

    >>> from fusion.recipe.inputs import Table
    >>> facts = Table(columns=["area"], optional=Absence(missing="learned"))
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"facts": facts, "more": Table(columns=["rooms"])},
    ...     branches={"a": {"input": "facts"}, "b": {"input": "more"}},
    ...     fusion={"op": "concat", "from": ["a", "b"]},
    ...     head={"output": {"task": "regression"}},
    ... )
    >>> [(layer.name, layer.params) for layer in absence_layers(one, "missing", "a.missing", [(8,), (1,)])]
    [('absent', 0), ('learned', 8), ('given', 0)]
    """
    made = Assembly({f"{SOURCE}{number}": shape for number, shape in enumerate(shapes)})
    owner = name.partition(".")[0]
    match kind:
        case "present":
            _presence(made, recipe.inputs[owner])
        case "drop":
            absence = recipe.inputs[owner].optional
            kept = made.add(
                "dropout", "Dropout", [f"{SOURCE}0"], config={"rate": absence.dropout if absence else 0.0}
            )
            # Dropout makes up for what it takes by scaling the rest; a presence is one or zero.
            made.add("drop", "ops.sign", [kept], cost=1)
        case "keep":
            _kept(made, [f"{SOURCE}{number}" for number in range(1, len(shapes))])
        case "fill":
            _filled(made, recipe.inputs[owner])
        case "missing":
            _exchanged(made, learned=learns_absence(recipe, owner))
    return tuple(made.layers)


def _presence(made: Assembly, declared: Input) -> None:
    """Adds what gives 1 for an input that is there and 0 for one that is not; one NaN makes an input missing."""
    source = f"{SOURCE}0"
    if declared.dtype == "string":
        there = made.add("there", "ops.not_equal", [source], config={"x2": ""}, cost=1)
    elif isinstance(declared, Tokens):
        real = made.add("real", "ops.not_equal", [source], config={"x2": declared.pad}, cost=declared.length)
        config = {"axis": -1, "keepdims": True}
        there = made.add("there", "ops.any", [real], (1,), config, cost=declared.length)
    else:
        values = size(made.shape(source))
        if isinstance(declared, Image):
            source = made.add("flat", "Flatten", [source], (values,), {"dtype": "float32"})
        holes = made.add("holes", "ops.isnan", [source], cost=values)
        gone = made.add("gone", "ops.any", [holes], (1,), {"axis": -1, "keepdims": True}, cost=values)
        there = made.add("there", "ops.logical_not", [gone], cost=1)
    made.add("present", "ops.cast", [there], config={"dtype": "float32"})


def _kept(made: Assembly, drawn: Sequence[str]) -> None:
    """Adds what keeps an input that was taken away where nothing would be left; it reads its presence, then all drawn."""
    left = made.add("left", "Maximum", drawn)
    nothing = made.add("nothing", "Rescaling", [left], config={"scale": -1.0, "offset": 1.0})
    again = made.add("again", "Multiply", [nothing, f"{SOURCE}0"])
    made.add("keep", "Maximum", [drawn[0], again])


def _filled(made: Assembly, declared: Input) -> None:
    """Adds what puts grey into a missing image, and the mean, which is zero, into a normalised table."""
    value = sum(declared.range) / 2 if isinstance(declared, Image) else 0.0
    source = f"{SOURCE}0"
    count = size(made.shape(source))
    holes = made.add("holes", "ops.isnan", [source], cost=count)
    numbers = made.add("numbers", "ops.logical_not", [holes], cost=count)
    made.add("fill", "ops.where", [numbers, source], config={"x2": value}, cost=count)


def _exchanged(made: Assembly, *, learned: bool) -> None:
    """Adds what gives a vector or map where its input is present, and where not zeros or one learned vector."""
    vector, present = f"{SOURCE}0", f"{SOURCE}1"
    shape = made.shape(vector)
    if len(shape) > 1:
        ones = (1,) * len(shape)
        present = made.add("places", "Reshape", [present], ones, {"target_shape": ones})
    if not learned:
        made.add("given", "ops.where", [present, vector], shape, {"x2": 0.0}, cost=size(shape))
        return
    absent = made.add("absent", "Rescaling", [present], config={"scale": -1.0, "offset": 1.0})
    instead = made.dense(
        "learned", absent, shape[-1] or 1, config={"use_bias": False, "kernel_initializer": START}
    )
    made.add("given", "ops.where", [present, vector, instead], shape, cost=size(shape))
