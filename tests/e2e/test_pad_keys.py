"""Every key of the pad, for one class an item and for several; and what takes the keys away from it."""

import pytest
from playwright.sync_api import expect

from backend import class_changes, classes
from backend.projects import get
from db.models import Project
from db.session import writing
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of, events_of, ids_of, of_colours, of_count, of_texts, status_of, suggest

pytest_plugins = "tests.e2e.shared"

MANY = [f"class {number:02}" for number in range(1, 26)]
# Every key that labels, decides, or moves to another item, as the help names them.
LABELING_KEYS = ("1", "2", "3", "Numpad1", "Enter", " ", "f", "Delete", "Control+z", "Control+Shift+Z", "g")
HELD = """([key, code]) => {
    for (let time = 0; time < 6; time += 1) {
        dispatchEvent(new KeyboardEvent("keydown", { key, code, repeat: time > 0, cancelable: true }));
    }
}"""
TYPED = "([key, code, more]) => dispatchEvent(new KeyboardEvent('keydown', { key, code, ...more, cancelable: true }))"


@pytest.fixture
def project(shared_app: App) -> Project:
    return of_count(30)


@pytest.fixture
def pad(shared_app: App, tab, project: Project) -> Pad:
    return Pad(tab, shared_app, project).open()


def test_the_help_names_every_key_there_is(shared_app, tab):
    pad = Pad(tab, shared_app, suggest(of_count(4), [[0.1, 0.2, 0.7]] * 4)).open()
    pad.press("?")
    named = tab.get_by_role("dialog", name="Keys").locator("dt").all_text_contents()
    assert named == [
        "1 2 3 …", "Enter", "Space", "F", "← →", "↑ ↓", "Del", "Ctrl+Z", "Ctrl+Shift+Z", "G", "Shift+H", "?",
    ]  # fmt: skip
    pad.press("?")
    expect(tab.get_by_role("dialog", name="Keys")).to_have_count(0)
    pad = Pad(tab, shared_app, of_colours(2)).open()
    pad.press("?")
    named = tab.get_by_role("dialog", name="Keys").locator("dt").all_text_contents()
    assert "Z" in named
    assert "Shift+arrows" in named


def test_every_key_of_the_help_for_one_class_an_item(shared_app, tab):
    project = suggest(of_count(12), [[0.1, 0.2, 0.7]] * 12)
    pad, ids = Pad(tab, shared_app, project).open(), ids_of(project)
    pad.press("1", "Enter", " ", "f", "Numpad2")
    pad.shows(ids[5])
    pad.is_saved()
    assert [classes_of(item_id) for item_id in ids[:5]] == [["bird"], ["dog"], [], [], ["cat"]]
    assert [status_of(item_id) for item_id in ids[2:4]] == ["skipped", "flagged"]
    pad.press("ArrowLeft", "ArrowLeft")
    pad.shows(ids[3])
    pad.press("Delete")
    pad.is_saved()
    assert status_of(ids[3]) == "todo"
    # What is cleared stays on screen, for the key of another class.
    pad.shows(ids[3])
    pad.press("Control+z")
    pad.is_saved()
    assert status_of(ids[3]) == "flagged"
    pad.press("Control+Shift+Z")
    pad.is_saved()
    assert status_of(ids[3]) == "todo"
    pad.press("Control+z", "Control+y")
    pad.is_saved()
    assert status_of(ids[3]) == "todo"
    pad.press("ArrowRight", "ArrowLeft", "Shift+H")
    expect(tab.get_by_role("dialog", name="History of this item")).to_contain_text("flagged it")
    pad.press("Escape", "g")
    expect(pad.root.locator(".wn-grid")).to_be_visible()
    pad.press("g")
    expect(pad.root.locator(".wn-grid")).to_have_count(0)


