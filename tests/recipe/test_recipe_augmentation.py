import pytest

from fusion.errors import RecipeError
from fusion.recipe.augmentation import Brightness, Contrast, Flip, Rotation, Translation, Zoom
from fusion.recipe.reading import examine, from_data
from fusion.recipe.training import Optimizer, Phase, Training
from fusion.recipe.writing import recipe_hash, to_data

EVERY = (
    Flip(mode="horizontal"),
    Rotation(factor=0.05),
    Zoom(factor=0.1),
    Translation(factor=0.1),
    Contrast(factor=0.2),
    Brightness(factor=0.2),
)


def without(full):
    """The full recipe as it was before there was augmentation, or a schedule."""
    del full["training"]["augment"]
    optimizer = full["training"]["phases"][1]["optimizer"]
    del optimizer["schedule"], optimizer["warmup"]
    return full


def test_every_change_of_the_format_has_its_value_in_python(recipe):
    assert dict(recipe.training.augment) == {"photo": EVERY}


def test_changes_made_in_python_are_written_as_the_format_has_them(full):
    training = Training(augment={"photo": EVERY}, phases=[Phase(name="a", train=["head"], epochs=1)])

    assert to_data(training)["augment"] == full["training"]["augment"]


def test_a_recipe_from_before_keeps_its_identity(full):
    assert recipe_hash(from_data(without(full))) == "d53472d3d71b"


def test_what_is_nothing_is_not_written(full):
    bare = from_data(without(full))
    full["training"]["augment"] = {}
    full["training"]["phases"][1]["optimizer"] |= {"schedule": "constant", "warmup": 0}

    assert to_data(from_data(full)) == to_data(bare)


@pytest.mark.parametrize("kind", [Rotation, Zoom, Translation, Contrast, Brightness])
@pytest.mark.parametrize(
    ("factor", "text"), [(0.0, "more than 0"), (1.0, "less than 1"), (-0.1, "more than 0")]
)
def test_a_factor_out_of_its_range_is_refused(kind, factor, text):
    with pytest.raises(RecipeError, match=f"Expected {text}.0, got {factor}"):
        kind(factor=factor)


def test_an_input_that_could_not_be_read_is_no_further_problem(full):
    full["inputs"]["photo"]["shape"] = [8, 8]

    assert [problem.place for problem in examine(full).problems] == ["/inputs/photo/shape/2"]


def test_a_schedule_has_a_default_that_changes_nothing():
    assert Optimizer() == Optimizer(schedule="constant", warmup=0.0)
