"""The dropzone in a real browser: folders, pause, reload, a killed app, and files larger than memory should hold."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from backend import settings
from backend.importing import uploads
from db import items
from db.models import Project
from db.session import reading
from tests.e2e.conftest import App
from tests.importing.builders import a_project
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"

LARGE_BYTES = 2_000_000_000
MOST_BYTES = 100_000_000


class Zone:
    """A person in front of the dropzone of a project's data page."""

    def __init__(self, page: Page, app: App, project: Project) -> None:
        self.page, self.app, self.project = page, app, project
        self.root = page.get_by_test_id("dropzone")

    def open(self) -> "Zone":
        self.page.goto(f"{self.app.url}/data?project={self.project.id}")
        expect(self.root).to_have_attribute("data-state", "empty", timeout=30_000)
        return self

    def drop(self, *paths: Path) -> None:
        """As the desktop does it: the browser gets paths and makes files, folders and handles of them."""
        box = self.root.bounding_box()
        assert box
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
        speaks = self.page.context.new_cdp_session(self.page)
        for step in ("dragEnter", "dragOver", "drop"):
            speaks.send("Input.dispatchDragEvent", {"type": step, **place, "data": data})
        speaks.detach()

    def choose(self, *paths: Path) -> None:
        """Through the browser's own dialog, which gives no handles that outlive a reload."""
        button = "Choose a folder" if paths[0].is_dir() else "Choose files"
        with self.page.expect_file_chooser() as chooser:
            self.button(button).click()
        chooser.value.set_files(paths[0] if paths[0].is_dir() else list(paths))

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def is_in(self, state: str, timeout_s: float = 30) -> None:
        expect(self.root).to_have_attribute("data-state", state, timeout=1000 * timeout_s)

    def has(self) -> dict[str, bytes]:
        folder = uploads.folder_of(self.root.get_attribute("data-upload-id") or "")
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def sent(self) -> int:
        """Bytes on the disk, whole files and parts."""
        return sum(path.stat().st_size for path in settings.folder("uploads").glob("*/**/*") if path.is_file())


@pytest.fixture
def zone(tab: Page, shared_app: App) -> Zone:
    return Zone(tab, shared_app, a_project()).open()


def a_folder(at: Path, files: int = 6) -> Path:
    folder = at / "birds"
    for number in range(files):
        place = folder / ("heron", "wren")[number % 2] / f"{number}.txt"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"bird number {number}")
    (folder / ".DS_Store").write_bytes(b"x")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {f"{folder.name}/{path.relative_to(folder)}": path.read_bytes() for path in files}


