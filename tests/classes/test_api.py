"""/api/projects/{p}/classes: every change, counted first, undone and in the history."""

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create


@pytest.fixture
def api(home) -> TestClient:
    return TestClient(create(), raise_server_exceptions=False)


@pytest.fixture
def url(api) -> str:
    made = api.post("/projects", json={"name": "Birds", "kind": "text", "classes": ["bird", "cat", "dog"]}).json()
    return f"/projects/{made['id']}/classes"


def names(api, url) -> list[str]:
    return [each["name"] for each in api.get(url).json()["items"]]


def test_each_change_answers_a_dry_run_first_and_changes_nothing_then(api, url):
    bird, cat, dog = (each["id"] for each in api.get(url).json()["items"])
    none = {"labels": 0, "to_do": 0, "gold": 0, "suggestions": 0, "runs": 0}
    dry = {"dry_run": True}
    assert api.patch(f"{url}/{bird}", json={"name": "heron"}, params=dry).json() == {"counts": none}
    assert api.post(f"{url}/{bird}/merge", json={"into": cat}, params=dry).json() == {"counts": none | {"both": 0}}
    assert api.delete(f"{url}/{bird}", params=dry).json() == {"counts": none}
    split = api.post(f"{url}/{bird}/split", json={"names": ["heron"]}, params=dry).json()
    assert split == {"counts": none | {"to_look_at": 0}}
    assert api.post(f"{url}/order", json={"ids": [dog]}, params=dry).json() == {"counts": {"classes": 1}}
    assert api.post(f"{url}/undo", params=dry).json() == {"counts": {}, "words": None}
    assert names(api, url) == ["bird", "cat", "dog"]
    assert api.get(f"{url}/history").json() == {"items": [], "next": None}


def test_changes_are_in_the_history_and_are_taken_back_newest_first(api, url):
    bird, cat, dog = (each["id"] for each in api.get(url).json()["items"])
    assert api.patch(f"{url}/{bird}", json={"name": "heron", "annotator": "ada"}).json()["name"] == "heron"
    merged = api.post(f"{url}/{bird}/merge", json={"into": cat, "annotator": "ada"}).json()
    assert merged["words"] == "“heron” was merged into “cat”"
    assert api.post(f"{url}/{bird}/merge", json={"into": cat}).json()["change_id"] == merged["change_id"]
    assert api.delete(f"{url}/{dog}").status_code == 200
    assert names(api, url) == ["cat"]
    first = api.get(f"{url}/history", params={"limit": 2}).json()
    assert [each["kind"] for each in first["items"]] == ["delete", "merge"]
    rest = api.get(f"{url}/history", params={"limit": 2, "after": first["next"]}).json()
    assert [(each["words"], each["annotator"]) for each in rest["items"]] == [("“bird” was renamed to “heron”", "ada")]
    assert api.post(f"{url}/undo", json={"change_id": merged["change_id"]}).status_code == 409
    for _ in range(3):
        api.post(f"{url}/undo")
    assert names(api, url) == ["bird", "cat", "dog"]
    assert api.post(f"{url}/redo").json()["words"] == "“bird” was renamed to “heron”"
    assert names(api, url) == ["heron", "cat", "dog"]


def test_what_cannot_be_is_refused_with_a_sentence(api, url):
    bird, cat, dog = (each["id"] for each in api.get(url).json()["items"])
    assert api.post(f"{url}/{bird}/merge", json={"into": bird}).status_code == 422
    assert api.post(f"{url}/{bird}/merge", json={"into": 10**6}).status_code == 404
    assert api.post(f"{url}/{bird}/split", json={"names": [" "]}).status_code == 422
    api.delete(f"{url}/{bird}")
    api.delete(f"{url}/{cat}")
    refused = api.delete(f"{url}/{dog}")
    assert refused.status_code == 409
    assert "last class" in refused.json()["error"]["message"]
    assert api.patch(f"{url}/{bird}", json={"name": "x"}).json()["error"]["message"] == "“bird” was deleted."


def test_half_of_a_character_is_refused_with_a_sentence(api, url):
    first = api.get(url).json()["items"][0]["id"]
    half, json = b'{"name": "heron \\ud800"}', {"content-type": "application/json"}
    for answer in (api.post(url, content=half, headers=json), api.patch(f"{url}/{first}", content=half, headers=json)):
        assert answer.status_code == 422
        assert "half of a character" in answer.json()["error"]["message"]
    assert names(api, url) == ["bird", "cat", "dog"]
