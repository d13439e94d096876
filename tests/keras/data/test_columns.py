from pathlib import Path

import numpy as np
import pytest

from fusion.data.columns import check_present, narrowed
from fusion.data.examples import Array, Data, Examples, ImageFiles
from fusion.errors import StudyError


@pytest.fixture
def data():
    paths = (Path("a.png"), None, Path("c.png"))
    photos = ImageFiles(paths, (8, 8, 3), (0.0, 255.0))
    facts = Array(np.array([[1.0], [np.nan], [np.nan]]))
    part = Examples({"photo": photos, "facts": facts}, np.arange(3), ("a", "b", "c"))
    return Data(part, None, part, None, "Made up.")


def test_examples_that_lack_an_input_are_counted_over_all_splits_and_refused(data):
    with pytest.raises(
        StudyError, match=r"^2 of 6 examples lack 'photo', 4 of 6 examples lack 'facts'; layers"
    ):
        check_present(data, ["photo", "facts"])


def test_inputs_that_are_not_asked_about_may_be_missing(data):
    bare = narrowed(data, ["facts"])

    assert list(bare.train.columns) == list(bare.test.columns) == ["facts"]
    assert bare.validation is None
    check_present(bare, [])
