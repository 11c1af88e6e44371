"""Search by words and by likeness."""

from pathlib import Path

import pytest

from backend import errors, projects, suggesting
from backend.encoding.job import run as embed
from backend.jobs.progress import Handle
from backend.suggesting import search
from db.models import Project
from db.session import writing
from tests.models.builders import a_small_clip
from tests.suggesting.builders import a_news_project, an_image_project, items_of, run


@pytest.fixture(autouse=True)
def no_hub_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))


def prepared(project: Project, **how: str) -> Project:
    with writing() as session:
        fresh = projects.get(session, project.id)
        job = suggesting.start(session, fresh, **how) if how else suggesting.after_import(session, fresh)
    assert job
    (embed if job.kind == "embed" else run)(Handle(job) if job.kind == "embed" else job)
    return project


def test_words_find_texts_that_mean_the_same(home: Path) -> None:
    project = prepared(a_news_project())
    by_id = {item.id: item.text for item in items_of(project)}
    found = search.search(project.id, text="football goals", limit=3)["items"]
    assert by_id[found[0]["id"]] in (
        "the striker scored twice in the final",
        "the goalkeeper saved a penalty",
    )
    assert [each["score"] for each in found] == sorted([each["score"] for each in found], reverse=True)


def test_an_item_finds_its_like_and_not_itself(home: Path) -> None:
    project = prepared(a_news_project())
    mars = next(item for item in items_of(project) if "Mars" in (item.text or ""))
    found = search.search(project.id, item_id=mars.id, limit=2)["items"]
    by_id = {item.id: item.text for item in items_of(project)}
    assert mars.id not in [each["id"] for each in found]
    assert any(word in by_id[found[0]["id"]] for word in ("moon", "rocket", "astronauts", "exoplanet"))


def test_images_are_found_by_likeness_without_any_model_and_by_words_with_clip(home: Path, tmp_path: Path) -> None:
    project = prepared(an_image_project(4))
    first = items_of(project)[0]
    assert len(search.search(project.id, item_id=first.id, limit=3)["items"]) == 3
    with pytest.raises(errors.Invalid, match="CLIP"):
        search.search(project.id, text="a red square")
    prepared(project, model=a_small_clip(tmp_path / "clip"))
    assert len(search.search(project.id, text="a red square", limit=5)["items"]) == 5


def test_what_cannot_be_searched_is_said(home: Path) -> None:
    project = a_news_project()
    with pytest.raises(errors.Conflict, match="prepared"):
        search.search(project.id, text="heron")
    with pytest.raises(errors.Invalid, match="nothing to search"):
        search.search(project.id, text="  ")
    with pytest.raises(errors.NotFound):
        search.search(project.id, item_id=10**9)


def test_the_app_asks_the_assistant(home: Path) -> None:
    project = prepared(a_news_project())
    assert search.find(project.id, text="stock exchange", limit=1)[0]["score"] > 0.2
