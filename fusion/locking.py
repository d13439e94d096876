"""What a recipe resolved to on the day it was locked, and what has moved since."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationError

from fusion.backbones.catalogue import find_digest
from fusion.checking import Source, resolve
from fusion.errors import FileError, Problem
from fusion.files import replacing
from fusion.graph.nodes import FusionGraph, Trunk
from fusion.recipe.branches import Branch
from fusion.recipe.parsing import parse, read_text
from fusion.recipe.values import Map, Named, Value, Word
from fusion.recipe.writing import recipe_hash, to_json
from fusion.skeleton.cuts import resolve as resolve_cut
from fusion.skeleton.layers import Skeleton
from fusion.wording import counted

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
PACKAGES = ("fusion", "keras", "tensorflow")


class LockedBackbone(Value):
    """What a backbone was.

    Args:
        layers: How many layers it had.
        fingerprint: Digest of their names, kinds, connections, shapes and numbers of weights, in order.
        weights: Digest of its weights file; `None` where it has none of its own.

    >>> LockedBackbone(layers=3, fingerprint="0" * 64).weights is None
    True
    """

    layers: int
    fingerprint: Digest
    weights: Digest | None = None


class Lock(Value):
    """What a recipe resolved to.

    Args:
        recipe: The recipe's hash.
        cuts: By branch, the layers its cuts and aliases stood for.
        entrances: By branch that enters its backbone, the layer that stood for.
        backbones: What each backbone was.
        versions: Of the packages that made them.

    >>> Lock(recipe="0123456789ab", cuts={}, backbones={}, versions={}).lock
    1
    """

    always_written: ClassVar = ("lock",)

    lock: Literal[1] = 1
    recipe: Word
    cuts: Named[tuple[Word, ...]]
    entrances: Named[Word] = Field(default=Map())
    backbones: Named[LockedBackbone]
    versions: Named[Word]


def lock(recipe: Source, *, folders: Sequence[Path] = ()) -> Lock:
    """Returns what a recipe resolves to: layers that cuts stand for, layer lists, weights files, versions.

    Args:
        recipe: The recipe, or the path of its file, or what `fusion.resolve` made of it.
        folders: Where weights files lie.

    >>> from fusion.recipe.recipe import Recipe
    >>> one = Recipe(
    ...     name="one",
    ...     inputs={"photo": {"kind": "image", "shape": (32, 32, 3)}},
    ...     backbones={"eye": {"arch": "TinyVGG", "weights": None}},
    ...     branches={"all": {"input": "photo", "backbone": "eye", "cut": "stage:2"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> lock(one).cuts["all"]
    ('block2_pool',)

    Raises:
        RecipeError: Listing every problem of the recipe.
        WeightsError: If a weights file is not there, or is not the one that was meant.
    """
    graph = resolve(recipe, folders=folders)
    return Lock(
        recipe=recipe_hash(graph.recipe),
        cuts={name: _taps(graph, each) for name, each in graph.recipe.branches.items() if each.backbone},
        entrances={
            name: graph.trunks[each.backbone].enter
            for name, each in graph.recipe.branches.items()
            if each.backbone and each.of
        },
        backbones={name: _backbone(graph, trunk, folders) for name, trunk in graph.trunks.items()},
        versions={package: version(package) for package in PACKAGES},
    )


def moved(recipe: Source, locked: Lock, *, folders: Sequence[Path] = ()) -> tuple[Problem, ...]:
    """Returns what is not as it was when a recipe was locked, each with its place in the recipe; nothing if all is.

    Other versions of packages alone are nothing that moved; where something did, they are told as the likely reason.

    Raises:
        RecipeError: Listing every problem of the recipe.
        WeightsError: If a weights file is not there, or is not the one that was meant.
    """
    now = lock(recipe, folders=folders)
    found = [*_moved(locked, now)]
    versions = [
        f"{package} {was} -> {now.versions.get(package, 'none')}"
        for package, was in locked.versions.items()
        if now.versions.get(package) != was
    ]
    if found and versions:
        found.append(Problem("", f"Versions since: {', '.join(versions)}."))
    return tuple(found)


def _moved(was: Lock, now: Lock) -> Iterator[Problem]:
    if was.recipe != now.recipe:
        yield Problem(
            "", f"The recipe means something else: hash {was.recipe} -> {now.recipe}. Lock it anew."
        )
    for name, taps in now.cuts.items():
        if name in was.cuts and was.cuts[name] != taps:
            text = f"The cut was {' + '.join(was.cuts[name])} and is {' + '.join(taps)}."
            yield Problem(f"/branches/{name}/cut", text)
    for name, enter in now.entrances.items():
        if was.entrances.get(name, enter) != enter:
            text = f"The entrance was {was.entrances[name]} and is {enter}."
            yield Problem(f"/branches/{name}/enter", text)
    for name, backbone in now.backbones.items():
        old = was.backbones.get(name)
        if old is None:
            continue
        if old.fingerprint != backbone.fingerprint:
            sizes = f"{counted(old.layers, 'layer')} then, {backbone.layers} now"
            yield Problem(f"/backbones/{name}", f"Its layers are others than they were: {sizes}.")
        if old.weights != backbone.weights:
            text = f"The weights file was {_short(old.weights)} and is {_short(backbone.weights)}."
            yield Problem(f"/backbones/{name}/weights", text)


def lock_file(recipe: Path) -> Path:
    """Returns where the lock of a recipe file lies: beside it.

    >>> lock_file(Path("recipes/two.json")).as_posix()
    'recipes/two.lock.json'
    """
    return recipe.with_suffix(".lock.json")


def write_lock(made: Lock, path: Path) -> None:
    """Writes a lock to a file, whole or not at all.

    Raises:
        FileError: If it cannot be written.
    """
    with replacing(path) as part:
        part.write_text(to_json(made), encoding="utf-8")


def read_lock(path: Path) -> Lock:
    """Returns the lock in a file.

    >>> read_lock(Path("nowhere.lock.json"))
    Traceback (most recent call last):
    ...
    fusion.errors.FileError: There is no lock nowhere.lock.json. Make it with: fusion lock RECIPE

    Raises:
        FileError: If it is not there, or is no lock.
    """
    if not path.is_file():
        raise FileError(f"There is no lock {path}. Make it with: fusion lock RECIPE")
    try:
        return Lock.model_validate(parse(read_text(path), source=str(path)))
    except ValidationError as error:
        first = error.errors()[0]
        place = "/".join(map(str, first["loc"]))
        raise FileError(
            f"{path} is not a lock that this version reads: {first['msg']} at /{place}. "
            "Make it anew with: fusion lock RECIPE"
        ) from error


def _taps(graph: FusionGraph, branch: Branch) -> tuple[str, ...]:
    table = graph.trunks[branch.backbone or ""].skeleton
    return tuple(resolve_cut(table, cut) for cut in branch.cuts)


def _backbone(graph: FusionGraph, trunk: Trunk, folders: Sequence[Path]) -> LockedBackbone:
    return LockedBackbone(
        layers=len(trunk.skeleton.layers),
        fingerprint=fingerprint(trunk.skeleton),
        weights=find_digest(graph.recipe.backbones[trunk.backbone], folders),
    )


def fingerprint(skeleton: Skeleton) -> str:
    """Returns a digest of a backbone's layers: names, kinds, connections, shapes and numbers of weights, in order.

    >>> len(fingerprint(Skeleton("empty", (8, 8, 3), (), "", "3.15.1")))
    64
    """
    rows = [[row.name, row.kind, row.parents, row.shape, row.params] for row in skeleton.layers]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _short(digest: str | None) -> str:
    return f"sha256 {digest[:12]}..." if digest else "none"
