"""Suggestions hidden from everybody, and the history of an item, which tells them later."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from db.models import Project
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, events_of, of_count, of_texts, suggest
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"

COUNT = 50
HTML = "<img src=x onerror=alert(1)><b>Ada</b>"


@pytest.fixture
def project(shared_app: App) -> Project:
    return suggest(of_count(COUNT), [[0.02, 0.03, 0.95]] * COUNT)


@pytest.fixture
def pad(shared_app: App, tab: Page, project: Project) -> Pad:
    return Pad(tab, shared_app, project).open()


def test_the_history_says_who_what_when_and_what_was_suggested_newest_first(shared_app, tab):
    project = suggest(of_texts("one", "two", names=("bird", "<i>cat</i>")), [[0.8, 0.2]] * 2)
    pad = Pad(tab, shared_app, project).open()
    pad.is_named(HTML)
    first = pad.item_id
    pad.press("1", "ArrowLeft", "2", "ArrowLeft", "f", "ArrowLeft", "Control+z")
    pad.is_saved()
    pad.shows(first)
    pad.press("Shift+H")
    rows = pad.dialog.locator("li")
    expect(rows).to_have_count(4)
    deeds = [" ".join(words.split()) for words in rows.locator("b").all_text_contents()]
    assert deeds == [HTML] * 4
    expect(rows.nth(0)).to_contain_text("took a decision back: <i>cat</i>")
    expect(rows.nth(1)).to_contain_text("flagged it")
    expect(rows.nth(2)).to_contain_text("labeled it <i>cat</i>")
    expect(rows.nth(3)).to_contain_text("labeled it bird")
    expect(rows.nth(3)).to_contain_text("Suggested then: bird 80 %")
    times = [each.get_attribute("datetime") for each in rows.locator("time").all()]
    assert times == sorted(times, reverse=True)
    assert pad.dialog.locator("img, i:not(.wn-dot)").count() == 0
    pad.press("Escape")
    pad.press("ArrowRight", "Shift+H")
    expect(pad.dialog).to_contain_text("Nobody has decided anything on it yet.")


def test_hidden_suggestions_are_hidden_everywhere_and_come_back_without_a_reload(pad, project):
    assert "95 %" in (pad.root.text_content() or "")
    pad.choose_order("mixed")
    pad.button("Hide suggestions").click()
    expect(pad.root.locator(".wn-guess")).to_have_text("Suggestions are hidden")
    until(lambda: httpx.get(f"{pad.app.url}/api/projects/{project.id}").json()["blind"])
    # The order would give it away.
    assert pad.root.get_by_label("Order").input_value() == "sequential"
    offered = pad.root.get_by_label("Order").locator("option").all_text_contents()
    assert not [words for words in offered if "uggested" in words or "nsure" in words]
    expect(pad.button("Accept many …")).to_be_hidden()
    pad.press("1")
    pad.is_saved()
    assert pad.root.locator(".wn-suggested").count() == 0
    assert "Suggested" not in (pad.root.locator(".wn-hidden").text_content() or "")
    pad.press("ArrowLeft", "Shift+H")
    expect(pad.dialog).to_contain_text("labeled it")
    assert "Suggested" not in (pad.dialog.text_content() or "")
    pad.press("Escape", "ArrowRight")
    # As the tab that holds them: nobody else gets them.
    who = {"annotator": "me", "tab": pad.page.evaluate("() => sessionStorage.getItem('winnow/tab')")}
    for path in ("queue", "items"):
        answer = httpx.get(f"{pad.app.url}/api/projects/{project.id}/{path}", params={"limit": 50} | who)
        found = answer.json()["items"]
        assert found
        assert [each["suggestion"] for each in found] == [None] * len(found)
    pad.button("Show suggestions").click()
    expect(pad.root.locator(".wn-guess")).to_contain_text("Suggested")
    pad.press("1")
    expect(pad.root.locator(".wn-guess")).to_contain_text("Suggested")
    pad.is_saved()
    kept = [event["suggested"] for event in events_of(project)]
    assert [each["is_hidden"] for each in kept] == [True, False]


def test_a_blind_project_shows_no_suggestion_on_the_other_pages(pad, project):
    pad.button("Hide suggestions").click()
    until(lambda: httpx.get(f"{pad.app.url}/api/projects/{project.id}").json()["blind"])
    page = pad.page
    page.goto(f"{pad.app.url}/data?project={project.id}")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible(timeout=20_000)
    assert "Suggestion" not in " ".join(page.get_by_test_id("stDataFrame").all_text_contents())
    page.goto(f"{pad.app.url}/explore?project={project.id}")
    expect(page.get_by_text("this project is labeled blind")).to_be_visible(timeout=20_000)
    expect(page.locator(".card").first).to_be_visible()
    assert page.locator(".guess").count() == 0
    pad.open()
    expect(pad.root.locator(".wn-guess")).to_have_text("Suggestions are hidden")
