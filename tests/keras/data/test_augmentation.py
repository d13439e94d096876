import random

import keras
import numpy as np
import pytest
import tensorflow as tf

from fusion.data.augmentation import augmenter
from fusion.data.batches import shuffled_batches
from fusion.data.examples import Array, Examples
from fusion.recipe.augmentation import Brightness, Contrast, Flip, Rotation, Translation, Zoom
from fusion.recipe.inputs import Image, Table

EVERY = (
    Flip(mode="horizontal"),
    Rotation(factor=0.05),
    Zoom(factor=0.1),
    Translation(factor=0.1),
    Contrast(factor=0.2),
    Brightness(factor=0.2),
)
PHOTO = Image(shape=(12, 10, 3), range=(-1, 1))
PIXELS = np.random.default_rng(0).uniform(-1, 1, (11, *PHOTO.shape)).astype("float32")
SEED = (3, 4)


def made(*changes, seed=SEED, pixels=PIXELS, declared=PHOTO):
    augment = augmenter({"photo": changes}, {"photo": declared})
    return augment({"photo": tf.constant(pixels)}, tf.constant(seed))["photo"].numpy()


@pytest.fixture
def examples():
    """Photographs and facts, whose target is their place."""
    columns = {"photo": Array(PIXELS), "facts": Array(np.arange(11)[:, None])}
    return Examples(columns, np.arange(11), tuple(map(str, range(11))))


def batches(examples, *changes, **options):
    augment = augmenter({"photo": changes}, {"photo": PHOTO, "facts": Table(columns=("a",))})
    usual = {"batch_size": 4, "seed": 5, "epochs": 3} | options
    return list(shuffled_batches(examples, **usual, augment=augment))


def photos(found):
    return [inputs["photo"].numpy() for inputs, _ in found]


def same(one, other):
    return len(one) == len(other) and all(map(np.array_equal, one, other))


@pytest.mark.parametrize("change", EVERY, ids=lambda change: type(change).__name__)
def test_a_change_leaves_shape_and_range_and_little_else(change):
    found = made(change)

    assert (found.shape, found.dtype) == (PIXELS.shape, np.float32)
    assert -1 <= found.min() <= found.max() <= 1
    assert not np.array_equal(found, PIXELS)


def test_no_rounding_leads_out_of_the_range():
    white = np.full((50, 64, 48, 3), 255, np.float32)

    for change in EVERY:
        assert made(change, pixels=white, declared=Image(shape=(64, 48, 3))).max() <= 255


@pytest.mark.parametrize(("mode", "axis"), [("horizontal", 2), ("vertical", 1)])
def test_a_flip_mirrors_some_images_and_leaves_the_others(mode, axis):
    found = made(Flip(mode=mode))

    mirrored = [np.array_equal(*pair) for pair in zip(found, np.flip(PIXELS, axis), strict=True)]
    left = [np.array_equal(*pair) for pair in zip(found, PIXELS, strict=True)]
    assert any(mirrored)
    assert any(left)
    assert all(one != other for one, other in zip(mirrored, left, strict=True))


def test_a_turn_stays_within_its_part_of_a_full_turn():
    line = np.zeros((40, 31, 31, 1), np.float32)
    line[:, 15, :] = 1

    found = made(Rotation(factor=0.05), pixels=line, declared=Image(shape=(31, 31, 1), range=(0, 1)))

    heights = found[:, :, 30, 0].argmax(1) - 15
    assert heights.min() < -2
    assert heights.max() > 2
    # The sine of 18 degrees, 15 pixels from the middle.
    assert np.abs(heights).max() <= 5


def test_what_a_shift_leaves_empty_is_filled_by_reflection():
    rows = np.repeat(np.arange(10, dtype=np.float32)[None, :, None, None], 60, axis=0)
    rows = np.repeat(rows, 10, axis=2)

    found = made(Translation(factor=0.3), pixels=rows, declared=Image(shape=(10, 10, 1), range=(0, 9)))

    down = [image[:, 0, 0] for image in found if image[5, 0, 0] < 3.5]
    assert down
    assert all(image[0] > image[1] for image in down)


