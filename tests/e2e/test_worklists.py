"""From a gallery on the Compare page to the pad with just these items, and labels that are mended in the gallery."""

import pytest
from playwright.sync_api import Locator, Page, expect

from backend.labeling import labels, worklists
from db.models import Item, Project
from db.session import writing
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of, events_of, ids_of, leased, of_texts, status_of, suggest
from tests.evaluating import builders
from tests.labeling.builders import an_event
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


def compared(
    *, multi_label: bool = False, names: tuple[str, ...] = ("heron", "duck"), has_broken: bool = False
) -> tuple[Project, str]:
    """Six herons: the first run says duck of the last four, the surer the later, the second only of the last one.

    has_broken: and a duck of which only the first run says so. Returns the way to the galleries.
    """
    ducks, others = [0.1, 0.2, 0.6, 0.7, 0.8, 0.9], [0.1, 0.1, 0.1, 0.1, 0.1, 0.6]
    if has_broken:
        ducks, others = [*ducks, 0.75], [*others, 0.3]
    truth = [[0]] * 6 + [[1]] * has_broken
    texts = [f"bird {number}" for number in range(len(truth))]
    project, rest = of_texts(*texts, names=names, multi_label=multi_label), [0.0] * (len(names) - 2)
    with writing() as session:
        snapshot = builders.a_snapshot(session, project)
        items = [session.get_one(Item, each) for each in ids_of(project)]
        for name, says in (("Head 1", ducks), ("Head 2", others)):
            run = builders.a_run(session, project, snapshot, name=name)
            scores = [[1 - duck, duck, *rest] for duck in says]
            builders.with_answers(session, run, items, truth, scores, multi_label=multi_label)
    return project, f"/compare?project={project.id}&view=items"


def card(tab: Page, item_id: int) -> Locator:
    return tab.locator(f'.card[data-item-id="{item_id}"]')


def opened(tab: Page, shared_app: App, address: str) -> list[int]:
    """The gallery, and the items in it in their order."""
    tab.goto(shared_app.url + address)
    expect(tab.locator(".card").first).to_be_visible(timeout=30_000)
    return shown(tab)


def shown(tab: Page) -> list[int]:
    found: list[int] = tab.locator(".card").evaluate_all("cards => cards.map((card) => Number(card.dataset.itemId))")
    return found


def test_one_key_opens_the_pad_on_the_items_of_a_gallery_and_each_is_kept_or_mended(shared_app: App, tab: Page):
    project, address = compared()
    ids = ids_of(project)
    assert opened(tab, shared_app, address) == [ids[4], ids[3], ids[2]]
    expect(tab.get_by_role("radio", name="Fixed by Head 2 (3)")).to_be_checked()
    tab.keyboard.press("l")
    pad = Pad(tab, shared_app, project)
    pad.shows(ids[4])
    expect(pad.root.locator(".wn-why")).to_have_text("Head 1 says duck 80 %, Head 2 says heron 90 %; labeled heron")
    expect(pad.root.get_by_label("Order").locator("option:checked")).to_have_text("Fixed by Head 2")
    expect(pad.root.locator("[aria-live]")).to_contain_text("bird 4. Head 1 says duck 80 %")
    expect(pad.root).to_contain_text("0 of 3 looked at")
    assert pad.chosen() == ["heron"]
    assert leased(project) == {ids[2], ids[3], ids[4]}
    # As it was: that is a look.
    pad.press("Enter")
    pad.shows(ids[3])
    expect(pad.root.locator(".wn-why")).to_contain_text("Head 1 says duck 70 %")
    pad.press("2")
    pad.shows(ids[2])
    expect(pad.root).to_contain_text("2 of 3 looked at")
    pad.press("Control+z")
    pad.shows(ids[3])
    assert pad.chosen() == ["heron"]
    expect(pad.root).to_contain_text("1 of 3 looked at")
    pad.press("2")
    pad.is_saved()
    tab.reload()
    # The place is kept.
    pad.shows(ids[2])
    expect(pad.root).to_contain_text("2 of 3 looked at")
    pad.press("Enter")
    expect(pad.root).to_contain_text("All of them have been looked at")
    expect(pad.root).to_contain_text("Every item of “Fixed by Head 2” was kept as it is or decided anew.")
    pad.is_saved()
    assert [classes_of(each) for each in ids[2:5]] == [["heron"], ["duck"], ["heron"]]
    assert [each["action"] for each in events_of(project)] == ["label", "label", "undo", "label", "label"]
    pad.button("Back to Compare").click()
    expect(card(tab, ids[3])).to_contain_text("Label changed since", timeout=30_000)
    expect(card(tab, ids[4])).not_to_contain_text("Label changed since")
    assert "view=items" in tab.url


