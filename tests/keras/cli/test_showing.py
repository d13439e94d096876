"""The command show: the first batch of a training as a picture."""

import numpy as np
import pytest
from PIL import Image

from fusion.errors import FileError


def test_show_draws_as_many_examples_of_the_first_batch_as_asked(run, recipe_file, photos, tmp_path):
    status, out, _ = run("show", recipe_file(), "--data", photos, "-o", tmp_path / "b.png", "--count", 4)

    with Image.open(tmp_path / "b.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert status == 0
    assert str(tmp_path / "b.png") in out
    assert "bright" in out
    assert pixels.shape[1] == 4 * 1.5 * 144
    # Photographs of noise, on white.
    assert pixels.min() < 20
    assert (pixels == 255).any()


@pytest.mark.parametrize(("name", "start"), [("b.svg", b"<?xml"), ("b.pdf", b"%PDF"), ("b.jpg", b"\xff\xd8")])
def test_the_suffix_says_how_a_batch_is_drawn(run, recipe_file, photos, tmp_path, name, start):
    run("show", recipe_file(), "--data", photos, "-o", tmp_path / name, "--count", 1)

    assert (tmp_path / name).read_bytes().startswith(start)


def test_what_is_no_picture_is_refused_before_data_are_read(run, recipe_file, tmp_path):
    with pytest.raises(FileError, match=r"ends with .*\.png.*Did you mean '\.png'"):
        run("show", recipe_file(), "--data", tmp_path / "absent", "-o", "batch.pngg")
