"""Tars, plain and packed, from friends and strangers."""

import io
import tarfile
from pathlib import Path

import pytest

from backend import errors
from backend.importing import tars
from backend.importing.found import File, Unusable, walk
from tests.importing.builders import a_file, a_project, all_items, an_image, import_now, labels, read

MODES = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}


def a_tar(path: Path, files: dict[str, bytes]) -> Path:
    mode = next(MODES[suffix] for suffix in sorted(MODES, key=len, reverse=True) if path.name.endswith(suffix))
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize("suffix", list(MODES))
def test_tables_in_a_tar_are_read_in_its_order(tmp_path: Path, suffix: str) -> None:
    path = a_tar(tmp_path / f"a{suffix}", {"b.csv": b"text,label\none,bird\n", "a.jsonl": b'{"text": "two"}\n'})
    rows, rejected = read(path)
    assert [(row.text, row.labels, row.origin) for row in rows] == [
        ("one", ("bird",), f"a{suffix}"), ("two", (), f"a{suffix}"),
    ]  # fmt: skip
    assert not rejected


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz"])
def test_images_of_a_tar_come_in_with_their_folders_as_labels(home: Path, tmp_path: Path, suffix: str) -> None:
    files = {f"{name}/{number}.png": an_image((number, 5, 5)) for name in ("bird", "cat") for number in (1, 2)}
    files["cat/3.png"] = an_image((9, 9, 200))
    project = a_project("image")
    import_now(project, path=str(a_tar(tmp_path / f"a{suffix}", files)))
    found = {Path(source).parts[-2:]: names for source, names in labels(project).items()}
    assert found == {("bird", "1.png"): ["bird"], ("bird", "2.png"): ["bird"], ("cat", "3.png"): ["cat"]}


def test_links_and_devices_are_refused_and_names_that_climb_out_are_only_names(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("device", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name in ("../../up.txt", "/etc/abs.txt"):
            info = tarfile.TarInfo(name)
            info.size = 2
            archive.addfile(info, io.BytesIO(b"hi"))
    found = list(walk(path))
    assert [type(each) for each in found] == [Unusable, Unusable, Unusable, File, File]
    assert [each.name for each in found[3:]] == ["a.tar/up.txt", "a.tar/etc/abs.txt"]
    assert not (tmp_path.parent / "up.txt").exists()


def test_a_bomb_is_refused(home: Path, tmp_path: Path) -> None:
    path = a_tar(tmp_path / "a.tar.gz", {"a.txt": bytes(80_000_000), "b.txt": b"x"})
    with pytest.raises(errors.BadFile, match="attack"):
        import_now(a_project(), path=str(path))


def test_a_header_that_claims_gigabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 4 << 30
    path = a_file(tmp_path, "a.tar", info.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    [found] = walk(path)
    assert isinstance(found, Unusable)


def test_what_is_before_the_damage_comes_in_and_the_rest_is_said(tmp_path: Path) -> None:
    content = b"text\none\n"
    path = a_tar(tmp_path / "a.tar.gz", {"a.csv": content, "b.csv": bytes(range(256)) * 4_000})
    path.write_bytes(path.read_bytes()[:-1_000])
    found = list(walk(path))
    assert isinstance(found[0], File)
    assert isinstance(found[-1], Unusable)
    assert "damaged" in found[-1].reason


def test_a_file_that_is_no_tar_is_a_sentence(home: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.BadFile, match=r"a\.tar"):
        import_now(a_project(), path=str(a_file(tmp_path, "a.tar", b"no tar " * 200)))


def test_an_entry_is_read_again_as_often_as_wanted(tmp_path: Path) -> None:
    path = a_tar(tmp_path / "a.tar.xz", {"a.txt": b"one", "b.txt": b"two"})
    first, second = tars.entries(path, "a")
    for entry, content in ((second, b"two"), (first, b"one"), (second, b"two"), (second, b"two")):
        with tars.opened(path, entry.offset or 0, entry.size_bytes) as stream:
            assert stream.read() == content


def test_importing_the_same_tar_again_adds_nothing(home: Path, tmp_path: Path) -> None:
    project = a_project("image")
    path = a_tar(tmp_path / "a.tgz", {"bird/1.png": an_image()})
    for _ in range(2):
        import_now(project, path=str(path))
    assert len(all_items(project)) == 1
