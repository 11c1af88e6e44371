"""Suggestions and models over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create
from backend.jobs import control
from db.session import reading
from tests.suggesting.builders import a_news_project, run


@pytest.fixture
def api(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))
    with TestClient(create()) as client:
        yield client


def made(api: TestClient, project_id: int) -> int:
    answer = api.post(f"/projects/{project_id}/suggestions", json={})
    assert answer.status_code == 202
    with reading() as session:
        job = control.get(session, answer.json()["job_id"])
    return int(run(job)["set_id"])


def test_suggestions_are_made_listed_and_chosen(api: TestClient) -> None:
    project = a_news_project()
    first, second = made(api, project.id), made(api, project.id)
    listed = api.get(f"/projects/{project.id}/suggestions").json()["items"]
    assert [(each["id"], each["is_active"], each["items"]) for each in listed] == [
        (second, True, 18),
        (first, False, 18),
    ]
    assert 0.3 < listed[0]["mean_confidence"] <= 1
    chosen = api.post(f"/projects/{project.id}/suggestions/{first}/activate").json()
    assert chosen["is_active"]
    page = api.get(f"/projects/{project.id}/suggestions?limit=1").json()
    assert page["next"] == second
    assert api.get(f"/projects/{project.id}/suggestions?limit=1&after={second}").json()["items"][0]["id"] == first


def test_a_model_that_is_not_here_is_an_answer_with_its_size_at_once(api: TestClient) -> None:
    project = a_news_project()
    answer = api.post(f"/projects/{project.id}/suggestions", json={"model": "hub:facebook/bart-large-mnli"})
    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["code"] == "model_not_here"
    assert "1.6 GB" in error["message"]


def test_foreign_sets_and_projects_are_not_found(api: TestClient) -> None:
    one, other = a_news_project(), a_news_project()
    foreign = made(api, other.id)
    assert api.post(f"/projects/{one.id}/suggestions/{foreign}/activate").status_code == 404
    assert api.get("/projects/999/suggestions").status_code == 404


def test_the_catalogue_says_what_is_here_and_a_fetch_is_one_job(
    api: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only queued: no worker runs here.
    monkeypatch.delenv("HF_HUB_OFFLINE")
    here = {each["id"]: each["is_here"] for each in api.get("/models").json()["items"]}
    assert here["bundled:minilm"]
    assert not here["hub:openai/clip-vit-base-patch32"]
    wanted = {"model": "hub:openai/clip-vit-base-patch32"}
    jobs = [api.post("/models/fetch", json=wanted).json()["job_id"] for _ in range(2)]
    assert jobs[0] == jobs[1]


def test_a_run_that_is_not_there_is_an_answer(api: TestClient) -> None:
    project = a_news_project()
    answer = api.post(f"/projects/{project.id}/suggestions", json={"engine": "run", "model": "run:7"})
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no run 7.")
    answer = api.post(f"/projects/{project.id}/suggestions", json={"engine": "run"})
    assert answer.status_code == 422
