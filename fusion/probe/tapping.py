"""The layers of a study's backbones that are scored, and the recipe that gives them all in one pass."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fusion.errors import LayerNotFoundError, Problem, RecipeError, StudyError, listed
from fusion.graph.nodes import FusionGraph
from fusion.recipe.branches import Branch
from fusion.recipe.joining import Concat
from fusion.recipe.recipe import Recipe
from fusion.recipe.translation import pointer
from fusion.skeleton.layers import Skeleton
from fusion.skeleton.survey import CutPoint, chosen_cuts, depth, survey
from fusion.study.declaration import Study


@dataclass(frozen=True, slots=True)
class TapPoint:
    """A layer that is scored.

    Args:
        backbone: Name of the backbone in the recipe.
        layer: Name of the layer.
        depth: Its place among the backbone's layers, above 0 and at most 1.
        params: Weights kept by a cut there.
        flops: Operations kept by a cut there, for one sample; `None` where they are not known.
        flat: Whether it gives a vector, which needs no pool.
    """

    backbone: str
    layer: str
    depth: float
    params: int
    flops: int | None
    flat: bool = False

    @property
    def name(self) -> str:
        """The address of the layer, such as `vgg/block4_pool`."""
        return f"{self.backbone}/{self.layer}"


def find_taps(study: Study, graph: FusionGraph) -> tuple[TapPoint, ...]:
    """Returns the taps of a study, backbone by backbone, by depth; the natural cuts of all backbones if it names none.

    Args:
        study: Its `taps` name layers by name or alias, by globs, as `natural` or as `stages`.
        graph: The study's recipe.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> study = Study(name="taps", recipe=one, taps={"tinyvgg": ["block*_pool"]})
    >>> [tap.name for tap in find_taps(study, resolve(one))]
    ['tinyvgg/block1_pool', 'tinyvgg/block2_pool', 'tinyvgg/block3_pool']

    Raises:
        RecipeError: Listing every backbone and layer that is not there.
        StudyError: If no backbone reads an input.
    """
    problems: list[Problem] = []
    found: list[TapPoint] = []
    readers = {name: each for name in graph.trunks if (each := reader(graph.recipe, name)) is not None}
    if not readers:
        raise StudyError(
            f"No backbone of {graph.recipe.name!r} reads an input, so there is no layer to score."
        )
    wanted = study.taps or dict.fromkeys(readers, ("natural",))
    for backbone, selectors in wanted.items():
        if backbone not in readers:
            text = f"No backbone {backbone!r} reads an input. Those that do: {listed(readers)}."
            problems.append(Problem(pointer(("taps", backbone)), text))
            continue
        table = graph.trunks[backbone].skeleton
        points, chosen = survey(table), set[str]()
        for place, selector in enumerate(selectors):
            try:
                chosen |= chosen_cuts(table, points, selector, owner=backbone)
            except LayerNotFoundError as error:
                problems.append(Problem(pointer(("taps", backbone, str(place))), str(error)))
        found += _points(backbone, table, [each for each in points if each.name in chosen])
    if problems:
        raise RecipeError.of(f"study {study.name!r}", problems)
    return tuple(found)


def reader(recipe: Recipe, backbone: str) -> Branch | None:
    """Returns the first branch by which a backbone reads an input, or `None` if it only reads other branches' maps.

    >>> from fusion.recipe.short import fuse
    >>> reader(fuse("VGG16", output=["ant", "bee"]), "vgg16").input
    'photo'
    """
    own = (each for each in recipe.branches.values() if each.backbone == backbone and each.input)
    return next(own, None)


def tapped_recipe(recipe: Recipe, taps: Sequence[TapPoint]) -> Recipe:
    """Returns a recipe with a branch for each tap, `tap1` and on: one pass through it gives them all, pooled.

    Each branch reads, resizes and pools as the recipe's first branch on that backbone; where that keeps every place of
    a map (`flatten`, `none`) the mean over places is taken. No input is optional: what stands in for one is not scored.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("VGG16", output=["ant", "bee"])
    >>> points = [TapPoint("vgg16", f"block{number}_pool", 0.5, 0, 0) for number in (1, 2)]
    >>> list(tapped_recipe(one, points).branches)
    ['tap1', 'tap2']
    """
    branches = {f"tap{number}": _branch(recipe, tap) for number, tap in enumerate(taps, 1)}
    used = {tap.backbone for tap in taps}
    inputs = {branch.input for branch in branches.values()}
    return recipe.replaced(
        inputs={name: each.replaced(optional=None) for name, each in recipe.inputs.items() if name in inputs},
        backbones={name: each for name, each in recipe.backbones.items() if name in used},
        branches=branches,
        fusion=Concat(of=tuple(branches)) if len(branches) > 1 else None,
        blocks={},
        head=recipe.head.replaced(blocks=(), auxiliary={}),
        training=None,
    )


def _branch(recipe: Recipe, tap: TapPoint) -> Branch:
    read = reader(recipe, tap.backbone)
    if read is None:
        raise StudyError(f"The backbone {tap.backbone!r} reads no input, so its layers cannot be scored.")
    pool = "none" if tap.flat else "avg" if read.pool in {"flatten", "none"} else read.pool
    kept = None if pool != read.pool else read.features
    return read.replaced(cut=tap.layer, pool=pool, features=kept, blocks=())


def _points(backbone: str, table: Skeleton, points: Sequence[CutPoint]) -> Iterator[TapPoint]:
    for point in points:
        deep, flat = depth(table, point.name), len(point.shape) == 1
        work = None if point.uncounted else point.flops
        yield TapPoint(backbone, point.name, deep, point.params, work, flat)
