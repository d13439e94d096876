"""Architectures that functions registered in Python build; recipes name them in `requires`."""

import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fusion.backbones.applications import APPLICATIONS, REGISTERED, Application, Reads, Registered
from fusion.errors import BackboneError, Problem, near
from fusion.recipe.backbones import Backbone
from fusion.recipe.preprocessing import Preprocess
from fusion.recipe.recipe import Recipe

if TYPE_CHECKING:
    import keras


def register_backbone(
    name: str,
    function: "Callable[..., keras.Model]",
    *,
    preprocess: Preprocess,
    min_size: int = 1,
    reads: Reads = "images",
) -> None:
    """Makes what a function builds an architecture, `"arch": NAME`, of recipes that list it in `requires`.

    The function is called as `function(input_shape=(height, width, channels))`, with the recipe's options as further
    keywords, and returns a functional model that ends in a feature map; one that reads texts as `input_shape=(length,)`,
    for a model from whole numbers to a vector for each, or for all. It is called for the table of its layers too,
    in a dry run that keeps no weights. `"weights": null` leaves those it gives its model; a file replaces them. Its
    layers are listed anew in each process, as nobody can tell whether what it calls has changed. A later function
    under the same name takes its place.

    Args:
        name: What recipes call it.
        function: What builds it.
        preprocess: What its weights want images turned into.
        min_size: Smallest height and width it takes.
        reads: `images`, or `tokens`: the numbers of tokens or words.

    >>> register_backbone("VGG16", lambda input_shape: None, preprocess="tf")
    Traceback (most recent call last):
    ...
    fusion.errors.BackboneError: 'VGG16' is built in; register the function under another name.

    Raises:
        BackboneError: If the name is taken by an architecture that is built in, or the function does not take
            `input_shape`.
    """
    if name in APPLICATIONS:
        raise BackboneError(f"{name!r} is built in; register the function under another name.")
    # Read as a recipe's own is, so that what is wrong with it is told in the same words.
    wanted = Backbone(arch=name, weights=None, preprocess=preprocess).preprocess
    if wanted == "auto":
        raise BackboneError(
            f"Say what {name!r} is fed: 'preprocess' is none, tf, caffe, torch or a fusion.Scaling."
        )
    if reads == "tokens" and wanted != "none":
        raise BackboneError(f'{name!r} reads tokens, which nothing is done to. Write preprocess="none".')
    parameters = dict(inspect.signature(function).parameters)
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    if "input_shape" not in parameters and not takes_any:
        raise BackboneError(
            f"The function registered as {name!r} is called with input_shape=(height, width, channels), "
            f"and takes {', '.join(parameters) or 'nothing'}."
        )
    options = tuple(each for each in parameters if each != "input_shape")
    application = Application(name, wanted, min_size, options=options, imagenet=False, reads=reads)
    REGISTERED[name] = Registered(application, function, takes_any)


def unmet(recipe: Recipe) -> Iterator[Problem]:
    """Yields what is wrong with the functions a recipe requires, and with those it uses without a word.

    >>> one = Recipe(
    ...     name="one",
    ...     requires=["mine"],
    ...     inputs={"photo": {"kind": "image", "shape": (8, 8, 3)}},
    ...     backbones={"net": Backbone(arch="mine", weights=None)},
    ...     branches={"all": {"input": "photo", "backbone": "net"}},
    ...     head={"output": {"task": "binary"}},
    ... )
    >>> [problem.place for problem in unmet(one)]
    ['/requires/0']
    """
    used = {name: each.arch for name, each in recipe.backbones.items() if isinstance(each, Backbone)}
    for index, name in enumerate(recipe.requires):
        if name in APPLICATIONS:
            yield Problem(f"/requires/{index}", f"{name!r} is built in; take it out.")
        elif name not in used.values():
            hint = near(name, used.values())
            yield Problem(f"/requires/{index}", f"{name!r} is the arch of no backbone; take it out.{hint}")
        elif name not in REGISTERED:
            yield Problem(
                f"/requires/{index}",
                f"Nothing is registered as {name!r} in this process.{near(name, REGISTERED)} "
                f"In Python, before the recipe is used: fusion.register_backbone({name!r}, function, preprocess=...).",
            )
    for backbone, arch in used.items():
        if arch in REGISTERED and arch not in recipe.requires:
            text = f'{arch!r} is a function registered in Python; say so: "requires": ["{arch}"].'
            yield Problem(f"/backbones/{backbone}/arch", text)


def unregistered(recipe: Recipe) -> list[str]:
    """Returns the backbones whose functions are required and not there, so that nothing is known of their layers."""
    missing = set(recipe.requires) - {*REGISTERED, *APPLICATIONS}
    return [name for name, each in recipe.backbones.items() if each.arch in missing]
