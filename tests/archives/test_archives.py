"""A whole project leaves and comes back as the same project."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend import archives, blobs, errors, projects, settings
from backend.api.app import create
from backend.archives import beside, job
from backend.importing import uploads
from backend.jobs.progress import Handle, Stopped
from backend.labeling import moves
from backend.training import snapshots
from db import jobs, runs
from db.models import JobState, Project, Snapshot, Split
from db.session import reading, writing
from tests.archives.builders import (
    a_full_project,
    archive_of,
    bring,
    changed,
    contents,
    project_count,
    put_table,
    table,
)
from tests.importing.builders import all_items, labels

# Columns that name rows, by number: their places are compared, not their numbers.
NUMBERS = (
    "id", "item_id", "class_id", "annotator_id", "decision_id", "origin_id", "run_id", "set_id", "snapshot_id",
    "change_id", "merged_into", "last_event_id", "suggestion_id", "group_id",
)  # fmt: skip
# Told anew on each machine.
OWN = ("event_id", "fingerprint", "artifact", "cursor", "upto")


def placed(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Numbers become places in the order in which they first come."""
    places: dict[str, dict[Any, int]] = {}
    part_of = {"id": "", "last_event_id": "label_events", "suggestion_id": "suggestions", "group_id": "items"}
    of = {
        "item_id": "items", "class_id": "classes", "annotator_id": "annotators", "decision_id": "decisions",
        "origin_id": "origins", "run_id": "runs", "set_id": "suggestion_sets", "snapshot_id": "snapshots",
        "change_id": "class_changes", "merged_into": "classes", **part_of,
    }  # fmt: skip
    for part, rows in found.items():
        places[part] = {row["id"]: place for place, row in enumerate(rows) if "id" in row}

    def change(value: Any, name: str, part: str) -> Any:
        if name in ("class_ids", "target_ids"):
            return [places["classes"][each] for each in value]
        if name in NUMBERS and isinstance(value, int):
            return places[part if name == "id" and part in places else of[name] or "classes"].get(value, value)
        if isinstance(value, dict):
            return {key: change(each, key, "json") for key, each in value.items()}
        return [change(each, "", "json") for each in value] if isinstance(value, list) else value

    return {
        part: [{name: change(value, name, part) for name, value in row.items() if name not in OWN} for row in rows]
        for part, rows in found.items()
    }


@pytest.mark.parametrize("kind", ["text", "image"])
@pytest.mark.parametrize("multi_label", [False, True])
def test_everything_of_a_project_comes_back(home: Path, tmp_path: Path, *, kind: str, multi_label: bool) -> None:
    project = a_full_project(tmp_path, kind, multi_label=multi_label)
    again = bring(archive_of(project, tmp_path, with_models=True))
    assert (again.name, again.kind, again.multi_label) == (f"{project.name} 2", project.kind, project.multi_label)
    before, after = placed(contents(project)), placed(contents(again))
    for part in before:
        if part != "snapshots":
            assert after[part] == before[part], part
    assert labels(again) == labels(project)


