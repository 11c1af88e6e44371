"""What is asked blind: the sample of a measured accept and the re-check."""

import re
from collections.abc import Sequence

import pytest
from playwright.sync_api import Locator, Page, expect

from backend.evaluating.intervals import wilson
from db.models import Acceptance, Project
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of, events_of, ids_of, of_colours, of_count, status_of, suggest
from tests.labeling.builders import bulk_label
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"

COUNT = 50
# The surest, for 40 of the 50.
SURE = [0.02, 0.03, 0.95]
UNSURE = [0.5, 0.3, 0.2]


@pytest.fixture
def project(shared_app: App) -> Project:
    return suggest(of_count(COUNT), [SURE] * 40 + [UNSURE] * 10)


@pytest.fixture
def pad(shared_app: App, tab: Page, project: Project) -> Pad:
    return Pad(tab, shared_app, project).open()


def ask_accept(pad: Pad, least: str = "90") -> None:
    pad.button("Accept many …").click()
    pad.dialog.get_by_label("At least").fill(least)
    pad.press("Enter")


def begin_accept(pad: Pad, least: str = "90") -> None:
    ask_accept(pad, least)
    expect(pad.dialog).to_have_count(0)
    expect(pad.root).to_contain_text("without a suggestion")


def gives_nothing_away(pad: Pad, *names: str) -> None:
    """No suggestion in words, on buttons, or for the ear."""
    expect(pad.root.locator(".wn-guess")).to_have_text(re.compile(r"^Answer without a suggestion · \d+ of \d+$"))
    assert pad.chosen() == []
    assert pad.root.locator(".wn-suggested").count() == 0
    assert "".join(pad.root.locator(".wn-score").all_text_contents()) == ""
    for place in (".wn-live", ".wn-hidden", ".wn-badge", ".wn-source"):
        words = " ".join(pad.root.locator(place).all_text_contents())
        assert "Suggested" not in words
        assert not [name for name in names if name in words]


def answer(pad: Pad, keys: Sequence[str], *names: str) -> list[int]:
    """One key an item of the sample; each is looked at before. Returns the items."""
    asked = []
    for key in keys:
        until(lambda: pad.item_id and pad.item_id not in asked)
        asked.append(pad.item_id)
        gives_nothing_away(pad, *names)
        pad.press(key)
    return asked


def percent(share: float) -> str:
    return f"{round(100 * share)} %"


def test_too_sure_is_said_in_the_dialog_and_nothing_begins(pad, project):
    first = pad.item_id
    ask_accept(pad, "99")
    expect(pad.dialog).to_contain_text("No item to do has a suggestion of 99% or more.")
    expect(pad.dialog).to_contain_text("Choose a lower confidence")
    pad.dialog.get_by_label("At least").fill("20")
    pad.press("Enter")
    expect(pad.dialog).to_contain_text("Choose 50 % to 100 %.")
    pad.dialog.get_by_role("button", name="Not now").click()
    pad.shows(first)
    assert events_of(project) == []


def test_a_measured_accept_from_the_question_to_its_undo(pad, project):
    ids = ids_of(project)
    begin_accept(pad)
    # Neither the grid nor the history tell what is asked.
    pad.press("g")
    expect(pad.root.locator(".wn-grid")).to_have_count(0)
    pad.press("Shift+H")
    expect(pad.dialog).to_contain_text("It is shown after these")
    pad.press("Escape")
    asked = answer(pad, "3" * 18 + "11", "bird", "dog")
    expect(pad.root).to_contain_text("18 of 20 were as suggested")
    low, high = wilson(18, 20)
    expect(pad.root).to_contain_text("Of 20 more items that are at least 90 % sure, expect 90 % to be right")
    expect(pad.root).to_contain_text(f"between {percent(low)} and {percent(high)}, with 95 % certainty")
    assert set(asked) < set(ids[:40])
    # Somebody decides on one of the others meanwhile, and the suggestions learn.
    other = next(item_id for item_id in ids[:40] if item_id not in asked)
    decide(pad, "Bob", other, "cat")
    pad.button("Accept 20 suggestions").click()
    expect(pad.root).to_contain_text("Accepted 19 suggestions. Ctrl+Z takes them back.")
    pad.is_saved()
    accepted = [item_id for item_id in ids[:40] if item_id not in asked and item_id != other]
    assert [classes_of(item_id) for item_id in accepted] == [["dog"]] * 19
    assert classes_of(other) == ["cat"]
    assert [status_of(item_id) for item_id in ids[40:]] == ["todo"] * 10
    expect(pad.root).to_have_attribute("data-item-id", str(ids[40]))
    pad.press("Control+z")
    expect(pad.root).to_contain_text("Undone: 19 items")
    pad.is_saved()
    assert [status_of(item_id) for item_id in accepted] == ["todo"] * 19
    assert [status_of(item_id) for item_id in asked] == ["labeled"] * 20


