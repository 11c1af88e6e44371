"""The orders of the queue as a person changes them: at any time, without losing the place."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from db.models import Item, Project
from db.session import reading
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of, ids_of, of_colours, of_count, of_texts, suggest
from tests.suggesting.builders import NEWS
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


@pytest.fixture(scope="module")
def news(shared_app: App) -> Project:
    """Texts that the bundled model has read."""
    project = of_texts(names=tuple(NEWS))
    texts = [text for many in NEWS.values() for text in many]
    address = f"{shared_app.url}/api/projects/{project.id}"
    assert httpx.post(f"{address}/items", json={"texts": texts}).status_code < 300

    def is_idle() -> bool:
        found = httpx.get(f"{shared_app.url}/api/jobs", params={"project": project.id}).json()["items"]
        return len(found) > 1 and all(job["state"] == "done" for job in found)

    until(is_idle, timeout_s=120)
    return project


def text_of(item_id: int) -> str:
    with reading() as session:
        item = session.get(Item, item_id)
        assert item
        return item.text or ""


def test_every_order_shows_other_items_and_the_way_back_to_those_seen(shared_app: App, tab: Page):
    project = suggest(of_count(40), [[0.4 + number / 100, 0.3, 0.3 - number / 200] for number in range(40)])
    pad, ids = Pad(tab, shared_app, project).open(), ids_of(project)
    pad.press("1", "1")
    for order in ("uncertain", "random", "mixed", "diverse", "class:bird", "sequential"):
        pad.choose_order(order)
        until(lambda: pad.item_id in ids[2:])
        assert pad.root.evaluate("root => root.contains(document.activeElement)")
    pad.shows(ids[2])
    # The place is kept: what was seen is still behind.
    pad.press("ArrowLeft")
    pad.shows(ids[1])
    pad.press("ArrowRight")
    pad.shows(ids[2])
    pad.choose_order("class:bird")
    pad.shows(ids[2])
    pad.press("3")
    pad.choose_order("class:dog")
    expect(pad.root).to_contain_text("No item still to do is suggested to be dog.")
    pad.button("Go on in order").click()
    pad.shows(ids[3])
    pad.is_saved()
    assert classes_of(ids[2]) == ["dog"]


def test_a_search_brings_what_means_the_same_and_is_kept(shared_app: App, tab: Page, news: Project):
    pad = Pad(tab, shared_app, news).open()
    pad.choose_order("search")
    pad.root.get_by_label("Search for").fill("football goals")
    pad.press("Enter")
    until(lambda: pad.item_id and text_of(pad.item_id) in NEWS["sport"])
    assert text_of(pad.item_id) in ("the striker scored twice in the final", "the goalkeeper saved a penalty")
    expect(pad.root.get_by_label("Order")).to_have_value("search:football goals")
    expect(pad.root.get_by_label("Order").locator("option:checked")).to_have_text("Search: football goals")
    # The focus is back on the item.
    found = pad.item_id
    pad.press(" ")
    until(lambda: pad.item_id != found)
    pad.open()
    expect(pad.root.get_by_label("Order")).to_have_value("search:football goals")
    assert text_of(pad.item_id) in NEWS["sport"]


def test_a_search_that_is_given_up_changes_nothing(shared_app: App, tab: Page, news: Project):
    pad = Pad(tab, shared_app, news).open()
    shown = pad.item_id
    pad.choose_order("search")
    pad.root.get_by_label("Search for").fill("rockets")
    pad.press("Escape")
    expect(pad.root.get_by_label("Order")).to_have_value("sequential")
    pad.shows(shown)


def test_what_is_like_an_item_comes_next(shared_app: App, tab: Page, news: Project):
    pad = Pad(tab, shared_app, news).open()
    mars = next(item_id for item_id in ids_of(news) if "Mars" in text_of(item_id))
    until(lambda: pad.item_id == mars or pad.press(" "))
    pad.choose_order("similar")
    expect(pad.root.get_by_label("Order")).to_have_value(f"similar:{mars}")
    until(lambda: pad.item_id not in (0, mars))
    assert text_of(pad.item_id) in NEWS["space"]


def test_words_for_pictures_say_what_they_need_and_the_way_on(shared_app: App, tab: Page):
    project = of_colours(4)
    pad = Pad(tab, shared_app, project).open()
    pad.choose_order("search")
    pad.root.get_by_label("Search for").fill("a red square")
    pad.press("Enter")
    expect(pad.root).to_contain_text("Nothing comes in this order", timeout=30_000)
    expect(pad.root).to_contain_text("CLIP")
    pad.button("Go on in order").click()
    pad.shows(ids_of(project)[0])
