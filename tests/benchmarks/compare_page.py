"""How long the Compare page takes with 1,000 runs in a project: its queries, and in the browser until it is drawn.

Run: python -m tests.benchmarks compare_page. WINNOW_BENCH_RUNS takes another number. Budget: the page opens within 1 s.
Every run has 60 curve points, figures and a model's folder; each answered 200 test items in 4 classes. A row of the
browser is the median of 5 times, from the navigation (a new document, with all of Streamlit's scripts from the
browser's cache) or from the click on the view, until the table or the first chart is there. The app's own work is the
seconds of a core that its process takes for the whole page.

Debian 12, Python 3.11, Chromium headless, 2 cores without a GPU, load 1.2 to 2.8:
                                   1,000 runs   worst     20 runs   the app's own work at 1,000
    rows.listed                         16 ms   93 ms
    run_list.of                         70 ms  158 ms               folders not looked at before: 124 ms
    comparison.compare of 2 runs         7 ms   35 ms
    comparison.compare of 20 runs       51 ms  185 ms
    Side by side, by a click            642 ms  728 ms      529 ms   300 ms
    Runs, by a click                  1,205 ms 1,332 ms   1,085 ms   310 ms
    Side by side, by its address      1,614 ms 2,187 ms   1,313 ms   340 ms
    Runs, by its address              1,581 ms 1,701 ms   1,082 ms   350 ms
The budget is kept by a click on Side by side, and missed by the others: with 20 runs they take nearly as long, for a
new document of Streamlit's alone takes most of a second here, and so does its table when it is drawn first.
"""

import os
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import insert

from backend import settings
from backend.evaluating import comparison, metrics, run_list
from db import comparison as rows
from db.models import Prediction, Project, Run, RunMetric, Split
from db.session import Session, reading, writing
from tests.benchmarks import _million
from tests.e2e.browser import launch
from tests.e2e.conftest import App
from tests.evaluating import builders

CLASSES = ("World", "Sports", "Business", "Science")
RUNS = int(os.environ.get("WINNOW_BENCH_RUNS", "1000"))
TEST_ITEMS, POINTS, TIMES = 200, 20, 5
CURVES = ("train/loss", "validation/f1_macro", "validation/accuracy")
WAIT_MS = 120_000


def main() -> None:
    with _million.a_home() as home:
        project = many_runs(RUNS)
        print(f"{RUNS:,} runs, load {os.getloadavg()[0]:.1f}")
        queries(project)
        app = App(home)
        app.start()
        try:
            with sync_playwright() as playwright:
                browser = launch(playwright)
                in_browser(browser.new_page(viewport={"width": 1280, "height": 800}), app, project, RUNS)
                browser.close()
        finally:
            app.stop()
            app.end_jobs()
        print(f"load {os.getloadavg()[0]:.1f} at the end")


def many_runs(count: int) -> Project:
    drawn = np.random.default_rng(0)
    with writing() as session:
        project = builders.a_project(session, CLASSES)
        items = builders.items(session, project, TEST_ITEMS)
        snapshots = [builders.a_snapshot(session, project, fingerprint=f"{each:064x}") for each in range(10)]
        targets = [[place % len(CLASSES)] for place in range(TEST_ITEMS)]
    for number in range(count):
        with writing() as session:
            snapshot = snapshots[number % len(snapshots)]
            spec = {"method": ("head", "lora", "full")[number % 3], "base": "bundled:minilm", "seed": number % 5}
            scores = drawn.dirichlet(np.ones(len(CLASSES)), TEST_ITEMS).astype(np.float32)
            scores[np.arange(TEST_ITEMS), np.arange(TEST_ITEMS) % len(CLASSES)] += drawn.random()
            scores /= scores.sum(axis=1, keepdims=True)
            run = builders.a_run(
                session, project, snapshot, name=f"Run {number}", spec=spec, tags=[f"tag {number % 7}"]
            )
            run.metrics = figures_of(targets, scores, snapshot.classes)
            with_answers(session, run, [item.id for item in items], [each["id"] for each in snapshot.classes], scores)
            with_curves(session, run)
        folder = settings.folder("runs") / str(run.id) / "model"
        folder.mkdir(parents=True)
        for name in ("model.safetensors", "config.json", "card.md"):
            (folder / name).write_bytes(b"x" * 1000)
    return project


