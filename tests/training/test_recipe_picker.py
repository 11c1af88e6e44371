"""The form of a new run: the recipes it offers."""

import pytest
from streamlit.testing.v1 import AppTest

from backend.augmenting import shelf
from backend.training import runs
from db.models import Project
from db.session import Session, reading, writing
from tests.explore.builders import a_project, an_image, an_item
from tests.pages import opened
from tests.training.builders import drawn


def ready_to_train(session: Session, kind: str) -> Project:
    project = a_project(session, kind, ["one", "two"])
    for number in range(8):
        name = ("one", "two")[number % 2]
        if kind == "text":
            an_item(session, project, f"text {number}", label=name)
        else:
            an_image(session, project, drawn("round", number), f"{number}.png", label=name)
    return project


def offered(page: AppTest) -> list[str]:
    [picker] = [each for each in page.selectbox if each.label == "Augmentation recipe"]
    return picker.options


@pytest.mark.parametrize(("kind", "own", "other"), [("text", "Words", "Pictures"), ("image", "Pictures", "Words")])
@pytest.mark.parametrize("method", ["full", "lora"])
def test_recipes_of_the_kind_of_the_project_are_offered(home, kind, own, other, method):
    with writing() as session:
        shelf.save(session, "Words", [{"transform": "Typos"}])
        shelf.save(session, "Pictures", [{"transform": "RandomInvert"}])
        shelf.save(session, "Nothing yet", [])
        project = ready_to_train(session, kind)
    page = opened("pages.train.page", project)
    assert [each.label for each in page.selectbox if each.label == "Augmentation recipe"] == []
    page.segmented_control(key="train-method").set_value(method).run()
    assert offered(page) == ["None", "Nothing yet, version 1", f"{own}, version 1"]
    assert other not in " ".join(offered(page))


def test_the_recipe_in_the_address_is_chosen_and_a_run_gets_it(home):
    with writing() as session:
        recipe = shelf.save(session, "Words", [{"transform": "Typos"}])
        project = ready_to_train(session, "text")
    page = opened("pages.train.page", project, recipe=str(recipe.id))
    page.segmented_control(key="train-method").set_value("full").run()
    [picker] = [each for each in page.selectbox if each.label == "Augmentation recipe"]
    assert picker.value == recipe.id
    page.button(key="train-start").click().run()
    assert not page.exception
    with reading() as session:
        run = runs.get(session, int(page.query_params["run"][0]))
    assert run.spec["recipe_id"] == recipe.id
