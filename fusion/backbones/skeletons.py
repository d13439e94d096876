"""Skeletons of known architectures, kept in the user's cache folder so that a second look needs no Keras."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fusion.backbones.applications import REGISTERED, Application, Registered, find_application
from fusion.cache import cache_folder, read_checked, write_checked
from fusion.errors import BackboneError, FileError, InputSizeError, listed, near
from fusion.skeleton import files
from fusion.skeleton.layers import Shape, Skeleton


def skeleton(arch: str, *, shape: Shape, options: Mapping[str, Any] | None = None) -> Skeleton:
    """Returns the layer table of an architecture without its classifier.

    The first time Keras builds it without weights and the table is written to the cache folder: `fusion` in the user's
    cache, or the folder that the variable FUSION_CACHE names. After that nothing imports Keras. A file there that is
    damaged is made again; where the folder cannot be written, the table is made each time and not kept.

    Args:
        arch: Name of an architecture, such as `"VGG16"`.
        shape: Height, width and channels of one input; height and width may be `None`, for any size.
        options: Constructor options, such as `{"alpha": 0.25}` for `"MobileNet"`.

    >>> skeleton("TinyVGG", shape=(16, 16, 3), options={"width": 4}).output
    'block3_pool'

    Raises:
        BackboneError: If there is no such architecture or option.
        InputSizeError: If the input is too small, or no picture.
    """
    settings = dict(options or {})
    check_arguments(arch, shape=shape, options=settings)
    if arch in REGISTERED:
        return _registered(REGISTERED[arch], tuple(shape), json.dumps(settings, sort_keys=True))
    return _skeleton(arch, tuple(shape), json.dumps(settings, sort_keys=True))


def is_cached(arch: str, *, shape: Shape, options: Mapping[str, Any] | None = None) -> bool:
    """Returns whether the table of an architecture is in the cache folder, so that `skeleton` needs no Keras.

    >>> is_cached("TinyVGG", shape=(9999, 16, 3))
    False
    """
    return (
        read_checked(_path(arch, tuple(shape), json.dumps(dict(options or {}), sort_keys=True))) is not None
    )


def check_arguments(arch: str, *, shape: Shape, options: Mapping[str, Any]) -> None:
    """Raises if an architecture cannot be had with these arguments; says nothing if it can.

    >>> check_arguments("InceptionV3", shape=(64, 64, 1), options={})
    Traceback (most recent call last):
    ...
    fusion.errors.InputSizeError: InceptionV3 needs at least 75x75x3, got 64x64x1. Feed larger images, or ...

    Raises:
        BackboneError: If there is no such architecture or option.
        InputSizeError: If the input is too small, or no picture.
    """
    application = find_application(arch)
    unknown = [name for name in options if name not in application.options]
    if unknown and not (arch in REGISTERED and REGISTERED[arch].takes_any):
        allowed = listed(application.options)
        hint = near(unknown[0], application.options)
        raise BackboneError(f"{arch} has no option {unknown[0]!r}.{hint} It has: {allowed}.")
    _check_shape(application, shape)


def _check_shape(application: Application, shape: Shape) -> None:
    name, is_text = application.name, len(shape) == 1
    if application.reads == "tokens" and not is_text:
        raise BackboneError(f"{name} reads texts, and the input is an image. Feed it words or tokens.")
    if application.reads == "tokens":
        return
    if is_text:
        raise BackboneError(
            f"{name} reads images, and the input is a text. Name a backbone of texts: TinyText, one of KerasHub by "
            '"preset" or "kerashub", or a function that fusion.register_backbone was told reads="tokens".'
        )
    if len(shape) != 3 or shape[2] is None or any(size is not None and size < 1 for size in shape):
        raise InputSizeError(
            f"{application.name} reads pictures of shape (height, width, channels), got {tuple(shape)}. "
            "Height and width may be open (None), channels not."
        )
    smallest = application.min_size
    if any(size is not None and size < smallest for size in shape[:2]):
        got = "x".join("?" if size is None else str(size) for size in shape)
        raise InputSizeError(
            f"{name} needs at least {smallest}x{smallest}x3, got {got}. Feed larger images, or write "
            f'"resize": [{smallest}, {smallest}] in the branch.'
        )


@lru_cache(maxsize=64)
def _skeleton(arch: str, shape: Shape, options: str) -> Skeleton:
    def make() -> Skeleton:
        # Only a miss needs Keras, which takes seconds to import.
        from fusion.backbones.building import dry_build

        return dry_build(arch, shape=shape, options=json.loads(options))

    return remembered(_path(arch, shape, options), make)


@lru_cache(maxsize=64)
def _registered(registered: Registered, shape: Shape, options: str) -> Skeleton:
    # Never in the cache folder: what a function builds may change with anything it calls.
    from fusion.backbones.building import dry_build

    return dry_build(registered.application.name, shape=shape, options=json.loads(options))


def _path(arch: str, shape: Shape, options: str) -> Path:
    return cache_place(arch, [arch, shape, options])


def cache_place(name: str, source: Sequence[Any]) -> Path:
    """Returns where what is known of a source is kept: under a key of all that could change it.

    >>> cache_place("mine", ["file", 3]).name[:5]
    'mine-'
    """
    key = json.dumps([files.FORMAT, version("fusion"), version("keras"), *source])
    return cache_folder() / "skeletons" / f"{name}-{hashlib.sha256(key.encode()).hexdigest()[:20]}.json"


def remembered(place: Path, make: Callable[[], Skeleton]) -> Skeleton:
    """Returns the table in a file of the cache; one that is not there is made and put there."""
    text = read_checked(place)
    if text is not None:
        return files.from_json(text)
    made = make()
    _write(place, files.to_json(made))
    return made


def remembered_text(place: Path, make: Callable[[], str]) -> str:
    """Returns the text in a file of the cache; one that is not there is made and put there."""
    text = read_checked(place)
    if text is None:
        text = make()
        _write(place, text)
    return text


def _write(path: Path, text: str) -> None:
    # A cache that cannot be written costs time, nothing else.
    with suppress(FileError):
        write_checked(path, text)
