"""Labeling everything that a filter or a selection names, on the Data page."""

import hashlib

import pytest
from playwright.sync_api import Locator, Page, expect

from backend.labeling import bulk
from db.models import Item, Project, Status
from db.models import table as table_of
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of, events_of, ids_of, of_colours, of_count, of_texts, status_of
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


def open_data(page: Page, app: App, project: Project) -> None:
    page.goto(f"{app.url}/data?project={project.id}")
    is_quiet(page)


def is_quiet(page: Page) -> None:
    expect(page.locator('[data-test-script-state="notRunning"]')).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def ask(page: Page, button: str) -> Locator:
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def choose(page: Page, dialog: Locator, class_name: str) -> None:
    dialog.get_by_role("combobox").first.click()
    page.get_by_role("option", name=class_name, exact=True).click()


def count(project: Project, status: Status) -> int:
    with reading() as session:
        return session.query(Item).filter_by(project_id=project.id, status=status).count()


def test_all_that_fit_are_counted_first_labeled_as_one_and_taken_back_by_one_undo(shared_app: App, tab: Page):
    project = of_texts(*(f"heron {number}" for number in range(6)), *(f"crow {number}" for number in range(4)))
    ids = ids_of(project)
    pad = Pad(tab, shared_app, project).open()
    pad.press("1", "1")
    pad.is_saved()
    open_data(tab, shared_app, project)
    tab.get_by_label("Contains").fill("heron")
    tab.keyboard.press("Enter")
    is_quiet(tab)
    dialog = ask(tab, "Label all that fit")
    expect(dialog).to_contain_text("6 items that contain “heron” get the same label.")
    expect(dialog).to_contain_text("2 of them have a label, which is replaced.")
    expect(dialog.get_by_role("button", name="Label 6 items")).to_be_disabled()
    choose(tab, dialog, "cat")
    dialog.get_by_role("button", name="Label 6 items").click()
    expect(tab.get_by_text("6 items are labeled.")).to_be_visible(timeout=15_000)
    assert [classes_of(item_id) for item_id in ids] == [["cat"]] * 6 + [[]] * 4
    assert len({event["decision_id"] for event in events_of(project)[2:]}) == 1
    tab.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("6 items are labeled.")).to_have_count(0, timeout=15_000)
    until(lambda: [classes_of(item_id) for item_id in ids] == [["bird"]] * 2 + [[]] * 8)


def test_the_selected_rows_are_shown_varied(shared_app: App, tab: Page):
    project = of_count(5)
    second = ids_of(project)[1]
    open_data(tab, shared_app, project)
    grid = tab.get_by_test_id("stDataFrame").bounding_box()
    assert grid
    tab.mouse.click(grid["x"] + 18, grid["y"] + 35 * 2 + 17)
    is_quiet(tab)
    tab.get_by_role("button", name="See them varied").click()
    tab.wait_for_url(f"**/augment?*items={second}*")
    expect(tab.get_by_test_id("studio")).to_contain_text(f"#{second}", timeout=60_000)


def test_only_the_selected_rows_are_labeled(shared_app: App, tab: Page):
    project = of_count(5)
    open_data(tab, shared_app, project)
    grid = tab.get_by_test_id("stDataFrame").bounding_box()
    assert grid
    # The boxes are drawn, not made of elements: they stand in the first column, below the row of the titles.
    for row in (1, 3):
        tab.mouse.click(grid["x"] + 18, grid["y"] + 35 * row + 17)
        is_quiet(tab)
    dialog = ask(tab, "Label 2 selected")
    expect(dialog).to_contain_text("2 items that you selected get the same label.")
    choose(tab, dialog, "dog")
    dialog.get_by_role("button", name="Label 2 items").click()
    expect(tab.get_by_text("2 items are labeled.")).to_be_visible(timeout=15_000)
    ids = ids_of(project)
    assert [classes_of(item_id) for item_id in ids] == [["dog"], [], ["dog"], [], []]


