"""The Augment page, without a browser and with the real assistant."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from db import recipes as rows
from db.session import reading, writing
from tests.explore.builders import a_project, an_image, an_item


def page(project_id: int) -> AppTest:
    def script(project_id: int) -> None:
        import streamlit as st

        from pages.augment import page as augment

        st.session_state["project_id"] = project_id
        augment.show()

    return AppTest.from_function(script, kwargs={"project_id": project_id}, default_timeout=90).run()


@pytest.fixture
def project_id(home: Path) -> int:
    with writing() as session:
        project = a_project(session, "image")
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 255, (40, 50, 3)).astype(np.uint8)
            file = io.BytesIO()
            Image.fromarray(pixels).save(file, "PNG")
            an_image(session, project, file.getvalue(), f"{number}.png", label="bird" if number else None)
        return project.id


def test_a_preset_is_chosen_changed_saved_and_loaded_again(project_id):
    at = page(project_id)
    assert not at.exception
    at.selectbox(key="augment-start").select("preset:light").run()
    number = at.session_state["augment-steps"][2]["number"]
    at.slider(key=f"augment-{number}-brightness").set_value(0.9).run()
    assert "Changed since you chose it." in [each.value for each in at.caption]
    at.text_input(key="augment-name").input("Mine").run()
    next(each for each in at.button if each.label == "Save recipe").click().run()
    assert not at.exception
    with reading() as session:
        [recipe] = rows.page(session, None, 10)
    assert (recipe.name, recipe.version, recipe.steps[2]["params"]["brightness"]) == ("Mine", 1, 0.9)
    at.selectbox(key="augment-start").select("preset:none").run()
    assert at.session_state["augment-steps"] == []
    at.selectbox(key="augment-start").select(f"recipe:{recipe.id}").run()
    assert at.session_state["augment-steps"][2]["params"]["brightness"] == 0.9


def test_transforms_are_added_moved_and_removed(project_id):
    at = page(project_id)
    at.selectbox(key="augment-start").select("preset:none").run()
    for name in ("JPEG", "RandomInvert"):
        at.selectbox(key="augment-new").select(name).run()
        next(each for each in at.button if each.label == "Add").click().run()
    numbers = {step["transform"]: step["number"] for step in at.session_state["augment-steps"]}
    at.button(key=f"augment-{numbers['RandomInvert']}-up").click().run()
    assert [step["transform"] for step in at.session_state["augment-steps"]] == ["RandomInvert", "JPEG"]
    at.button(key=f"augment-{numbers['JPEG']}-remove").click().run()
    assert [step["transform"] for step in at.session_state["augment-steps"]] == ["RandomInvert"]
    assert not at.exception


def test_a_recipe_without_a_name_is_refused_with_a_sentence(project_id):
    at = page(project_id)
    next(each for each in at.button if each.label == "Save recipe").click().run()
    assert "A recipe needs a name." in at.error[0].value
    with reading() as session:
        assert not rows.page(session, None, 10)


def test_a_text_project_is_told_that_this_is_for_images(home):
    with writing() as session:
        project = a_project(session)
        an_item(session, project)
    at = page(project.id)
    assert "This project has texts" in at.info[0].value
    assert [each.label for each in at.button] == ["Train this project"]


def test_an_empty_project_is_invited_to_add_images(home):
    with writing() as session:
        project = a_project(session, "image")
    assert "There are none in this project yet" in page(project.id).info[0].value
