"""What a fused model is compared with: each of its backbones alone, its head alone, and training from nothing."""

from fusion.recipe.recipe import Recipe
from fusion.recipe.reduction import only
from fusion.recipe.training import Phase


def arms(recipe: Recipe) -> dict[str, Recipe]:
    """Returns the recipes to compare, the fused one first, by what the table calls them.

    Args:
        recipe: Two branches or more, each with a backbone, joined by one op; phases that train the head first.
    """
    alone = {f"{name} alone": _alone(recipe, name) for name in recipe.backbones}
    return {
        "fused": recipe,
        **alone,
        "fused, last layers only": head_only(recipe),
        "fused, from scratch": from_scratch(recipe),
    }


def head_only(recipe: Recipe) -> Recipe:
    """Returns the recipe with nothing but the head trained, for as many epochs: the usual last layer on frozen features."""
    first, *_ = _phases(recipe)
    epochs = sum(phase.epochs for phase in _phases(recipe))
    return recipe.replaced(
        name=f"{recipe.name}, head only",
        training=_training(recipe, (first.replaced(name="head only", train=("head",), epochs=epochs),)),
    )


def from_scratch(recipe: Recipe) -> Recipe:
    """Returns the same architecture with nothing transferred, all of it trained for as many epochs.

    The optimizer is that of the last phase, which trains most of it in the recipe too; it is not tuned for this.
    """
    first = _phases(recipe)[-1]
    epochs = sum(phase.epochs for phase in _phases(recipe))
    everything = ("head", *recipe.backbones)
    return recipe.replaced(
        name=f"{recipe.name}, from scratch",
        backbones={name: each.replaced(weights=None) for name, each in recipe.backbones.items()},
        training=_training(
            recipe, (first.replaced(name="everything", train=everything, epochs=epochs, batchnorm="train"),)
        ),
    )


def _alone(recipe: Recipe, backbone: str) -> Recipe:
    own = [name for name, branch in recipe.branches.items() if branch.backbone == backbone]
    return only(recipe, own, name=f"{recipe.name}, {backbone} alone")


def _phases(recipe: Recipe) -> tuple[Phase, ...]:
    return tuple(recipe.training.phases) if recipe.training else ()


def _training(recipe: Recipe, phases: tuple[Phase, ...]) -> object:
    return recipe.training.replaced(phases=phases) if recipe.training else None
