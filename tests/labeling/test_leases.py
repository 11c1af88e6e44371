"""Nobody gets what another has in front of them, and nothing is held for ever."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from backend import errors
from backend.labeling import labels, leases, queue
from db.models import Item, Lease, Project, now
from db.session import reading, writing
from tests.labeling.builders import a_project, a_suggestion_set, an_event, class_id, some_items

ADA, BOB = leases.holder("ada", "one"), leases.holder("bob")


@pytest.fixture
def project(home) -> Project:
    """Ten items, 1 to 10, each suggested to be a bird."""
    with writing() as session:
        project = a_project(session)
        items = some_items(session, project, 10)
        a_suggestion_set(session, project, {item: [0.5 + item.id / 100, 0.2, 0.1] for item in items})
        assert project.classes
        return project


def held(who: str) -> list[int]:
    with reading() as session:
        return sorted(each.item_id for each in session.query(Lease).filter_by(holder=who))


def expire(item_ids: Sequence[int]) -> None:
    with writing() as session:
        for lease in session.query(Lease).filter(Lease.item_id.in_(item_ids)):
            lease.until = now() - timedelta(seconds=1)


def decide(project: Project, *item_ids: int) -> None:
    with writing() as session:
        events = [an_event(session.get_one(Item, each), class_id(project, "bird")) for each in item_ids]
        assert not labels.record(session, project, "eve", events).rejected


@pytest.mark.parametrize("order", ["sequential", "random", "uncertain", "class:bird", "sure:bird"])
def test_two_annotators_get_different_items_and_each_their_own_again(project, order):
    first, second = queue.take(project.id, ADA, order, 4), queue.take(project.id, BOB, order, 4)
    assert len(set(first) | set(second)) == 8
    assert queue.take(project.id, ADA, order, 4) == first
    assert queue.take(project.id, ADA, order, 9) != first
    assert set(queue.take(project.id, BOB, order, 9)) == set(second)


def test_two_tabs_of_one_annotator_are_two_holders(project):
    first = queue.take(project.id, leases.holder("ada", "one"), limit=4)
    assert set(first).isdisjoint(queue.take(project.id, leases.holder("ada", "two"), limit=4))


def test_what_a_caller_leaves_out_stays_held(project):
    first = queue.take(project.id, ADA, limit=3)
    then = queue.take(project.id, ADA, limit=3, without=first)
    assert (first, then) == ([1, 2, 3], [4, 5, 6])
    assert held(ADA) == [1, 2, 3, 4, 5, 6]
    assert queue.take(project.id, BOB, limit=9) == [7, 8, 9, 10]
    assert queue.take(project.id, BOB, limit=9, without=[7, 8, 9, 10]) == []


def test_a_lease_ends_by_itself_and_its_row_goes_when_others_are_taken(project):
    queue.take(project.id, ADA, limit=10)
    assert queue.take(project.id, BOB, limit=10) == []
    expire([1, 2, 3])
    assert queue.take(project.id, BOB, limit=2) == [1, 2]
    assert held(ADA) == [4, 5, 6, 7, 8, 9, 10]
    assert held(BOB) == [1, 2]


def test_asking_again_holds_for_longer(project):
    queue.take(project.id, ADA, limit=1)
    with writing() as session:
        session.query(Lease).one().until = soon = now() + timedelta(seconds=5)
    queue.take(project.id, ADA, limit=1)
    with reading() as session:
        assert session.query(Lease).one().until > soon + timedelta(seconds=leases.LEASE_S - 60)


def test_hold_keeps_exactly_what_is_named_and_lets_go_of_the_rest(project):
    queue.take(project.id, ADA, limit=4)
    assert leases.hold(project.id, ADA, [4, 3, 4, 9]) == leases.Held([4, 3, 9], [])
    assert held(ADA) == [3, 4, 9]
    assert queue.take(project.id, BOB, limit=3) == [1, 2, 5]


def test_hold_says_what_is_lost(project):
    queue.take(project.id, ADA, limit=3)
    decide(project, 1)
    queue.take(project.id, BOB, limit=1)
    with writing() as session:
        stranger = some_items(session, a_project(session), 1)[0].id
    assert leases.hold(project.id, ADA, [1, 2, 4, 3, stranger, 999]) == leases.Held([2, 3], [1, 4, stranger, 999])
    assert held(ADA) == [2, 3]
    assert held(BOB) == [4]


def test_hold_of_what_ended_meanwhile_takes_it_again_unless_another_has_it(project):
    queue.take(project.id, ADA, limit=2)
    expire([1, 2])
    queue.take(project.id, BOB, limit=1)
    assert leases.hold(project.id, ADA, [1, 2]) == leases.Held([2], [1])


def test_to_hold_nothing_lets_go_of_everything(project):
    queue.take(project.id, ADA, limit=10)
    assert leases.hold(project.id, ADA, []) == leases.Held([], [])
    assert queue.take(project.id, BOB, limit=10) == list(range(1, 11))


def test_hold_of_an_unknown_project_is_refused(home):
    with pytest.raises(errors.NotFound):
        leases.hold(77, ADA, [1])


def test_a_lease_does_not_block_a_label(project):
    queue.take(project.id, ADA, limit=10)
    decide(project, 1, 2)
    assert queue.take(project.id, ADA, limit=10) == list(range(3, 11))


@pytest.mark.parametrize("tab", ["x" * 41, "a/b", "a b", "ü", "a\n"])
def test_a_tab_has_letters_digits_and_hyphens(tab):
    with pytest.raises(errors.Invalid):
        leases.holder("ada", tab)


def test_a_name_with_a_slash_is_not_another_ones_tab():
    assert leases.holder("ada/x") != leases.holder("ada", "x")


@pytest.mark.parametrize("order", ["sequential", "random", "uncertain", "sure:bird"])
def test_eight_who_ask_in_the_same_moment_get_different_items_and_all_they_asked_for(home, order):
    with writing() as session:
        project = a_project(session)
        items = some_items(session, project, 400)
        a_suggestion_set(session, project, {item: [0.5, 0.2, 0.1] for item in items})
    start = threading.Barrier(8)

    def ask(number: int) -> list[int]:
        start.wait()
        return queue.take(project.id, leases.holder(f"annotator {number}"), order, 50)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert [len(answer) for answer in answers] == [50] * 8
    assert len({item_id for answer in answers for item_id in answer}) == 400


def test_what_is_left_is_shared_out_to_the_last_item(home):
    with writing() as session:
        project = a_project(session)
        some_items(session, project, 30)
    start = threading.Barrier(8)

    def ask(number: int) -> list[int]:
        start.wait()
        return queue.take(project.id, leases.holder(f"annotator {number}"), limit=5)

    with ThreadPoolExecutor(8) as pool:
        found = [item_id for answer in pool.map(ask, range(8)) for item_id in answer]
    assert sorted(found) == list(range(1, 31))
