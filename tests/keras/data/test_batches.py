import itertools
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from fusion.data.batches import batches, epoch_order, shuffled_batches, steps
from fusion.data.examples import Array, Examples, ImageFiles
from fusion.data.folders import read_folder
from fusion.data.images import read_pixels
from fusion.errors import DataError
from fusion.recipe.inputs import Image as ImageInput

ASSETS = Path(os.environ.get("FUSION_ASSETS", "/nowhere"), "images")
needs_assets = pytest.mark.skipif(not ASSETS.is_dir(), reason="FUSION_ASSETS names no folder with images")


def numbered(count):
    """Examples whose target is their place."""
    names = tuple(map(str, range(count)))
    return Examples({"x": Array(np.arange(count)[:, None] * 10)}, np.arange(count), names)


def orders(dataset):
    return [targets.numpy().tolist() for _, targets in dataset]


def flat(found):
    return list(itertools.chain.from_iterable(found))


@pytest.fixture
def photos(tmp_path):
    """Seven images of different sizes and modes."""
    rng = np.random.default_rng(0)
    paths = []
    for i, mode in enumerate(["RGB", "L", "RGBA", "P", "RGB", "LA", "RGB"]):
        pixels = rng.integers(0, 256, (10 + i, 20 - i, 3), dtype=np.uint8)
        paths.append(tmp_path / f"{i}.png")
        Image.fromarray(pixels).convert(mode).save(paths[-1])
    return tuple(paths)


def test_batches_are_in_order_and_the_last_may_be_smaller():
    found = list(batches(numbered(5), batch_size=2))

    assert orders(found) == [[0, 1], [2, 3], [4]]
    assert [inputs["x"].numpy().tolist() for inputs, _ in found] == [[[0], [10]], [[20], [30]], [[40]]]


def test_every_number_becomes_float32_and_shapes_are_known():
    inputs, targets = batches(numbered(5), batch_size=2).element_spec

    assert inputs == {"x": tf.TensorSpec((None, 1), tf.float32)}
    assert targets == tf.TensorSpec((None,), tf.int64)


def test_without_targets_only_inputs_come():
    examples = Examples({"x": Array(np.zeros((3, 2)))}, None, ("a", "b", "c"))

    (first, second) = batches(examples, batch_size=2)

    assert {name: tuple(tensor.shape) for name, tensor in first.items()} == {"x": (2, 2)}
    assert second["x"].shape == (1, 2)


def test_images_are_what_the_one_decoder_reads(photos):
    column = ImageFiles(photos, (8, 9, 3), (-1, 1))
    examples = Examples({"photo": column}, None, tuple(map(str, photos)))

    found = np.concatenate([inputs["photo"] for inputs in batches(examples, batch_size=3)])

    assert found.dtype == np.float32
    assert (found == np.stack([read_pixels(path, (8, 9, 3), (-1, 1)) for path in photos])).all()


def test_inputs_and_targets_stay_together_when_shuffled(photos):
    columns = {"photo": ImageFiles(photos, (8, 8, 1), (0, 255)), "x": Array(np.arange(7)[:, None])}
    targets = np.arange(7, dtype=np.float32)[:, None]
    examples = Examples(columns, targets, tuple(map(str, photos)))
    pixels = [read_pixels(path, (8, 8, 1), (0, 255)) for path in photos]

    for inputs, found in shuffled_batches(examples, batch_size=3, seed=0, epochs=2):
        for photo, x, target in zip(inputs["photo"].numpy(), inputs["x"].numpy(), found.numpy(), strict=True):
            assert x[0] == target[0]
            assert (photo == pixels[int(target[0])]).all()


def test_every_epoch_has_every_example_once_and_an_order_of_its_own():
    found = orders(shuffled_batches(numbered(10), batch_size=4, seed=0, epochs=3))

    assert [len(batch) for batch in found] == [4, 4, 2] * 3
    epochs = [flat(found[i : i + 3]) for i in (0, 3, 6)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(10))] * 3
    assert epochs == [epoch_order(10, 0, epoch).tolist() for epoch in range(3)]
    assert epochs[0] != epochs[1] != epochs[2]


