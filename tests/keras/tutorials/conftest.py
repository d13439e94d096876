"""Real photographs, a few of each kind, and real weights for the recipes of the usual tutorials."""

import os
import shutil
from pathlib import Path

import pytest

ASSETS = Path(os.environ.get("FUSION_ASSETS", "/nowhere"))
RECIPES = Path(__file__).parents[3] / "recipes"


def pytest_collection_modifyitems(items):
    for item in items:
        if item.path.parent == Path(__file__).parent and "photographs" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def photographs():
    """The folder of sets of photographs."""
    if not ASSETS.is_dir():
        pytest.skip("FUSION_ASSETS names no folder with weights and photographs")
    return ASSETS / "images"


@pytest.fixture(scope="session")
def folders():
    """Where weights files lie."""
    return [ASSETS / "weights"]


@pytest.fixture(scope="session")
def recipes():
    """The folder of the recipes that are shipped."""
    return RECIPES


@pytest.fixture(scope="session")
def small():
    """ImageNet weights of MobileNet 0.25."""
    return {"file": "mobilenet_2_5_224_tf_no_top.h5"}


@pytest.fixture(scope="session")
def middle():
    """ImageNet weights of MobileNet 0.5."""
    return {"file": "mobilenet_5_0_160_deq_qat_no_top.weights.h5"}


@pytest.fixture(scope="session")
def inverted():
    """ImageNet weights of MobileNetV2."""
    return {"file": "mobilenet_v2_1.0_224_deq_ptq_no_top.weights.h5"}


@pytest.fixture(scope="session")
def few(photographs, tmp_path_factory):
    """Copies some photographs of each class of a set into a folder of classes of its own."""

    def copy(name, count):
        folder = tmp_path_factory.mktemp("few")
        for kind in sorted(path for path in (photographs / name).iterdir() if path.is_dir()):
            (folder / kind.name).mkdir()
            for path in sorted(kind.iterdir())[:count]:
                shutil.copy(path, folder / kind.name)
        return folder

    return copy
