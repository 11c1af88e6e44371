"""A dataset pushed to a hub made of one local server, with the real client in a real worker."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pyarrow import parquet

from backend.api.app import create
from backend.exporting import hub as push
from backend.jobs import control
from backend.jobs.supervisor import ROOT
from db import jobs
from db.models import Job, JobState, Project, Split
from db.session import reading, writing
from tests.exporting.hub import TOKEN, Hub, a_hub
from tests.exporting.test_exports import label
from tests.hubs import ask_at
from tests.importing.builders import a_project, import_now


@pytest.fixture
def hub(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    with a_hub() as (this_hub, address):
        ask_at(address, tmp_path / "hf", monkeypatch)
        yield this_hub


def a_labeled_project() -> Project:
    project = a_project()
    import_now(project, texts=["heron", "tom", "stork", "nobody knows"])
    label(project, {"heron": ["bird"], "tom": ["cat"]}, Split.TRAIN)
    label(project, {"stork": ["bird"]}, Split.TEST)
    return project


def started(project: Project, **more: object) -> int:
    with TestClient(create()) as api:
        answer = api.post(f"/projects/{project.id}/export/hub", json={"repo": "ada/birds", "token": TOKEN} | more)
    assert answer.status_code == 202, answer.text
    return int(answer.json()["job_id"])


def worked(job_id: int) -> Job:
    done = subprocess.run(
        [sys.executable, "-m", "backend.jobs.worker", str(job_id)], cwd=ROOT, timeout=120, check=False
    )
    assert done.returncode == 0
    with reading() as session:
        return control.get(session, job_id)


def files_with(home: Path, words: str) -> list[str]:
    return [each.name for each in home.rglob("*") if each.is_file() and words.encode() in each.read_bytes()]


@pytest.mark.parametrize("takes_large", [False, True])
def test_the_labeled_items_are_pushed_and_the_token_is_gone(home: Path, hub: type[Hub], *, takes_large: bool) -> None:
    hub.takes_large = takes_large
    job_id = started(a_labeled_project())
    [kept] = files_with(home, TOKEN)
    assert (home / "exports" / kept).stat().st_mode & 0o777 == 0o600
    job = worked(job_id)
    assert job.state == JobState.DONE, job.error
    assert job.report
    assert job.report["items"] == 3
    assert "private" in (hub.made[0].get("visibility"), *hub.made[0])
    assert {"README.md", "data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"} <= set(hub.files)
    train = parquet.read_table(io.BytesIO(hub.files["data/train-00000-of-00001.parquet"])).to_pylist()
    assert train == [{"text": "heron", "label": 0}, {"text": "tom", "label": 1}]
    assert files_with(home, TOKEN) == []
    assert list((home / "exports").iterdir()) == []


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refuses the token"), (403, "refuses the token"), (500, "answered 500")]
)
def test_what_the_hub_refuses_is_one_sentence(home: Path, hub: type[Hub], status: int, words: str) -> None:
    hub.status = status
    job = worked(started(a_labeled_project()))
    assert job.state == JobState.FAILED
    assert job.error
    assert words in job.error["message"]
    assert TOKEN not in str(job.error)
    assert files_with(home, TOKEN) == []


def test_a_token_of_a_push_that_never_began_is_removed_by_the_next(home: Path, hub: type[Hub]) -> None:
    project = a_labeled_project()
    never_began = started(project)
    with writing() as session:
        control.stop(session, never_began)
    job_id = started(project)
    assert len(files_with(home, TOKEN)) == 1
    with writing() as session:
        jobs.write(session, job_id, state=JobState.FAILED)
        push.forget_others(session)
    assert files_with(home, TOKEN) == []


@pytest.mark.parametrize(
    ("told", "words"),
    [({"repo": "birds"}, "no name of a dataset"), ({"repo": "a/../b"}, "no name"), ({"token": "a b"}, "no token")],
)
def test_what_cannot_be_pushed_is_said_at_once(home: Path, hub: type[Hub], told: dict[str, str], words: str) -> None:
    project = a_labeled_project()
    with TestClient(create()) as api:
        answer = api.post(f"/projects/{project.id}/export/hub", json={"repo": "ada/birds", "token": TOKEN} | told)
    assert answer.status_code == 422
    assert words in answer.json()["error"]["message"]
