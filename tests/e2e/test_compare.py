"""The views of the Compare page in a browser: every chart is drawn, whatever the runs and the classes are."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from backend.training import artifact
from db.models import RunMetric
from db.session import writing
from tests.e2e.conftest import App
from tests.evaluating import builders
from tests.evaluating.builders import sure

pytest_plugins = "tests.e2e.shared"

LONG = "a class whose name somebody wrote out in full, so that nobody can take it for an"[:80]
RIGHT_TO_LEFT = "مالك الحزين الرمادي"
HOSTILE = "<img src=x onerror=alert(1)> **bold**"
# View -> the charts that it has at least, with one run.
VIEWS = {"side": 3, "classes": 1, "certainty": 1, "items": 0, "slices": 0}
# Runs with test items, classes, and whether a failed run and one without test items are among them.
CASES = {
    "one run, two classes": (1, 2, False),
    "two runs among others, ten classes": (2, 10, True),
    "two runs, 150 classes": (2, 150, False),
    "twenty runs, two classes": (18, 2, True),
}
# Charts are drawn after the script has ended, and a chart that could not be drawn stays empty.
DRAWN = """least => {
    const app = document.querySelector('[data-testid="stApp"]');
    const charts = [...document.querySelectorAll('[data-testid="stPlotlyChart"]')];
    const full = chart => chart.querySelector('.js-plotly-plot .main-svg')?.childElementCount > 0;
    const isIdle = app?.dataset.testScriptState === 'notRunning';
    const isTold = [...document.querySelectorAll('h1')].some(each => each.textContent === 'Compare');
    return isIdle && isTold && charts.length >= least && charts.every(full);
}"""


def a_comparison(count: int, k: int, *, with_others: bool = False) -> str:
    """The query of an address that compares so many runs with answers on classes with difficult names."""
    names = [LONG, RIGHT_TO_LEFT, HOSTILE, *(f"class {each}" for each in range(k))][:k]
    with writing() as session:
        project = builders.a_project(session, names, name=f"Birds {count} {k}")
        snapshot = builders.a_snapshot(session, project, baselines={"majority": {"test": {"accuracy": 0.2}}})
        items = builders.items(session, project, 2 * k + 20, HOSTILE)
        truth = [[each % k] for each in range(len(items))]
        runs = []
        for number in range(count):
            spec = {"method": "full", "learning_rate": 10.0 ** -(number % 4 + 2), "epochs": number % 3}
            run = builders.a_run(session, project, snapshot, name=f"{HOSTILE} {LONG} {number}", spec=spec)
            said = [sure((each + (each % (number + 2) == 0)) % k, k) for each in range(len(items))]
            builders.with_answers(session, run, items, truth, np.array(said))
            run.metrics = run.metrics | {"train_seconds": 3.0 * (number + 1)}
            curve = [
                (name, step) for name in ("train/loss", "validation/loss", "validation/f1_macro") for step in (1, 2, 3)
            ]
            session.add_all(
                RunMetric(run_id=run.id, name=name, step=step, epoch=step, value=1 / step) for name, step in curve
            )
            folder = artifact.folder_of_run(run.id) / "model"
            folder.mkdir(parents=True)
            (folder / "model.safetensors").write_bytes(b"0" * 1000 * (number + 1))
            runs.append(run)
        if with_others:
            failed, empty = builders.a_failed_run(session, project), builders.a_run(session, project, snapshot)
            runs = [*runs[:1], failed, empty, *runs[1:]]
        return f"project={project.id}&runs={','.join(str(run.id) for run in runs)}"


@pytest.fixture(scope="module")
def queries(shared_app: App) -> dict[str, str]:
    return {case: a_comparison(count, k, with_others=others) for case, (count, k, others) in CASES.items()}


def opened(tab: Page, app: App, query: str, view: str) -> None:
    tab.goto(f"{app.url}/compare?{query}&view={view}")
    tab.wait_for_function(DRAWN, arg=VIEWS[view], timeout=60_000)
    expect(tab.get_by_test_id("stException")).to_have_count(0)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_chart_of_a_view_is_drawn(
    tab: Page, shared_app: App, queries: dict[str, str], view: str, case: str
) -> None:
    opened(tab, shared_app, queries[case], view)
    # A name that is read as a tag would make a picture that cannot be found.
    expect(tab.locator('img[src$="/x"], img[src="x"]')).to_have_count(0)


def test_twenty_runs_side_by_side_have_every_chart_and_a_name_for_each_curve(
    tab: Page, shared_app: App, queries: dict[str, str]
) -> None:
    opened(tab, shared_app, queries["twenty runs, two classes"], "side")
    # Bars, differences, settings at once and one alone, two curves, two costs.
    expect(tab.locator(".js-plotly-plot")).to_have_count(8)
    expect(tab.locator(".st-key-compare-loss .scatterlayer .trace")).to_have_count(36)
    expect(tab.locator(".st-key-compare-loss .legend .legendtext")).to_have_count(18)


def test_a_chart_is_taken_away_as_a_picture_and_as_figures(
    tab: Page, shared_app: App, queries: dict[str, str], tmp_path: Path
) -> None:
    opened(tab, shared_app, queries["twenty runs, two classes"], "side")
    parallel = tab.locator(".st-key-compare-parallel")
    assert saved(tab, tmp_path).startswith(b"\x89PNG")
    parallel.locator("xpath=..").get_by_text("Figures").click()
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download CSV").click()
    download.value.save_as(tmp_path / "figures.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "figures.csv").read_text("utf-8-sig"))))
    assert len(rows) == 20
    assert rows[0]["Learning rate"] == "0.01"
    tab.get_by_role("radio", name="SVG").click()
    expect(tab.get_by_role("radio", name="SVG")).to_be_checked()
    tab.keyboard.press("Escape")
    assert b"<svg" in saved(tab, tmp_path)[:200]


def saved(tab: Page, folder: Path) -> bytes:
    chart = tab.locator(".st-key-compare-parallel")
    chart.hover()
    with tab.expect_download() as download:
        chart.locator('.modebar-btn[data-title^="Download plot"]').click()
    download.value.save_as(folder / "picture")
    return (folder / "picture").read_bytes()
