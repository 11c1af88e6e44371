"""Near-duplicates on the Data page: found, labeled in one action, deleted, taken apart, undone."""

from playwright.sync_api import Locator, Page, expect

from db.models import Item, Project, Status
from db.session import reading
from tests.e2e.conftest import App
from tests.e2e.pads import of_texts
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"

FIRST = "Sea gulls circle over the harbour of Aarhus, the ferry leaves at nine."
OTHER = "The heron waits by the old mill while it rains <b>quietly</b> on the river."


def open_near(page: Page, app: App, project: Project) -> None:
    page.goto(f"{app.url}/data?project={project.id}")
    page.get_by_role("tab", name="Near-duplicates").click()


def group(page: Page, text: str) -> Locator:
    """The innermost box around the members of a group."""
    return page.get_by_test_id("stVerticalBlock").filter(has=page.locator("article", has_text=text)).last


def count(project: Project, status: Status) -> int:
    with reading() as session:
        return session.query(Item).filter_by(project_id=project.id, status=status).count()


def test_near_duplicates_are_found_labeled_deleted_and_taken_apart(shared_app: App, tab: Page):
    project = of_texts(FIRST, FIRST + " Thanks", FIRST + "!!", OTHER, OTHER + " again", "Nothing like the others")
    open_near(tab, shared_app, project)
    tab.get_by_role("button", name="Find near-duplicates").click()
    expect(tab.get_by_text("2 groups of near-duplicates with 5 items")).to_be_visible(timeout=60_000)
    expect(tab.locator("article")).to_have_count(5)
    # What the first does not have is marked, and markup is text.
    expect(tab.locator("article mark")).to_contain_text(["Thanks", "!!", "again"])
    expect(tab.locator("article", has_text="<b>quietly</b>")).to_have_count(2)

    group(tab, FIRST).get_by_role("button", name="Label all of these").click()
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("3 items get the same label.")
    dialog.get_by_text("bird", exact=True).click()
    dialog.get_by_role("button", name="Label 3 items").click()
    expect(tab.get_by_text("3 items are labeled.")).to_be_visible()
    assert count(project, Status.LABELED) == 3
    tab.get_by_role("button", name="Undo").click()
    until(lambda: count(project, Status.LABELED) == 0)
    # Until the line is gone and the page at rest, the groups below it are on the move.
    expect(tab.get_by_text("3 items are labeled.")).to_have_count(0)
    expect(tab.locator('[data-test-script-state="notRunning"]')).to_be_visible()

    group(tab, OTHER).get_by_role("button", name="Delete all but the first").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tab.get_by_text("1 item is in the bin.")).to_be_visible()
    expect(tab.get_by_text("1 group of near-duplicates with 3 items")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("2 groups of near-duplicates with 5 items")).to_be_visible()

    group(tab, OTHER).get_by_role("button", name="Not the same").last.click()
    expect(tab.get_by_text("1 group of near-duplicates with 3 items")).to_be_visible()
    tab.get_by_role("button", name="Look again").click()
    expect(tab.get_by_role("button", name="Look again")).to_be_enabled(timeout=60_000)
    expect(tab.get_by_text("1 group of near-duplicates with 3 items")).to_be_visible()
