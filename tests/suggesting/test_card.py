"""The line below the pad: what suggests now, and what could."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from backend import projects, suggesting
from backend.jobs import control
from db import jobs
from db.models import JobKind, JobState, Project
from db.session import reading, writing
from tests.suggesting.builders import a_news_project, a_text_project, an_image_project, items_of, label, run

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ `code`"


@pytest.fixture(autouse=True)
def no_hub_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))


def drawn(project: Project) -> AppTest:
    def page() -> None:
        import streamlit as st

        from backend import projects
        from db.session import reading
        from pages.parts.suggest import suggest_card

        with reading() as session:
            project = projects.get(session, int(st.query_params["project"]))
        suggest_card(project)

    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["project"] = str(project.id)
    app.run()
    assert not app.exception
    return app


def newest_job() -> tuple[JobKind, dict[str, object]]:
    with reading() as session:
        job = jobs.page(session, None, None, 1)[0]
    return JobKind(job.kind), job.spec


def test_without_suggestions_the_bundled_model_is_one_click(home: Path) -> None:
    app = drawn(a_news_project())
    assert "none yet" in app.markdown[0].value
    app.button(key="make").click().run()
    assert not app.exception
    kind, spec = newest_job()
    assert (kind, spec["model"]) == (JobKind.SUGGEST, "bundled:minilm")


def test_a_model_that_is_not_here_shows_its_size_and_is_fetched_by_a_click(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    app = drawn(an_image_project(1))
    assert "two classes" in app.markdown[0].value
    assert "605 MB" in app.button(key="fetch").label
    app.button(key="fetch").click().run()
    assert newest_job() == (JobKind.DOWNLOAD, {"model": "hub:openai/clip-vit-base-patch32"})


def test_what_suggests_is_said_with_its_confidence(home: Path) -> None:
    project = a_news_project()
    with writing() as session:
        job = suggesting.start(session, projects.get(session, project.id))
    run(job)
    line = drawn(project).markdown[0].value
    assert "MiniLM" in line
    assert "18 items" in line
    assert "% sure on average" in line


def test_the_learned_head_is_offered_once_two_classes_have_labels(home: Path) -> None:
    project = a_news_project()
    assert "Learned head" not in drawn(project).radio[0].options
    ids = [item.id for item in items_of(project)]
    label(project, {ids[0]: "sport", ids[6]: "money"})
    assert drawn(project).radio[0].options[0] == "Learned head"


def test_a_job_that_failed_says_why_until_the_next_one(home: Path) -> None:
    project = a_news_project()
    error = {"code": "bad_file", "message": "The model cannot be loaded.", "hint": "Fetch it again."}
    with writing() as session:
        job = control.add(session, JobKind.SUGGEST, project.id, {}, "Suggest with MiniLM")
        jobs.write(session, job.id, state=JobState.FAILED, error=error)
    assert "cannot be loaded" in drawn(project).error[0].value


def test_a_folder_that_is_no_model_is_said_beside_the_choice(home: Path) -> None:
    app = drawn(a_news_project())
    app.radio[0].set_value("path:").run()
    app.text_input[0].set_value("/nowhere/at/all").run()
    app.button(key="make").click().run()
    assert "no folder" in app.error[0].value


def test_hostile_names_stay_words(home: Path) -> None:
    app = drawn(a_text_project(["heron"], HOSTILE, "b"))
    assert not any("<img" in each.value.replace("\\<", "") for each in app.markdown)
