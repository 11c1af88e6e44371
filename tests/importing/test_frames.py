"""Frames and pages are counted without decoding, and no file makes the count slow or fail."""

import io
import struct
import time
from pathlib import Path

import pytest
from PIL import Image

from backend import frames
from tests.importing.builders import an_image

GIF_HEAD = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0, 0, 0)
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def several(form: str, number: int, **more: object) -> bytes:
    made = [Image.new("RGB", (20, 16), (7 * at, 90, 200)) for at in range(number)]
    out = io.BytesIO()
    made[0].save(out, form, save_all=True, append_images=made[1:], **more)
    return out.getvalue()


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_every_frame_is_counted(form: str) -> None:
    assert [frames.count(several(form, number)) for number in (1, 2, 12)] == [1, 2, 12]


def test_pages_of_a_large_tiff_are_counted_too() -> None:
    assert frames.count(several("TIFF", 3, big_tiff=True)) == 3


@pytest.mark.parametrize("form", ["JPEG", "BMP", "PNG"])
def test_an_image_of_one_frame_has_one(form: str) -> None:
    assert frames.count(an_image(form=form)) == 1


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_a_file_cut_off_anywhere_has_at_least_one_frame_and_no_more_than_the_whole(form: str) -> None:
    whole = several(form, 5)
    assert all(1 <= frames.count(whole[:end]) <= 5 for end in range(len(whole)))


def test_a_tiff_whose_pages_lead_in_a_circle_ends() -> None:
    page = struct.pack("<HHHIII", 1, 256, 4, 1, 20, 8)
    assert frames.count(b"II*\0" + struct.pack("<I", 8) + page) == 1


def test_smaller_copies_of_a_page_are_no_pages() -> None:
    pages = b"".join(struct.pack("<HHHIII", 1, 254, 4, 1, kind, after) for kind, after in ((0, 26), (1, 44), (4, 0)))
    assert frames.count(b"II*\0" + struct.pack("<I", 8) + pages) == 1


@pytest.mark.parametrize(
    ("start", "repeated", "many"),
    [
        (GIF_HEAD, b"\x2c" + b"\0" * 9 + b"\x02\x00", 2_000_000),
        (GIF_HEAD, b"\x21\xfe\x00", 8_000_000),
        (GIF_HEAD + b"\x2c" + b"\0" * 9 + b"\x02", b"\x01\x00", 12_000_000),
        (b"RIFF\0\0\0\0WEBP", b"JUNK\0\0\0\0", 3_000_000),
        (PNG_HEAD, b"\0\0\0\0junk\0\0\0\0", 2_000_000),
        (PNG_HEAD + b"\0\0\0\x08acTL", b"\xff\xff\xff\xff", 4),
    ],
    ids=["frames", "extensions", "blocks", "chunks of webp", "chunks of png", "a false number"],
)
def test_a_file_made_to_be_slow_is_not(start: bytes, repeated: bytes, many: int) -> None:
    data = start + repeated * many
    began = time.perf_counter()
    assert 1 <= frames.count(data) <= frames.MOST_FRAMES
    # Ten times what it takes, for a busy machine.
    assert time.perf_counter() - began < 8


@pytest.mark.shared
def test_real_and_broken_files_have_as_many_frames_as_pillow_finds(shared: Path) -> None:
    seen = 0
    for path in sorted((shared / "data" / "bad" / "images").iterdir()):
        counted = frames.count(path.read_bytes())
        try:
            with Image.open(path) as image:
                form, found = image.format, getattr(image, "n_frames", 1)
        except Exception:  # noqa: BLE001 - files that Pillow refuses are tested by the import
            continue
        # Its other pages are smaller copies of the first.
        if form in ("GIF", "PNG", "WEBP", "TIFF") and "overviews" not in path.name:
            assert counted == found, path.name
            seen += found > 1
    assert seen > 15
