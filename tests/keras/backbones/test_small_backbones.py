import numpy as np
import pytest

from fusion.backbones.applications import APPLICATIONS
from fusion.backbones.building import CONSTRUCTORS, vocabulary
from fusion.backbones.tracing import trace
from fusion.skeleton.articulation import natural_cuts, stages


@pytest.mark.parametrize("arch", ["TinyVGG", "TinyResNet"])
def test_a_small_backbone_has_about_a_hundred_thousand_weights(arch):
    assert 60_000 < CONSTRUCTORS[arch](input_shape=(28, 28, 3)).count_params() < 160_000


@pytest.mark.parametrize("arch", ["TinyVGG", "TinyResNet"])
@pytest.mark.parametrize("shape", [(16, 16, 1), (16, 16, 3), (28, 28, 1), (None, None, 3)])
def test_a_small_backbone_reads_small_pictures(arch, shape):
    model = CONSTRUCTORS[arch](input_shape=shape, width=4, name="eye")

    assert model.name == "eye"
    assert model.output_shape[-1] == 16


@pytest.mark.parametrize("arch", ["TinyVGG", "TinyResNet"])
def test_the_width_sets_all_widths(arch):
    shapes = [CONSTRUCTORS[arch](input_shape=(16, 16, 3), width=width).output_shape[-1] for width in (4, 8)]

    assert shapes == [16, 32]


def test_the_plain_one_has_a_pooling_at_the_end_of_each_stage():
    skeleton = trace(CONSTRUCTORS["TinyVGG"](input_shape=(28, 28, 1)), source="TinyVGG")

    assert [stage.last for stage in stages(skeleton)] == ["block1_pool", "block2_pool", "block3_pool"]
    assert list(skeleton.rows)[1:8] == [
        "block1_conv1",
        "block1_bn1",
        "block1_relu1",
        "block1_conv2",
        "block1_bn2",
        "block1_relu2",
        "block1_pool",
    ]


def test_the_residual_one_can_be_cut_after_each_block():
    skeleton = trace(CONSTRUCTORS["TinyResNet"](input_shape=(28, 28, 1)), source="TinyResNet")

    ends = ["stage1_block1_out", "stage2_block1_out", "stage3_block1_out", "stage3_block2_out"]
    assert natural_cuts(skeleton) == ("conv1_relu", *ends)
    assert [stage.last for stage in stages(skeleton)] == [ends[0], ends[1], ends[3]]


@pytest.mark.parametrize("arch", CONSTRUCTORS)
@pytest.mark.parametrize("asked", [{"include_top": True}, {"weights": "imagenet"}, {"pooling": "avg"}])
def test_what_a_small_backbone_has_not_is_refused(arch, asked):
    with pytest.raises(
        ValueError, match=f"{arch} has neither a classifier nor pretrained weights nor a pooling"
    ):
        CONSTRUCTORS[arch](input_shape=(28,) if arch == "TinyText" else (28, 28, 1), **asked)


def test_the_one_of_texts_can_be_cut_after_each_block_and_gives_nothing_for_padding():
    model = CONSTRUCTORS["TinyText"](input_shape=(5,), vocabulary=9, width=4)

    given = np.array(model(np.array([[3, 8, 0, 0, 0]])))

    ends = ("embedding", "embedding_out", "block1_out", "block2_out")
    assert natural_cuts(trace(model, source="TinyText")) == ends
    assert model.count_params() == 9 * 4 + 2 * (3 * 4 * 4 + 4 + 2 * 4)
    assert vocabulary(model) == 9
    assert np.abs(given[0, :2]).min() > 0
    assert np.abs(given[0, 2:]).max() == 0


def test_the_catalogue_has_all_with_their_smallest_size():
    assert [APPLICATIONS[arch].min_size for arch in CONSTRUCTORS] == [16, 16, 1]
