"""The augmentation studio in a browser: steps, samples, recipes, comparing, what destroys a class, replay."""

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.conftest import App
from tests.e2e.pads import of_colours, of_texts
from tests.e2e.studios import HOSTILE, MEDIUM, Studio, of_shades
from tests.waiting import until

pytest_plugins = "tests.e2e.shared"


def test_a_preset_shows_one_row_of_each_class_and_a_slider_changes_the_samples(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=2)).open()
    assert studio.titles() == MEDIUM
    expect(studio.grid.locator(".head")).to_have_text(["Original", *(f"Epoch {n}" for n in range(1, 6))])
    expect(studio.grid.locator(".row")).to_have_count(4)
    before = studio.pictures()
    assert len(before) == 4 * 6
    slider = studio.opened("ColorJitter").get_by_label("Brightness")
    slider.fill("1")
    studio.stands()
    until(lambda: studio.pictures() != before)
    after = studio.pictures()
    # Originals stay, samples are others, and the same setting gives the same pictures again.
    assert after[::6] == before[::6]
    assert after[1:6] != before[1:6]
    expect(studio.root).to_contain_text("Changed since you chose it.")
    slider.fill("0.25")
    until(lambda: studio.pictures() == before)


def test_a_range_has_two_ends_that_stop_at_each_other_and_a_drag_is_one_change(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    card = studio.opened("RandomResizedCrop")
    low, high = card.get_by_label("Part of the area, from"), card.get_by_label("Part of the area, to")
    high.fill("0.7")
    low.fill("0.9")
    expect(low).to_have_value("0.7")
    expect(card.locator("output").first).to_have_text("0.70 to 0.70")
    studio.stands()
    box = low.bounding_box()
    assert box
    # Both thumbs stand in one place: it is the lower one that comes along.
    at, y = box["x"] + 8 + (box["width"] - 16) * (0.7 - 0.08) / 0.92, box["y"] + box["height"] / 2
    tab.mouse.move(at, y)
    tab.mouse.down()
    tab.mouse.move(at - 100, y, steps=10)
    tab.mouse.up()
    expect(card.locator("output").first).not_to_have_text("0.70 to 0.70")
    assert float(low.input_value()) < 0.4
    expect(high).to_have_value("0.7")
    studio.button("Undo").click()
    expect(card.locator("output").first).to_have_text("0.70 to 0.70")


def test_new_samples_go_on_and_the_seed_gives_others(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    first = studio.pictures()
    studio.button("New samples").click()
    expect(studio.grid.locator(".head").nth(1)).to_have_text("Epoch 6")
    studio.stands()
    until(lambda: studio.pictures() != first)
    studio.button("Earlier epochs").click()
    until(lambda: studio.pictures() == first)
    studio.root.get_by_label("Seed").fill("5")
    tab.keyboard.press("Enter")
    until(lambda: studio.pictures()[1:6] != first[1:6])
    studio.root.get_by_label("Samples").fill("2")
    tab.keyboard.press("Enter")
    expect(studio.grid.locator(".head")).to_have_count(3)


def test_steps_are_ordered_by_dragging_by_arrows_and_by_keys_and_undone(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    box = studio.card("RandomErasing").bounding_box()
    to = studio.card("RandomHorizontalFlip").bounding_box()
    assert box
    assert to
    handle = studio.card("RandomErasing").locator(".handle").bounding_box()
    assert handle
    tab.mouse.move(handle["x"] + 5, handle["y"] + 10)
    tab.mouse.down()
    tab.mouse.move(handle["x"] + 5, to["y"] + 60, steps=5)
    tab.mouse.move(handle["x"] + 5, to["y"] - 10, steps=3)
    tab.mouse.up()
    assert studio.titles() == [MEDIUM[4], *MEDIUM[:4]]
    studio.button("Move Cover a part down").click()
    assert studio.titles()[:2] == ["Mirror", "Cover a part"]
    studio.card("RandomErasing").locator(".opener").focus()
    tab.keyboard.press("Alt+ArrowDown")
    tab.keyboard.press("Alt+ArrowDown")
    assert studio.titles() == ["Mirror", "Rotation", "Crop and enlarge", "Cover a part", "Colour and light"]
    tab.keyboard.press("Alt+ArrowDown")
    assert studio.titles() == MEDIUM
    for _ in range(5):
        tab.keyboard.press("Control+z")
    assert studio.titles() == MEDIUM
    tab.keyboard.press("Control+Shift+z")
    assert studio.titles() == [MEDIUM[4], *MEDIUM[:4]]


def test_a_transform_is_found_added_turned_off_and_removed(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=1)).open().start_from("None")
    plain = studio.pictures()
    assert plain[0] == plain[1]
    studio.add("MixUp").add("Negative")
    # What mixes a batch stands last, wherever it was added.
    assert studio.titles() == ["Negative", "MixUp"]
    expect(studio.button("Move MixUp up")).to_be_disabled()
    studio.card("RandomInvert").get_by_label("How often").fill("1")
    until(lambda: studio.pictures()[1] != plain[1])
    for title in ("Negative", "MixUp"):
        studio.root.get_by_role("switch", name=f"{title} is on").uncheck()
    until(lambda: studio.pictures() == plain)
    studio.button("Remove MixUp").click()
    studio.button("Remove Negative").click()
    assert studio.titles() == []
    # The button that had the focus is gone; the keys still count.
    tab.keyboard.press("Control+z")
    assert studio.titles() == ["Negative"]


def test_a_sample_is_compared_with_its_original(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    pictures = studio.pictures()
    cells = studio.grid.locator(".picture")
    cells.nth(2).hover()
    assert studio.pictures()[2] == pictures[0]
    expect(cells.nth(2)).to_contain_text("Original")
    tab.mouse.move(2, 2)
    assert studio.pictures() == pictures
    cells.nth(0).focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.down("o")
    assert studio.pictures()[1:6] == [pictures[0]] * 5
    tab.keyboard.up("o")
    assert studio.pictures() == pictures
    tab.keyboard.press("Enter")
    after = studio.dialog.locator(".after")
    expect(after).to_have_attribute("src", pictures[1])
    expect(studio.dialog.locator(".before")).to_have_attribute("src", pictures[0])
    tab.keyboard.press("ArrowRight")
    expect(after).to_have_attribute("src", pictures[2])
    tab.keyboard.press("ArrowDown")
    expect(after).to_have_attribute("src", pictures[8])
    line = studio.dialog.get_by_label("How much of the original is seen")
    line.focus()
    tab.keyboard.press("End")
    expect(line).to_have_value("100")
    expect(after).to_have_attribute("src", pictures[8])
    tab.keyboard.press("Escape")
    expect(cells.nth(8)).to_be_focused()


def test_samples_that_look_like_another_class_are_marked_with_words(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=8)).open().start_from("None").add("Negative")
    studio.card("RandomInvert").get_by_label("How often").fill("1")
    expect(studio.root).to_have_attribute("data-damage", "done", timeout=60_000)
    marked = studio.grid.locator(".picture.is-lost")
    until(lambda: marked.count() > 0)
    assert "May have lost its class" in (marked.first.get_attribute("title") or "")
    expect(studio.card("RandomInvert").get_by_test_id("lost")).to_contain_text("may lose their class")
    expect(studio.root.get_by_test_id("damage")).to_contain_text("samples may have lost their class")


def test_without_labels_it_says_quietly_that_nothing_can_be_judged(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_colours(3)).open()
    expect(studio.root).to_have_attribute("data-damage", "done", timeout=60_000)
    expect(studio.root.get_by_test_id("damage")).to_contain_text("label")
    expect(studio.grid.locator(".is-lost")).to_have_count(0)


def test_texts_are_shown_with_their_changes_marked(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_texts("a heron stands in the reeds " * 3, HOSTILE + " and a cat")).open()
    expect(studio.grid.locator(".text")).to_have_count(2 * 4)
    studio.start_from("Strong")
    expect(studio.grid.locator(".text :is(ins, mark, del)").first).to_be_visible()
    expect(studio.grid.locator(".text").filter(has_text="<img src=x").first).to_be_visible()
    assert tab.title() != "hurt"
    studio.grid.locator(".text").nth(1).click()
    expect(studio.dialog).to_contain_text("Original")
    tab.keyboard.press("ArrowDown")
    expect(studio.dialog).to_contain_text("Epoch 2")


def test_what_was_chosen_survives_a_rerun_another_page_and_a_reload(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    studio.button("Remove Rotation").click()
    studio.root.get_by_label("Samples").fill("3")
    tab.keyboard.press("Enter")
    expect(studio.grid.locator(".head")).to_have_count(4)
    left = [each for each in MEDIUM if each != "Rotation"]
    tab.get_by_role("link", name="Explore", exact=True).click()
    tab.wait_for_url("**/explore?*")
    tab.get_by_role("link", name="Augment", exact=True).click()
    studio.stands()
    expect(studio.grid.locator(".head")).to_have_count(4)
    assert studio.titles() == left
    tab.reload()
    studio.stands()
    assert studio.titles() == left


def test_chosen_numbers_come_from_the_address_and_a_strange_one_is_refused_in_words(shared_app: App, tab: Page):
    project = of_shades(each=2)
    studio = Studio(tab, shared_app, project)
    with httpx.Client() as client:
        found = client.get(f"{shared_app.url}/api/projects/{project.id}/items").json()["items"]
    first, second = found[2]["id"], found[0]["id"]
    studio.open(items=f"{first},{second}")
    shown = studio.grid.locator(".row").evaluate_all("rows => rows.map(row => Number(row.dataset.itemId))")
    assert shown == [first, second]
    studio.root.get_by_label("Item numbers").fill("1000000")
    tab.keyboard.press("Enter")
    expect(studio.root.get_by_role("alert")).to_contain_text("There is no item 1000000 in this project.")
    studio.root.get_by_label("Rows").select_option(label="Random")
    expect(studio.root.get_by_role("alert")).to_be_hidden()


def test_a_run_is_replayed_and_copied(shared_app: App, tab: Page):
    project = of_shades(each=12, size=32)
    url = f"{shared_app.url}/api"
    steps = [{"transform": "RandomInvert", "probability": 0.5}]
    recipe = httpx.post(f"{url}/recipes", json={"name": "Replayed", "steps": steps}).json()
    spec = {"method": "full", "preset": "quick", "epochs": 1, "seed": 3, "image_size": 32, "recipe_id": recipe["id"]}
    run_id = httpx.post(f"{url}/projects/{project.id}/runs", json={"spec": spec}, timeout=60).json()["run_id"]
    until(lambda: httpx.get(f"{url}/runs/{run_id}").json()["state"] == "done", timeout_s=180)
    tab.goto(f"{shared_app.url}/train?project={project.id}&run={run_id}")
    tab.get_by_role("button", name="See what it saw").click()
    tab.wait_for_url("**/augment?*run=*")
    # A sample under the pointer shows its original.
    tab.mouse.move(0, 0)
    studio = Studio(tab, shared_app, project).stands()
    expect(studio.root).to_contain_text("Replayed, version 1")
    expect(studio.root).to_contain_text("seed 3")
    expect(studio.grid.locator(".problem")).to_have_count(0)
    expect(studio.root.get_by_label("Start from")).to_be_hidden()
    seen = studio.pictures()
    studio.button("Change it").click()
    studio.stands()
    assert studio.titles() == ["Negative"]
    until(lambda: studio.pictures() == seen)
    assert "run=" not in tab.url
    expect(studio.button("Train with it")).to_be_enabled()
    studio.button("Delete …").click()
    studio.dialog.get_by_role("button", name="Delete it").click()
    expect(studio.dialog.get_by_role("alert")).to_contain_text("A run was trained with Replayed, version 1.")


def test_a_server_that_is_away_is_said_and_asked_again(shared_app: App, tab: Page):
    studio = Studio(tab, shared_app, of_shades(each=1)).open()
    before = studio.pictures()
    shared_app.kill()
    studio.button("New samples").click()
    expect(studio.root.get_by_role("alert")).to_contain_text("Winnow does not answer. Trying again")
    shared_app.start()
    until(lambda: studio.pictures() != before, timeout_s=60)
    expect(studio.root.get_by_role("alert")).to_be_hidden()
