"""Names in a recipe: each is declared, used, and stands for one thing."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from fusion.errors import Problem, listed, near, shown
from fusion.recipe.augmentation import misplaced
from fusion.recipe.balance import misweighed
from fusion.recipe.branches import Branch
from fusion.recipe.inputs import NOUNS, Image, Input
from fusion.recipe.outputs import misread, read_by_head
from fusion.recipe.recipe import Recipe
from fusion.recipe.selectors import parse_selector
from fusion.recipe.stitching import ends, fronts, idle, unled, unstitchable
from fusion.recipe.texts import Listed
from fusion.recipe.translation import Place, pointer

RESERVED = ("fusion", "head", "output")
"""Names that layers of every model bear, or that selectors mean something by."""

STEPS = ("auxiliary", "missing", "normalise", "pool", "prepare", "taps")
"""What a branch or its input does beside its blocks; a block of that name would be taken for it."""

FOR_IMAGES = frozenset({"backbone", "cut", "features", "normalise", "pool", "resize"})
"""What only a branch has that runs an image, or some of it tokens, through a backbone."""

NOT_FOR_TOKENS = frozenset({"features", "resize"})
"""What of that a branch has not that reads tokens."""

SECTIONS = ("inputs", "backbones", "blocks")

Declared = Mapping[str, Collection[str] | None]
"""The names in each section; `None` where the section is no object, so that nobody knows them."""


def references(recipe: Recipe, data: Mapping[str, Any]) -> list[Problem]:
    """Returns what is wrong with the names in `recipe`.

    Args:
        recipe: What could be read of a recipe.
        data: The data it was read from: a name declared there, by a part that could not be read, is no problem.
    """
    declared = {section: _names(data, section) for section in (*SECTIONS, "branches", "fusion")}
    found = [*_taken(recipe), *_branches(recipe, declared), *unstitchable(recipe)]
    if recipe.fusion is not None:
        found += _fusion(recipe, declared)
    elif (
        data.get("fusion") is None and len(ends(recipe)) > 1 and fronts(recipe.branches) <= {*recipe.branches}
    ):
        text = f"There are {len(ends(recipe))} branches; say how they are joined."
        found.append(Problem("/fusion", text))
    found += [*_always_missing(recipe, declared["inputs"]), *_blocks_of_head(recipe, declared["blocks"])]
    if recipe.training is not None:
        found += misplaced(recipe.training.augment, recipe.inputs, declared["inputs"])
        found += misweighed(recipe.training.class_weight, recipe.head.output)
    found += _selectors(recipe, declared, data.get("fusion") is not None)
    if _is_whole(recipe, data):
        found += [*misread(recipe), *_auxiliary(recipe, declared), *idle(recipe)]
    found += _monitors(recipe, data)
    return found


def _is_whole(recipe: Recipe, data: Mapping[str, Any]) -> bool:
    """Whether every fusion node could be read, so that it is known what comes last."""
    written = data.get("fusion")
    if isinstance(recipe.fusion, dict):
        return isinstance(written, dict) and len(recipe.fusion) == len(written)
    return (recipe.fusion is None) == (written is None)


def _names(data: Mapping[str, Any], section: str) -> list[str] | None:
    found = data.get(section, {})
    return list(found) if isinstance(found, dict) else None


def _taken(recipe: Recipe) -> Iterator[Problem]:
    """Layers of one model have different names, and these names become layers."""
    owner: dict[str, str] = {}
    names = [(section, name) for section in SECTIONS for name in getattr(recipe, section)]
    if isinstance(recipe.fusion, dict):
        names += [("fusion", name) for name in recipe.fusion]
    own = [("branches", name) for name in recipe.branches if name in RESERVED]
    own += [place for place in names if place[1] in RESERVED and place != ("fusion", "fusion")]
    own += [("blocks", name) for name in recipe.blocks if name in STEPS]
    for place in own:
        yield Problem(pointer(place), f"The name {place[1]!r} is the library's own; choose another.")
    for section, name in names:
        if name in owner and (section, name) not in own:
            text = (
                f"The name {name!r} stands for one of the {owner[name]} already; every layer needs its own."
            )
            yield Problem(pointer((section, name)), text)
        owner.setdefault(name, section)


def _branches(recipe: Recipe, declared: Declared) -> Iterator[Problem]:
    for name, branch in recipe.branches.items():
        place = ("branches", name)
        yield from _read(branch, declared, place)
        if branch.backbone is not None:
            yield from _known(branch.backbone, declared["backbones"], "backbone", (*place, "backbone"))
        for index, block in enumerate(branch.blocks):
            yield from _known(block, declared["blocks"], "block", (*place, "blocks", index))
        yield from _repeated(branch.blocks, (*place, "blocks"))
        if branch.input is not None and branch.input in recipe.inputs:
            yield from _unsuited(branch, recipe.inputs[branch.input], place)


def _unsuited(branch: Branch, declared: Input, place: Place) -> Iterator[Problem]:
    """Yields what a branch lacks for the kind of its input, and what it says that is for others."""
    what, why, wrong = f"Input {branch.input!r} is a {NOUNS[declared.kind]}", ", a vector already", FOR_IMAGES
    if isinstance(declared, Image | Listed):
        what = what.replace("a image", "an image")
        why, wrong = "", NOT_FOR_TOKENS if isinstance(declared, Listed) else frozenset()
        if branch.backbone is None:
            text = f"{what}; name the backbone that turns it into features."
            yield Problem(pointer((*place, "backbone")), text)
    hint = ' Backbones of texts read the kind "words".' if declared.kind == "text" else ""
    for key in sorted(branch.model_fields_set & wrong):
        yield Problem(pointer((*place, key)), f"{what}{why}; {key!r} is for images.{hint}")


def _read(branch: Branch, declared: Declared, place: Place) -> Iterator[Problem]:
    inputs, branches = declared["inputs"], declared["branches"]
    if branch.input and branch.input not in (inputs or ()) and branch.input in (branches or ()):
        text = f'{branch.input!r} is a branch. Write "from", and "enter" for where its map goes.'
        yield Problem(pointer((*place, "input")), text)
    elif branch.of and branch.of not in (branches or ()) and branch.of in (inputs or ()):
        text = f'{branch.of!r} is an input. Write "input", without "enter".'
        yield Problem(pointer((*place, "from")), text)
    elif branch.input:
        yield from _known(branch.input, inputs, "input", (*place, "input"))
    elif branch.of:
        yield from _known(branch.of, branches, "branch", (*place, "from"))


def _fusion(recipe: Recipe, declared: Declared) -> Iterator[Problem]:
    nodes, single = recipe.nodes, not isinstance(recipe.fusion, dict)
    branches, others = declared["branches"] or [], declared["fusion"] or []
    known = branches if single else [*branches, *others]
    for name, op in nodes.items():
        place = ("fusion",) if single else ("fusion", name)
        if name in branches and not single:
            yield Problem(pointer(place), f"The name {name!r} stands for a branch already; choose another.")
        for index, source in enumerate(op.of):
            yield from _known(source, known, "branch or fusion node", (*place, "from", index))
        if len(set(op.of)) < len(op.of):
            yield Problem(pointer((*place, "from")), "A branch is joined once; here one stands twice.")
    if single:
        return
    # Reading a recipe without a fusion of fusions must stay quick, and networkx takes a quarter of a second.
    import networkx as nx

    graph = nx.DiGraph([(source, name) for name, op in nodes.items() for source in op.of])
    try:
        cycle = [start for start, *_ in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        cycle = []
    if cycle:
        yield Problem("/fusion", f"Nodes feed each other in a circle: {' -> '.join([*cycle, cycle[0]])}.")
    elif len(nodes) == len(others):
        ends = [name for name in nodes if graph.out_degree(name) == 0]
        if len(ends) > 1:
            text = f"The nodes {listed(ends)} lead nowhere; only one may be last, join them."
            yield Problem("/fusion", text)


def _always_missing(recipe: Recipe, inputs: Collection[str] | None) -> Iterator[Problem]:
    for name, spec in recipe.inputs.items():
        if spec.optional is not None and inputs is not None and len(inputs) == 1:
            text = (
                f'{name!r} is the only input, and an example without any says nothing. Leave "optional" away.'
            )
            yield Problem(pointer(("inputs", name, "optional")), text)


def _blocks_of_head(recipe: Recipe, blocks: Collection[str] | None) -> Iterator[Problem]:
    in_branches = {block: name for name, branch in recipe.branches.items() for block in branch.blocks}
    for index, block in enumerate(recipe.head.blocks):
        place = ("head", "blocks", index)
        yield from _known(block, blocks, "block", place)
        if block in in_branches:
            text = f"Block {block!r} is used by branch {in_branches[block]!r}; the head needs one of its own."
            yield Problem(pointer(place), text)
    yield from _repeated(recipe.head.blocks, ("head", "blocks"))


def _auxiliary(recipe: Recipe, declared: Declared) -> Iterator[Problem]:
    nodes = declared["fusion"] if isinstance(recipe.fusion, dict) else ["fusion"] if recipe.nodes else []
    known = [*(declared["branches"] or ()), *(nodes or ())]
    last = read_by_head(recipe)
    for name in recipe.head.auxiliary:
        place = ("head", "auxiliary", name)
        yield from _known(name, known, "branch or fusion node", place)
        if name in recipe.branches and name not in ends(recipe):
            text = (
                f"Branch {name!r} gives a map, which another branch reads, and no vector. Name that one, or join "
                f"{name!r} in the fusion as well."
            )
            yield Problem(pointer(place), text)
        elif name == last:
            text = (
                f"The head reads {name!r} itself, so an auxiliary output there would learn what the main one learns. "
                "Name a branch or node that is joined to others, or leave it out."
            )
            yield Problem(pointer(place), text)


def _repeated(blocks: Sequence[str], place: Place) -> Iterator[Problem]:
    for index, block in enumerate(blocks):
        if block in blocks[:index]:
            text = f"Block {block!r} stands here already; one that is gone through again needs another name."
            yield Problem(pointer((*place, index)), text)


def _selectors(recipe: Recipe, declared: Declared, joined: bool) -> Iterator[Problem]:
    phases = recipe.training.phases if recipe.training else ()
    for number, phase in enumerate(phases):
        selected = [("train", index, part.part) for index, part in enumerate(phase.parts)]
        selected += [("reset", index, text) for index, text in enumerate(phase.reset)]
        for key, index, written in selected:
            place = ("training", "phases", number, key, index)
            try:
                selector = parse_selector(written)
            except ValueError as error:
                yield Problem(pointer(place), str(error))
                continue
            if selector.kind == "block":
                yield from _known(selector.owner, declared["blocks"], "block", place)
            elif selector.kind == "stitch":
                text = unled(recipe, selector.owner, declared["branches"] or ())
                yield from [Problem(pointer(place), text)] if text else []
            elif selector.kind == "backbone":
                yield from _backbone_selected(recipe, selector.owner, declared, place)
            elif selector.kind == "fusion" and not joined:
                yield Problem(pointer(place), f"There is no fusion to {key}.")
            elif selector.kind == "fusion" and selector.owner and recipe.fusion is not None:
                named = isinstance(recipe.fusion, dict)
                known = declared["fusion"] if named else ["fusion"]
                yield from _known(selector.owner, known, "fusion node", place)


def _monitors(recipe: Recipe, data: Mapping[str, Any]) -> Iterator[Problem]:
    output, reports = recipe.head.output, recipe.head.reports
    declared = data.get("head")
    read = declared.get("output") if isinstance(declared, dict) else None
    if not isinstance(read, dict) or read.get("task") != output.task:
        # The head could not be read, and what it reports is not known.
        return
    for number, phase in enumerate(recipe.training.phases if recipe.training else ()):
        if phase.monitor not in reports:
            hint = near(phase.monitor, reports)
            text = f"A {output.task} does not report {shown(phase.monitor)}.{hint} It reports: {listed(reports)}."
            yield Problem(pointer(("training", "phases", number, "monitor")), text)


def _backbone_selected(recipe: Recipe, name: str, declared: Declared, place: Place) -> Iterator[Problem]:
    backbones = declared["backbones"]
    if backbones is None or name in backbones:
        return
    branch = recipe.branches.get(name)
    if name in (declared["blocks"] or ()):
        text = f"{name!r} is a block; write 'block:{name}'."
    elif branch is not None and branch.backbone is not None:
        text = f"{name!r} is a branch, and backbones and blocks train; its backbone is {branch.backbone!r}."
        if branch.of:
            text = f"{text[:-1]}, its stitch 'stitch:{branch.backbone}'."
    else:
        yield from _known(name, [*backbones, "head", "fusion"], "backbone", place)
        return
    yield Problem(pointer(place), text)


def unused(recipe: Recipe) -> Iterator[Problem]:
    """Yields what is declared and serves nothing; for recipes whose names are all in order."""
    branches = recipe.branches.values()
    used: dict[str, Collection[str | None]] = {
        "inputs": {branch.input for branch in branches},
        "backbones": {branch.backbone for branch in branches},
        "blocks": {block for branch in branches for block in branch.blocks} | set(recipe.head.blocks),
    }
    for section, names in used.items():
        for name in getattr(recipe, section):
            if name not in names:
                text = f"{name!r} is used by nothing; use it or take it out."
                yield Problem(pointer((section, name)), text)
    if recipe.fusion is not None:
        joined = {source for op in recipe.nodes.values() for source in op.of}
        for name in recipe.branches:
            if name not in joined | fronts(recipe.branches):
                text = f'Branch {name!r} reaches no output; name it in a fusion\'s "from" or take it out.'
                yield Problem(pointer(("branches", name)), text)


def _known(name: str, known: Collection[str] | None, what: str, place: Place) -> Iterator[Problem]:
    if known is not None and name not in known:
        text = f"There is no {what} {shown(name)}.{near(name, known)} Declared: {listed(known)}."
        yield Problem(pointer(place), text)
