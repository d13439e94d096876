"""Arms that ask where to cut and train on: which layers keep what they learnt, which begin anew, which train."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import networkx as nx

from fusion.errors import LayerNotFoundError, Problem, RecipeError, listed, near, shown
from fusion.graph.nodes import FusionGraph, Trunk
from fusion.recipe.recipe import Recipe
from fusion.recipe.selectors import parse_selector
from fusion.recipe.training import Part, Phase
from fusion.recipe.translation import pointer
from fusion.recipe.writing import to_data
from fusion.skeleton.articulation import digraph
from fusion.skeleton.survey import chosen_cuts, depth, survey
from fusion.study.declaration import Cuts

WITHOUT_CUT = "scratch"
"""The kind of arm that keeps nothing, and so has no cut."""


@dataclass(frozen=True, slots=True)
class CutArm:
    """One arm of a cut study.

    Args:
        kind: What becomes of both sides of the cut; a word of `Cuts.arms`.
        backbone: What is cut.
        layer: Last layer of the first side; `""` without a cut.
        depth: Its place among the backbone's layers, above 0 and at most 1.
        change: New values by their places in the recipe.
    """

    kind: str
    backbone: str
    layer: str = ""
    depth: float = 0.0
    change: Mapping[str, Any] = field(default_factory=dict)


def cut_arms(cuts: Cuts, graph: FusionGraph) -> dict[str, CutArm]:
    """Returns the arms of a cut study by name, such as `frozen@block2_pool`, cut by cut from the first layer on.

    All train for as many epochs as the recipe's phases together, with the optimizer of its last phase, after the head,
    blocks and what else of their own began with fresh weights, the same in every arm. The epochs in which a control
    learns the layers that it then keeps come before: they stand for what pretrained the backbone, which nobody counts.

    Args:
        cuts: What was declared.
        graph: The study's recipe, resolved.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights="eye.h5", shape=(32, 32, 3))
    >>> cuts = Cuts(backbone="tinyvgg", at=["block*_pool"], arms=["frozen", "scratch"])
    >>> list(cut_arms(cuts, resolve(one)))
    ['frozen@block1_pool', 'frozen@block2_pool', 'frozen@block3_pool', 'scratch']

    Raises:
        RecipeError: Listing what of it is not there, or cannot be cut.
    """
    recipe, trunk = graph.recipe, _trunk(cuts, graph)
    layers = _layers(cuts, trunk)
    found = {}
    for layer in layers:
        sides = _Sides(recipe, trunk, layer, before=next(iter(layers[: layers.index(layer)][-1:]), ""))
        for kind in cuts.arms:
            if kind != WITHOUT_CUT:
                found[f"{kind}@{layer}"] = CutArm(
                    kind, cuts.backbone, layer, depth(trunk.skeleton, layer), KINDS[kind](sides)
                )
    if WITHOUT_CUT in cuts.arms:
        scratch = _scratch(_Sides(recipe, trunk, layers[0]))
        found[WITHOUT_CUT] = CutArm(WITHOUT_CUT, cuts.backbone, change=scratch)
    return found


def _trunk(cuts: Cuts, graph: FusionGraph) -> Trunk:
    """Returns the backbone that is cut.

    Raises:
        RecipeError: If there is none, or no arms can be made of it.
    """
    recipe, trunk = graph.recipe, graph.trunks.get(cuts.backbone)
    if trunk is None:
        text = f"There is no backbone {shown(cuts.backbone)}.{near(cuts.backbone, graph.trunks)} Declared: {listed(graph.trunks)}."
        raise RecipeError.of("study", [Problem("/cuts/backbone", text)])
    if recipe.training is None:
        text = 'The recipe says nothing of training, from which every arm takes its epochs and optimizer; give it "training".'
        raise RecipeError.of("study", [Problem("/recipe", text)])
    if recipe.backbones[cuts.backbone].weights is None:
        text = f'{cuts.backbone!r} has "weights": null, so no cut transfers anything. Give it weights.'
        raise RecipeError.of("study", [Problem("/cuts/backbone", text)])
    if "lp_ft" in cuts.arms and sum(phase.epochs for phase in recipe.training.phases) < 2:
        text = "'lp_ft' trains in two phases, and the recipe's phases have one epoch together. Give them two or more, or leave it out."
        raise RecipeError.of("study", [Problem(pointer(("cuts", "arms", cuts.arms.index("lp_ft"))), text)])
    return trunk


def _layers(cuts: Cuts, trunk: Trunk) -> list[str]:
    """Returns the layers that are cut at, in order.

    Raises:
        RecipeError: Listing those that are not there.
    """
    table, problems, chosen = trunk.skeleton, [], set[str]()
    points = survey(table)
    for place, selector in enumerate(cuts.at):
        try:
            names = chosen_cuts(table, points, selector, owner=cuts.backbone)
        except LayerNotFoundError as error:
            problems.append(Problem(pointer(("cuts", "at", place)), str(error)))
            continue
        # Aliases and globs mean what of them the recipe keeps.
        kept = names & trunk.kept
        if not kept:
            ends = listed(map(repr, trunk.taps))
            text = f"{selector!r} lies after {ends}, where the recipe itself cuts {cuts.backbone!r}, so the model does not have it."
            problems.append(Problem(pointer(("cuts", "at", place)), text))
        chosen |= kept
    if problems:
        raise RecipeError.of("study", problems)
    return [point.name for point in points if point.name in chosen]


@dataclass(frozen=True, slots=True)
class _Sides:
    """A recipe and a cut of one of its backbones: selectors of what lies on both sides.

    Args:
        recipe: The recipe.
        trunk: The backbone.
        layer: Last layer of the first side.
        before: The cut before this one; `""` if it is the first.
    """

    recipe: Recipe
    trunk: Trunk
    layer: str
    before: str = ""

    @property
    def phases(self) -> Sequence[Phase]:
        return self.recipe.training.phases if self.recipe.training else ()

    @property
    def epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    @property
    def others(self) -> dict[str, str | Part]:
        """What the recipe trains apart from the backbone, as it was last said; the head always."""
        parts = {
            selected if isinstance(selected, str) else selected.part: selected
            for phase in self.phases
            for selected in phase.train
        }
        return {"head": "head"} | {
            part: each for part, each in parts.items() if self._owner(part) != self.owner
        }

    @property
    def own(self) -> list[str]:
        """What of that nobody pretrained, so that it begins anew."""
        return [part for part in self.others if not self._owner(part)]

    @property
    def owner(self) -> str:
        return self.trunk.backbone

    @property
    def rate(self) -> float | None:
        """The rate of its own that the recipe last trains layers of the backbone with."""
        parts = [each for phase in self.phases for each in phase.train if isinstance(each, Part)]
        rates = [each.learning_rate for each in parts if self._owner(each.part) == self.owner]
        return rates[-1] if rates else None

    @property
    def after(self) -> list[str]:
        """A selector of all that comes after the cut; none where nothing does that has weights."""
        rows = self.trunk.skeleton.rows
        later = nx.descendants(digraph(self.trunk.skeleton), self.layer) & self.trunk.kept
        return (
            [f"{self.owner}[{self._next(self.layer)}..]"] if any(rows[name].params for name in later) else []
        )

    @property
    def part(self) -> str | Part:
        """A selector of what lies between the cut before and this one, at the recipe's rate for the backbone."""
        return self._rated(f"{self.owner}[{self._next(self.before) if self.before else ''}..{self.layer}]")

    @property
    def whole(self) -> list[str | Part]:
        """Selectors of the whole backbone, what was learnt elsewhere at the recipe's rate for it."""
        if self.rate is None:
            return [self.owner]
        return [*self.after, self._rated(f"{self.owner}[..{self.layer}]")]

    def _rated(self, part: str) -> str | Part:
        return part if self.rate is None else Part(part=part, learning_rate=self.rate)

    def _next(self, layer: str) -> str:
        """Returns where a range begins that has the weights after a layer, and not its own."""
        if not self.trunk.skeleton[layer].params:
            return layer
        names = [name for name in self.trunk.skeleton.rows if name in self.trunk.kept]
        return names[min(names.index(layer) + 1, len(names) - 1)]

    def _owner(self, text: str) -> str:
        selector = parse_selector(text)
        return selector.owner if selector.kind == "backbone" else ""


