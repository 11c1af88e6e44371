"""How an image is shown in the pad: of any kind, near and far, and when it cannot be shown."""

import io
import itertools
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from backend import blobs, frames, projects, thumbs
from backend.errors import BadFile
from db.models import Item, Project
from db.session import writing
from tests.e2e.conftest import App
from tests.e2e.pads import Pad
from tests.waiting import until


def saved(image: Image.Image, form: str, **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def of_images(**images: bytes) -> Project:
    """One item an image, in the order given; the names are what stands for a file's name, with _ for the dot."""
    with writing() as session:
        project = projects.create(session, "Pictures", "image", class_names=["red", "blue"])
        for name, data in images.items():
            session.add(
                Item(
                    project_id=project.id,
                    content_hash=blobs.put(data),
                    source=name.replace("_", "."),
                    **about(data),
                )
            )
    return project


def about(data: bytes) -> dict[str, Any]:
    try:
        decoded = thumbs.decode(data)
    except BadFile:
        return {"media_type": "image/jpeg", "width": 600, "height": 400}
    size = {"media_type": decoded.media_type, "width": decoded.width, "height": decoded.height}
    return size | {"meta": {"frames": count} if (count := frames.count(data)) > 1 else {}}


def picture(pad: Pad) -> Locator:
    return pad.root.locator(".wn-picture.wn-here")


def box(of: Locator) -> dict[str, float]:
    found = of.bounding_box()
    assert found
    return dict(found)


def middle(of: Locator) -> tuple[float, float]:
    found = box(of)
    return found["x"] + found["width"] / 2, found["y"] + found["height"] / 2


def pixel(page: Page, x: float, y: float) -> tuple[int, ...]:
    shot = page.screenshot(clip={"x": round(x), "y": round(y), "width": 1, "height": 1})
    with Image.open(io.BytesIO(shot)) as image:
        return tuple(image.convert("RGB").getpixel((0, 0)))


def test_a_picture_zooms_with_its_key_and_the_next_one_fits_again(app: App, page: Page, home: Any) -> None:
    photo, other = (Image.new("RGB", (2400, 1600), color) for color in ("red", "green"))
    pad = Pad(page, app, of_images(a_jpg=saved(photo, "JPEG"), b_jpg=saved(other, "JPEG"))).open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    shown = picture(pad)
    fitted = box(shown)
    stage = box(pad.root.locator(".wn-stage"))
    assert fitted["width"] / fitted["height"] == pytest.approx(1.5, abs=0.01)
    assert fitted["height"] < stage["height"]
    toggle = pad.root.get_by_role("button", name="Zoom")
    pad.press("z")
    assert box(shown)["width"] == 2400
    expect(toggle).to_have_attribute("aria-pressed", "true")
    until(lambda: shown.evaluate("shown => shown.naturalWidth") == 2400)
    assert [each for each in asked if "size=4096" in each]
    before = box(shown)
    for key, (x, y) in {"Right": (-1, 0), "Down": (0, -1), "Left": (1, 0), "Up": (0, 1)}.items():
        pad.press(f"Shift+Arrow{key}")
        after = box(shown)
        moved = after["x"] - before["x"], after["y"] - before["y"]
        assert (moved[0] * x > 0, moved[1] * y > 0) == (x != 0, y != 0), key
        before = after
    first = pad.item_id
    pad.press("Escape")
    assert box(shown) == fitted
    assert shown.evaluate("shown => shown.naturalWidth") == 1200
    pad.press("Shift+ArrowRight")
    assert pad.item_id == first
    pad.press("z", "1")
    assert pad.item_id == first + 1
    assert box(shown) == fitted
    pad.press("z", "ArrowLeft")
    assert pad.item_id == first
    assert box(shown) == fitted
    expect(toggle).to_have_attribute("aria-pressed", "false")


def test_the_mouse_zooms_about_its_place_and_drags(app: App, page: Page, home: Any) -> None:
    halves = Image.new("RGB", (600, 400), "red")
    halves.paste("blue", (300, 0, 600, 400))
    pad = Pad(page, app, of_images(a_png=saved(halves, "PNG"))).open()
    shown = picture(pad)
    fitted = box(shown)
    x, y = fitted["x"] + fitted["width"] * 0.75, fitted["y"] + fitted["height"] / 2
    page.mouse.dblclick(x, y)
    zoomed = box(shown)
    # Smaller than the stage: at least twice as large, and what was under the pointer is there still.
    assert zoomed["width"] >= 2 * fitted["width"]
    assert (x - zoomed["x"]) / zoomed["width"] == pytest.approx(0.75, abs=0.01)
    page.mouse.wheel(0, -200)
    until(lambda: box(shown)["width"] > zoomed["width"] * 1.2)
    nearer = box(shown)
    assert (x - nearer["x"]) / nearer["width"] == pytest.approx(0.75, abs=0.01)
    page.mouse.down()
    page.mouse.move(x + 80, y + 30, steps=4)
    page.mouse.up()
    dragged = box(shown)
    assert (dragged["x"] - nearer["x"], dragged["y"] - nearer["y"]) == pytest.approx((80, 30), abs=1)
    page.mouse.move(x, y)
    assert box(shown) == dragged
    page.mouse.wheel(0, 4000)
    until(lambda: box(shown) == fitted)
    pad.root.get_by_role("button", name="Zoom").click()
    assert box(shown)["width"] == zoomed["width"]
    # The button has not taken the focus: the next key is meant for the item.
    pad.press("2")
    pad.is_saved()


def test_a_photo_taken_sideways_stands_upright(app: App, page: Page, home: Any) -> None:
    exif = Image.Exif()
    exif[thumbs.ORIENTATION] = 6
    sideways = Image.new("RGB", (900, 300), "red")
    sideways.paste("blue", (450, 0, 900, 300))
    pad = Pad(page, app, of_images(a_jpg=saved(sideways, "JPEG", exif=exif))).open()
    shown = box(picture(pad))
    assert shown["height"] / shown["width"] == pytest.approx(3, abs=0.05)
    x, _ = middle(picture(pad))
    assert pixel(page, x, shown["y"] + 20)[0] > 200
    assert pixel(page, x, shown["y"] + shown["height"] - 20)[2] > 200


def test_what_moves_stands_still_at_its_first_frame_and_says_so(app: App, page: Page, home: Any) -> None:
    colors = ["red", "green", "blue"]
    several = [Image.new("RGB", (200, 150), color) for color in colors]
    more: dict[str, Any] = {"save_all": True, "append_images": several[1:]}
    moving = {"duration": 20, "loop": 0} | more
    images = {
        "a_gif": saved(several[0], "GIF", **moving),
        "b_png": saved(several[0], "PNG", **moving),
        "c_webp": saved(several[0], "WEBP", **moving),
        "d_tiff": saved(several[0], "TIFF", **more),
        "e_png": saved(several[0], "PNG"),
    }
    pad = Pad(page, app, of_images(**images)).open()
    mark = pad.root.locator(".wn-mark")
    for words in ["First of 3 frames"] * 3 + ["Page 1 of 3"]:
        expect(mark).to_have_text(words)
        image = picture(pad).evaluate("async shown => (await fetch(shown.src)).headers.get('content-type')")
        assert image in ("image/png", "image/jpeg")
        # Of a picture that moves, one of these would show another frame.
        for _ in range(4):
            assert pixel(page, *middle(picture(pad)))[0] > 200
        pad.press("1")
    expect(picture(pad)).to_be_visible()
    expect(mark).to_have_count(0)


def test_what_is_transparent_is_light_in_the_dark_theme_too(app: App, browser: Browser, home: Any) -> None:
    ring = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    ring.paste((200, 0, 0, 255), (100, 100, 200, 200))
    project = of_images(a_png=saved(ring, "PNG"))
    for theme in ("light", "dark"):
        context = browser.new_context(viewport={"width": 1280, "height": 800}, color_scheme=theme)
        pad = Pad(context.new_page(), app, project).open()
        shown = box(picture(pad))
        inside = pixel(pad.page, shown["x"] + 10, shown["y"] + 10)
        beside = pixel(pad.page, shown["x"] - 10, shown["y"] + 10)
        assert min(inside) > 230, theme
        assert (max(beside) < 80) == (theme == "dark")
        assert pixel(pad.page, *middle(picture(pad)))[:2] == (200, 0)
        context.close()


def test_an_image_that_cannot_be_shown_says_so_and_the_keys_go_on(app: App, page: Page, home: Any) -> None:
    good = saved(Image.new("RGB", (300, 200), "red"), "PNG")
    pad = Pad(page, app, of_images(a_jpg=b"no image at all", b_png=good)).open()
    first = pad.item_id
    expect(pad.root).to_contain_text("This image cannot be shown. Skip or flag it.")
    expect(pad.root).to_contain_text("This is no image that Winnow can read.")
    pad.press("z", "Escape", "Shift+ArrowDown", "f")
    assert pad.item_id == first + 1
    expect(picture(pad)).to_be_visible()
    expect(pad.root).not_to_contain_text("cannot be shown")
    pad.is_saved()


def test_an_image_comes_by_itself_when_the_server_is_back(app: App, page: Page, home: Any) -> None:
    good = saved(Image.new("RGB", (300, 200), "red"), "PNG")
    project = of_images(a_png=good)
    page.route("**/image?*", lambda route: route.abort())
    pad = Pad(page, app, project).open()
    expect(pad.root).to_contain_text("The server does not answer. The image comes as soon as it does.")
    page.unroute("**/image?*")
    expect(picture(pad)).to_be_visible(timeout=20_000)
    expect(pad.root).not_to_contain_text("cannot be shown")


def test_at_twice_the_size_the_item_stays_usable_and_nothing_overlaps(app: App, page: Page, home: Any) -> None:
    page.set_viewport_size({"width": 640, "height": 400})
    pad = Pad(page, app, of_images(a_jpg=saved(Image.new("RGB", (900, 600), "red"), "JPEG"))).open()
    assert box(pad.root.locator(".wn-stage"))["height"] >= 150
    assert box(picture(pad))["height"] >= 130
    parts = pad.root.evaluate(
        """root => Array.from(root.children, (each) => each.getBoundingClientRect())
            .filter((each) => each.height > 1).map((each) => [each.top, each.bottom])"""
    )
    assert all(above[1] <= below[0] + 1 for above, below in itertools.pairwise(parts))
    assert parts[-1][1] <= box(pad.root)["y"] + box(pad.root)["height"] + 1
    flag = pad.root.get_by_role("button", name="Flag")
    flag.scroll_into_view_if_needed()
    expect(flag).to_be_in_viewport(ratio=1)
