"""Examples as a suffix is fed them: tensors of the frontier, computed once, in place of what they are made of."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from fusion.data.examples import Array, Examples
from fusion.data.fingerprints import fingerprint
from fusion.features.calls import Calls, calls
from fusion.features.digests import digests
from fusion.features.extraction import Watch
from fusion.features.precision import Precision, computing, narrowed
from fusion.features.programs import Program, prefix, suffix
from fusion.features.tensors import Wanted, compute, described, stored
from fusion.frontier.frontiers import Frontier
from fusion.frontier.tensors import NodeTensor
from fusion.frontier.units import above, units
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
    """

    def __init__(
        self,
        model: keras.Model,
        graph: FusionGraph,
        folder: Path,
        *,
        batch_size: int,
        precision: Precision = "float32",
    ) -> None:
        self.model = model
        self.graph = graph
        self.folder = folder
        self.batch_size = batch_size
        self.precision = precision
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

    def tensors(
        self,
        tensors: Sequence[NodeTensor],
        examples: Examples,
        *,
        what: str = "train",
        watch: Watch | None = None,
    ) -> dict[str, np.ndarray]:
        """Returns tensors of examples by name, as arrays of shape (examples, *shape) in the files of the store.

        What is not stored yet is computed first. Args and errors are those of `examples`.
        """
        wanted = self._wanted(tensors, examples)
        # What is there is held open first: it must not make room for what is not.
        found = stored(self.folder, wanted)
        missing = [each for each in wanted if each.tensor.name not in found]
        if missing:
            names = [each.tensor.name for each in missing]
            program = prefix(self.model, self._calls, inputs=list(examples.columns), tensors=names)
            size = self.batch_size
            with computing(self.model, self.graph, self.precision):
                compute(self.folder, missing, program, examples, batch_size=size, watch=watch, what=what)
            found |= stored(self.folder, missing)
        return found

    def _suffix(self, given: Collection[str]) -> Program:
        return suffix(self.model, self._calls, given=given, auxiliary=self.graph.recipe.head.auxiliary)

    @cached_property
    def _calls(self) -> Calls:
        return calls(self.model, self.graph)

    def _wanted(self, tensors: Sequence[NodeTensor], examples: Examples) -> Sequence[Wanted]:
        content = self._content(examples)
        made = digests(self._calls, content)
        data = b"".join(content.values()).hex()[:12]
        every = [
            described(
                tensor,
                made[tensor.name],
                backbones=self._architectures(tensor.name),
                data=f"{data} ({len(examples)} examples)",
                batch_size=self.batch_size,
            )
            for tensor in tensors
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


def _names(split: Frontier) -> list[str]:
    return [tensor.name for tensor in split.tensors]
