"""Where a computation may begin when some of what it depends on is there already."""

from collections.abc import Collection, Sequence

from fusion.frontier.units import Units


def nearest(units: Units, wanted: Sequence[str], there: Collection[str]) -> tuple[str, ...]:
    """Returns what some units are computed from: the nearest above them that are there, and inputs on ways without one.

    Args:
        units: Units by name.
        wanted: Those that are computed.
        there: Those that need not be.

    >>> from fusion.frontier.units import Unit
    >>> parents = {"x": (), "a": ("x",), "b": ("a",), "c": ("b",)}
    >>> chain = {name: Unit(name, name, "", name, above, (2,)) for name, above in parents.items()}
    >>> nearest(chain, ["c"], {"a", "b"}), nearest(chain, ["c"], ())
    (('b',), ('x',))
    """
    waiting, seen, found = list(wanted), set(wanted), set[str]()
    while waiting:
        unit = units[waiting.pop()]
        if not unit.parents:
            found.add(unit.name)
            continue
        known = {parent for parent in unit.parents if parent in there}
        found |= known
        new = [parent for parent in unit.parents if parent not in known | seen]
        seen.update(new)
        waiting += new
    return tuple(name for name in units if name in found)
