"""The main job as a person does it, in a browser: from a folder of files to a compared and used model."""

import csv
import itertools
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from db import comparison, decisions, items, jobs, labels, projects, recipes, runs
from db.models import JobKind, JobState, Project, RunState
from db.session import reading
from tests.e2e.conftest import App
from tests.waiting import until

LABELED_BY_KEY = 20
LABELED = 100
FLOWERS = ("daisy", "roses", "tulips")


def make_project(page: Page, app: App, name: str, kind: str, class_names: list[str]) -> Project:
    page.goto(app.url)
    page.get_by_label("Name", exact=True).first.fill(name)
    page.get_by_role("radio", name=kind).or_(page.get_by_role("button", name=kind, exact=True)).first.click()
    page.get_by_label("Classes, one a line").fill("\n".join(class_names))
    page.get_by_role("button", name="Create project").click()
    page.wait_for_url("**/data?project=*")
    with reading() as session:
        made = projects.by_name(session, name)
    assert made
    return made


def go(page: Page, title: str) -> None:
    """By the navigation; no page may show an error that nobody asked for."""
    page.get_by_role("link", name=title, exact=True).click()
    page.wait_for_url(f"**/{title.lower()}?project=*")
    no_error(page)


def no_error(page: Page) -> None:
    expect(page.locator('[data-test-script-state="notRunning"]')).to_be_visible(timeout=30_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stAlertContentError")).to_have_count(0)


def jobs_done(project: Project, kind: JobKind, count: int = 1) -> None:
    def done() -> bool:
        with reading() as session:
            found = [job for job in jobs.page(session, project.id, None, 50) if job.kind == kind]
        assert not [job.error for job in found if job.state == JobState.FAILED]
        return len(found) >= count and all(job.state == JobState.DONE for job in found)

    until(done, timeout_s=240)


def todo(project: Project) -> list[dict[str, Any]]:
    with reading() as session:
        return [
            {"id": item.id, "text": item.text, "source": item.source, "status": item.status}
            for item in items.page(session, project.id, limit=10_000)
        ]


def label_on_the_pad(page: Page, project: Project, gold: dict[int, str], count: int) -> None:
    """One key an item, the right class each time, and one undo on the way."""
    with reading() as session:
        keys = {each.name: each.key for each in projects.classes(session, project.id)}
    pad = page.get_by_test_id("label-pad")
    page.wait_for_function("document.querySelector('[data-testid=label-pad]')?.dataset.itemId > 0")
    for number in range(count):
        item_id = pad.get_attribute("data-item-id")
        page.keyboard.press(keys[gold[int(item_id or 0)]])
        assert pad.get_attribute("data-item-id") != item_id
        if number == 3:
            page.keyboard.press("Control+z")
            expect(pad).to_have_attribute("data-item-id", item_id or "")
            page.keyboard.press(keys[gold[int(item_id or 0)]])
    expect(pad).to_have_attribute("data-saved", "true")
    with reading() as session:
        by_class = {each.id: each.name for each in projects.classes(session, project.id)}
        found = labels.labeled(session, project.id)
        assert len(found) == count
        assert all(by_class[each.class_ids[0]] == gold[each.item_id] for each in found)
        assert decisions.annotator_names(session, [1]) == {1: "me"}


def label_the_rest(app: App, project: Project, gold: dict[int, str], count: int) -> None:
    """By the API, in turn over the classes, until `count` items are labeled."""
    waiting: dict[str, list[int]] = defaultdict(list)
    for item in todo(project):
        if item["status"] == "todo":
            waiting[gold[item["id"]]].append(item["id"])
    turns = itertools.chain.from_iterable(itertools.zip_longest(*(waiting[name] for name in sorted(waiting))))
    with reading() as session:
        class_ids = {each.name: each.id for each in projects.classes(session, project.id)}
        missing = count - len(labels.labeled(session, project.id))
    chosen = [item_id for item_id in turns if item_id is not None][:missing]
    events = [
        {"event_id": f"e2e-{item_id}", "item_id": item_id, "action": "label", "class_ids": [class_ids[gold[item_id]]]}
        for item_id in chosen
    ]
    answer = httpx.post(f"{app.url}/api/projects/{project.id}/labels", json={"annotator": "me", "events": events})
    assert answer.json()["rejected"] == []


def train(page: Page, project: Project, method: str, *, preset: str = "") -> int:
    """From the Train page, until it shows the result. Returns the run's id."""
    with reading() as session:
        before = len(comparison.listed(session, project.id))
    go(page, "Train")
    if page.get_by_role("button", name="Start training").count() == 0:
        page.get_by_text("Train a model", exact=True).click()
    page.get_by_test_id("stButtonGroup").get_by_text(method, exact=True).click()
    if preset:
        page.get_by_test_id("stButtonGroup").get_by_text(preset, exact=True).click()
    page.get_by_role("button", name="Start training").click()

    def finished() -> int:
        with reading() as session:
            listed = comparison.listed(session, project.id)
            if len(listed) == before:
                return 0
            run = runs.get(session, listed[0].id)
        assert run
        assert run.state != RunState.FAILED
        return run.id if run.state == RunState.DONE else 0

    run_id = until(finished, timeout_s=400)
    expect(page.get_by_text("Confusion", exact=False).first).to_be_visible(timeout=30_000)
    no_error(page)
    return run_id


def compare(page: Page, app: App, project: Project, run_ids: list[int]) -> None:
    page.goto(f"{app.url}/compare?project={project.id}&runs={','.join(map(str, run_ids))}")
    page.get_by_test_id("stPlotlyChart").first.wait_for(timeout=30_000)
    no_error(page)
    data = httpx.get(
        f"{app.url}/api/projects/{project.id}/compare", params={"runs": ",".join(map(str, run_ids))}
    ).json()
    assert [run["id"] for run in data["runs"]] == run_ids


@pytest.mark.shared
def test_texts_from_a_csv_to_a_model_in_use(app: App, page: Page, shared: Path, tmp_path: Path) -> None:
    names = (shared / "data" / "ag_news" / "classes.txt").read_text().splitlines()
    with (shared / "data" / "ag_news" / "test.csv").open(newline="", encoding="utf-8") as file:
        rows = list(itertools.islice(csv.reader(file), 800))
    source = tmp_path / "news.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["class", "title", "description"], *rows])

    project = make_project(page, app, "News", "Texts", names)
    page.get_by_label("Files", exact=True).set_input_files(source)
    page.get_by_role("button", name="Import", exact=True).click()
    jobs_done(project, JobKind.IMPORT)
    jobs_done(project, JobKind.SUGGEST)
    no_error(page)

    # The column of the description is guessed to be the text.
    truth = {row[2]: names[int(row[0]) - 1] for row in rows}
    gold = {item["id"]: truth[item["text"]] for item in todo(project)}
    with reading() as session:
        fresh = projects.get(session, project.id)
    assert fresh
    assert fresh.suggestion_set_id

    go(page, "Label")
    expect(page.get_by_test_id("label-pad")).to_contain_text("%")
    label_on_the_pad(page, project, gold, LABELED_BY_KEY)
    label_the_rest(app, project, gold, LABELED)
    for title in ("Explore", "Augment"):
        go(page, title)

    head = train(page, project, "Head")
    full = train(page, project, "Full", preset="Quick")
    with reading() as session:
        run = runs.get(session, head)
    assert run
    assert run.metrics["test"]["n"] > 0
    unlabeled = [item for item in todo(project) if item["status"] == "todo"]
    answers: list[str] = []
    for start in range(0, len(unlabeled), 200):
        texts = [item["text"] for item in unlabeled[start : start + 200]]
        answer = httpx.post(f"{app.url}/api/runs/{head}/predict", json={"texts": texts}, timeout=120)
        answers += [each["class_name"] for each in answer.json()["predictions"]]
    right = sum(gold[item["id"]] == answer for item, answer in zip(unlabeled, answers, strict=True))
    print(f"head on {LABELED} labels: {right / len(unlabeled):.3f} on {len(unlabeled)} other rows")
    assert right / len(unlabeled) >= 0.75

    compare(page, app, project, [head, full])

    go(page, "Use")
    page.get_by_label("Text", exact=True).fill("The striker scored twice in the final and the coach was delighted.")
    page.get_by_role("button", name="Classify").click()
    expect(page.get_by_test_id("stProgress").first).to_contain_text("Sports", timeout=60_000)
    no_error(page)
    exported = httpx.get(f"{app.url}/api/projects/{project.id}/export", params={"format": "csv", "status": "labeled"})
    assert len(list(csv.DictReader(exported.text.splitlines()))) == LABELED


@pytest.mark.shared
def test_images_from_a_folder_to_a_model_in_use(app: App, page: Page, shared: Path, tmp_path: Path) -> None:
    folder = tmp_path / "flowers"
    folder.mkdir()
    for name in FLOWERS:
        for photo in sorted((shared / "data" / "flower_photos" / "train" / name).iterdir())[:24]:
            (folder / f"{name}-{photo.name}").symlink_to(photo)

    project = make_project(page, app, "Flowers", "Images", list(FLOWERS))
    page.get_by_text("Folder or file on this machine").click()
    page.get_by_label("Path", exact=True).fill(str(folder))
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Import", exact=True).click()
    jobs_done(project, JobKind.IMPORT)
    jobs_done(project, JobKind.EMBED)
    gold = {item["id"]: Path(item["source"]).name.split("-")[0] for item in todo(project)}
    assert len(gold) == 24 * len(FLOWERS)

    go(page, "Label")
    label_on_the_pad(page, project, gold, LABELED_BY_KEY)
    label_the_rest(app, project, gold, 60)

    go(page, "Augment")
    augment(page)
    go(page, "Explore")

    head = train(page, project, "Head")
    full = train(page, project, "Full", preset="Quick")
    compare(page, app, project, [head, full])

    go(page, "Use")
    page.locator("input[type=file]").set_input_files(next(folder.glob("roses-*")).resolve())
    expect(page.get_by_test_id("stProgress").first).to_contain_text("%", timeout=60_000)
    no_error(page)


def augment(page: Page) -> None:
    """Look at samples of each class, choose the preset for photos, keep it under a name."""
    studio = page.get_by_test_id("studio")
    expect(studio).not_to_have_attribute("data-shown", "0", timeout=60_000)
    assert page.get_by_test_id("studio-grid").locator(".picture").count() == 6 * 6
    studio.get_by_label("Start from").select_option(label="Photos")
    studio.get_by_label("Recipe name").fill("Garden")
    studio.get_by_role("button", name="Save", exact=True).click()
    expect(studio).to_contain_text("Saved: Garden, version 1.")
    expect(studio).to_have_attribute("data-damage", "done", timeout=60_000)
    with reading() as session:
        [recipe] = recipes.page(session, None, 10)
    assert recipe.name == "Garden"
