"""/api/projects as a script meets it."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create


@pytest.fixture
def api(home: Path) -> TestClient:
    return TestClient(create(), raise_server_exceptions=False)


def a_project(api: TestClient, name: str = "Birds", **fields: object) -> dict[str, object]:
    return api.post("/projects", json={"name": name, "kind": "image", "classes": ["heron", "stork"]} | fields).json()


def test_a_project_is_made_with_its_classes_keys_and_colours(api: TestClient) -> None:
    made = a_project(api)
    assert [(each["name"], each["key"]) for each in made["classes"]] == [("heron", "1"), ("stork", "2")]
    assert len({each["color"] for each in made["classes"]}) == 2
    assert api.get(f"/projects/{made['id']}").json() == made


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"classes": []}, "at least one class"),
        ({"classes": ["a", "A "]}, "named twice"),
        ({"name": "  "}, "needs a name"),
        ({"name": "x" * 300}, "200 letters"),
        ({"kind": "sound"}, "kind"),
    ],
)
def test_a_project_that_makes_no_sense_is_refused_and_nothing_is_made(
    api: TestClient, fields: dict[str, object], says: str
) -> None:
    answer = api.post("/projects", json={"name": "Birds", "kind": "image", "classes": ["heron"]} | fields)
    assert answer.status_code == 422
    assert says in answer.json()["error"]["message"]
    assert api.get("/projects").json()["items"] == []


def test_a_name_is_used_once_whatever_its_case(api: TestClient) -> None:
    a_project(api)
    answer = api.post("/projects", json={"name": "BIRDS", "kind": "text", "classes": ["x"]})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "name_taken")


def test_the_list_is_paged_by_key(api: TestClient) -> None:
    names = [a_project(api, f"P{number}")["name"] for number in range(5)]
    seen, after = [], None
    while True:
        answer = api.get("/projects", params={"limit": 2} | ({"after": after} if after else {})).json()
        seen += [each["name"] for each in answer["items"]]
        after = answer["next"]
        if after is None:
            break
    assert seen == names


def test_a_deleted_project_can_be_restored_also_when_its_name_was_given_away(api: TestClient) -> None:
    made = a_project(api)
    assert api.delete(f"/projects/{made['id']}").status_code == 204
    assert api.get(f"/projects/{made['id']}").status_code == 404
    a_project(api)
    assert api.post(f"/projects/{made['id']}/restore").json()["name"] == "Birds 2"


def test_a_class_is_added_changed_and_archived(api: TestClient) -> None:
    made = a_project(api)
    where = f"/projects/{made['id']}/classes"
    added = api.post(where, json={"name": "egret"}).json()
    assert added["key"] == "3"
    assert api.patch(f"{where}/{added['id']}", json={"key": "1"}).status_code == 409
    assert api.patch(f"{where}/{added['id']}", json={"key": "f"}).status_code == 422
    assert api.patch(f"{where}/{added['id']}", json={"name": "Heron"}).json()["error"]["code"] == "name_taken"
    changed = api.patch(f"{where}/{added['id']}", json={"name": "little egret", "archived": True}).json()
    assert (changed["name"], changed["archived"]) == ("little egret", True)
    assert len(api.get(where).json()["items"]) == 2
    assert len(api.get(where, params={"with_archived": True}).json()["items"]) == 3


def test_errors_have_one_form(api: TestClient) -> None:
    for answer in (api.get("/projects/99"), api.get("/nowhere"), api.post("/projects", json={}), api.put("/projects")):
        assert answer.status_code in (404, 405, 422)
        assert set(answer.json()["error"]) == {"code", "message", "hint"}
