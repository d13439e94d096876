import pickle

import pytest

from fusion import errors
from fusion.errors import FusionError, Problem, RecipeError, listed, listing, near, nearest, shown

KINDS = [
    (errors.RecipeError, ValueError),
    (errors.LayerNotFoundError, LookupError),
    (errors.BackboneError, ValueError),
    (errors.InputSizeError, errors.BackboneError),
    (errors.WeightsError, OSError),
    (errors.ModelError, ValueError),
    (errors.DataError, ValueError),
    (errors.TrainingError, RuntimeError),
    (errors.StudyError, RuntimeError),
    (errors.FileError, OSError),
    (errors.StoreError, OSError),
    (errors.DrawingError, ValueError),
]


@pytest.mark.parametrize(("kind", "resembles"), KINDS)
def test_every_error_is_a_fusion_error_and_the_built_in_it_resembles(kind, resembles):
    with pytest.raises(FusionError, match=r"^What happened\.$") as caught:
        raise kind("What happened.")

    assert isinstance(caught.value, resembles)
    assert caught.value.args == ("What happened.",)


def test_every_error_of_the_module_is_in_the_table():
    found = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, FusionError)
    }

    assert found - {FusionError} == {kind for kind, _ in KINDS}


def test_a_recipe_error_lists_its_problems_and_holds_them():
    problems = (Problem("/a", "One."), Problem("", "Two.\nMore."))

    error = RecipeError.of("x.json", iter(problems))

    assert error.problems == problems
    assert str(error) == (
        "x.json: 2 problems\n  /a             One.\n  (whole file)   Two.\n                 More."
    )


def test_a_recipe_error_made_of_a_text_holds_none():
    assert RecipeError("What happened.").problems == ()


def test_a_recipe_error_comes_back_from_another_process_with_its_problems():
    error = RecipeError.of("x.json", [Problem("/a", "One.")])

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - what was pickled a moment ago

    assert (str(again), again.problems) == (str(error), error.problems)


def test_one_problem_is_counted_in_the_singular():
    assert listing("x.json", [Problem("/a", "One.")]) == "x.json: 1 problem\n  /a   One."


def test_a_long_place_does_not_push_the_texts_of_others_away():
    long = "/training/phases/0/optimizer/learning_rate_of_the_first"

    lines = listing("x.json", [Problem(long, "One."), Problem("/a", "Two.")]).split("\n")

    assert lines[1] == f"  {long}   One."
    assert lines[2] == "  " + "/a".ljust(44) + "   Two."


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("block4_pol", ["block3_pool", "block4_pool"], "block4_pool"),
        ("vgg16", ["VGG16", "VGG19"], "VGG16"),
        ("VGG_61", ["vgg16", "resnet"], "vgg16"),
        ("zebra", ["block4_pool"], ""),
        ("", ["a"], ""),
        ("a", [], ""),
    ],
)
def test_the_nearest_name_is_found_in_any_case(word, known, found):
    assert nearest(word, known) == found
    assert near(word, iter(known)) == (f" Did you mean {found!r}?" if found else "")


def test_names_are_listed_up_to_a_limit():
    assert listed([]) == "none"
    assert listed("abc", limit=3) == "a, b, c"
    assert listed("abcd", limit=3) == "a, b, c and 1 more"


def test_a_value_is_quoted_in_at_most_sixty_signs():
    assert shown("a") == "'a'"
    assert shown("a" * 58) == repr("a" * 58)
    assert shown("a" * 59) == "'" + "a" * 56 + "..."
