"""The inspection of the labels in a process of its own, and over HTTP."""

import signal

from fastapi.testclient import TestClient

from backend import projects
from backend.api.app import create
from backend.jobs.supervisor import Supervisor
from db import inspections
from db.models import JobState
from db.session import reading, writing
from tests.importing.test_killed import job_now, resumed, worker
from tests.inspecting.doubt_builders import a_project, inspected, label, newest, of_kind, queued, with_mistakes
from tests.waiting import until


def test_a_killed_inspection_leaves_nothing_half_and_finds_all_when_it_is_resumed(home):
    project, wrong = with_mistakes()
    job_id = queued(project).id
    process = worker(job_id)
    until(lambda: job_now(job_id).message, every_s=0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    Supervisor().tick()
    assert job_now(job_id).state == JobState.INTERRUPTED
    with reading() as session:
        assert inspections.newest(session, project.id, "label_errors") is None
    job = resumed(job_id)
    assert job.state == JobState.DONE, job.error
    assert job.report == {"kind": "label_errors", "inspection_id": newest(project).id}
    assert set(of_kind(newest(project).result)) == set(wrong)


def test_too_few_labels_end_the_job_with_words(home):
    job_id = queued(a_project()).id
    assert worker(job_id).wait(timeout=120) == 0
    job = job_now(job_id)
    assert (job.state, job.error["code"]) == (JobState.FAILED, "too_few_labels")
    assert "Label more items" in job.error["hint"]


def test_over_http_it_is_asked_for_and_read(home):
    project, wrong = with_mistakes()
    api = TestClient(create(), base_url="http://127.0.0.1")
    address = f"/projects/{project.id}/inspections"
    assert api.get(f"{address}/label_errors").json()["result"] is None
    asked = api.post(address, json={"kind": "label_errors"})
    assert asked.status_code == 202
    inspected(project)
    label(project, {next(iter(wrong)): ["bird"]})
    told = api.get(f"{address}/label_errors").json()
    assert (told["decided_since"], told["job"]["id"], told["job"]["state"]) == (1, asked.json()["job_id"], "done")
    assert {each["item_id"] for each in told["result"]["found"] if each["kind"] == "label"} == set(wrong)
    assert set(told["result"]["found"][0]) == {
        "item_id",
        "kind",
        "given",
        "proposed",
        "score",
        "confidence",
        "self_confidence",
        "neighbours",
        "twin",
    }


def test_over_http_a_project_that_is_labeled_blind_tells_nothing_until_somebody_wants_it(home):
    project, wrong = with_mistakes()
    inspected(project)
    with writing() as session:
        projects.change(session, projects.get(session, project.id), {"blind": True})
    api = TestClient(create(), base_url="http://127.0.0.1")
    address = f"/projects/{project.id}/inspections/label_errors"
    refused = api.get(address)
    assert refused.status_code == 409
    assert "labeled blind" in refused.json()["error"]["message"]
    told = api.get(address, params={"unblind": True}).json()
    assert {each["item_id"] for each in told["result"]["found"]} >= set(wrong)
