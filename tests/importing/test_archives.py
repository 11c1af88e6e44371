"""Zips from strangers: nothing leaves the archive but the content of its files."""

import stat
import zipfile
from pathlib import Path

import pytest

from backend import errors
from backend.importing import archives
from backend.importing.found import File, Unusable, entries_of, safe_parts, walk
from tests.importing.builders import a_file, a_project, a_zip, all_items, an_image, import_now, read, texts


def test_tables_and_texts_in_a_zip_are_read_where_they_are(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"in/a.csv": b"text,label\na heron,bird\n", "b.jsonl": b'{"text": "a tom"}\n'})
    rows, _ = read(path)
    assert {(row.text, row.source) for row in rows} == {
        ("a heron", "a.zip/in/a.csv row 2"), ("a tom", "a.zip/b.jsonl line 1"),
    }  # fmt: skip


def test_names_that_climb_out_are_only_names(home: Path, tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"../../evil.csv": b"text\na heron\n", "/etc/passwd.csv": b"text\na wren\n"})
    project = a_project()
    import_now(project, path=str(path))
    assert [item.source for item in all_items(project)] == ["a.zip/evil.csv row 2", "a.zip/etc/passwd.csv row 2"]
    assert not list(tmp_path.parent.glob("**/evil.csv"))


def test_links_locked_files_and_archives_in_the_archive_are_rejected(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "a.zip", {"inner.zip": b"PK", "fine.txt": b"a heron", ".hidden": b"x", "__MACOSX/y": b"x"})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    files = list(walk(path))
    assert [file.name for file in files if isinstance(file, File)] == ["a.zip/fine.txt"]
    assert {file.reason.split(".")[0] for file in files if isinstance(file, Unusable)} == {
        "It is an archive in an archive",
        "It is a link, and links in an archive are not followed",
    }


def test_a_bomb_is_refused_before_anything_is_unpacked(home: Path, tmp_path: Path) -> None:
    path = a_zip(tmp_path / "bomb.zip", {"a.txt": bytes(60_000_000)})
    with pytest.raises(errors.BadFile, match="attack"):
        list(entries_of(File("bomb.zip", path, path.stat().st_size, ("bomb.zip",))))
    with pytest.raises(errors.BadFile, match="attack"):
        import_now(a_project(), path=str(path))


def test_an_entry_that_unpacks_to_too_much_is_rejected_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 1 << 40)
    noise = an_image(size=(1, 1)) + bytes(range(256)) * 40
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("noise.bin", noise * 100, zipfile.ZIP_STORED)
        archive.writestr("bomb.txt", bytes(60_000_000), zipfile.ZIP_DEFLATED)
    files = list(walk(tmp_path / "a.zip"))
    assert [type(file) for file in files] == [File, Unusable]


def test_a_broken_archive_is_a_sentence(home: Path, tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.zip", b"PK\x03\x04 this is no archive")
    with pytest.raises(errors.BadFile, match=r"a\.zip"):
        import_now(a_project(), path=str(path))


def test_a_damaged_entry_is_rejected_and_the_others_come_in(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.csv", "text\n" + "a heron\n")
        archive.writestr("b.csv", "text\n" + "a wren\n")
    path.write_bytes(path.read_bytes().replace(b"a heron", b"a her0n"))
    project = a_project()
    report = import_now(project, path=str(path))
    assert "a wren" in texts(project)
    assert any("CRC" in each["reason"] for each in report["reasons"])


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("../../etc/passwd", ("etc", "passwd")),
        ("C:\\Windows\\a.txt", ("Windows", "a.txt")),
        ("/abs/./x", ("abs", "x")),
        ("a\x00\x1b[31mb", ("a[31mb",)),
        ("..", ()),
    ],
)
def test_a_path_from_a_stranger_becomes_harmless(name: str, parts: tuple[str, ...]) -> None:
    assert safe_parts(name) == parts
