"""The Models page in a browser, without a project and without a network."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import App

pytest_plugins = "tests.e2e.shared"


def test_the_page_opens_by_its_address_and_says_what_a_folder_is_worth_and_that_it_is_offline(
    shared_app: App, tab: Page
) -> None:
    tab.goto(f"{shared_app.url}/models")
    expect(tab.get_by_role("heading", name="Models", exact=True)).to_be_visible(timeout=30_000)
    expect(tab.get_by_text("Offline mode is on")).to_be_visible()
    tab.get_by_role("button", name="Fetch 605 MB").click()
    expect(tab.get_by_text("CLIP cannot be fetched: offline mode is on")).to_be_visible()
    tab.get_by_role("tab", name="Another model").click()
    folder = tab.get_by_role("textbox", name="Folder")
    folder.fill("/nowhere/at/all")
    folder.press("Enter")
    expect(tab.get_by_text("There is no folder /nowhere/at/all.")).to_be_visible()
    name = tab.get_by_role("textbox", name="Name")
    name.fill("no owner")
    name.press("Enter")
    tab.get_by_role("button", name="Fetch", exact=True).click()
    expect(tab.get_by_text("is not a model's name on the hub")).to_be_visible()
    expect(tab.get_by_test_id("stException")).to_have_count(0)
