"""Examples as a suffix is fed them: tensors of the frontier, computed once, in place of what they are made of."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from fusion.data.examples import Array, Column, Examples, ImageFiles, take
from fusion.data.fingerprints import fingerprint
from fusion.features.calls import Calls, calls
from fusion.features.digests import digests
from fusion.features.extraction import Extracted, Pass, Watch
from fusion.features.precision import Precision, computing, narrowed
from fusion.features.programs import Program, prefix, suffix
from fusion.features.tensors import Wanted, as_fed, compute, described, stored
from fusion.features.viewing import Change, changed_by
from fusion.frontier.frontiers import Frontier, is_storable
from fusion.frontier.nearest import nearest
from fusion.frontier.tensors import NodeTensor, tensor
from fusion.frontier.units import AUGMENTED, above, units
from fusion.graph.nodes import FusionGraph


class Frozen:
    """The frozen parts of one model as its phases go by.

    Args:
        model: The model.
        graph: What it was built from.
        folder: The store.
        batch_size: Examples that run through a prefix together: as many as are trained on, so that the same numbers
            come out.
        precision: What backbones compute in.
        programs: Those that were made of this model before, by what they are fed and give; further ones are added.
    """

    def __init__(
        self,
        model: keras.Model,
        graph: FusionGraph,
        folder: Path,
        *,
        batch_size: int,
        precision: Precision = "float32",
        programs: dict[tuple[tuple[str, ...], ...], Program] | None = None,
    ) -> None:
        self.model = model
        self.graph = graph
        self.folder = folder
        self.batch_size = batch_size
        self.precision = precision
        self.programs = {} if programs is None else programs
        self._many: tuple[Examples, Examples] | None = None
        self._contents: list[tuple[Examples, Mapping[str, bytes]]] = []

    def suffix(self, split: Frontier) -> Program:
        """Returns what is fitted in a phase: it gives the model's output from the frontier, and shares its layers."""
        return self._suffix([*_names(split), *split.inputs])

    def helped(self) -> Program:
        """Returns what is fitted where nothing is stored, and there are auxiliary outputs whose losses are added."""
        return self._suffix(list(self.graph.recipe.inputs))

    def examples(
        self, split: Frontier, examples: Examples, *, what: str = "train", watch: Watch | None = None
    ) -> Examples:
        """Returns examples as the suffix of a phase reads them, targets and order unchanged.

        What no earlier phase or run has stored is computed first. The arrays lie in the files of the store.

        Args:
            split: Where the phase is split.
            examples: What the model reads.
            what: What the watch is told is extracted.
            watch: Called after each batch that is computed.

        Raises:
            StoreError: If the store cannot be read or written, or has no room.
            DataError: If an image file cannot be read any more.
        """
        found = self.tensors(split.tensors, examples, what=what, watch=watch)
        columns = {name: Array(found[name]) for name in _names(split)}
        return replace(examples, columns=columns | {name: examples.columns[name] for name in split.inputs})

    def views(
        self, split: Frontier, examples: Examples, *, what: str = "train", watch: Watch | None = None
    ) -> Examples:
        """Returns so many changed copies of examples as the recipe wants, for a suffix whose epochs take them in turn.

        Args and errors are those of `examples`.
        """
        training = self.graph.recipe.training
        if training is None or training.views is None:
            return self.examples(split, examples, what=what, watch=watch)
        each = np.tile(np.arange(len(examples)), training.views)
        many = self._repeated(examples, each, training.views)
        changing, plain = self._told_apart(split)
        change = changed_by(training, self.graph.recipe.inputs)
        found = self.tensors(changing, many, what=what, watch=watch, change=change)
        columns: dict[str, Column] = {name: Array(rows) for name, rows in found.items()}
        fixed = self.tensors(plain, examples, what=what, watch=watch)
        columns |= {name: Array(rows, each) for name, rows in fixed.items()}
        columns |= {name: many.columns[name] for name in split.inputs}
        return replace(many, columns=columns)

    def wanted(self, split: Frontier, examples: Examples, *, varied: bool) -> Iterator[tuple[Wanted, int]]:
        """Yields what a phase reads of examples, or of changed copies of them, and of how many rows it is."""
        training = self.graph.recipe.training
        if not varied or training is None or training.views is None:
            yield from ((each, len(examples)) for each in self._wanted(split.tensors, examples, None))
            return
        changing, plain = self._told_apart(split)
        many = self._repeated(examples, np.tile(np.arange(len(examples)), training.views), training.views)
        change = changed_by(training, self.graph.recipe.inputs)
        yield from ((each, len(many)) for each in self._wanted(changing, many, change))
        yield from ((each, len(examples)) for each in self._wanted(plain, examples, None))

    def _told_apart(self, split: Frontier) -> tuple[list[NodeTensor], list[NodeTensor]]:
        """Returns the tensors of changed images, and the others."""
        changing = [each for each in split.tensors if self._is_augmented(each.name)]
        return changing, [tensor for tensor in split.tensors if tensor not in changing]

    def _repeated(self, examples: Examples, each: np.ndarray, views: int) -> Examples:
        """Returns the same copies for the same examples, which are then looked at once."""
        if self._many is None or self._many[0] is not examples:
            self._many = (examples, replace(take(examples, each), views=views))
        return self._many[1]

    def _is_augmented(self, unit: str) -> bool:
        opened = units(self.graph)
        return any(opened[name].layer == AUGMENTED for name in above(opened, [unit]))

    def tensors(
        self,
        tensors: Sequence[NodeTensor],
        examples: Examples,
        *,
        what: str = "train",
        watch: Watch | None = None,
        change: Change | None = None,
    ) -> dict[str, np.ndarray]:
        """Returns tensors of examples by name, as arrays of shape (examples, *shape) in the files of the store.

        What is not stored yet is computed first. Args and errors are those of `examples`; `change` is what the inputs are
        changed by before.
        """
        wanted = self._wanted(tensors, examples, change)
        # What is there is held open first: it must not make room for what is not.
        found = stored(self.folder, wanted)
        missing = [each for each in wanted if each.tensor.name not in found]
        if missing:
            names = [each.tensor.name for each in missing]
            plain = change is None and self.precision == "float32"
            fed = self._begun(names, examples) if plain else examples
            program = self._prefix(tuple(fed.columns), tuple(names))
            how = Pass(
                batch_size=self.batch_size, what=what, watch=watch, change=change.run if change else None
            )
            with computing(self.model, self.graph, self.precision):
                compute(self.folder, missing, program, fed, how=how)
            found |= stored(self.folder, missing)
        elif tensors and watch is not None:
            watch(Extracted(what, len(examples), len(examples), 0.0, len(examples)))
        return found

    def _begun(self, names: Sequence[str], examples: Examples) -> Examples:
        """Returns examples as missing tensors are computed of them: what is stored of the way there in place of inputs."""
        opened = units(self.graph)
        before = [opened[name] for name in above(opened, names) if opened[name].parents and name not in names]
        tensors = [tensor(unit) for unit in before if is_storable(unit)]
        there = stored(self.folder, self._wanted(tensors, examples, None))
        columns = {
            name: Array(there[name]) if name in there else examples.columns[name]
            for name in nearest(opened, names, there)
        }
        return replace(examples, columns=columns) if there else examples

    def _prefix(self, inputs: tuple[str, ...], names: tuple[str, ...]) -> Program:
        if (inputs, names) not in self.programs:
            self.programs[inputs, names] = prefix(self.model, self._calls, inputs=inputs, tensors=names)
        return self.programs[inputs, names]

    def _suffix(self, given: Collection[str]) -> Program:
        return suffix(self.model, self._calls, given=given, auxiliary=self.graph.recipe.head.auxiliary)

    @cached_property
    def _calls(self) -> Calls:
        return calls(self.model, self.graph)

    def _wanted(
        self, tensors: Sequence[NodeTensor], examples: Examples, change: Change | None
    ) -> Sequence[Wanted]:
        content = self._content(examples)
        if change is not None:
            content = {name: each + change.digest for name, each in content.items()}
        made = digests(self._calls, content)
        data = b"".join(content.values()).hex()[:12]
        every = [
            described(
                one,
                made[one.name],
                backbones=self._architectures(one.name),
                data=f"{data} ({len(examples)} examples)",
                batch_size=self.batch_size,
            )
            for one in tensors
        ]
        every = [
            as_fed(each, bytes=change is None and _is_of_bytes(examples.columns[each.tensor.name]))
            if each.tensor.name in examples.columns
            else each
            for each in every
        ]
        return [narrowed(each) for each in every] if self.precision == "bfloat16" else every

    def _architectures(self, unit: str) -> list[str]:
        opened = units(self.graph)
        nodes = dict.fromkeys(self.graph[opened[name].node].layer for name in sorted(above(opened, [unit])))
        trunks = [self.graph.trunks[name].skeleton.source for name in nodes if name in self.graph.trunks]
        return sorted(set(trunks))

    def _content(self, examples: Examples) -> Mapping[str, bytes]:
        """Returns what the inputs hold, looked at once for the same examples."""
        for known, content in self._contents:
            if known is examples:
                return content
        found = {name: fingerprint(column) for name, column in examples.columns.items()}
        self._contents.append((examples, found))
        return found


def _is_of_bytes(column: Column) -> bool:
    """Whether all that a column gives are whole numbers of 0..255, as decoded images are before they are scaled."""
    return isinstance(column, ImageFiles) and column.range == (0, 255) and None not in column.paths


def _names(split: Frontier) -> list[str]:
    return [each.name for each in split.tensors]
