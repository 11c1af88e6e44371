"""What an import would bring, before it is begun."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend import importing
from backend.api.app import create
from backend.importing import previews, uploads
from db.models import Project
from db.session import reading
from tests.importing.builders import a_file, a_project, an_image


@pytest.fixture
def api(home: Path) -> Iterator[TestClient]:
    with TestClient(create()) as client:
        yield client


def seen(project: Project, path: Path) -> dict[str, object]:
    with reading() as session:
        return importing.preview(session, project, {"path": str(path)})


def test_classes_are_named_with_how_often_and_whether_they_are_known(home: Path, tmp_path: Path) -> None:
    path = a_file(tmp_path, "a.csv", "text,label,split\none,bird,train\ntwo,dog,train\nthree,dog,test\n")
    found = seen(a_project(), path)
    assert found["classes"] == [
        {"name": "dog", "count": 2, "known": False},
        {"name": "bird", "count": 1, "known": True},
    ]
    assert (found["is_all"], found["items"], found["splits"]) == (True, 3, {"train": 2, "test": 1})


def test_folders_of_images_are_classes(home: Path, tmp_path: Path) -> None:
    for name in ("bird/1.png", "dog/2.png", "dog/3.png"):
        a_file(tmp_path / "in", name, an_image())
    found = seen(a_project("image"), tmp_path / "in")
    assert found["classes"] == [
        {"name": "dog", "count": 2, "known": False},
        {"name": "bird", "count": 1, "known": True},
    ]
    assert (found["tables"], found["items"]) == (None, 3)


def test_of_much_data_the_start_is_read_and_the_rest_reckoned(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previews, "MOST_ROWS", 100)
    path = a_file(tmp_path, "a.csv", "text,label\n" + "a heron,bird\n" * 5_000)
    found = seen(a_project(), path)
    assert found["is_all"] is False
    assert 4_500 < int(str(found["items"])) < 5_500


def test_a_preview_and_an_import_of_what_was_uploaded_before(api: TestClient) -> None:
    project = a_project()
    folder = uploads.new_folder()
    a_file(folder, "a.csv", "text,label\none,dog\n")
    address = f"/projects/{project.id}/items"
    answer = api.post(f"{address}/preview", json={"upload": folder.name})
    assert answer.json()["tables"]["label"] == "label"
    assert answer.json()["classes"] == [{"name": "dog", "count": 1, "known": False}]
    wrong = api.post(address, json={"upload": folder.name, "columns": {"encoding": "nonsense"}})
    assert wrong.status_code == 422
    sent = {"upload": folder.name, "columns": {"label": "label", "as": "lines"}, "labels": "gold", "add_classes": True}
    assert api.post(address, json=sent).status_code == 202
    assert api.post(f"{address}/preview", json={"path": "/nowhere"}).status_code == 404
    assert api.post(address, json={"upload": folder.name, "labels": "silver"}).status_code == 422
