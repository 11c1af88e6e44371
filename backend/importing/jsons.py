"""JSONL (a record a line) and JSON (a list of records). A record is an object with fields, or just a text."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Any

from backend import errors
from backend.importing import cells, columns, encodings, labelstudio
from backend.importing.found import File
from backend.importing.rows import Found, HowRead, Plan, Rejection, Table

# A JSON file that is no list of records is read whole; a larger one should be JSONL.
JSON_BYTES = 100_000_000
SAMPLE_RECORDS = 200
BATCH = 100
BETWEEN = re.compile(r"[\s,]*")


def look(file: File, chosen: dict[str, Any], *, first_bytes: int | None = None) -> Table:
    """The first records as a table whose columns are all fields seen in them. Raises BadFile."""
    encoding = encodings.of(file, chosen.get("encoding"), first_bytes=first_bytes)
    sample = [
        fields_of(record) for _, record in itertools.islice(records(file, encoding), SAMPLE_RECORDS) if is_whole(record)
    ]
    names = list(dict.fromkeys(name for fields in sample for name in fields))
    how = HowRead(file.name, "jsonl", encodings.title(encoding))
    return Table(how, names, [[fields.get(name) for name in names] for fields in sample])


def read(file: File, plan: Plan) -> Iterator[Found]:
    """Raises BadFile when a field is named that no record at the start has, or the file is no JSON at all."""
    table = look(file, plan.columns, first_bytes=plan.first_bytes)
    if not table.names:
        encoding = encodings.of(file, plan.columns.get("encoding"), first_bytes=plan.first_bytes)
        yield from (Rejection(place, _why_not(record)) for place, record in records(file, encoding))
        return
    used = columns.choose(plan.columns, table.names, table.rows, plan.class_names, file.name)
    yield cells.how(table, used)
    make = cells.maker(file, table, used)
    for places, rows in even(file, table, plan):
        if isinstance(rows, str):
            yield Rejection(places[0], rows)
        else:
            yield from make(places, rows)


def even(file: File, table: Table, plan: Plan) -> Iterator[tuple[list[str], list[cells.Cells] | str]]:
    """Places with their records as rows of the table, or one place with the reason why its record is none."""
    encoding = encodings.of(file, plan.columns.get("encoding"), first_bytes=plan.first_bytes)
    names = table.names
    places: list[str] = []
    rows: list[cells.Cells] = []
    for place, record in records(file, encoding):
        whole = is_whole(record)
        if whole:
            fields = fields_of(record)
            places.append(place)
            rows.append([fields.get(name) for name in names])
        if places and (not whole or len(places) == BATCH):
            yield places, rows
            places, rows = [], []
        if not whole:
            yield [place], _why_not(record)
    if places:
        yield places, rows


def is_whole(record: Any) -> bool:
    return isinstance(record, dict | str)


def fields_of(record: dict[str, Any] | str) -> dict[str, Any]:
    if isinstance(record, str):
        return {"text": record}
    return labelstudio.fields_of(record) if labelstudio.is_task(record) else record


def _why_not(record: Any) -> str:
    if isinstance(record, ValueError | RecursionError):
        return f"This is no valid JSON: {record}."
    return "The record is neither an object with fields nor a text."


def records(file: File, encoding: str) -> Iterator[tuple[str, Any]]:
    """The place of each record and the record, or the ValueError that came instead."""
    if file.suffix == ".json" and not _is_a_record_a_line(file, encoding):
        yield from _of_list(file, encoding) if _is_list(file, encoding) else _of_whole_file(file, encoding)
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


def _is_list(file: File, encoding: str) -> bool:
    start = next((block for block in encodings.blocks(file, encoding) if not block.isspace()), "")
    return start.lstrip().startswith("[")


def _of_list(file: File, encoding: str) -> Iterator[tuple[str, Any]]:
    """The records of one list, read a piece at a time. Behind what is no JSON nothing can be read."""
    source = encodings.blocks(file, encoding)
    text = next((block for block in source if not block.isspace()), "")
    number, place, is_at_end = 0, text.index("[") + 1, False
    while True:
        place = BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        if text.startswith("]", place):
            return
        record, end = _decoded(text, place)
        # What ends with the text may go on behind it.
        if (end < 0 or end == len(text)) and not is_at_end:
            text, place = text[place:], 0
            more = _more(source, len(text)) if len(text) <= encodings.LINE_LENGTH else ""
            text += more
            is_at_end = not more
            continue
        number += 1
        yield f"{file.name} record {number}", record
        if end < 0:
            return
        place = end


def _decoded(text: str, place: int) -> tuple[Any, int]:
    """The record there and where it ends; or the error, and -1."""
    try:
        return json.JSONDecoder().raw_decode(text, place)
    except (ValueError, RecursionError) as error:
        return error, -1


def _more(source: Iterator[str], length: int) -> str:
    """As much again as there is: what is read anew is then no more than what is new."""
    blocks = [next(source, "")]
    while blocks[-1] and sum(map(len, blocks)) < length:
        blocks.append(next(source, ""))
    return "".join(blocks)


def _of_whole_file(file: File, encoding: str) -> Iterator[tuple[str, Any]]:
    if file.size_bytes > JSON_BYTES:
        raise errors.BadFile(
            f'"{file.name}" has {file.size_bytes / 1e6:,.0f} MB; a JSON file that is no list is read whole.',
            "Save it as JSONL (one record a line), which may be of any size.",
        )
    try:
        content = json.loads("".join(encodings.lines(file, encoding)))
    except (ValueError, RecursionError) as error:
        raise errors.BadFile(
            f'"{file.name}" is no valid JSON: {error}.', "Mend it, or save it as JSONL (one record a line)."
        ) from None
    if isinstance(content, dict) and not labelstudio.is_task(content):
        lists = [value for value in content.values() if isinstance(value, list)]
        content = lists[0] if len(lists) == 1 else [content]
    if not isinstance(content, list):
        content = [content]
    for number, record in enumerate(content, start=1):
        yield f"{file.name} record {number}", record
