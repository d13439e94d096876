"""What holds for every test: layer tables made by tests stay out of the user's cache; some fixtures are shared."""

import gc
import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

# Tests run side by side: threads of one's linear algebra would wait for those of the other's. NumPy reads it once.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

SHARED = ("clusters", "commands", "geometry", "studies", "topologies")
"""Modules with fixtures that several parts of the tests use; no folder of tests is a package."""


def pytest_configure(config):
    for name in SHARED:
        spec = spec_from_file_location(name, Path(__file__).parent / "tests" / f"{name}.py")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        config.pluginmanager.register(module, name)


def pytest_collection_finish():
    # What was loaded to collect thousands of tests stays; to look through it again and again takes a tenth of their time.
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSION_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