def test_items_to_do_skipped_and_flagged_come_in_a_list_as_they_stand(shared_app: App, tab: Page):
    project = suggest(of_texts(*(f"item {number}" for number in range(4))), [[0.2, 0.7, 0.1]] * 4)
    todo, skipped, flagged, _ = ids = ids_of(project)
    with writing() as session:
        items = {each: session.get_one(Item, each) for each in ids}
        labels.record(session, project, "ada", [an_event(items[skipped], action="skip")])
        labels.record(session, project, "ada", [an_event(items[flagged], action="flag")])
        order = worklists.order_of(worklists.start(session, project, "Picked", [flagged, todo, skipped]))
    pad = Pad(tab, shared_app, project)
    tab.goto(f"{shared_app.url}/label?project={project.id}&order={order}")
    pad.shows(flagged)
    expect(pad.button("Keep")).to_be_visible()
    pad.press("Enter")
    # One to do takes what is suggested.
    pad.shows(todo)
    expect(pad.root).to_contain_text("Suggested cat")
    pad.press("Enter")
    pad.shows(skipped)
    pad.press("1")
    expect(pad.root).to_contain_text("All of them have been looked at")
    pad.button("Go on in order").click()
    pad.shows(ids[3])
    pad.is_saved()
    assert [status_of(each) for each in ids] == ["labeled", "labeled", "flagged", "todo"]
    assert [classes_of(each) for each in ids[:2]] == [["cat"], ["bird"]]


def test_a_list_that_is_gone_says_so_and_shows_the_way_on(shared_app: App, tab: Page):
    project = of_texts("one")
    pad = Pad(tab, shared_app, project)
    tab.goto(f"{shared_app.url}/label?project={project.id}&order=list:999999")
    expect(pad.root).to_contain_text("There is no list", timeout=30_000)
    pad.button("Go on in order").click()
    pad.shows(ids_of(project)[0])


def test_a_label_is_mended_in_the_gallery_and_taken_back(shared_app: App, tab: Page):
    project, address = compared()
    ids = ids_of(project)
    opened(tab, shared_app, address)
    here = card(tab, ids[4])
    here.get_by_role("button", name="duck").click()
    expect(here).to_contain_text("Saved: duck.")
    expect(here).to_contain_text("Label changed since")
    assert classes_of(ids[4]) == ["duck"]
    # The keys go to the card with the focus.
    tab.keyboard.press("ArrowRight")
    expect(card(tab, ids[3])).to_be_focused()
    tab.keyboard.press("2")
    expect(card(tab, ids[3])).to_contain_text("Saved: duck.")
    assert classes_of(ids[3]) == ["duck"]
    tab.keyboard.press("Control+z")
    expect(card(tab, ids[3])).to_contain_text("Undone.")
    expect(card(tab, ids[3]).get_by_role("button", name="heron")).to_have_attribute("aria-pressed", "true")
    assert classes_of(ids[3]) == ["heron"]
    here.get_by_role("button", name="Undo").click()
    expect(here).not_to_contain_text("Label changed since")
    assert classes_of(ids[4]) == ["heron"]
    assert [each["action"] for each in events_of(project)] == ["label", "label", "undo", "undo"]


