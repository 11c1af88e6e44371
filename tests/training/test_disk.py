"""What runs take on the disk, how it is freed, and how runs are renamed and deleted."""

import time
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend import errors
from backend.api.app import create
from backend.training import artifact, disk, runs
from db import jobs
from db import runs as rows
from db.models import JobState, Project, Run, RunState, SuggestionSet, now
from db.session import Session, reading, writing
from tests.training import builders

POINTS = 20_000


@pytest.fixture
def project(home: Path) -> Project:
    return builders.a_text_project(8)


@pytest.fixture
def api(home: Path) -> TestClient:
    return TestClient(create(), base_url="http://127.0.0.1")


def with_files(run: Run) -> Path:
    folder = artifact.folder_of_run(run.id)
    for name, size in (("model/model.safetensors", 3000), ("checkpoints/checkpoint-4/optimizer.pt", 2000)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(size))
    (folder / "pictures").write_bytes(bytes(500))
    return folder


def ended(run: Run, state: JobState) -> Run:
    with writing() as session:
        jobs.move(session, run.job_id or 0, state, of=jobs.ACTIVE)
    return builders.again(run)


def test_what_a_run_takes_is_told_by_its_purpose(project: Project, api: TestClient) -> None:
    run = builders.a_run(project)
    assert disk.of_run(run.id) == disk.Usage()
    with_files(run)
    assert disk.of_run(run.id) == disk.Usage(3000, 2000, 500)
    told = api.get(f"/runs/{run.id}").json()["disk"]
    assert told == {"model_bytes": 3000, "checkpoint_bytes": 2000, "other_bytes": 500}


def test_only_the_model_stays_when_a_run_is_cleaned(project: Project, api: TestClient) -> None:
    run = ended(builders.a_run(project), JobState.DONE)
    folder = with_files(run)
    answer = api.delete(f"/runs/{run.id}/checkpoints").json()
    assert answer["freed_bytes"] == 2500
    assert [each.name for each in folder.iterdir()] == ["model"]
    assert api.delete(f"/runs/{run.id}/checkpoints").json()["freed_bytes"] == 0


def test_cleaning_a_run_that_could_go_on_says_that_it_begins_anew(project: Project, api: TestClient) -> None:
    run = ended(builders.a_run(project), JobState.INTERRUPTED)
    with_files(run)
    assert "begins anew" in api.delete(f"/runs/{run.id}/checkpoints").json()["message"]
    assert "begins anew" in api.get(f"/runs/{run.id}").json()["offers"][0]["why"]


def test_a_run_that_waits_or_is_at_work_is_not_cleaned_or_deleted(project: Project, api: TestClient) -> None:
    run = builders.a_run(project)
    with_files(run)
    for state in (None, JobState.RUNNING, JobState.STOPPING):
        with writing() as session:
            if state:
                jobs.move(session, run.job_id or 0, state, of=jobs.ACTIVE)
        assert api.delete(f"/runs/{run.id}/checkpoints").json()["error"]["code"] == "conflict"
        assert api.delete(f"/runs/{run.id}").json()["error"]["code"] == "conflict"
    assert disk.of_run(run.id).total_bytes == 5500


def test_a_deleted_run_leaves_no_files_and_no_figures(project: Project, api: TestClient) -> None:
    run, other = ended(builders.a_run(project), JobState.DONE), builders.a_run(project)
    folder = with_files(run)
    with writing() as session:
        rows.put_points(session, run.id, [{"name": "train/loss", "step": 1, "epoch": 1.0, "value": 1.0}])
    assert api.delete(f"/runs/{run.id}").status_code == 204
    assert not folder.exists()
    assert api.get(f"/runs/{run.id}").status_code == 404
    with reading() as session:
        assert not rows.points(session, run.id)
    assert [each["id"] for each in api.get(f"/projects/{project.id}/runs").json()["items"]] == [other.id]


def test_a_run_that_makes_the_suggestions_is_kept(project: Project, session: Session) -> None:
    run = runs.start(session, project, {})
    jobs.move(session, run.job_id or 0, JobState.DONE, of=jobs.ACTIVE)
    session.expire_all()
    used = SuggestionSet(project_id=project.id, engine="run", model=f"run:{run.id}", finished_at=now())
    session.add(used)
    session.flush()
    here = session.get_one(Project, project.id)
    here.suggestion_set_id = used.id
    session.flush()
    with pytest.raises(errors.Conflict, match="come from the run"):
        runs.delete(session, run)
    here.suggestion_set_id = None
    session.flush()
    runs.delete(session, run)
    assert rows.get(session, run.id) is None


def test_a_run_gets_another_name_and_a_note(project: Project, api: TestClient) -> None:
    run = builders.a_run(project)
    changed = api.patch(f"/runs/{run.id}", json={"name": "  The   good one ", "note": "Rates were too low."}).json()
    assert (changed["name"], changed["note"]) == ("The good one", "Rates were too low.")
    assert api.patch(f"/runs/{run.id}", json={"note": ""}).json()["name"] == "The good one"
    for wrong in ({"name": "  "}, {"name": "n" * 201}, {"note": "n" * 10_001}):
        assert api.patch(f"/runs/{run.id}", json=wrong).json()["error"]["code"] == "invalid"
    assert api.patch("/runs/999", json={"name": "x"}).status_code == 404


def test_the_seconds_of_a_run_are_those_at_work(project: Project, api: TestClient) -> None:
    run = builders.a_run(project)
    assert api.get(f"/runs/{run.id}").json()["seconds"] is None
    with writing() as session:
        jobs.move(session, run.job_id or 0, JobState.RUNNING, of=jobs.ACTIVE, started_at=now())
    assert 0 <= api.get(f"/runs/{run.id}").json()["seconds"] < 60
    assert ended(run, JobState.DONE).state == RunState.DONE


def test_a_page_of_many_points_comes_at_once(project: Project, api: TestClient) -> None:
    run = builders.a_run(project)
    points = [
        {"name": name, "step": step, "epoch": 1.0, "value": 1.0}
        for name in ("train/loss", "train/learning_rate", "train/grad_norm", "system/memory")
        for step in range(POINTS // 4)
    ]
    with writing() as session:
        rows.put_points(session, run.id, points)
    read, after, began = 0, None, time.monotonic()
    while True:
        page = api.get(f"/runs/{run.id}/metrics", params={"limit": 500} | ({"after": after} if after else {})).json()
        read, after = read + len(page["items"]), page["next"]
        if after is None:
            break
    assert read == POINTS
    # 41 pages, of which each takes some 10 ms on a machine that has nothing else to do.
    assert time.monotonic() - began < 20
