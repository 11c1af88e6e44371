"""Print the rows of a workbook's sheets as JSON lines: `python sheet_process.py FILE`.

A process of its own, with a limit to its memory: a small workbook can claim billions of cells, and a broken one can end
the process that reads it. Knows nothing of the rest of the app, so that it starts fast.
"""

import contextlib
import datetime as dt
import json
import sys

MEMORY_BYTES = 3 << 30


def main(path: str) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        for about in book.sheets_metadata:
            if about.visible == python_calamine.SheetVisibleEnum.Visible:
                sheet = book.get_sheet_by_name(about.name)
                print(json.dumps({"sheet": about.name, "first": (sheet.start or (0, 0))[0] + 1}))
                for row in sheet.iter_rows() if sheet.height else ():
                    print(json.dumps([text_of(cell) for cell in row]))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        print(json.dumps({"error": str(error)}))
    print(json.dumps({"end": True}), flush=True)


def text_of(cell: object) -> str:
    """A whole number without its point, a day without its midnight."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(" ")
    return "" if cell is None else str(cell)


if __name__ == "__main__":
    main(sys.argv[1])
