"""How a text is shown in the pad: of any length and direction, with the words of a search marked."""

import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from playwright.sync_api import Page, Route, expect

from db.models import Item, Project
from db.session import writing
from tests.e2e.conftest import App
from tests.e2e.pads import Pad
from tests.labeling.builders import a_project

LONG = "\n\n".join(f"Paragraph {number}: " + "the heron stood in shallow water. " * 30 for number in range(20))

pytest_plugins = "tests.e2e.shared"


def of_texts(*texts: str) -> Project:
    with writing() as session:
        project = a_project(session, "bird", "cat")
        for text in texts:
            session.add(Item(project_id=project.id, content_hash=hashlib.sha256(text.encode()).digest(), text=text))
    return project


def scrolled(pad: Pad) -> float:
    return float(pad.root.locator(".wn-sheet").evaluate("sheet => sheet.scrollTop"))


def test_a_long_text_scrolls_with_the_keys_and_the_next_one_begins_at_its_top(shared_app: App, tab: Page) -> None:
    pad = Pad(tab, shared_app, of_texts(LONG, LONG[::-1], "short")).open()
    first = pad.item_id
    places = []
    for key in ("ArrowDown", "PageDown", "ArrowUp", "PageUp", "End", "Home"):
        pad.press(key)
        places.append(scrolled(pad))
    down, page_down, up, page_up, end, home_again = places
    assert 0 < down < page_down
    assert page_up < up < page_down < end
    assert home_again == 0
    pad.press("End")
    assert pad.item_id == first
    pad.press("1")
    expect(pad.root).to_have_attribute("data-item-id", str(first + 1))
    assert scrolled(pad) == 0


def test_keys_that_scroll_belong_to_the_page_when_the_text_is_short(shared_app: App, tab: Page) -> None:
    pad = Pad(tab, shared_app, of_texts("A heron.")).open()
    is_left = "key => dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true }))"
    assert all(tab.evaluate(is_left, key) for key in ("ArrowDown", "ArrowUp", "PageDown", "Home", "End"))
    assert pad.item_id


def test_each_paragraph_has_its_own_direction_and_nothing_in_a_text_is_lost(shared_app: App, tab: Page) -> None:
    text = "English first.\nשלום עולם\nEnglish with שלום inside.\n\n\tTabbed 👩‍👩‍👧‍👦 cafe\u0301\n" + "x" * 500
    pad = Pad(tab, shared_app, of_texts(text)).open()
    words = pad.root.locator(".wn-words")
    assert words.evaluate("words => words.textContent") == text
    sides = words.evaluate(
        """words => {
            const column = words.getBoundingClientRect();
            const node = words.firstChild;
            const lines = node.data.split("\\n");
            return [0, 1, 2].map((at) => {
                const from = lines.slice(0, at).join("\\n").length + (at ? 1 : 0);
                const range = document.createRange();
                range.setStart(node, from);
                range.setEnd(node, from + lines[at].length);
                const line = range.getBoundingClientRect();
                return line.left - column.left < 1 ? "left" : column.right - line.right < 1 ? "right" : "neither";
            });
        }"""
    )
    assert sides == ["left", "right", "left"]
    assert words.evaluate("words => words.scrollWidth <= words.clientWidth")


def test_a_text_has_lines_of_about_seventy_characters(shared_app: App, tab: Page) -> None:
    pad = Pad(tab, shared_app, of_texts(LONG)).open()
    lines = pad.root.locator(".wn-words").evaluate(
        """words => {
            const range = document.createRange();
            range.setStart(words.firstChild, 0);
            range.setEnd(words.firstChild, 900);
            return new Set(Array.from(range.getClientRects(), (each) => Math.round(each.top))).size;
        }"""
    )
    assert 60 <= 900 / lines <= 80


def test_a_text_of_a_megabyte_is_drawn_in_part_until_somebody_wants_all(shared_app: App, tab: Page) -> None:
    text = ("Line by line the heron waits for its fish in the reeds.\n" * 18_000)[:1_000_000].rstrip()
    pad = Pad(tab, shared_app, of_texts(text)).open()
    rest = pad.root.locator(".wn-rest")
    expect(rest).to_contain_text(f"of {len(text):,} characters")
    pad.press("End")
    rest.get_by_role("button", name="Show all").click()
    expect(rest).to_have_count(0)
    assert pad.root.locator(".wn-words").evaluate("words => words.textContent") == text
    pad.press("End")
    assert scrolled(pad) > 100_000


def test_the_words_of_a_search_are_marked(shared_app: App, tab: Page) -> None:
    def in_order(route: Route) -> None:
        """The order of a search is a model's; which item comes first matters nothing here."""
        parts = urlsplit(route.request.url)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()} | {"order": "sequential"}
        route.continue_(url=urlunsplit(parts._replace(query=urlencode(asked))))

    tab.route("**/queue?*", in_order)
    pad = Pad(tab, shared_app, of_texts("HERONS & <b>Straße</b>: a heron, cafe\u0301 i b", "No such word.")).open()
    marks = pad.root.locator("mark")
    expect(marks).to_have_count(0)
    pad.root.get_by_label("Order").select_option("search")
    pad.root.get_by_label("Search for").fill("heron straße café b?")
    pad.press("Enter")
    expect(marks).to_have_text(["HERON", "Straße", "heron", "cafe\u0301"])
    expect(pad.root.locator(".wn-words")).to_have_text("HERONS & <b>Straße</b>: a heron, cafe\u0301 i b")
    pad.root.get_by_label("Order").select_option("sequential")
    expect(marks).to_have_count(0)
