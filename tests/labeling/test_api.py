"""Labels over HTTP: shapes, errors, and that a re-send is harmless."""

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create
from backend.labeling import bulk
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


def test_who_labels_what_somebody_else_decided_unseen_is_told(api, url, project):
    bird, cat = project.classes[0].id, project.classes[1].id
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 1, bird)]})
    answer = api.post(f"{url}/labels", json={"annotator": "bob", "events": [event(2, 1, cat)]}).json()
    [met] = answer["conflicts"]
    assert (met["event_id"], met["item_id"], met["annotator"]) == ("event-2", 1, "ada")
    assert (met["status"], met["class_ids"]) == ("labeled", [bird])
    again = api.post(f"{url}/labels", json={"annotator": "bob", "events": [event(3, 1, bird)]}).json()
    assert again["conflicts"] == []


def test_who_saw_the_decision_or_decides_in_another_tab_unseen_is_told_rightly(api, url, project):
    bird, cat = project.classes[0].id, project.classes[1].id
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 1, bird)]})
    seen = api.get("/items/1").json()["over"]
    assert seen == "event-1"
    knowing = event(2, 1, cat) | {"over": seen}
    assert api.post(f"{url}/labels", json={"annotator": "bob", "events": [knowing]}).json()["conflicts"] == []
    other_tab = event(3, 1, bird) | {"over": None}
    [met] = api.post(f"{url}/labels", json={"annotator": "bob", "events": [other_tab]}).json()["conflicts"]
    assert (met["annotator"], met["class_ids"]) == ("bob", [cat])


def test_a_bulk_that_names_what_it_saw_is_told_what_it_replaced_unseen(api, url, project):
    bird, cat = project.classes[0].id, project.classes[1].id
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 1, bird)]})
    each = [{"item_id": number, "class_ids": [cat], "over": None} for number in (1, 2)]
    body = {"annotator": "bob", "items": each, "event_id": "grid"}
    [met] = api.post(f"{url}/labels/bulk", json=body).json()["conflicts"]
    assert (met["event_id"], met["item_id"], met["annotator"]) == ("grid/1", 1, "ada")


def test_a_filter_is_counted_first_and_then_labeled_as_one(api, url, project):
    cat = project.classes[1].id
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 1, project.classes[0].id)]})
    body = {"annotator": "ada", "filter": {"text": "item"}, "class_ids": [cat], "event_id": "all"}
    assert api.post(f"{url}/labels/bulk?dry_run=true", json=body).json() == {
        "count": 5,
        "labeled": 1,
        "is_exact": True,
    }
    assert api.get(f"{url}/stats").json()["labeled"] == 1
    answer = api.post(f"{url}/labels/bulk", json=body).json()
    assert (answer["acked"], answer["changed"], answer["progress"]["labeled"]) == (["all"], 5, 5)
    assert api.post(f"{url}/labels/undo", json={"annotator": "ada"}).json()["changed"] == 5
    assert api.get("/items/1").json()["class_ids"] == [project.classes[0].id]


def test_a_filter_by_class_takes_its_name(api, url, project):
    api.post(f"{url}/labels", json={"events": [event(1, 1, project.classes[0].id)]})
    body = {"filter": {"class": "bird"}, "class_ids": [project.classes[2].id], "event_id": "e"}
    assert api.post(f"{url}/labels/bulk", json=body).json()["changed"] == 1
    missing = api.post(f"{url}/labels/bulk", json=body | {"filter": {"class": "emu"}, "event_id": "f"})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")


def test_more_than_some_thousands_become_a_job(api, url, project, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 3)
    body = {"filter": {}, "class_ids": [project.classes[0].id], "event_id": "e"}
    answer = api.post(f"{url}/labels/bulk", json=body)
    assert answer.status_code == 202
    assert api.get(f"/jobs/{answer.json()['job_id']}").json()["kind"] == "label"