def figures_of(targets: Any, scores: Any, classes: Any) -> dict[str, Any]:
    figures = metrics.evaluate(targets, scores, classes, multi_label=False)
    return {"test": figures, "validation": figures, "train_seconds": 12.5}


def with_answers(session: Session, run: Run, item_ids: list[int], class_ids: list[int], scores: Any) -> None:
    answers = [
        {
            "run_id": run.id, "item_id": item_id, "split": Split.TEST, "class_id": class_ids[int(row.argmax())],
            "target_ids": [class_ids[place % len(class_ids)]], "confidence": float(row.max()), "scores": row.tobytes(),
        }
        for place, (item_id, row) in enumerate(zip(item_ids, scores, strict=True))
    ]  # fmt: skip
    session.execute(insert(Prediction), answers)


def with_curves(session: Session, run: Run) -> None:
    points = [
        {"run_id": run.id, "name": name, "step": 10 * step, "epoch": step / 2, "value": random.random()}
        for name in CURVES
        for step in range(POINTS)
    ]
    session.execute(insert(RunMetric), points)


def queries(project: Project) -> None:
    with reading() as session:
        listed = timed("rows.listed", lambda: rows.listed(session, project.id))
        timed("run_list.of, the folders not looked at before", lambda: run_list.of(session, project, listed), times=1)
        found = timed("run_list.of", lambda: run_list.of(session, project, listed))
        timed("run_list.groups by settings", lambda: run_list.groups(found, "settings"))
        for count in (2, 20):
            ids = [run.id for run in listed[:count]]
            timed(f"comparison.compare of {count} runs", lambda ids=ids: comparison.compare(session, project, ids))


def timed(what: str, do: Callable[[], Any], *, times: int = TIMES) -> Any:
    seconds, worked, found = [], [], None
    for _ in range(times):
        started, before = time.perf_counter(), time.process_time()
        found = do()
        seconds.append(time.perf_counter() - started)
        worked.append(time.process_time() - before)
    show(what, seconds)
    show("    of that, own work", worked)
    return found


def in_browser(page: Page, app: App, project: Project, count: int) -> None:
    def open_(view: str) -> None:
        page.goto(f"{app.url}/compare?project={project.id}&view={view}")

    def choose(title: str) -> None:
        page.get_by_role("radio", name=title).click()

    def has_runs() -> None:
        grid = page.get_by_test_id("stDataFrame").locator("table[aria-rowcount]").first
        expect(grid).to_have_attribute("aria-rowcount", str(min(count, rows.MOST_LISTED) + 1), timeout=WAIT_MS)

    def has_charts() -> None:
        expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=WAIT_MS)

    def stands() -> None:
        expect(page.locator('[data-test-script-state="notRunning"]')).to_be_visible(timeout=WAIT_MS)

    # Once without a clock: the app reads its modules when a page is opened first.
    for view, is_drawn in (("runs", has_runs), ("side", has_charts)):
        open_(view)
        is_drawn()
        stands()
    steps: tuple[tuple[str, Callable[[], None], Callable[[], None]], ...] = (
        ("Runs, by its address", lambda: open_("runs"), has_runs),
        ("Side by side, by its address", lambda: open_("side"), has_charts),
        ("Runs, by a click", lambda: choose("Runs"), has_runs),
        ("Side by side, by a click", lambda: choose("Side by side"), has_charts),
    )
    assert app.process is not None
    server = psutil.Process(app.process.pid)
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in steps}
    worked: dict[str, list[float]] = {name: [] for name, _, _ in steps}
    for _ in range(TIMES):
        for name, do, is_drawn in steps:
            started, before = time.perf_counter(), sum(server.cpu_times()[:2])
            do()
            is_drawn()
            seconds[name].append(time.perf_counter() - started)
            stands()
            worked[name].append(sum(server.cpu_times()[:2]) - before)
    for name, found in seconds.items():
        show(name, found)
        show("    of that, the app's own work", worked[name])


def show(what: str, seconds: list[float]) -> None:
    print(f"{what:48}{1000 * statistics.median(seconds):7.0f} ms   worst {1000 * max(seconds):7.0f} ms", flush=True)


if __name__ == "__main__":
    main()
