"""The weights that Keras publishes as "imagenet": from its cache, else from the network, never anything else."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from fusion.backbones.applications import find_application
from fusion.backbones.building import construct, worded
from fusion.errors import BackboneError, WeightsError
from fusion.skeleton.layers import Shape

_RENAMED = {
    "NASNet-mobile-no-top.h5": "nasnet_mobile_no_top.h5",
    "NASNet-large-no-top.h5": "nasnet_large_no_top.h5",
}
"""Files that Keras keeps under another name than the one at the end of their URL; the tests compare with Keras."""


def construct_pretrained(arch: str, *, shape: Shape, options: Mapping[str, Any]) -> keras.Model:
    """Returns a backbone with its ImageNet weights, without its classifier.

    >>> construct_pretrained("TinyVGG", shape=(16, 16, 3), options={})
    Traceback (most recent call last):
    ...
    fusion.errors.WeightsError: There are no 'imagenet' weights for TinyVGG. Use a file, or null for random weights.

    Raises:
        WeightsError: If there are none, they do not fit the shape and options, or they are neither in Keras's cache nor
            to be had from the network.
    """
    if not find_application(arch).imagenet:
        raise WeightsError(
            f"There are no 'imagenet' weights for {arch}. Use a file, or null for random weights."
        )
    try:
        return construct(arch, shape=shape, weights="imagenet", options=options)
    except (BackboneError, OSError) as error:
        raise WeightsError(
            f"{arch} cannot be had with weights 'imagenet' for {worded(shape, options)}. If a file in {models_folder()} "
            f"is damaged, delete it. Keras says: {error.__cause__ or error}"
        ) from error
    except Exception as error:
        # Keras raises a bare Exception when a download fails, so only its text tells.
        failed = re.match(r"URL fetch failure on (\S+): (.*)", str(error))
        if failed is None:
            raise
        raise WeightsError(_unreachable(arch, *failed.groups())) from error


def models_folder() -> Path:
    """Returns the folder in which Keras looks for published weights before it asks the network.

    >>> models_folder().name
    'models'
    """
    # As keras.utils.get_file decides it.
    home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
    if not os.access(home, os.W_OK):
        home = Path("/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir()) / ".keras"
    return home / "models"


def _unreachable(arch: str, url: str, reason: str) -> str:
    published = url.rpartition("/")[2]
    path = models_folder() / _RENAMED.get(published, published)
    return (
        f"The 'imagenet' weights for {arch} are not in Keras's cache and cannot be downloaded ({reason}). "
        f"Fetch {url} elsewhere and put it at {path}, or set KERAS_HOME to a folder that has it under models/."
    )