def test_every_key_of_the_help_for_several_classes_an_item(shared_app, tab):
    project = suggest(of_count(8, multi_label=True), [[0.6, 0.2, 0.7]] * 8)
    pad, ids = Pad(tab, shared_app, project).open(), ids_of(project)
    # The suggestion proposes what it is at least half sure of.
    assert pad.chosen() == ["bird", "dog"]
    pad.press("1", "2")
    assert pad.chosen() == ["cat", "dog"]
    pad.shows(ids[0])
    pad.press("Enter")
    pad.shows(ids[1])
    pad.press("1", "Numpad3", "Enter")
    pad.press(" ", "f")
    pad.press("Enter")
    pad.shows(ids[5])
    pad.is_saved()
    assert [classes_of(item_id) for item_id in ids[:5]] == [["cat", "dog"], [], [], [], ["bird", "dog"]]
    assert [status_of(item_id) for item_id in ids[:5]] == ["labeled", "labeled", "skipped", "flagged", "labeled"]
    pad.press("Control+z")
    pad.shows(ids[4])
    pad.is_saved()
    assert status_of(ids[4]) == "todo"
    # What was chosen and not saved is no decision.
    pad.press("2", "ArrowLeft", "ArrowRight")
    assert pad.chosen() == ["bird", "cat", "dog"]
    assert status_of(ids[4]) == "todo"


def test_numbers_on_the_pad_letters_from_the_eleventh_class_on_and_shift_or_caps_lock(shared_app, tab):
    project = of_count(40, names=MANY)
    pad, ids = Pad(tab, shared_app, project).open(), ids_of(project)
    expect(pad.class_button("class 11").locator("kbd")).to_have_text("Q")
    assert pad.class_button("class 11").get_attribute("aria-keyshortcuts") == "q"
    pressed = [f"Numpad{number}" for number in range(1, 10)] + ["Numpad0", "q", "w", "Shift+E", "T", "y", "h"]
    pad.press(*pressed)
    pad.page.evaluate(TYPED, ["Q", "KeyQ", {}])
    # A French row of digits types "&" for what is printed 1, and 1 with Shift.
    pad.page.evaluate(TYPED, ["&", "Digit1", {}])
    pad.page.evaluate(TYPED, ["1", "Digit1", {"shiftKey": True}])
    # An English one types "!" with Shift, which nobody means as 1.
    pad.page.evaluate(TYPED, ["!", "Digit1", {"shiftKey": True}])
    pad.shows(ids[len(pressed) + 3])
    pad.is_saved()
    meant = [MANY[classes.KEYS.index(key)] for key in "1234567890qwetyhq11"]
    assert [classes_of(item_id) for item_id in ids[: len(meant)]] == [[name] for name in meant]


def test_the_keys_of_a_text_are_its_own_only_where_no_class_has_them(shared_app, tab):
    long = "\n\n".join("The heron stood in shallow water. " * 30 for _ in range(20))
    project = of_texts(long, "short", "shorter")
    pad, ids = Pad(tab, shared_app, project).open(), ids_of(project)
    # A number pad without its lock sends End for 1 and Page Down for 3; and 8 is no class here.
    pad.press("Numpad8", "Numpad1")
    pad.shows(ids[1])
    pad.is_saved()
    assert classes_of(ids[0]) == ["bird"]


def test_a_changed_key_works_after_a_reload_and_the_old_one_no_more(pad, project):
    first = pad.item_id
    with writing() as session:
        there = get(session, project.id)
        class_changes.change(session, there, {project.classes[2].id: {"key": "d"}})
    pad.open()
    expect(pad.class_button("dog").locator("kbd")).to_have_text("D")
    pad.press("3")
    pad.shows(first)
    pad.press("d")
    pad.shows(first + 1)
    pad.is_saved()
    assert classes_of(first) == ["dog"]