def test_the_history_tells_what_was_suggested_then_and_whether_it_was_seen(api, url, project):
    with writing() as session:
        used = session.get(Project, project.id)
        many = session.query(Item).all()
        a_suggestion_set(session, used, {item: [0.1, 0.2, 0.7] for item in many})
    bird, dog = project.classes[0].id, project.classes[2].id
    shown = {"class_id": bird, "confidence": 0.6, "is_hidden": False}
    sent = [event(1, 1, bird) | {"suggested": shown}, event(2, 2, bird)]
    api.post(f"{url}/labels", json={"annotator": "ada", "events": sent})
    [first] = api.get("/items/1/history").json()["items"]
    assert (first["annotator"], first["suggested"], first["agreed"]) == ("ada", shown, True)
    [second] = api.get("/items/2/history").json()["items"]
    by = {"set_id": 1, "engine": "head", "model": "none"}
    hidden = {"class_id": dog, "confidence": 0.7, "is_hidden": True}
    assert (second["suggested"], second["agreed"]) == (hidden | by, None)


def test_a_blind_project_shows_no_suggestion_anywhere(api, url, project):
    with writing() as session:
        used = session.get(Project, project.id)
        a_suggestion_set(session, used, {item: [0.1, 0.2, 0.7] for item in session.query(Item).all()})
    places = ("/items/1", f"{url}/items", f"{url}/queue")
    assert all('"confidence"' in api.get(place).text for place in places)
    assert api.patch(url, json={"blind": True}).json()["blind"]
    assert not any('"confidence"' in api.get(place).text for place in places)
    for order in ("class:dog", "sure:dog"):
        refused = api.get(f"{url}/queue", params={"order": order})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    api.post(f"{url}/labels", json={"events": [event(1, 1, project.classes[0].id)]})
    assert api.get("/items/1/history").json()["items"][0]["suggested"] is None
    assert not api.patch(url, json={"blind": False}).json()["blind"]
    assert all('"confidence"' in api.get(place).text for place in places)


def test_a_measured_accept_over_http(api, url, project):
    with writing() as session:
        used = session.get(Project, project.id)
        a_suggestion_set(session, used, {item: [0.97, 0.02, 0.01] for item in session.query(Item).all()})
    bird = project.classes[0].id
    refused = api.post(f"{url}/acceptances", json={"confidence": 0.99})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid")
    prepared = api.post(f"{url}/acceptances", json={"annotator": "ada", "confidence": 0.9})
    assert prepared.status_code == 201
    assert (prepared.json()["count"], len(prepared.json()["items"])) == (5, 5)
    assert {item["suggestion"] for item in prepared.json()["items"]} == {None}
    place = f"{url}/acceptances/{prepared.json()['id']}"
    sent = [event(number, number, bird) for number in (1, 2, 3)]
    api.post(f"{url}/labels", json={"annotator": "ada", "events": sent})
    found = api.get(place).json()
    assert (found["answers"]["right"], found["answers"]["count"], found["count"]) == (3, 3, 2)
    for _ in range(2):
        accepted = api.post(f"{place}/accept", json={"annotator": "ada", "event_id": "accept"}).json()
        assert (accepted["acked"], accepted["progress"]["labeled"]) == (["accept"], 5)
    assert api.get(place).json()["is_accepted"]
    assert api.post(f"{url}/labels/undo", json={"annotator": "ada"}).json()["changed"] == 2
    assert api.get(f"{url}/acceptances/77").status_code == 404


def test_a_recheck_over_http(api, url, project):
    bird, cat = project.classes[0].id, project.classes[1].id
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 1, bird)]})
    [item] = api.get(f"{url}/recheck?annotator=ada").json()["items"]
    assert (item["id"], item["class_ids"], item["status"], item["is_blind"]) == (1, [], "todo", True)
    answer = event(2, 1, cat, action="check")
    assert api.post(f"{url}/labels", json={"annotator": "ada", "events": [answer]}).json()["acked"] == ["event-2"]
    found = api.get(f"{url}/agreement?annotator=ada").json()
    assert (found["right"], found["count"], len(found["differing"])) == (0, 1, 1)
    assert api.get("/items/1").json()["class_ids"] == [bird]
    assert api.get(f"{url}/recheck?annotator=eve").status_code == 422


