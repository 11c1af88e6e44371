"""The Suggest page, without a browser."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from backend import projects
from db import jobs
from db.models import Item, Project, SuggestionSet
from db.session import reading, writing
from tests.labeling.builders import a_suggestion_set
from tests.suggesting.builders import a_news_project, a_text_project, items_of, label, set_in_use

HOSTILE = "<img src=x onerror=alert(1)> **bold** $x$ `code`"


@pytest.fixture(autouse=True)
def no_hub_models(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "empty"))


def page(project: Project) -> AppTest:
    def script(project_id: int) -> None:
        import streamlit as st

        from pages.suggest import page as suggest

        st.session_state["project_id"] = project_id
        suggest.show()

    app = AppTest.from_function(script, kwargs={"project_id": project.id}, default_timeout=60).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    found = " ".join(each.value for each in [*app.markdown, *app.caption, *app.info, *app.error, *app.subheader])
    return found.replace("\\", "")


def a_set(project: Project, sure: float, favours: int = 0) -> int:
    """A set that favours one class, and the next one for every third item."""
    with writing() as session:
        fresh = projects.get(session, project.id)
        count = len(fresh.classes)
        says = {}
        for number, item in enumerate(session.query(Item).filter_by(project_id=project.id).order_by(Item.id)):
            scores = [(1 - sure) / (count - 1)] * count
            scores[(favours + (number % 3 == 0)) % count] = sure
            says[item] = scores
        return a_suggestion_set(session, fresh, says).id


def test_without_data_and_without_suggestions_the_next_step_is_a_button() -> None:
    empty = page(a_text_project([]))
    assert "nothing to suggest for" in words(empty)
    assert [each.label for each in empty.button] == ["Add data"]
    app = page(a_news_project())
    assert "No suggestions yet" in words(app)
    app.button(key="make").click().run()
    assert not app.exception
    with reading() as session:
        [job] = jobs.page(session, None, None, 5)
    assert job.title == "Suggest with MiniLM"
    # The page now shows the job at work.
    assert "Suggest with MiniLM" in words(app)


def test_kept_sets_are_listed_and_another_is_used_by_a_click() -> None:
    project = a_news_project()
    first, second = a_set(project, 0.8), a_set(project, 0.6, favours=1)
    app = page(project)
    assert all(told in words(app) for told in ("The learned head", "80%", "60%", "in use", "nobody decided yet"))
    app.button(key=f"use-set-{first}").click().run()
    assert set_in_use(project) == first != second
    assert not [each for each in app.button if each.key == f"use-set-{first}"]


def test_decisions_become_rates_and_charts() -> None:
    project = a_news_project()
    a_set(project, 0.8)
    ids = [item.id for item in items_of(project)]
    label(project, dict.fromkeys(ids[:6], "sport"))
    told = words(page(project))
    assert "67% of 6 (95 %:" in told
    assert "without seeing them" in told
    assert all(title in told for title in ("class by class", "over time", "As sure as right?", "How sure those in use"))
    assert "There is one set of suggestions" in told


def test_two_sets_are_held_against_each_other() -> None:
    project = a_news_project()
    a_set(project, 0.8)
    a_set(project, 0.6, favours=1)
    app = page(project)
    assert "differ on 18 of 18 items (100.0%)" in words(app)
    assert "Most often disputed" in words(app)
    assert "Label these" in [each.label for each in app.button]


def test_a_blind_project_hides_what_is_suggested_and_says_so() -> None:
    project = a_news_project()
    a_set(project, 0.8)
    a_set(project, 0.6, favours=1)
    with writing() as session:
        projects.change(session, projects.get(session, project.id), {"blind": True})
    told = words(page(project))
    assert "labeled blind" in told
    assert "How sure those in use" not in told
    assert "differ on" not in told


def test_hostile_names_stay_words() -> None:
    project = a_text_project(["heron", "carp", "moss"], HOSTILE, "b")
    a_set(project, 0.8)
    a_set(project, 0.6, favours=1)
    label(project, {items_of(project)[0].id: "b"})
    app = page(project)
    shown = [each.value for each in [*app.markdown, *app.caption]]
    assert not any("<img" in each.replace("\\<", "") for each in shown)


def test_a_run_that_is_gone_is_named_so_and_nothing_breaks() -> None:
    project = a_news_project()
    used = a_set(project, 0.8)
    with writing() as session:
        found = session.get_one(SuggestionSet, used)
        found.engine, found.model = "run", "run:99"
    assert "Run 99, which is gone" in words(page(project))
