"""What holds for every test: layer tables made by tests stay out of the user's cache; graphs to draw are shared."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest


def pytest_configure(config):
    # Two parts of the tests draw the same graphs, and no folder of tests is a package.
    spec = spec_from_file_location("topologies", Path(__file__).parent / "tests" / "topologies.py")
    topologies = module_from_spec(spec)
    spec.loader.exec_module(topologies)
    config.pluginmanager.register(topologies, "topologies")


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUSION_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
