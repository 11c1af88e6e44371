"""Labels over HTTP: shapes, errors, and that a re-send is harmless."""

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create
from backend.suggesting import learn
from db.models import Item, Project
from db.session import writing
from tests.labeling.builders import a_project, a_suggestion_set, some_items


@pytest.fixture
def told(monkeypatch) -> list[int]:
    """The projects of which the suggester was told that their labels changed."""
    told: list[int] = []
    monkeypatch.setattr(learn, "labels_changed", told.append)
    return told


@pytest.fixture
def api(home, told) -> TestClient:
    return TestClient(create(), raise_server_exceptions=False)


@pytest.fixture
def project(home) -> Project:
    with writing() as session:
        project = a_project(session)
        some_items(session, project, 5)
        assert project.classes
    return project


@pytest.fixture
def url(project) -> str:
    return f"/projects/{project.id}"


def event(number: int, item_id: int, *class_ids: int, action: str = "label") -> dict[str, object]:
    return {"event_id": f"event-{number}", "item_id": item_id, "action": action, "class_ids": list(class_ids)}


def test_recorded_events_are_acknowledged_and_the_others_say_why(api, url, project, told):
    bird = project.classes[0].id
    sent = [event(1, 1, bird), event(2, 999, bird), event(3, 2, action="skip")]
    answer = api.post(f"{url}/labels", json={"annotator": "ada", "events": sent}).json()
    assert answer["acked"] == ["event-1", "event-3"]
    [rejected] = answer["rejected"]
    assert (rejected["event_id"], rejected["code"]) == ("event-2", "unknown_item")
    assert "999" in rejected["message"]
    assert answer["progress"] == {"items": 5, "labeled": 1, "skipped": 1, "flagged": 0, "todo": 3}
    assert told == [project.id]


def test_the_same_request_again_gets_the_same_answer(api, url, project):
    body = {"annotator": "ada", "events": [event(1, 1, project.classes[0].id)]}
    assert api.post(f"{url}/labels", json=body).json() == api.post(f"{url}/labels", json=body).json()


def test_undo_and_redo_show_what_changed(api, url, project):
    api.post(f"{url}/labels", json={"events": [event(1, 1, project.classes[0].id)]})
    undone = api.post(f"{url}/labels/undo", json={"annotator": "me"}).json()
    assert (undone["changed"], undone["left"], undone["item_ids"]) == (1, 0, [1])
    assert undone["items"][0]["status"] == "todo"
    assert undone["progress"]["labeled"] == 0
    redone = api.post(f"{url}/labels/redo").json()
    assert redone["items"][0]["class_ids"] == [project.classes[0].id]
    assert api.post(f"{url}/labels/redo").json()["changed"] == 0


def test_an_undo_with_an_id_can_be_sent_again(api, url, project):
    bird = project.classes[0].id
    api.post(f"{url}/labels", json={"events": [event(1, 1, bird), event(2, 2, bird)]})
    body = {"annotator": "me", "event_id": "the-undo"}
    assert api.post(f"{url}/labels/undo", json=body).json() == api.post(f"{url}/labels/undo", json=body).json()


def test_a_bulk_label_is_one_undo(api, url, project):
    body = {"annotator": "ada", "item_ids": [1, 2, 3], "class_ids": [project.classes[1].id], "event_id": "bulk"}
    assert api.post(f"{url}/labels/bulk", json=body).json()["progress"]["labeled"] == 3
    assert api.post(f"{url}/labels/undo", json={"annotator": "ada"}).json()["changed"] == 3


@pytest.mark.parametrize(
    "body",
    [
        {"events": [{"event_id": "", "item_id": 1, "action": "label"}]},
        {"events": [{"event_id": "e", "item_id": 2**70, "action": "label"}]},
        {"events": [{"event_id": "e" * 99, "item_id": 1, "action": "label"}]},
        {"annotator": " ", "events": []},
        {"annotator": "x" * 101, "events": []},
        {"events": [{"event_id": str(number), "item_id": 1, "action": "skip"} for number in range(1001)]},
    ],
)
def test_a_malformed_request_is_refused_and_changes_nothing(api, url, body):
    answer = api.post(f"{url}/labels", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid"
    assert api.get(f"{url}/stats").json()["todo"] == 5


def test_labels_of_an_unknown_project_are_refused(api):
    assert api.post("/projects/77/labels", json={"events": []}).status_code == 404


def test_the_queue_shows_items_with_their_suggestions_page_by_page(api, url, project):
    with writing() as session:
        used = session.get(Project, project.id)
        a_suggestion_set(session, used, {item: [0.7, 0.2, 0.1] for item in session.query(Item)})
    first = api.get(f"{url}/queue", params={"order": "uncertain", "limit": 2}).json()
    assert first["items"][0]["suggestion"]["class_id"] == project.classes[0].id
    assert first["items"][0]["suggestion"]["scores"][str(project.classes[0].id)] == pytest.approx(0.7)
    rest = api.get(f"{url}/queue", params={"order": "uncertain", "limit": 9, "after": first["next"]}).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == [1, 2, 3, 4, 5]
    assert rest["next"] is None
    held = api.get(f"{url}/queue", params={"exclude": "1,2,4"}).json()
    assert [item["id"] for item in held["items"]] == [3, 5]


@pytest.mark.parametrize(
    "wrong", [{"order": "upside-down"}, {"order": "class:horse"}, {"exclude": "1;2"}, {"limit": 0}]
)
def test_a_queue_that_cannot_be_is_refused_with_a_hint(api, url, wrong):
    answer = api.get(f"{url}/queue", params=wrong)
    assert answer.status_code == 422
    assert answer.json()["error"]["hint"]


def test_the_history_of_an_item_tells_who_did_what_newest_first(api, url, project):
    bird = project.classes[0].id
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 1, bird), event(2, 1, action="flag")]})
    api.post(f"{url}/labels/undo", json={"annotator": "ada"})
    history = api.get("/items/1/history").json()
    assert [(each["action"], each["annotator"]) for each in history["items"]] == [
        ("undo", "ada"),
        ("flag", "ada"),
        ("label", "ada"),
    ]
    assert history["items"][-1]["before"]["status"] == "todo"
    first = api.get("/items/1/history", params={"limit": 2}).json()
    assert len(api.get("/items/1/history", params={"after": first["next"]}).json()["items"]) == 1
    assert api.get("/items/99/history").status_code == 404


def test_stats_count_what_was_labeled(api, url, project):
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 1, project.classes[0].id)]})
    stats = api.get(f"{url}/stats").json()
    assert stats["by_annotator"] == {"ada": 1}
    assert stats["by_class"][0] == {"class_id": project.classes[0].id, "name": "bird", "count": 1}
