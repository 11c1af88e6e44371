"""What comes next, in every order."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from backend import errors
from backend.labeling import labels, moves, queue
from db import leases as rows
from db.models import now
from tests.labeling.builders import a_project, a_suggestion_set, an_event, an_item, class_id, some_items


def ids(items) -> list[int]:
    return [item.id for item in items]


def test_items_come_in_the_order_of_import(session):
    project = a_project(session)
    items = some_items(session, project, 5)
    assert ids(queue.next_items(session, project, limit=3)) == ids(items[:3])


def test_decided_items_do_not_come_again_and_undone_ones_do(session):
    project = a_project(session)
    first, second = some_items(session, project, 2)
    labels.record(session, project, "ada", [an_event(first, class_id(project, "bird"))])
    assert ids(queue.next_items(session, project)) == [second.id]
    moves.undo(session, project, "ada", "u")
    assert ids(queue.next_items(session, project)) == [first.id, second.id]


@pytest.mark.parametrize("order", ["sequential", "random", "uncertain", "class:bird", "sure:bird"])
def test_pages_go_on_where_the_last_one_ended_and_leave_out_what_is_held(session, order):
    project = a_project(session)
    items = some_items(session, project, 7)
    a_suggestion_set(session, project, {item: [0.5 + item.id / 1000, 0.2, 0.1] for item in items})
    whole = ids(queue.next_items(session, project, order))
    first = ids(queue.next_items(session, project, order, 3))
    then = ids(queue.next_items(session, project, order, 3, after=first[-1]))
    assert sorted(whole) == ids(items)
    assert first + then == whole[:6]
    assert ids(queue.next_items(session, project, order, 3, without=first)) == whole[3:6]


def test_random_is_the_same_after_a_reload_and_not_the_order_of_import(session):
    project = a_project(session)
    items = some_items(session, project, 20)
    shuffled = ids(queue.next_items(session, project, "random"))
    assert shuffled == ids(queue.next_items(session, project, "random"))
    assert shuffled != ids(items)


def test_uncertain_begins_where_two_classes_are_closest_and_ends_with_what_has_no_suggestion(session):
    project = a_project(session)
    sure, unsure, middling, unsaid = some_items(session, project, 4)
    says = {sure: [0.9, 0.05, 0.05], unsure: [0.4, 0.39, 0.21], middling: [0.6, 0.3, 0.1]}
    a_suggestion_set(session, project, says)
    assert ids(queue.next_items(session, project, "uncertain")) == ids([unsure, middling, sure, unsaid])
    assert ids(queue.next_items(session, project, "uncertain", after=sure.id)) == [unsaid.id]


def test_uncertain_without_suggestions_is_the_order_of_import(session):
    project = a_project(session)
    items = some_items(session, project, 3)
    assert ids(queue.next_items(session, project, "uncertain")) == ids(items)


def test_a_class_gives_what_is_suggested_to_be_it_least_sure_first(session):
    project = a_project(session)
    sure, unsure, cat = some_items(session, project, 3)
    says = {sure: [0.9, 0.05, 0.05], unsure: [0.4, 0.35, 0.25], cat: [0.1, 0.8, 0.1]}
    a_suggestion_set(session, project, says)
    assert ids(queue.next_items(session, project, "class:Bird")) == ids([unsure, sure])


def test_many_items_left_come_in_the_same_order_as_few(session, monkeypatch):
    project = a_project(session)
    items = some_items(session, project, 6)
    a_suggestion_set(session, project, {item: [0.9 - item.id / 100, 0.1, 0.0] for item in items})
    few = ids(queue.next_items(session, project, "uncertain"))
    monkeypatch.setattr("db.queue.FEW", 2)
    assert ids(queue.next_items(session, project, "uncertain")) == few


def test_items_of_other_projects_never_come(session):
    project, other = a_project(session), a_project(session)
    an_item(session, other)
    for order in ("sequential", "random", "uncertain"):
        assert queue.next_items(session, project, order) == []


def test_an_unknown_order_or_class_is_refused_with_the_ones_there_are(session):
    project = a_project(session)
    with pytest.raises(errors.Invalid) as refused:
        queue.next_items(session, project, "alphabetical")
    assert "sequential, random, uncertain, diverse, mixed, class:NAME, sure:NAME, disagree:A,B" in refused.value.hint
    for order in ("class:horse", "sure:horse"):
        with pytest.raises(errors.Invalid) as refused:
            queue.next_items(session, project, order)
        assert '"bird", "cat", "dog"' in refused.value.hint
    for order in ("class", "sequential:bird", "search: ", "search:", ""):
        with pytest.raises(errors.Invalid):
            queue.next_items(session, project, order)


def test_items_like_one_that_is_not_there_are_refused(session):
    project, other = a_project(session), a_project(session)
    stranger = an_item(session, other)
    for what in ("999", "heron", "", "-1", "9" * 40, str(stranger.id)):
        with pytest.raises(errors.NotFound):
            queue.next_items(session, project, f"similar:{what}")


def test_the_surest_of_a_class_come_first_for_the_grid(session):
    project = a_project(session)
    sure, unsure, cat, surest = some_items(session, project, 4)
    says = {sure: [0.9, 0.05, 0.05], unsure: [0.4, 0.35, 0.25], cat: [0.1, 0.8, 0.1], surest: [0.95, 0.05, 0.0]}
    a_suggestion_set(session, project, says)
    assert ids(queue.next_items(session, project, "sure:Bird")) == ids([surest, sure, unsure])


def test_a_class_without_suggestions_gives_nothing(session):
    project = a_project(session)
    some_items(session, project, 2)
    assert queue.next_items(session, project, "class:bird") == []
    assert queue.next_items(session, project, "sure:bird") == []


def test_the_likeliest_class_counts_where_an_item_may_have_several(session):
    project = a_project(session, multi_label=True)
    both, cat = some_items(session, project, 2)
    a_suggestion_set(session, project, {both: [0.9, 0.8, 0.1], cat: [0.3, 0.6, 0.1]})
    assert ids(queue.next_items(session, project, "sure:bird")) == [both.id]
    assert ids(queue.next_items(session, project, "sure:cat")) == [cat.id]


def test_an_archived_class_is_no_order_and_the_others_go_on(session):
    project = a_project(session)
    bird, cat = some_items(session, project, 2)
    a_suggestion_set(session, project, {bird: [0.9, 0.05, 0.05], cat: [0.1, 0.8, 0.1]})
    project.classes[0].archived = True
    session.flush()
    with pytest.raises(errors.Invalid):
        queue.next_items(session, project, "sure:bird")
    assert ids(queue.next_items(session, project, "sure:cat")) == [cat.id]
    assert ids(queue.next_items(session, project, "uncertain")) == ids([cat, bird])


@pytest.mark.parametrize("order", ["sequential", "random", "uncertain", "class:bird", "sure:bird"])
@pytest.mark.parametrize("few", [0, 2000])
def test_what_is_decided_or_held_by_anybody_never_comes(session, monkeypatch, order, few):
    project = a_project(session)
    items = some_items(session, project, 6)
    a_suggestion_set(session, project, {item: [0.9 - item.id / 100, 0.1, 0.0] for item in items})
    labels.record(session, project, "ada", [an_event(items[0], class_id(project, "bird"))])
    rows.take(session, project.id, "bob/", ids(items[1:3]), until=now() + timedelta(minutes=1), limit=9)
    monkeypatch.setattr("db.queue.FEW", few)
    assert sorted(ids(queue.next_items(session, project, order))) == ids(items[3:])


@pytest.mark.parametrize("order", ["sequential", "random", "uncertain", "class:bird", "sure:bird"])
def test_a_thousand_items_can_be_left_out(session, order):
    project = a_project(session)
    items = some_items(session, project, 4)
    a_suggestion_set(session, project, {item: [0.9 - item.id / 100, 0.1, 0.0] for item in items})
    without = [items[0].id, *range(10**6, 10**6 + 999)]
    assert sorted(ids(queue.next_items(session, project, order, without=without))) == ids(items[1:])


@pytest.mark.parametrize("order", ["sequential", "random", "uncertain", "class:bird", "sure:bird"])
def test_every_order_walks_an_index_and_sorts_nothing(session, monkeypatch, order):
    project = a_project(session)
    items = some_items(session, project, 6)
    a_suggestion_set(session, project, {item: [0.9 - item.id / 100, 0.1, 0.0] for item in items})
    # As in a project with many items.
    monkeypatch.setattr("db.queue.FEW", 0)
    connection = session.connection()
    asked = []
    event.listen(connection, "before_cursor_execute", lambda *call: asked.append(call[2:4]))
    queue.next_items(session, project, order, 3, without=[items[0].id])
    steps = [
        step[3]
        for sql, values in asked.copy()
        for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
        if "FROM items" in sql or "FROM suggestions" in sql
    ]
    assert any("items" in step for step in steps)
    assert [step for step in steps if "SCAN" in step or "TEMP B-TREE" in step] == []
    if order not in ("sequential", "random"):
        walked = [step for step in steps if "suggestions_by_" in step or "items_decided" in step]
        assert len(walked) >= 2
        # A row of items has the text before the status: none is read for what the walk passes by.
        assert all("COVERING INDEX" in step for step in walked if "suggestions_by_item" not in step)
