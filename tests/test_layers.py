"""The architecture as a test: which part may import which, and what stays free of Keras."""

import ast
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

LEVELS = (
    ("errors",),
    ("files", "recipe", "skeleton"),
    ("graph",),
    ("drawing", "backbones"),
    ("checking", "data"),
    ("model",),
    ("training",),
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
    "files",
    "checking",
    "backbones.applications",
    "backbones.catalogue",
    "backbones.ranges",
    "backbones.skeletons",
    "backbones.weights",
)
"""Parts and modules that never load Keras; naming it for a type checker alone is allowed."""

DOORS = {
    # A table that is not in the cache yet is made by Keras.
    ("backbones.skeletons", "backbones.building"),
    # A backbone with its weights is a Keras model.
    ("backbones.catalogue", "backbones.loading"),
}
"""The imports, inside functions, by which what is free of Keras reaches what is not."""

HEAVY = {"keras", "tensorflow"}

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


def for_types_only(tree: ast.AST) -> set[ast.AST]:
    blocks = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    return {inner for block in blocks for child in block.body for inner in ast.walk(child)}


def imported(nodes: Iterator[ast.AST]) -> set[str]:
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
    return imported(ast.walk(SOURCES[module]))


def imports_at_run_time(module: str) -> set[str]:
    tree = SOURCES[module]
    unused = for_types_only(tree)
    return imported(node for node in ast.walk(tree) if node not in unused)


def imports_at_once(module: str) -> set[str]:
    """What is imported when the module is: not inside functions, not for types only."""
    tree = SOURCES[module]
    inside = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(node)
    } | for_types_only(tree)
    return imported(node for node in ast.walk(tree) if node not in inside)


def is_keras_free(module: str) -> bool:
    return module.partition(".")[0] in KERAS_FREE or module in KERAS_FREE or module == "backbones"


def test_every_part_has_a_level_and_every_level_its_parts():
    assert {module.partition(".")[0] for module in SOURCES} == set(LEVEL)


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
        for module, tree in SOURCES.items()
        for node in ast.walk(tree)
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


def test_fusion_is_imported_without_keras_numpy_and_matplotlib():
    code = (
        "import sys, fusion\n"
        "print(*sorted({'keras', 'tensorflow', 'numpy', 'matplotlib'} & sys.modules.keys()))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []


def test_every_public_name_is_listed_once_and_has_a_module():
    import fusion

    assert sorted(set(fusion.__all__)) == sorted(fusion.__all__) == sorted(dir(fusion))
    assert set(fusion.LATER) <= set(fusion.__all__)
    assert {module.removeprefix("fusion.") for module in fusion.LATER.values()} <= SOURCES.keys()
    with pytest.raises(AttributeError, match="module 'fusion' has no attribute 'biuld'"):
        fusion.biuld  # noqa: B018


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
    assert (tmp_path / "x.svg").exists()
