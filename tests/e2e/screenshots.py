"""Pictures of every page, made with the example projects: `make screenshots`.

Writes tests/e2e/screenshots/label.png, which the README shows, and every page in both themes and two sizes to the
folder named as first argument, if one is.
"""

import os
import sys
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from backend import settings
from db import comparison, items, projects
from db import session as database
from db.models import Project
from db.session import reading
from tests.e2e.browser import launch
from tests.e2e.conftest import App
from tests.waiting import until

README_PICTURE = Path(__file__).parent / "screenshots" / "label.png"
PAGES = ("", "data", "label", "suggest", "explore", "augment", "train", "compare", "use", "models")
SIZES = ((1280, 800), (1920, 1080))
LABELS = {"messages": 150, "digits": 300}


def main(folder: Path | None) -> None:
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        os.environ["WINNOW_HOME"] = home
        database.open_database(settings.database_url())
        browser = launch(playwright)
        app = App(Path(home))
        app.start()
        try:
            made = [prepare(app, browser, example) for example in LABELS]
            README_PICTURE.parent.mkdir(exist_ok=True)
            shoot(browser, f"{app.url}/label?project={made[0].id}", "light", SIZES[0], README_PICTURE)
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                all_pages(app, browser, made, folder)
        finally:
            app.stop()
            app.end_jobs()
            browser.close()


def prepare(app: App, browser: Browser, example: str) -> Project:
    """The example with labels from its true answers, two runs, and suggestions that learned."""
    page = browser.new_page()
    page.goto(app.url)
    page.get_by_text("New project").first.wait_for()
    titles = {"messages": "Open the messages to a town hall", "digits": "Open the handwritten digits"}
    if page.get_by_text("Try an example").count():
        page.get_by_text("Try an example").click()
    page.get_by_role("button", name=titles[example]).click()
    page.wait_for_url("**/data?project=*")
    project_id = int(page.url.split("project=")[1].split("&")[0])
    page.close()
    until(lambda: idle(app, project_id), timeout_s=300)
    with reading() as session:
        project = projects.get(session, project_id)
        assert project
        class_ids = {each.name: each.id for each in projects.classes(session, project_id)}
        chosen = items.page(session, project_id, limit=LABELS[example])
    events = [
        {
            "event_id": f"{example}-{item.id}",
            "item_id": item.id,
            "action": "label",
            "class_ids": [class_ids[(item.meta or {})["gold"]]],
        }
        for item in chosen
    ]
    httpx.post(f"{app.url}/api/projects/{project_id}/labels", json={"annotator": "me", "events": events})
    specs = [{"method": "head"}, {"method": "full", "preset": "quick"}]
    for spec in specs:
        answer = httpx.post(f"{app.url}/api/projects/{project_id}/runs", json={"spec": spec}, timeout=60)
        assert answer.status_code == 201, answer.text
    sweep = {"spec": {"method": "head"}, "space": {"class_weights": ["none", "balanced"]}, "most_runs": 2}
    answer = httpx.post(f"{app.url}/api/projects/{project_id}/sweeps", json=sweep, timeout=60)
    assert answer.status_code == 201, answer.text
    until(lambda: idle(app, project_id), timeout_s=900)
    return project


def idle(app: App, project_id: int) -> bool:
    found = httpx.get(f"{app.url}/api/jobs", params={"project": project_id}).json()["items"]
    assert not [job["error"] for job in found if job["state"] == "failed"]
    return bool(found) and all(job["state"] == "done" for job in found)


def all_pages(app: App, browser: Browser, made: list[Project], folder: Path) -> None:
    for project in made:
        addresses = {name or "projects": f"{name}?project={project.id}" for name in PAGES} | states_of_train(project)
        for name, address in addresses.items():
            for theme in ("light", "dark"):
                for size in SIZES:
                    path = folder / f"{project.kind}-{name}-{theme}-{size[0]}.png"
                    shoot(browser, f"{app.url}/{address}", theme, size, path)


def states_of_train(project: Project) -> dict[str, str]:
    """Name of the picture -> address: the form filled from a run, and what became of a fine-tuned one.

    The newest run, which the page shows by itself, is one of a sweep.
    """
    with reading() as session:
        full = next(run.id for run in comparison.listed(session, project.id) if run.method == "full")
    return {f"train-{name}": f"train?project={project.id}&{name}={full}" for name in ("clone", "run")}


def shoot(browser: Browser, url: str, theme: str, size: tuple[int, int], path: Path) -> None:
    page: Page = browser.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)
    page.goto(url)
    page.locator('[data-test-script-state="notRunning"]').wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    # Plotly and the pad draw after the network is quiet.
    page.evaluate("() => new Promise(drawn => setTimeout(drawn, 1500))")
    page.screenshot(path=path)
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
