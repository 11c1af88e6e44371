"""Which test items stand in which gallery, and in what order. Worked out by hand."""

import numpy as np
import pytest

from backend.evaluating import comparison, galleries
from backend.evaluating.galleries import Order
from tests.evaluating import builders

# Of (heron, duck): what each run scores the heron with, and the label.
FIRST = [0.9, 0.6, 0.2, 0.3, 0.05]
SECOND = [0.1, 0.7, 0.4, 0.9, 0.55]
LABELS = [0, 1, 0, 0, 1]


@pytest.fixture
def found(session):
    """Two runs on five items: the table, and the ids of the items and of the classes."""
    project = builders.a_project(session)
    snapshot, items = builders.a_snapshot(session, project), builders.items(session, project, 5)
    runs = [builders.a_run(session, project, snapshot, name=name) for name in ("Head 1", "Head 2")]
    for run, herons in zip(runs, (FIRST, SECOND), strict=True):
        scores = [[heron, 1 - heron] for heron in herons]
        builders.with_answers(session, run, items, [[each] for each in LABELS], scores)
    table = comparison.shared(session, project, [run.id for run in runs])
    return table, [item.id for item in items], [each["id"] for each in snapshot.classes]


def test_each_item_stands_in_the_gallery_of_who_is_wrong(found):
    table, ids, _ = found
    shown = {name: galleries.item_ids(table, each) for name, each in galleries.of_pair(table).items()}
    assert shown == {"fixed": [ids[3]], "broken": [ids[0], ids[4]], "both_wrong": [ids[1], ids[2]]}
    # 0.8 and 0.7 and 0.6 of the first run.
    assert galleries.item_ids(table, galleries.mistakes(table)) == [ids[2], ids[3], ids[1]]


def test_they_come_by_confidence_by_class_or_by_how_far_the_runs_are_apart(found):
    table, ids, _ = found
    everything = galleries.Gallery(np.arange(5), 0)
    # 0.95, 0.9, 0.8, 0.7, 0.6
    assert galleries.item_ids(table, everything, Order.SUREST) == [ids[each] for each in (4, 0, 2, 3, 1)]
    assert galleries.item_ids(table, everything, Order.CLASS) == [ids[each] for each in (0, 2, 3, 4, 1)]
    # 0.8, 0.1, 0.2, 0.6, 0.5
    assert galleries.item_ids(table, everything, Order.APART) == [ids[each] for each in (0, 3, 4, 2, 1)]


def test_they_are_narrowed_to_a_true_class_and_an_answered_one(found):
    table, ids, (heron, duck) = found
    wrong = galleries.mistakes(table)
    assert galleries.true_classes(table, wrong) == {heron: 2, duck: 1}
    assert galleries.answered_classes(table, wrong) == {heron: 1, duck: 2}
    assert galleries.item_ids(table, galleries.narrowed(table, wrong, true=heron)) == [ids[2], ids[3]]
    assert galleries.item_ids(table, galleries.narrowed(table, wrong, answered=heron)) == [ids[1]]
    assert galleries.item_ids(table, galleries.narrowed(table, wrong, true=heron, answered=heron)) == []


def test_a_note_tells_what_each_run_says_and_the_label(found):
    table, ids, (heron, duck) = found
    told = galleries.notes(table, [ids[0]], ["Head 1", "Head 2"], {heron: "heron", duck: "duck"})
    assert told == {ids[0]: "Head 1 says heron 90 %, Head 2 says duck 90 %; labeled heron"}


def test_a_note_names_all_classes_or_that_there_is_none(session):
    project = builders.a_project(session, ("urgent", "billing"), multi_label=True)
    snapshot, items = builders.a_snapshot(session, project), builders.items(session, project, 2)
    run = builders.a_run(session, project, snapshot)
    builders.with_answers(session, run, items, [[0, 1], []], [[0.3, 0.2], [0.9, 0.61]], multi_label=True)
    table = comparison.tables(session, project, [run.id])[run.id]
    names = {each["id"]: each["name"] for each in snapshot.classes}
    assert list(galleries.notes(table, [item.id for item in items], ["Head"], names).values()) == [
        "Head says none of the classes; labeled urgent and billing",
        "Head says urgent 90 % and billing 61 %; labeled with none",
    ]
    assert galleries.item_ids(table, galleries.mistakes(table), Order.CLASS) == [items[0].id, items[1].id]
    assert galleries.item_ids(table, galleries.mistakes(table), Order.APART) == [items[1].id, items[0].id]
