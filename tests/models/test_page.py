"""The Models page: what is here, what can be fetched, and what a name or a folder is worth."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from backend.jobs import control
from backend.models import catalogue, shelf
from db import jobs
from db.models import JobKind, JobState, now
from db.session import reading, writing
from tests.models.builders import a_model_folder

CACHED = "hub:distilbert/distilbert-base-uncased"


@pytest.fixture(autouse=True)
def hub_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    return tmp_path / "hf"


def opened() -> AppTest:
    def page() -> None:
        from pages.models.page import show

        show()

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    return app


def cached(hub_home: Path) -> Path:
    return a_model_folder(hub_home / "hub" / "models--distilbert--distilbert-base-uncased" / "snapshots" / ("a" * 40))


def words_of(app: AppTest) -> str:
    return " ".join(each.value for each in (*app.markdown, *app.caption, *app.info, *app.success, *app.error))


def test_all_models_stand_in_their_groups_with_size_licence_and_what_they_are_for(home: Path) -> None:
    app = opened()
    assert [each.value for each in app.subheader][:4] == [
        "Suggest for images", "Suggest for texts", "Train on images", "Train on texts"
    ]  # fmt: skip
    told = words_of(app).replace("\\", "")
    for model in catalogue.MODELS:
        assert model.about in told
        assert model.licence in told
    assert app.button(key=f"fetch-zero_shot-{catalogue.CLIP}").label == "Fetch 605 MB"
    assert "no models" in told


def test_a_click_fetches_and_the_job_is_shown_with_its_way_to_stop(home: Path) -> None:
    app = opened()
    app.button(key=f"fetch-zero_shot-{catalogue.CLIP}").click().run()
    assert not app.exception
    with reading() as session:
        job = jobs.page(session, None, None, 1)[0]
    assert (job.kind, job.spec) == (JobKind.DOWNLOAD, {"model": catalogue.CLIP})
    assert "Fetch CLIP" in words_of(app)
    app.button(key=f"stop-{job.id}").click().run()
    assert app.button(key=f"resume-{job.id}")


def test_a_fetch_that_failed_says_why_and_can_be_resumed(home: Path) -> None:
    error = {"code": "unavailable", "message": "The hub cannot be reached.", "hint": "Check the connection."}
    with writing() as session:
        job = control.add(session, JobKind.DOWNLOAD, None, {"model": "hub:someone/else"}, "Fetch someone/else")
        jobs.write(session, job.id, state=JobState.FAILED, error=error, finished_at=now())
    app = opened()
    assert "cannot be reached" in app.error[0].value.replace("\\", "")
    assert app.button(key=f"resume-{job.id}")


def test_a_model_that_is_here_says_where_and_can_be_removed(home: Path, hub_home: Path) -> None:
    folder = cached(hub_home)
    app = opened()
    assert str(folder) in [each.value for each in app.code]
    assert "1 model takes" in words_of(app)
    app.button(key=f"remove-fine_tune-{CACHED}").click().run()
    assert not app.exception
    assert not folder.exists()
    assert not catalogue.is_here(CACHED)
    assert folder.parents[2].is_dir()


def test_a_model_in_use_is_not_removed(home: Path, hub_home: Path) -> None:
    folder = cached(hub_home)
    with writing() as session:
        control.add(session, JobKind.TRAIN, None, {"spec": {"base": CACHED}}, "Full on DistilBERT 1")
    app = opened()
    app.button(key=f"remove-fine_tune-{CACHED}").click().run()
    assert "is in use" in app.error[0].value
    assert folder.exists()


def test_a_folder_is_checked_at_once(home: Path, tmp_path: Path) -> None:
    app = opened()
    for folder, words in (
        ("/nowhere", "no folder"),
        (str(a_model_folder(tmp_path / "half", without="tokenizer.json")), "lacks a tokenizer"),
        (str(tmp_path / "half" / "config.json"), "no folder"),
    ):
        app.text_input(key="models-folder").set_value(folder).run()
        assert words in app.error[0].value
    app.text_input(key="models-folder").set_value(str(a_model_folder(tmp_path / "own"))).run()
    assert not app.error
    assert "can be used for texts" in app.success[0].value


def test_another_model_of_the_hub_is_fetched_by_its_name_and_a_wrong_name_is_said(home: Path) -> None:
    app = opened()
    app.text_input(key="models-name").set_value("../../etc/passwd").run()
    app.button(key="fetch-named").click().run()
    assert "name on the hub" in app.error[0].value
    app.text_input(key="models-name").set_value("https://huggingface.co/someone/else").run()
    app.button(key="fetch-named").click().run()
    with reading() as session:
        assert jobs.page(session, None, None, 1)[0].spec == {"model": "hub:someone/else"}


def test_offline_the_page_says_how_to_bring_a_model_over(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    app = opened()
    assert "HF_HOME" in app.info[0].value
    app.button(key=f"fetch-zero_shot-{catalogue.CLIP}").click().run()
    assert "offline mode" in app.error[0].value


def test_the_space_that_models_take_counts_each_file_once(home: Path, hub_home: Path) -> None:
    folder = cached(hub_home)
    size_bytes = sum(each.stat().st_size for each in folder.iterdir())
    (folder / "again.json").symlink_to(folder / "model.safetensors")
    assert (shelf.kept().models, shelf.kept().size_bytes) == (1, size_bytes)
