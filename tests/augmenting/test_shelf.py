"""Recipes kept under a name, and the API to them."""

import pytest
from fastapi.testclient import TestClient

from backend import errors
from backend.api.app import create
from backend.augmenting import presets, shelf
from db import recipes as rows
from db.models import Run
from db.session import writing
from tests.explore.builders import a_project

FLIP = [{"transform": "RandomHorizontalFlip"}]


@pytest.fixture
def api(home):
    return TestClient(create())


def test_saving_under_the_same_name_makes_a_new_version_and_keeps_the_old(session):
    first = shelf.save(session, "Leaves", FLIP)
    second = shelf.save(session, "  Leaves ", presets.steps("light"))
    assert [(each.name, each.version) for each in (first, second)] == [("Leaves", 1), ("Leaves", 2)]
    assert shelf.get(session, first.id).steps == [
        {"transform": "RandomHorizontalFlip", "params": {}, "probability": 0.5}
    ]


def test_another_name_starts_at_one(session):
    shelf.save(session, "Leaves", FLIP)
    assert shelf.save(session, "Bark", FLIP).version == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_that_cannot_be_is_refused(session, name):
    with pytest.raises(errors.Invalid):
        shelf.save(session, name, FLIP)
    assert not rows.page(session, None, 10)


def test_the_api_lists_every_transform_with_its_settings(api):
    told = api.get("/transforms").json()
    rotation = next(each for each in told["items"] if each["name"] == "RandomRotation")
    assert (
        rotation["parameters"][0] | {"name": "degrees", "low": 0, "high": 180, "unit": "°"}
        == (rotation["parameters"][0])
    )
    assert {each["name"] for each in told["presets"]} >= {"none", "light", "medium", "strong"}


def test_a_recipe_saved_through_the_api_comes_back_with_its_python(api):
    saved = api.post("/recipes", json={"name": "Leaves", "steps": FLIP})
    assert saved.status_code == 201
    told = api.get(f"/recipes/{saved.json()['id']}").json()
    assert (told["name"], told["version"], told["steps"]) == ("Leaves", 1, saved.json()["steps"])
    assert "v2.RandomHorizontalFlip(p=0.5)" in told["python"]


def test_the_list_of_recipes_is_paged_newest_first(api):
    for name in ("a", "b", "c"):
        api.post("/recipes", json={"name": name, "steps": []})
    first = api.get("/recipes", params={"limit": 2}).json()
    assert [each["name"] for each in first["items"]] == ["c", "b"]
    rest = api.get("/recipes", params={"limit": 2, "after": first["next"]}).json()
    assert [each["name"] for each in rest["items"]] == ["a"]
    assert rest["next"] is None


def test_the_api_says_what_is_wrong_with_a_recipe(api):
    told = api.post("/recipes", json={"name": "Leaves", "steps": [{"transform": "Flip"}]})
    assert told.status_code == 422
    assert told.json()["error"]["message"] == 'There is no transform "Flip".'
    assert api.get("/recipes/9").status_code == 404


def test_a_recipe_goes_to_another_winnow_as_a_file_and_the_same_again_adds_nothing(api):
    saved = api.post("/recipes", json={"name": "Leaves", "steps": FLIP}).json()
    answer = api.get(f"/recipes/{saved['id']}/file")
    assert "attachment" in answer.headers["content-disposition"]
    assert api.post("/recipes/import", json=answer.json()).json()["id"] == saved["id"]
    other = answer.json() | {"steps": [{"transform": "RandomVerticalFlip"}]}
    brought = api.post("/recipes/import", json=other)
    assert (brought.status_code, brought.json()["version"]) == (201, 2)


@pytest.mark.parametrize(
    "file",
    [
        {},
        {"format": "winnow recipe 1", "name": "x"},
        {"format": "winnow recipe 1", "name": 5, "steps": []},
        {"format": "winnow recipe 1", "name": "x", "steps": [{"transform": "os.system"}]},
        {"format": "winnow recipe 2", "name": "x", "steps": []},
    ],
    ids=["empty", "no-steps", "no-name", "code", "later-format"],
)
def test_a_file_that_is_no_recipe_is_refused_in_words(api, file):
    answer = api.post("/recipes/import", json=file)
    assert answer.status_code == 422
    assert answer.json()["error"]["hint"]
    assert api.get("/recipes").json()["items"] == []


def test_a_recipe_that_a_run_was_trained_with_stays(api):
    saved = [api.post("/recipes", json={"name": name, "steps": FLIP}).json() for name in ("Used", "Free")]
    with writing() as session:
        project = a_project(session, "image")
        session.add(Run(project_id=project.id, name="run", spec={"recipe_id": saved[0]["id"]}))
    refused = api.delete(f"/recipes/{saved[0]['id']}")
    assert refused.status_code == 409
    assert "version 1" in refused.json()["error"]["message"]
    assert api.delete(f"/recipes/{saved[1]['id']}").status_code == 204
    assert [each["name"] for each in api.get("/recipes").json()["items"]] == ["Used"]
