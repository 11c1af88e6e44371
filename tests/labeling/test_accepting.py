"""Measured accept: frozen, judged by blind answers, and taken over as it was measured."""

import pytest

from backend import errors
from backend.evaluating.intervals import wilson
from backend.labeling import accepting, labels, moves
from backend.labeling.bulk import Wanted
from db import labels as rows
from db.models import Acceptance, Item, Project, Suggestion
from db.session import Session
from tests.labeling.builders import a_project, a_suggestion_set, an_event, class_id, run_bulk, some_items

BIRD, CAT, UNSURE = [0.95, 0.03, 0.02], [0.02, 0.97, 0.01], [0.5, 0.3, 0.2]


def prepare(session: Session, project: Project, annotator: str, confidence: float) -> Acceptance:
    return accepting.freeze(
        session, project, annotator, confidence, accepting.sure_enough(session, project, confidence)
    )


def classes_of(session: Session, project: Project, item: Item) -> tuple[int, ...]:
    return rows.states(session, project.id, [item.id])[item.id].class_ids


@pytest.fixture
def project(session) -> Project:
    """30 items suggested to be birds, 10 cats, 5 nobody knows."""
    project = a_project(session)
    items = some_items(session, project, 45)
    a_suggestion_set(session, project, dict(zip(items, [BIRD] * 30 + [CAT] * 10 + [UNSURE] * 5, strict=True)))
    return project


def items_of(session: Session, project: Project) -> list[Item]:
    return session.query(Item).filter_by(project_id=project.id).order_by(Item.id).all()


def answer_as_suggested(session: Session, project: Project, acceptance, but: int = 0) -> None:
    """Label the sample as suggested, all but the first few as dogs."""
    said = {each.item_id: each.class_id for each in session.query(Suggestion)}
    dog = class_id(project, "dog")
    for number, item_id in enumerate(acceptance.sample):
        item = session.get(Item, item_id)
        labels.record(session, project, "ada", [an_event(item, dog if number < but else said[item_id])])


def test_what_is_sure_enough_is_frozen_and_twenty_are_asked(session, project):
    acceptance = prepare(session, project, "ada", 0.9)
    found = accepting.measured(session, project, acceptance)
    assert (found["count"], len(found["sample"]), len(found["to_ask"])) == (40, 20, 20)
    assert found["by_class"] == {class_id(project, "bird"): 30, class_id(project, "cat"): 10}
    assert found["answers"] == {"right": 0, "count": 0, "share": None, "low": 0.0, "high": 1.0}
    unsure = {item.id for item in items_of(session, project)[40:]}
    assert not unsure & set(found["sample"])


def test_the_answers_say_what_share_to_expect_right(session, project):
    acceptance = prepare(session, project, "ada", 0.9)
    answer_as_suggested(session, project, acceptance, but=2)
    found = accepting.measured(session, project, acceptance)
    low, high = wilson(18, 20)
    assert found["answers"] == {"right": 18, "count": 20, "share": 0.9, "low": round(low, 4), "high": round(high, 4)}
    assert (found["count"], found["to_ask"]) == (20, [])
    assert [each["item_id"] for each in found["wrong"]] == acceptance.sample[:2]


def test_a_skipped_one_is_no_answer_and_not_asked_again(session, project):
    acceptance = prepare(session, project, "ada", 0.9)
    labels.record(session, project, "ada", [an_event(session.get(Item, acceptance.sample[0]), action="skip")])
    found = accepting.measured(session, project, acceptance)
    assert (found["answers"]["count"], len(found["to_ask"]), found["count"]) == (0, 19, 39)


def test_accepting_labels_what_was_frozen_even_when_the_suggestions_learned_on(session, project):
    items = items_of(session, project)
    dog = class_id(project, "dog")
    acceptance = prepare(session, project, "ada", 0.9)
    answer_as_suggested(session, project, acceptance)
    decided = next(item for item in items[:30] if item.id not in acceptance.sample)
    labels.record(session, project, "bob", [an_event(decided, dog)])
    session.query(Suggestion).update({"class_id": dog})
    done = run_bulk(session, project, "ada", Wanted(acceptance_id=acceptance.id), "accept")
    assert done.changed == 19
    assert classes_of(session, project, decided) == (dog,)
    birds = [item for item in items[:30] if item is not decided]
    assert {classes_of(session, project, item) for item in birds} == {(class_id(project, "bird"),)}
    assert {classes_of(session, project, item) for item in items[30:40]} == {(class_id(project, "cat"),)}
    assert {classes_of(session, project, item) for item in items[40:]} == {()}
    assert moves.undo(session, project, "ada", "u").changed == 19
    assert sum(bool(classes_of(session, project, item)) for item in items) == 21


def test_with_several_classes_each_must_be_sure_one_way_or_the_other(session):
    project = a_project(session, "red", "round", multi_label=True)
    both, none, half = some_items(session, project, 3)
    a_suggestion_set(session, project, {both: [0.99, 0.95], none: [0.01, 0.02], half: [0.97, 0.6]})
    acceptance = prepare(session, project, "ada", 0.9)
    assert acceptance.sample == [both.id]
    run_bulk(session, project, "ada", Wanted(acceptance_id=acceptance.id), "accept")
    assert classes_of(session, project, both) == tuple(each.id for each in project.classes)
    assert classes_of(session, project, half) == ()


@pytest.mark.parametrize(("confidence", "why"), [(0.99, "No item to do"), (0.2, "20%"), (1.5, "150%")])
def test_a_confidence_that_leads_nowhere_is_refused_with_a_reason(session, project, confidence, why):
    with pytest.raises(errors.Invalid, match=why):
        prepare(session, project, "ada", confidence)


def test_without_suggestions_there_is_nothing_to_accept(session):
    project = a_project(session)
    some_items(session, project, 2)
    with pytest.raises(errors.Invalid, match="no suggestions"):
        prepare(session, project, "ada", 0.9)


@pytest.mark.parametrize(
    ("right", "count", "low", "high"),
    [(20, 20, 0.8389, 1.0), (0, 20, 0.0, 0.1611), (9, 10, 0.5958, 0.9821), (0, 0, 0, 1)],
)
def test_the_interval_is_wilsons(right, count, low, high):
    assert wilson(right, count) == pytest.approx((low, high), abs=1e-4)
