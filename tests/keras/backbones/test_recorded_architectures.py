"""Every architecture against what was recorded of it with Keras 3.15.1 for 224x224x3.

A failure means that a Keras release moved names, shapes or weights: recipes that name the moved layers break. If that
is how it shall be, record anew with `python tests/keras/backbones/test_recorded_architectures.py` and say it in the
change log. The numbers of weights and of articulations were compared once with an independent count.
"""

import hashlib
import json
import lzma
from pathlib import Path

import keras
import pytest

from fusion.backbones.applications import APPLICATIONS
from fusion.backbones.building import construct, dry_build
from fusion.backbones.tracing import trace
from fusion.skeleton.articulation import articulations, natural_cuts, stages

IMAGES = [name for name, each in APPLICATIONS.items() if each.reads == "images"]
RECORD = Path(__file__).with_name("recorded_architectures.json")
NAMES = Path(__file__).with_name("recorded_names.txt.xz")
SHAPE = (224, 224, 3)
QUICK = (
    "TinyVGG",
    "TinyResNet",
    "VGG16",
    "ResNet50",
    "InceptionV3",
    "MobileNetV2",
    "MobileNetV3Small",
    "ConvNeXtTiny",
)


def every_architecture(quick=QUICK):
    return [name if name in quick else pytest.param(name, marks=pytest.mark.slow) for name in IMAGES]


def describe(skeleton):
    names = [layer.name for layer in skeleton.layers]
    return {
        "rows": len(names),
        "sha256": hashlib.sha256("\n".join(names).encode()).hexdigest(),
        "last": skeleton.output,
        "params": skeleton.params,
        "statistics": sum(layer.statistics for layer in skeleton.layers),
        "flops": sum(layer.flops for layer in skeleton.layers),
        "articulations": len(articulations(skeleton)),
        "natural_cuts": len(natural_cuts(skeleton)),
        "stages": [[stage.stride, stage.last, list(stage.shape)] for stage in stages(skeleton)],
    }


def recorded_names(arch):
    """Returns the recorded names: the file has, for each architecture, its name and a line for each row."""
    blocks = lzma.decompress(NAMES.read_bytes()).decode().split("\n\n")
    return {lines[0]: lines[1:] for lines in (block.split("\n") for block in blocks)}[arch]


def first_moved(names, expected):
    for place, (name, other) in enumerate(zip(names, expected, strict=False)):
        if name != other:
            return f"row {place} is called {name!r}, it was {other!r}"
    return f"there are {len(names)} rows, there were {len(expected)}"


@pytest.mark.parametrize("arch", every_architecture())
def test_an_architecture_is_as_recorded(arch):
    skeleton = dry_build(arch, shape=SHAPE, options={})

    found = describe(skeleton)
    expected = json.loads(RECORD.read_text())[arch]
    names = [layer.name for layer in skeleton.layers]
    assert found["sha256"] == expected["sha256"], f"{arch}: {first_moved(names, recorded_names(arch))}"
    assert found == expected


@pytest.fixture
def new_session():
    """A Keras session that has built nothing, and afterwards another: no variable stays queued in it."""
    keras.utils.clear_session()
    yield
    keras.utils.clear_session()


@pytest.mark.usefixtures("new_session")
@pytest.mark.parametrize("arch", every_architecture())
def test_names_and_weights_are_those_of_a_fresh_process_whatever_was_built_before(arch):
    with keras.StatelessScope(initialize_variables=False):
        fresh = construct(arch, shape=SHAPE, weights=None, options={})
        raw = [*(layer.name for layer in fresh.operations)]
        weights = fresh.count_params()
        for kind in (keras.layers.Conv2D, keras.layers.SeparableConv2D):
            kind(2, 3), kind(2, 3)
        keras.layers.Activation("relu"), keras.layers.Rescaling(1.0), keras.Input((3,)) + 1.0
        later = construct(arch, shape=SHAPE, weights=None, options={})
    skeleton = trace(later, source=arch)

    assert describe(skeleton) == json.loads(RECORD.read_text())[arch]
    # Only of nested models are the names in the table not those that Keras lists.
    nested = {layer.name for layer in fresh.operations if isinstance(layer, keras.Sequential)}
    plain = [layer.name for layer in skeleton.layers if not layer.container]
    assert plain == [name for name in raw if name not in nested]
    assert set(skeleton.containers) == nested
    assert skeleton.params == weights == later.count_params()
    assert skeleton.params - sum(layer.statistics for layer in skeleton.layers) == trainable(later)


def trainable(model):
    return sum(weight.shape.num_elements() for weight in model.trainable_weights)


def test_the_first_moved_name_is_told():
    assert first_moved(["a", "b"], ["a", "c"]) == "row 1 is called 'b', it was 'c'"
    assert first_moved(["a"], ["a", "c"]) == "there are 1 rows, there were 2"


@pytest.mark.parametrize(
    ("arch", "expected"),
    [
        ("VGG16", ["block1_pool", "block2_pool", "block3_pool", "block4_pool", "block5_pool"]),
        (
            "ResNet50",
            ["pool1_pool", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"],
        ),
        ("InceptionV3", ["max_pooling2d", "max_pooling2d_1", "mixed2", "mixed7", "mixed10"]),
        (
            "MobileNetV2",
            [
                "block_1_expand_relu",
                "block_3_expand_relu",
                "block_6_expand_relu",
                "block_13_expand_relu",
                "out_relu",
            ],
        ),
        ("ConvNeXtTiny", ["add_2", "add_5", "add_14", "layer_normalization"]),
    ],
)
def test_stages_end_where_the_literature_taps(arch, expected):
    assert [last for _, last, _ in json.loads(RECORD.read_text())[arch]["stages"]] == expected


def test_no_recorded_stage_ends_with_padding():
    record = json.loads(RECORD.read_text())

    assert not [last for entry in record.values() for _, last, _ in entry["stages"] if "pad" in last]
    assert set(record) == set(IMAGES)


def record():
    skeletons = {arch: dry_build(arch, shape=SHAPE, options={}) for arch in IMAGES}
    lines = [f'"{arch}": {json.dumps(describe(skeleton))}' for arch, skeleton in skeletons.items()]
    RECORD.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    blocks = ["\n".join([arch, *(layer.name for layer in table.layers)]) for arch, table in skeletons.items()]
    NAMES.write_bytes(lzma.compress("\n\n".join(blocks).encode(), preset=9))


if __name__ == "__main__":
    record()
