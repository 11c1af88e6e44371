"""The grid: many items that share a suggestion, labeled as one decision."""

from collections.abc import Sequence

import pytest
from playwright.sync_api import Locator, expect

from db.models import Project
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of, events_of, ids_of, of_colours, of_count, status_of, suggest
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"

COUNT = 60


def scores(count: int) -> list[list[float]]:
    """Two of three are suggested to be a bird, the later the surer; every third is a cat."""
    return [[0.2, 0.7, 0.1] if number % 3 == 2 else [0.6 + number / 200, 0.2, 0.1] for number in range(count)]


@pytest.fixture
def project(shared_app: App) -> Project:
    return suggest(of_count(COUNT), scores(COUNT))


@pytest.fixture
def grid(shared_app: App, tab, project: Project) -> Pad:
    return in_grid(Pad(tab, shared_app, project).open())


def in_grid(pad: Pad) -> Pad:
    pad.press("g")
    expect(cards(pad).first).to_be_visible()
    return pad


def cards(pad: Pad) -> Locator:
    return pad.root.locator(".wn-card")


def shown(pad: Pad) -> list[int]:
    return [int(each.get_attribute("data-card-id") or 0) for each in cards(pad).all()]


def at(pad: Pad) -> int:
    """The place of the card with the focus."""
    return next(place for place, item_id in enumerate(shown(pad)) if item_id == pad.item_id)


def another_page(pad: Pad, before: Sequence[int]) -> list[int]:
    until(lambda: (found := shown(pad)) and not set(found) & set(before))
    return shown(pad)


def birds(project: Project) -> list[int]:
    """Surest first."""
    return [item_id for number, item_id in enumerate(ids_of(project)) if number % 3 != 2][::-1]


def test_cards_share_a_suggestion_surest_first_and_only_what_is_seen_is_accepted(grid, project):
    ids = shown(grid)
    assert ids == birds(project)[: len(ids)]
    box = grid.root.locator(".wn-grid").bounding_box()
    assert box
    for card in cards(grid).all():
        place = card.bounding_box()
        assert place
        assert place["y"] >= box["y"]
        assert place["y"] + place["height"] <= box["y"] + box["height"] + 1
    grid.press("Enter")
    grid.is_saved()
    assert [classes_of(item_id) for item_id in ids] == [["bird"]] * len(ids)
    assert len(events_of(project)) == len(ids)


def test_the_arrows_and_home_and_end_move_among_the_cards(grid):
    last = len(shown(grid)) - 1
    columns = sum(1 for card in cards(grid).all() if card.bounding_box()["y"] == cards(grid).first.bounding_box()["y"])
    places = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "End", "ArrowUp", "Home", "ArrowDown", "ArrowUp", "ArrowLeft"):
        grid.press(key)
        places.append(at(grid))
    assert places == [1, 2, 1, last, last - columns, 0, columns, 0, 0]
    expect(grid.root.locator(".wn-card-at")).to_have_count(1)


def test_exceptions_and_the_rest_are_one_decision_and_one_undo_even_after_a_reload(grid, project):
    ids = shown(grid)
    other, by_space, by_click = ids[1], ids[2], ids[3]
    grid.press("ArrowRight", "2", "ArrowRight", " ")
    cards(grid).nth(3).click()
    expect(grid.root.locator(".wn-grid-words")).to_have_text("2 left out")
    expect(grid.button(f"Accept {len(ids) - 2} items")).to_be_visible()
    grid.press("Enter")
    following = another_page(grid, ids)
    grid.is_saved()
    assert classes_of(other) == ["cat"]
    assert [status_of(item_id) for item_id in (by_space, by_click)] == ["todo", "todo"]
    assert not {by_space, by_click} & set(following)
    decided = [item_id for item_id in ids if item_id not in (by_space, by_click)]
    assert len({event["decision_id"] for event in events_of(project)}) == 1
    assert [status_of(item_id) for item_id in decided] == ["labeled"] * len(decided)
    grid.press("Control+z")
    expect(grid.root).to_contain_text(f"Undone: {len(decided)} items")
    grid.is_saved()
    assert [status_of(item_id) for item_id in ids] == ["todo"] * len(ids)
    until(lambda: set(shown(grid)) & set(decided))
    grid.press("Control+Shift+Z")
    grid.is_saved()
    assert [status_of(item_id) for item_id in decided] == ["labeled"] * len(decided)
    grid.open()
    grid.press("Control+z")
    expect(grid.root).to_contain_text(f"Undone: {len(decided)} items")
    grid.is_saved()
    assert [status_of(item_id) for item_id in ids] == ["todo"] * len(ids)


def test_the_next_page_is_there_with_the_key_and_the_last_says_so(grid, project):
    seen: list[int] = []
    left = birds(project)
    while left:
        ids = until(lambda: shown(grid))
        assert ids == left[: len(ids)]
        seen, left = seen + ids, left[len(ids) :]
        grid.press("Enter")
        if left:
            another_page(grid, seen)
    expect(grid.root).to_contain_text("No item still to do is suggested to be bird")
    grid.is_saved()
    assert sorted(seen) == sorted(birds(project))
    assert [classes_of(item_id) for item_id in seen] == [["bird"]] * len(seen)


def test_a_card_that_was_left_out_stays_out_until_somebody_wants_it_again(grid):
    first = shown(grid)[0]
    grid.press(" ", "3", " ", " ", "Enter")
    another_page(grid, [first])
    grid.is_saved()
    assert classes_of(first) == ["dog"]


