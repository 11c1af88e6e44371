"""A map of 100,000 items: how long it takes to make, what its calls cost, and how it moves in a real Chromium.

The items are texts with a suggestion each and a tenth of them labeled (`_decided.texts`); their vectors are 384 random
numbers around 20 places, put into the cache, for what is measured is not the encoder. The job runs in this process, and
numba compiles UMAP in its time. Calls are of the API in this process, the median of five. In the browser the map is
moved by 120 presses of an arrow key, each drawn before the next: how many frames a second that gives. Then a lasso is
drawn around some 10,000 points: from letting go of the button to the grid of its first 60 items drawn, the goal being
2 s. Both painters: the one without a graphics card, and WebGL, which the processor plays here.

WINNOW_BENCH_ITEMS takes another size.

Measured on Debian 12, Python 3.11, Chromium headless, 2 cores without a GPU, load 1.3 to 2.1:

    99,000 points   PCA 0.2 s, UMAP 63 s on one core with numba's compiling; the worker's memory at most 1,133 MB
    calls, ms       points 7, label 13, suggestion 44, confidence 42, status 10, split 9

    painter   opened   frames a second   slowest   lasso of 9,949 points to its grid   script memory
    canvas     1.9 s                60     34 ms                              0.15 s           23 MB
    webgl      1.4 s                36     76 ms                              0.23 s           17 MB
"""

import base64
import os
import resource
import statistics
import time
from typing import Any

import numpy as np
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect, sync_playwright

from backend import inspecting, suggesting
from backend.api.app import create
from backend.encoding import vectors
from backend.inspecting import job as inspect_job
from backend.jobs.progress import Handle
from db import items, jobs, maps
from db.models import JobState, Project
from db.session import reading, writing
from tests.benchmarks import _decided, _million
from tests.e2e.browser import launch
from tests.e2e.conftest import App

ITEMS = int(os.environ.get("WINNOW_BENCH_ITEMS", "100_000"))
CENTERS, DIMENSIONS = 20, 384
CALLS = 5
AT_ONCE = 20_000
LASSOED = 10_000
BY = ("label", "suggestion", "confidence", "status", "split")
# The map passes over a graphics card that the processor plays; here it has another name.
AS_A_CARD = """
const asked = WebGL2RenderingContext.prototype.getParameter;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  const found = asked.call(this, name);
  return typeof found === "string" ? found.replace(/swiftshader|llvmpipe|software/gi, "card") : found;
};"""
MOVES = """async (count) => {
  const stage = document.querySelector(".wm-stage");
  stage.focus();
  const next = () => new Promise(requestAnimationFrame);
  const took = [];
  await next();
  const began = performance.now();
  for (let at = 0; at < count; at++) {
    const key = at % 20 < 10 ? "ArrowLeft" : "ArrowRight";
    const from = performance.now();
    stage.dispatchEvent(new KeyboardEvent("keydown", { key, code: key, bubbles: true, composed: true }));
    await next();
    await next();
    took.push(performance.now() - from);
  }
  return { frames: (2000 * count) / (performance.now() - began), slowest: Math.max(...took) };
}"""


def main() -> None:
    with _million.a_home() as home:
        project = _decided.texts(ITEMS)
        fill_vectors(project)
        made = make(project)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{made['items']:,} points: PCA {made['seconds']['pca']} s, UMAP {made['seconds']['umap']} s, ", end="")
        print(f"all {made['took']:.0f} s; the worker's memory at most {peak_mb:,.0f} MB; load {os.getloadavg()[0]:.1f}")
        calls(project)
        app = App(home)
        app.start()
        try:
            with sync_playwright() as playwright:
                browser = launch(playwright)
                for script in ("", AS_A_CARD):
                    in_browser(browser, app, project, script)
                browser.close()
        finally:
            app.stop()


def fill_vectors(project: Project) -> None:
    rng = np.random.default_rng(3)
    centers = rng.normal(size=(CENTERS, DIMENSIONS))
    with reading() as session:
        encoder_id = suggesting.encoder_of(session, project)
        hashes = [content_hash for _, content_hash in items.hashes(session, project.id)]
    for start in range(0, len(hashes), AT_ONCE):
        some = hashes[start : start + AT_ONCE]
        found = centers[rng.integers(CENTERS, size=len(some))] + 1.2 * rng.normal(size=(len(some), DIMENSIONS))
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        vectors.add(encoder_id, some, found.astype(np.float32))


def make(project: Project) -> dict[str, Any]:
    with writing() as session:
        job = inspecting.start(session, project, "map")
        jobs.write(session, job.id, state=JobState.RUNNING, attempts=1)
    started = time.perf_counter()
    inspect_job.run(Handle(job))
    took = time.perf_counter() - started
    with writing() as session:
        jobs.write(session, job.id, state=JobState.DONE)
    with reading() as session:
        found = inspecting.newest(session, project, "map")
        assert found is not None
        assert maps.rows_of(session, project.id) == ITEMS
    return {**found.result, "took": took}


def calls(project: Project) -> None:
    api = TestClient(create())
    paths = {"points": "points", **{f"colours by {by}": f"colours?by={by}" for by in BY}}
    for name, path in paths.items():
        seconds = _million.timed(lambda path=path: asked(api, f"/projects/{project.id}/map/{path}"), CALLS)
        print(f"{name:<24}{1000 * statistics.median(seconds):>6.0f} ms")


def asked(api: TestClient, path: str) -> None:
    answer = api.get(path)
    answer.raise_for_status()
    if "colours" in path:
        assert len(base64.b64decode(answer.json()["codes"])) % 2 == 0


def in_browser(browser: Browser, app: App, project: Project, script: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    if script:
        context.add_init_script(script)
    page = context.new_page()
    started = time.perf_counter()
    page.goto(f"{app.url}/explore?project={project.id}&view=map")
    root = page.get_by_test_id("item-map")
    expect(root).to_have_attribute("data-drawn", "true", timeout=60_000)
    opened_s = time.perf_counter() - started
    moved = page.evaluate(MOVES, 120)
    selected, took_s = lasso(page)
    heap_mb = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
    painter, load = root.get_attribute("data-renderer"), os.getloadavg()[0]
    print(f"{painter}: opened in {opened_s:.1f} s, {moved['frames']:.0f} frames a second, slowest step ", end="")
    print(f"{moved['slowest']:.0f} ms; lasso of {selected:,} to its grid {took_s:.2f} s; ", end="")
    print(f"{heap_mb:.0f} MB of script memory; load {load:.1f}")
    context.close()


def lasso(page: Page) -> tuple[int, float]:
    """Around the middle, as wide as some LASSOED points need; from the release to the grid of the first 60 drawn."""
    box = page.locator(".wm-stage").bounding_box()
    assert box is not None
    page.evaluate("document.querySelector('.wm-stage').focus()")
    page.keyboard.press("Home")
    share = min(0.9, (LASSOED / ITEMS) ** 0.5 * 0.8)
    middle, radius = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2), share * box["height"] / 2
    angles = np.linspace(0, 2 * np.pi, 40)
    corners = [(middle[0] + 1.4 * radius * np.cos(each), middle[1] + radius * np.sin(each)) for each in angles]
    page.keyboard.down("Shift")
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner)
    started = time.perf_counter()
    page.mouse.up()
    page.keyboard.up("Shift")
    page.wait_for_function("Number(document.querySelector('[data-testid=map-grid]')?.dataset.shown) > 0", polling=10)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    took_s = time.perf_counter() - started
    return int(page.get_by_test_id("item-map").get_attribute("data-selected") or 0), took_s
