"""What a CSV that is made for a spreadsheet needs beyond RFC 4180."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

# With it a spreadsheet knows that this is UTF-8.
MARK = "\ufeff"
# What a spreadsheet takes for the start of a formula, and would run, also behind signs that it does not show (OWASP,
# "CSV Injection").
FORMULA = re.compile(r"[\s\x00-\x1f\u00a0\u200b-\u200f\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def harmless(cell: Any) -> Any:
    """The cell, with an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if isinstance(cell, str) and FORMULA.match(cell) else cell


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """A table for a spreadsheet, a mapping a row. Columns in the order in which they first appear."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    out = io.StringIO()
    out.write(MARK)
    writer = csv.writer(out)
    writer.writerow(map(harmless, columns))
    writer.writerows([harmless(row.get(column)) for column in columns] for row in rows)
    return out.getvalue().encode("utf-8", "replace")
