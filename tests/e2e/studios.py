"""A person in front of the augmentation studio, and projects to look at in it."""

from io import BytesIO
from uuid import uuid4

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from backend import blobs, projects
from db import projects as rows
from db.models import Item, Label, Project, Status
from db.session import writing
from tests.e2e.conftest import App

# The steps of the preset that a studio of images begins with.
MEDIUM = ["Mirror", "Rotation", "Crop and enlarge", "Colour and light", "Cover a part"]
HOSTILE = "<img src=x onerror=\"document.title='hurt'\">"


class Studio:
    """A person in front of the studio."""

    def __init__(self, page: Page, app: App, project: Project) -> None:
        self.page, self.app, self.project = page, app, project
        self.root = page.get_by_test_id("studio")
        self.grid = page.get_by_test_id("studio-grid")

    def open(self, **query: object) -> "Studio":
        asked = "".join(f"&{name}={value}" for name, value in query.items())
        self.page.goto(f"{self.app.url}/augment?project={self.project.id}{asked}")
        return self.stands()

    def stands(self) -> "Studio":
        """The samples of the last question are there."""
        expect(self.root).not_to_have_attribute("data-shown", "0", timeout=60_000)
        expect(self.root).not_to_have_attribute("aria-busy", "true", timeout=30_000)
        return self

    def titles(self) -> list[str]:
        return self.root.locator(".card .opener .name").all_text_contents()

    def card(self, transform: str) -> Locator:
        return self.root.locator(f'[data-transform="{transform}"].card')

    def opened(self, transform: str) -> Locator:
        self.card(transform).locator(".opener").click()
        return self.card(transform)

    def start_from(self, label: str) -> "Studio":
        self.root.get_by_label("Start from").select_option(label=label)
        return self.stands()

    def add(self, title: str) -> "Studio":
        self.button("Add a transform").click()
        self.dialog.get_by_label("Search the transforms").fill(title)
        self.dialog.locator(".choice:visible").first.click()
        return self.stands()

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name)

    @property
    def dialog(self) -> Locator:
        return self.root.locator("dialog[open]")

    def pictures(self) -> list[str]:
        """The pictures of the grid as they are painted."""
        found: list[str] = self.grid.locator(".picture img").evaluate_all("images => images.map(each => each.src)")
        return found

    def said(self, words: str) -> None:
        expect(self.root.locator(".said").first).to_contain_text(words)


def of_shades(each: int = 6, names: tuple[str, str] = ("dark", "light"), size: int = 48) -> Project:
    """Labeled pictures of two classes, dark and light, brighter to the right and each with some grain."""
    random = np.random.default_rng(3)
    with writing() as session:
        project = projects.create(session, f"Shades {uuid4()}", "image", class_names=names)
        classes = rows.classes(session, project.id)
        for number in range(2 * each):
            level = 10 if number % 2 == 0 else 185
            ramp = np.linspace(0, 60, size)[None, :, None]
            pixels = level + ramp + random.uniform(0, 8, (size, size, 3))
            file = BytesIO()
            Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
            about = {"media_type": "image/png", "width": size, "height": size, "source": f"{number}.png"}
            item = Item(project_id=project.id, content_hash=blobs.put(file.getvalue()), status=Status.LABELED, **about)
            session.add(item)
            session.flush()
            session.add(Label(item_id=item.id, class_id=classes[number % 2].id))
    return project
