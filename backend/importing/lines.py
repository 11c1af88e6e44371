"""Plain text: a line an item, or a file an item; and fastText's lines, which begin with their labels."""

import itertools
from collections.abc import Collection, Iterator

from backend.importing import encodings
from backend.importing.formats import FASTTEXT
from backend.importing.found import File
from backend.importing.rows import TEXT_LENGTH, Found, HowRead, Plan, Rejection, Table, text_row

SAMPLE_LINES = 200


def read_lines(file: File, plan: Plan) -> Iterator[Found]:
    """Raises BadFile for what is no text."""
    encoding = _encoding(file, plan)
    yield HowRead(file.name, "txt", encodings.title(encoding))
    before, origin = f"{file.name} line ", file.origin
    for number, line in enumerate(encodings.lines(file, encoding), start=1):
        yield text_row(f"{before}{number}", line.rstrip("\r\n"), (), None, file.split, origin)


def read_whole(file: File, plan: Plan) -> Iterator[Found]:
    """The file as one item, with its folder's name as its label. Raises BadFile for what is no text."""
    # Four bytes are the most that a character takes.
    if file.size_bytes > 4 * TEXT_LENGTH:
        yield Rejection(file.name, f"The file is too long for one item, which may have {TEXT_LENGTH:,} characters.")
        return
    text = "".join(encodings.lines(file, _encoding(file, plan)))
    labels = (file.folder,) if file.folder else ()
    yield text_row(file.name, text.replace("\r\n", "\n").strip("\n"), labels, None, file.split, file.within)


def read_fasttext(file: File, plan: Plan) -> Iterator[Found]:
    """`__label__a __label__b the text`. Raises BadFile for what is no text."""
    encoding = _encoding(file, plan)
    yield HowRead(file.name, "fasttext", encodings.title(encoding), text="text", label=FASTTEXT)
    known = {name.casefold() for name in plan.class_names}
    before, origin = f"{file.name} line ", file.origin
    for number, line in enumerate(encodings.lines(file, encoding), start=1):
        labels, text = parts(line, known)
        yield text_row(f"{before}{number}", text, labels, None, file.split, origin)


def parts(line: str, known: Collection[str] = ()) -> tuple[tuple[str, ...], str]:
    """Labels and text. fastText has no spaces in labels: where a class has them, `-` and `_` stand for them."""
    labels: list[str] = []
    rest = line.strip()
    while rest.startswith(FASTTEXT):
        word, _, rest = rest.partition(" ") if " " in rest.split("\t", 1)[0] else rest.partition("\t")
        name = word.removeprefix(FASTTEXT)
        spaced = name.replace("_", " ").replace("-", " ")
        labels.append(spaced if name.casefold() not in known and spaced.casefold() in known else name)
        rest = rest.lstrip()
    return tuple(dict.fromkeys(name for name in labels if name)), rest


def look_fasttext(file: File, encoding: str | None, *, first_bytes: int | None = None) -> Table:
    """The first lines as a table of text and labels."""
    codec = encodings.of(file, encoding, first_bytes=first_bytes)
    start = itertools.islice(encodings.lines(file, codec), SAMPLE_LINES)
    rows = [[text, list(labels)] for labels, text in map(parts, start)]
    return Table(HowRead(file.name, "fasttext", encodings.title(codec)), ["text", "label"], rows)


def _encoding(file: File, plan: Plan) -> str:
    return encodings.of(file, plan.columns.get("encoding"), first_bytes=plan.first_bytes)
