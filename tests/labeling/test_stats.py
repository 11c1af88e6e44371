"""How far it is: counts, agreement, pace."""

from backend.labeling import labels, moves, stats
from db.models import Split
from tests.labeling.builders import a_project, a_suggestion_set, an_event, an_item, class_id, some_items, suggestion_of


def test_an_empty_project_has_zeros_and_no_rates(session):
    found = stats.of(session, a_project(session))
    assert found["by_status"] == {"todo": 0, "labeled": 0, "skipped": 0, "flagged": 0}
    assert (found["items"], found["acceptance_rate"], found["labels_per_minute"]) == (0, None, None)


def test_counts_follow_what_was_decided_and_undone(session):
    project = a_project(session)
    items = some_items(session, project, 6)
    bird, cat = class_id(project, "bird"), class_id(project, "cat")
    items[0].split = Split.TRAIN
    session.flush()
    labels.record(session, project, "ada", [an_event(items[0], bird), an_event(items[1], bird)])
    labels.record(session, project, "bob", [an_event(items[2], cat), an_event(items[3], action="skip")])
    labels.record(session, project, "bob", [an_event(items[4], action="flag")])
    moves.undo(session, project, "bob", "u")
    found = stats.of(session, project)
    assert found["by_status"] == {"todo": 2, "labeled": 3, "skipped": 1, "flagged": 0}
    assert {each["name"]: each["count"] for each in found["by_class"]} == {"bird": 2, "cat": 1, "dog": 0}
    assert found["by_split"] == {"train": 1}
    assert found["by_annotator"] == {"ada": 2, "bob": 2}


def test_the_acceptance_rate_counts_labels_that_had_a_suggestion(session):
    project = a_project(session)
    items = some_items(session, project, 5)
    a_suggestion_set(session, project, {item: [0.8, 0.1, 0.1] for item in items[:4]})
    for item, name in zip(items, ("bird", "bird", "bird", "cat", "dog"), strict=True):
        said = suggestion_of(session, item).id if item is not items[4] else None
        labels.record(session, project, "ada", [an_event(item, class_id(project, name), suggestion_id=said)])
    found = stats.of(session, project)
    assert (found["suggestions_seen"], found["acceptance_rate"]) == (4, 0.75)


def look_at(session, project, who: str, *seconds: float) -> None:
    bird = class_id(project, "bird")
    for number, spent in enumerate(seconds):
        item = an_item(session, project, f"{who} {number}")
        labels.record(session, project, who, [an_event(item, bird, seconds=spent)])


def test_a_pause_counts_neither_with_its_time_nor_with_its_item(session):
    project = a_project(session)
    look_at(session, project, "ada", 2.0, 4.0, 3000.0)
    assert stats.of(session, project)["labels_per_minute"] == 20.0


def test_where_most_looks_are_long_it_is_the_work_that_is_slow(session):
    project = a_project(session)
    look_at(session, project, "ada", 60.0, 40.0, 20.0)
    assert stats.of(session, project)["labels_per_minute"] == 1.5


def test_the_pace_is_ones_own_and_says_how_long_the_rest_takes(session):
    project = a_project(session)
    look_at(session, project, "ada", 2.0, 2.0)
    look_at(session, project, "bob", 10.0)
    assert stats.own_pace(session, project, "ada", 60) == {"per_minute": 30.0, "left_s": 120}
    assert stats.own_pace(session, project, "bob", 60) == {"per_minute": 6.0, "left_s": 600}
    assert stats.own_pace(session, project, "eve", 60) == {"per_minute": None, "left_s": None}
