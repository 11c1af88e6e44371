"""Images are shown as they are meant: upright, in their colours, whatever is in the file."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend import errors, thumbs
from tests.importing import profiles
from tests.importing.builders import a_file, a_project, all_items, an_image, import_now


def saved(image: Image.Image, form: str, **more: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def half_red(size: tuple[int, int] = (80, 40)) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, (250, 10, 10))
    image.paste((10, 10, 250), (size[0] // 2, 0, *size))
    return image


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_taken_sideways_is_turned(form: str) -> None:
    exif = Image.Exif()
    exif[thumbs.ORIENTATION] = 6
    for draft in (None, 32):
        decoded = thumbs.decode(saved(half_red((800, 400)), form, exif=exif), draft=draft)
        assert (decoded.width, decoded.height) == (400, 800)
        assert decoded.image.width < decoded.image.height
        red, _, blue = decoded.image.getpixel((decoded.image.width // 2, 2))
        assert red > 200
        assert blue < 60


def test_sixteen_bits_are_scaled_to_eight_and_twelve_too() -> None:
    for white in (65_535, 4_095):
        grey = Image.fromarray(np.linspace(0, white, 256).astype(np.uint16).reshape(16, 16))
        image = thumbs.decode(saved(grey, "PNG")).image
        assert image.mode == "RGB"
        assert image.getextrema()[0] == (0, 255)


def test_float_images_are_stretched() -> None:
    values = Image.fromarray(np.linspace(-3, 9, 256, dtype=np.float32).reshape(16, 16))
    assert thumbs.decode(saved(values, "TIFF")).image.getextrema()[0] == (0, 255)


def test_print_colours_become_screen_colours() -> None:
    image = thumbs.decode(saved(Image.new("CMYK", (20, 20), (0, 255, 255, 0)), "JPEG")).image
    red, green, blue = image.getpixel((5, 5))
    assert red > 200
    assert max(green, blue) < 60


def test_transparency_stays_and_only_where_there_is_some() -> None:
    clear = Image.new("RGBA", (20, 20), (0, 200, 0, 0))
    assert thumbs.decode(saved(clear, "PNG")).image.mode == "RGBA"
    assert thumbs.decode(saved(Image.new("RGBA", (20, 20), (0, 200, 0, 255)), "PNG")).image.mode == "RGB"
    palette = Image.new("P", (20, 20), 0)
    assert thumbs.decode(saved(palette, "GIF", transparency=0)).image.mode == "RGBA"


def test_of_several_frames_the_first_is_shown() -> None:
    frames = [Image.new("RGB", (20, 20), color) for color in ((250, 0, 0), (0, 250, 0))]
    for form in ("GIF", "TIFF", "WEBP"):
        data = saved(frames[0], form, save_all=True, append_images=frames[1:])
        assert thumbs.decode(data).image.getpixel((3, 3))[0] > 200, form


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000)
    for side in (40, 60):
        with pytest.raises(errors.BadFile, match="pixels"):
            thumbs.decode(an_image(size=(side, side)))


def test_postscript_is_never_handed_to_another_program() -> None:
    with pytest.raises(errors.BadFile, match="no image"):
        thumbs.decode(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n")


def test_a_thumbnail_is_small_enough_and_made_once(home: Path, tmp_path: Path) -> None:
    project = a_project("image")
    import_now(project, path=str(a_file(tmp_path, "a.png", saved(half_red((900, 300)), "PNG"))))
    [item] = all_items(project)
    data, media_type = thumbs.image_bytes(item, 160)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (160, 53)
    assert media_type == "image/jpeg"
    kept = thumbs.cached(item.content_hash, 160)
    assert kept
    kept.write_bytes(b"kept")
    assert thumbs.image_bytes(item, 160) == (b"kept", "image/jpeg")
    full, _ = thumbs.image_bytes(item, None)
    with Image.open(io.BytesIO(full)) as image:
        assert image.size == (900, 300)


def test_a_small_image_is_never_blown_up(home: Path, tmp_path: Path) -> None:
    project = a_project("image")
    import_now(project, path=str(a_file(tmp_path, "a.png", an_image(size=(20, 10)))))
    data, media_type = thumbs.image_bytes(all_items(project)[0], 160)
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (20, 10)
    assert media_type == "image/png"


def a_png_of_16_bits(*values: tuple[int, int, int]) -> bytes:
    """One row of RGB; Pillow cannot write it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", len(values), 1, 16, 2, 0, 0, 0)
    row = b"\0" + b"".join(struct.pack(">3H", *value) for value in values)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(row)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_sixteen_bit_values_are_what_they_were_in_eight() -> None:
    image = thumbs.decode(a_png_of_16_bits((0, 32_896, 65_535), (65_535, 257, 51_400))).image
    assert [image.getpixel((at, 0)) for at in (0, 1)] == [(0, 128, 255), (255, 1, 200)]
    grey = Image.fromarray(np.array([[0, 257 * 60, 257 * 128, 65_535]], np.uint16))
    for form in ("PNG", "TIFF"):
        image = thumbs.decode(saved(grey, form)).image
        assert [image.getpixel((at, 0))[0] for at in range(4)] == [0, 60, 128, 255], form


