"""Recording, sending again, taking back and bringing again."""

from threading import Thread

import pytest

from backend import errors
from backend.labeling import labels, moves
from db import labels as rows
from db.labels import State
from db.models import Item, LabelClass, LabelEvent, Project, Status
from db.session import Session, reading, writing
from tests.labeling.builders import (
    a_project,
    a_suggestion_set,
    an_event,
    an_item,
    bulk_label,
    class_id,
    events_of,
    some_items,
    suggestion_of,
)


def state(session: Session, item: Item) -> State:
    return rows.states(session, item.project_id, [item.id])[item.id]


def stands(session: Session, item: Item) -> tuple[str, tuple[int, ...]]:
    now = state(session, item)
    return now.status, now.class_ids


def codes(recorded: labels.Recorded) -> list[str]:
    return [each["code"] for each in recorded.rejected]


def whole(way, session: Session, project: Project, event_id: str) -> moves.Moved:
    """Every part of ada's undo or redo."""
    moved = moves.Moved(is_done=False)
    while not moved.is_done:
        moved = way(session, project, "ada", event_id)
    return moved


def test_a_label_sets_status_classes_annotator_and_time(session):
    project = a_project(session)
    item = an_item(session, project)
    event = an_event(item, class_id(project, "bird"), seconds=1.5)
    assert labels.record(session, project, "ada", [event]) == labels.Recorded([event["event_id"]])
    found = state(session, item)
    assert (found.status, found.class_ids) == (Status.LABELED, (class_id(project, "bird"),))
    [stored] = events_of(session, item)
    assert found.last_event_id == stored.id
    assert found.decided_at == stored.created_at
    assert found.annotator_id == stored.annotator_id
    assert stored.before["status"] == "todo"


def test_the_same_event_sent_twice_is_one_label(session):
    project = a_project(session)
    item = an_item(session, project)
    event = an_event(item, class_id(project, "bird"))
    for _ in range(2):
        assert labels.record(session, project, "ada", [event]).acked == [event["event_id"]]
    assert len(events_of(session, item)) == 1


def test_the_same_event_twice_in_one_request_is_one_label_and_acknowledged_once(session):
    project = a_project(session)
    item = an_item(session, project)
    event = an_event(item, class_id(project, "bird"))
    assert labels.record(session, project, "ada", [event, event]).acked == [event["event_id"]]
    assert len(events_of(session, item)) == 1


