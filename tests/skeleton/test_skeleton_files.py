import json
import time

import pytest

from fusion.errors import BackboneError
from fusion.skeleton.files import from_json, to_json
from fusion.skeleton.layers import Layer, Skeleton


def chain(length):
    first = Layer("x", "InputLayer", (), (None, None, 3))
    rest = [
        Layer(
            f"stage{i}.row",
            "Conv2D",
            ("x" if i == 0 else f"stage{i - 1}.row",),
            (None, None, 3),
            params=i + 1,
            statistics=i,
            flops=2 * i,
            dtype="float16",
            operation=bool(i % 2),
            container=f"stage{i}",
        )
        for i in range(length)
    ]
    return Skeleton("chain", (None, None, 3), (first, *rest), rest[-1].name, "3.15.1")


def test_a_skeleton_comes_back_equal_with_every_column():
    skeleton = chain(5)

    assert from_json(to_json(skeleton)) == skeleton


def test_equal_skeletons_give_equal_text():
    assert to_json(chain(5)) == to_json(from_json(to_json(chain(5))))


def test_a_large_table_loads_in_milliseconds():
    text = to_json(chain(780))

    times = []
    for _ in range(5):
        start = time.perf_counter()
        from_json(text)
        times.append(time.perf_counter() - start)
    # About 2 ms; one dict a row took five times as long.
    assert min(times) < 0.02
    assert len(text) < 100 * 780


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "null"])
def test_a_text_that_is_no_skeleton_is_refused(text):
    with pytest.raises(BackboneError, match="This is no skeleton"):
        from_json(text)


def test_a_format_of_the_future_is_refused():
    data = json.loads(to_json(chain(1))) | {"skeleton": 7}

    with pytest.raises(BackboneError, match=r"has format 7; this version of fusion reads 6"):
        from_json(json.dumps(data))
