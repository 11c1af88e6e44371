"""How many frames or pages an image file has, by walking its structure; nothing is decoded.

For files from strangers: the walk is bounded, and a broken file has as many frames as were found before the break.
Sources: the GIF89a, PNG 3 (APNG) and WebP container specifications; TIFF 6.0 and BigTIFF.
"""

import struct
from collections.abc import Iterator
from itertools import islice

# More than any real file has. The pad writes "10,000+".
MOST_FRAMES = 10_000
# A second of walking at most.
MOST_STEPS = 3_000_000
# Smaller copies and masks of a page are no pages (TIFF 6.0, NewSubfileType).
NO_PAGE = 0b101
NEW_SUBFILE_TYPE = 254


def count(data: bytes) -> int:
    """The frames of a GIF, APNG or WebP, or the pages of a TIFF; 1 for every other file."""
    frames = 0
    try:
        for is_frame in islice(walk(data), MOST_STEPS):
            frames += is_frame
            if frames == MOST_FRAMES:
                break
    except (IndexError, struct.error):
        pass
    return max(1, frames)


def walk(data: bytes) -> Iterator[bool]:
    """Step by step through the file: True where a frame begins."""
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return gif(data)
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return apng(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return webp(data)
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return tiff(data)
    return iter(())


def gif(data: bytes) -> Iterator[bool]:
    at = 13 + colour_table(data[10])
    # An extension (0x21) or a frame (0x2c); anything else ends the file.
    while (kind := data[at]) in (0x21, 0x2C):
        yield kind == 0x2C
        # Past the head: of an extension its kind, of a frame its place, colours and code size.
        at += 2 if kind == 0x21 else 11 + colour_table(data[at + 9])
        while length := data[at]:
            yield False
            at += length + 1
        at += 1


def colour_table(flags: int) -> int:
    """Its length in bytes."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def apng(data: bytes) -> Iterator[bool]:
    at = 8
    while (kind := data[at + 4 : at + 8]) not in (b"IDAT", b"IEND", b""):
        if kind == b"acTL":
            (frames,) = struct.unpack_from(">I", data, at + 8)
            yield from (True for _ in range(frames))
            return
        yield False
        at += struct.unpack_from(">I", data, at)[0] + 12


def webp(data: bytes) -> Iterator[bool]:
    at = 12
    while kind := data[at : at + 4]:
        yield kind == b"ANMF"
        length = struct.unpack_from("<I", data, at + 4)[0]
        # Chunks begin at even places.
        at += 8 + length + length % 2


def tiff(data: bytes) -> Iterator[bool]:
    order = "<" if data[:2] == b"II" else ">"
    is_big = b"+" in data[2:4]
    number, offset, entry = ("Q", "Q", 20) if is_big else ("H", "I", 12)
    size = struct.calcsize("=" + number)
    at, seen = struct.unpack_from(order + offset, data, 8 if is_big else 4)[0], set()
    # A chain that leads back into itself never ends.
    while at and at not in seen:
        seen.add(at)
        (entries,) = struct.unpack_from(order + number, data, at)
        # Entries are sorted by tag, and no tag comes before this one.
        tag, kind = struct.unpack_from(order + "HH", data, at + size)
        value = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, at + size + (12 if is_big else 8))[0]
        yield not (tag == NEW_SUBFILE_TYPE and value & NO_PAGE)
        at = struct.unpack_from(order + offset, data, at + size + entries * entry)[0]
