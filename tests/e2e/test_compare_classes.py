"""The views "Classes" and "Certainty" in a browser: a cell is clicked, a slider moved, thresholds used and reset."""

from uuid import uuid4

import numpy as np
from playwright.sync_api import Locator, Page, expect

from backend.training import runs
from db import comparison
from db.models import Project, Run
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.evaluating import builders
from tests.evaluating.test_thresholds import a_finished_run

pytest_plugins = "tests.e2e.shared"
# Milliseconds, for a machine that is busy with other things.
WORK_MS = 60_000
LONG, RIGHT_TO_LEFT = "egret " * 13, "مالك الحزين"


def opened(tab: Page, app: App, project: Project, view: str, run_ids: list[int]) -> None:
    tab.goto(f"{app.url}/compare?project={project.id}&view={view}&runs={','.join(map(str, run_ids))}")
    stands(tab)


def stands(tab: Page) -> None:
    expect(tab.locator('[data-test-script-state="notRunning"]')).to_be_visible(timeout=WORK_MS)
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    expect(tab.get_by_text("did not foresee")).to_have_count(0)


def two_runs() -> tuple[Project, list[Run]]:
    """The first takes two herons for egrets, the second one; both answer the other items rightly."""
    with writing() as session:
        project = builders.a_project(session, ["heron", LONG, RIGHT_TO_LEFT], name=f"Birds {uuid4()}")
        snapshot = builders.a_snapshot(session, project)
        items = builders.items(session, project, 12)
        truth = [[each % 3] for each in range(12)]
        found = []
        for number, wrong in enumerate(([0, 3], [0])):
            run = builders.a_run(session, project, snapshot, name=f"Head {number}")
            scores = np.array([builders.sure(1 if each in wrong else each % 3, 3) for each in range(12)])
            found.append(builders.with_answers(session, run, items, truth, scores))
        return project, found


def cell(chart: Locator, text: str) -> None:
    """Click the cell with this text in it, off the diagonal."""
    found = chart.locator(".textpoint").filter(has_text=text).last
    found.scroll_into_view_if_needed()
    place = found.bounding_box()
    assert place
    chart.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)


def test_a_clicked_cell_lists_its_items_and_opens_them_on_the_label_page(shared_app: App, tab: Page) -> None:
    project, found = two_runs()
    with reading() as session:
        first_item = min(comparison.answers(session, found[0].id))
    opened(tab, shared_app, project, "classes", [run.id for run in found])
    matrix = tab.locator(f".st-key-compare-matrix-{found[0].id}")
    expect(matrix.locator(".textpoint")).to_have_count(4)
    cell(matrix, "2")
    chosen = tab.get_by_role("combobox", name="Items of a cell")
    expect(chosen).to_have_value(f"2 items of heron taken for {LONG.strip()} · Head 0", timeout=WORK_MS)
    expect(tab.get_by_text("item 0", exact=True)).to_be_visible()
    expect(tab.get_by_text("item 3", exact=True)).to_be_visible()

    difference = tab.locator(".st-key-compare-difference")
    cell(difference, "−1")
    expect(chosen).to_have_value(f"1 item of heron taken for {LONG.strip()} · Head 1", timeout=WORK_MS)
    stands(tab)
    tab.get_by_role("button", name="Go through them").click()
    expect(tab.get_by_test_id("label-pad")).to_have_attribute("data-item-id", str(first_item), timeout=WORK_MS)


def test_thresholds_are_moved_used_and_reset(shared_app: App, tab: Page) -> None:
    with writing() as session:
        project, run = a_finished_run(session)
    opened(tab, shared_app, project, "certainty", [run.id])
    metric = tab.get_by_test_id("stMetric").filter(has_text="Macro-F1 on validation items")
    expect(metric).to_be_visible()
    before = metric.inner_text()
    slider = tab.get_by_role("slider", name="Answered from this score on")
    expect(slider).to_have_value("0.4")
    for _ in range(20):
        slider.press("ArrowRight")
    expect(tab.get_by_text("1 moved, not in use yet.")).to_be_visible(timeout=WORK_MS)
    expect(slider).to_have_value("0.5")
    stands(tab)
    assert metric.inner_text() != before
    tab.get_by_role("button", name="Use these thresholds").click()
    expect(tab.get_by_text("The thresholds in use were moved by hand.")).to_be_visible(timeout=WORK_MS)
    assert first_threshold(run) == 0.5

    tab.get_by_role("button", name="Reset to those of training").click()
    expect(tab.get_by_text("The thresholds in use are those of the training.")).to_be_visible(timeout=WORK_MS)
    assert first_threshold(run) == 0.4
    expect(slider).to_have_value("0.4")


def first_threshold(run: Run) -> float:
    with reading() as session:
        return float(runs.get(session, run.id).metrics["thresholds"][0]["threshold"])


def test_how_much_is_answered_follows_the_slider(shared_app: App, tab: Page) -> None:
    project, found = two_runs()
    opened(tab, shared_app, project, "certainty", [run.id for run in found])
    expect(tab.get_by_text("its confidence can be taken at its word", exact=False).first).to_be_visible()
    slider = tab.get_by_role("slider", name="Answer from this confidence on")
    line = tab.locator(".st-key-compare-coverage .scatterlayer .trace").last
    before = line.locator("path.js-line").get_attribute("d")
    for _ in range(5):
        slider.press("ArrowRight")
    expect(slider).to_have_value("85")
    expect(line.locator("path.js-line")).not_to_have_attribute("d", before or "", timeout=WORK_MS)
    stands(tab)
    tab.set_viewport_size({"width": 820, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tab.set_viewport_size({"width": 1280, "height": 800})
