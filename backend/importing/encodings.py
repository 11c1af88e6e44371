"""Which encoding a text file is in, and its lines.

UTF-16 and UTF-32 are known by their byte order mark. A file that is UTF-8 from its first byte to its last is UTF-8: a
text in another encoding is that by accident only when it is plain ASCII. Anything else is read as Windows-1252, or
as Latin-1 when it has bytes that Windows-1252 does not know; the import's report says so.
"""

import codecs
import io
from collections.abc import Iterator

from backend import errors
from backend.importing.found import File

BLOCK_BYTES = 1 << 20
# A line without an end must not fill the memory.
LINE_LENGTH = 8_000_000
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UNKNOWN_TO_CP1252 = (b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d")
BINARIES = (
    (b"PK\x03\x04", "an Excel workbook or another zipped file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PAR1", "a Parquet file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"SQLite format 3", "a database"),
)
# Tab, line ends, form feed, escape: control characters that texts do have.
HARMLESS = frozenset(b"\t\n\r\f\x0b\x1b\x08\x07\x00")


def detect(file: File, *, first_bytes: int | None = None) -> str:
    """The name of the encoding, as Python knows it. Reads the whole file, or only `first_bytes` of it.

    Raises BadFile for what is no text at all.
    """
    with file.open() as stream:
        head = stream.read(BLOCK_BYTES)
        refuse_binary(file.name, head)
        for mark, encoding in MARKS:
            if head.startswith(mark):
                return encoding
        decoder = codecs.getincrementaldecoder("utf-8")()
        is_utf8, is_cp1252, seen = True, True, 0
        block = head
        while block and (first_bytes is None or seen < first_bytes):
            seen += len(block)
            if is_utf8:
                try:
                    decoder.decode(block)
                except UnicodeDecodeError:
                    is_utf8 = False
            is_cp1252 = is_cp1252 and not any(byte in block for byte in UNKNOWN_TO_CP1252)
            block = stream.read(BLOCK_BYTES)
        if is_utf8 and (block or not decoder.getstate()[0]):
            return "utf-8"
    return "cp1252" if is_cp1252 else "latin-1"


def refuse_binary(name: str, head: bytes) -> None:
    for magic, words in BINARIES:
        if head.startswith(magic):
            raise errors.BadFile(f'"{name}" is no text but {words}.', "Save it as CSV (UTF-8), JSONL or plain text.")
    if any(head.startswith(mark) for mark, _ in MARKS):
        return
    start = head[:65_536]
    controls = sum(byte < 32 and byte not in HARMLESS for byte in start)
    zeros = start.count(0)
    if controls > len(start) / 10 or zeros > len(start) / 4:
        raise errors.BadFile(
            f'"{name}" cannot be read as text: it has control characters all over.',
            "If it is a table or a text, save it as UTF-8; if it is an image, give it its right ending.",
        )


def lines(file: File, encoding: str) -> Iterator[str]:
    """The lines with their ends, `\\r`, `\\n` or `\\r\\n`. Raises BadFile where the bytes do not fit the encoding.

    Of a line over LINE_LENGTH only the start comes.
    """
    with file.open() as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        read = text.readline
        try:
            while line := read(LINE_LENGTH):
                yield line
                while len(line) == LINE_LENGTH and line[-1] not in "\r\n":
                    line = read(LINE_LENGTH)
        except UnicodeError as error:
            raise errors.BadFile(
                f'"{file.name}" says it is {encoding.upper()}, but its bytes do not fit: {error}.',
                "Open it in an editor and save it as UTF-8.",
            ) from None


def title(encoding: str) -> str:
    """As a person calls it."""
    names = {"cp1252": "Windows-1252", "latin-1": "Latin-1", "utf-8-sig": "UTF-8 with a byte order mark"}
    return names.get(encoding, encoding.upper())
