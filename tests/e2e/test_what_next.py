"""What next in a browser: make the forecast, read what more labels bring, and follow an advice to where it leads."""

from playwright.sync_api import Page, expect

from db.models import Item, Status
from db.session import writing
from tests.e2e.conftest import App
from tests.e2e.pads import Pad
from tests.training import builders

pytest_plugins = "tests.e2e.shared"

SLOW_MS = 60_000


def test_from_the_forecast_to_the_items_that_an_advice_names(shared_app: App, tab: Page):
    project = builders.a_text_project(16)
    with writing() as session:
        flagged = builders.a_labeled_item(session, project, "What is this about?")
        flagged.status = Status.FLAGGED
        session.add(
            Item(project_id=project.id, content_hash=b"1" * 32, text="The heron waits for somebody to label it.")
        )
    tab.goto(f"{shared_app.url}/compare?project={project.id}&view=next")
    tab.get_by_role("button", name="Forecast", exact=True).click()
    expect(tab.get_by_text("100 more labels: about")).to_be_visible(timeout=120_000)
    expect(tab.get_by_text("points of accuracy")).to_be_visible()
    expect(tab.locator(".js-plotly-plot")).to_have_count(1, timeout=SLOW_MS)
    tab.get_by_text("Macro-F1", exact=True).first.click()
    expect(tab.get_by_text("points of Macro-F1")).to_be_visible(timeout=SLOW_MS)
    expect(tab.get_by_role("button", name="Train a model")).to_be_visible(timeout=SLOW_MS)
    expect(tab.get_by_text("1 item was flagged")).to_be_visible(timeout=SLOW_MS)
    tab.locator("[class*=st-key-next-flagged]").get_by_role("button").click()
    pad = Pad(tab, shared_app, project)
    expect(pad.root).to_have_attribute("data-item-id", str(flagged.id), timeout=SLOW_MS)
