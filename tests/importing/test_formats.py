"""Workbooks, exports of other labeling tools, fastText, and data sets as `datasets` saves them."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value

from backend import errors
from backend.importing import sheets
from backend.importing.rows import Row
from db.models import Split
from tests.importing.builders import a_file, a_project, a_zip, all_items, an_image, import_now, labels, read, texts

Told = list[tuple[str | None, tuple[str, ...]]]


def told(rows: list[Row]) -> Told:
    return [(row.text, row.labels) for row in rows]


def a_workbook(path: Path, sheets_of_rows: dict[str, list[list[Any]]]) -> Path:
    """The least that is an xlsx: numbers, and texts inline."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    about = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    whole = f'<Relationship Id="r0" Type="{about}/officeDocument" Target="xl/workbook.xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships">{whole}</Relationships>',
    }
    listed = links = ""
    for number, (name, rows) in enumerate(sheets_of_rows.items(), start=1):
        listed += f'<sheet name="{name}" sheetId="{number}" r:id="r{number}"/>'
        links += f'<Relationship Id="r{number}" Type="{about}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        body = "".join(f"<row>{''.join(map(a_cell, row))}</row>" for row in rows)
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
        )
    parts["xl/workbook.xml"] = f'<workbook xmlns="{main}" xmlns:r="{about}"><sheets>{listed}</sheets></workbook>'
    parts["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{package}/relationships">{links}</Relationships>'
    return a_zip(path, {name: content.encode() for name, content in parts.items()})


def a_cell(value: Any) -> str:
    return (
        f"<c><v>{value}</v></c>" if isinstance(value, int | float) else f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    )


def test_all_sheets_of_a_workbook_with_the_same_columns_are_read(tmp_path: Path) -> None:
    head = ["id", "text", "label"]
    path = a_workbook(
        tmp_path / "a.xlsx",
        {"Empty": [], "One": [head, [1, "a heron", "bird"]], "Two": [head, [2.5, "a tom", "cat"]], "Notes": [["x"]]},
    )
    rows, rejected = read(path)
    assert told(rows) == [("a heron", ("bird",)), ("a tom", ("cat",))]
    assert [row.meta for row in rows] == [{"id": "1"}, {"id": "2.5"}]
    assert rows[0].source == "a.xlsx One row 2"
    assert [each.place for each in rejected] == ["a.xlsx sheet Notes"]


def test_a_workbook_in_a_zip_is_read(tmp_path: Path) -> None:
    book = a_workbook(tmp_path / "b.xlsx", {"One": [["text"], ["a heron"]]}).read_bytes()
    rows, _ = read(a_zip(tmp_path / "a.zip", {"b.xlsx": book}))
    assert [row.text for row in rows] == ["a heron"]


def test_a_workbook_that_unpacks_to_far_too_much_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", bytes(60_000_000))
    with pytest.raises(errors.BadFile, match="unpacked"):
        sheets.check_size("a.xlsx", path)
    rows, rejected = read(path)
    assert not rows
    assert "CSV" in rejected[0].reason


def test_a_workbook_that_claims_billions_of_cells_ends_in_a_sentence(tmp_path: Path) -> None:
    path = a_workbook(tmp_path / "a.xlsx", {"One": [["text"]]})
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    parts[sheet] = parts[sheet].replace(b"</sheetData>", far)
    rows, rejected = read(a_zip(path, parts))
    assert not rows
    assert "cells than fit" in rejected[0].reason


@pytest.mark.shared
@pytest.mark.parametrize("name", ["table.xls", "table-output.xlsx", "issue-320.xlsx", "sheet2.xlsx"])
def test_real_workbooks_are_read(shared: Path, name: str) -> None:
    rows, rejected = read(shared / "data" / "bad" / "csv" / name)
    assert rows or rejected


def a_task(number: int, text: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    return {"id": number, "data": {"text": text}, "annotations": list(annotations), "predictions": [said("dog")]}


def said(*names: str, at: str = "2026-01-01T00:00:00Z", cancelled: bool = False) -> dict[str, Any]:
    result = [{"type": "choices", "value": {"choices": list(names)}}]
    return {"result": result, "was_cancelled": cancelled, "created_at": at}


def test_label_studio_tasks_have_their_newest_choice_that_was_not_cancelled(tmp_path: Path) -> None:
    tasks = [
        a_task(1, "one", said("cat", at="2026-01-02T00:00:00Z"), said("bird", at="2026-01-03T00:00:00Z")),
        a_task(2, "two", said("cat"), said("bird", at="2027-01-01T00:00:00Z", cancelled=True)),
        a_task(3, "three", said("bird", "cat")),
        a_task(4, "four"),
    ]
    rows, _ = read(a_file(tmp_path, "a.json", json.dumps(tasks)))
    assert told(rows) == [("one", ("bird",)), ("two", ("cat",)), ("three", ("bird", "cat")), ("four", ())]
    assert rows[0].meta == {"id": 1}


def test_label_studios_short_forms_are_read(tmp_path: Path) -> None:
    records = [
        {"text": "one", "id": 1, "kind": "bird", "annotator": 1, "annotation_id": 1, "lead_time": 2.5},
        {
            "text": "two",
            "id": 2,
            "kind": {"choices": ["bird", "cat"]},
            "annotator": 1,
            "annotation_id": 2,
            "lead_time": 1,
        },
    ]
    rows, _ = read(a_file(tmp_path, "a.json", json.dumps(records)))
    assert told(rows) == [("one", ("bird",)), ("two", ("bird", "cat"))]
    assert rows[0].meta == {"id": 1}
    several = '"{""choices"":[""bird"",""cat""]}"'
    content = f"annotation_id,annotator,id,lead_time,text,kind\n1,1,1,2.5,one,bird\n2,1,2,2,two,{several}\n"
    rows, _ = read(a_file(tmp_path, "a.csv", content))
    assert told(rows) == [("one", ("bird",)), ("two", ("bird", "cat"))]


def test_doccano_exports_are_read(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.jsonl", '{"id": 1, "text": "one", "label": ["bird", "cat"], "Comments": []}\n'))
    assert told(rows) == [("one", ("bird", "cat"))]
    rows, _ = read(a_file(tmp_path, "a.csv", "id,data,label\n1,one,bird#cat\n2,two,cat\n"))
    assert told(rows) == [("one", ("bird", "cat")), ("two", ("cat",))]


def test_fasttext_lines_begin_with_their_labels(tmp_path: Path) -> None:
    rows, rejected = read(
        a_file(tmp_path, "a.txt", "__label__bird __label__cat both\n__label__cat a tom\nnone\n__label__x\n")
    )
    assert told(rows) == [("both", ("bird", "cat")), ("a tom", ("cat",)), ("none", ())]
    assert [each.place for each in rejected] == ["a.txt line 4"]


def test_what_an_item_is_in_a_text_file_can_be_chosen(home: Path, tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.txt", "one\ntwo\n")
    for choice, expected in (("files", ["one\ntwo"]), ("lines", ["one", "two"])):
        project = a_project()
        import_now(project, path=str(path), columns={"as": choice})
        assert texts(project) == expected


def test_a_saved_data_set_comes_in_with_splits_and_the_names_of_its_classes(home: Path, tmp_path: Path) -> None:
    features = Features({"text": Value("string"), "label": ClassLabel(names=["cat", "bird"])})
    made = {
        "train": Dataset.from_dict({"text": ["one", "two"], "label": [1, 0]}, features),
        "test": Dataset.from_dict({"text": ["three"], "label": [1]}, features),
    }
    DatasetDict(made).save_to_disk(str(tmp_path / "saved"))
    project = a_project()
    report = import_now(project, path=str(tmp_path / "saved"))
    assert not report["reasons"]
    assert {item.text: item.split for item in all_items(project)} == {
        "one": Split.TRAIN, "two": Split.TRAIN, "three": Split.TEST,
    }  # fmt: skip
    assert labels(project) == {"one": ["bird"], "two": ["cat"], "three": ["bird"]}


def test_an_arrow_file_may_be_a_file_or_a_stream_or_broken(tmp_path: Path) -> None:
    table = pa.table({"text": ["one"]})
    for name, opened in (("a.arrow", pa.ipc.new_file), ("b.arrow", pa.ipc.new_stream)):
        with opened(str(tmp_path / name), table.schema) as writer:
            writer.write_table(table)
    a_file(tmp_path, "c.arrow", b"no arrow at all")
    rows, rejected = read(tmp_path)
    assert [row.text for row in rows] == ["one", "one"]
    assert [each.place for each in rejected] == ["c.arrow"]


def test_images_in_a_data_set_have_what_stands_beside_them(home: Path, tmp_path: Path) -> None:
    cells = [{"bytes": an_image(), "path": "a.png"}]
    table = pa.table({"image": cells, "label": ["bird"], "split": ["dev"], "note": ["n"]})
    with pa.ipc.new_stream(str(tmp_path / "a.arrow"), table.schema) as writer:
        writer.write_table(table)
    project = a_project("image")
    import_now(project, path=str(tmp_path / "a.arrow"))
    [item] = all_items(project)
    assert (item.source, item.split, (item.meta or {})["note"]) == ("a.png", "validation", "n")
    assert labels(project) == {"a.png": ["bird"]}
