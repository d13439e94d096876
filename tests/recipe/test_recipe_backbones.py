"""Sources of backbones: each is told by its key, and what is wrong with it by its place."""

import json

import pytest

import fusion
from fusion.errors import RecipeError
from fusion.recipe.backbones import Backbone, BackboneFile
from fusion.recipe.preprocessing import Scaling
from fusion.recipe.reading import examine, from_data
from fusion.recipe.values import Value
from fusion.recipe.writing import to_data

SOURCES = [
    {"arch": "VGG16", "weights": None},
    {"file": "mine.keras", "preprocess": "none"},
    {"file": "models/mine.keras", "sha256": "0" * 64, "preprocess": {"scale": 2.0}},
    {"file": "mine.keras", "preprocess": {"scale": [1.0, 2.0, 3.0], "offset": -1.0, "channels": "bgr"}},
]


def data(backbone):
    return {
        "recipe": 1,
        "name": "one",
        "inputs": {"photo": {"kind": "image", "shape": [32, 32, 3]}},
        "backbones": {"net": backbone},
        "branches": {"all": {"input": "photo", "backbone": "net", "cut": "pool2"}},
        "head": {"output": {"task": "binary"}},
    }


def told(backbone):
    return {each.place.removeprefix("/backbones/net"): each.text for each in examine(data(backbone)).problems}


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: json.dumps(source)[:40])
def test_every_source_is_written_as_it_is_read(source):
    recipe = from_data(data(source))

    assert to_data(recipe)["backbones"]["net"] == source
    assert from_data(to_data(recipe)) == recipe


def test_a_source_made_in_python_is_the_one_in_json():
    net = BackboneFile(file="mine.keras", preprocess=Scaling(scale=2.0))

    assert from_data(data({"file": "mine.keras", "preprocess": {"scale": 2.0}})).backbones["net"] == net
    assert from_data(data(SOURCES[0])).backbones["net"] == Backbone(arch="VGG16", weights=None)


@pytest.mark.parametrize(
    ("backbone", "problems"),
    [
        ({}, {"/arch": "Missing key 'arch'.", "/weights": "Missing key 'weights'."}),
        ({"weights": None}, {"/arch": "Missing key 'arch'."}),
        ({"arhc": "VGG16", "weights": None}, {"/arhc": "Unknown key 'arhc'. Did you mean 'arch'?"}),
        (
            {"flie": "a.keras", "preprocess": "tf"},
            {"": "'flie' is not one of arch, file, preset, kerashub, saved_model. Did you mean 'file'?"},
        ),
        (
            {"file": "a.keras", "arch": "VGG16"},
            {
                "": "'arch + file' is not one of arch, file, preset, kerashub, saved_model; keep one of them here."
            },
        ),
        (
            {"file": "a.keras", "preprocess": "tff"},
            {"/preprocess": "'tff' is not one of caffe, tf, torch, none. Did you mean 'tf'?"},
        ),
        (
            {"file": "a.keras", "preprocess": 3},
            {"/preprocess": 'Preprocessing is a name such as "tf", or {"scale": ...}, got 3.'},
        ),
        (
            {"file": "a.keras", "preprocess": {"scale": 0.0}},
            {"/preprocess/scale": "A scale of 0 leaves nothing of the picture."},
        ),
        (
            {"file": "a.keras", "preprocess": {"scal": 1.0}},
            {"/preprocess/scal": "Unknown key 'scal'. Did you mean 'scale'?"},
        ),
        (
            {"file": "a.keras", "preprocess": "tf", "weights": "imagenet"},
            {"/weights": "Unknown key 'weights'. Known keys: file, sha256, preprocess."},
        ),
    ],
    ids=lambda value: json.dumps(value)[:50],
)
def test_what_is_wrong_with_a_source_is_told_by_its_place(backbone, problems):
    assert told(backbone) == problems


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("file", "BackboneFile"),
        ("preset", "BackbonePreset"),
        ("kerashub", "KerasHubBackbone"),
        ("saved_model", "SavedModel"),
    ],
)
def test_a_key_of_another_source_names_its_value_in_python(key, kind):
    with pytest.raises(RecipeError) as caught:
        Backbone(**{key: "own"})
    assert caught.value.problems[0].place == f"/{key}"
    assert caught.value.problems[0].text.startswith(f"Unknown key {key!r}. Write fusion.{kind}({key}=")
    assert issubclass(getattr(fusion, kind), Value)


@pytest.mark.parametrize("changes", [{}, {"preprocess": "auto"}])
def test_a_file_has_no_preprocessing_of_its_own(changes):
    (text,) = told({"file": "mine.keras", **changes}).values()

    assert text.startswith(
        'A file does not say what its model was fed. Write "none" if it scales 0..255 itself'
    )


def test_a_scaling_with_other_channels_for_scale_and_offset_is_refused():
    from fusion.backbones.ranges import check_picture
    from fusion.errors import BackboneError, InputSizeError

    line = Scaling(scale=[1.0, 2.0, 3.0], offset=[1.0])
    with pytest.raises(BackboneError, match="for different numbers of channels"):
        check_picture(line, value_range=(0, 255), shape=(8, 8, 3))
    with pytest.raises(InputSizeError, match="needs pictures with 3 channels"):
        check_picture(Scaling(scale=1.0, channels="bgr"), value_range=(0, 255), shape=(8, 8, 1))


def test_a_value_that_is_no_source_is_refused():
    with pytest.raises(RecipeError, match=r"/backbones/net   Expected an object \{\.\.\.\}, got 3"):
        from_data(data(3))