def test_who_decided_meanwhile_is_told_in_the_gallery(shared_app: App, tab: Page):
    project, address = compared()
    item_id = opened(tab, shared_app, address)[0]
    with writing() as session:
        event = an_event(session.get_one(Item, item_id), project.classes[1].id)
        labels.record(session, project, "ada", [event])
    here = card(tab, item_id)
    here.get_by_role("button", name="heron").click()
    expect(here).to_contain_text("Saved: heron. ada had said duck meanwhile")
    with writing() as session:
        session.get_one(Item, item_id)
        labels.record(session, project, "ada", [{**event, "event_id": "gone", "action": "delete"}])
    here.get_by_role("button", name="duck").click()
    expect(here).to_contain_text("Not saved.")
    assert status_of(item_id) == "deleted"


def test_a_label_that_did_not_arrive_is_sent_again(shared_app: App, tab: Page):
    _, address = compared()
    item_id = opened(tab, shared_app, address)[0]
    tab.route("**/labels", lambda route: route.abort())
    here = card(tab, item_id)
    here.get_by_role("button", name="duck").click()
    expect(here).to_contain_text("Not saved: the server does not answer.")
    assert classes_of(item_id) == ["heron"]
    tab.unroute("**/labels")
    here.get_by_role("button", name="Try again").click()
    expect(here).to_contain_text("Saved: duck.")
    assert classes_of(item_id) == ["duck"]


def test_several_classes_are_chosen_and_saved_together(shared_app: App, tab: Page):
    names = ("heron", "duck", "a", "b", "c", "d", "e", "swan")
    _, address = compared(multi_label=True, names=names)
    item_id = opened(tab, shared_app, address)[0]
    here = card(tab, item_id)
    here.get_by_role("button", name="duck").click()
    here.get_by_role("button", name="Other").click()
    dialog = tab.get_by_role("dialog", name="Label it")
    # None of these is a key of the page.
    dialog.get_by_label("Find a class").press_sequentially("swclr")
    expect(dialog.get_by_role("button", name="swan")).to_be_hidden()
    dialog.get_by_label("Find a class").fill("swa")
    dialog.get_by_role("button", name="swan").click()
    assert classes_of(item_id) == ["heron"]
    dialog.get_by_role("button", name="Save").click()
    expect(here).to_contain_text("Saved:")
    assert classes_of(item_id) == ["heron", "duck", "swan"]
    here.press("2")
    here.press("Enter")
    until(lambda: classes_of(item_id) == ["heron", "swan"])


@pytest.mark.parametrize("gallery", ["Broken by Head 2 (0)", "Both wrong (1)", "Mistakes of Head 1 (4)"])
def test_every_gallery_is_drawn(shared_app: App, tab: Page, gallery: str):
    project, address = compared()
    ids = ids_of(project)
    opened(tab, shared_app, address)
    tab.get_by_role("radio", name=gallery).click()
    there = {"Broken by Head 2 (0)": [], "Both wrong (1)": [ids[5]], "Mistakes of Head 1 (4)": ids[:1:-1]}[gallery]
    until(lambda: shown(tab) == there)
    if not there:
        expect(tab.get_by_role("button", name="Label more")).to_be_visible()


def test_a_gallery_is_narrowed_to_classes_and_opened_so(shared_app: App, tab: Page):
    project, address = compared(has_broken=True)
    ids = ids_of(project)
    opened(tab, shared_app, address)
    tab.get_by_role("radio", name="Mistakes of Head 2 (2)").click()
    until(lambda: shown(tab) == [ids[6], ids[5]])
    tab.get_by_label("Head 2 says").click()
    tab.get_by_role("option", name="duck (1)").click()
    until(lambda: shown(tab) == [ids[5]])
    tab.get_by_label("True class").click()
    tab.get_by_role("option", name="duck (1)").click()
    tab.get_by_role("button", name="Any class").click()
    until(lambda: shown(tab) == [ids[6], ids[5]])
    tab.get_by_label("True class").click()
    tab.get_by_role("option", name="duck (1)").click()
    until(lambda: shown(tab) == [ids[6]])
    tab.get_by_role("button", name="Open this item to label").click()
    Pad(tab, shared_app, project).shows(ids[6])
