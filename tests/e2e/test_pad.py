"""The pad in a real browser against a real server: keys, the outbox, undo, and what must not label."""

import pytest
from playwright.sync_api import expect

from db.models import Item, Project
from db.session import reading, writing
from tests.e2e.pads import (
    Pad,
    classes_of,
    events_of,
    ids_of,
    of_colours,
    of_count,
    status_of,
    suggest,
)
from tests.labeling.builders import bulk_label
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


@pytest.fixture
def project(shared_app) -> Project:
    return of_count(60)


@pytest.fixture
def pad(shared_app, tab, project) -> Pad:
    return Pad(tab, shared_app, project).open()


def count_events(project: Project) -> int:
    return len(events_of(project))


def test_a_key_labels_and_shows_the_next_item_at_once(pad):
    first = pad.item_id
    shown = pad.page.evaluate(
        """() => {
            const root = document.querySelector('[data-testid="label-pad"]');
            dispatchEvent(new KeyboardEvent("keydown", { key: "2", code: "Digit2" }));
            return Number(root.dataset.itemId);
        }"""
    )
    assert shown == first + 1
    pad.is_saved()
    assert classes_of(first) == ["cat"]


def test_the_next_picture_is_decoded_before_its_key_is_pressed(shared_app, tab):
    pad = Pad(tab, shared_app, of_colours(12)).open()
    loaded = "() => Array.from(document.querySelectorAll('.wn-picture'), (each) => each.complete && each.naturalWidth)"
    expect(pad.root.locator("img")).to_be_visible()
    tab.wait_for_load_state("networkidle")
    for _ in range(11):
        tab.keyboard.press("1")
        assert tab.evaluate(loaded) == [300]
    pad.is_saved()


def test_every_key_does_what_it_says(pad):
    start = pad.item_id
    pad.press("1", "Numpad3", " ", "f")
    pad.is_saved()
    assert [status_of(start + number) for number in range(4)] == ["labeled", "labeled", "skipped", "flagged"]
    assert classes_of(start + 1) == ["dog"]
    pad.press("ArrowLeft", "ArrowLeft", "ArrowLeft")
    expect(pad.page.locator('[data-class-name="dog"]')).to_have_attribute("aria-pressed", "true")
    pad.press("1")
    pad.is_saved()
    assert classes_of(start + 1) == ["bird"]
    assert pad.item_id == start + 2


def test_enter_accepts_the_suggestion_and_blind_labeling_hides_it(shared_app, tab, project):
    suggest(project, [[0.1, 0.2, 0.7]] * 60)
    pad = Pad(tab, shared_app, project).open()
    expect(pad.root).to_contain_text("Suggested")
    expect(pad.root).to_contain_text("70 %")
    first = pad.item_id
    pad.press("Enter")
    pad.is_saved()
    assert classes_of(first) == ["dog"]
    pad.root.get_by_role("button", name="Hide suggestions").click()
    expect(pad.root).not_to_contain_text("70 %")
    pad.press("Enter")
    assert pad.item_id == first + 1


def test_the_mouse_does_what_the_keys_do(pad):
    first = pad.item_id
    pad.page.locator('[data-class-name="bird"]').click()
    # After a click the next key is still meant for the item.
    pad.press(" ")
    pad.root.get_by_role("button", name="Flag").click()
    pad.is_saved()
    assert [status_of(first + number) for number in range(3)] == ["labeled", "skipped", "flagged"]
    assert classes_of(first) == ["bird"]


def test_undo_and_redo_go_across_items_and_reloads(pad):
    first = pad.item_id
    pad.press("1", "2", "3")
    pad.press("Control+z", "Control+z")
    assert pad.item_id == first + 1
    pad.is_saved()
    assert [classes_of(first + number) for number in range(3)] == [["bird"], [], []]
    pad.press("Control+Shift+Z")
    pad.is_saved()
    assert classes_of(first + 1) == ["cat"]
    pad.open()
    pad.press("Control+z")
    expect(pad.root).to_have_attribute("data-item-id", str(first + 1))
    pad.is_saved()
    assert [classes_of(first + number) for number in range(3)] == [["bird"], [], []]


def test_undo_takes_back_a_bulk_action_that_was_made_elsewhere(pad, project):
    first = pad.item_id
    pad.press("1")
    pad.is_saved()
    with writing() as session:
        many = ids_of(project)[10:15]
        bulk_label(session, project, "me", many, [project.classes[2].id], event_id="elsewhere")
    pad.press("Control+z")
    expect(pad.root).to_contain_text("Undone: 5 items")
    pad.is_saved()
    assert [classes_of(item_id) for item_id in (first, *many)] == [["bird"], [], [], [], [], []]
    pad.press(*["ArrowLeft"] * (pad.item_id - first))
    expect(pad.page.locator('[data-class-name="bird"]')).to_have_attribute("aria-pressed", "true")
    pad.press("Control+z")
    pad.is_saved()
    assert classes_of(first) == []


