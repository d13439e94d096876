"""What the arms of a run are, kept in its folder: their recipes, and how deep each branch is cut."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fusion.errors import StudyError
from fusion.files import replacing
from fusion.graph.nodes import FusionGraph
from fusion.recipe.writing import to_data
from fusion.skeleton.survey import depth
from fusion.study.cuts import CutArm

ARMS = "arms.json"


@dataclass(frozen=True, slots=True)
class CutPlace:
    """Where a branch is cut.

    Args:
        tap: Address of the last layer kept, such as `vgg/block4_pool`.
        depth: Its place among the backbone's layers, above 0 and at most 1.
    """

    tap: str
    depth: float


@dataclass(frozen=True, slots=True)
class ArmFacts:
    """An arm as it was resolved when the study began.

    Args:
        recipe: Its recipe as plain data.
        cuts: By branch, where it is cut; branches of a backbone with several taps have no entry. Of an arm that asks where
            to cut and train on, by backbone where what is transferred ends.
        kind: What becomes of both sides of such a cut; `""` of other arms.
    """

    recipe: Mapping[str, Any]
    cuts: Mapping[str, CutPlace]
    kind: str = ""


def arm_facts(graph: FusionGraph, cut: CutArm | None = None) -> ArmFacts:
    """Returns what a report needs to know of an arm.

    Args:
        graph: The arm, resolved.
        cut: What it is among arms that ask where to cut and train on.

    >>> from fusion.checking import resolve
    >>> from fusion.recipe.short import fuse
    >>> one = resolve(fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3)))
    >>> arm_facts(one).cuts["tinyvgg_view"].tap
    'tinyvgg/block3_pool'
    """
    if cut is not None:
        place = {cut.backbone: CutPlace(f"{cut.backbone}/{cut.layer}", cut.depth)}
        return ArmFacts(to_data(graph.recipe), place if cut.layer else {}, cut.kind)
    cuts = {}
    for name, branch in graph.recipe.branches.items():
        trunk = graph.trunks.get(branch.backbone) if branch.backbone else None
        if trunk is not None and len(trunk.taps) == 1:
            (tap,) = trunk.taps
            cuts[name] = CutPlace(f"{trunk.backbone}/{tap}", depth(trunk.skeleton, tap))
    return ArmFacts(to_data(graph.recipe), cuts)


def write_arms(arms: Mapping[str, FusionGraph], folder: Path, *, cuts: Mapping[str, CutArm]) -> None:
    """Writes what the arms of a run are; those among `cuts` ask where to cut and train on.

    Raises:
        FileError: If it cannot be written.
    """
    facts = {name: asdict(arm_facts(graph, cuts.get(name))) for name, graph in arms.items()}
    with replacing(folder / ARMS) as part:
        part.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_arms(folder: Path) -> dict[str, ArmFacts]:
    """Returns what the arms of a run are; nothing where that was not kept.

    >>> read_arms(Path("nowhere"))
    {}

    Raises:
        StudyError: If the file is not what `write_arms` writes.
    """
    path = folder / ARMS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: ArmFacts(
                each["recipe"],
                {branch: CutPlace(**cut) for branch, cut in each["cuts"].items()},
                each.get("kind", ""),
            )
            for name, each in found.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StudyError(
            f"{path} is damaged: {error}. Begin the study again; what is done stays done."
        ) from error
