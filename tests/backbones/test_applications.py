import pytest

from fusion.backbones.applications import APPLICATIONS, find_application
from fusion.errors import BackboneError


def test_the_catalogue_has_the_forty_applications_and_our_three():
    ours = {"TinyVGG", "TinyResNet", "TinyText"}

    assert len(APPLICATIONS) == 43
    assert {name for name, application in APPLICATIONS.items() if not application.imagenet} == ours


def test_each_entry_lies_under_its_own_name():
    assert all(name == application.name for name, application in APPLICATIONS.items())


@pytest.mark.parametrize(("mode", "count"), [("caffe", 5), ("torch", 3), ("tf", 12), ("none", 23)])
def test_preprocessing_is_distributed_as_measured(mode, count):
    assert sum(application.preprocess == mode for application in APPLICATIONS.values()) == count


def test_a_mistyped_architecture_is_answered_with_the_nearest_and_all():
    with pytest.raises(
        BackboneError,
        match=r"no architecture 'vgg16'\. Did you mean 'VGG16'\? Known: ConvNeXtTiny, .*TinyText",
    ):
        find_application("vgg16")
