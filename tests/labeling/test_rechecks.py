"""Re-check: own labels once more, blind, and what that says of a person."""

import pytest

from backend import errors
from backend.labeling import labels, moves, rechecks
from db import labels as rows
from db.models import Project
from db.session import Session
from tests.labeling.builders import a_project, an_event, class_id, some_items


@pytest.fixture
def project(session) -> Project:
    return a_project(session)


def label_as_bird(session: Session, project: Project, who: str, count: int) -> list:
    items = some_items(session, project, count)
    labels.record(session, project, who, [an_event(item, class_id(project, "bird")) for item in items])
    return items


def check(session: Session, project: Project, who: str, item, name: str) -> labels.Recorded:
    return labels.record(session, project, who, [an_event(item, class_id(project, name), action="check")])


def test_a_share_of_ones_own_labels_comes_back(session, project):
    items = label_as_bird(session, project, "ada", 100)
    labels.record(session, project, "bob", [an_event(item, class_id(project, "cat")) for item in items[:50]])
    own = {item.id for item in items[50:]}
    assert set(rechecks.pick(session, project, "ada", 1.0)) == own
    assert len(rechecks.pick(session, project, "ada", 0.1)) == 5
    assert len(rechecks.pick(session, project, "ada")) == 2


def test_what_was_checked_does_not_come_back_until_it_is_labeled_anew(session, project):
    first, second = label_as_bird(session, project, "ada", 2)
    check(session, project, "ada", first, "bird")
    assert rechecks.pick(session, project, "ada", 1.0) == [second.id]
    labels.record(session, project, "ada", [an_event(first, class_id(project, "cat"))])
    assert set(rechecks.pick(session, project, "ada", 1.0)) == {first.id, second.id}


def test_a_check_changes_no_label_and_counts_how_far_a_person_agrees_with_themselves(session, project):
    items = label_as_bird(session, project, "ada", 4)
    before = rows.states(session, project.id, [item.id for item in items])
    for item, name in zip(items, ["bird", "bird", "bird", "cat"], strict=True):
        assert not check(session, project, "ada", item, name).conflicts
    assert rows.states(session, project.id, [item.id for item in items]) == before
    found = rechecks.agreement(session, project, "ada")
    assert (found["right"], found["count"], found["share"]) == (3, 4, 0.75)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    assert found["differing"] == [{"item_id": items[3].id, "first": [bird], "second": [cat]}]
    assert rechecks.agreement(session, project, "bob")["count"] == 0


def test_a_check_that_was_taken_back_does_not_count_and_one_after_it_does(session, project):
    [item] = label_as_bird(session, project, "ada", 1)
    check(session, project, "ada", item, "cat")
    assert moves.undo(session, project, "ada", "u1").item_ids == [item.id]
    assert rechecks.agreement(session, project, "ada")["count"] == 0
    assert moves.redo(session, project, "ada", "r1").item_ids == [item.id]
    assert rechecks.agreement(session, project, "ada")["right"] == 0
    check(session, project, "ada", item, "bird")
    found = rechecks.agreement(session, project, "ada")
    assert (found["right"], found["count"]) == (1, 1)


def test_there_must_be_something_to_check(session, project):
    with pytest.raises(errors.Invalid, match="no labels here"):
        rechecks.pick(session, project, "ada")
    [item] = label_as_bird(session, project, "ada", 1)
    check(session, project, "ada", item, "bird")
    with pytest.raises(errors.Invalid, match="was checked"):
        rechecks.pick(session, project, "ada")
    with pytest.raises(errors.Invalid, match="not a share"):
        rechecks.pick(session, project, "ada", 2)


def test_an_item_without_a_label_cannot_be_checked(session, project):
    [item] = some_items(session, project, 1)
    assert [each["code"] for each in check(session, project, "ada", item, "bird").rejected] == ["not_labeled"]


def test_a_check_in_the_same_request_as_a_new_label_leaves_that_label(session, project):
    [item] = label_as_bird(session, project, "ada", 1)
    cat = class_id(project, "cat")
    both = [an_event(item, cat), an_event(item, class_id(project, "dog"), action="check")]
    assert len(labels.record(session, project, "ada", both).acked) == 2
    assert rows.states(session, project.id, [item.id])[item.id].class_ids == (cat,)


def test_a_check_that_was_taken_back_is_asked_again(session, project):
    [item] = label_as_bird(session, project, "ada", 1)
    check(session, project, "ada", item, "cat")
    moves.undo(session, project, "ada", "u")
    assert rechecks.pick(session, project, "ada", 1.0) == [item.id]


def test_an_item_in_the_bin_is_not_among_the_answers(session, project):
    [item] = label_as_bird(session, project, "ada", 1)
    check(session, project, "ada", item, "cat")
    labels.record(session, project, "ada", [an_event(item, action="delete")])
    found = rechecks.agreement(session, project, "ada")
    assert (found["count"], found["differing"]) == (0, [])
