"""What zips and tars have in common: entries from strangers, and the limits of what they may unpack to."""

import lzma
import tarfile
import zipfile
import zlib
from typing import NamedTuple

from backend import errors

# Real archives of text reach a ratio of about 20, of logs 100. A bomb has 1,000 and more.
MAX_RATIO = 200
RATIO_MATTERS_ABOVE_BYTES = 50_000_000
MAX_ENTRIES = 2_000_000
MAX_UNPACKED_BYTES = 1 << 40
# What reading a file, or an entry of a damaged archive, can raise.
UNREADABLE = (
    OSError, RuntimeError, ValueError, EOFError, NotImplementedError,
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError,
)  # fmt: skip
LINK = "It is a link, and links in an archive are not followed."
ARCHIVES = (".zip", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz")


class Entry(NamedTuple):
    """A file in an archive: its `number` in a zip, the `offset` of its bytes in a tar. `reason`: why it is refused."""

    name: str
    size_bytes: int
    number: int
    offset: int | None = None
    reason: str = ""


def is_too_much(unpacked: int, packed: int) -> bool:
    return unpacked > RATIO_MATTERS_ABOVE_BYTES and unpacked > MAX_RATIO * max(1, packed)


def attack(name: str, what: str) -> errors.BadFile:
    return errors.BadFile(
        f'The archive "{name}" {what}, which looks like an attack.',
        "Unpack it yourself if you trust it, and name the folder.",
    )


def is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVES)