def test_decisions_that_were_not_sent_outlive_a_reload(pad):
    first = pad.item_id
    pad.page.route("**/labels", lambda route: route.abort())
    pad.press("1", "2", "3")
    expect(pad.root).to_have_attribute("data-saved", "false")
    expect(pad.root).to_contain_text("Offline: 3 kept in this browser")
    assert count_events(pad.project) == 0
    pad.page.unroute("**/labels")
    pad.open()
    pad.is_saved()
    assert [classes_of(first + number) for number in range(3)] == [["bird"], ["cat"], ["dog"]]
    assert pad.item_id == first + 3


def test_a_server_killed_while_labeling_loses_nothing(pad, shared_app):
    first = pad.item_id
    pad.press(*"123" * 4)
    shared_app.kill()
    pad.press(*"123" * 4)
    expect(pad.root).to_contain_text("Offline")
    shared_app.start()
    pad.is_saved()
    assert [classes_of(first + number) for number in range(24)] == [["bird"], ["cat"], ["dog"]] * 8
    assert count_events(pad.project) == 24


def test_an_answer_that_got_lost_does_not_label_twice(pad):
    first = pad.item_id
    lost = []

    def lose_the_first_answer(route):
        if lost:
            return route.continue_()
        lost.append(route.fetch())
        return route.abort()

    pad.page.route("**/labels", lose_the_first_answer)
    pad.press("1")
    pad.is_saved()
    assert lost
    assert classes_of(first) == ["bird"]
    assert count_events(pad.project) == 1


def test_a_rejected_decision_is_shown_and_leaves_the_outbox(pad, project):
    with writing() as session:
        session.get(Project, project.id).classes[0].archived = True
    first = pad.item_id
    pad.press("1", "2")
    pad.is_saved()
    expect(pad.page.get_by_role("alert").get_by_text("Not saved")).to_be_visible()
    assert [classes_of(first), classes_of(first + 1)] == [[], ["cat"]]


def test_typing_in_a_text_field_does_not_label(pad):
    first = pad.item_id
    pad.page.get_by_label("Your name").fill("")
    pad.page.keyboard.type("f123 ada")
    assert pad.item_id == first
    pad.press("Enter")
    expect(pad.root).to_contain_text("Labeling as f123 ada")
    pad.press("1")
    pad.is_saved()
    assert count_events(pad.project) == 1


def test_a_held_key_labels_once(pad):
    first = pad.item_id
    for _ in range(5):
        # Without an up between them the browser marks all but the first as repeated.
        pad.page.keyboard.down("1")
    pad.page.keyboard.up("1")
    assert pad.item_id == first + 1
    pad.is_saved()
    assert count_events(pad.project) == 1


@pytest.mark.parametrize("key", ["Control+1", "Alt+1", "Meta+f"])
def test_a_key_with_a_modifier_does_not_label(pad, key):
    first = pad.item_id
    pad.press(key)
    assert pad.item_id == first
    assert pad.root.get_attribute("data-saved") == "true"


def test_fast_keys_are_all_kept_and_the_end_says_what_to_do_next(pad):
    first = pad.item_id
    for number in range(60):
        until(lambda: pad.item_id != 0)
        pad.press("123"[number % 3])
    expect(pad.root).to_contain_text("All done")
    pad.is_saved()
    assert [classes_of(first + number) for number in range(60)] == [["bird"], ["cat"], ["dog"]] * 20
    pad.root.get_by_role("button", name="Train a model").click()
    pad.page.wait_for_url("**/train**")


def test_the_help_names_the_keys_and_keeps_them_from_labeling(pad):
    first = pad.item_id
    pad.press("?")
    expect(pad.page.get_by_role("dialog", name="Keys")).to_contain_text("accept the suggestion")
    pad.press("1")
    assert pad.item_id == first
    pad.press("Escape", "1")
    assert pad.item_id == first + 1


def test_another_order_shows_other_items_without_losing_the_focus(pad):
    pad.root.get_by_label("Order").select_option("random")
    with reading() as session:
        query = session.query(Item.id).filter_by(project_id=pad.project.id)
        shuffled = query.order_by(Item.content_hash).limit(2).all()
    expect(pad.root).to_have_attribute("data-item-id", str(shuffled[0][0]))
    pad.press("1")
    expect(pad.root).to_have_attribute("data-item-id", str(shuffled[1][0]))
