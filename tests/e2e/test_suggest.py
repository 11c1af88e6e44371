"""The Suggest page in a browser: make suggestions, use others, label what two suggesters dispute."""

from playwright.sync_api import Page, expect

from backend import projects
from db.session import reading
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, ids_of, of_texts, suggest
from tests.suggesting.builders import NEWS
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


def test_from_suggestions_to_the_items_that_two_suggesters_dispute(shared_app: App, tab: Page):
    project = of_texts(*(text for many in NEWS.values() for text in many), names=tuple(NEWS))
    # A suggester that takes everything to be sport, so that a better one differs from it.
    suggest(project, [[0.5, 0.3, 0.2]] * 18)
    tab.goto(f"{shared_app.url}/suggest?project={project.id}")
    tab.get_by_role("button", name="Make suggestions").click()
    tab.get_by_test_id("stPopoverBody").get_by_role("button", name="Make suggestions").click()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("button", name="Use these")).to_have_count(1, timeout=60_000)

    def in_use() -> int | None:
        with reading() as session:
            return projects.get(session, project.id).suggestion_set_id

    newest = in_use()
    tab.get_by_role("button", name="Use these").click()
    until(lambda: in_use() != newest)
    tab.get_by_role("button", name="Label these").click()
    pad = Pad(tab, shared_app, project)
    expect(pad.root).not_to_have_attribute("data-item-id", "", timeout=30_000)
    # Sport is what both say.
    assert pad.item_id in ids_of(project)[6:]
    order = pad.root.get_by_label("Order")
    expect(order).to_have_value(f"disagree:{newest},{in_use()}")
    expect(order.locator("option:checked")).to_have_text("Where MiniLM and the learned head differ")
    pad.choose_order("sequential")
    tab.reload()
    expect(pad.root).not_to_have_attribute("data-item-id", "", timeout=30_000)
    expect(order).to_have_value("sequential")