def decide(pad: Pad, annotator: str, item_id: int, class_name: str) -> None:
    class_id = next(each.id for each in pad.project.classes if each.name == class_name)
    with writing() as session:
        bulk_label(session, pad.project, annotator, [item_id], [class_id], event_id=f"{annotator}-{item_id}")


def test_skipped_ones_of_the_sample_are_no_answers(pad):
    begin_accept(pad)
    answer(pad, [" "] * 4 + ["3"] * 15 + ["f"])
    expect(pad.root).to_contain_text("15 of 15 were as suggested")
    low, _ = wilson(15, 15)
    expect(pad.root).to_contain_text(f"expect 100 % to be right: between {percent(low)} and 100 %")
    expect(pad.button("Look at the")).to_have_count(0)
    pad.button("Not now").click()
    until(lambda: pad.item_id)
    assert "Suggested" in (pad.root.text_content() or "")


def test_a_sample_in_which_nothing_was_answered_says_nothing(shared_app, tab):
    project = suggest(of_count(3), [SURE] * 3)
    pad = Pad(tab, shared_app, project).open()
    begin_accept(pad)
    answer(pad, [" "] * 3)
    expect(pad.root).to_contain_text("Nothing to judge by")
    assert [status_of(item_id) for item_id in ids_of(project)] == ["skipped"] * 3


def test_those_that_differ_are_shown_and_can_be_changed(pad):
    begin_accept(pad)
    asked = answer(pad, "1" + "3" * 19)
    pad.button("Look at the 1 that differ").click()
    pad.shows(asked[0])
    assert pad.chosen() == ["bird"]
    pad.press("Shift+H")
    expect(pad.dialog).to_contain_text("Suggested then: dog 95 %, not shown")
    pad.press("Escape", "3")
    pad.is_saved()
    assert classes_of(asked[0]) == ["dog"]
    expect(pad.root).to_contain_text("20 of 20 were as suggested")
    pad.button("Not now").click()
    until(lambda: pad.item_id)


def test_another_order_in_the_middle_leaves_the_sample(pad, project):
    begin_accept(pad)
    asked = answer(pad, "33")
    pad.choose_order("random")
    expect(pad.root.locator(".wn-guess")).to_contain_text("Suggested")
    pad.press("1")
    pad.is_saved()
    assert [classes_of(item_id) for item_id in asked] == [["dog"], ["dog"]]
    assert len(events_of(project)) == 3
    with reading() as session:
        [acceptance] = session.query(Acceptance).filter_by(project_id=project.id)
    assert acceptance.event_id is None


def test_pictures_are_accepted_in_the_same_way(shared_app, tab):
    project = suggest(of_colours(24), [[0.97, 0.03]] * 24)
    pad = Pad(tab, shared_app, project).open()
    begin_accept(pad)
    asked = answer(pad, "1" * 20)
    pad.button("Accept 4 suggestions").click()
    expect(pad.root).to_contain_text("All done")
    pad.is_saved()
    assert len(asked) == 20
    assert [classes_of(item_id) for item_id in ids_of(project)] == [["red"]] * 24


