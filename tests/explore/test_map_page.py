"""The map on the Explore page, without a browser: what is offered before, while and after one is made."""

import pytest
from streamlit.testing.v1 import AppTest

from db import inspections, jobs
from db.models import JobState, Project
from db.session import reading, writing
from pages.explore.map_view import for_map
from tests.explore.builders import an_item
from tests.inspecting.map_builders import a_clustered_project, with_map
from tests.pages import opened


def words(at: AppTest) -> str:
    return " ".join(each.value for each in [*at.markdown, *at.caption, *at.info, *at.error])


def a_map_page(project: Project) -> AppTest:
    return opened("pages.explore.page", project, view="map")


def button(at: AppTest, label: str):
    [found] = [each for each in at.button if each.label == label]
    return found


def test_the_address_chooses_between_the_overview_and_the_map(home):
    project = a_clustered_project(3)
    at = a_map_page(project)
    assert "A map shows all items at once" in words(at)
    at.segmented_control(key="explore-view").set_value("Overview").run()
    assert "Text length" in words(at)
    assert "view" not in at.query_params
    at.segmented_control(key="explore-view").set_value("Map").run()
    assert at.query_params["view"] == "map"
    # As the browser's back button does.
    del at.query_params["view"]
    at.run()
    assert at.segmented_control(key="explore-view").value == "Overview"
    assert "view" not in at.query_params


def test_without_a_map_a_button_makes_one(home):
    project = a_clustered_project(3)
    at = button(a_map_page(project), "Make the map").click().run()
    assert not at.exception
    with reading() as session:
        job = inspections.newest_job(session, project.id, "map")
    assert job is not None
    assert "Map the items" in words(at)


def test_a_map_that_failed_says_why_and_is_offered_again(home):
    project = a_clustered_project(3)
    button(a_map_page(project), "Make the map").click().run()
    with writing() as session:
        job = inspections.newest_job(session, project.id, "map")
        error = {"code": "memory", "message": "There was no room.", "hint": "Close something."}
        jobs.write(session, job.id, state=JobState.FAILED, error=error)
    at = a_map_page(project)
    assert "There was no room" in words(at).replace("\\", "")
    assert button(at, "Make the map")


@pytest.mark.parametrize(("added", "says"), [(1, "1 item is newer"), (2, "2 items are newer")])
def test_items_that_came_since_are_told_with_a_button_that_renews_the_map(home, added, says):
    project = with_map(a_clustered_project(3))
    assert "newer" not in words(a_map_page(project))
    with writing() as session:
        for number in range(added):
            an_item(session, project, f"newer {number}")
    at = a_map_page(project)
    assert says in words(at)
    button(at, "Renew the map").click().run()
    with reading() as session:
        assert inspections.newest_job(session, project.id, "map") is not None


def test_what_travels_on_every_run_is_small(home):
    project = with_map(a_clustered_project(40))
    with reading() as session:
        told = for_map(session, project, {"key": "k"}, None)
    assert len(repr(told)) < 2_000
    assert (told["map_key"], told["is_at_work"], told["runs"]) == ("k", False, [])