def test_the_same_event_from_two_requests_at_once_is_one_label(home):
    with writing() as session:
        project = a_project(session)
        item = an_item(session, project)
        event = an_event(item, class_id(project, "bird"))
    acked = []

    def send() -> None:
        with writing() as session:
            acked.extend(labels.record(session, project, "ada", [event]).acked)

    senders = [Thread(target=send) for _ in range(8)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    with reading() as session:
        assert len(events_of(session, item)) == 1
    assert acked == [event["event_id"]] * 8


def test_an_old_event_sent_again_does_not_undo_a_newer_one(session):
    project = a_project(session)
    item = an_item(session, project)
    old, new = an_event(item, class_id(project, "bird")), an_event(item, class_id(project, "cat"))
    labels.record(session, project, "ada", [old, new])
    labels.record(session, project, "ada", [old])
    assert stands(session, item) == ("labeled", (class_id(project, "cat"),))


def test_skip_and_clear_take_the_classes_away_and_a_flag_keeps_them(session):
    project = a_project(session)
    item = an_item(session, project)
    bird = class_id(project, "bird")
    seen = []
    for event in (
        an_event(item, bird),
        an_event(item, action="flag"),
        an_event(item, action="skip"),
        an_event(item, bird),
        an_event(item, action="clear"),
    ):
        labels.record(session, project, "ada", [event])
        seen.append(stands(session, item))
    assert seen == [("labeled", (bird,)), ("flagged", (bird,)), ("skipped", ()), ("labeled", (bird,)), ("todo", ())]
    assert state(session, item).annotator_id is None


def test_several_events_on_one_item_in_one_request_follow_each_other(session):
    project = a_project(session)
    item = an_item(session, project)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    labels.record(session, project, "ada", [an_event(item, bird), an_event(item, cat), an_event(item, action="flag")])
    assert stands(session, item) == ("flagged", (cat,))
    for expected in (("labeled", (cat,)), ("labeled", (bird,)), ("todo", ())):
        moves.undo(session, project, "ada", f"undo {expected}")
        assert stands(session, item) == expected


def test_a_wrong_event_is_rejected_alone_and_says_why(session):
    project, other = a_project(session), a_project(session)
    item, foreign = an_item(session, project), an_item(session, other)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    session.get(LabelClass, cat).archived = True
    session.flush()
    good = an_event(item, bird)
    wrong = [
        an_event(foreign, bird),
        an_event(item, class_id(other, "bird")),
        an_event(item, cat),
        an_event(item, bird, class_id(project, "dog")),
        an_event(item),
        an_event(item, bird, action="undo"),
        {**an_event(item, bird), "item_id": 999_999},
    ]
    recorded = labels.record(session, project, "ada", [*wrong[:3], good, *wrong[3:]])
    assert recorded.acked == [good["event_id"]]
    assert [each["event_id"] for each in recorded.rejected] == [each["event_id"] for each in wrong]
    assert codes(recorded) == [
        "unknown_item",
        "unknown_class",
        "archived_class",
        "one_class",
        "one_class",
        "unknown_action",
        "unknown_item",
    ]
    assert stands(session, item) == ("labeled", (bird,))


def test_in_a_multi_label_project_an_item_may_have_several_classes_or_none(session):
    project = a_project(session, multi_label=True)
    item = an_item(session, project)
    both = sorted([class_id(project, "bird"), class_id(project, "dog")])
    labels.record(session, project, "ada", [an_event(item, *reversed(both))])
    assert stands(session, item) == ("labeled", tuple(both))
    labels.record(session, project, "ada", [an_event(item)])
    assert stands(session, item) == ("labeled", ())


def test_a_label_knows_whether_it_agreed_with_its_suggestion(session):
    project = a_project(session)
    item = an_item(session, project)
    a_suggestion_set(session, project, {item: [0.9, 0.1, 0.0]})
    suggestion = suggestion_of(session, item)
    for name in ("bird", "cat"):
        event = an_event(item, class_id(project, name), suggestion_id=suggestion.id)
        labels.record(session, project, "ada", [event])
    labels.record(session, project, "ada", [an_event(item, class_id(project, "cat"), suggestion_id=987)])
    labels.record(session, project, "ada", [an_event(item, action="skip", suggestion_id=suggestion.id)])
    assert [event.agreed for event in events_of(session, item)] == [True, False, None, None]


def test_a_bulk_label_is_taken_back_and_brought_again_as_one(session):
    project = a_project(session)
    items = some_items(session, project, 1200)
    cat = class_id(project, "cat")
    bulk_label(session, project, "ada", [item.id for item in items], [cat], event_id="all")
    assert {stands(session, item) for item in items[::100]} == {("labeled", (cat,))}
    assert whole(moves.undo, session, project, "u").changed == 1200
    assert {stands(session, item) for item in items[::100]} == {("todo", ())}
    assert whole(moves.redo, session, project, "r").changed == 1200
    assert {stands(session, item) for item in items[::100]} == {("labeled", (cat,))}


def test_a_bulk_label_sent_again_changes_nothing(session):
    project = a_project(session)
    item = an_item(session, project)
    for _ in range(2):
        bulk_label(session, project, "ada", [item.id, item.id], [class_id(project, "cat")], event_id="all")
    assert len(events_of(session, item)) == 1


def test_a_bulk_label_with_a_wrong_class_changes_nothing(session):
    project = a_project(session)
    item = an_item(session, project)
    with pytest.raises(errors.Invalid, match="no class 77"):
        bulk_label(session, project, "ada", [item.id], [77], event_id="all")
    assert events_of(session, item) == []


def test_an_undo_restores_exactly_what_was_before(session):
    project = a_project(session)
    item = an_item(session, project)
    labels.record(session, project, "ada", [an_event(item, class_id(project, "bird"))])
    before = state(session, item)
    labels.record(session, project, "bob", [an_event(item, class_id(project, "cat"))])
    moves.undo(session, project, "bob", "u")
    assert state(session, item) == before


def test_an_undo_leaves_what_somebody_else_changed_since_and_says_so(session):
    project = a_project(session)
    first, second = some_items(session, project, 2)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    bulk_label(session, project, "ada", [first.id, second.id], [bird], event_id="both")
    labels.record(session, project, "bob", [an_event(second, cat)])
    assert moves.undo(session, project, "ada", "u") == moves.Moved([first.id], changed=1, left=1)
    assert stands(session, first) == ("todo", ())
    assert stands(session, second) == ("labeled", (cat,))


def test_an_undo_sent_again_takes_nothing_more_back(session):
    project = a_project(session)
    first, second = some_items(session, project, 2)
    bird = class_id(project, "bird")
    labels.record(session, project, "ada", [an_event(first, bird), an_event(second, bird)])
    for _ in range(2):
        assert moves.undo(session, project, "ada", "u").item_ids == [second.id]
    assert stands(session, first) == ("labeled", (bird,))


def test_a_new_decision_drops_what_was_undone(session):
    project = a_project(session)
    first, second = some_items(session, project, 2)
    bird = class_id(project, "bird")
    labels.record(session, project, "ada", [an_event(first, bird)])
    moves.undo(session, project, "ada", "u")
    labels.record(session, project, "ada", [an_event(second, bird)])
    assert moves.redo(session, project, "ada", "r") == moves.Moved()
    assert stands(session, first) == ("todo", ())


def test_what_was_undone_comes_back_in_the_order_it_was_decided(session):
    project = a_project(session)
    items = some_items(session, project, 3)
    bird = class_id(project, "bird")
    labels.record(session, project, "ada", [an_event(item, bird) for item in items])
    undone = [moves.undo(session, project, "ada", f"u{turn}").item_ids for turn in range(3)]
    redone = [moves.redo(session, project, "ada", f"r{turn}").item_ids for turn in range(3)]
    assert undone == [[item.id] for item in reversed(items)]
    assert redone == [[item.id] for item in items]


def test_nobody_undoes_what_another_annotator_decided(session):
    project = a_project(session)
    item = an_item(session, project)
    labels.record(session, project, "ada", [an_event(item, class_id(project, "bird"))])
    assert moves.undo(session, project, "bob", "u") == moves.Moved()


def test_an_undo_goes_without_a_class_that_was_deleted_since(session):
    project = a_project(session)
    item = an_item(session, project)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    labels.record(session, project, "ada", [an_event(item, bird), an_event(item, cat)])
    session.delete(session.get(LabelClass, bird))
    session.flush()
    moves.undo(session, project, "ada", "u")
    assert stands(session, item) == ("todo", ())


def test_an_annotator_needs_a_name(session):
    project = a_project(session)
    with pytest.raises(errors.Invalid, match="1 to 100 letters"):
        labels.record(session, project, "  ", [])


def test_events_outlive_everything_but_their_item(session):
    project: Project = a_project(session)
    item = an_item(session, project)
    labels.record(session, project, "ada", [an_event(item, class_id(project, "bird"))])
    moves.undo(session, project, "ada", "u")
    moves.redo(session, project, "ada", "r")
    assert [event.action for event in session.query(LabelEvent)] == ["label", "undo", "redo"]


def test_where_items_stand_is_looked_up_by_item_however_many_the_project_has(session):
    project = a_project(session)
    ids = [item.id for item in some_items(session, project, 3)]
    asked: list[str] = []
    connection = session.connection().connection.driver_connection
    connection.set_trace_callback(asked.append)
    rows.states(session, project.id, ids)
    connection.set_trace_callback(None)
    [query] = [each for each in asked if "FROM items" in each]
    plan = [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert plan == ["SEARCH items USING INTEGER PRIMARY KEY (rowid=?)"]