def test_the_pace_is_the_annotators_own(api, url, project):
    bird = project.classes[0].id
    sent = [event(number, number, bird) | {"seconds": 2.0} for number in (1, 2, 3)]
    answer = api.post(f"{url}/labels", json={"annotator": "ada", "events": sent}).json()
    assert answer["pace"] == {"per_minute": 30.0, "left_s": 4}


@pytest.mark.parametrize(
    "named",
    [
        {"filter": {"state": "todo"}},
        {"filter": {}, "item_ids": [1]},
        {"items": [{"item_id": 1, "class_ids": [1]}, {"item_id": 1, "class_ids": [1]}]},
        {},
    ],
)
def test_a_bulk_that_does_not_say_clearly_which_items_is_refused(api, url, project, named):
    body = {"class_ids": [project.classes[0].id], "event_id": "e", **named}
    for query in ("", "?dry_run=true"):
        assert api.post(f"{url}/labels/bulk{query}", json=body).status_code == 422
    assert api.get(f"{url}/stats").json()["todo"] == 5


def test_a_conflict_is_told_again_when_the_answer_was_lost(api, url, project):
    bird, cat = project.classes[0].id, project.classes[1].id
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 1, bird)]})
    body = {"annotator": "bob", "events": [event(2, 1, cat) | {"over": None}]}
    first = api.post(f"{url}/labels", json=body).json()["conflicts"]
    assert len(first) == 1
    assert api.post(f"{url}/labels", json=body).json()["conflicts"] == first


def test_what_was_accepted_and_taken_back_can_be_accepted_anew(api, url, project):
    with writing() as session:
        used = session.get(Project, project.id)
        a_suggestion_set(session, used, {item: [0.97, 0.02, 0.01] for item in session.query(Item).all()})
    place = f"{url}/acceptances/{api.post(f'{url}/acceptances', json={'confidence': 0.9}).json()['id']}/accept"
    assert api.post(place, json={"event_id": "one"}).json()["progress"]["labeled"] == 5
    assert api.post(f"{url}/labels/undo").json()["changed"] == 5
    assert api.post(place, json={"event_id": "two"}).json()["progress"]["labeled"] == 5


def test_a_blind_project_accepts_nothing_and_exports_no_suggestion(api, url, project):
    with writing() as session:
        used = session.get(Project, project.id)
        a_suggestion_set(session, used, {item: [0.97, 0.02, 0.01] for item in session.query(Item).all()})
    assert "0.97" in api.get(f"{url}/export?format=csv").text
    api.patch(url, json={"blind": True})
    assert "0.97" not in api.get(f"{url}/export?format=csv").text
    assert api.post(f"{url}/acceptances", json={"confidence": 0.9}).status_code == 409


def test_an_undo_of_one_decision_takes_back_no_newer_one(api, url, project):
    bird = project.classes[0].id
    api.post(
        f"{url}/labels/bulk", json={"annotator": "ada", "item_ids": [1, 2], "class_ids": [bird], "event_id": "all"}
    )
    api.post(f"{url}/labels", json={"annotator": "ada", "events": [event(1, 3, bird)]})
    of_the_bulk = {"annotator": "ada", "only": "all", "event_id": "back"}
    refused = api.post(f"{url}/labels/undo", json=of_the_bulk)
    assert refused.status_code == 409
    assert "newer" in refused.json()["error"]["message"]
    assert api.post(f"{url}/labels/undo", json={"annotator": "ada", "only": "nobody's"}).status_code == 409
    assert api.post(f"{url}/labels/undo", json={"annotator": "ada", "only": "event-1"}).json()["item_ids"] == [3]
    for _ in range(2):
        assert api.post(f"{url}/labels/undo", json=of_the_bulk).json()["changed"] == 2
