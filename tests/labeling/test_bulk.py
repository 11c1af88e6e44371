"""Labeling many at once: in parts, as one decision, and never over what was decided meanwhile."""

import pytest

from backend import errors, projects
from backend.jobs.progress import Handle
from backend.labeling import bulk, job, labels, moves
from backend.labeling.bulk import Wanted
from backend.labeling.moves import PART
from db import jobs as job_rows
from db import labels as rows
from db.items import Filter
from db.models import Decision, DecisionState, Item, JobKind, Project, Status
from db.session import Session, reading, writing
from tests.labeling.builders import a_project, an_event, an_item, bulk_label, class_id, run_bulk, some_items


def stands(session: Session, project: Project, item: Item) -> tuple[str, tuple[int, ...]]:
    state = rows.states(session, project.id, [item.id])[item.id]
    return state.status, state.class_ids


def labeled(project: Project) -> int:
    with reading() as session:
        return session.query(Item).filter_by(project_id=project.id, status=Status.LABELED).count()


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Filter(), 6),
        (Filter(status=Status.TODO), 4),
        (Filter(status=Status.LABELED), 2),
        (Filter(text="item 3"), 1),
        (Filter(text="item", status=Status.LABELED), 2),
    ],
)
def test_a_filter_labels_what_it_counted(session, wanted, fits):
    project = a_project(session)
    items = some_items(session, project, 6)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    labels.record(session, project, "ada", [an_event(item, bird) for item in items[:2]])
    chosen = Wanted(class_ids=[cat], filter=wanted)
    counted = bulk.count(session, project, chosen)
    assert counted["count"] == fits
    assert counted["labeled"] == (2 if wanted.status != Status.TODO and wanted.text != "item 3" else 0)
    assert run_bulk(session, project, "ada", chosen, "all").changed == fits
    assert sum(stands(session, project, item) == ("labeled", (cat,)) for item in items) == fits


def test_a_filter_by_class_names_the_items_of_that_class(session):
    project = a_project(session)
    items = some_items(session, project, 5)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    labels.record(session, project, "ada", [an_event(item, bird) for item in items[:3]])
    chosen = Wanted(class_ids=[cat], filter=Filter(class_id=bird))
    assert bulk.count(session, project, chosen) == {"count": 3, "labeled": 3, "is_exact": True}
    assert run_bulk(session, project, "ada", chosen, "e").changed == 3
    moves.undo(session, project, "ada", "u")
    assert {stands(session, project, item) for item in items[:3]} == {("labeled", (bird,))}


def test_items_that_come_in_meanwhile_are_not_among_those_that_were_counted(session):
    project = a_project(session)
    some_items(session, project, PART + 1)
    chosen = Wanted(class_ids=[class_id(project, "cat")], filter=Filter(status=Status.TODO))
    assert not bulk.part(session, project, "ada", chosen, "e").is_done
    late = an_item(session, project, "late")
    assert run_bulk(session, project, "ada", chosen, "e").changed == PART + 1
    assert stands(session, project, late) == ("todo", ())


def test_asked_for_again_in_the_middle_it_goes_on_and_at_the_end_it_changes_nothing(session):
    project = a_project(session)
    items = some_items(session, project, 2 * PART)
    cat = class_id(project, "cat")
    chosen = Wanted(class_ids=[cat], item_ids=[item.id for item in items])
    bulk.part(session, project, "ada", chosen, "e")
    assert run_bulk(session, project, "ada", chosen, "e").changed == 2 * PART
    labels.record(session, project, "bob", [an_event(items[0], class_id(project, "dog"))])
    assert run_bulk(session, project, "ada", chosen, "e").changed == 2 * PART
    assert stands(session, project, items[0]) == ("labeled", (class_id(project, "dog"),))
    assert session.query(Decision).count() == 2


def test_taken_back_while_it_is_at_work_it_ends(session):
    project = a_project(session)
    items = some_items(session, project, 2 * PART)
    chosen = Wanted(class_ids=[class_id(project, "cat")], item_ids=[item.id for item in items])
    bulk.part(session, project, "ada", chosen, "e")
    while not moves.undo(session, project, "ada", "u").is_done:
        pass
    assert bulk.part(session, project, "ada", chosen, "e").is_done
    assert {stands(session, project, item) for item in items} == {("todo", ())}


