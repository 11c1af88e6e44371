"""JSONL (a record a line) and JSON (a list of records). A record is an object with fields, or just a text."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

from backend import errors
from backend.importing import columns, encodings
from backend.importing.found import File
from backend.importing.rows import Found, HowRead, Plan, Rejection, Table, text_row

# A JSON file is read whole; a larger one should be JSONL.
JSON_BYTES = 300_000_000
SAMPLE_RECORDS = 200


def look(file: File, *, first_bytes: int | None = None) -> Table:
    """The first records as a table whose columns are all fields seen in them. Raises BadFile."""
    encoding = encodings.detect(file, first_bytes=first_bytes)
    sample = [
        fields_of(record) for _, record in itertools.islice(records(file, encoding), SAMPLE_RECORDS) if is_whole(record)
    ]
    names = list(dict.fromkeys(name for fields in sample for name in fields))
    how = HowRead(file.name, "jsonl", encodings.title(encoding))
    return Table(how, names, [[fields.get(name) for name in names] for fields in sample])


def read(file: File, plan: Plan) -> Iterator[Found]:
    """Raises BadFile when a field is named that no record at the start has, or the file is no JSON at all."""
    table = look(file)
    encoding = encodings.detect(file)
    if not table.names:
        yield from (Rejection(place, _why_not(record)) for place, record in records(file, encoding))
        return
    used = columns.choose(plan.columns, table.names, table.rows, plan.class_names, file.name)
    text_names = [table.names[place] for place in used.text]
    label_name = None if used.label is None else table.names[used.label]
    yield table.how._replace(text=" + ".join(text_names), label=label_name)
    for place, record in records(file, encoding):
        if not is_whole(record):
            yield Rejection(place, _why_not(record))
            continue
        fields = fields_of(record)
        text = fields.get(text_names[0]) if len(text_names) == 1 else joined(fields, text_names)
        yield text_row(place, text, columns.label_names(fields.get(label_name)) if label_name else ())


def joined(fields: dict[str, Any], names: list[str]) -> str:
    return " ".join(str(fields[name]) for name in names if fields.get(name) not in (None, ""))


def is_whole(record: Any) -> bool:
    return isinstance(record, dict | str)


def fields_of(record: dict[str, Any] | str) -> dict[str, Any]:
    return {"text": record} if isinstance(record, str) else record


def _why_not(record: Any) -> str:
    if isinstance(record, ValueError | RecursionError):
        return f"This is no valid JSON: {record}."
    return "The record is neither an object with fields nor a text."


def records(file: File, encoding: str) -> Iterator[tuple[str, Any]]:
    """The place of each record and the record, or the ValueError that came instead."""
    if file.suffix == ".json" and not _is_a_record_a_line(file, encoding):
        yield from _of_whole_file(file, encoding)
        return
    for number, line in enumerate(encodings.lines(file, encoding), start=1):
        if line.isspace():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            record = error
        yield f"{file.name} line {number}", record


def _is_a_record_a_line(file: File, encoding: str) -> bool:
    """Some files called .json are JSONL: then line 1 is a whole record and another line follows."""
    first = [line for line in itertools.islice(encodings.lines(file, encoding), 50) if not line.isspace()][:2]
    try:
        return len(first) == 2 and isinstance(json.loads(first[0]), dict)
    except (ValueError, RecursionError):
        return False


def _of_whole_file(file: File, encoding: str) -> Iterator[tuple[str, Any]]:
    if file.size_bytes > JSON_BYTES:
        raise errors.BadFile(
            f'"{file.name}" has {file.size_bytes / 1e6:,.0f} MB; a JSON file is read whole.',
            "Save it as JSONL (one record a line), which may be of any size.",
        )
    try:
        content = json.loads("".join(encodings.lines(file, encoding)))
    except (ValueError, RecursionError) as error:
        raise errors.BadFile(
            f'"{file.name}" is no valid JSON: {error}.', "Mend it, or save it as JSONL (one record a line)."
        ) from None
    if isinstance(content, dict):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else [content]
    if not isinstance(content, list):
        content = [content]
    for number, record in enumerate(content, start=1):
        yield f"{file.name} record {number}", record
