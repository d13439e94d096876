"""The architecture as a test: which part may import which, and what stays free of Keras."""

import ast
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

LEVELS = (
    ("errors",),
    ("files", "recipe", "skeleton", "wording"),
    ("cache", "graph", "scores", "statistics"),
    ("drawing", "backbones", "frontier", "store"),
    ("figures",),
    ("checking", "data"),
    ("comparing", "locking", "model", "notebooks", "unfreezing"),
    ("features", "study"),
    ("training",),
    ("execution",),
    ("probe",),
    ("report",),
    ("quickstart",),
    ("cli",),
    ("__init__",),
    ("__main__",),
)
"""The parts of the package, lowest first: a module imports from lower levels and from its own part."""

KERAS_FREE = (
    "errors",
    "recipe",
    "skeleton",
    "graph",
    "drawing",
    "figures",
    "frontier",
    "cache",
    "files",
    "store",
    "checking",
    "comparing",
    "locking",
    "notebooks",
    "unfreezing",
    "wording",
    "backbones.applications",
    "backbones.archives",
    "backbones.catalogue",
    "backbones.presets",
    "backbones.expectations",
    "backbones.ranges",
    "backbones.registered",
    "backbones.relocation",
    "backbones.savedmodels",
    "backbones.skeletons",
    "backbones.sources",
    "backbones.weights",
    "data.examples",
    "features.planning",
    "features.taps",
    "scores",
    "statistics",
    "report",
    "study",
    "execution.bunching",
    "execution.clusters",
    "execution.executors",
    "execution.tasks",
    "execution.workers",
    "probe.picking",
    "probe.scored",
    "probe.tapping",
)
"""Parts and modules that never load Keras; naming it for a type checker alone is allowed."""

DOORS = {
    # A table that is not in the cache yet is made by Keras.
    ("backbones.skeletons", "backbones.building"),
    ("backbones.sources", "backbones.opening"),
    ("backbones.sources", "backbones.kerashub"),
    ("backbones.sources", "backbones.reloading"),
    # A backbone with its weights is a Keras model.
    ("backbones.catalogue", "backbones.loading"),
    ("backbones.catalogue", "backbones.opening"),
    ("backbones.catalogue", "backbones.kerashub"),
    ("backbones.catalogue", "backbones.reloading"),
    # What a machine does in a second is measured with TensorFlow, once.
    ("features.planning", "features.measuring"),
    # Workers of their own load TensorFlow before they are given work, so that its notes are turned away.
    ("execution.workers", "backbones.quiet"),
}
"""The imports, inside functions, by which what is free of Keras reaches what is not."""

HEAVY = {"keras", "tensorflow"}
HEAVIEST = HEAVY | {"numpy", "matplotlib", "PIL", "graphviz"}
STEPS = ("import", "tables", "cache", "drawing")
"""What a fresh process of `fresh` does in turn."""

# Found, not imported: a package that cannot be imported is told why.
PACKAGE = Path(importlib.util.find_spec("fusion").origin).parent
LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}


def level(module: str) -> int:
    """The level of a module's part; what has none lies above all."""
    return LEVEL.get(module.partition(".")[0], len(LEVELS))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


