"""Two people, or two tabs of one: never the same item, and where they meet all the same, the later one is told."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from db.models import Lease, Project
from db.session import writing
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, a_context, a_tab, classes_of, events_of, ids_of, leased, of_count, status_of, suggest
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


@pytest.fixture(scope="module")
def other_context(browser: Browser) -> Iterator[BrowserContext]:
    with a_context(browser) as context:
        yield context


@pytest.fixture
def elsewhere(other_context: BrowserContext) -> Iterator[Page]:
    """A tab in the browser of somebody else."""
    with a_tab(other_context) as page:
        yield page


@pytest.fixture
def second_tab(context: BrowserContext, tab: Page) -> Iterator[Page]:
    """A tab in the same browser."""
    assert tab
    with a_tab(context) as page:
        yield page


def press_on(pads: list[Pad], project: Project) -> list[int]:
    """Each presses a key in turn, as fast as it goes, until all is done; the items in the order of the presses."""
    pressed: list[int] = []
    turn = 0

    def is_done() -> bool:
        nonlocal turn
        for pad in pads:
            if item_id := pad.item_id:
                pad.press("123"[turn % 3])
                pressed.append(item_id)
                turn += 1
            elif pad.root.get_by_role("button", name="Look again").is_visible():
                pad.root.get_by_role("button", name="Look again").click()
        return len(pressed) >= len(ids_of(project)) and all(pad.item_id == 0 for pad in pads)

    until(is_done, every_s=0)
    return pressed


def each_is_labeled_once(pads: list[Pad], project: Project) -> None:
    pressed = press_on(pads, project)
    for pad in pads:
        pad.is_saved()
        expect(pad.root.locator(".wn-alert")).to_have_count(0)
    assert sorted(pressed) == ids_of(project)
    assert sorted(event["item_id"] for event in events_of(project)) == ids_of(project)


def test_two_people_who_label_all_there_is_never_get_the_same_item(shared_app: App, tab, elsewhere):
    project = of_count(140)
    pads = [Pad(tab, shared_app, project).open(), Pad(elsewhere, shared_app, project).open()]
    pads[0].is_named("Ada")
    pads[1].is_named("Bob")
    each_is_labeled_once(pads, project)


def test_two_tabs_of_one_person_never_get_the_same_item(shared_app: App, tab, second_tab):
    project = of_count(100)
    pads = [Pad(tab, shared_app, project).open(), Pad(second_tab, shared_app, project).open()]
    assert pads[0].item_id != pads[1].item_id
    each_is_labeled_once(pads, project)


def test_a_duplicated_tab_is_a_tab_of_its_own(shared_app: App, tab, second_tab):
    project = of_count(100)
    first = Pad(tab, shared_app, project).open()
    # As browsers do it: what is in the session storage is copied.
    its_id = tab.evaluate("() => sessionStorage.getItem('winnow/tab')")
    copied = f"sessionStorage.getItem('winnow/tab') ?? sessionStorage.setItem('winnow/tab', '{its_id}')"
    second_tab.add_init_script(copied)
    second = Pad(second_tab, shared_app, project).open()
    assert second_tab.evaluate("() => sessionStorage.getItem('winnow/tab')") != its_id
    each_is_labeled_once([first, second], project)


def test_a_closed_tab_lets_go_at_once(shared_app: App, tab, context):
    project = of_count(12)
    with a_tab(context) as gone:
        first = Pad(gone, shared_app, project).open()
        assert first.item_id == ids_of(project)[0]
        waiting = Pad(tab, shared_app, project)
        tab.goto(f"{shared_app.url}/label?project={project.id}")
        expect(waiting.root).to_contain_text("Nothing for you just now", timeout=20_000)
        expect(waiting.root).to_contain_text("12 items are still to do, in front of somebody else or in another tab.")
    until(lambda: not leased(project))
    waiting.button("Look again").click()
    waiting.shows(ids_of(project)[0])


def test_a_tab_that_leaves_the_page_or_reloads_gets_its_items_again(shared_app: App, tab):
    project = of_count(12)
    pad = Pad(tab, shared_app, project).open()
    pad.press("1")
    pad.open()
    pad.shows(ids_of(project)[1])
    tab.get_by_role("link", name="Data", exact=True).click()
    until(lambda: not leased(project))


def test_another_name_keeps_what_is_on_screen_and_ahead(shared_app: App, tab):
    project = of_count(10)
    pad = Pad(tab, shared_app, project).open()
    pad.is_named("Ada")
    until(lambda: leased(project) == set(ids_of(project)))
    for item_id in ids_of(project):
        pad.shows(item_id)
        pad.press("1")
    expect(pad.root).to_contain_text("All done")
    pad.is_saved()
    assert [status_of(item_id) for item_id in ids_of(project)] == ["labeled"] * 10


def forget_leases(project: Project) -> None:
    """As after three minutes in which a sleeping machine sent no word."""
    with writing() as session:
        session.query(Lease).filter_by(project_id=project.id).delete()


def both_with_the_same_item(first: Pad, second: Pad, project: Project) -> int:
    first.open()
    forget_leases(project)
    second.open()
    item_id = ids_of(project)[0]
    first.shows(item_id)
    second.shows(item_id)
    return item_id


def test_the_later_one_is_told_who_decided_what_and_the_history_has_both(shared_app: App, tab, elsewhere):
    project = of_count(5)
    ada, bob = Pad(tab, shared_app, project), Pad(elsewhere, shared_app, project)
    item_id = both_with_the_same_item(ada, bob, project)
    ada.is_named("Ada").press("1")
    ada.is_saved()
    bob.is_named("Bob").press("2")
    told = "Ada had already labeled bird “item 0”. Your decision took its place; the history of the item has both."
    expect(bob.root.get_by_role("alert")).to_contain_text(told)
    bob.is_saved()
    expect(ada.root.locator(".wn-alert")).to_have_count(0)
    assert classes_of(item_id) == ["cat"]
    bob.press("ArrowLeft", "Shift+H")
    rows = bob.root.locator("dialog li")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Bob labeled it cat")
    expect(rows.nth(1)).to_contain_text("Ada labeled it bird")
    # To decide once more on what one has seen is no conflict.
    bob.press("Escape", "3")
    bob.is_saved()
    expect(bob.root.locator(".wn-alert")).to_have_count(1)


def test_an_earlier_decision_of_the_same_kind_and_one_of_another_tab_are_told_too(shared_app: App, tab, second_tab):
    project = of_count(5)
    first, second = Pad(tab, shared_app, project), Pad(second_tab, shared_app, project)
    both_with_the_same_item(first, second, project)
    first.press("1", "f")
    first.is_saved()
    second.press("1", "2")
    second.is_saved()
    alerts = second.root.locator(".wn-alert")
    expect(alerts.nth(0)).to_contain_text(
        "You, in another tab, had already labeled bird “item 0”. You decided the same."
    )
    expect(alerts.nth(1)).to_contain_text(
        "You, in another tab, had already flagged “item 1”. Your decision took its place"
    )
    alerts.nth(0).get_by_role("button", name="Close").click()
    expect(alerts).to_have_count(1)


def test_an_undo_of_what_took_the_place_of_another_decision_shows_that_one_again(shared_app: App, tab, elsewhere):
    project = of_count(5)
    ada, bob = Pad(tab, shared_app, project), Pad(elsewhere, shared_app, project)
    item_id = both_with_the_same_item(ada, bob, project)
    ada.is_named("Ada").press("1")
    ada.is_saved()
    bob.is_named("Bob").press("2", "Control+z")
    bob.shows(item_id)
    expect(bob.class_button("bird")).to_have_attribute("aria-pressed", "true")
    expect(bob.root.locator(".wn-badge")).to_have_text("labeled")
    bob.is_saved()
    assert classes_of(item_id) == ["bird"]


def test_in_the_grid_the_later_one_is_told_too(shared_app: App, tab, elsewhere):
    project = suggest(of_count(4), [[0.8, 0.1, 0.1]] * 4)
    ada, bob = Pad(tab, shared_app, project), Pad(elsewhere, shared_app, project)
    item_id = both_with_the_same_item(ada, bob, project)
    bob.is_named("Bob").press("g")
    expect(bob.root.locator(".wn-card")).to_have_count(4)
    ada.is_named("Ada").press("2")
    ada.is_saved()
    bob.press("Enter")
    told = "Ada had already labeled cat “item 0”. Your decision took its place; the history of the item has both."
    expect(bob.root.locator(".wn-alert")).to_have_text(re.compile(re.escape(told)))
    bob.is_saved()
    assert classes_of(item_id) == ["bird"]
    bob.press("Control+z")
    bob.is_saved()
    assert classes_of(item_id) == ["cat"]
    assert [status_of(each) for each in ids_of(project)] == ["labeled", "todo", "todo", "todo"]


def test_an_undo_does_not_take_back_what_somebody_else_decided_since(shared_app: App, tab, elsewhere):
    project = of_count(5)
    ada, bob = Pad(tab, shared_app, project), Pad(elsewhere, shared_app, project)
    item_id = both_with_the_same_item(ada, bob, project)
    ada.is_named("Ada").press("1")
    ada.is_saved()
    bob.is_named("Bob").press("2")
    bob.is_saved()
    ada.press("Control+z")
    expect(ada.root).to_contain_text("Somebody changed it since; it stays as it is.")
    ada.is_saved()
    assert classes_of(item_id) == ["cat"]
