import pytest

from fusion.backbones.relocation import relocated
from fusion.backbones.weights import find_weights
from fusion.recipe.backbones import Backbone, BackboneFile, BackbonePreset, KerasHubBackbone
from fusion.recipe.savedmodels import SavedModel
from tests.topologies import TWO


@pytest.fixture
def beside(tmp_path):
    """The folder of a recipe, with the files of its backbones."""
    for name in ("w/a.weights.h5", "own.keras", "preset/config.json", "saved/saved_model.pb"):
        (tmp_path / "recipes" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "recipes" / name).write_bytes(b"")
    return tmp_path / "recipes"


def name_in(backbone, folders, folder):
    made = relocated(TWO.replaced(backbones={**TWO.backbones, "left": backbone}), folders, folder)
    kept = made.backbones["left"]
    match kept:
        case BackboneFile():
            return kept.file
        case BackbonePreset():
            return kept.preset
        case SavedModel():
            return kept.saved_model
    return kept.weights.file if kept.weights else None


@pytest.mark.parametrize(
    ("backbone", "name"),
    [
        (Backbone(arch="VGG16", weights={"file": "w/a.weights.h5"}), "../../recipes/w/a.weights.h5"),
        (
            KerasHubBackbone(kerashub="VGGBackbone", weights={"file": "w/a.weights.h5"}, preprocess="none"),
            "../../recipes/w/a.weights.h5",
        ),
        (BackboneFile(file="own.keras", preprocess="tf"), "../../recipes/own.keras"),
        (BackbonePreset(preset="preset"), "../../recipes/preset"),
        (SavedModel(saved_model="saved", preprocess="none"), "../../recipes/saved"),
    ],
)
def test_files_beside_a_recipe_are_found_from_where_it_is_written(backbone, name, beside, tmp_path):
    folder = tmp_path / "made" / "here"
    folder.mkdir(parents=True)

    found = name_in(backbone, [beside], folder)

    assert found == name
    assert (folder / found).exists()


@pytest.mark.parametrize(
    "backbone",
    [
        Backbone(arch="VGG16", weights="imagenet"),
        Backbone(arch="VGG16", weights=None),
        Backbone(arch="VGG16", weights={"file": "elsewhere.weights.h5"}),
        # A preset is a folder with its configuration: this one is known by its name.
        BackbonePreset(preset="w"),
        BackbonePreset(preset="kaggle://keras/resnet"),
        SavedModel(saved_model="https://tfhub.dev/x", preprocess="none"),
    ],
)
def test_what_is_not_beside_a_recipe_keeps_its_name(backbone, beside, tmp_path):
    recipe = TWO.replaced(backbones={**TWO.backbones, "left": backbone})

    assert relocated(recipe, [beside], tmp_path / "made") == recipe


def test_an_absolute_path_and_the_same_folder_change_nothing(beside, tmp_path):
    absolute = Backbone(arch="VGG16", weights={"file": str(beside / "w/a.weights.h5")})
    relative = Backbone(arch="VGG16", weights={"file": "w/a.weights.h5"})

    assert name_in(absolute, [beside], tmp_path) == str(beside / "w/a.weights.h5")
    assert name_in(relative, [beside], beside / ".." / "recipes") == "w/a.weights.h5"


def test_the_first_folder_that_has_a_file_counts(beside, tmp_path):
    (tmp_path / "more" / "w").mkdir(parents=True)
    (tmp_path / "more/w/a.weights.h5").write_bytes(b"")
    backbone = Backbone(arch="VGG16", weights={"file": "w/a.weights.h5"})

    assert (
        name_in(backbone, [tmp_path / "none", tmp_path / "more", beside], tmp_path) == "more/w/a.weights.h5"
    )


def test_links_to_folders_are_followed(beside, tmp_path):
    far = tmp_path / "far" / "away"
    far.mkdir(parents=True)
    (tmp_path / "link").symlink_to(far)
    backbone = Backbone(arch="VGG16", weights={"file": "w/a.weights.h5"})

    found = name_in(backbone, [beside], tmp_path / "link")

    assert find_weights(found, [tmp_path / "link"]).samefile(beside / "w/a.weights.h5")
