"""The numbers behind the Explore page."""

from db import explore
from db import projects as rows
from tests.explore.builders import a_project, an_item, suggestions


def test_labels_are_counted_for_the_classes_of_the_project_only(session):
    project, other = a_project(session), a_project(session, "image")
    an_item(session, project, "heron", label="bird")
    an_item(session, project, "stork", label="bird")
    an_item(session, project, "carp", label="fish")
    an_item(session, project, "moss")
    bird, fish, _plant = rows.classes(session, project.id)
    assert explore.labels_by_class(session, project.id) == {bird.id: 2, fish.id: 1}
    assert explore.labels_by_class(session, other.id) == {}


def test_the_sample_is_the_same_each_time_and_spread_over_the_project(session):
    project = a_project(session)
    items = [an_item(session, project, f"text {number}") for number in range(60)]
    sample = explore.sample(session, project.id, 20)
    assert sample == explore.sample(session, project.id, 20)
    assert len({each.item_id for each in sample}) == 20
    assert sorted(each.item_id for each in sample) != [item.id for item in items[:20]]
    assert all(each.letters in (6, 7) and each.width is None for each in sample)


def test_the_least_sure_items_come_first_and_decided_ones_do_not_come(session):
    project = a_project(session)
    sure, unsure, decided = (
        an_item(session, project, "heron"),
        an_item(session, project, "eel"),
        an_item(session, project, "carp", label="fish"),
    )
    used = suggestions(
        session, project, {sure.id: (0.8, 0.1, 0.1), unsure.id: (0.4, 0.39, 0.21), decided.id: (0.34, 0.33, 0.33)}
    )
    assert [item.id for item in explore.least_sure(session, used.id, 5)] == [unsure.id, sure.id]
    bird = rows.classes(session, project.id)[0]
    assert explore.confidences(session, used.id, [sure.id]) == [(bird.id, 0.8)]


def test_one_item_a_class_leaves_out_classes_without_labels(session):
    project = a_project(session)
    heron = an_item(session, project, "heron", label="bird")
    an_item(session, project, "stork", label="bird")
    moss = an_item(session, project, "moss", label="plant")
    class_ids = [each.id for each in rows.classes(session, project.id)]
    assert [item.id for item in explore.one_a_class(session, project.id, class_ids)] == [heron.id, moss.id]


def test_the_shuffled_order_goes_round_and_repeats_nothing(session):
    project = a_project(session)
    items = {an_item(session, project, f"text {number}").id for number in range(5)}
    found = explore.shuffled(session, project.id, b"\x80" * 32, 9)
    assert len(found) == 5
    assert {item.id for item in found} == items
