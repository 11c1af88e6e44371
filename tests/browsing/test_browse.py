"""Filters, orders and cursors: every combination gives what a plain check over the items gives."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db import browse, browse_orders, browse_walk, items, words
from db.items import Filter
from db.models import PRESENT, Split, Status
from db.session import Session
from tests.browsing.builders import Built, fitting, random_items

COUNT = 150
SORTS = ("oldest", "newest", "least_sure", "surest", "decided")


@pytest.fixture
def built(session: Session) -> Built:
    return random_items(session, COUNT, seed=11)


def filters(built: Built, asked: tuple[str, ...] = ("", "heron", "egret case", "her*", "crow x*", "nowhere")) -> Any:
    shares = st.one_of(st.none(), st.integers(0, 20).map(lambda each: each / 20))
    return st.builds(
        Filter,
        status=st.sampled_from([None, None, *Status]),
        class_id=st.sampled_from([None, None, *built.class_ids]),
        text=st.sampled_from(asked),
        suggestion=st.sampled_from([None, None, *built.class_ids]),
        confidence_from=shares,
        confidence_to=shares,
        disagrees=st.sampled_from([None, None, "suggestion", "gold"]),
        split=st.sampled_from([None, None, "none", *Split]),
        annotator_id=st.sampled_from([None, None, *built.annotator_ids]),
        origin_id=st.sampled_from([None, None, *built.origin_ids]),
        has_no_label=st.booleans(),
    )


def each_filter(built: Built, check: Callable[[Filter], None], examples: int = 100, **more: Any) -> None:
    settings(max_examples=examples, deadline=None)(given(filters(built, **more))(check))()


def all_pages(session: Session, built: Built, wanted: Filter, sort: Any, limit: int = 7, **more: Any) -> list[int]:
    found: list[int] = []
    after = None
    while True:
        page = browse.page(session, built.project.id, wanted, sort=sort, after=after, limit=limit, **more)
        assert len(page.ids) <= limit
        found += page.ids
        if page.next is None:
            return found
        assert page.next != after
        after = page.next


def test_any_filter_gives_the_items_of_a_plain_check_page_by_page(session: Session, built: Built) -> None:
    def check(wanted: Filter) -> None:
        expected = fitting(built, wanted)
        assert all_pages(session, built, wanted, "oldest") == expected
        assert all_pages(session, built, wanted, "newest") == expected[::-1]
        assert list(items.ids(session, built.project.id, wanted, limit=COUNT)) == expected
        counted = items.count_matching(session, built.project.id, wanted)
        labeled = sum(each.status == Status.LABELED for each in built.items if each.id in set(expected))
        assert counted == {"count": len(expected), "labeled": labeled, "is_exact": True}

    each_filter(built, check)


def test_no_budget_of_time_loses_or_repeats_an_item(
    session: Session, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse_walk, "WINDOW", 20)
    monkeypatch.setattr(browse_orders, "WINDOW", 20)
    monkeypatch.setattr(browse_orders, "FEW", 3)

    def check(wanted: Filter) -> None:
        expected = fitting(built, wanted)
        for sort in SORTS:
            found = all_pages(session, built, wanted, sort, budget_s=0.0)
            assert len(found) == len(set(found))
            assert set(found) <= set(expected)
        assert all_pages(session, built, wanted, "oldest", budget_s=0.0) == expected

    each_filter(built, check, examples=20)


@pytest.mark.parametrize("few", [0, 10_000])
def test_the_orders_by_suggestion_and_decision_are_those_of_a_plain_sort(
    session: Session, built: Built, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(browse_orders, "FEW", few)
    by_id = {item.id: item for item in built.items}

    def check(wanted: Filter) -> None:
        expected = fitting(built, wanted)
        which = 2 if wanted.suggestion is None else 1
        suggested = [built.says[item_id][which] for item_id in expected if item_id in built.says]
        for sort, values in (("least_sure", sorted(suggested)), ("surest", sorted(suggested, reverse=True))):
            found = all_pages(session, built, wanted, sort)
            assert [built.says[item_id][which] for item_id in found] == values
            assert set(found) == {item_id for item_id in expected if item_id in built.says}
        events = sorted((by_id[item_id].last_event_id or 0 for item_id in expected), reverse=True)
        found = all_pages(session, built, wanted, "decided")
        assert [by_id[item_id].last_event_id for item_id in found] == [each for each in events if each]

    each_filter(built, check)


@pytest.mark.parametrize("is_half", [False, True])
def test_words_that_the_index_does_not_have_yet_are_looked_for_in_the_texts(session: Session, is_half: bool) -> None:
    built = random_items(session, COUNT, seed=12, is_indexed=False)
    if is_half:
        words.index_more(session, COUNT)

    def check(wanted: Filter) -> None:
        expected = fitting(built, wanted)
        assert all_pages(session, built, wanted, "oldest") == expected
        assert all_pages(session, built, wanted, "newest") == expected[::-1]

    each_filter(built, check, asked=("", "crow", "case x2", "crow x*", "nowhere"))


def test_a_cursor_of_another_order_is_refused(session: Session, built: Built) -> None:
    with pytest.raises(browse.BadCursor):
        browse.page(session, built.project.id, Filter(), sort="oldest", after="0.5~3")
    with pytest.raises(browse.BadCursor):
        browse.page(session, built.project.id, Filter(), sort="surest", after="what")


def test_without_a_filter_nothing_is_counted_one_by_one(session: Session, built: Built) -> None:
    counted = items.count_matching(session, built.project.id, Filter(), budget_s=0.0)
    assert counted["is_exact"]
    assert counted["count"] == sum(each.status in PRESENT for each in built.items)


def test_a_count_that_runs_out_of_time_says_at_least_how_many(
    session: Session, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browse_walk, "WINDOW", 5)
    counted = items.count_matching(session, built.project.id, Filter(split=Split.TRAIN), budget_s=0.0)
    assert not counted["is_exact"]
    assert counted["count"] <= len(fitting(built, Filter(split=Split.TRAIN)))


def test_a_filter_that_was_kept_by_an_earlier_version_still_means_the_same() -> None:
    assert Filter.from_json({"status": "todo", "class_id": None, "text": ""}) == Filter(status=Status.TODO)
    wanted = Filter(status=Status.LABELED, split=Split.TEST, confidence_from=0.5, disagrees="gold")
    assert Filter.from_json(wanted.as_json()) == wanted
    assert Filter.from_json(Filter(split="none").as_json() | {"of_a_later_version": 1}) == Filter(split="none")
