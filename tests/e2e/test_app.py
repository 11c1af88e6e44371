"""The app as a whole: its first page, a deep link as the first address, and a run that outlives it."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from backend.importing import examples
from backend.training import runs
from db import items, projects
from db import runs as rows
from db.models import Project, RunState
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.waiting import until

# Of each class.
LABELS = 10


@pytest.fixture
def project(app: App) -> Project:
    """The messages example, imported by the app."""
    with writing() as session:
        made, _ = examples.create(session, "messages")
    until(lambda: count(made) == len(examples.messages()), timeout_s=60)
    return made


def count(project: Project) -> int:
    with reading() as session:
        return items.count(session, project.id)


def test_the_label_page_as_the_very_first_address_works(app: App, page: Page, project: Project) -> None:
    app.stop()
    app.start()
    page.goto(f"{app.url}/label?project={project.id}")
    page.get_by_test_id("label-pad").wait_for()
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)
    assert page.url.endswith(f"/label?project={project.id}")


def test_the_first_page_offers_a_project_and_examples(app: App, page: Page) -> None:
    page.goto(app.url)
    expect(page.get_by_role("button", name="Create project")).to_be_visible()
    page.get_by_role("button", name="Create project").click()
    expect(
        page.get_by_text("Write at least one letter", exact=False).or_(page.get_by_text("at least one class"))
    ).to_be_visible()
    page.get_by_role("button", name="Open the messages to a town hall").click()
    expect(page.get_by_role("button", name="Label them")).to_be_visible(timeout=30_000)


def test_a_run_outlives_the_app_and_the_browser(app: App, page: Page, project: Project) -> None:
    label_some(app, project)
    spec = {"method": "full", "preset": "quick", "epochs": 6, "patience": 6}
    started = httpx.post(f"{app.url}/api/projects/{project.id}/runs", json={"spec": spec}, timeout=60).json()
    run_id = started["run_id"]
    page.goto(f"{app.url}/train?project={project.id}&run={run_id}")
    until(lambda: losses(run_id), timeout_s=180)
    page.goto("about:blank")
    app.kill()
    until(lambda: state_of(run_id) == RunState.DONE, timeout_s=400)
    app.start()
    page.goto(f"{app.url}/train?project={project.id}&run={run_id}")
    expect(page.get_by_text("Test items").first).to_be_visible(timeout=30_000)
    steps = [point.step for point in losses(run_id)]
    assert steps == sorted(set(steps))
    assert len(steps) > 1


def label_some(app: App, project: Project) -> None:
    with reading() as session:
        class_ids = {each.name: each.id for each in projects.classes(session, project.id)}
        found = items.page(session, project.id, limit=500)
    events = [
        {"event_id": f"gold-{item.id}", "item_id": item.id, "action": "label", "class_ids": [class_id]}
        for name, class_id in class_ids.items()
        for item in [each for each in found if (each.meta or {})["gold"] == name][:LABELS]
    ]
    answer = httpx.post(f"{app.url}/api/projects/{project.id}/labels", json={"annotator": "me", "events": events})
    assert len(answer.json()["acked"]) == LABELS * len(class_ids)


def losses(run_id: int) -> list[rows.RunMetric]:
    with reading() as session:
        return [point for point in rows.points(session, run_id) if point.name == "train/loss"]


def state_of(run_id: int) -> str:
    with reading() as session:
        return runs.get(session, run_id).state
