"""A thousand fast keys while the server is killed twice and the page reloaded once: each is one label, once.

A small script notes every key press and the item on screen before the pad sees the key; it keeps its notes in the tab's
session storage, which a reload leaves alone. What the notes say must be what the database says.
"""

import json
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from db.models import Item, LabelClass, LabelEvent, Project, Status
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.labeling.builders import a_project, some_items

KEYS = 1000
GAP_MS = 20
KILL_AT = (200, 700)
RELOAD_AT = 450
NOTES = """
    // Capturing, on the window and before any other script: this hears a key first.
    addEventListener("keydown", (event) => {
        const item = document.querySelector('[data-testid="label-pad"]')?.dataset.itemId;
        window.lastKeyAt = performance.now();
        if (!event.isTrusted || !item) return;
        const number = Number(sessionStorage.getItem("noted") ?? 0);
        sessionStorage.setItem(`note/${number}`, JSON.stringify({ item: Number(item), key: event.key }));
        sessionStorage.setItem("noted", number + 1);
    }, { capture: true });
"""
# Resolves to the number of notes when the next key is due, since the last one, and with an item on screen: a key for
# which nobody sees an item is no decision.
NEXT_KEY_IS_DUE = """(gap) => new Promise((done) => {
    const due = (window.lastKeyAt ?? 0) + gap;
    const look = () => {
        const item = document.querySelector('[data-testid="label-pad"]')?.dataset.itemId;
        if (item && performance.now() >= due) done(Number(sessionStorage.getItem("noted") ?? 0));
        else setTimeout(look, Math.max(1, due - performance.now()));
    };
    look();
})"""
ALL_NOTES = "Object.entries(sessionStorage).filter(([key]) => key.startsWith('note/')).map(([, note]) => note)"


@pytest.fixture
def project(home) -> Project:
    with writing() as session:
        project = a_project(session, "bird", "cat", "dog")
        some_items(session, project, KEYS + 200)
        assert project.classes
    return project


@pytest.fixture
def aside() -> Iterator[ThreadPoolExecutor]:
    """A thread for what happens to the server while the keys go on."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def test_a_thousand_fast_keys_while_the_server_is_killed_twice_and_the_page_reloaded_are_a_thousand_labels(
    app, page, project, aside
):
    page.add_init_script(NOTES)
    root = page.get_by_test_id("label-pad")
    page.goto(f"{app.url}/label?project={project.id}")
    expect(root).not_to_have_attribute("data-item-id", "", timeout=30_000)
    press = random.Random(3)
    kills, restarts = list(KILL_AT), []
    is_reloaded = False
    # Not `for`: the item may go from the screen between the look and the key, and such a key does not count.
    while (noted := page.evaluate(NEXT_KEY_IS_DUE, GAP_MS)) < KEYS:
        page.keyboard.press(press.choice("123"))
        if kills and noted >= kills[0]:
            kills.pop(0)
            restarts.append(aside.submit(kill_and_start, app))
        if noted >= RELOAD_AT and not is_reloaded:
            is_reloaded = True
            # A page only loads from a server that is up.
            reached(restarts)
            page.reload()
    reached(restarts)
    expect(root).to_have_attribute("data-saved", "true", timeout=60_000)
    notes = [json.loads(note) for note in page.evaluate(ALL_NOTES)]
    pressed = {"1": "bird", "2": "cat", "3": "dog"}
    assert len(notes) == KEYS
    assert Counter((note["item"], pressed[note["key"]]) for note in notes) == Counter(stored_events(project))
    assert len({note["item"] for note in notes}) == KEYS
    assert count_labeled() == KEYS


def kill_and_start(app: App) -> None:
    app.kill()
    app.start()


def reached(restarts: list[Future[None]]) -> None:
    """Raises what went wrong in one of them."""
    for restart in restarts:
        restart.result(timeout=60)


def stored_events(project: Project) -> list[tuple[int, str]]:
    with reading() as session:
        names = {each.id: each.name for each in session.query(LabelClass).filter_by(project_id=project.id)}
        return [(event.item_id, names[event.class_ids[0]]) for event in session.query(LabelEvent)]


def count_labeled() -> int:
    with reading() as session:
        return session.query(Item).filter_by(status=Status.LABELED).count()