def test_a_new_decision_in_the_middle_of_an_undo_does_not_stop_it(session):
    project = a_project(session)
    items = some_items(session, project, 2 * PART + 1)
    cat = class_id(project, "cat")
    bulk_label(session, project, "ada", [item.id for item in items[1:]], [cat], event_id="e")
    assert not moves.undo(session, project, "ada", "u").is_done
    labels.record(session, project, "ada", [an_event(items[0], cat)])
    while not (moved := moves.undo(session, project, "ada", "u")).is_done:
        pass
    assert moved.changed == 2 * PART
    assert {stands(session, project, item) for item in items[1:]} == {("todo", ())}
    assert session.get(Decision, 1).state == DecisionState.DROPPED


def test_each_item_may_get_its_own_classes_in_one_decision(session):
    project = a_project(session)
    first, second = some_items(session, project, 2)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    said = {"class_id": bird, "confidence": 0.9, "is_hidden": False}
    each = [
        {"item_id": second.id, "class_ids": [cat], "suggested": said},
        {"item_id": first.id, "class_ids": [bird], "suggested": said},
        {"item_id": 999, "class_ids": [bird]},
    ]
    done = run_bulk(session, project, "ada", Wanted(each=each), "grid")
    assert (done.changed, [why["code"] for why in done.rejected]) == (2, ["unknown_item"])
    assert stands(session, project, second) == ("labeled", (cat,))
    assert moves.undo(session, project, "ada", "u").changed == 2


def test_nothing_named_and_wrong_classes_are_refused_before_anything_changes(session):
    project = a_project(session)
    some_items(session, project, 2)
    with pytest.raises(errors.Invalid, match="No items were named"):
        bulk.part(session, project, "ada", Wanted(class_ids=[class_id(project, "cat")]), "e")
    with pytest.raises(errors.Invalid, match="exactly one class"):
        bulk.part(session, project, "ada", Wanted(filter=Filter()), "e")
    assert session.query(Decision).count() == 0


def test_very_many_are_a_job_that_goes_on_where_it_was_stopped(home):
    with writing() as session:
        project = a_project(session)
        some_items(session, project, 2 * PART + 5)
        chosen = Wanted(class_ids=[class_id(project, "cat")], filter=Filter(status=Status.TODO))
        queued = bulk.start(session, project, "ada", chosen, "e", total=2 * PART + 5)
        assert bulk.start(session, project, "ada", chosen, "e", total=2 * PART + 5).id == queued.id
        assert queued.kind == JobKind.LABEL

    class Stopping(Exception):
        pass

    def stop(_had_turn: int) -> None:
        raise Stopping

    with pytest.raises(Stopping):
        bulk.label(project.id, "ada", bulk.from_spec(queued.spec), "e", stop)
    assert labeled(project) == PART
    with reading() as session:
        handle = Handle(job_rows.get(session, queued.id))
    assert job.run(handle) == {"changed": 2 * PART + 5, "left": 0}
    assert labeled(project) == 2 * PART + 5
    moved = moves.Moved(is_done=False)
    while not moved.is_done:
        with writing() as session:
            moved = moves.undo(session, projects.get(session, project.id), "ada", "u")
    assert (moved.changed, labeled(project)) == (2 * PART + 5, 0)


def test_what_somebody_decides_while_it_is_at_work_stays(session):
    project = a_project(session)
    items = some_items(session, project, PART + 2)
    cat, dog = class_id(project, "cat"), class_id(project, "dog")
    chosen = Wanted(class_ids=[cat], filter=Filter())
    bulk.part(session, project, "ada", chosen, "e")
    labels.record(session, project, "bob", [an_event(items[-1], dog)])
    done = run_bulk(session, project, "ada", chosen, "e")
    assert (done.changed, done.left) == (PART + 1, 1)
    assert stands(session, project, items[-1]) == ("labeled", (dog,))


def test_an_undo_takes_back_a_job_that_has_not_begun_and_nothing_older(session):
    project = a_project(session)
    first, *rest = some_items(session, project, 4)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    labels.record(session, project, "ada", [an_event(first, bird)])
    chosen = Wanted(class_ids=[cat], item_ids=[item.id for item in rest])
    bulk.start(session, project, "ada", chosen, "e", total=3)
    assert moves.undo(session, project, "ada", "u").is_done
    assert stands(session, project, first) == ("labeled", (bird,))
    assert run_bulk(session, project, "ada", chosen, "e").changed == 0
    assert {stands(session, project, item) for item in rest} == {("todo", ())}


def test_an_event_id_stands_for_one_action(session):
    project = a_project(session)
    [item] = some_items(session, project, 1)
    bulk_label(session, project, "ada", [item.id], [class_id(project, "cat")], event_id="e")
    with pytest.raises(errors.Invalid, match="something else"):
        moves.undo(session, project, "ada", "e")
