"""Where a backbone is entered at an inner layer: what is given there takes the place of what that layer gives."""

from collections.abc import Iterator, Sequence

from fusion.errors import LayerNotFoundError, listed
from fusion.skeleton.articulation import digraph
from fusion.skeleton.cuts import kept, resolve
from fusion.skeleton.layers import Skeleton


def entrances(skeleton: Skeleton, cuts: Sequence[str]) -> tuple[str, ...]:
    """Returns the rows that every path from the input to the cuts passes through before it reaches them, in order.

    They are what dominates all cuts; the input, the cuts, and what lies inside a nested model are not among them.

    Args:
        skeleton: The backbone's table.
        cuts: Names of rows.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("a", "ReLU", ("x",), (8, 8, 3)))
    >>> rows += (Layer("b", "ReLU", ("a",), (8, 8, 3)),)
    >>> entrances(Skeleton("tiny", (8, 8, 3), rows, "b", "3.15.1"), ["b"])
    ('a',)
    """
    # As in `fusion.skeleton.articulation`: networkx takes a quarter of a second.
    import networkx as nx

    start = skeleton.layers[0].name
    above = nx.immediate_dominators(digraph(skeleton), start)
    passed = set(skeleton.rows) - {start}
    for cut in cuts:
        chain = [cut]
        while chain[-1] != start:
            chain.append(above[chain[-1]])
        passed &= {*chain[1:]}
    return tuple(name for name in skeleton.rows if name in passed and not _is_inside(skeleton, name))


def entrance(skeleton: Skeleton, enter: str, cuts: Sequence[str], *, owner: str = "") -> str:
    """Returns the name of the row at which a backbone is entered.

    Args:
        skeleton: The backbone's table.
        enter: Name or alias, as `fusion.skeleton.cuts.resolve` takes it.
        cuts: Names of the rows that are read.
        owner: What the recipe calls the backbone, for the message.

    >>> from fusion.skeleton.layers import Layer
    >>> rows = (Layer("x", "InputLayer", (), (8, 8, 3)), Layer("a", "ReLU", ("x",), (8, 8, 3)))
    >>> rows += (Layer("b", "ReLU", ("a",), (8, 8, 3)),)
    >>> entrance(Skeleton("tiny", (8, 8, 3), rows, "b", "3.15.1"), "a", ["b"])
    'a'

    Raises:
        LayerNotFoundError: If there is no such layer, or something goes around it to a cut.
    """
    who = f"{owner!r} ({skeleton.source})" if owner else skeleton.source
    if enter == skeleton.layers[0].name:
        raise LayerNotFoundError(
            f'{who} cannot be entered at {enter!r}: that is its input. Give the branch an "input".'
        )
    name = resolve(skeleton, enter, owner=owner)
    whole = entrances(skeleton, cuts)
    if name in whole:
        return name
    raise LayerNotFoundError(
        f"{who} cannot be entered at {name!r}: {_reason(skeleton, name, cuts)}. {_nearest(skeleton, name, whole)}"
    )


def _reason(skeleton: Skeleton, name: str, cuts: Sequence[str]) -> str:
    later = [cut for cut in cuts if name not in kept(skeleton, [cut])]
    if name in cuts:
        return "it is cut there, and nothing would be left"
    if later:
        return f"the cut at {later[0]!r} does not need it"
    if _is_inside(skeleton, name):
        return f"it lies inside the nested model {skeleton[name].container!r}, which runs as a whole"
    around = next(cut for cut in cuts if _goes_around(skeleton, name, cut))
    return f"a path to the cut at {around!r} goes around it"


def _goes_around(skeleton: Skeleton, name: str, cut: str) -> bool:
    return skeleton.layers[0].name in kept(skeleton, [cut], name)


def _nearest(skeleton: Skeleton, name: str, whole: Sequence[str]) -> str:
    places = [*skeleton.rows]
    before = [each for each in whole if places.index(each) < places.index(name)]
    after = [each for each in whole if places.index(each) > places.index(name)]
    if not whole:
        return "No layer is passed on every way to the cut; cut later."
    return f"The nearest layers that everything passes through before the cut: {listed([*before[-1:], *after[:1]])}."


def _is_inside(skeleton: Skeleton, name: str) -> bool:
    """Returns whether a row lies in a nested model and does not give the output of it."""
    return any(skeleton.containers[container] != name for container in _containers(skeleton[name].container))


def _containers(container: str) -> Iterator[str]:
    """Yields a nested model and those it lies in."""
    while container:
        yield container
        container = container.rpartition(".")[0]