def test_undo_goes_on_where_it_was(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    again = bring(archive_of(project, tmp_path))
    for each in (project, again):
        moves.whole(moves.redo, each.id, "Ann", f"redo-{each.id}")
        assert list(labels(each).values())[1] == ["dög"]
        moves.whole(moves.undo, each.id, "Bob", f"undo-bulk-{each.id}")
    assert labels(again) == labels(project)
    assert len(labels(again)) == 2


def test_a_run_is_judged_on_the_same_snapshot(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    again = bring(archive_of(project, tmp_path, with_models=True))
    with reading() as session:
        [run] = runs.page(session, again.id, None, 10, with_archived=True)
        snapshot = session.get(Snapshot, run.snapshot_id)
    assert snapshot
    frozen = snapshots.load(snapshot, again)
    assert {item.id for item in all_items(again)} >= set(frozen.parts[Split.TEST].item_ids)
    assert frozen.classes[0]["id"] == run.metrics["test"]["per_class"][0]["class_id"]
    assert (settings.home() / (run.artifact or "") / "config.json").read_bytes() == b"{}"


def test_the_same_archive_twice_makes_two_projects(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    path = archive_of(project, tmp_path)
    assert [bring(path).name, bring(path).name] == [f"{project.name} 2", f"{project.name} 3"]


def test_images_that_are_gone_here_come_from_the_archive(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path, "image")
    path = archive_of(project, tmp_path)
    kept = {item.content_hash: blobs.read(item.content_hash) for item in all_items(project)}
    for content_hash in kept:
        blobs.remove(content_hash)
    again = bring(path)
    assert {item.content_hash: blobs.read(item.content_hash) for item in all_items(again)} == kept


def rows_with(part: str, column: str, value: Any) -> Any:
    def change(files: dict[str, bytes]) -> None:
        lines = table(files, part)
        lines[1][lines[0].index(column)] = value
        put_table(files, part, lines)

    return change


def manifest_with(**told: Any) -> Any:
    def change(files: dict[str, bytes]) -> None:
        files["manifest.json"] = json.dumps(json.loads(files["manifest.json"]) | told).encode()

    return change


def with_file(name: str, data: bytes) -> Any:
    return lambda files: files.__setitem__(name, data)


HOSTILE = {
    "a path out of the folder": (with_file("images/../../evil", b""), "does not belong"),
    "an absolute path": (with_file("/etc/evil", b""), "does not belong"),
    "a program beside a model": (with_file("runs/1/model/evil.pkl", b""), "does not belong"),
    "a model's file above its folder": (with_file("runs/1/model/../x.json", b""), "does not belong"),
    "no manifest": (lambda files: files.pop("manifest.json"), "no manifest"),
    "a manifest that is no JSON": (with_file("manifest.json", b"{"), "no valid JSON"),
    "a later version": (manifest_with(version=99), "reads up to version 1"),
    "a table that is missing": (lambda files: files.pop("tables/items.jsonl"), "is missing"),
    "a table that is no JSON": (with_file("tables/items.jsonl", b'["id"]\n{\n'), "no valid JSON"),
    "a table without columns": (with_file("tables/labels.jsonl", b'["item_id"]\n[1]\n'), "no column class_id"),
    "rows of other lengths": (with_file("tables/labels.jsonl", b'["item_id"]\n[1, 2]\n'), "not as many values"),
    "deep JSON": (with_file("tables/items.jsonl", b"[" * 100_000), "no valid JSON"),
    "another text": (rows_with("items", "text", "other"), "SHA-256"),
    "a class of nowhere": (rows_with("labels", "class_id", 987654), "number 987654 of its classes"),
    "an item of nowhere": (rows_with("label_events", "item_id", 987654), "number 987654 of its items"),
    "an event's class of nowhere": (rows_with("label_events", "class_ids", [987654]), "987654 of its classes"),
    "a number that is none": (rows_with("labels", "class_id", "1; DROP TABLE items"), "wrong kind"),
    "an id twice": (rows_with("items", "id", 10**15), "order of their ids"),
    "a status that is none": (rows_with("items", "status", "owned"), "no status"),
    "a class with a colour of its own": (rows_with("classes", "color", "red;}"), "colour"),
    "a kind that is none": (manifest_with(project={"name": "x", "kind": "sound", "multi_label": False}), "kind"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(home: Path, tmp_path: Path, what: str) -> None:
    project = a_full_project(tmp_path)
    change, words = HOSTILE[what]
    path = changed(archive_of(project, tmp_path), change)
    files = {each for each in home.rglob("*") if each.is_file() and "winnow.db" not in each.name}
    with pytest.raises(errors.WinnowError, match=words):
        bring(path)
    assert project_count() == 1
    assert {each for each in home.rglob("*") if each.is_file() and "winnow.db" not in each.name} == files


def test_an_image_that_is_another_is_refused(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path, "image")
    path = archive_of(project, tmp_path)
    name = f"images/{all_items(project)[3].content_hash.hex()}"
    for change, words in ((with_file(name, b"other"), "not the one"), (lambda files: files.pop(name), "is missing")):
        with pytest.raises(errors.BadFile, match=words):
            bring(changed(path, change))
    assert project_count() == 1


def test_a_bomb_is_refused_before_it_is_unpacked(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    bomb = changed(archive_of(project, tmp_path), with_file("tables/items.jsonl", b"\n" * 60_000_000))
    with pytest.raises(errors.BadFile, match="far more than it should"):
        bring(bomb)


def test_what_is_no_file_is_refused_and_not_waited_for(home: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(errors.BadFile, match="is no file"):
            archives.checked({"path": str(path)})


def test_an_upload_that_is_no_archive_stays_for_another_try(home: Path) -> None:
    folder = uploads.new_folder()
    uploads.place_for(folder, "a.csv").write_text("text\nheron\n")
    with TestClient(create()) as api:
        assert api.post("/projects/import", json={"upload": folder.name}).status_code == 422
    assert uploads.folder_of(folder.name).exists()


def test_a_half_written_archive_is_refused(home: Path, tmp_path: Path) -> None:
    path = archive_of(a_full_project(tmp_path), tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(errors.BadFile, match="no zip, or a damaged one"):
        bring(path)


def test_stopped_while_it_writes_it_takes_everything_away_and_can_begin_again(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_full_project(tmp_path, "image")
    path = archive_of(project, tmp_path)
    wanted = [item.content_hash for item in all_items(project)]
    with writing() as session:
        projects.delete(session, projects.get(session, project.id))
        projects.empty_bin(session)
    for content_hash in wanted:
        blobs.remove(content_hash)
    spec, title = archives.checked({"path": str(path)})
    with writing() as session:
        queued = archives.start(session, spec, title)
        jobs.write(session, queued.id, state=JobState.RUNNING)
    handle = Handle(queued)
    put = beside.put

    def put_and_stop(*each: Any) -> None:
        put(*each)
        with writing() as session:
            jobs.write(session, queued.id, stop_keep="best")
        handle.check_stop()

    monkeypatch.setattr(beside, "put", put_and_stop)
    with pytest.raises(Stopped):
        job.run(handle)
    assert project_count() == 0
    assert not any(blobs.path_of(content_hash).exists() for content_hash in wanted)
    monkeypatch.setattr(beside, "put", put)
    with writing() as session:
        jobs.write(session, queued.id, stop_keep=None)
    assert job.run(handle)["name"] == project.name


def test_a_project_that_is_still_coming_in_is_in_no_list(home: Path, tmp_path: Path) -> None:
    path = archive_of(a_full_project(tmp_path), tmp_path)
    spec, title = archives.checked({"path": str(path)})
    with writing() as session:
        handle = Handle(archives.start(session, spec, title))
    about = job.described({"name": "Half", "kind": "text", "multi_label": False})
    project_id = job.begin(handle, about)
    with writing() as session:
        assert projects.deleted(session) == []
        assert projects.empty_bin(session) == 0
        with pytest.raises(errors.Conflict, match="still coming in"):
            projects.restore(session, project_id)
    job.clean_up(handle)
    with reading() as session:
        assert session.get(Project, project_id) is None


def test_over_http_it_goes_out_and_its_import_is_a_job(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    with TestClient(create()) as api:
        answer = api.get(f"/projects/{project.id}/archive")
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["content-disposition"].endswith(".winnow.zip")
        started = api.post("/projects/import", files={"files": ("birds.winnow.zip", answer.content)})
        assert started.status_code == 202
        shown = api.get(f"/jobs/{started.json()['job_id']}").json()
        assert (shown["state"], shown["title"]) == ("queued", f"Import of the project {project.name}")
        wrong = api.post("/projects/import", files={"files": ("birds.zip", b"no zip")})
        assert wrong.status_code == 422
        assert "no zip" in wrong.json()["error"]["message"]
        assert api.post("/projects/import", json={"path": "/not/there.zip"}).status_code == 404
        assert api.post("/projects/import", json={}).status_code == 422


def test_a_run_from_before_tags_comes_in_without_any(home: Path, tmp_path: Path) -> None:
    def of_before(files: dict[str, bytes]) -> None:
        names, *lines = table(files, "runs")
        kept = [place for place, name in enumerate(names) if name not in ("tags", "is_starred", "is_archived")]
        assert len(kept) == len(names) - 3
        put_table(files, "runs", [[line[place] for place in kept] for line in (names, *lines)])

    again = bring(changed(archive_of(a_full_project(tmp_path), tmp_path), of_before))
    with reading() as session:
        [run] = runs.page(session, again.id, None, 10)
    assert (run.tags, run.is_starred, run.is_archived) == ([], False, False)


@pytest.mark.parametrize("tags", ["words", [1], ["x" * 41], [""], [f"tag {n}" for n in range(21)]])
def test_tags_that_no_person_could_give_are_refused(home: Path, tmp_path: Path, tags: Any) -> None:
    def with_tags(files: dict[str, bytes]) -> None:
        names, line = table(files, "runs")
        line[names.index("tags")] = tags
        put_table(files, "runs", [names, line])

    path = changed(archive_of(a_full_project(tmp_path), tmp_path), with_tags)
    with pytest.raises(errors.BadFile, match="run"):
        bring(path)
