"""The Classes page, without a browser."""

import pytest
from streamlit.testing.v1 import AppTest

from backend import projects
from db import projects as rows
from db.models import Project
from db.session import reading, writing
from tests.labeling.builders import a_project

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$"


@pytest.fixture
def project(home) -> Project:
    with writing() as session:
        made = a_project(session, "bird", HOSTILE, "x" * 80, "ציפור")
        assert made.classes
    return made


def page(project: Project) -> AppTest:
    def script(project_id: int) -> None:
        import streamlit as st

        from pages.classes import page as classes

        st.session_state["project_id"] = project_id
        classes.show()

    app = AppTest.from_function(script, kwargs={"project_id": project.id}, default_timeout=60).run()
    assert not app.exception
    return app


def names(project: Project) -> list[str]:
    with reading() as session:
        return [each.name for each in rows.classes(session, projects.get(session, project.id).id)]


def test_names_are_changed_where_they_stand_and_an_undo_brings_the_old_one(project):
    app = page(project)
    app.text_input(f"class-{project.classes[0].id}-name-bird").set_value("heron").run()
    assert names(project)[0] == "heron"
    app.button("classes-undo").click().run()
    assert not app.exception
    assert names(project)[0] == "bird"
    app.button("classes-redo").click().run()
    assert names(project)[0] == "heron"


def test_arrows_change_the_order_and_a_taken_key_is_refused_with_a_sentence(project):
    app = page(project)
    app.button(f"down-{project.classes[0].id}").click().run()
    assert names(project)[:2] == [HOSTILE, "bird"]
    app.text_input(f"class-{project.classes[0].id}-key-1").set_value("2").run()
    assert "taken" in app.error[0].value


def test_a_dialog_says_what_a_deletion_touches_before_anything_is_changed(project):
    app = page(project)
    app.button(f"delete-{project.classes[1].id}").click().run()
    assert not app.exception
    assert "Nothing has this label" in " ".join(each.value for each in app.markdown)
    assert app.button("delete-do")
    assert HOSTILE in names(project)
