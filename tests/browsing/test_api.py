"""The list of items, one item, and the bin, over HTTP."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from backend import projects
from backend.api.app import create
from db.items import Filter
from db.models import ItemSource, Status
from db.session import writing
from tests.browsing.builders import Built, fitting, random_items
from tests.labeling.builders import a_suggestion_set


@pytest.fixture
def api(home: Path) -> TestClient:
    return TestClient(create())


@pytest.fixture
def built(home: Path) -> Built:
    with writing() as session:
        return random_items(session, 60, seed=5)


def listed(api: TestClient, built: Built, **params: Any) -> list[int]:
    found: list[int] = []
    while True:
        answer = api.get(f"/projects/{built.project.id}/items", params=params | {"limit": 9})
        assert answer.status_code == 200, answer.text
        found += [each["id"] for each in answer.json()["items"]]
        if answer.json()["next"] is None:
            return found
        params["after"] = answer.json()["next"]


def asked(api: TestClient, built: Built, what: str, **more: Any) -> dict[str, Any]:
    params = {"dry_run": True} if more.pop("dry_run", False) else {}
    answer = api.post(
        f"/projects/{built.project.id}/{what}",
        params=params,
        json={"event_id": str(uuid4()), "annotator": "ada", **more},
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_filters_combine_and_classes_annotators_and_files_are_named(api: TestClient, built: Built) -> None:
    wanted = Filter(class_id=built.class_ids[0], annotator_id=built.annotator_ids[0])
    assert listed(api, built, **{"class": "BIRD", "annotator": "ada 5"}) == fitting(built, wanted)
    wanted = Filter(origin_id=built.origin_ids[1], split="none", suggestion=built.class_ids[1], confidence_from=0.2)
    params = {"origin": "b.csv", "split": "none", "suggestion": "cat", "confidence_from": 0.2}
    assert listed(api, built, **params) == fitting(built, wanted)
    wanted = Filter(text="heron", disagrees="gold")
    assert listed(api, built, text="heron", disagrees="gold", sort="newest") == fitting(built, wanted)[::-1]
    assert len(listed(api, built, sort="surest")) == len(set(listed(api, built, sort="least_sure"))) > 0


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"class": "heron"}, 404),
        ({"annotator": "nobody"}, 404),
        ({"origin": "z.csv"}, 404),
        ({"confidence_from": 2}, 422),
        ({"sort": "surest", "after": "what"}, 422),
        ({"after": "0.5~3"}, 422),
        ({"split": "half"}, 422),
    ],
)
def test_what_a_filter_cannot_mean_is_said(api: TestClient, built: Built, params: dict[str, Any], status: int) -> None:
    answer = api.get(f"/projects/{built.project.id}/items", params=params)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_where_a_project_is_labeled_blind_no_filter_or_order_tells_of_suggestions(
    api: TestClient, built: Built
) -> None:
    with writing() as session:
        projects.change(session, projects.get(session, built.project.id), {"blind": True})
    for params in ({"suggestion": "bird"}, {"confidence_to": 1}, {"disagrees": "suggestion"}, {"sort": "surest"}):
        answer = api.get(f"/projects/{built.project.id}/items", params=params)
        assert (answer.status_code, "blind" in answer.json()["error"]["message"]) == (422, True)


def test_an_item_tells_all_that_is_known_of_it(api: TestClient, built: Built) -> None:
    item = next(each for each in built.items if each.origin_id == built.origin_ids[0] and each.id in built.gold)
    with writing() as session:
        session.get_one(type(item), item.id).meta = {"id": "A-17", "place": "Lyon"}
        session.add(ItemSource(item_id=item.id, source="old.csv row 9"))
    shown = api.get(f"/items/{item.id}").json()
    assert shown["sources"] == [item.source, "old.csv row 9"]
    assert (shown["origin"], shown["meta"]) == ("a.csv", {"id": "A-17", "place": "Lyon"})
    assert set(shown["gold_class_ids"]) == built.gold[item.id]
    names = [each["name"] for each in api.get(f"/projects/{built.project.id}/origins").json()["items"]]
    assert names == ["a.csv", "b.csv"]


def test_a_deletion_is_counted_first_shown_only_in_the_bin_and_undone_as_one(api: TestClient, built: Built) -> None:
    before = {item_id: api.get(f"/items/{item_id}").json() for item_id in fitting(built, Filter(text="heron"))}
    in_bin = listed(api, built, status="deleted")
    counted = asked(api, built, "items/delete", filter={"text": "heron"}, dry_run=True)
    assert counted["count"] == len(before)
    assert asked(api, built, "items/delete", filter={"text": "heron"})["changed"] == len(before)
    assert listed(api, built, text="heron") == []
    assert set(listed(api, built, status="deleted")) == {*in_bin, *before}
    stats = api.get(f"/projects/{built.project.id}/stats").json()
    assert stats["items"] == len(fitting(built, Filter())) - len(before)
    undone = api.post(f"/projects/{built.project.id}/labels/undo", json={"annotator": "ada"}).json()
    assert undone["changed"] == len(before)
    for item_id, shown in before.items():
        now = api.get(f"/items/{item_id}").json()
        assert {name: now[name] for name in ("status", "class_ids", "annotator")} == {
            name: shown[name] for name in ("status", "class_ids", "annotator")
        }


def test_what_is_restored_is_as_it_was_and_undo_and_redo_go_both_ways(api: TestClient, built: Built) -> None:
    [item_id] = [each.id for each in built.items if each.status == Status.LABELED and built.labels[each.id]][:1]
    classes = api.get(f"/items/{item_id}").json()["class_ids"]
    url = f"/projects/{built.project.id}/labels"

    def state() -> tuple[str, list[int]]:
        shown = api.get(f"/items/{item_id}").json()
        return shown["status"], shown["class_ids"]

    asked(api, built, "items/delete", item_ids=[item_id])
    assert state() == ("deleted", [])
    assert asked(api, built, "items/restore", item_ids=[item_id])["changed"] == 1
    assert state() == ("labeled", classes)
    api.post(f"{url}/undo", json={"annotator": "ada"})
    assert state() == ("deleted", [])
    api.post(f"{url}/redo", json={"annotator": "ada"})
    assert state() == ("labeled", classes)
    for expected in (("deleted", []), ("labeled", classes)):
        api.post(f"{url}/undo", json={"annotator": "ada"})
        assert state() == expected


def test_an_item_in_the_bin_takes_no_label_and_only_what_is_there_is_restored(api: TestClient, built: Built) -> None:
    deleted = next(each.id for each in built.items if each.status == Status.DELETED)
    there = next(each.id for each in built.items if each.status == Status.TODO)
    event = {"event_id": "e1", "item_id": deleted, "action": "label", "class_ids": built.class_ids[:1]}
    answer = api.post(f"/projects/{built.project.id}/labels", json={"events": [event]}).json()
    assert answer["rejected"][0]["code"] == "deleted"
    assert asked(api, built, "items/restore", item_ids=[there])["rejected"][0]["code"] == "not_deleted"


def test_emptying_removes_for_ever_what_is_in_the_bin_and_nothing_else(api: TestClient, built: Built) -> None:
    in_bin, kept = listed(api, built, status="deleted"), listed(api, built)
    url = f"/projects/{built.project.id}/bin"
    assert api.delete(url, params={"dry_run": True}).json() == {"count": len(in_bin)}
    assert api.delete(url).json()["removed"] == len(in_bin)
    assert listed(api, built, status="deleted") == []
    assert listed(api, built) == kept
    assert api.get(f"/items/{in_bin[0]}").status_code == 404
    assert api.delete(url).json()["removed"] == 0


def test_no_count_of_suggestions_has_what_is_in_the_bin(api: TestClient, built: Built) -> None:
    url = f"/projects/{built.project.id}"

    def counts() -> tuple[int, float, int, int]:
        [used, other] = (each["id"] for each in api.get(f"{url}/suggestions").json()["items"][:2])
        told = next(each for each in api.get(f"{url}/suggestions").json()["items"] if each["is_active"])
        of_class = api.patch(f"{url}/classes/{told['class_ids'][0]}", json={}, params={"dry_run": True}).json()
        both = api.get(f"{url}/suggestions/compare", params={"sets": f"{used},{other}"}).json()
        return told["items"], told["mean_confidence"], of_class["counts"]["suggestions"], both["items"]

    with writing() as session:
        project = projects.get(session, built.project.id)
        for scores in ([0.8, 0.1, 0.1], [0.6, 0.3, 0.1]):
            a_suggestion_set(session, project, dict.fromkeys(built.items[:20], scores))
    there = [each.id for each in built.items[:20] if each.status != Status.DELETED]
    assert counts() == (len(there), 0.6, len(there), len(there))
    asked(api, built, "items/delete", item_ids=there[:5])
    assert counts() == (len(there) - 5, 0.6, len(there) - 5, len(there) - 5)
    asked(api, built, "items/delete", item_ids=there)
    assert api.get(f"{url}/suggestions").json()["items"][0]["mean_confidence"] is None