def test_another_class_is_chosen_by_its_name(grid, project):
    grid.root.get_by_label("Suggested class").select_option("cat")
    cats = [item_id for number, item_id in enumerate(ids_of(project)) if number % 3 == 2]
    until(lambda: shown(grid) and set(shown(grid)) <= set(cats))
    ids = shown(grid)
    grid.press("Enter")
    grid.is_saved()
    assert [classes_of(item_id) for item_id in ids] == [["cat"]] * len(ids)


def test_several_classes_are_proposed_and_chosen_on_a_card(shared_app, tab):
    project = suggest(of_count(9, multi_label=True), [[0.9, 0.6, 0.1]] * 9)
    grid = in_grid(Pad(tab, shared_app, project).open())
    ids = shown(grid)
    assert grid.chosen() == ["bird", "cat"]
    grid.press("2", "3", "ArrowRight", "1", "2", "ArrowRight", " ", "Enter")
    grid.is_saved()
    assert [classes_of(item_id) for item_id in ids[:4]] == [["bird", "dog"], [], [], ["bird", "cat"]]
    assert [status_of(item_id) for item_id in ids[:3]] == ["labeled", "labeled", "todo"]


def test_pictures_are_shown_in_the_grid(shared_app, tab):
    project = suggest(of_colours(20), [[0.9, 0.1]] * 20)
    grid = in_grid(Pad(tab, shared_app, project).open())
    loaded = "() => [...document.querySelectorAll('.wn-card-picture')].every((each) => each.naturalWidth > 0)"
    tab.wait_for_function(loaded)
    ids = shown(grid)
    grid.press("Enter")
    grid.is_saved()
    assert [classes_of(item_id) for item_id in ids] == [["red"]] * len(ids)


def test_without_a_server_the_page_is_kept_and_arrives_later_once(grid, project):
    ids = shown(grid)
    grid.page.route("**/labels/bulk", lambda route: route.abort())
    grid.press("Enter")
    expect(grid.root).to_contain_text("Offline: 1 kept in this browser")
    grid.page.unroute("**/labels/bulk")
    grid.open()
    grid.is_saved()
    assert [classes_of(item_id) for item_id in ids] == [["bird"]] * len(ids)
    assert len(events_of(project)) == len(ids)
    assert grid.item_id not in ids


@pytest.mark.parametrize("key", ["g", "Escape"])
def test_the_single_view_goes_on_with_what_is_still_to_do(shared_app, tab, key):
    project = suggest(of_count(9), [[0.9, 0.05, 0.05]] * 8 + [[0.1, 0.8, 0.1]])
    grid = in_grid(Pad(tab, shared_app, project).open())
    ids = shown(grid)
    assert len(ids) == 8
    cards(grid).last.click()
    grid.press("Enter")
    expect(grid.root).to_contain_text("No other item still to do")
    grid.press(key)
    expect(grid.root.locator(".wn-grid")).to_have_count(0)
    left = {ids[-1], ids_of(project)[-1]}
    assert grid.item_id in left
    grid.press("3", "3")
    expect(grid.root).to_contain_text("All done")
    grid.is_saved()
    assert {item_id for item_id in ids_of(project) if classes_of(item_id) == ["dog"]} == left


def test_what_was_taken_back_in_the_grid_comes_again_in_the_single_view(shared_app, tab):
    project = suggest(of_count(6), [[0.9, 0.05, 0.05]] * 6)
    grid = in_grid(Pad(tab, shared_app, project).open())
    grid.press("Enter")
    expect(grid.root).to_contain_text("No item still to do")
    grid.press("Control+z")
    until(lambda: len(shown(grid)) == 6)
    grid.is_saved()
    grid.press("Escape")
    for item_id in ids_of(project):
        grid.shows(item_id)
        grid.press("2")
    expect(grid.root).to_contain_text("All done")
    grid.is_saved()
    assert [classes_of(item_id) for item_id in ids_of(project)] == [["cat"]] * 6


def test_where_suggestions_are_hidden_there_is_no_grid_and_hiding_them_ends_it(grid):
    grid.button("Hide suggestions").click()
    expect(cards(grid)).to_have_count(0)
    expect(grid.root.locator(".wn-words")).to_be_visible()
    grid.press("g")
    expect(grid.root).to_contain_text("The grid would show what is hidden.")
    expect(cards(grid)).to_have_count(0)


def test_a_project_without_suggestions_says_what_the_grid_needs(shared_app, tab):
    pad = Pad(tab, shared_app, of_count(3)).open()
    pad.press("g")
    expect(pad.root).to_contain_text("The grid needs suggestions.")


def test_the_grid_at_twice_the_size_needs_no_sideways_scrolling(grid, project):
    grid.page.set_viewport_size({"width": 640, "height": 400})
    grid.open()
    in_grid(grid)
    assert grid.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    inside = "grid => grid.scrollWidth <= grid.clientWidth && grid.getBoundingClientRect().right <= innerWidth"
    assert grid.root.locator(".wn-grid").evaluate(inside)
    ids = shown(grid)
    assert ids == birds(project)[: len(ids)]
    grid.button("Accept").first.click()
    grid.is_saved()
    assert [classes_of(item_id) for item_id in ids] == [["bird"]] * len(ids)
    grid.page.set_viewport_size({"width": 1280, "height": 800})
