"""The map in a real browser: it is drawn, says what is under the pointer, and a lasso labels, by a key, with an undo.

Once as a machine without a graphics card draws it, and once with WebGL, which the processor then plays.
"""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from backend import projects, suggesting
from backend.encoding import vectors
from backend.inspecting import map_file
from db import items as item_rows
from db import maps
from db.models import Item, Project
from db.session import reading, writing
from tests.e2e import pads
from tests.e2e.conftest import App
from tests.e2e.pads import a_context, classes_of, ids_of, suggest

pytest_plugins = "tests.e2e.shared"

# The map passes over a graphics card that the processor plays; here it has another name.
AS_A_CARD = """
const asked = WebGL2RenderingContext.prototype.getParameter;
WebGL2RenderingContext.prototype.getParameter = function (name) {
  const found = asked.call(this, name);
  return typeof found === "string" ? found.replace(/swiftshader|llvmpipe|software/gi, "card") : found;
};"""
NO_WEBGL = "WebGL2RenderingContext && (HTMLCanvasElement.prototype.getContext = ((of) => function (kind, ...how) {\
 return kind === 'webgl2' ? null : of.call(this, kind, ...how); })(HTMLCanvasElement.prototype.getContext));"
# Three groups: what is at the left, in the middle and at the right.
EACH = 10


class Map:
    """A person in front of the map."""

    def __init__(self, page: Page, app: App, project: Project) -> None:
        self.page, self.app, self.project = page, app, project
        self.root = page.get_by_test_id("item-map")
        self.stage = self.root.locator(".wm-stage")

    def open(self, points: int = 3 * EACH) -> "Map":
        self.page.goto(f"{self.app.url}/explore?project={self.project.id}&view=map")
        expect(self.root).to_have_attribute("data-points", str(points), timeout=60_000)
        expect(self.root).to_have_attribute("data-drawn", "true")
        return self

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Of a share of the stage's width and height on the page."""
        box = self.stage.bounding_box()
        assert box is not None
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def around(self, corners: Sequence[tuple[float, float]], *, key: str | None = "Shift") -> None:
        """Draw a line around what lies between these places."""
        if key:
            self.page.keyboard.down(key)
        self.page.mouse.move(*self.place(*corners[0]))
        self.page.mouse.down()
        for corner in corners[1:]:
            self.page.mouse.move(*self.place(*corner), steps=4)
        self.page.mouse.up()
        if key:
            self.page.keyboard.up(key)

    def lasso_left(self) -> None:
        self.around([(0.02, 0.02), (0.3, 0.02), (0.3, 0.97), (0.02, 0.97)])

    def has_selected(self, count: int) -> None:
        expect(self.root).to_have_attribute("data-selected", str(count))

    def grid(self) -> Locator:
        return self.root.get_by_test_id("map-grid")

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def said(self, words: str) -> None:
        expect(self.root.locator(".wm-note")).to_have_text(words, timeout=20_000)

    def inked(self) -> int:
        """How many pixels of the picture have a colour, as it is saved."""
        return self.page.evaluate(
            """async () => {
              const there = document.querySelector(".wm-points");
              await new Promise(requestAnimationFrame);
              const copy = document.createElement("canvas");
              [copy.width, copy.height] = [there.width, there.height];
              const context = copy.getContext("2d");
              context.drawImage(await createImageBitmap(there), 0, 0);
              const { data } = context.getImageData(0, 0, copy.width, copy.height);
              let count = 0;
              for (let at = 3; at < data.length; at += 4) if (data[at] > 20) count++;
              return count;
            }"""
        )


