"""Which items the studio shows."""

import pytest

from backend import errors
from backend.augmenting import choosing
from db.models import Split
from tests.explore.builders import a_project, an_item


@pytest.fixture
def project(session):
    project = a_project(session, "text")
    for number in range(4):
        an_item(session, project, f"bird {number}", label="bird")
        an_item(session, project, f"fish {number}", label="fish")
    for number in range(8):
        an_item(session, project, f"free {number}")
    return project


def titles(session, project, draw, count=3):
    return [each["title"] for each in choosing.choose(session, project, "classes", draw, count)]


def ids(session, project, way, draw, count=3):
    return [each["id"] for each in choosing.choose(session, project, way, draw, count)]


def test_one_of_each_class_comes_first_and_the_next_draw_brings_others(session, project):
    first, second = (ids(session, project, "classes", draw) for draw in (0, 1))
    assert titles(session, project, 0)[:2] == titles(session, project, 1)[:2] == ["bird", "fish"]
    assert not set(first[:2]) & set(second[:2])


def test_more_classes_than_rows_take_turns(session, project):
    assert titles(session, project, 0, 1) != titles(session, project, 1, 1)


def test_the_same_draw_gives_the_same_items(session, project):
    assert ids(session, project, "random", 7) == ids(session, project, "random", 7)
    assert len({tuple(ids(session, project, "random", draw)) for draw in range(6)}) > 1


def test_a_class_without_labels_leaves_its_row_to_others(session):
    project = a_project(session, "text")
    items = [an_item(session, project, f"free {number}") for number in range(5)]
    assert set(ids(session, project, "classes", 0, 3)) <= {item.id for item in items}
    assert len(ids(session, project, "classes", 3, 3)) == 3


def test_of_a_run_those_come_that_it_may_have_learned_from(session, project):
    learned = [an_item(session, project, f"learned {number}", label="bird") for number in range(3)]
    for item in learned:
        item.split = Split.TRAIN
    session.flush()
    found = choosing.trained_on(session, project, 10)
    assert {each["id"] for each in found} == {item.id for item in learned}


def test_another_way_and_a_foreign_item_are_refused(session, project):
    with pytest.raises(errors.Invalid):
        choosing.choose(session, project, "alphabet", 0, 3)
    other = an_item(session, a_project(session, "image"), "elsewhere")
    with pytest.raises(errors.NotFound):
        choosing.asked_for(session, project, [other.id])
