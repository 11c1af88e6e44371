"""Plain text: a line an item, or a file an item."""

from collections.abc import Iterator

from backend.importing import encodings
from backend.importing.found import File
from backend.importing.rows import TEXT_LENGTH, Found, HowRead, Rejection, text_row


def read_lines(file: File) -> Iterator[Found]:
    """Raises BadFile for what is no text."""
    encoding = encodings.detect(file)
    yield HowRead(file.name, "txt", encodings.title(encoding))
    for number, line in enumerate(encodings.lines(file, encoding), start=1):
        yield text_row(f"{file.name} line {number}", line.rstrip("\r\n"))


def read_whole(file: File) -> Iterator[Found]:
    """The file as one item, with its folder's name as its label. Raises BadFile for what is no text."""
    encoding = encodings.detect(file)
    # Four bytes are the most that a character takes.
    if file.size_bytes > 4 * TEXT_LENGTH:
        yield Rejection(file.name, f"The file is too long for one item, which may have {TEXT_LENGTH:,} characters.")
        return
    text = "".join(encodings.lines(file, encoding))
    yield text_row(file.name, text.replace("\r\n", "\n").strip("\n"), (file.folder,) if file.folder else ())
