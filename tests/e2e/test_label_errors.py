"""Wrong labels on the Compare page: looked for, gone through on the pad, mended in place, and gone from the list."""

import re

from playwright.sync_api import Page, expect

from db.models import Project
from tests.e2e.conftest import App
from tests.e2e.pads import Pad, classes_of
from tests.inspecting.doubt_builders import add, inspected, names_of, near, points, with_mistakes
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


def open_view(tab: Page, app: App, project: Project) -> None:
    tab.goto(f"{app.url}/compare?project={project.id}&view=errors")


def test_mistakes_are_looked_for_gone_through_on_the_pad_and_gone_from_the_list(shared_app: App, tab: Page):
    project, wrong = with_mistakes()
    open_view(tab, shared_app, project)
    tab.get_by_role("button", name="Look for wrong labels").click()
    expect(tab.get_by_text(re.compile("of 60 labels"))).to_be_visible(timeout=90_000)
    expect(tab.locator("article")).to_have_count(len(wrong))
    first = int(tab.locator("article").first.get_attribute("data-item-id") or 0)
    expect(tab.locator("article").first).to_contain_text(f"it looks like {wrong[first]}")
    expect(tab.get_by_role("button", name=f"Go through these {len(wrong)}")).to_be_visible()

    tab.keyboard.press("l")
    pad = Pad(tab, shared_app, project)
    pad.shows(first)
    expect(pad.root).to_contain_text(f"it looks like {wrong[first]}")
    pad.press(str(1 + list(names_of(project).values()).index(wrong[first])))
    pad.is_saved()
    until(lambda: classes_of(first) == [wrong[first]])

    open_view(tab, shared_app, project)
    expect(tab.locator("article")).to_have_count(len(wrong) - 1, timeout=30_000)
    expect(tab.locator(f'article[data-item-id="{first}"]')).to_have_count(0)
    expect(tab.get_by_text("1 decision came since then")).to_be_visible()


def test_a_label_is_mended_or_kept_in_place_alone_or_with_others_and_undone(shared_app: App, tab: Page):
    project, wrong = with_mistakes("image")
    inspected(project)
    open_view(tab, shared_app, project)
    expect(tab.locator("article")).to_have_count(len(wrong), timeout=30_000)
    card = tab.locator("article").first
    changed = int(card.get_attribute("data-item-id") or 0)
    before = classes_of(changed)
    card.get_by_role("button", name=f"Change to {wrong[changed]}").click()
    expect(tab.get_by_text("1 label is changed.")).to_be_visible()
    expect(tab.locator(f'article[data-item-id="{changed}"]')).to_have_count(0)
    assert classes_of(changed) == [wrong[changed]]
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator(f'article[data-item-id="{changed}"]')).to_have_count(1)
    assert classes_of(changed) == before

    tab.get_by_label("Select all on this page").check()
    tab.get_by_role("button", name=f"Accept what is proposed for {len(wrong)}").click()
    expect(tab.get_by_text(f"{len(wrong)} labels are changed.")).to_be_visible()
    expect(tab.get_by_text("No label looks wrong that nobody has looked at since.")).to_be_visible()
    assert {item_id: classes_of(item_id) for item_id in wrong} == {item_id: [name] for item_id, name in wrong.items()}


def test_twins_that_disagree_are_shown_side_by_side_and_the_list_stays_where_it_is(shared_app: App, tab: Page):
    project, _ = with_mistakes(wrong=0)
    cat = points()["cat"]
    add(project, [(near(cat, n), [name]) for n in (40, 41) for name in ("cat", "dog")], "<b>twin</b>")
    inspected(project)
    open_view(tab, shared_app, project)
    tab.get_by_text("Near-duplicates that disagree (2)").click()
    expect(tab.locator("article", has_text="nearly the same item is labeled cat")).to_have_count(2, timeout=30_000)
    expect(tab.locator("article").first.get_by_role("button", name="<b>twin</b>")).to_have_count(2)
    tab.locator("article").first.get_by_role("button", name="Keep dog").click()
    expect(tab.get_by_text("1 label is kept")).to_be_visible()
    expect(tab.locator("article", has_text="nearly the same item")).to_have_count(1)
    expect(tab.get_by_role("radio", name="Near-duplicates that disagree (1)")).to_be_checked()
