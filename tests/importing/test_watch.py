"""Watched folders: what is new comes by itself, once, and never half."""

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create
from backend.importing import job as importing_job
from backend.importing import watch
from backend.jobs import control
from backend.jobs.progress import Handle
from db import jobs
from db.models import JobState, Project
from db.session import reading, writing
from tests.importing.builders import a_file, a_project, texts
from tests.waiting import until


@pytest.fixture
def api(home: Path) -> Iterator[TestClient]:
    watch._seen.clear()
    with TestClient(create()) as client:
        yield client


def watch_it(api: TestClient, project: Project, path: Path) -> dict[str, Any]:
    answer = api.post(f"/projects/{project.id}/watched", json={"path": str(path)})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def only(api: TestClient, project: Project) -> dict[str, Any]:
    [entry] = api.get(f"/projects/{project.id}/watched").json()["items"]
    return dict(entry)


def work(job_id: int | None, state: JobState = JobState.DONE) -> None:
    assert job_id
    with reading() as session:
        queued = control.get(session, job_id)
    importing_job.run(Handle(queued))
    with writing() as session:
        jobs.move(session, job_id, state, of=[JobState.QUEUED])


def test_what_is_in_a_watched_folder_comes_at_once_and_what_is_new_after_it_settled(
    api: TestClient, tmp_path: Path
) -> None:
    project, folder = a_project(), tmp_path / "in"
    a_file(folder, "a.csv", "text\none\n")
    entry = watch_it(api, project, folder)
    assert entry["state"] == "importing"
    work(entry["job_id"])
    assert watch.look(project.id, str(folder)) is None
    assert only(api, project)["message"] == "Nothing new."
    a_file(folder, "below/b.csv", "text\ntw")
    assert watch.look(project.id, str(folder)) is None
    assert only(api, project)["state"] == "changing"
    a_file(folder, "below/b.csv", "text\ntwo\n")
    assert watch.look(project.id, str(folder)) is None
    work(watch.look(project.id, str(folder)))
    assert texts(project) == ["one", "two"]
    assert watch.look(project.id, str(folder)) is None


def test_look_now_takes_what_is_there(api: TestClient, tmp_path: Path) -> None:
    project, folder = a_project(), tmp_path / "in"
    a_file(folder, "a.csv", "text\none\n")
    work(watch_it(api, project, folder)["job_id"])
    a_file(folder, "b.csv", "text\ntwo\n")
    [entry] = api.post(f"/projects/{project.id}/watched/look").json()["items"]
    work(entry["job_id"])
    assert texts(project) == ["one", "two"]


def test_a_folder_has_one_import_at_a_time(api: TestClient, tmp_path: Path) -> None:
    project, folder = a_project(), tmp_path / "in"
    a_file(folder, "a.csv", "text\none\n")
    first = watch_it(api, project, folder)["job_id"]
    a_file(folder, "b.csv", "text\ntwo\n")
    assert watch.look(project.id, str(folder), is_asked=True) is None
    work(first)
    second = watch.look(project.id, str(folder))
    assert second
    assert second != first


def test_a_folder_that_vanished_is_said_and_taken_up_again(api: TestClient, tmp_path: Path) -> None:
    project, folder = a_project(), tmp_path / "in"
    a_file(folder, "a.csv", "text\none\n")
    work(watch_it(api, project, folder)["job_id"])
    moved = folder.rename(tmp_path / "away")
    assert watch.look(project.id, str(folder)) is None
    entry = only(api, project)
    assert (entry["state"], "is not there" in entry["message"]) == ("gone", True)
    moved.rename(folder)
    assert watch.look(project.id, str(folder)) is None
    assert only(api, project)["state"] == "waiting"


def test_a_folder_that_cannot_be_imported_is_said_once_and_tried_again_when_it_changes(
    api: TestClient, tmp_path: Path
) -> None:
    project, folder = a_project(), tmp_path / "in"
    folder.mkdir()
    assert watch_it(api, project, folder)["message"] == "There is nothing in it."
    bad = a_file(folder, "a.csv", b"")
    watch.look(project.id, str(folder), is_asked=True)
    entry = only(api, project)
    assert (entry["state"], entry["job_id"]) == ("problem", None)
    assert "is empty" in entry["message"]
    watch.look(project.id, str(folder))
    with reading() as session:
        assert not jobs.in_states(session, list(JobState), project.id)
    bad.write_text("text\none\n")
    work(watch.look(project.id, str(folder), is_asked=True))
    assert only(api, project)["state"] == "waiting"


def test_a_restart_imports_nothing_again(api: TestClient, tmp_path: Path) -> None:
    project, folder = a_project(), tmp_path / "in"
    a_file(folder, "a.csv", "text\none\n")
    work(watch_it(api, project, folder)["job_id"])
    watch._seen.clear()
    assert watch.look(project.id, str(folder)) is None
    assert only(api, project)["state"] == "waiting"


def test_watching_stops_and_what_came_stays(api: TestClient, tmp_path: Path) -> None:
    project, folder = a_project(), tmp_path / "in"
    a_file(folder, "a.csv", "text\none\n")
    work(watch_it(api, project, folder)["job_id"])
    address = f"/projects/{project.id}/watched"
    assert api.delete(address, params={"path": str(folder)}).json()["items"] == []
    assert api.delete(address, params={"path": str(folder)}).status_code == 404
    assert texts(project) == ["one"]


def test_what_cannot_be_watched_is_refused(api: TestClient, home: Path, tmp_path: Path) -> None:
    address = f"/projects/{a_project().id}/watched"
    wrong = {str(a_file(tmp_path, "a.csv", "text\none\n")): 422, str(tmp_path / "none"): 404, str(home): 422}
    for path, status in {**wrong, str(home.parent): 422}.items():
        answer = api.post(address, json={"path": path})
        assert (answer.status_code, bool(answer.json()["error"]["hint"])) == (status, True)
    folder = a_file(tmp_path / "in", "a.csv", "text\none\n").parent
    half = json.dumps({"path": str(folder), "columns": {"delimiter": "\ud800"}})
    assert api.post(address, content=half, headers={"content-type": "application/json"}).status_code == 422
    assert api.get(address).json()["items"] == []


def test_the_thread_finds_what_is_new_by_itself_and_ends(
    api: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "LOOK_EVERY_S", 0.05)
    project, folder = a_project(), tmp_path / "in"
    a_file(folder, "a.csv", "text\none\n")
    first = watch_it(api, project, folder)["job_id"]
    work(first)
    ended = threading.Event()
    watcher = threading.Thread(target=watch.keep_watch, args=(ended,), daemon=True)
    watcher.start()
    a_file(folder, "b.csv", "text\ntwo\n")
    until(lambda: only(api, project)["job_id"] != first)
    shutil.rmtree(folder)
    until(lambda: watch._seen[project.id, str(folder)].state == "gone")
    ended.set()
    watcher.join(timeout=10)
    assert not watcher.is_alive()