@pytest.mark.parametrize("field", ["name", "search", "number"])
def test_a_text_field_types_what_would_label(shared_app, tab, field):
    project = suggest(of_count(6), [[0.1, 0.2, 0.7]] * 6)
    pad = Pad(tab, shared_app, project).open()
    first = pad.item_id
    if field == "name":
        box = pad.root.get_by_label("Your name")
    elif field == "search":
        pad.choose_order("search")
        box = pad.root.get_by_label("Search for")
    else:
        pad.button("Accept many …").click()
        box = pad.root.get_by_label("At least")
    box.fill("")
    box.focus()
    tab.keyboard.type("12f gz3?cr" if field != "number" else "12")
    assert box.input_value() == ("12f gz3?cr" if field != "number" else "12")
    pad.press("Backspace", "Delete", "ArrowLeft", "Home", "End", "Control+z", "Numpad1")
    pad.shows(first)
    assert pad.root.get_attribute("data-saved") == "true"
    assert events_of(project) == []


@pytest.mark.parametrize(
    ("key", "code"), [("1", "Digit1"), ("1", "Numpad1"), ("Enter", "Enter"), (" ", "Space"), ("f", "KeyF")]
)
def test_a_held_key_decides_on_one_item(shared_app, tab, key, code):
    project = suggest(of_count(9), [[0.1, 0.2, 0.7]] * 9)
    pad = Pad(tab, shared_app, project).open()
    first = pad.item_id
    pad.page.evaluate(HELD, [key, code])
    pad.shows(first + 1)
    pad.is_saved()
    assert len(events_of(project)) == 1


def test_held_keys_of_undo_clear_and_grid_act_once(shared_app, tab):
    project = suggest(of_count(9), [[0.1, 0.2, 0.7]] * 9)
    pad, ids = Pad(tab, shared_app, project).open(), ids_of(project)
    pad.press("1", "1", "1")
    for _ in range(4):
        pad.page.keyboard.down("Control")
        pad.page.keyboard.down("z")
    pad.page.keyboard.up("z")
    pad.page.keyboard.up("Control")
    pad.shows(ids[2])
    pad.is_saved()
    assert [status_of(item_id) for item_id in ids[:3]] == ["labeled", "labeled", "todo"]
    pad.press("ArrowLeft")
    pad.page.evaluate(HELD, ["Delete", "Delete"])
    pad.is_saved()
    assert [status_of(item_id) for item_id in ids[:3]] == ["labeled", "todo", "todo"]
    pad.page.evaluate(HELD, ["g", "KeyG"])
    expect(pad.root.locator(".wn-grid")).to_be_visible()


def test_an_open_dialog_keeps_the_keys_from_the_item_behind_it(shared_app, tab):
    project = suggest(of_count(6), [[0.1, 0.2, 0.7]] * 6)
    pad, ids = Pad(tab, shared_app, project).open(), ids_of(project)
    pad.press("1")
    pad.is_saved()
    dialog = pad.root.locator("dialog[open]")
    for name, opening in (("Keys", "?"), ("History of this item", "Shift+H")):
        pad.press(opening)
        expect(dialog).to_have_attribute("aria-label", name)
        # Enter and Space are meant for its button, and close it.
        pad.press(*(key for key in LABELING_KEYS if key not in ("Enter", " ")))
        expect(dialog).to_have_attribute("aria-label", name)
        pad.press("Escape")
        expect(dialog).to_have_count(0)
    pad.shows(ids[1])
    assert len(events_of(project)) == 1
    pad.press("2")
    pad.shows(ids[2])


def test_the_keys_that_streamlit_keeps_do_nothing_to_the_app_or_the_item(pad, project):
    first = pad.item_id
    pad.page.evaluate("() => { window.isSamePage = true; }")
    pad.press("c", "r", "C", "R")
    pad.shows(first)
    expect(pad.page.get_by_role("dialog")).to_have_count(0)
    pad.press("1")
    pad.is_saved()
    assert pad.page.evaluate("() => window.isSamePage")
    assert len(events_of(project)) == 1
