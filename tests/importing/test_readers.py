"""JSONL, JSON, Parquet, plain text, and files whose ending says nothing."""

import json
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from backend.importing import readers
from backend.importing.found import File, walk
from backend.importing.peek import peek
from backend.importing.rows import Plan, Rejection, Row
from db.models import Kind
from tests.importing.builders import a_file, read


def test_jsonl_records_are_objects_or_texts(tmp_path: Path) -> None:
    content = '{"text": "a heron", "label": "bird"}\n\n"just a text"\n{"text": 5}\n'
    rows, rejected = read(a_file(tmp_path, "a.jsonl", content))
    assert [(row.text, row.labels) for row in rows] == [("a heron", ("bird",)), ("just a text", ()), ("5", ())]
    assert not rejected


def test_broken_lines_and_records_without_text_are_rejected_with_their_line(tmp_path: Path) -> None:
    content = '{"text": "fine"}\n{"text": \n[1]\n{"other": "x"}\n{"text": {"a": 1}}\n' + "[" * 100_000 + "\n"
    rows, rejected = read(a_file(tmp_path, "a.jsonl", content))
    assert len(rows) == 1
    assert [each.place for each in rejected] == [f"a.jsonl line {number}" for number in (2, 3, 4, 5, 6)]
    assert "no valid JSON" in rejected[0].reason


def test_labels_in_a_list_are_several(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.jsonl", '{"text": "both", "labels": ["bird", "cat"]}\n'))
    assert rows[0].labels == ("bird", "cat")


def test_json_is_a_list_or_an_object_with_one_list_or_really_jsonl(tmp_path: Path) -> None:
    records = [{"text": "one"}, {"text": "two"}]
    contents = [json.dumps(records), json.dumps({"version": 1, "data": records}), "\n".join(map(json.dumps, records))]
    for content in contents:
        rows, _ = read(a_file(tmp_path, "a.json", content))
        assert [row.text for row in rows] == ["one", "two"], content


def test_parquet_with_names_for_its_label_numbers(tmp_path: Path) -> None:
    features = {"label": {"names": ["cat", "bird"], "_type": "ClassLabel"}}
    schema = pa.schema(
        [("text", pa.string()), ("label", pa.int64())],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    table = pa.table({"text": ["a heron", None, "a tom"], "label": [1, 1, 0]}, schema)
    parquet.write_table(table, tmp_path / "a.parquet")
    rows, rejected = read(tmp_path / "a.parquet")
    assert [(row.text, row.labels) for row in rows] == [("a heron", ("bird",)), ("a tom", ("cat",))]
    assert [each.place for each in rejected] == ["a.parquet row 2"]


def test_a_line_of_a_text_file_is_an_item(tmp_path: Path) -> None:
    rows, rejected = read(a_file(tmp_path, "a.txt", "one\r\ntwo, three\n\nfour"))
    assert [(row.text, row.source) for row in rows] == [
        ("one", "a.txt line 1"), ("two, three", "a.txt line 2"), ("four", "a.txt line 4"),
    ]  # fmt: skip
    assert [each.place for each in rejected] == ["a.txt line 3"]


def test_many_text_files_are_an_item_each_with_their_folder_as_label(tmp_path: Path) -> None:
    a_file(tmp_path, "bird/1.txt", "a heron\nin the reeds\n")
    a_file(tmp_path, "cat/2.txt", "a tom")
    plan = Plan(Kind.TEXT, {}, (), is_file_an_item=True)
    found = [each for file in walk(tmp_path) if isinstance(file, File) for each in readers.read(file, plan)]
    assert [(each.text, each.labels) for each in found if isinstance(each, Row)] == [
        ("a heron\nin the reeds", ("bird",)), ("a tom", ("cat",)),
    ]  # fmt: skip


def test_a_file_without_an_ending_is_looked_into(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "collection", "ham\tOk lar\nspam\tFree entry\nham\tFine\n"), text=1)
    assert [row.text for row in rows] == ["Ok lar", "Free entry", "Fine"]
    rows, _ = read(a_file(tmp_path, "notes", "one line\nanother line\n"))
    assert [row.text for row in rows] == ["one line", "another line"]


def test_what_holds_no_texts_is_rejected_with_what_to_do(tmp_path: Path) -> None:
    for name in ("a.xlsx", "a.pdf", "a.png"):
        rows, rejected = read(a_file(tmp_path, name, b"PK\x03\x04 whatever"))
        assert not rows
        assert "CSV" in rejected[0].reason


def test_a_peek_shows_columns_rows_and_a_guess(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "kind;message\n" + "bird;" + "x" * 500 + "\ncat;short\n")
    seen = peek(path, ("bird", "cat"))
    assert seen
    assert (seen["columns"], seen["text"], seen["label"]) == (["kind", "message"], ["message"], "kind")
    assert (seen["header"], seen["delimiter"], seen["encoding"]) == (True, ";", "UTF-8")
    assert len(seen["rows"][0][1]) == 201


def test_a_peek_at_a_folder_of_images_finds_no_table(tmp_path: Path) -> None:
    a_file(tmp_path, "a.png", b"x")
    assert peek(tmp_path, ()) is None


def test_only_rejections_come_from_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.parquet", b"PAR1 and no more")
    rows, rejected = read(path)
    assert not rows
    assert isinstance(rejected[0], Rejection)
