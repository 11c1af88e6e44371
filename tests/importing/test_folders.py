"""Images that stay where they are: shown as long as they are what was imported, and never touched."""

import os
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend import blobs, errors, thumbs
from backend.api.app import create
from db.models import Item, Project
from tests.importing.builders import a_file, a_project, a_zip, all_items, an_image, import_now


def a_picture_left_where_it_is(folder: Path, data: bytes) -> tuple[Project, Item, Path]:
    project, original = a_project("image"), a_file(folder, "own/a.png", data)
    import_now(project, path=str(original.parent), reference=True)
    [item] = all_items(project)
    return project, item, original


def test_an_image_left_where_it_is_is_linked_and_shown(home: Path, tmp_path: Path) -> None:
    data = an_image(size=(640, 400))
    project, item, original = a_picture_left_where_it_is(tmp_path, data)
    place = blobs.path_of(item.content_hash)
    assert place.is_symlink()
    assert place.readlink() == original
    assert blobs.read(item.content_hash) == data
    with TestClient(create()) as api:
        assert api.get(f"/items/{item.id}/image").content == data
    assert thumbs.rgb(place).size == (640, 400)
    assert import_now(project, path=str(original.parent), reference=True)["duplicates"] == 1


def test_a_changed_original_is_never_shown_under_the_old_name(home: Path, tmp_path: Path) -> None:
    _, item, original = a_picture_left_where_it_is(tmp_path, an_image("red", size=(640, 400)))
    kept = original.read_bytes()
    before = original.stat()
    original.write_bytes(an_image("blue", size=(640, 400)))
    assert not blobs.path_of(item.content_hash).exists()
    with pytest.raises(errors.NotFound, match=r'own/a.png" was changed since it was imported'):
        blobs.read(item.content_hash)
    with pytest.raises(errors.BadFile, match="was changed"):
        thumbs.rgb(blobs.path_of(item.content_hash))
    with TestClient(create()) as api:
        answer = api.get(f"/items/{item.id}/image")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert "was changed" in answer.json()["error"]["message"]
    original.write_bytes(kept)
    os.utime(original, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert blobs.read(item.content_hash) == kept


def test_a_change_that_hides_its_time_is_still_not_sent_as_the_original(home: Path, tmp_path: Path) -> None:
    data = an_image("red", size=(64, 40), form="BMP")
    _, item, original = a_picture_left_where_it_is(tmp_path, data)
    before = original.stat()
    original.write_bytes(an_image("blue", size=(64, 40), form="BMP"))
    os.utime(original, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(errors.NotFound):
        blobs.read(item.content_hash)


def test_a_vanished_original_is_named_and_comes_back(home: Path, tmp_path: Path) -> None:
    _, item, original = a_picture_left_where_it_is(tmp_path, an_image(size=(640, 400)))
    moved = original.rename(original.with_name("elsewhere.png"))
    with pytest.raises(errors.NotFound, match=r'own/a.png" is gone') as raised:
        blobs.read(item.content_hash)
    assert "Put it back" in raised.value.hint
    moved.rename(original)
    assert blobs.read(item.content_hash) == original.read_bytes()


def test_a_picture_imported_again_from_its_new_place_or_as_a_copy_is_back(home: Path, tmp_path: Path) -> None:
    project, item, original = a_picture_left_where_it_is(tmp_path, an_image(size=(640, 400)))
    moved = original.rename(tmp_path / "b.png")
    import_now(project, path=str(moved), reference=True)
    assert blobs.path_of(item.content_hash).readlink() == moved
    import_now(project, path=str(moved))
    moved.unlink()
    assert not blobs.path_of(item.content_hash).is_symlink()
    assert len(blobs.read(item.content_hash)) > 0
    assert len(all_items(project)) == 1


def test_what_is_taken_away_is_never_the_original(home: Path, tmp_path: Path) -> None:
    _, item, original = a_picture_left_where_it_is(tmp_path, an_image())
    blobs.remove(item.content_hash)
    assert original.exists()
    assert not list((home / "blobs").rglob(f"{item.content_hash.hex()}*"))


def test_entries_of_archives_and_files_of_winnow_itself_are_copied(home: Path, tmp_path: Path) -> None:
    project = a_project("image")
    a_file(tmp_path, "own/dummy.png", an_image("green"))
    a_zip(tmp_path / "own" / "b.zip", {"a.png": an_image("red")})
    a_file(home, "own/c.png", an_image("blue"))
    import_now(project, path=str(tmp_path / "own"), reference=True)
    import_now(project, path=str(home / "own"), reference=True)
    links = {item.source: blobs.path_of(item.content_hash).is_symlink() for item in all_items(project)}
    assert sorted(links.values()) == [False, False, True]


def test_where_links_cannot_be_made_the_bytes_are_copied(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError("no links here")

    data = an_image()
    original = a_file(tmp_path, "a.png", data)
    monkeypatch.setattr(Path, "symlink_to", refused)
    content_hash = blobs.refer(original, data, blobs.state_of(original))
    original.unlink()
    assert blobs.read(content_hash) == data