def _phase(sides: _Sides, name: str, train: Sequence[str | Part], **values: Any) -> dict[str, Any]:
    """Returns a phase like the recipe's last one, as plain data."""
    chosen = [each if isinstance(each, str) else to_data(each) for each in (*sides.others.values(), *train)]
    return to_data(sides.phases[-1]) | {
        "name": name,
        "epochs": sides.epochs,
        "reset": [],
        "train": chosen,
        **values,
    }


def _upper(sides: _Sides) -> dict[str, Any]:
    """What comes after the cut trains anew on what comes before it."""
    return _phase(sides, "after the cut", sides.after, reset=[*sides.own, *sides.after])


def _all(sides: _Sides) -> dict[str, Any]:
    """What comes after the cut begins anew, and all trains."""
    return _phase(sides, "all", sides.whole, reset=[*sides.own, *sides.after])


def _first(sides: _Sides, reset: Sequence[str] = ()) -> dict[str, Any]:
    """All trains on the task itself, from nothing."""
    return _phase(sides, "from nothing", [sides.owner], batchnorm="train", reset=list(reset))


def _changed(*phases: dict[str, Any]) -> dict[str, Any]:
    return {"/training/phases": list(phases)}


def _random(sides: _Sides) -> dict[str, Any]:
    return {f"/backbones/{sides.owner}/weights": None}


def _scratch(sides: _Sides) -> dict[str, Any]:
    """All begins with the weights that what comes after a cut begins with in the other arms, which a model is not built with."""
    return _random(sides) | _changed(_first(sides, [*sides.own, sides.owner]))


def _probed_first(sides: _Sides) -> dict[str, Any]:
    """LP-FT: what is new alone, then all (Kumar and others, 2022)."""
    first = sides.epochs // 2
    after = _phase(sides, "all", sides.whole, epochs=sides.epochs - first)
    return _changed(_upper(sides) | {"epochs": first}, after)


def _surgical(sides: _Sides) -> dict[str, Any]:
    """The part between two cuts alone, and what is new (Lee and others, 2023)."""
    return _changed(_phase(sides, "one part", [sides.part], reset=sides.own))


KINDS: Mapping[str, Callable[[_Sides], dict[str, Any]]] = {
    "frozen": lambda sides: _changed(_upper(sides)),
    "finetuned": lambda sides: _changed(_all(sides)),
    "random": lambda sides: _random(sides) | _changed(_upper(sides)),
    "control": lambda sides: _random(sides) | _changed(_first(sides), _upper(sides)),
    "control_finetuned": lambda sides: _random(sides) | _changed(_first(sides), _all(sides)),
    "lp_ft": _probed_first,
    "surgical": _surgical,
}
"""What each kind of arm changes in a recipe."""
