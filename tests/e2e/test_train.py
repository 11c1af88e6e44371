"""The Train page as a person uses it, with real runs: started, watched, stopped, resumed, started again, several."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from backend import settings
from backend.jobs import control
from backend.training import artifact, runs, sweeps
from db import comparison
from db.models import Project, Run, RunState
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.training.builders import a_run, a_text_project, a_tiny_bert, again, steps_done
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"
# Milliseconds, for a machine that is busy with other things.
WORK_MS = 240_000


@pytest.fixture(scope="module")
def tiny(shared_app: App, tmp_path_factory: pytest.TempPathFactory) -> str:
    return a_tiny_bert(tmp_path_factory.mktemp("bases") / "tiny")


def opened(tab: Page, app: App, project: Project, query: str = "") -> Page:
    tab.goto(f"{app.url}/train?project={project.id}{query}")
    return stands(tab)


def stands(tab: Page) -> Page:
    expect(tab.locator('[data-test-script-state="notRunning"]')).to_be_visible(timeout=WORK_MS)
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    return tab


def newest(project: Project) -> Run:
    with reading() as session:
        return runs.get(session, comparison.listed(session, project.id)[0].id)


def count(project: Project) -> int:
    with reading() as session:
        return len(comparison.listed(session, project.id))


def is_in(run: Run, state: RunState) -> Callable[[], bool]:
    return lambda: again(run).state == state


def test_a_head_is_trained_from_the_form_and_again_with_a_change(shared_app: App, tab: Page) -> None:
    project = a_text_project()
    opened(tab, shared_app, project)
    expect(tab.get_by_text("5-fold cross-validation", exact=False).first).to_be_visible()
    # By the keyboard, as some people do everything.
    tab.get_by_role("button", name="Start training").press("Enter")
    until(lambda: count(project) == 1)
    first = newest(project)
    until(is_in(first, RunState.DONE), timeout_s=240)
    expect(tab.get_by_text("By cross-validation in 5 folds")).to_be_visible(timeout=WORK_MS)
    expect(tab.get_by_role("tab", name="Confusion")).to_be_visible()

    tab.get_by_role("button", name="Start again with changes").click()
    expect(tab.get_by_text(f"With the settings of {first.name}", exact=False)).to_be_visible()
    tab.get_by_text("More settings").click()
    tab.get_by_label("Seed", exact=True).fill("7")
    tab.get_by_label("Seed", exact=True).press("Enter")
    stands(tab)
    tab.get_by_role("button", name="Start training").click()
    until(lambda: count(project) == 2)
    second = newest(project)
    assert second.cloned_from == first.id
    assert second.spec == first.spec | {"seed": 7}
    expect(tab.get_by_text("With the settings of", exact=False)).to_have_count(0)
    with writing() as session:
        control.stop(session, second.job_id or 0)

    # Nothing is wider than a small window.
    opened(tab, shared_app, project, f"&run={first.id}")
    tab.set_viewport_size({"width": 820, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tab.set_viewport_size({"width": 1280, "height": 800})


def test_a_run_is_stopped_resumed_and_discarded(shared_app: App, tab: Page, tiny: str) -> None:
    project = a_text_project()
    run = a_run(project, method="full", base=tiny, epochs=1000, patience=0, max_length=16)
    opened(tab, shared_app, project, f"&run={run.id}")
    expect(tab.get_by_test_id("stMetric").filter(has_text="Gradient norm")).to_be_visible(timeout=WORK_MS)
    tab.get_by_text("Log", exact=True).click()
    expect(tab.get_by_test_id("stCode")).to_contain_text("starts", timeout=WORK_MS)
    tab.get_by_role("button", name="Stop, keep the best").click()
    until(is_in(run, RunState.STOPPED))
    stopped_at = steps_done(run)
    assert again(run).artifact
    expect(tab.get_by_role("button", name="Use this model")).to_be_visible(timeout=WORK_MS)

    tab.get_by_role("button", name="Resume").click()
    until(lambda: steps_done(run) > stopped_at, timeout_s=240)
    tab.get_by_role("button", name="Stop and discard").click()
    tab.get_by_role("button", name="Stop and discard it").click()
    until(is_in(run, RunState.STOPPED))
    expect(tab.get_by_role("button", name="Start again with changes")).to_be_visible(timeout=WORK_MS)
    expect(tab.get_by_role("button", name="Use this model")).to_have_count(0)
    assert not again(run).artifact
    assert not list(Path(artifact.folder_of_run(run.id)).rglob("*.safetensors"))

    tab.get_by_role("tab", name="Name, disk, delete").click()
    tab.get_by_role("button", name="Delete run").click()
    tab.get_by_role("button", name="Delete it for good").click()
    until(lambda: count(project) == 0)
    stands(tab)
    assert not (settings.home() / "runs" / str(run.id)).exists()


def test_two_heads_are_tried_as_one_and_the_best_is_marked(shared_app: App, tab: Page) -> None:
    project = a_text_project()
    opened(tab, shared_app, project)
    tab.get_by_text("Try several settings").click()
    expect(tab.get_by_text("2 combinations", exact=False)).to_be_visible()
    tab.get_by_role("button", name="Start 2 runs").click()
    until(lambda: count(project) == 2)
    both = newest(project)
    expect(tab.get_by_text("of 2 runs done", exact=False)).to_be_visible()
    expect(tab.get_by_text("2 of 2 runs done", exact=False)).to_be_visible(timeout=WORK_MS)
    expect(tab.get_by_text("The best of 2 by macro-F1 on the validation items", exact=False)).to_be_visible()
    with reading() as session:
        sweep = sweeps.of_run(session, both.id)
    assert sweep
    assert sorted(each["values"]["class_weights"] for each in sweep["runs"]) == ["balanced", "none"]
    assert [each["state"] for each in sweep["runs"]] == ["done", "done"]