def a_mapped_project(**how: bool) -> Project:
    """Item n is in the group n // EACH: at the left, in the middle, or at the right."""
    project = pads.of_texts(*(f"item {number} {uuid4()}" for number in range(3 * EACH)), **how)
    ids = np.array(ids_of(project), np.int64)
    number = np.arange(len(ids))
    places = np.stack([4 * (number // EACH) + 0.1 * (number % 3), 0.3 * (number % EACH)], axis=1).astype(np.float32)
    with reading() as session:
        about = {
            "total": len(ids),
            "is_sample": False,
            "newest_id": item_rows.newest_id(session, project.id),
            "rows": maps.rows_of(session, project.id),
        }
        encoder_id = suggesting.encoder_of(session, project)
    map_file.write(project, encoder_id, ids, {"umap": places, "pca": places[:, ::-1]}, about)
    return project


@pytest.fixture
def map_of(shared_app: App, tab: Page) -> Map:
    return Map(tab, shared_app, a_mapped_project())


@pytest.fixture(scope="module")
def with_card(browser: Browser) -> Iterator[BrowserContext]:
    with a_context(browser) as context:
        context.add_init_script(AS_A_CARD)
        yield context


def test_without_a_graphics_card_the_map_is_drawn_all_the_same(shared_app, tab):
    tab.add_init_script(NO_WEBGL)
    shown = Map(tab, shared_app, a_mapped_project()).open()
    expect(shown.root).to_have_attribute("data-renderer", "canvas")
    assert shown.inked() > 3 * EACH * 20


def test_with_webgl_the_same_picture_is_drawn(shared_app, with_card):
    project = a_mapped_project()
    page = with_card.new_page()
    shown = Map(page, shared_app, project).open()
    expect(shown.root).to_have_attribute("data-renderer", "webgl")
    shown.lasso_left()
    shown.has_selected(EACH)
    with page.expect_download() as saved:
        shown.button("Save picture").click()
    assert drawn_points(saved.value.path()) > 3 * EACH * 20
    page.close()


def drawn_points(path: Path) -> int:
    """Pixels of a picture that are not its background."""
    from PIL import Image

    pixels = np.asarray(Image.open(path).convert("RGB"), np.int16)
    return int((np.abs(pixels - pixels[2, 2]).max(axis=2) > 24).sum())


def test_the_pointer_says_what_lies_under_it_and_a_click_opens_it(map_of):
    shown = map_of.open()
    # The lowest of the left group is at the left edge of what the map shows.
    first = ids_of(shown.project)[0]
    at = shown.page.evaluate(
        """() => {
          const box = document.querySelector(".wm-stage").getBoundingClientRect();
          return [box.width, box.height];
        }"""
    )
    reach = max(8.2, 2.7) / 2
    scale = min((at[0] / 2 - 24) / 1, (at[1] / 2 - 24) / (1.35 / reach))
    left, top = at[0] / 2 + scale * (0 - 4.1) / reach, at[1] / 2 - scale * (0 - 1.35) / reach
    box = shown.stage.bounding_box()
    shown.page.mouse.move(box["x"] + left, box["y"] + top)
    card = shown.root.get_by_test_id("map-card")
    expect(card).to_be_visible()
    expect(card.locator("[data-item-id]")).to_have_attribute("data-item-id", str(first))
    expect(card).to_contain_text("item 0")
    shown.page.mouse.down()
    shown.page.mouse.up()
    shown.has_selected(1)
    expect(shown.grid()).to_contain_text("item 0")


def test_a_lasso_shows_its_items_and_a_key_labels_them_and_undo_takes_it_back(map_of):
    shown = map_of.open()
    shown.lasso_left()
    shown.has_selected(EACH)
    expect(shown.grid()).to_have_attribute("data-shown", str(EACH))
    shown.page.keyboard.press("2")
    shown.said(f"Labeled {EACH} items as cat.")
    ids = ids_of(shown.project)
    assert [classes_of(each) for each in ids[: EACH + 1]] == [["cat"]] * EACH + [[]]
    shown.button("Undo").click()
    shown.said(f"Undone: {EACH} items as before.")
    assert [classes_of(each) for each in ids[:EACH]] == [[]] * EACH
    # Nothing is taken back twice.
    expect(shown.root.get_by_role("button", name="Undo", exact=True)).to_have_count(0)


def test_after_a_label_the_legend_counts_it(map_of):
    shown = map_of.open()
    shown.lasso_left()
    shown.root.locator('[data-class-name="bird"]').click()
    shown.said(f"Labeled {EACH} items as bird.")
    shown.page.keyboard.press("Escape")
    expect(shown.root.locator('.wm-entry[data-name="bird"] .wm-count')).to_have_text(str(EACH))


def test_the_legend_takes_points_off_the_map_and_what_is_off_is_not_selected(map_of):
    shown = map_of.open()
    shown.lasso_left()
    shown.page.keyboard.press("1")
    shown.said(f"Labeled {EACH} items as bird.")
    shown.page.keyboard.press("Escape")
    shown.root.locator('.wm-entry[data-name="bird"]').click()
    shown.button("Select what is in view").click()
    shown.has_selected(2 * EACH)


def test_the_suggestions_of_a_selection_are_accepted(shared_app, tab):
    project = a_mapped_project()
    suggest(project, [[0.8, 0.1, 0.1] if n % 2 else [0.2, 0.2, 0.6] for n in range(3 * EACH)])
    shown = Map(tab, shared_app, project).open()
    shown.root.get_by_label("Colour by").select_option("suggestion")
    expect(shown.root).to_have_attribute("data-by", "suggestion")
    shown.lasso_left()
    shown.button("Accept suggestions").click()
    shown.said(f"Labeled {EACH} items as suggested.")
    assert [classes_of(each) for each in ids_of(project)[:3]] == [["dog"], ["bird"], ["dog"]]


def test_several_classes_are_chosen_and_then_given(shared_app, tab):
    project = a_mapped_project(multi_label=True)
    shown = Map(tab, shared_app, project).open()
    shown.lasso_left()
    shown.has_selected(EACH)
    shown.page.keyboard.press("1")
    shown.page.keyboard.press("3")
    shown.button(f"Label these {EACH}").click()
    shown.said(f"Labeled {EACH} items as bird, dog.")
    assert classes_of(ids_of(project)[0]) == ["bird", "dog"]


def test_go_through_them_opens_the_label_page_on_just_these(map_of):
    shown = map_of.open()
    shown.lasso_left()
    shown.button("Go through them").click()
    pad = shown.page.get_by_test_id("label-pad")
    expect(pad).not_to_have_attribute("data-item-id", "", timeout=30_000)
    assert "order=list" in shown.page.url
    assert int(pad.get_attribute("data-item-id") or 0) in ids_of(shown.project)[:EACH]


def test_the_map_is_moved_and_zoomed_and_laid_out_by_keys_and_buttons(map_of):
    shown = map_of.open()
    shown.stage.focus()
    for key in ("+", "+", "ArrowLeft", "ArrowUp"):
        shown.page.keyboard.press(key)
    shown.button("Select what is in view").click()
    assert int(shown.root.get_attribute("data-selected") or 0) < 3 * EACH
    shown.page.keyboard.press("Escape")
    shown.stage.focus()
    shown.page.keyboard.press("Home")
    shown.button("Select what is in view").click()
    shown.has_selected(3 * EACH)
    shown.page.keyboard.press("Escape")
    shown.button("PCA").click()
    expect(shown.root).to_have_attribute("data-method", "pca")
    shown.page.keyboard.press("b")
    expect(shown.stage).to_have_attribute("data-tool", "box")


def test_a_blind_project_offers_no_suggestions(shared_app, tab):
    project = a_mapped_project()
    suggest(project, [[0.8, 0.1, 0.1]] * (3 * EACH))
    with writing() as session:
        projects.change(session, projects.get(session, project.id), {"blind": True})
    shown = Map(tab, shared_app, project).open()
    assert shown.root.get_by_label("Colour by").locator("option").all_text_contents() == ["Label", "Status", "Split"]
    shown.lasso_left()
    shown.has_selected(EACH)
    expect(shown.button("Accept suggestions")).to_have_count(0)


def test_a_map_is_made_from_the_page_and_renewed_when_items_came(shared_app, tab):
    texts = [f"text {number} {uuid4()}" for number in range(8)]
    project = pads.of_texts(*texts)
    rng = np.random.default_rng(0)
    places = rng.normal(size=(9, 384)).astype(np.float32)
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    newer = f"newer {uuid4()}"
    hashes = [hashlib.sha256(each.encode()).digest() for each in [*texts, newer]]
    with reading() as session:
        vectors.add(suggesting.encoder_of(session, project), hashes, places)
    tab.goto(f"{shared_app.url}/explore?project={project.id}&view=map")
    tab.get_by_role("button", name="Make the map").click()
    root = tab.get_by_test_id("item-map")
    expect(root).to_have_attribute("data-points", "8", timeout=90_000)
    with writing() as session:
        session.add(Item(project_id=project.id, content_hash=hashes[-1], text=newer))
    tab.reload()
    tab.get_by_role("button", name="Renew the map").click(timeout=30_000)
    expect(root).to_have_attribute("data-points", "9", timeout=90_000)
