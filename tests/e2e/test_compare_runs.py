"""The list of runs as a person uses it, by mouse and by keyboard, and the report as it opens from a disk."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import uuid4

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from db.models import Project, Run
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.evaluating import builders
from tests.evaluating.builders import sure
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"
WORK_MS = 60_000
ROW_PX = 35
HOSTILE = "<img src=x onerror=alert(1)></script>"


def a_project_with_runs(n: int, name: str = "Run") -> tuple[Project, list[int]]:
    """Runs by two methods in turn; the newer, the better."""
    with writing() as session:
        project = builders.a_project(session, [f"{name} class {each}" for each in range(3)], name=f"{name} {uuid4()}")
        snapshot = builders.a_snapshot(session, project)
        items = builders.items(session, project, 30)
        runs = []
        for number in range(n):
            spec = {"method": ("head", "lora")[number % 2], "base": "bundled:minilm", "seed": number}
            run = builders.a_run(session, project, snapshot, name=f"{name} {number}", spec=spec)
            said = [sure((place + (place % (number + 2) == 0)) % 3, 3) for place in range(30)]
            builders.with_answers(session, run, items, [[place % 3] for place in range(30)], np.array(said))
            builders.with_curve(session, run, "train/loss", [2.0, 1.0, 0.5])
            builders.with_curve(session, run, "validation/f1_macro", [0.2, 0.4, 0.5])
            runs.append(run.id)
    return project, runs


def opened(tab: Page, app: App, project: Project, query: str = "") -> Page:
    tab.goto(f"{app.url}/compare?project={project.id}&view=runs{query}")
    return stands(tab)


def stands(tab: Page) -> Page:
    expect(tab.locator('[data-test-script-state="notRunning"]')).to_be_visible(timeout=WORK_MS)
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    return tab


def shown(tab: Page) -> Locator:
    return tab.get_by_test_id("stDataFrame").last


def rows_are(tab: Page, n: int) -> None:
    """With the line of titles."""
    expect(shown(tab).locator("table")).to_have_attribute("aria-rowcount", str(n + 1), timeout=WORK_MS)


def select(tab: Page, *places: int) -> None:
    for place in places:
        shown(tab).click(position={"x": 16, "y": ROW_PX * (place + 1) + 18})


def in_address(tab: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(tab.url).query)


def kept(run_id: int) -> Run:
    with reading() as session:
        return session.get_one(Run, run_id)


def test_runs_are_found_grouped_and_compared(shared_app: App, tab: Page) -> None:
    project, runs = a_project_with_runs(6)
    opened(tab, shared_app, project)
    rows_are(tab, 6)
    tab.get_by_label("Find").fill("run 3")
    tab.get_by_label("Find").press("Enter")
    rows_are(tab, 1)
    assert in_address(tab)["find"] == ["run 3"]
    tab.get_by_role("button", name="Show all").click()
    rows_are(tab, 6)
    expect(tab.get_by_label("Find")).to_have_value("")

    opened(tab, shared_app, project, "&group=method")
    groups = tab.get_by_test_id("stDataFrame").first
    expect(groups.locator("table")).to_have_attribute("aria-rowcount", "3")
    groups.click(position={"x": 16, "y": ROW_PX + 18})
    rows_are(tab, 3)
    assert in_address(tab)["one"] == ["LoRA"]
    # A link shows the same.
    stands(tab.goto(tab.url) and tab)
    rows_are(tab, 3)
    select(tab, 0, 2)
    tab.get_by_role("button", name="Compare 2 runs").click()
    expect(tab.get_by_text("Runs side by side")).to_be_visible(timeout=WORK_MS)
    assert in_address(tab)["runs"] == [f"{runs[1]},{runs[5]}"]
    assert in_address(tab)["view"] == ["side"]


def test_a_run_is_chosen_and_marked_by_the_keyboard_alone(shared_app: App, tab: Page) -> None:
    project, runs = a_project_with_runs(3)
    opened(tab, shared_app, project)
    rows_are(tab, 3)
    shown(tab).locator("canvas").first.focus()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Shift+Space")
    expect(tab.get_by_role("button", name="Look at it")).to_be_enabled(timeout=WORK_MS)
    tab.get_by_role("button", name="Star").press("Enter")
    until(lambda: any(kept(run_id).is_starred for run_id in runs))
    [starred] = [run_id for run_id in runs if kept(run_id).is_starred]

    # The selection stays: the rows are the same.
    tab.get_by_role("button", name="Tags").press("Enter")
    tab.get_by_role("combobox", name="Add").press_sequentially("the one")
    tab.keyboard.press("Enter")
    tab.keyboard.press("Escape")
    tab.get_by_role("button", name="Change tags").press("Enter")
    until(lambda: kept(starred).tags == ["the one"])
    stands(tab)
    tab.get_by_role("button", name="Archive").press("Enter")
    until(lambda: kept(starred).is_archived)
    rows_are(tab, 2)
    opened(tab, shared_app, project, "&archived=only&tag=the+one")
    rows_are(tab, 1)
    select(tab, 0)
    tab.get_by_role("button", name="Bring back").click()
    until(lambda: not kept(starred).is_archived)


def test_more_than_twenty_runs_are_marked_together_but_not_compared(shared_app: App, tab: Page) -> None:
    project, runs = a_project_with_runs(22)
    opened(tab, shared_app, project)
    rows_are(tab, 22)
    # The box above the boxes is all of them.
    shown(tab).click(position={"x": 16, "y": 18})
    expect(tab.get_by_text("At most 20 fit side by side.")).to_be_visible(timeout=WORK_MS)
    expect(tab.get_by_role("button", name="Compare 22 runs")).to_be_disabled()
    tab.get_by_role("button", name="Note").click()
    tab.get_by_role("textbox", name="Note").fill("Before the mending of labels")
    tab.get_by_role("button", name="Save").click()
    until(lambda: {kept(run_id).note for run_id in runs} == {"Before the mending of labels"})


def downloaded(tab: Page, folder: Path) -> Path:
    link = tab.get_by_role("link", name="Report")
    expect(link).to_have_attribute("href", re.compile(r"runs=\d+,\d+$"), timeout=WORK_MS)
    answer = tab.request.get(urljoin(tab.url, link.get_attribute("href") or ""))
    assert answer.headers["content-disposition"].startswith("attachment")
    path = folder / "report.html"
    path.write_bytes(answer.body())
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_opens_from_the_disk_without_a_network(
    shared_app: App, tab: Page, browser: Browser, tmp_path: Path, scheme: Any
) -> None:
    project, _ = a_project_with_runs(2, HOSTILE)
    opened(tab, shared_app, project)
    rows_are(tab, 2)
    select(tab, 0, 1)
    path = downloaded(tab, tmp_path)
    context = browser.new_context(offline=True, color_scheme=scheme)
    try:
        page = context.new_page()
        asked, broken = heard(page)
        page.goto(path.as_uri())
        charts = page.locator(".chart")
        expect(page.locator(".chart .main-svg").first).to_be_visible(timeout=WORK_MS)
        assert charts.count() >= 8
        assert page.locator(".chart:not(:has(.main-svg))").count() == 0
        expect(page.locator("main")).to_contain_text(HOSTILE)
        assert page.locator("img").count() == 0
        # The camera button of a chart works under the page's policy.
        picture = page.evaluate("Plotly.toImage(document.querySelector('.chart'), {format: 'png', width: 300})")
        assert picture.startswith("data:image/png;base64,")
        # On paper it is as wide as the paper, in ink.
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate("document.querySelector('.chart .main-svg').getBoundingClientRect().width") < 720
        assert page.evaluate("[...document.querySelectorAll('details')].every((each) => each.open)")
        assert asked == [path.as_uri()]
        assert broken == []
    finally:
        context.close()


def heard(page: Page) -> tuple[Sequence[str], Sequence[str]]:
    """What the page asks for but for its own blobs and data, and what goes wrong in it."""
    asked: list[str] = []
    broken: list[str] = []
    page.on("request", lambda request: None if request.url[:5] in ("blob:", "data:") else asked.append(request.url))
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda said: broken.append(said.text) if said.type == "error" else None)
    page.on("dialog", lambda dialog: broken.append(dialog.message))
    return asked, broken
