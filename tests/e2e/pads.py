"""A person in front of the pad, an app that the tests of a module share, and what the database says."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from backend import blobs, projects, settings
from backend.suggesting.sets import PINNED
from db import labels
from db import session as database
from db.models import Item, LabelEvent, Lease, Project, now
from db.session import reading, writing
from tests.e2e.conftest import App
from tests.labeling.builders import a_suggestion_set


class Pad:
    """A person in front of the pad."""

    def __init__(self, page: Page, app: App, project: Project) -> None:
        self.page, self.app, self.project = page, app, project
        self.root = page.get_by_test_id("label-pad")

    def open(self) -> "Pad":
        self.page.goto(f"{self.app.url}/label?project={self.project.id}")
        expect(self.root).not_to_have_attribute("data-item-id", "", timeout=30_000)
        return self

    @property
    def item_id(self) -> int:
        return int(self.root.get_attribute("data-item-id") or 0)

    def shows(self, item_id: int) -> None:
        expect(self.root).to_have_attribute("data-item-id", str(item_id))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name)

    def class_button(self, name: str) -> Locator:
        return self.root.locator(f'[data-class-name="{name}"]')

    def chosen(self) -> list[str]:
        """The classes that the buttons show as chosen."""
        pressed = self.root.locator('[data-class-name][aria-pressed="true"]')
        return [each.get_attribute("data-class-name") or "" for each in pressed.all()]

    def choose_order(self, order: str) -> None:
        self.root.get_by_label("Order").select_option(order)

    @property
    def dialog(self) -> Locator:
        return self.root.locator("dialog[open]")

    def is_named(self, name: str) -> "Pad":
        self.root.get_by_label("Your name").fill(name)
        self.page.keyboard.press("Enter")
        expect(self.root).to_contain_text(f"Labeling as {name}")
        return self

    def is_saved(self) -> None:
        expect(self.root).to_have_attribute("data-saved", "true", timeout=20_000)


@contextmanager
def an_app(home: Path) -> Iterator[App]:
    """The app at a home of its own, for all tests of a module: each makes a project for itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINNOW_HOME", str(home))
        patch.delenv("WINNOW_DATABASE_URL", raising=False)
        database.migrate(settings.database_url())
        database.open_database(settings.database_url())
        app = App(home)
        app.start()
        try:
            yield app
        finally:
            app.stop()
            app.end_jobs()
            database.close()


@contextmanager
def a_context(browser: Browser, **how: Any) -> Iterator[BrowserContext]:
    """A browser with a storage of its own. The next tab in it loads quicker than the first."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}} | how)
    yield context
    context.close()


@contextmanager
def a_tab(context: BrowserContext) -> Iterator[Page]:
    """A tab that leaves nothing behind in its browser. An error in its scripts fails the test."""
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    page.evaluate("localStorage.clear()")
    page.close()
    assert not broken


def of_texts(*texts: str, names: Sequence[str] = ("bird", "cat", "dog"), multi_label: bool = False) -> Project:
    with writing() as session:
        title = f"Animals {uuid4()}"
        project = projects.create(session, title, "text", multi_label=multi_label, class_names=names)
        for text in texts:
            session.add(Item(project_id=project.id, content_hash=hashlib.sha256(text.encode()).digest(), text=text))
        assert project.classes
    return project


def of_count(count: int, **how: Any) -> Project:
    return of_texts(*(f"item {number}" for number in range(count)), **how)


def of_colours(count: int, names: Sequence[str] = ("red", "blue")) -> Project:
    """Pictures of one colour each."""
    with writing() as session:
        project = projects.create(session, f"Colours {uuid4()}", "image", class_names=names)
        for number in range(count):
            data = BytesIO()
            Image.new("RGB", (300, 200), (5 * number % 256, 80, 255 - 5 * number % 256)).save(data, "PNG")
            about = {"media_type": "image/png", "width": 300, "height": 200, "source": f"{number}.png"}
            session.add(Item(project_id=project.id, content_hash=blobs.put(data.getvalue()), **about))
        assert project.classes
    return project


def suggest(project: Project, scores: Sequence[Sequence[float]]) -> Project:
    """One row of scores an item, in the order of the items. They stay, whatever is learned from the labels."""
    with writing() as session:
        fresh = projects.get(session, project.id)
        fresh.settings = {**fresh.settings, PINNED: True}
        many = session.query(Item).filter_by(project_id=project.id).order_by(Item.id)
        used = a_suggestion_set(session, fresh, dict(zip(many, map(list, scores), strict=True)))
        # One that is not whole is let go with the next refit.
        used.finished_at = now()
    return project


def ids_of(project: Project) -> list[int]:
    with reading() as session:
        query = session.query(Item.id).filter_by(project_id=project.id).order_by(Item.id)
        return [item_id for (item_id,) in query]


def classes_of(item_id: int) -> list[str]:
    with reading() as session:
        item = session.get(Item, item_id)
        assert item
        project = projects.get(session, item.project_id)
        names = {each.id: each.name for each in project.classes}
        state = labels.states(session, project.id, [item_id])[item_id]
        return [names[class_id] for class_id in state.class_ids]


def status_of(item_id: int) -> str:
    with reading() as session:
        item = session.get(Item, item_id)
        assert item
        return str(item.status)


def events_of(project: Project) -> list[dict[str, Any]]:
    """What was decided, oldest first."""
    with reading() as session:
        found = session.query(LabelEvent).filter_by(project_id=project.id).order_by(LabelEvent.id)
        return [
            {name: getattr(each, name) for name in ("item_id", "action", "class_ids", "decision_id", "suggested")}
            for each in found
        ]


def leased(project: Project) -> set[int]:
    with reading() as session:
        return {item_id for (item_id,) in session.query(Lease.item_id).filter_by(project_id=project.id)}