def test_order_follows_from_the_seed_and_the_epoch_alone():
    one, same, other = (
        orders(shuffled_batches(numbered(10), batch_size=5, seed=seed, epochs=2)) for seed in (1, 1, 2)
    )

    assert one == same
    assert one != other


def test_training_that_goes_on_sees_what_it_would_have_seen():
    whole = orders(shuffled_batches(numbered(10), batch_size=4, seed=3, epochs=5))
    rest = orders(shuffled_batches(numbered(10), batch_size=4, seed=3, epochs=5, start=2))

    assert rest == whole[6:]


def test_order_does_not_depend_on_the_batch_size():
    small = orders(shuffled_batches(numbered(10), batch_size=3, seed=3, epochs=2))
    large = orders(shuffled_batches(numbered(10), batch_size=10, seed=3, epochs=2))

    assert flat(small) == flat(large)


def test_number_of_batches_is_known_and_counts_the_smaller_last_one():
    dataset = shuffled_batches(numbered(10), batch_size=4, seed=0, epochs=5, start=2)

    assert steps(numbered(10), batch_size=4) == 3
    assert dataset.cardinality() == 9
    assert batches(numbered(10), batch_size=4).cardinality() == 3


def test_nothing_is_left_after_the_last_epoch():
    assert orders(shuffled_batches(numbered(4), batch_size=4, seed=0, epochs=2, start=2)) == []


def test_memory_mapped_rows_are_read_from_their_file(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(12.0).reshape(6, 2))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    examples = Examples({"x": Array(mapped, rows=np.array([5, 0, 3]))}, None, ("a", "b", "c"))

    (found,) = batches(examples, batch_size=3)

    assert found["x"].numpy().tolist() == [[10, 11], [0, 1], [6, 7]]


def test_image_that_went_bad_since_it_was_examined_is_named(photos):
    examples = Examples({"photo": ImageFiles(photos, (8, 8, 3), (0, 1))}, None, tuple(map(str, photos)))
    photos[4].write_bytes(b"gone bad")

    with pytest.raises(tf.errors.OpError, match=r"DataError: Image .*4\.png cannot be used"):
        list(batches(examples, batch_size=2))


@pytest.mark.parametrize(
    "make", [batches, lambda e, batch_size: shuffled_batches(e, batch_size=batch_size, seed=0, epochs=1)]
)
def test_batches_of_nothing_are_refused(make):
    with pytest.raises(DataError, match="at least 1 example, got batch_size=0"):
        make(numbered(3), batch_size=0)
    with pytest.raises(DataError, match="no examples to make batches of"):
        make(numbered(0), batch_size=2)


@pytest.mark.parametrize("start", [-1, 4])
def test_start_outside_the_epochs_is_refused(start):
    with pytest.raises(DataError, match=f"from 0 up to epochs=3, got start={start}"):
        shuffled_batches(numbered(3), batch_size=2, seed=0, epochs=3, start=start)


def test_texts_come_as_utf_8_beside_numbers():
    texts = Array(np.array([["Köln"], ["b"], ["東京"]]), rows=np.array([2, 0]))
    two = Examples({"zip": texts, "x": Array(np.eye(2))}, np.array([0, 1]), ("a", "b"))

    ((inputs, targets),) = batches(two, batch_size=4)

    assert [text.decode() for text in inputs["zip"].numpy()[:, 0]] == ["東京", "Köln"]
    assert inputs["zip"].shape == (2, 1)
    assert inputs["x"].numpy().tolist() == [[1, 0], [0, 1]]
    assert targets.numpy().tolist() == [0, 1]


@needs_assets
@pytest.mark.slow
def test_an_epoch_of_cats_and_dogs_is_decoded():
    data = read_folder(ASSETS / "cats_dogs", input_name="photo", image=ImageInput(shape=(96, 96, 3)))

    count = 0
    for inputs, targets in shuffled_batches(data.train, batch_size=32, seed=0, epochs=1):
        count += len(targets)
        assert inputs["photo"].shape == (len(targets), 96, 96, 3)
        assert 50 < float(tf.reduce_mean(inputs["photo"])) < 200

    assert count == len(data.train)