def test_only_the_ticked_pictures_are_labeled_and_ctrl_z_on_the_pad_takes_them_back(shared_app: App, tab: Page):
    project = of_colours(4)
    ids = ids_of(project)
    open_data(tab, shared_app, project)
    tab.get_by_label("Select 1.png").check()
    is_quiet(tab)
    dialog = ask(tab, "Label 1 selected")
    expect(dialog).to_contain_text("1 item that you selected gets this label.")
    choose(tab, dialog, "blue")
    dialog.get_by_role("button", name="Label 1 item").click()
    expect(tab.get_by_text("1 item is labeled.")).to_be_visible(timeout=15_000)
    assert [classes_of(item_id) for item_id in ids] == [[], ["blue"], [], []]
    tab.get_by_role("link", name="Label", exact=True).click()
    pad = Pad(tab, shared_app, project)
    until(lambda: pad.root.count() and pad.item_id)
    pad.press("Control+z")
    pad.is_saved()
    assert status_of(ids[1]) == "todo"


def test_undo_is_offered_only_while_it_would_take_back_just_that(shared_app: App, tab: Page):
    project = of_count(3)
    open_data(tab, shared_app, project)
    tab.get_by_label("Contains").fill("item 2")
    tab.keyboard.press("Enter")
    is_quiet(tab)
    dialog = ask(tab, "Label all that fit")
    choose(tab, dialog, "cat")
    dialog.get_by_role("button", name="Label 1 item").click()
    expect(tab.get_by_text("1 item is labeled.")).to_be_visible(timeout=15_000)
    tab.get_by_role("link", name="Label", exact=True).click()
    pad = Pad(tab, shared_app, project)
    until(lambda: pad.root.count() and pad.item_id)
    pad.press("1")
    pad.is_saved()
    tab.get_by_role("link", name="Data", exact=True).click()
    expect(tab.get_by_test_id("stDataFrame")).to_be_visible(timeout=20_000)
    is_quiet(tab)
    expect(tab.get_by_role("button", name="Undo")).to_have_count(0)


def test_several_classes_are_given_to_many(shared_app: App, tab: Page):
    project = of_count(3, multi_label=True)
    open_data(tab, shared_app, project)
    dialog = ask(tab, "Label all that fit")
    expect(dialog).to_contain_text("3 items of this project, all of them, get the same label.")
    choose(tab, dialog, "bird")
    choose(tab, dialog, "dog")
    tab.keyboard.press("Escape")
    dialog.get_by_role("button", name="Label 3 items").click()
    expect(tab.get_by_text("3 items are labeled.")).to_be_visible(timeout=15_000)
    assert [classes_of(item_id) for item_id in ids_of(project)] == [["bird", "dog"]] * 3


@pytest.fixture
def large(shared_app: App) -> Project:
    project = of_count(0)
    texts = [f"large {number}" for number in range(bulk.MOST_AT_ONCE + 1)]
    with writing() as session:
        hashes = [hashlib.sha256(text.encode()).digest() for text in texts]
        rows = [
            {"project_id": project.id, "content_hash": of, "text": text} for of, text in zip(hashes, texts, strict=True)
        ]
        session.execute(table_of(Item).insert(), rows)
    return project


def test_very_many_are_a_job_with_a_card_and_one_undo(shared_app: App, tab: Page, large: Project):
    open_data(tab, shared_app, large)
    dialog = ask(tab, "Label all that fit")
    total = bulk.MOST_AT_ONCE + 1
    expect(dialog).to_contain_text(f"{total:,} items of this project, all of them, get the same label.")
    choose(tab, dialog, "bird")
    dialog.get_by_role("button", name=f"Label {total:,} items").click()
    expect(tab.get_by_text(f"Label {total:,} items").first).to_be_visible(timeout=15_000)
    until(lambda: count(large, Status.LABELED) == total)
    expect(tab.get_by_text(f"{total:,} items are labeled.")).to_be_visible(timeout=30_000)
    tab.get_by_role("button", name="Undo").click()
    until(lambda: count(large, Status.TODO) == total)
    expect(tab.get_by_text(f"{total:,} items are labeled.")).to_have_count(0, timeout=15_000)