def test_with_several_classes_all_of_a_suggestion_counts(shared_app, tab):
    project = suggest(of_count(24, multi_label=True), [[0.96, 0.04, 0.98]] * 22 + [[0.96, 0.5, 0.98]] * 2)
    pad = Pad(tab, shared_app, project).open()
    begin_accept(pad)
    for number in range(20):
        gives_nothing_away(pad)
        pad.press("1", *("3" if number else ()), "Enter")
    expect(pad.root).to_contain_text("19 of 20 were as suggested")
    pad.button("Accept 2 suggestions").click()
    expect(pad.root).to_contain_text("Accepted 2 suggestions")
    pad.is_saved()
    both = [item_id for item_id in ids_of(project) if classes_of(item_id) == ["bird", "dog"]]
    assert len(both) == 21
    assert [status_of(item_id) for item_id in ids_of(project)[22:]] == ["todo"] * 2


def test_a_recheck_shows_how_far_a_person_agrees_with_themselves_and_changes_nothing(pad, project):
    ids = ids_of(project)
    pad.press(*"1" * 10)
    pad.is_saved()
    pad.button("Re-check …").click()
    pad.dialog.get_by_label("A share of").fill("50")
    pad.press("Enter")
    expect(pad.root).to_contain_text("5 to decide once more")
    before = len(events_of(project))
    asked = answer(pad, "11123", "bird")
    expect(pad.root).to_contain_text("You agree with yourself on 3 of 5")
    low, high = wilson(3, 5)
    expect(pad.root).to_contain_text(f"That is 60 %; between {percent(low)} and {percent(high)}")
    assert set(asked) < set(ids[:10])
    assert [classes_of(item_id) for item_id in ids[:10]] == [["bird"]] * 10
    assert [event["action"] for event in events_of(project)[before:]] == ["check"] * 5
    expect(pad.root.locator(".wn-counts").first).to_contain_text("10 of 50 labeled")
    # The last answer was a slip: once taken back it counts no more, and is given again.
    pad.press("Control+z")
    pad.shows(asked[4])
    gives_nothing_away(pad, "bird")
    pad.press("1")
    expect(pad.root).to_contain_text("You agree with yourself on 4 of 5")
    pad.button("Look at the 1 that differ").click()
    pad.shows(asked[3])
    assert pad.chosen() == ["bird"]
    pad.press("Shift+H")
    expect(pad.dialog).to_contain_text("looked again: cat")
    pad.press("Escape", "2")
    pad.is_saved()
    assert classes_of(asked[3]) == ["cat"]


def test_leaving_one_out_of_a_recheck_says_nothing_of_it(pad, project):
    pad.press("1", "1")
    pad.is_saved()
    pad.button("Re-check …").click()
    pad.dialog.get_by_label("A share of").fill("100")
    pad.press("Enter")
    answer(pad, [" ", " "])
    expect(pad.root).to_contain_text("Nothing was checked")
    assert [status_of(item_id) for item_id in ids_of(project)[:2]] == ["labeled"] * 2
    assert len(events_of(project)) == 2


def test_a_recheck_without_labels_says_what_to_do(pad):
    pad.button("Re-check …").click()
    pad.press("Enter")
    expect(pad.dialog).to_contain_text("Label some items first.")
    pad.press("Escape")
    expect(pad.dialog).to_have_count(0)


def test_dialogs_and_what_follows_from_answers_fit_at_twice_the_size(pad):
    pad.press("1", "1")
    pad.page.set_viewport_size({"width": 640, "height": 400})
    for opening in ("?", "Shift+H"):
        pad.press(opening)
        fits(pad, pad.dialog)
        pad.press("Escape")
    pad.button("Re-check …").click()
    pad.dialog.get_by_label("A share of").fill("100")
    fits(pad, pad.dialog)
    pad.dialog.get_by_role("button", name="Begin").click()
    answer(pad, "12")
    look = pad.button("Look at the 1 that differ")
    fits(pad, pad.root.locator(".wn-over"))
    look.click()
    until(lambda: pad.item_id)
    pad.page.set_viewport_size({"width": 1280, "height": 800})


def fits(pad: Pad, shown: Locator) -> None:
    expect(shown).to_be_visible()
    assert pad.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert shown.evaluate(
        """each => {
            const { left, right, top, bottom } = each.getBoundingClientRect();
            const isWide = each.scrollWidth > each.clientWidth || left < 0 || right > innerWidth;
            return !isWide && bottom - top <= innerHeight;
        }"""
    )
