"""Which column is what: guessed, chosen; labels, splits, ids and what is kept of each row."""

from pathlib import Path
from typing import Any

import pytest

from backend import errors
from backend.importing import cells, columns, encodings
from backend.importing.peek import peek
from db.models import Split
from tests.importing.builders import a_file, read


def test_split_id_and_further_columns_come_with_the_row(tmp_path: Path) -> None:
    content = "comment_id,text,label,part,stars\nc1,one,bird,train,5\nc2,two,cat,dev,\n"
    rows, _ = read(a_file(tmp_path, "a.csv", content))
    assert [(row.labels, row.split, row.meta) for row in rows] == [
        (("bird",), Split.TRAIN, {"id": "c1", "stars": "5"}), (("cat",), Split.VALIDATION, {"id": "c2"}),
    ]  # fmt: skip


def test_text_and_label_alone_have_no_meta(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.csv", "text,label\none,bird\n"))
    assert rows[0].meta is None
    assert rows[0].origin == "a.csv"


def test_each_role_can_be_chosen_and_be_none(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "id,text,label,part,more\n1,one,bird,train,x\n")
    [row], _ = read(path, label=None, split=None, id=None, keep=["more"])
    assert (row.labels, row.split, row.meta) == ((), None, {"more": "x"})
    [row], _ = read(path, id="more", keep=[])
    assert row.meta == {"id": "x"}


def test_an_id_column_with_a_value_twice_is_none(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.csv", "id,text\n1,one\n1,two\n"))
    assert peek(tmp_path, ())["id"] is None  # type: ignore[index]
    assert len(rows) == 2


@pytest.mark.parametrize("chosen", [{}, {"label": ["bird", "cat"]}], ids=["guessed", "chosen"])
def test_columns_of_zeros_and_ones_are_classes_by_their_names(tmp_path: Path, chosen: dict[str, Any]) -> None:
    rows, _ = read(a_file(tmp_path, "a.csv", "text,bird,cat\none,1,1\ntwo,0,1\nthree,0,0\n"), **chosen)
    assert [row.labels for row in rows] == [("bird", "cat"), ("cat",), ()]


def test_several_label_columns_are_several_labels(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.csv", "text,first,second\none,bird,cat\ntwo,cat,\n"), label=["first", "second"])
    assert [row.labels for row in rows] == [("bird", "cat"), ("cat",)]


def test_encoding_and_delimiter_are_what_a_person_chose(tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "text,more^label\nПривет^bird\n".encode("cp1251"))
    rows, _ = read(path, encoding="Windows-1251", delimiter="^", header=True, text=0)
    assert rows[0].text == "Привет"
    seen = peek(path, (), {"encoding": "Windows-1251", "delimiter": "^", "header": True})
    assert seen
    assert (seen["encoding"], seen["delimiter"], seen["columns"]) == ("Windows-1251", "^", ["text,more", "label"])


@pytest.mark.parametrize("name", ["nonsense", "base64", "rot13", "zip", ""])
def test_what_is_no_encoding_is_refused(name: str) -> None:
    with pytest.raises(errors.Invalid, match="no encoding"):
        encodings.chosen(name)


def test_utf16_without_a_mark_is_known_by_its_zeros(tmp_path: Path) -> None:
    rows, _ = read(a_file(tmp_path, "a.csv", "text,label\na grey heron,bird\n".encode("utf-16-le")))
    assert [(row.text, row.labels) for row in rows] == [("a grey heron", ("bird",))]


def test_our_own_export_brings_back_what_is_the_items_and_not_what_is_about_the_labeling(tmp_path: Path) -> None:
    content = (
        "id,text,label,status,split,annotator,decided_at,source,suggestion,confidence,run_3\n"
        "7,one,bird,labeled,test,ann,2026-01-01,a.csv row 1,cat,0.5,cat\n"
    )
    [row], _ = read(a_file(tmp_path, "a.csv", content))
    assert (row.text, row.labels, row.split, row.meta) == ("one", ("bird",), Split.TEST, {"id": "7"})


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        (None, ()), ("", ()), ("[]", ()), (" a  b ", ("a b",)), (["a", "b"], ("a", "b")),
        ('["a", "b|c"]', ("a", "b|c")),
        ('{"choices": ["a", "b"]}', ("a", "b")), ({"choices": ["a"]}, ("a",)), ([[0, 5, "PER"]], ()), (3, ("3",)),
        ('["broken', ('["broken',)),
    ],
    ids=str,
)  # fmt: skip
def test_the_names_in_a_cell(cell: object, names: tuple[str, ...]) -> None:
    assert cells.label_names(cell) == names


def test_thousands_of_equal_names_are_told_apart_fast() -> None:
    names = columns.named(["a"] * 20_000)
    assert len(set(names)) == 20_000