SOURCES = {module_name(path): ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


STATEMENTS = ast.Import | ast.ImportFrom


def statements(tree: ast.AST) -> Iterator[tuple[ast.Import | ast.ImportFrom, frozenset[str]]]:
    """Each import statement, and whether it stands in a `function` or is there for `types` only."""
    waiting = [(tree, frozenset[str]())]
    while waiting:
        node, where = waiting.pop()
        if isinstance(node, STATEMENTS):
            yield node, where
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            where |= {"function"}
        for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        body = set(node.body) if for_types else set()
        waiting += [
            (child, where | {"types"} if child in body else where)
            for child in ast.iter_child_nodes(node)
            # No import hides in an expression.
            if not isinstance(child, ast.expr)
        ]


STATED = {module: tuple(statements(tree)) for module, tree in SOURCES.items()}


def imported(nodes: Iterator[ast.Import | ast.ImportFrom]) -> set[str]:
    """What import statements name: modules of this package without its name in front, others in full."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner.removeprefix("fusion.") in SOURCES else str(node.module))
    return {"__init__" if name == "fusion" else name.removeprefix("fusion.") for name in found}


def imports(module: str) -> set[str]:
    return imported(node for node, _ in STATED[module])


def imports_at_run_time(module: str) -> set[str]:
    return imported(node for node, where in STATED[module] if "types" not in where)


def imports_at_once(module: str) -> set[str]:
    """What is imported when the module is: not inside functions, not for types only."""
    return imported(node for node, where in STATED[module] if not where)


def is_keras_free(module: str) -> bool:
    return module.partition(".")[0] in KERAS_FREE or module in KERAS_FREE or module == "backbones"


def test_every_part_has_a_level_and_every_level_its_parts():
    assert {module.partition(".")[0] for module in SOURCES} == set(LEVEL)


def test_the_readme_names_the_levels():
    text = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
    said = text.partition("is the map): ")[2].partition(".")[0]

    levels = [set(re.findall("`(.*?)`", several)) for several in said.split(";")]

    assert levels == [{*parts} for parts in LEVELS if not parts[0].startswith("__")]


def test_a_module_imports_from_lower_levels_and_its_own_part_only():
    upwards = {
        (module, other)
        for module in SOURCES
        for other in imports(module) & SOURCES.keys()
        if other.partition(".")[0] != module.partition(".")[0] and level(other) >= level(module)
    }

    assert not upwards


def test_no_module_needs_itself_to_be_imported():
    needs = nx.DiGraph((module, other) for module in SOURCES for other in imports_at_once(module))

    assert list(nx.simple_cycles(needs)) == []


def test_no_import_is_relative():
    relative = {
        module
        for module, found in STATED.items()
        for node, _ in found
        if isinstance(node, ast.ImportFrom) and node.level
    }

    assert not relative


def test_what_is_free_of_keras_imports_nothing_that_is_not():
    free = [module for module in SOURCES if is_keras_free(module)]

    heavy = {
        (module, name)
        for module in free
        for name in imports_at_run_time(module)
        # What is imported by a text cannot be seen here.
        if name.partition(".")[0] in HEAVY or name == "importlib"
    }
    reached = {
        (module, other)
        for module in free
        for other in imports_at_run_time(module) & SOURCES.keys()
        if not is_keras_free(other)
    }

    assert not heavy
    assert reached == DOORS


def test_the_doors_to_keras_are_inside_functions():
    for module, other in DOORS:
        assert other in imports_at_run_time(module) - imports_at_once(module)


@pytest.mark.parametrize("step", STEPS)
def test_what_only_looks_and_draws_loads_nothing_heavy(fresh, step):
    assert not HEAVIEST & fresh.loaded[step]


def test_every_public_name_is_listed_once_and_has_a_module():
    import fusion

    assert sorted(set(fusion.__all__)) == sorted(fusion.__all__) == sorted(dir(fusion))
    assert set(fusion.LATER) <= set(fusion.__all__)
    assert {module.removeprefix("fusion.") for module in fusion.LATER.values()} <= SOURCES.keys()
    with pytest.raises(AttributeError, match="module 'fusion' has no attribute 'biuld'"):
        fusion.biuld  # noqa: B018 - to look it up is what is tried


def test_the_version_is_that_of_the_package():
    import fusion

    assert fusion.__version__ == version("fusion")


@pytest.mark.slow
def test_commands_on_cached_tables_do_not_load_keras(tmp_path):
    recipe = tmp_path / "one.json"
    recipe.write_text(
        '{"recipe": 1, "name": "one", "inputs": {"photo": {"kind": "image", "shape": [32, 32, 3]}},'
        ' "backbones": {"eye": {"arch": "TinyVGG", "weights": null, "options": {"width": 4}}},'
        ' "branches": {"all": {"input": "photo", "backbone": "eye", "cut": "block2_pool"}},'
        ' "head": {"output": {"task": "binary"}},'
        ' "training": {"phases": [{"name": "all", "train": ["head", "eye[block2_conv1..]"], "epochs": 1}]}}'
    )
    code = (
        "import sys\n"
        "from fusion.cli.app import app\n"
        "try:\n"
        "    app(sys.argv[1:], standalone_mode=False)\n"
        "finally:\n"
        "    print(*sorted({'keras', 'tensorflow'} & sys.modules.keys()), file=sys.stderr)\n"
    )

    def loaded(*words: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "FUSION_CACHE": str(tmp_path / "cache"), "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        return done.stderr.split()

    assert "keras" in loaded("check", str(recipe))
    assert loaded("check", str(recipe)) == []
    assert loaded("cost", str(recipe)) == []
    assert loaded("draw", str(recipe), "-o", str(tmp_path / "x.svg")) == []
    # What the machine does in a second is measured by the first plan.
    photos = np.zeros((40, 32, 32, 3), "uint8")
    photos[:, 0, 0, 0] = range(40)
    np.savez(tmp_path / "data.npz", photo=photos, targets=np.arange(40) % 2)
    assert "tensorflow" in loaded("plan", str(recipe), "--examples", "10")
    assert loaded("plan", str(recipe), "--data", str(tmp_path / "data.npz")) == []
    assert (tmp_path / "x.svg").exists()
    assert loaded("cache", "ls") == []
