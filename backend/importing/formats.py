"""What a file is: by its ending, and by its first bytes when the ending says nothing."""

from functools import cache

from backend import errors, thumbs
from backend.importing import dialects, encodings
from backend.importing.found import File

FORMAT_OF = {
    ".csv": "csv", ".tsv": "csv", ".tab": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl",
    ".parquet": "parquet", ".pq": "parquet", ".arrow": "arrow", ".txt": "txt", ".text": "txt", ".md": "txt",
    ".xlsx": "sheet", ".xlsm": "sheet", ".xlsb": "sheet", ".xls": "sheet", ".ods": "sheet",
}  # fmt: skip
TABLES = ("csv", "jsonl", "parquet", "arrow", "sheet")
NO_TEXT = {
    ".docx": "a Word file", ".doc": "a Word file", ".odt": "a text of a word processor", ".pdf": "a PDF",
    ".gz": "a gzip archive", ".7z": "an archive", ".rar": "an archive", ".zst": "an archive",
}  # fmt: skip
FASTTEXT = "__label__"


@cache
def image_suffixes() -> frozenset[str]:
    from PIL import Image

    thumbs.formats()
    return frozenset(Image.EXTENSION) - {".pdf"}


def format_of(file: File) -> str:
    """ "csv", "jsonl", "parquet", "arrow", "sheet", "fasttext", "txt", "image", or "other".

    A file without a known ending is looked into. Raises one of UNREADABLE.
    """
    if file.suffix == ".txt" or not (file.suffix in FORMAT_OF or file.suffix in image_suffixes() | NO_TEXT.keys()):
        return _by_content(file)
    return FORMAT_OF.get(file.suffix) or ("image" if file.suffix in image_suffixes() else "other")


def _by_content(file: File) -> str:
    """Lines with the same number of tabs are a table, whatever the file is called."""
    with file.open() as stream:
        head = stream.read(6)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head == b"ARROW1":
        return "arrow"
    try:
        encoding = encodings.detect(file, first_bytes=encodings.BLOCK_BYTES)
        sample = [line for line in dialects.sample_of(file, encoding) if not line.isspace()]
    except errors.BadFile:
        return "other" if file.suffix else "image"
    if sample and sum(line.lstrip().startswith(FASTTEXT) for line in sample) > len(sample) / 2:
        return "fasttext"
    tabs = {line.count("\t") for line in sample}
    return "csv" if len(sample) > 1 and len(tabs) == 1 and tabs != {0} else "txt"
