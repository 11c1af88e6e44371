"""Small ICC profiles that mean something else by the same numbers, for the tests of colours (ICC.1:2001-04)."""

import struct

RED, GREEN, BLUE = (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139)


def linear_rgb(red: tuple[float, ...] = RED, blue: tuple[float, ...] = BLUE) -> bytes:
    """The primaries of sRGB, unless others are given, with numbers in proportion to light."""
    columns = {b"rXYZ": red, b"gXYZ": GREEN, b"bXYZ": blue}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve())
    return profile(b"RGB ", {name: point(xyz) for name, xyz in columns.items()} | curves)


def linear_grey() -> bytes:
    return profile(b"GRAY", {b"kTRC": curve()})


def profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": description(), b"wtpt": point((0.9642, 1.0, 0.8249)), b"cprt": b"text\0\0\0\0none\0\0\0\0"} | tags
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        padded = data + b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", start + len(body), len(data))
        body += padded
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"\0" * 4, 0x02400000, b"mntr", space, b"XYZ ")
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + b"\0" * 28 + point((0.9642, 1.0, 0.8249))[8:]
    return head.ljust(128, b"\0") + table + body


def point(xyz: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(each * 65_536) for each in xyz))


def curve() -> bytes:
    """No entries: the identity."""
    return b"curv\0\0\0\0" + struct.pack(">I", 0)


def description() -> bytes:
    return b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + b"\0" * 78
