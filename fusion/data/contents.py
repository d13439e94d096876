"""What tells examples apart, and what equal content should not do: bear two labels, or lie in two splits."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import networkx as nx

from fusion.data.examples import Data
from fusion.errors import DataError, itemised


@dataclass(frozen=True, slots=True)
class Contents:
    """What tells examples apart, and what holds them together.

    Args:
        digests: Of each example, the digest of its content.
        ties: Of each example, what it is drawn by: equal for all that have to be in one split. Empty if that is its
            own digest.
        tells: Whether equal content is one example; two houses can have the same few numbers.

    >>> Contents((b"one", b"two")).drawn_by
    (b'one', b'two')
    """

    digests: Sequence[bytes]
    ties: Sequence[bytes] = ()
    tells: bool = True

    @property
    def drawn_by(self) -> Sequence[bytes]:
        """What each example is drawn by."""
        return self.ties or self.digests


def tie(keys: Sequence[bytes], held: Sequence[Collection[bytes]]) -> tuple[bytes, ...]:
    """Returns what each example is drawn by: the least key of all that are held together with it, at any remove.

    Args:
        keys: Of each example, what it would be drawn by alone.
        held: Of each example, what it may not have in common with one of another split, such as its images.

    >>> tie([b"a", b"b", b"c"], [{b"1"}, {b"1", b"2"}, {b"3"}])
    (b'a', b'a', b'c')
    """
    graph = nx.Graph()
    for i, (key, things) in enumerate(zip(keys, held, strict=True)):
        # Two bytes of kind before each: an image and a row may have one digest.
        graph.add_edges_from((i, each) for each in (b"k:" + key, *(b"h:" + thing for thing in things)))
    found = dict(enumerate(keys))
    for together in nx.connected_components(graph):
        rows = [each for each in together if isinstance(each, int)]
        least = min(keys[i] for i in rows)
        found |= dict.fromkeys(rows, least)
    return tuple(found[i] for i in range(len(keys)))


def remarked(data: Data, names: Sequence[str], labels: Sequence[str], digests: Sequence[bytes]) -> Data:
    """Returns `data` with a remark where one image bears two labels: at least one is wrong, and only a person can tell.

    >>> from fusion.data.examples import Examples
    >>> one = Examples({}, None, ())
    >>> data = Data(one, None, None, None, "Made up.")
    >>> print(remarked(data, ["cats/1.png", "dogs/7.png"], ["cats", "dogs"], [b"same", b"same"]).source)
    Made up.
    1 image has more than one label and is kept under each; relabel or remove:
      cats/1.png = dogs/7.png (cats, dogs)
    """
    found = across(names, labels, digests)
    if not found:
        return data
    count = "1 image has" if len(found) == 1 else f"{len(found)} images have"
    kept = "is" if len(found) == 1 else "are"
    head = f"{count} more than one label and {kept} kept under each; relabel or remove:"
    return replace(data, source=f"{data.source}\n{itemised(head, found)}")


def check_apart(names: Sequence[str], parts: Sequence[str], digests: Sequence[bytes]) -> None:
    """Refuses content that lies in two splits: what is reported would have been trained on.

    Raises:
        DataError: Naming the first ten such examples.

    >>> check_apart(["train/a.png", "test/b.png"], ["train", "test"], [b"same", b"same"])
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: 1 example lies in more than one split. Remove all but one:
      train/a.png = test/b.png (test, train)
    """
    shared = across(names, parts, digests)
    if shared:
        count = "1 example lies" if len(shared) == 1 else f"{len(shared)} examples lie"
        raise DataError(itemised(f"{count} in more than one split. Remove all but one:", shared))


def check_images_apart(names: Sequence[str], parts: Sequence[str], digests: Sequence[bytes]) -> None:
    """Refuses a split that is given and puts rows with one image into several splits.

    Args:
        names: What each image of each row is called.
        parts: The split its row is in.
        digests: The digest of its content.

    Raises:
        DataError: Naming the first ten such images.

    >>> check_images_apart(["row 2 left a.png", "row 9 right a.png"], ["train", "test"], [b"same", b"same"])
    Traceback (most recent call last):
    ...
    fusion.errors.DataError: 1 image stands in rows of more than one split, so what is reported was trained on. Put
    these rows into one split, leave them out, or name the input in "shared" of the split if it is meant:
      row 2 left a.png = row 9 right a.png (test, train)
    """
    shared = across(names, parts, digests)
    if shared:
        count = "1 image stands" if len(shared) == 1 else f"{len(shared)} images stand"
        head = (
            f"{count} in rows of more than one split, so what is reported was trained on. Put these rows into one "
            'split, leave them out, or name the input in "shared" of the split if it is meant:'
        )
        raise DataError(itemised(head, shared))


def across(names: Sequence[str], parts: Sequence[str], digests: Sequence[bytes]) -> list[str]:
    """Returns the names of what has one content and lies in several parts, with these.

    >>> across(["a", "b", "c"], ["train", "test", "test"], [b"1", b"1", b"2"])
    ['a = b (test, train)']
    """
    return [
        f"{' = '.join(names[i] for i in same)} ({', '.join(sorted({str(parts[i]) for i in same}))})"
        for same in _groups(digests)
        if len({parts[i] for i in same}) > 1
    ]


def _groups(digests: Sequence[bytes]) -> list[list[int]]:
    """The indices of equal content, where more than one example has it."""
    groups: defaultdict[bytes, list[int]] = defaultdict(list)
    for i, digest in enumerate(digests):
        groups[digest].append(i)
    return [group for group in groups.values() if len(group) > 1]
