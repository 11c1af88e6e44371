"""What the points are coloured by, as the API tells it: each of the ways, and what must not be seen."""

import base64
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend import projects
from backend.api.app import create
from backend.evaluating import looks
from backend.inspecting.map_colours import GONE
from db.models import Item, Project
from db.session import reading, writing
from tests.evaluating import builders as evaluated
from tests.explore.builders import suggestions
from tests.inspecting.map_builders import a_clustered_project, class_ids_of, decide, ids_of, with_map

NONE = {"color": looks.GREY, "is_none": True}


@pytest.fixture
def api(home) -> TestClient:
    return TestClient(create())


@pytest.fixture
def project(home) -> Project:
    return with_map(a_clustered_project(6))


def colours(api: TestClient, project: Project, by: str) -> dict[str, Any]:
    answer = api.get(f"/projects/{project.id}/map/colours", params={"by": by})
    assert answer.status_code == 200, answer.text
    return answer.json()


def named(found: dict[str, Any]) -> list[str]:
    """The name of each point's entry, in the order of the items."""
    codes = np.frombuffer(base64.b64decode(found["codes"]), "<u2").tolist()
    return ["(gone)" if code == GONE else found["entries"][code]["name"] for code in codes]


def suggest(project: Project, scores: dict[int, list[float]]) -> None:
    with writing() as session:
        suggestions(session, projects.get(session, project.id), scores)


def test_by_label(api, project):
    ids = ids_of(project)
    decide(project, ids[:2], "label", "fish")
    decide(project, ids[5:], "label", "bird")
    found = colours(api, project, "label")
    assert named(found) == ["fish", "fish", "No label", "No label", "No label", "bird"]
    assert {each["name"]: each["count"] for each in found["entries"]} == {
        "bird": 1,
        "fish": 2,
        "plant": 0,
        "No label": 3,
    }
    with reading() as session:
        own = {each.name: each.color for each in projects.get(session, project.id).classes}
    assert {each["name"]: each["color"] for each in found["entries"][:3]} == own
    assert found["entries"][3] == {"name": "No label", "count": 3, **NONE}


def test_an_item_with_several_classes_has_a_colour_of_its_own(api):
    project = with_map(a_clustered_project(3, multi_label=True))
    ids = ids_of(project)
    decide(project, ids[:1], "label", "bird", "plant")
    decide(project, ids[1:2], "label", "plant")
    assert named(colours(api, project, "label")) == ["Several classes", "plant", "No label"]


def test_by_status(api, project):
    ids = ids_of(project)
    decide(project, ids[:1], "label", "bird")
    decide(project, ids[1:2], "skip")
    decide(project, ids[2:3], "flag")
    assert named(colours(api, project, "status")) == ["Labeled", "Skipped", "Flagged", "To do", "To do", "To do"]


def test_by_split(api, project):
    ids = ids_of(project)
    with writing() as session:
        for item_id, split in zip(ids, ("train", "validation", "test"), strict=False):
            session.get_one(Item, item_id).split = split
    expected = ["Train", "Validation", "Test", "In no split yet", "In no split yet", "In no split yet"]
    assert named(colours(api, project, "split")) == expected


def test_by_suggestion_and_its_confidence(api, project):
    ids = ids_of(project)
    suggest(project, {ids[0]: [0.1, 0.2, 0.7], ids[3]: [0.97, 0.02, 0.01], ids[4]: [0.0, 1.0, 0.0]})
    expected = ["plant", "No suggestion", "No suggestion", "bird", "fish", "No suggestion"]
    assert named(colours(api, project, "suggestion")) == expected
    found = colours(api, project, "confidence")
    assert found["is_scale"]
    none = "No suggestion"
    assert named(found) == ["70 to 75 %", none, none, "95 to 100 %", "95 to 100 %", none]


def test_without_suggestions_every_point_says_so(api, project):
    assert set(named(colours(api, project, "suggestion"))) == {"No suggestion"}


@pytest.mark.parametrize("by", ["suggestion", "confidence"])
def test_a_blind_project_shows_no_suggestion(api, project, by):
    suggest(project, {ids_of(project)[0]: [0.1, 0.2, 0.7]})
    with writing() as session:
        projects.change(session, projects.get(session, project.id), {"blind": True})
    for path in ("colours", "points.csv"):
        answer = api.get(f"/projects/{project.id}/map/{path}", params={"by": by})
        assert answer.status_code == 422
        assert "labeled blind" in answer.json()["error"]["message"]
    [item] = api.get(f"/projects/{project.id}/map/items", params={"ids": ids_of(project)[0]}).json()["items"]
    assert item["suggestion"] is None


def a_run_of(project: Project) -> int:
    """One that answered the first three items: rightly, wrongly and rightly."""
    with writing() as session:
        fresh = projects.get(session, project.id)
        run = evaluated.a_run(session, fresh, evaluated.a_snapshot(session, fresh))
        items = session.query(Item).filter_by(project_id=project.id).order_by(Item.id).limit(3).all()
        scores = [evaluated.sure(0, 3, 0.9), evaluated.sure(1, 3, 0.62), evaluated.sure(2, 3, 0.4)]
        evaluated.with_answers(session, run, items, [[0], [0], [2]], scores)
        return run.id


def test_by_what_a_run_answered_and_whether_it_was_right(api, project):
    run_id = a_run_of(project)
    none = ["Not asked"] * 3
    assert named(colours(api, project, f"run:{run_id}")) == ["bird", "fish", "plant", *none]
    assert named(colours(api, project, f"error:{run_id}")) == ["Right", "Wrong", "Right", *none]
    sure = ["90 to 95 %", "60 to 65 %", "40 to 45 %", *none]
    assert named(colours(api, project, f"run_confidence:{run_id}")) == sure


def test_a_run_of_another_project_or_none_is_not_found(api, project):
    other = with_map(a_clustered_project(3))
    run_id = a_run_of(other)
    for by in (f"run:{run_id}", f"error:{run_id}", "run:9999"):
        assert api.get(f"/projects/{project.id}/map/colours", params={"by": by}).status_code == 404


@pytest.mark.parametrize("by", ["", "mood", "run:", "run:x", "label:1", f"run:{'9' * 5000}"])
def test_what_there_is_not_is_said(api, project, by):
    answer = api.get(f"/projects/{project.id}/map/colours", params={"by": by})
    assert answer.status_code == 422
    assert "error:ID" in answer.json()["error"]["hint"]


def test_an_item_in_the_bin_is_not_drawn_and_one_that_was_emptied_neither(api, project):
    ids = ids_of(project)
    with writing() as session:
        session.get_one(Item, ids[1]).status = "deleted"
    assert named(colours(api, project, "label"))[:3] == ["No label", "(gone)", "No label"]
    with writing() as session:
        session.delete(session.get_one(Item, ids[1]))
    found = colours(api, project, "status")
    assert named(found) == ["To do", "(gone)", "To do", "To do", "To do", "To do"]
    assert sum(each["count"] for each in found["entries"]) == 5


def test_labels_of_another_project_colour_nothing(api, project):
    other = with_map(a_clustered_project(6))
    decide(other, ids_of(other), "label", "bird")
    assert set(named(colours(api, project, "label"))) == {"No label"}
    assert class_ids_of(other) != class_ids_of(project)
