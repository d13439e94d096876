import pytest

from fusion.errors import RecipeError
from fusion.recipe.backbones import WeightsFile
from fusion.recipe.head import Output
from fusion.recipe.reading import from_json
from fusion.recipe.short import fuse
from fusion.recipe.writing import to_json


def test_the_short_form_is_the_long_one_written_out():
    recipe = fuse("TinyVGG[block2_pool]", "TinyResNet[stage:2, last]", output=["cat", "dog"], weights=None)

    assert from_json(to_json(recipe)) == recipe
    assert recipe.branches["tinyresnet_view"].cuts == ("stage:2", "last")
    assert recipe.nodes["fusion"].of == ("tinyvgg_view", "tinyresnet_view")
    assert recipe.head.output.labels == ("cat", "dog")


def test_one_backbone_has_no_fusion_and_may_have_its_weights_in_a_file():
    recipe = fuse("TinyVGG", output=Output(task="regression"), weights="mine.weights.h5")

    assert recipe.fusion is None
    assert recipe.branches["tinyvgg_view"].cut == "last"
    assert recipe.backbones["tinyvgg"].weights == WeightsFile(file="mine.weights.h5")


def test_one_architecture_twice_has_weights_of_its_own_each():
    assert list(fuse("VGG16", "VGG16[block1_pool]", output=["a", "b"]).backbones) == ["vgg16", "vgg16_2"]


@pytest.mark.parametrize(
    ("cuts", "weights", "said"),
    [
        ((), None, "no backbone to fuse"),
        (("VGG16(block4_pool)", 3), None, "2 problems"),
        (("VGG16", "ResNet50"), "one.weights.h5", "One file, 'one.weights.h5', cannot hold"),
    ],
)
def test_what_is_no_short_form_is_refused(cuts, weights, said):
    with pytest.raises(RecipeError, match=said):
        fuse(*cuts, output=["a", "b"], weights=weights)
