"""Each event keeps what was suggested and who suggested it, whatever becomes of the suggestions."""

from sqlalchemy import event

from backend.labeling import bulk, labels
from db import decisions, explore
from db.models import Suggestion, SuggestionSet
from tests.labeling.builders import (
    a_project,
    a_suggestion_set,
    an_event,
    class_id,
    events_of,
    run_bulk,
    some_items,
    suggestion_of,
)

BY_HEAD = {"engine": "head", "model": "none"}


def kept(session, project, item, *class_ids, **more):
    """What the event of this label keeps."""
    labels.record(session, project, "ada", [an_event(item, *class_ids, **more)])
    return events_of(session, item)[-1].suggested


def shown(name_id, confidence=0.6):
    return {"class_id": name_id, "confidence": confidence, "is_hidden": False}


def test_a_named_suggestion_tells_who_made_it_even_when_its_set_is_gone(session):
    project = a_project(session)
    [item] = some_items(session, project, 1)
    used = a_suggestion_set(session, project, {item: [0.9, 0.1, 0.0]})
    bird, said = class_id(project, "bird"), suggestion_of(session, item)
    expected = {"class_id": bird, "confidence": 0.9, "is_hidden": False, "set_id": used.id} | BY_HEAD
    assert kept(session, project, item, bird, suggestion_id=said.id) == expected
    session.query(Suggestion).delete()
    session.query(SuggestionSet).delete()
    assert events_of(session, item)[-1].suggested == expected


def test_what_the_person_saw_counts_when_the_suggestion_has_learned_since(session):
    project = a_project(session)
    [item] = some_items(session, project, 1)
    used = a_suggestion_set(session, project, {item: [0.1, 0.8, 0.1]})
    bird, said = class_id(project, "bird"), suggestion_of(session, item)
    found = kept(session, project, item, bird, suggestion_id=said.id, suggested=shown(bird))
    assert found == shown(bird) | {"set_id": used.id} | BY_HEAD
    assert events_of(session, item)[-1].agreed


def test_a_suggestion_of_another_item_tells_nothing(session):
    project = a_project(session)
    first, second = some_items(session, project, 2)
    a_suggestion_set(session, project, {first: [0.9, 0.1, 0.0]})
    bird, said = class_id(project, "bird"), suggestion_of(session, first)
    assert kept(session, project, second, bird, suggestion_id=said.id) is None
    assert kept(session, project, second, bird, suggestion_id=said.id, suggested=shown(bird)) == shown(bird)


def test_a_class_that_the_project_does_not_have_was_not_suggested(session):
    project = a_project(session)
    [item] = some_items(session, project, 1)
    assert kept(session, project, item, class_id(project, "bird"), suggested=shown(777)) is None


def test_what_was_not_shown_is_kept_as_hidden(session):
    project = a_project(session)
    [item] = some_items(session, project, 1)
    used = a_suggestion_set(session, project, {item: [0.2, 0.7, 0.1]})
    expected = {"class_id": class_id(project, "cat"), "confidence": 0.7, "is_hidden": True, "set_id": used.id} | BY_HEAD
    assert kept(session, project, item, class_id(project, "cat")) == expected
    assert events_of(session, item)[-1].agreed is None


def test_the_grid_names_no_suggestion_but_the_set_in_use_says_the_same(session):
    project = a_project(session)
    same, other, plain = some_items(session, project, 3)
    used = a_suggestion_set(session, project, {item: [0.9, 0.1, 0.0] for item in (same, other, plain)})
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    each = [
        {"item_id": same.id, "class_ids": [bird], "suggested": shown(bird)},
        {"item_id": other.id, "class_ids": [bird], "suggested": shown(cat)},
        {"item_id": plain.id, "class_ids": [bird]},
    ]
    run_bulk(session, project, "ada", bulk.Wanted(each=each), "grid")
    assert events_of(session, same)[-1].suggested == shown(bird) | {"set_id": used.id} | BY_HEAD
    assert events_of(session, other)[-1].suggested == shown(cat)
    # What nobody looked at one by one says nothing of how good a suggestion was.
    assert events_of(session, plain)[-1].suggested is None


def test_what_a_set_says_of_a_few_items_is_looked_up_by_item(session):
    """SQLite would rather walk a covering index of the whole set."""
    project = a_project(session)
    [item] = some_items(session, project, 1)
    used = a_suggestion_set(session, project, {item: [0.9, 0.1, 0.0]})
    statements = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *call: statements.append(call[2:4]))
    assert decisions.said_of(session, used.id, [item.id])[item.id].class_id
    assert explore.confidences(session, used.id, [item.id])
    looked_up = [(sql, values) for sql, values in statements.copy() if "FROM suggestions" in sql]
    assert len(looked_up) == 2
    for sql, values in looked_up:
        steps = [step[3] for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert any("suggestions_by_item (set_id=? AND item_id=?)" in step for step in steps), steps
