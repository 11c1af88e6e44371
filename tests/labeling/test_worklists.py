"""Items that somebody picked come in their order, once each, whatever was decided on them."""

import time
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from backend import errors
from backend.api.app import create
from backend.labeling import labels, leases, moves, queue, worklists
from db import worklists as rows
from db.models import Item
from db.session import reading, writing
from tests.labeling.builders import a_project, a_suggestion_set, an_event, class_id, some_items


def a_list(session, project, items, **more):
    return worklists.start(session, project, "Broken by Head 2", [item.id for item in items], **more)


def comes(session, project, worklist, limit=50, **how):
    return [item.id for item in queue.next_items(session, project, worklists.order_of(worklist), limit, **how)]


def left(session, project, worklist):
    standing = worklists.standing(session, project, worklists.order_of(worklist))
    assert standing is not None
    return standing["left"]


def decide(session, project, item, *class_ids, who="ada", **how):
    recorded = labels.record(session, project, who, [an_event(item, *class_ids, **how)])
    assert not recorded.rejected


def test_items_come_in_the_order_of_the_list_whatever_was_decided_on_them(session):
    project = a_project(session)
    todo, labeled, skipped, flagged, other = some_items(session, project, 5)
    decide(session, project, labeled, class_id(project, "cat"))
    decide(session, project, skipped, action="skip")
    decide(session, project, flagged, action="flag")
    asked = [flagged, todo, labeled, skipped]
    worklist = a_list(session, project, asked)
    assert comes(session, project, worklist) == [item.id for item in asked]
    assert comes(session, project, worklist, 2) == [flagged.id, todo.id]
    assert comes(session, project, worklist, 2, after=todo.id) == [labeled.id, skipped.id]
    assert comes(session, project, worklist, without=[todo.id]) == [flagged.id, labeled.id, skipped.id]
    assert comes(session, project, worklist, after=other.id) == []


def test_keeping_a_label_is_a_look_and_an_undo_brings_the_item_back(session):
    project = a_project(session)
    items = some_items(session, project, 3)
    cat, dog = class_id(project, "cat"), class_id(project, "dog")
    for item in items[:2]:
        decide(session, project, item, cat)
    worklist = a_list(session, project, items)
    decide(session, project, items[0], cat)
    assert comes(session, project, worklist) == [items[1].id, items[2].id]
    decide(session, project, items[2], dog)
    assert (comes(session, project, worklist), left(session, project, worklist)) == ([items[1].id], 1)
    moves.undo(session, project, "ada", str(uuid4()))
    assert (comes(session, project, worklist), left(session, project, worklist)) == ([items[1].id, items[2].id], 2)
    moves.undo(session, project, "ada", str(uuid4()))
    assert comes(session, project, worklist) == [item.id for item in items]
    moves.redo(session, project, "ada", str(uuid4()))
    assert comes(session, project, worklist) == [items[1].id, items[2].id]


def test_a_blind_second_look_is_none_of_the_list(session):
    project = a_project(session)
    [item] = some_items(session, project, 1)
    decide(session, project, item, class_id(project, "cat"))
    worklist = a_list(session, project, [item])
    decide(session, project, item, class_id(project, "cat"), action="check")
    assert comes(session, project, worklist) == [item.id]


def test_what_is_in_the_bin_or_gone_from_it_neither_comes_nor_counts(session):
    project = a_project(session)
    before, since, gone, kept = some_items(session, project, 4)
    decide(session, project, before, action="delete")
    worklist = a_list(session, project, [before, since, gone, kept])
    decide(session, project, since, action="delete")
    session.delete(gone)
    session.flush()
    assert (comes(session, project, worklist), left(session, project, worklist)) == ([kept.id], 1)
    decide(session, project, kept, class_id(project, "cat"))
    assert (comes(session, project, worklist), left(session, project, worklist)) == ([], 0)


def test_a_list_of_another_project_is_not_found(session):
    project, other = a_project(session), a_project(session)
    worklist = a_list(session, other, some_items(session, other, 1))
    for order in (worklists.order_of(worklist), "list:99", "list:x", "list:", f"list:{10**30}"):
        with pytest.raises(errors.NotFound, match="no list"):
            queue.next_items(session, project, order)


def test_a_list_of_nothing_or_of_too_much_is_refused(session, monkeypatch):
    project = a_project(session)
    with pytest.raises(errors.Invalid, match="nothing to look at"):
        worklists.start(session, project, "None", [])
    monkeypatch.setattr(worklists, "MOST", 2)
    with pytest.raises(errors.Invalid, match="3 items are too many"):
        worklists.start(session, project, "All", [1, 2, 3])
    assert worklists.item_ids(worklists.start(session, project, "Twice", [2, 1, 2])) == [2, 1]


def test_a_project_keeps_its_newest_lists(session, monkeypatch):
    monkeypatch.setattr(rows, "KEPT", 2)
    project, other = a_project(session), a_project(session)
    items = some_items(session, project, 1)
    theirs = a_list(session, other, some_items(session, other, 1))
    first, second, third = (a_list(session, project, items) for _ in range(3))
    assert [each.id for each in rows.listed(session, project.id, 10)] == [third.id, second.id]
    assert rows.get(session, first.id) is None
    assert rows.get(session, theirs.id) is not None


