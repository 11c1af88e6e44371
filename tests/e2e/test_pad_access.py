"""The pad without a mouse and without a screen: names, the Tab key, what is pressed."""

import pytest
from playwright.sync_api import Page, expect

from db.models import Project
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of, of_count, suggest

pytest_plugins = "tests.e2e.shared"


@pytest.fixture
def project(shared_app: App) -> Project:
    return of_count(30)


@pytest.fixture
def pad(shared_app: App, tab: Page, project: Project) -> Pad:
    return Pad(tab, shared_app, project).open()


def test_every_button_and_field_has_a_name_and_is_reached_and_seen_with_the_tab_key(shared_app, tab):
    project = suggest(of_count(6), [[0.1, 0.2, 0.7]] * 6)
    pad = Pad(tab, shared_app, project).open()
    pad.press("1")
    pad.is_saved()
    assert nameless(pad) == []
    reachable = "button:not(:disabled), select, input"
    wanted = {number for number, each in enumerate(pad.root.locator(reachable).all()) if each.is_visible()}
    pad.page.evaluate("() => document.querySelector('.wn-pad').focus()")
    reached: set[int] = set()
    for _ in range(len(wanted) + 3):
        pad.press("Tab")
        number = pad.page.evaluate(
            """(reachable) => {
                const at = document.activeElement;
                const root = document.querySelector(".wn-pad");
                if (!root.contains(at)) return null;
                const { outlineStyle, outlineWidth } = getComputedStyle(at);
                if (outlineStyle === "none" || outlineWidth === "0px") throw new Error(`unseen: ${at.outerHTML}`);
                return [...root.querySelectorAll(reachable)].indexOf(at);
            }""",
            reachable,
        )
        if number is not None:
            reached.add(number)
    assert wanted <= reached
    pad.press("g")
    expect(pad.root.locator(".wn-card").first).to_be_visible()
    assert nameless(pad) == []


def nameless(pad: Pad) -> list[str]:
    """The buttons and fields that a screen reader could only call by their kind."""
    return pad.root.evaluate(
        """root => Array.from(root.querySelectorAll("button, select, input, dialog[open], [role]"))
            .filter(each => each.checkVisibility({ visibilityProperty: true }))
            .filter(each => !["alert", "status"].includes(each.role))
            .filter(each => !(each.ariaLabel || each.textContent.trim() || each.labels?.length || each.title))
            .map(each => each.outerHTML)"""
    )


def test_a_button_reached_with_the_tab_key_is_pressed_by_enter_and_space(pad, project):
    first = pad.item_id
    pad.class_button("cat").focus()
    pad.press("Enter")
    pad.shows(first + 1)
    pad.class_button("bird").focus()
    pad.press(" ")
    pad.is_saved()
    assert [classes_of(first), classes_of(first + 1)] == [["cat"], ["bird"]]


def test_the_class_buttons_say_what_is_chosen(pad):
    pad.press("2", "ArrowLeft")
    expect(pad.class_button("cat")).to_have_attribute("aria-pressed", "true")
    expect(pad.class_button("dog")).to_have_attribute("aria-pressed", "false")
    pad.press("ArrowRight")
    expect(pad.class_button("cat")).to_have_attribute("aria-pressed", "false")
