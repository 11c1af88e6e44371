"""The order of what two sets of suggestions say different things of."""

import pytest
from fastapi.testclient import TestClient

from backend import errors, projects
from backend.api.app import create
from backend.labeling import labels, queue
from db.session import writing
from tests.labeling.builders import a_project, a_suggestion_set, an_event, class_id, some_items


def ids(found):
    return [item.id for item in found]


def differing(session, project, count=6):
    """Items of which the sets differ on every second one; the first set is surer of later items."""
    items = some_items(session, project, count)
    one = a_suggestion_set(session, project, {item: [0.5 + n / 50, 0.4, 0.0] for n, item in enumerate(items)})
    said = {item: [0.2, 0.7, 0.1] if n % 2 else [0.7, 0.2, 0.1] for n, item in enumerate(items)}
    return items, one.id, a_suggestion_set(session, project, said).id


def test_items_on_which_two_sets_differ_come_least_sure_of_the_first_first(session):
    project = a_project(session)
    items, one, other = differing(session, project)
    assert ids(queue.next_items(session, project, f"disagree:{one},{other}")) == ids(items[1::2])
    # By the other's margins, which are all alike, in the order of the suggestions.
    assert ids(queue.next_items(session, project, f"disagree:{other},{one}")) == ids(items[1::2])
    # One alone is held against the set in use.
    assert ids(queue.next_items(session, project, f"disagree:{one}")) == ids(items[1::2])


@pytest.mark.parametrize("few", [0, 2000])
@pytest.mark.parametrize("near", [1, 1000])
def test_decided_and_left_out_ones_do_not_come_and_pages_go_on(session, monkeypatch, few, near):
    monkeypatch.setattr("db.queue.FEW", few)
    monkeypatch.setattr("db.queue.NEAR", near)
    project = a_project(session)
    items, one, other = differing(session, project, 10)
    order = f"disagree:{one},{other}"
    labels.record(session, project, "ada", [an_event(items[1], class_id(project, "bird"))])
    assert ids(queue.next_items(session, project, order, 2)) == ids([items[3], items[5]])
    assert ids(queue.next_items(session, project, order, 9, after=items[5].id)) == ids([items[7], items[9]])
    assert ids(queue.next_items(session, project, order, 9, without=[items[3].id])) == ids(items[5::2])


def test_it_looks_no_further_than_it_says(session, monkeypatch):
    monkeypatch.setattr(queue, "FURTHEST", 4)
    monkeypatch.setattr("db.queue.NEAR", 1)
    project = a_project(session)
    items, one, other = differing(session, project, 10)
    assert ids(queue.next_items(session, project, f"disagree:{one},{other}")) == ids(items[1:4:2])


def test_what_names_no_two_sets_is_refused_and_blind_projects_refuse_it(session):
    project, foreign = a_project(session), a_project(session)
    _, one, other = differing(session, project)
    _, stranger, _ = differing(session, foreign)
    for wrong in ("disagree:", "disagree:x", f"disagree:{other}", f"disagree:{one},{one}", "disagree"):
        with pytest.raises(errors.Invalid):
            queue.next_items(session, project, wrong)
    for gone in (f"disagree:{one},{stranger}", f"disagree:999,{one}"):
        with pytest.raises(errors.NotFound):
            queue.next_items(session, project, gone)
    projects.change(session, project, {"blind": True})
    with pytest.raises(errors.Conflict, match="blind"):
        queue.next_items(session, project, f"disagree:{one},{other}")


def test_over_http_it_says_how_far_it_looks(home):
    with writing() as session:
        project = a_project(session)
        items, one, other = differing(session, project)
    api = TestClient(create())
    query = {"order": f"disagree:{one},{other}", "limit": 2, "annotator": "ada"}
    answer = api.get(f"/projects/{project.id}/queue", params=query).json()
    assert [each["id"] for each in answer["items"]] == ids(items[1:4:2])
    assert (answer["looks_at"], answer["next"]) == (queue.FURTHEST, items[3].id)
    assert "looks_at" not in api.get(f"/projects/{project.id}/queue").json()