def test_two_annotators_get_different_items_of_a_list(home):
    with writing() as session:
        project = a_project(session)
        items = some_items(session, project, 6)
        for item in items[:3]:
            decide(session, project, item, class_id(project, "cat"))
        order = worklists.order_of(a_list(session, project, items))
    ids = [item.id for item in items]
    assert queue.take(project.id, "ada/", order, 4) == ids[:4]
    assert queue.take(project.id, "bob/", order, 4) == ids[4:]
    # Their own come again.
    assert queue.take(project.id, "ada/", order, 4) == ids[:4]


def test_decided_items_stay_held_and_what_is_to_do_again_is_lost_to_the_list(home):
    with writing() as session:
        project = a_project(session)
        labeled, skipped, flagged, cleared = items = some_items(session, project, 4)
        for item in (labeled, cleared):
            decide(session, project, item, class_id(project, "cat"))
        decide(session, project, skipped, action="skip")
        decide(session, project, flagged, action="flag")
        order = worklists.order_of(a_list(session, project, items))
    ids = [item.id for item in items]
    assert queue.take(project.id, "ada/", order, 9) == ids
    with writing() as session:
        decide(session, project, cleared, action="clear", who="bob")
    held = leases.hold(project.id, "ada/", [], ids)
    assert (held.held, held.lost) == (ids[:3], [cleared.id])
    assert queue.take(project.id, "bob/", order, 9) == []


@pytest.fixture
def api(home):
    return TestClient(create())


def test_the_api_makes_a_list_and_the_queue_brings_it_with_its_notes(api):
    with writing() as session:
        project = a_project(session)
        items = some_items(session, project, 3)
    ids = [items[2].id, items[0].id, items[1].id]
    url = f"/projects/{project.id}"
    notes = {str(ids[0]): "Head 1 says duck 97 %, labeled heron"}
    made = api.post(f"{url}/worklists", json={"name": " Broken\nby  Head 2 ", "item_ids": ids, "notes": notes})
    assert made.status_code == 201
    worklist_id = made.json()["id"]
    assert made.json() == {"id": worklist_id, "order": f"list:{worklist_id}", "total": 3}
    answer = api.get(f"{url}/queue", params={"order": f"list:{worklist_id}", "limit": 2, "annotator": "ada"}).json()
    standing = {"id": worklist_id, "name": "Broken by Head 2", "total": 3, "left": 3}
    assert answer["list"] == standing
    assert [(each["id"], each["note"]) for each in answer["items"]] == [(ids[0], notes[str(ids[0])]), (ids[1], None)]
    more = {"order": f"list:{worklist_id}", "limit": 2, "after": answer["next"]}
    assert [each["id"] for each in api.get(f"{url}/queue", params=more).json()["items"]] == ids[2:]
    assert api.get(f"{url}/worklists/{worklist_id}").json() == standing | {"order": f"list:{worklist_id}"}
    listed = api.get(f"{url}/worklists").json()["items"]
    assert listed == [{"id": worklist_id, "name": "Broken by Head 2", "total": 3, "order": f"list:{worklist_id}"}]
    assert "note" not in api.get(f"{url}/queue").json()["items"][0]
    assert api.get(f"{url}/worklists/999").json()["error"]["code"] == "not_found"


def test_a_project_that_is_labeled_blind_tells_no_notes(api):
    with writing() as session:
        project = a_project(session)
        [item] = items = some_items(session, project, 1)
        a_suggestion_set(session, project, {item: [0.9, 0.05, 0.05]})
        order = worklists.order_of(a_list(session, project, items, notes={item.id: "Suggested bird 90 %"}))
    url, asked = f"/projects/{project.id}", {"order": order}
    assert api.get(f"{url}/queue", params=asked).json()["items"][0]["note"] == "Suggested bird 90 %"
    assert api.patch(url, json={"blind": True}).status_code == 200
    [shown] = api.get(f"{url}/queue", params=asked).json()["items"]
    assert (shown["id"], shown["note"]) == (item.id, None)


def test_items_of_other_projects_are_refused_in_a_sentence(api):
    with writing() as session:
        project, other = a_project(session), a_project(session)
        [own], [theirs] = some_items(session, project, 1), some_items(session, other, 1)
    url = f"/projects/{project.id}/worklists"
    answer = api.post(url, json={"item_ids": [own.id, theirs.id, 10**9]})
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == (
        f'There is no item {theirs.id} and 1 more of these in "{project.name}".'
    )
    assert api.post(url, json={"item_ids": []}).status_code == 422
    assert api.post(url, json={"item_ids": [own.id], "other": 1}).status_code == 422
    assert api.get(url).json() == {"items": [], "next": None}


def test_a_page_of_a_list_of_200_000_comes_without_a_look_at_each(home):
    """It takes some 10 ms. With a query for each batch of 500 of the list it would be half a second."""
    with writing() as session:
        project = a_project(session)
        there = [item.id for item in some_items(session, project, 100)]
        ids = [*range(10**6, 10**6 + 100_000), *there, *range(2 * 10**6, 2 * 10**6 + 99_900)]
        notes = dict.fromkeys(ids, "Head 1 says duck 97 %, labeled heron")
        worklist = worklists.start(session, project, "All", ids, notes)
        decide(session, project, session.get_one(Item, there[0]), class_id(project, "cat"))
    order = worklists.order_of(worklist)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        with reading() as session:
            found = queue.next_items(session, project, order, 60, after=ids[99_999])
            standing = worklists.standing(session, project, order)
            told = worklists.notes(session, project, worklist, ids[:60])
        took.append(time.perf_counter() - began)
    assert [item.id for item in found] == there[1:61]
    assert standing == {"id": worklist.id, "name": "All", "total": 200_000, "left": 199_999}
    assert len(told) == 60
    assert min(took) < 0.15