def test_brightness_and_contrast_are_parts_of_the_inputs_own_range():
    grey = np.zeros((200, 4, 4, 1), np.float32)
    grey[:, ::2] = 0.25

    brighter = made(Brightness(factor=0.2), pixels=grey, declared=Image(shape=(4, 4, 1), range=(-1, 1)))
    harder = made(Contrast(factor=0.2), pixels=grey, declared=Image(shape=(4, 4, 1), range=(-1, 1)))

    assert 0.35 < np.abs(brighter - grey).max() <= 0.4
    spans = harder.max((1, 2, 3)) - harder.min((1, 2, 3))
    assert 0.1999 <= spans.min() < 0.21
    assert 0.29 < spans.max() <= 0.3001


def test_changes_are_made_in_order():
    shifted = made(Brightness(factor=0.9), Contrast(factor=0.9))
    harder = made(Contrast(factor=0.9), Brightness(factor=0.9))

    assert not np.allclose(shifted, harder)


def test_the_same_seed_gives_the_same_images_and_another_one_others():
    assert np.array_equal(made(*EVERY), made(*EVERY))
    assert not np.array_equal(made(*EVERY), made(*EVERY, seed=(3, 5)))


def test_two_inputs_are_changed_differently():
    augment = augmenter({"a": EVERY, "b": EVERY}, {"a": PHOTO, "b": PHOTO})

    found = augment({"a": tf.constant(PIXELS), "b": tf.constant(PIXELS)}, tf.constant(SEED))

    assert not np.array_equal(found["a"], found["b"])


def test_nothing_is_drawn_from_anybody_elses_random_numbers():
    random.seed(0)
    wanted = random.random()

    random.seed(0)
    made(*EVERY)

    assert random.random() == wanted


def test_images_stay_float32_and_channels_last_whatever_keras_is_set_to():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    try:
        found = made(*EVERY)
    finally:
        keras.config.set_image_data_format(before)

    assert np.array_equal(found, made(*EVERY))


def test_only_the_images_named_change_and_all_stays_together(examples):
    for inputs, targets in batches(examples, Flip(mode="horizontal")):
        assert inputs["facts"].numpy()[:, 0].tolist() == targets.numpy().tolist()
        for image, place in zip(inputs["photo"].numpy(), targets.numpy(), strict=True):
            assert any(np.array_equal(image, each) for each in (PIXELS[place], PIXELS[place][:, ::-1]))


def test_shapes_are_known_before_anything_is_read(examples):
    augment = augmenter({"photo": EVERY}, {"photo": PHOTO})

    dataset = shuffled_batches(examples, batch_size=4, seed=0, epochs=2, augment=augment)

    assert dataset.element_spec[0]["photo"] == tf.TensorSpec((None, *PHOTO.shape), tf.float32)
    assert dataset.cardinality() == 6


def test_two_trainings_see_the_same_and_one_of_another_seed_does_not(examples):
    one, again = photos(batches(examples, *EVERY)), photos(batches(examples, *EVERY))

    assert same(one, again)
    assert not same(one, photos(batches(examples, *EVERY, seed=6)))


def test_every_epoch_sees_other_images(examples):
    found = batches(examples, Brightness(factor=0.2))

    seen = {}
    for inputs, targets in found:
        for image, place in zip(inputs["photo"].numpy(), targets.numpy(), strict=True):
            seen.setdefault(int(place), []).append(image)
    assert all(
        not np.array_equal(one, other)
        for first, second, third in seen.values()
        for one, other in ((first, second), (second, third), (first, third))
    )


@pytest.mark.parametrize("start", [1, 2])
def test_a_training_that_goes_on_sees_what_it_would_have_seen(examples, start):
    whole = photos(batches(examples, *EVERY))

    assert same(photos(batches(examples, *EVERY, start=start)), whole[start * 3 :])


def test_examples_without_targets_are_changed_too(examples):
    bare = Examples(examples.columns, None, examples.names)

    found = [inputs["photo"].numpy() for inputs in batches(bare, *EVERY)]

    assert same(found, photos(batches(examples, *EVERY)))
