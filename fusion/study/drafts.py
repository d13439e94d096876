"""A study's file looked at whole: what is wrong with the file itself and with its arms is told at once."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from fusion.backbones.catalogue import Shelf
from fusion.errors import Problem, RecipeError
from fusion.graph.uses import Catalogue
from fusion.study.declaration import Study, examine_study
from fusion.study.variants import Variants, all_variants

FOLLOWS = {"/reference": {"arms", "axes", "cuts"}, "/racing/rungs": {"seeds"}}
"""By the place of a problem, keys of the study that it may only follow from, if they are wrong."""


def open_variants(
    study: Study | str | Path,
    *,
    folders: Sequence[Path] = (),
    shelf: Callable[[tuple[Path, ...]], Catalogue] = Shelf,
) -> tuple[Study, Variants]:
    """Returns a study and its arms; of a file whose arms are wrong too, all that is wrong is told at once.

    Args:
        study: The study, or the path of its file.
        folders: Where weights files lie; the folder of each recipe's file comes after them.
        shelf: Makes of the folders of an arm where its layer tables come from.

    >>> from fusion.recipe.short import fuse
    >>> one = fuse("TinyVGG[block3_pool]", output=["cat", "dog"], weights=None, shape=(32, 32, 3))
    >>> list(open_variants(Study(name="one", recipe=one))[1].arms)
    ['base']

    Raises:
        RecipeError: Listing every problem of the file and of every arm, each with its place in the study.
    """
    if isinstance(study, Study):
        return study, all_variants(study, folders=folders, shelf=shelf)
    found, problems = examine_study(study)
    if found is None:
        raise RecipeError.of(str(study), problems)
    try:
        made = all_variants(found, folder=Path(study).parent, folders=folders, shelf=shelf)
    except RecipeError as error:
        if not problems:
            raise
        problems += [each for each in error.problems if not _follows(each, problems)]
    if problems:
        raise RecipeError.of(str(study), problems)
    return found, made


def _follows(problem: Problem, wrong: Collection[Problem]) -> bool:
    """Whether a problem may be one only because what is wrong with the file was left out."""
    keys = {each.place.split("/")[1] for each in wrong if each.place}
    # What a key that is not known stands for nobody knows.
    unknown = keys - Study.model_fields.keys()
    return problem.place in FOLLOWS and bool(unknown or FOLLOWS[problem.place] & keys)