def a_large_file(at: Path, size_bytes: int) -> Path:
    """Mostly holes, so that it takes no time to make, with marks by which a byte at the wrong place shows."""
    path = at / "large.txt"
    with path.open("wb") as file:
        file.truncate(size_bytes)
        for place in range(0, size_bytes - 100, size_bytes // 50):
            file.seek(place)
            file.write(f"{place} is where this belongs\n".encode())
    return path


def is_same(one: Path, other: Path) -> bool:
    size_bytes = one.stat().st_size
    if other.stat().st_size != size_bytes:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        for place in range(0, size_bytes - 100, size_bytes // 50):
            first.seek(place)
            second.seek(place)
            if first.read(64) != second.read(64):
                return False
    return True


@pytest.mark.parametrize("way", ["drop", "choose"])
def test_a_folder_keeps_its_paths(zone: Zone, tmp_path: Path, way: str) -> None:
    folder = a_folder(tmp_path)
    how: Callable[[Path], None] = getattr(zone, way)
    how(folder)
    zone.is_in("done")
    expect(zone.root).to_contain_text("6 files")
    assert zone.has() == contents(folder)


def test_a_table_is_uploaded_its_columns_shown_and_imported(zone: Zone, tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text("text,label\na heron,bird\na tom,cat\n")
    zone.choose(table)
    zone.page.get_by_text("a heron").or_(zone.page.get_by_test_id("stDataFrame")).first.wait_for()
    zone.page.get_by_role("button", name="Import", exact=True).click()

    def imported() -> int:
        with reading() as session:
            return len(items.page(session, zone.project.id, limit=10))

    until(lambda: imported() == 2)
    zone.page.get_by_text("Add data").click()
    zone.is_in("empty")


def test_more_can_be_added_and_all_be_removed(zone: Zone, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"the text of {name}")
        zone.drop(tmp_path / name)
        zone.is_in("done")
    until(lambda: len(zone.has()) == 2)
    zone.page.get_by_role("button", name="Import 2 files").wait_for()
    upload = zone.root.get_attribute("data-upload-id") or ""
    zone.button("Remove").click()
    zone.button("Remove what was uploaded").click()
    zone.is_in("empty")
    until(lambda: not list(settings.folder("uploads").glob(f"{upload}*")))
    expect(zone.page.get_by_role("button", name="Import 2 files")).to_have_count(0)


def test_an_empty_folder_says_so(zone: Zone, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    zone.drop(tmp_path / "empty")
    expect(zone.root.get_by_role("alert")).to_have_text("There was no file in it.")
    zone.is_in("empty")


def paused_midway(zone: Zone, bring: Callable[..., None], *paths: Path) -> None:
    """Bring the paths, and pause when something, but not all, has been sent. Each piece is held up a little."""
    speaks = zone.page.context.new_cdp_session(zone.page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 20_000_000}
    speaks.send("Network.enable")
    speaks.send("Network.emulateNetworkConditions", slow)
    before = zone.sent()
    bring(*paths)
    until(lambda: zone.sent() > before)
    zone.button("Pause").click()
    zone.is_in("paused")
    speaks.send("Network.emulateNetworkConditions", slow | {"uploadThroughput": -1})
    speaks.detach()


def test_a_pause_holds_and_going_on_ends_it(zone: Zone, tmp_path: Path) -> None:
    large = a_large_file(tmp_path, 100_000_000)
    paused_midway(zone, zone.drop, large)
    zone.button("Go on").click()
    zone.is_in("done")
    assert is_same(large, uploads.folder_of(zone.root.get_attribute("data-upload-id") or "") / "large.txt")


def test_an_upload_outlives_another_page_of_the_app(zone: Zone, tmp_path: Path) -> None:
    large = a_large_file(tmp_path, 100_000_000)
    paused_midway(zone, zone.drop, large)
    zone.page.get_by_role("link", name="Explore").click()
    expect(zone.root).to_have_count(0)
    zone.page.get_by_role("link", name="Data", exact=True).click()
    zone.is_in("paused")
    zone.button("Go on").click()
    zone.is_in("done")


def test_after_a_reload_the_same_files_chosen_again_go_on(zone: Zone, tmp_path: Path) -> None:
    large = a_large_file(tmp_path, 100_000_000)
    paused_midway(zone, zone.choose, large)
    zone.page.reload()
    zone.is_in("waiting")
    expect(zone.root).to_contain_text("choose the same files or folder again")
    again: list[str] = []
    zone.page.on("request", lambda request: again.append(request.url) if request.method == "PUT" else None)
    zone.choose(large)
    zone.is_in("done")
    assert again
    assert not again[0].endswith("offset=0")
    assert is_same(large, uploads.folder_of(zone.root.get_attribute("data-upload-id") or "") / "large.txt")


def test_after_a_reload_what_was_dropped_goes_on_by_itself(zone: Zone, tmp_path: Path) -> None:
    large = a_large_file(tmp_path, 100_000_000)
    folder = a_folder(tmp_path)
    paused_midway(zone, zone.drop, folder, large)
    zone.page.reload()
    zone.is_in("done")
    expect(zone.root).to_contain_text("7 files")


def test_what_is_missing_after_a_reload_can_be_left_out(zone: Zone, tmp_path: Path) -> None:
    small, large = tmp_path / "small.txt", a_large_file(tmp_path, 100_000_000)
    small.write_text("a text")
    zone.choose(small)
    zone.is_in("done")
    paused_midway(zone, zone.choose, large)
    zone.page.reload()
    zone.is_in("waiting")
    zone.button("Go on without them").click()
    zone.is_in("done")
    assert zone.has() == {"small.txt": b"a text"}


def test_a_folder_of_ten_thousand_files(zone: Zone, tmp_path: Path) -> None:
    folder = a_folder(tmp_path, files=10_000)
    began = time.monotonic()
    zone.drop(folder)
    zone.is_in("done", timeout_s=180)
    print(f"10,000 small files in {time.monotonic() - began:.1f} s")
    assert len(zone.has()) == 10_000
    drawn = zone.root.evaluate("root => root.querySelectorAll('*').length")
    assert drawn < 100


def test_two_gigabytes_leave_the_app_small_and_survive_its_death(zone: Zone, tmp_path: Path) -> None:
    large = a_large_file(tmp_path, LARGE_BYTES)
    app = zone.app
    # What others left in its memory is not this upload's.
    app.kill()
    app.start()
    zone.open()
    before, others = memory(app), zone.sent()
    began = time.monotonic()
    zone.drop(large)
    most = 0

    def half() -> bool:
        nonlocal most
        most = max(most, memory(app) - before)
        return zone.sent() - others > LARGE_BYTES // 2

    until(half, timeout_s=240)
    app.kill()
    there = zone.sent() - others
    zone.is_in("waiting")
    expect(zone.root).to_contain_text("goes on by itself")
    app.start()
    before = memory(app)

    def whole() -> bool:
        nonlocal most
        most = max(most, memory(app) - before)
        return zone.root.get_attribute("data-state") == "done"

    until(whole, timeout_s=240)
    took_s = time.monotonic() - began
    print(f"2 GB in {took_s:.0f} s, {there / 1e6:.0f} MB before the kill; memory grew by {most / 1e6:.0f} MB")
    assert most < MOST_BYTES
    assert is_same(large, uploads.folder_of(zone.root.get_attribute("data-upload-id") or "") / "large.txt")


def memory(app: App) -> int:
    assert app.process
    return int(psutil.Process(app.process.pid).memory_info().rss)
