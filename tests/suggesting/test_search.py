"""Search by words and by likeness."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from backend import errors, projects, suggesting
from backend.encoding import nearest, vectors
from backend.encoding.job import run as embed
from backend.jobs.progress import Handle
from backend.models.catalogue import MINILM
from backend.suggesting import search
from db import leases
from db.models import Project, now
from db.session import writing
from tests.models.builders import a_small_clip
from tests.suggesting.builders import a_news_project, a_text_project, an_image_project, items_of, label, run


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
    with pytest.raises(errors.Conflict, match="prepared"):
        search.nearest_to_do(project.id, 5, text="heron")
    with pytest.raises(errors.Invalid, match="nothing to search"):
        search.search(project.id, text="  ")
    with pytest.raises(errors.NotFound):
        search.search(project.id, item_id=10**9)


def test_a_large_project_finds_what_a_small_one_does(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More items than FEW are looked up from the nearest vectors, whosever they are."""
    project, other = prepared(a_news_project()), prepared(a_text_project(["a goal in the last minute"]))
    first = items_of(project)[0]
    label(project, {first.id: "sport"})
    asked = {"text": "football goals"}, {"item_id": items_of(project)[5].id}
    few = [search.search(project.id, **each) for each in asked]
    few_to_do = [search.nearest_to_do(project.id, 50, **each) for each in asked]
    monkeypatch.setattr(search, "FEW", 0)
    monkeypatch.setattr(nearest, "FIRST", 4)
    monkeypatch.setattr(nearest, "AT_ONCE", 3)
    assert [search.search(project.id, **each) for each in asked] == few
    assert [search.nearest_to_do(project.id, 50, **each) for each in asked] == few_to_do
    assert len(search.search(other.id, text="football goals")["items"]) == 1


@pytest.mark.parametrize("few", [0, 20_000])
def test_only_items_to_do_that_nobody_else_has_are_near(home: Path, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    project = prepared(a_news_project())
    monkeypatch.setattr(search, "FEW", few)
    items = [each["id"] for each in search.search(project.id, text="football goals")["items"]]
    label(project, {items[0]: "sport"})
    with writing() as session:
        leases.take(session, project.id, "bob/", [items[1]], until=now() + timedelta(minutes=1), limit=1)
    found = search.nearest_to_do(project.id, 50, text="football goals", without=[items[2]], holder="ada/")["items"]
    assert found == items[3:]
    assert search.nearest_to_do(project.id, 2, text="football goals", holder="bob/")["items"] == items[1:3]
    like = search.nearest_to_do(project.id, 50, item_id=items[5])["items"]
    assert len(like) == len(items) - 3
    assert items[5] not in like


def test_when_all_is_decided_nothing_is_near_and_nothing_wrong(home: Path) -> None:
    project = prepared(a_news_project())
    items = items_of(project)
    label(project, {item.id: "sport" for item in items})
    assert search.nearest_to_do(project.id, 5, text="heron") == {"items": []}
    assert search.nearest_to_do(project.id, 5, item_id=items[0].id) == {"items": []}


def test_a_damaged_vector_is_not_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = prepared(a_news_project())
    monkeypatch.setattr(search, "FEW", 0)
    best = search.search(project.id, text="football goals", limit=1)["items"][0]["id"]
    path = vectors.path_of(MINILM)
    [content_hash] = [item.content_hash for item in items_of(project) if item.id == best]
    data = bytearray(path.read_bytes())
    place = data.index(content_hash) + 36
    data[place : place + 4] = np.float32(np.nan).tobytes()
    path.unlink()
    path.write_bytes(data)
    assert best not in [each["id"] for each in search.search(project.id, text="football goals")["items"]]


def test_a_question_does_not_make_the_vectors_of_items_grow(home: Path) -> None:
    project = prepared(a_news_project())
    before = vectors.stamp(MINILM)
    search.search(project.id, text="a question that nobody asked before")
    assert vectors.stamp(MINILM) == before


def test_the_app_asks_the_assistant(home: Path) -> None:
    project = prepared(a_news_project())
    assert search.find(project.id, text="stock exchange", limit=1)[0]["score"] > 0.2
