"""Recipes in the studio in a browser: versions, files that go out and come in, the recipe as Python."""

import json
from pathlib import Path

from playwright.sync_api import Page, expect

from db import recipes as rows
from db.session import reading
from tests.e2e.conftest import App
from tests.e2e.studios import HOSTILE, MEDIUM, Studio, of_shades

pytest_plugins = "tests.e2e.shared"


def saved(name: str) -> list[int]:
    """The versions under this name, newest first."""
    with reading() as session:
        return [each.version for each in rows.page(session, None, 100) if each.name == name]


def test_a_recipe_is_saved_gets_versions_is_loaded_and_deleted(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    expect(studio.button("Train with it")).to_be_disabled()
    studio.button("Save").click()
    studio.said("A recipe needs a name.")
    name = studio.root.get_by_label("Recipe name")
    name.fill("Garden")
    name.press("Enter")
    studio.said("Saved: Garden, version 1.")
    expect(studio.button("Saved")).to_be_disabled()
    studio.button("Remove Cover a part").click()
    expect(studio.root).to_contain_text("saving makes its version 2.")
    studio.button("Save version 2").click()
    studio.said("Saved: Garden, version 2.")
    studio.start_from("Garden, version 1")
    assert studio.titles() == MEDIUM
    studio.button("Delete …").click()
    expect(studio.dialog).to_contain_text("This version alone; 1 other version of it stays.")
    studio.dialog.get_by_role("button", name="Delete it").click()
    studio.said("Deleted: Garden, version 1.")
    assert saved("Garden") == [2]
    studio.start_from("Garden, version 2")
    studio.button("Train with it").click()
    tab.wait_for_url("**/train?*recipe=*")


def test_a_recipe_goes_out_as_a_file_and_comes_in_and_a_wrong_file_is_refused_in_words(
    shared_app: App, tab: Page, tmp_path: Path
):
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    studio.root.get_by_label("Recipe name").fill("Traveller")
    studio.button("Save").click()
    studio.said("Saved: Traveller, version 1.")
    with tab.expect_download() as download:
        studio.button("Download").click()
    told = json.loads(Path(download.value.path()).read_text("utf-8"))
    file = tmp_path / "recipe.json"
    chooser = studio.root.locator("input[type=file]")
    for wrong in (b"\xff\xfe\x00", b"[1, 2]", b'{"format": "other"}', b"[" * 100_000):
        file.write_bytes(wrong)
        chooser.set_input_files(file)
        studio.said("This is not a recipe of Winnow.")
        studio.start_from("None")
    file.write_text(json.dumps(told | {"steps": [{"transform": "os.system"}]}))
    chooser.set_input_files(file)
    studio.said('There is no transform "os.system".')
    file.write_text(json.dumps(told | {"name": HOSTILE}))
    chooser.set_input_files(file)
    studio.said(f"Here: {HOSTILE}, version 1.")
    assert studio.titles() == MEDIUM
    assert tab.title() != "hurt"


def test_the_python_is_shown_and_copied(shared_app: App, tab: Page):
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"])
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    studio.button("Show the Python").click()
    expect(studio.dialog).to_contain_text("v2.RandomHorizontalFlip")
    studio.dialog.get_by_role("button", name="Copy").click()
    expect(studio.dialog).to_contain_text("Copied.")
    copied = tab.evaluate("navigator.clipboard.readText()")
    compile(copied, "recipe.py", "exec")
    tab.keyboard.press("Escape")
    expect(studio.dialog).to_have_count(0)
