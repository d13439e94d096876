import io

import numpy as np
import pytest
from PIL import Image

from fusion.data.images import decode, read_pixels, to_pixels
from fusion.errors import DataError


def encoded(image, kind, **options):
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def gradient(size=(16, 8)):
    columns = np.linspace(0, 255, size[0]).astype(np.uint8)
    return Image.fromarray(np.broadcast_to(columns[None, :, None], (size[1], size[0], 3)).copy())


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("BMP", {}), ("WEBP", {"lossless": True}), ("GIF", {})]
)
def test_lossless_formats_give_the_pixels_that_were_saved(kind, options):
    pixels = to_pixels(decode(encoded(gradient(), kind, **options)), (8, 16, 3), (0, 255))

    assert np.abs(pixels - np.asarray(gradient())).max() <= (3 if kind == "GIF" else 0)


def test_jpeg_gives_about_the_pixels_that_were_saved():
    pixels = to_pixels(decode(encoded(gradient(), "JPEG", quality=95)), (8, 16, 3), (0, 255))

    assert np.abs(pixels - np.asarray(gradient())).mean() < 2


def test_cmyk_jpeg_becomes_rgb():
    red = Image.new("RGB", (8, 8), (250, 10, 10)).convert("CMYK")

    pixels = to_pixels(decode(encoded(red, "JPEG", quality=95)), (8, 8, 3), (0, 255))

    assert np.abs(pixels - np.array([250, 10, 10])).max() < 12


def test_palette_image_becomes_rgb():
    palette = Image.new("RGB", (8, 8), (10, 200, 30)).quantize(4)

    pixels = to_pixels(decode(encoded(palette, "PNG")), (8, 8, 3), (0, 255))

    assert pixels[0, 0].tolist() == [10, 200, 30]


def test_grey_image_fills_three_channels():
    pixels = to_pixels(decode(encoded(Image.new("L", (8, 8), 77), "PNG")), (8, 8, 3), (0, 255))

    assert np.unique(pixels).tolist() == [77]


def test_colour_image_becomes_grey_by_luma():
    pixels = to_pixels(Image.new("RGB", (8, 8), (255, 0, 0)), (8, 8, 1), (0, 255))

    assert pixels.shape == (8, 8, 1)
    assert pixels[0, 0, 0] == 76  # 0.299 of 255, ITU-R 601


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_are_white_whatever_colour_hides_in_them(mode):
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert(mode)

    pixels = to_pixels(decode(encoded(clear, "PNG")), (8, 8, 3), (0, 1))

    assert np.unique(pixels).tolist() == [1.0]


def test_transparent_entry_of_a_palette_is_white():
    palette = Image.new("RGB", (8, 8), (10, 200, 30)).quantize(2)

    pixels = to_pixels(decode(encoded(palette, "PNG", transparency=0)), (8, 8, 1), (0, 1))

    assert np.unique(pixels).tolist() == [1.0]


def test_image_is_turned_as_its_exif_orientation_says():
    turned = Image.Exif()
    turned[0x0112] = 6  # the camera stood on its right side

    image = decode(encoded(gradient((16, 8)), "JPEG", exif=turned, quality=95))
    pixels = to_pixels(image, (16, 8, 1), (0, 255))

    assert image.size == (8, 16)
    assert pixels[0].mean() < 10
    assert pixels[-1].mean() > 245


def test_values_are_scaled_to_the_declared_range():
    pixels = to_pixels(gradient((256, 1)), (1, 256, 1), (-1, 1))

    assert pixels.dtype == np.float32
    assert (pixels.min(), pixels.max()) == (-1, 1)


def test_shrinking_averages_what_it_drops():
    stripes = np.zeros((64, 64), dtype=np.uint8)
    stripes[:, ::2] = 255

    pixels = to_pixels(Image.fromarray(stripes), (8, 8, 1), (0, 255))

    assert np.abs(pixels[:, 1:-1] - 127.5).max() < 3


@pytest.mark.parametrize("mode", ["I;16", "RGB"])
def test_png_with_16_bits_is_refused_rather_than_clipped(mode):
    data = bytearray(encoded(Image.new("I;16", (8, 8)), "PNG"))
    if mode == "RGB":
        data[25] = 2  # colour type; Pillow itself writes no such file

    with pytest.raises(DataError, match="16 bits per channel; save it with 8"):
        decode(bytes(data))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animated_images_are_refused(kind):
    frames = [gradient(), gradient().rotate(180)]

    with pytest.raises(DataError, match="it is animated"):
        decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))


def test_photograph_with_a_preview_in_the_same_file_is_read():
    photo, preview = gradient(), gradient((4, 2))

    assert decode(encoded(photo, "MPO", save_all=True, append_images=[preview])).size == (16, 8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP"])
def test_truncated_image_is_refused(kind):
    whole = encoded(gradient((64, 64)), kind)

    with pytest.raises(DataError, match=r"cannot be decoded|is not a JPEG"):
        decode(whole[: len(whole) * 2 // 3])


def test_empty_file_is_refused():
    with pytest.raises(DataError, match=r"empty \(0 bytes\)"):
        decode(b"")


def test_other_formats_are_refused_by_content():
    with pytest.raises(DataError, match="not a JPEG, PNG, BMP, GIF or WebP"):
        decode(encoded(gradient(), "TIFF"))


def test_image_too_large_to_be_meant_is_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)

    with pytest.raises(DataError, match="cannot be decoded: Image size"):
        decode(encoded(gradient(), "PNG"))


def test_reading_a_broken_file_names_it(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(b"no image")

    with pytest.raises(DataError, match=r"Image .*bad\.jpg cannot be used: it is not a JPEG"):
        read_pixels(tmp_path / "bad.jpg", (8, 8, 3), (0, 255))


def test_reading_a_missing_file_names_it(tmp_path):
    with pytest.raises(DataError, match=r"Image .*gone\.jpg cannot be used: No such file"):
        read_pixels(tmp_path / "gone.jpg", (8, 8, 3), (0, 255))


def test_pixels_of_four_channels_are_refused():
    with pytest.raises(DataError, match=r"shape \(8, 8, 4\)"):
        to_pixels(gradient(), (8, 8, 4), (0, 255))