def test_a_grey_value_that_stands_for_nothing_is_transparent_in_sixteen_bits_too() -> None:
    grey = Image.fromarray(np.array([[7, 65_535]], np.uint16))
    image = thumbs.decode(saved(grey, "PNG", transparency=7)).image
    assert [image.getpixel((at, 0))[3] for at in (0, 1)] == [0, 255]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_the_colours_of_another_space_are_turned_into_those_of_the_screen(form: str) -> None:
    # In proportion to light, 55 of 255 is what sRGB calls 128.
    image = Image.new("RGB", (150, 150), (55, 55, 55))
    lossless = {"lossless": True} if form == "WEBP" else {}
    data = saved(image, form, icc_profile=profiles.linear_rgb(), **lossless)
    assert thumbs.decode(data).image.getpixel((9, 9)) == pytest.approx((128, 128, 128), abs=2)
    assert thumbs.decode(saved(image, form, **lossless)).image.getpixel((9, 9)) == (55, 55, 55)


def test_primaries_of_another_space_are_other_colours_and_the_alpha_stays() -> None:
    swapped = profiles.linear_rgb(red=profiles.BLUE, blue=profiles.RED)
    image = thumbs.decode(saved(Image.new("RGBA", (9, 9), (255, 0, 0, 99)), "PNG", icc_profile=swapped)).image
    red, green, blue, alpha = image.getpixel((4, 4))
    assert (red, green, blue) == pytest.approx((0, 0, 255), abs=3)
    assert alpha == 99


def test_grey_of_another_space_is_turned_too() -> None:
    data = saved(Image.new("L", (9, 9), 55), "PNG", icc_profile=profiles.linear_grey())
    assert thumbs.decode(data).image.getpixel((4, 4)) == pytest.approx((128, 128, 128), abs=2)


@pytest.mark.parametrize("profile", [b"", b"no profile", profiles.linear_rgb()[:150], profiles.linear_grey()], ids=len)
def test_a_profile_that_is_broken_or_for_another_kind_of_image_is_passed_over(profile: bytes) -> None:
    data = saved(Image.new("RGB", (9, 9), (55, 99, 200)), "PNG", icc_profile=profile)
    assert thumbs.decode(data).image.getpixel((4, 4)) == (55, 99, 200)


def test_what_is_kept_for_the_screen_carries_no_profile_or_turn_of_its_own(home: Path, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[thumbs.ORIENTATION] = 6
    data = saved(half_red(), "PNG", icc_profile=profiles.linear_rgb(), exif=exif)
    project = a_project("image")
    import_now(project, path=str(a_file(tmp_path, "a.png", data)))
    shown, _ = thumbs.image_bytes(all_items(project)[0], 1200)
    with Image.open(io.BytesIO(shown)) as image:
        assert image.size == (40, 80)
        assert not {"icc_profile", "exif"} & set(image.info)


def test_with_a_size_what_moves_is_never_given_out_moving(home: Path, tmp_path: Path) -> None:
    several = [Image.new("RGB", (40, 30), color) for color in ("red", "green", "blue")]
    for form in ("GIF", "PNG", "WEBP"):
        a_file(tmp_path, f"in/a.{form.lower()}", saved(several[0], form, save_all=True, append_images=several[1:]))
    project = a_project("image")
    import_now(project, path=str(tmp_path / "in"))
    for item in all_items(project):
        for size in (8, 40, 1200, 4096):
            data, media_type = thumbs.image_bytes(item, size)
            assert media_type in ("image/png", "image/jpeg")
            with Image.open(io.BytesIO(data)) as image:
                assert getattr(image, "n_frames", 1) == 1
                assert image.convert("RGB").getpixel((2, 2))[0] > 200


@pytest.mark.shared
def test_real_files_of_every_kind_have_their_colours(shared: Path) -> None:
    folder = shared / "data" / "bad" / "images"
    # Pillow's own tests know these: red in the first corner and black in the last.
    image = thumbs.decode(folder / "pil_sample_cmyk.jpg").image
    red, green, blue = image.getpixel((0, 0))
    assert red > 200
    assert max(green, blue) < 80
    assert max(image.getpixel((image.width - 1, image.height - 1))) < 40
    # L* 50, a* as large as can be and b* 0: a rose.
    assert thumbs.decode(folder / "lab-red.tif").image.getpixel((5, 5)) == pytest.approx((255, 0, 125), abs=5)
    for name, target in (
        ("tiff_strip_planar_16bit_RGB.tiff", "tiff_16bit_RGB_target.png"),
        ("tiff_tiled_planar_16bit_RGBa.tiff", "tiff_16bit_RGBa_target.png"),
        ("hopper.Lab.tif", "hopper.tif"),
    ):
        shown, wanted = (np.asarray(thumbs.rgb(folder / each), np.int16) for each in (name, target))
        assert np.abs(shown - wanted).mean() < 3, name
