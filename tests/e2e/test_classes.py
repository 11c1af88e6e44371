"""The Classes page and what it does to the pad: a merge that is undone, and a class that is split by another look."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of, ids_of, leased, of_texts
from tests.e2e.test_label_many import is_quiet
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


def open_classes(page: Page, app: App, project) -> None:
    page.goto(f"{app.url}/classes?project={project.id}")
    is_quiet(page)


def menu(page: Page, name: str, action: str) -> None:
    fields = page.get_by_role("textbox", name="Name of ")
    until(lambda: name in [each.input_value() for each in fields.all()])
    names = [each.input_value() for each in fields.all()]
    page.get_by_test_id("stPopoverButton").nth(names.index(name)).click()
    is_quiet(page)
    page.get_by_role("button", name=action).click()


def test_a_merge_says_what_it_touches_moves_the_labels_and_is_undone(shared_app: App, tab: Page):
    project = of_texts("one", "two", "three")
    ids = ids_of(project)
    pad = Pad(tab, shared_app, project).open()
    pad.press("1", "2", "1")
    pad.is_saved()
    open_classes(tab, shared_app, project)
    menu(tab, "bird", "Merge into")
    dialog = tab.get_by_role("dialog", name="Merge")
    expect(dialog).to_contain_text("2 items have this label")
    # The menu would lie above the dialog.
    expect(tab.get_by_role("button", name="Archive …")).to_have_count(0)
    dialog.get_by_role("button", name="Merge into cat").click()
    expect(tab.get_by_text("“bird” was merged into “cat”")).to_be_visible(timeout=15_000)
    assert [classes_of(each) for each in ids] == [["cat"]] * 3
    tab.get_by_role("button", name="Undo").click()
    until(lambda: [classes_of(each) for each in ids] == [["bird"], ["cat"], ["bird"]])
    tab.get_by_role("button", name="Redo").click()
    until(lambda: [classes_of(each) for each in ids] == [["cat"]] * 3)


def test_a_class_is_split_by_another_look_at_its_items(shared_app: App, tab: Page):
    project = of_texts("grey heron", "white stork", "a cat", "a crow")
    ids = ids_of(project)
    pad = Pad(tab, shared_app, project).open()
    pad.press("1", "1", "2", "1")
    pad.is_saved()
    open_classes(tab, shared_app, project)
    menu(tab, "bird", "Split")
    dialog = tab.get_by_role("dialog", name="Split")
    expect(dialog).to_contain_text("3 labeled items come for another look")
    dialog.get_by_label("New classes, one a line").fill("heron\nstork")
    tab.keyboard.press("Control+Enter")
    dialog.get_by_role("button", name="Add classes").click()
    tab.get_by_role("button", name="Look at the rest").click(timeout=15_000)
    pad.shows(ids[0])
    assert pad.chosen() == ["bird"]
    expect(pad.root).to_contain_text("0 of 3 looked at")
    assert leased(project) == {ids[0], ids[1], ids[3]}
    pad.press("4")
    pad.shows(ids[1])
    pad.press("5")
    expect(pad.root).to_contain_text("2 of 3 looked at")
    pad.press("Control+z")
    pad.shows(ids[1])
    assert pad.chosen() == ["bird"]
    expect(pad.root).to_contain_text("1 of 3 looked at")
    pad.press("5")
    pad.shows(ids[3])
    # As it was: that is a look, too.
    pad.press("Enter")
    expect(pad.root).to_contain_text("All of them have been looked at")
    pad.is_saved()
    assert [classes_of(each) for each in ids] == [["heron"], ["stork"], ["cat"], ["bird"]]
    tab.reload()
    expect(pad.root).to_contain_text("All of them have been looked at", timeout=30_000)


def test_the_history_of_an_item_says_that_its_class_was_merged(shared_app: App, tab: Page):
    project = of_texts("one", "two")
    pad = Pad(tab, shared_app, project).open()
    pad.press("1")
    pad.is_saved()
    merge = f"{shared_app.url}/api/projects/{project.id}/classes/{project.classes[0].id}/merge"
    answer = tab.request.post(merge, data={"into": project.classes[1].id, "annotator": "ada"})
    assert answer.ok, answer.text()
    pad.press("ArrowLeft", "Shift+H")
    expect(pad.dialog).to_contain_text("ada changed the classes: “bird” was merged into “cat”")
    expect(pad.dialog).to_contain_text("labeled it bird")
