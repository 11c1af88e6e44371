"""Odd projects, odd models and no network: a clear outcome each."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from streamlit.testing.v1 import AppTest

from backend import errors, projects, settings, suggesting
from backend.api.app import create
from backend.encoding import records
from backend.models import catalogue
from db.models import Job, Project
from db.session import writing
from tests.models.builders import a_small_bert
from tests.suggesting.builders import a_news_project, a_text_project, an_image_project, items_of, run, suggested


@pytest.fixture(autouse=True)
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is cached, offline mode is on, and whoever tries to reach another machine fails the test."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    tried: list[Any] = []
    connect = socket.socket.connect

    def only_here(this: socket.socket, address: Any) -> None:
        if this.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
            tried.append(address)
            raise OSError("no network")
        connect(this, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)
    yield
    assert not tried


def queued(project: Project, **how: Any) -> Job:
    with writing() as session:
        return suggesting.start(session, projects.get(session, project.id), **how)


def opened(page: str, project: Project) -> AppTest:
    def script(page: str, project_id: int) -> None:
        from importlib import import_module

        import streamlit as st

        st.query_params["project"] = str(project_id)
        import_module(f"pages.{page}.page").show()

    app = AppTest.from_function(script, kwargs={"page": page, "project_id": project.id}, default_timeout=60).run()
    assert not app.exception
    return app


def test_one_class_of_which_an_item_may_have_none_is_judged_for_itself(home: Path) -> None:
    project = a_text_project(["the striker scored twice", "shares fell again"], "sport", multi_label=True)
    run(queued(project))
    first, second = (np.frombuffer(suggested(project)[item.id].scores, np.float32)[0] for item in items_of(project))
    assert 0 <= second < first <= 1


def test_five_hundred_classes_are_all_scored(home: Path) -> None:
    project = a_text_project(["a report on topic 7", "sport"], "sport", *(f"topic {number}" for number in range(499)))
    run(queued(project))
    for guess in suggested(project).values():
        scores = np.frombuffer(guess.scores, np.float32)
        assert len(scores) == 500
        assert np.isclose(scores.sum(), 1, atol=1e-4)


def test_an_empty_text_and_one_of_a_hundred_thousand_words_get_suggestions_too(home: Path) -> None:
    project = a_text_project(["", " \n ", "goal " * 100_000, "the match was lost"], "sport", "money")
    run(queued(project))
    found = suggested(project)
    assert len(found) == 4
    assert all(0 < found[item.id].confidence <= 1 for item in items_of(project))


@pytest.mark.parametrize("file", ["tokenizer.json", "model.safetensors", "config.json"])
def test_a_model_folder_that_lacks_a_file_is_said_before_a_job_is_made(home: Path, tmp_path: Path, file: str) -> None:
    model_id = a_small_bert(tmp_path / "own")
    for each in (tmp_path / "own").glob("vocab*"):
        each.unlink()
    (tmp_path / "own" / file).unlink()
    with pytest.raises(errors.BadFile, match=file):
        queued(a_news_project(), model=model_id)


def test_vectors_that_were_spoiled_on_disk_are_made_again(home: Path) -> None:
    project = a_news_project()
    run(queued(project))
    before = {item_id: guess.confidence for item_id, guess in suggested(project).items()}
    spoiled = [each for each in (settings.home() / "vectors").rglob("*") if each.is_file()]
    for each in spoiled:
        each.write_bytes(b"\xff" * each.stat().st_size)
    assert spoiled
    # What a new process knows: nothing.
    records._indexes.clear()
    run(queued(project))
    assert {item_id: guess.confidence for item_id, guess in suggested(project).items()} == pytest.approx(before)


def test_a_model_folder_that_goes_away_fails_the_job_in_a_sentence(home: Path, tmp_path: Path) -> None:
    job = queued(a_news_project(), model=a_small_bert(tmp_path / "own"))
    shutil.rmtree(tmp_path / "own")
    with pytest.raises(errors.ModelNotHere, match="no folder"):
        run(job)


@pytest.mark.parametrize("page", ["label", "explore", "train", "models"])
@pytest.mark.parametrize("kind", ["text", "image"])
def test_each_page_opens_without_a_network_and_with_nothing_cached(home: Path, page: str, kind: str) -> None:
    opened(page, a_news_project() if kind == "text" else an_image_project(2))


def test_asking_for_clip_says_what_is_missing_how_large_it_is_and_how_to_get_it(home: Path) -> None:
    project = an_image_project(1)
    with TestClient(create()) as api:
        asked = {"engine": "zero_shot", "model": catalogue.CLIP}
        answer = api.post(f"/projects/{project.id}/suggestions", json=asked)
        assert answer.status_code == 409
        error = answer.json()["error"]
        assert error["message"] == "CLIP is not on this machine (605 MB)."
        assert "copy its folder" in error["hint"]
        answer = api.post("/models/fetch", json={"model": catalogue.CLIP})
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert api.get("/models/one", params={"model": "path:/nowhere"}).status_code == 409
        listed = {each["id"]: each for each in api.get("/models").json()["items"]}
    assert (listed[catalogue.CLIP]["is_here"], listed[catalogue.MINILM]["is_here"]) == (False, True)
    assert listed[catalogue.MINILM]["folder"]
    app = opened("label", project)
    assert "605 MB" in app.button(key="fetch").label
    app.button(key="fetch").click().run()
    assert "offline mode is on" in app.error[0].value
