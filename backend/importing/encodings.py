"""Which encoding a text file is in, and its lines.

UTF-16 and UTF-32 are known by their byte order mark. A file that is UTF-8 from its first byte to its last is UTF-8: a
text in another encoding is that by accident only when it is plain ASCII. Anything else is read as Windows-1252, or
as Latin-1 when it has bytes that Windows-1252 does not know; the import's report says so.
"""

import codecs
import io
import re
from collections.abc import Iterator

from backend import errors
from backend.importing.found import File

BLOCK_BYTES = 1 << 20
TEXT_BLOCK_BYTES = 1 << 16
LINE_END = re.compile(r"\r\n|\n|\r")
TITLES = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte order mark", "cp1252": "Windows-1252", "latin-1": "Latin-1",
    "utf-16": "UTF-16", "utf-16-le": "UTF-16 LE", "utf-16-be": "UTF-16 BE", "utf-32": "UTF-32",
    "cp1250": "Windows-1250", "cp1251": "Windows-1251", "mac_roman": "Mac Roman", "cp437": "DOS 437",
    "shift_jis": "Shift JIS", "gb18030": "GB 18030", "big5": "Big5", "euc_kr": "EUC-KR", "koi8_r": "KOI8-R",
}  # fmt: skip
CHOICES = tuple(title for codec, title in TITLES.items() if codec != "utf-8-sig")
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
        if unmarked := _utf16(head):
            return unmarked
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


def _utf16(head: bytes) -> str:
    """UTF-16 without a mark: nearly every second byte is zero, as in texts in Latin letters."""
    start = head[:4_096]
    zeros = start[0::2].count(0), start[1::2].count(0)
    if len(start) < 8 or max(zeros) < 0.4 * len(start) or min(zeros) > 0.05 * len(start):
        return ""
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def refuse_binary(name: str, head: bytes) -> None:
    for magic, words in BINARIES:
        if head.startswith(magic):
            raise errors.BadFile(f'"{name}" is no text but {words}.', "Save it as CSV (UTF-8), JSONL or plain text.")
    if any(head.startswith(mark) for mark, _ in MARKS) or _utf16(head):
        return
    start = head[:65_536]
    controls = sum(byte < 32 and byte not in HARMLESS for byte in start)
    zeros = start.count(0)
    if controls > len(start) / 10 or zeros > len(start) / 4:
        raise errors.BadFile(
            f'"{name}" cannot be read as text: it has control characters all over.',
            "If it is a table or a text, save it as UTF-8; if it is an image, give it its right ending.",
        )


def chosen(name: str) -> str:
    """The codec that a person means by "UTF-8", "Windows-1252", …. Raises Invalid for none that reads text."""
    codec = {title.lower(): codec for codec, title in TITLES.items()}.get(name.strip().lower(), name.strip())
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(b"", final=True)
        if "".encode(codec) is not None:
            return codec
    except (LookupError, TypeError, ValueError, AttributeError):
        pass
    raise errors.Invalid(f'There is no encoding "{name}".', f"Some that there are: {', '.join(CHOICES)}.")


def of(file: File, name: str | None, *, first_bytes: int | None = None) -> str:
    """The encoding that a person chose, or the one that is found. Raises BadFile for what is no text at all."""
    if not name:
        return detect(file, first_bytes=first_bytes)
    codec = chosen(name)
    return "utf-8-sig" if codec == "utf-8" else codec


def blocks(file: File, encoding: str) -> Iterator[str]:
    """The text in blocks that end with the end of a line, without NUL characters.

    Raises BadFile where the bytes do not fit the encoding. Of a line over LINE_LENGTH only the start comes.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    rest, is_skipping, is_at_end = "", False, False
    with file.open() as stream:
        while not is_at_end:
            data = stream.read(TEXT_BLOCK_BYTES)
            is_at_end = not data
            try:
                text = decoder.decode(data, final=is_at_end)
            except UnicodeError as error:
                raise not_fitting(file.name, encoding, error) from None
            text = rest + (text.replace("\0", "") if "\0" in text else text)
            if is_skipping:
                text, is_skipping = behind_line(text)
            cut = len(text) if is_at_end else end_of_lines(text)
            if not cut and len(text) > LINE_LENGTH:
                cut, is_skipping = LINE_LENGTH, True
            if cut:
                yield text[:cut]
            rest = "" if is_skipping else text[cut:]


def end_of_lines(text: str) -> int:
    """Behind the last end of a line. A `\\r` at the very end may be half of one."""
    return text.rfind("\n") + 1 or text.rfind("\r", 0, len(text) - 1) + 1


def behind_line(text: str) -> tuple[str, bool]:
    """What comes after the line that `text` begins within, and whether it goes on behind `text`."""
    end = LINE_END.search(text)
    return (text[end.end() :], False) if end else ("", True)


def not_fitting(name: str, encoding: str, error: UnicodeError) -> errors.BadFile:
    return errors.BadFile(
        f'"{name}" does not fit the encoding {title(encoding)}: {error}.',
        "Choose another encoding, or open it in an editor and save it as UTF-8.",
    )


def lines(file: File, encoding: str) -> Iterator[str]:
    """The lines with their ends, `\\r`, `\\n` or `\\r\\n`. Raises BadFile as `blocks` does."""
    for block in blocks(file, encoding):
        yield from io.StringIO(block, newline="")


def title(encoding: str) -> str:
    """As a person calls it."""
    return TITLES.get(encoding, encoding.upper())
