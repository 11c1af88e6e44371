"""The Augment page, without a browser: what it says of an empty project, and what its studio is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from backend.augmenting import presets, shelf
from backend.models import catalogue
from backend.training import defaults
from db.models import Item, Project, Run, RunState, Split
from db.session import writing
from tests.explore.builders import a_project, an_item
from tests.pages import opened

PAGE = "pages.augment.page"


@pytest.fixture
def project(home: Path) -> Project:
    with writing() as session:
        project = a_project(session, "image")
        an_image_row(project, 1, session)
        return project


def an_image_row(project: Project, number: int, session: Any) -> Item:
    about = {"media_type": "image/png", "width": 50, "height": 40, "source": f"{number}.png"}
    item = Item(project_id=project.id, content_hash=number.to_bytes(32), **about)
    session.add(item)
    session.flush()
    return item


def a_run(project: Project, session: Any, **spec: Any) -> Run:
    spec = {"method": "full", "base": catalogue.COMPACT_RESNET, "seed": 7, "image_size": 96} | spec
    run = Run(project_id=project.id, name="garden run", spec=spec, state=RunState.DONE)
    session.add(run)
    session.flush()
    return run


def told(at: AppTest) -> dict[str, Any]:
    """What the component was given."""
    assert not at.exception
    [studio] = at.get("bidi_component")
    data: dict[str, Any] = json.loads(studio.proto.json)
    return data


@pytest.mark.parametrize(("kind", "what"), [("image", "images"), ("text", "texts")])
def test_an_empty_project_is_invited_to_add_items(home, kind, what):
    with writing() as session:
        project = a_project(session, kind)
    at = opened(PAGE, project)
    assert f"what training will do to your {what}. There are none in this project yet." in at.info[0].value
    assert [each.label for each in at.button] == [f"Add {what}"]


def test_the_studio_is_told_the_models_and_what_sizes_they_take(project):
    data = told(opened(PAGE, project))
    assert (data["project"], data["kind"], data["asked"]) == (project.id, "image", {})
    [base] = [each for each in data["bases"] if each["id"] == defaults.base("image", "full")]
    assert 128 in base["sizes"]


def test_the_studio_of_texts_is_told_lengths_in_tokens(home):
    with writing() as session:
        project = a_project(session)
        an_item(session, project)
    data = told(opened(PAGE, project))
    [base] = [each for each in data["bases"] if each["id"] == catalogue.MINILM]
    assert (data["kind"], base["sizes"]) == ("text", [32, 64, 128, 256, 512])


def test_an_address_names_items_and_an_epoch(project):
    data = told(opened(PAGE, project, items="3, 1,x,2", epoch="4"))
    assert data["asked"] == {"items": [3, 1, 2], "epoch": 3}


def test_an_address_names_a_recipe(project):
    with writing() as session:
        recipe = shelf.save(session, "Garden", presets.steps("light"))
    assert told(opened(PAGE, project, recipe=str(recipe.id)))["asked"] == {"recipe": recipe.id}


def test_an_address_names_a_run_and_the_studio_is_told_what_it_was_trained_with(project):
    with writing() as session:
        recipe = shelf.save(session, "Garden", presets.steps("light"))
        run = a_run(project, session, recipe_id=recipe.id)
        item = an_image_row(project, 2, session)
        item.split = Split.TRAIN
    asked = told(opened(PAGE, project, run=str(run.id)))["asked"]["run"]
    assert asked["recipe"] == {"id": recipe.id, "name": "Garden", "version": 1}
    assert asked["steps"] == presets.steps("light")
    assert (asked["seed"], asked["base"], asked["size"]) == (7, catalogue.COMPACT_RESNET, 96)
    assert asked["items"] == [item.id]


def test_a_run_that_varied_nothing_is_not_replayed(project):
    with writing() as session:
        run = a_run(project, session, method="head")
    assert told(opened(PAGE, project, run=str(run.id)))["asked"] == {"run": None}


@pytest.mark.parametrize(("name", "words"), [("recipe", "There is no recipe 99."), ("run", "run 99")])
def test_an_address_with_something_that_is_gone_says_so_and_shows_the_studio(project, name, words):
    at = opened(PAGE, project, **{name: "99"})
    assert words in at.error[0].value
    assert told(at)["asked"] == {}
