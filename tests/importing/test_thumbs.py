"""Images are shown as they are meant: upright, in their colours, whatever is in the file."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend import errors, thumbs
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
