"""The recipe itself: one value that says everything about a model before it is built."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field

from fusion.recipe.backbones import AnyBackbone
from fusion.recipe.blocks import Block
from fusion.recipe.branches import Branch
from fusion.recipe.head import Head
from fusion.recipe.inputs import Input
from fusion.recipe.ops import Fusion, Op
from fusion.recipe.training import Training
from fusion.recipe.values import Filled, Map, Named, Several, Text, Value, Word

FORMAT: Literal[1] = 1
"""Version of the recipe format this package writes."""


def _different(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"What is required is named once, but {', '.join(map(repr, twice))} stands more than once."
        )
    return names


class Recipe(Value):
    """A fusion model as a value: what it reads, fuses and predicts, and what trains when.

    Args:
        editor_schema: Where an editor finds the format's schema, `$schema` in JSON; no part of its identity.
        name: What it is called; no part of its identity.
        requires: Architectures that functions registered in Python build (`fusion.register_backbone`).
        inputs: What it is fed, by name.
        backbones: Pretrained networks, by name; they own weights.
        branches: Uses of them, by name; each gives one vector.
        fusion: How the vectors are joined; `None` where there is one branch.
        blocks: Own layers, by name; they own weights.
        head: What comes after the fusion.
        training: What trains when; `None` for a model that is only built.
        notes: Free text; no part of its identity.

    >>> from fusion.recipe.backbones import Backbone
    >>> recipe = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (64, 64, 3)}},
    ...     backbones={"vgg": Backbone(arch="VGG16", weights=None)},
    ...     branches={"all": Branch(input="photo", backbone="vgg", cut="block3_pool")},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> recipe.branches["all"].pool
    'avg'
    """

    always_written: ClassVar = ("recipe",)

    recipe: Literal[1] = FORMAT
    editor_schema: Text | None = Field(
        default=None, validation_alias="$schema", serialization_alias="$schema"
    )
    name: Word
    notes: Text = ""
    requires: Annotated[Several[Word], AfterValidator(_different)] = ()
    inputs: Filled[Input]
    backbones: Named[AnyBackbone] = Field(default=Map())
    branches: Filled[Branch]
    fusion: Fusion | None = None
    blocks: Named[Block] = Field(default=Map())
    head: Head
    training: Training | None = None

    @property
    def nodes(self) -> dict[str, Op]:
        """The fusion nodes by name; a single op is called `fusion`."""
        if self.fusion is None:
            return {}
        return dict(self.fusion) if isinstance(self.fusion, Mapping) else {"fusion": self.fusion}

    @property
    def seed(self) -> int:
        """The seed of its training, and of what is built and split; 0 where it declares no training."""
        return self.training.seed if self.training else 0

    def replace(self, place: str, value: Any) -> "Recipe":
        """Returns this recipe with the value at a JSON Pointer exchanged, checked like a new one.

        >>> one = Recipe(
        ...     name="one",
        ...     inputs={"x": {"kind": "tabular", "columns": ["a"]}},
        ...     branches={"b": {"input": "x"}},
        ...     head={"output": {"task": "regression"}},
        ... )
        >>> one.replace("/head/output/task", "binary").head.output.task
        'binary'

        Raises:
            RecipeError: If `place` leads nowhere, or the new value breaks a rule.
        """
        from fusion.recipe.reading import from_data
        from fusion.recipe.writing import exchanged, to_data

        return from_data(exchanged(to_data(self), place, value), source=f"{self.name} with a new {place}")
