"""A slider of the studio moved to the new grid painted, in a real Chromium against a real server. Needs ../shared.

The keys are real ones (through the browser's own input, so trusted): an arrow on the slider of a step. The clock starts
at the event's own timestamp. A script in the page (_slides.js) sees that the studio has its answer, waits until all
pictures are decoded, and then for the frame's style, layout and paint. Each value is new, so nothing was made before.
"One by one": a press each time that the grid stands. "Dragged": ten presses 40 ms apart, from the last of them on: what
was asked for before must be answered first. Photos of flowers, 6 rows of an original and 5 samples, 128 pixels.

Budget: p95 at most 400 ms on an idle machine of 2 cores.
"""

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from backend import blobs, projects
from db import projects as rows
from db.models import Item, Label, Project, Status
from db.session import writing
from tests.benchmarks._million import a_home
from tests.benchmarks.pad import share
from tests.conftest import SHARED
from tests.e2e.browser import launch
from tests.e2e.conftest import App
from tests.e2e.studios import Studio

SCRIPT = (Path(__file__).parent / "_slides.js").read_text(encoding="utf-8")
FLOWERS = SHARED / "data/flower_photos/train"
OF_EACH_CLASS = 20
PRESSES, DRAGS, OF_A_DRAG = 80, 20, 10
# Preset, and the transform and slider that are moved, from the left end on.
SLIDERS = (
    ("Light", "RandomResizedCrop", "How often"),
    ("Medium", "RandomRotation", "How often"),
    ("Strong", "GaussianBlur", "How often"),
    ("Documents", "GaussianNoise", "How often"),
    ("Microscopy and aerial", "RandomAffine", "How often"),
)


def main() -> None:
    heads = ("one by one", "of it the POST", "dragged")
    units = ("p50 / p95 / max", "p50 / p95", "p50 / p95 / max")
    for name, line in (("all in ms", heads), ("", units)):
        print(f"{name:22} {'load' if name else '':>5}  " + "  ".join(f"{each:>18}" for each in line))
    with sync_playwright() as playwright, a_home() as home:
        browser = launch(playwright)
        project = flowers()
        app = App(home)
        app.start()
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.add_init_script(SCRIPT)
        try:
            studio = Studio(page, app, project).open()
            for preset, transform, label in SLIDERS:
                row(page, studio, preset, transform, label)
        finally:
            browser.close()
            app.stop()
            app.end_jobs()


def flowers() -> Project:
    """Photos of each class, labeled."""
    names = sorted(folder.name for folder in FLOWERS.iterdir() if folder.is_dir())
    with writing() as session:
        project = projects.create(session, "Flowers", "image", class_names=names)
        for each in rows.classes(session, project.id):
            for path in sorted((FLOWERS / each.name).glob("*.jpg"))[:OF_EACH_CLASS]:
                with Image.open(path) as image:
                    width, height = image.size
                about = {"media_type": "image/jpeg", "width": width, "height": height, "source": path.name}
                content_hash = blobs.put(path.read_bytes())
                item = Item(project_id=project.id, content_hash=content_hash, status=Status.LABELED, **about)
                session.add(item)
                session.flush()
                session.add(Label(item_id=item.id, class_id=each.id))
    return project


def row(page: Page, studio: Studio, preset: str, transform: str, label: str) -> None:
    studio.start_from(preset)
    assert len(studio.pictures()) == 6 * 6
    slider = studio.opened(transform).get_by_label(label)
    load = os.getloadavg()[0]
    draw = random.Random(3)
    slider.focus()
    page.keyboard.press("Home")
    seen(page)
    page.evaluate("winnowSlid.presses.length = winnowSlid.posts.length = 0")
    for _ in range(PRESSES):
        page.keyboard.press("ArrowRight")
        seen(page)
        # The pace of a hand that looks.
        page.wait_for_timeout(draw.uniform(100, 200))
    one_by_one, posts = lasted(page), page.evaluate("winnowSlid.posts")
    dragged = []
    for number in range(DRAGS):
        for _ in range(OF_A_DRAG):
            page.keyboard.press("ArrowLeft" if number % 2 == 0 else "ArrowRight")
            page.wait_for_timeout(40)
        seen(page)
        dragged.append(lasted(page)[-1])
        # Past the question for damage: the next drag finds it at work, as a person's does.
        page.wait_for_timeout(draw.uniform(100, 900))
    cells = (three(one_by_one), f"{share(posts, 0.5):.0f} / {share(posts, 0.95):.0f}", three(dragged))
    print(f"{preset:22} {load:5.2f}  " + "  ".join(f"{each:>18}" for each in cells), flush=True)


def seen(page: Page) -> None:
    """Wait until the grid that answers the last press is painted."""
    page.wait_for_function("winnowSlid.presses.length === 0 || winnowSlid.presses.at(-1).painted")


def lasted(page: Page) -> list[float]:
    presses: list[dict[str, Any]] = page.evaluate("winnowSlid.presses")
    return [press["painted"] - press["at"] for press in presses if press.get("painted")]


def three(values: Sequence[float]) -> str:
    return f"{share(values, 0.5):.0f} / {share(values, 0.95):.0f} / {max(values):.0f}"


if __name__ == "__main__":
    main()
