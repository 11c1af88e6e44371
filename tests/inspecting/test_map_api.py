"""/api/projects/{p}/map: what there is, the points, the items behind them, and accepting what is suggested."""

import csv
import io
import struct

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend import projects
from backend.api.app import create
from backend.labeling import bulk
from db import jobs
from db.models import Item, JobKind, Project
from db.session import reading, writing
from tests.explore.builders import an_item, suggestions
from tests.inspecting.map_builders import a_clustered_project, class_ids_of, decide, ids_of, with_map


@pytest.fixture
def api(home) -> TestClient:
    return TestClient(create())


@pytest.fixture
def project(home) -> Project:
    return with_map(a_clustered_project(6))


def labels_of(api: TestClient, project: Project) -> dict[int, list[int]]:
    ids = ",".join(map(str, ids_of(project)))
    found = api.get(f"/projects/{project.id}/map/items", params={"ids": ids}).json()["items"]
    return {each["id"]: each["class_ids"] for each in found}


def test_before_the_first_map_there_are_no_methods_and_no_points(api):
    project = a_clustered_project(3)
    found = api.get(f"/projects/{project.id}/map").json()
    assert (found["methods"], found["items"], found["job"]) == ([], 0, None)
    for path in ("points", "colours", "points.csv"):
        answer = api.get(f"/projects/{project.id}/map/{path}")
        assert answer.status_code == 404
        assert "no map yet" in answer.json()["error"]["message"]


def test_a_map_is_made_by_a_job_and_asked_for_twice_by_one(api):
    project = a_clustered_project(3)
    answers = [api.post(f"/projects/{project.id}/map") for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    with reading() as session:
        job = jobs.get(session, answers[0].json()["job_id"])
    assert (job.kind, job.spec) == (JobKind.INSPECT, {"kind": "map", "encoder": "bundled:minilm"})
    assert api.get(f"/projects/{project.id}/map").json()["job"]["id"] == job.id


def test_what_there_is_and_how_many_items_came_since(api, project):
    found = api.get(f"/projects/{project.id}/map").json()
    assert (found["methods"], found["items"], found["total"]) == (["umap", "pca"], 6, 6)
    assert (found["is_sample"], found["added"]) == (False, 0)
    with writing() as session:
        for number in range(3):
            an_item(session, projects.get(session, project.id), f"newer {number}")
        newest = session.query(Item).order_by(Item.id.desc()).first()
        newest.status = "deleted"
    assert api.get(f"/projects/{project.id}/map").json()["added"] == 2


def test_the_points_are_bytes_in_the_order_that_is_documented(api, project):
    answer = api.get(f"/projects/{project.id}/map/points", params={"method": "pca"})
    data = answer.content
    assert struct.unpack_from("<II", data) == (6, 1)
    assert np.frombuffer(data, "<f8", 6, 8).tolist() == ids_of(project)
    places = np.frombuffer(data, "<f4", 12, 8 + 48).reshape(6, 2)
    np.testing.assert_array_equal(places, [[-n, -(n % 3)] for n in range(6)])
    assert len(data) == 8 + 48 + 48


def test_the_points_are_sent_once(api, project):
    path = f"/projects/{project.id}/map/points"
    tag = api.get(path).headers["ETag"]
    assert api.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert api.get(path, params={"method": "pca"}, headers={"If-None-Match": tag}).status_code == 200


def test_a_layout_that_there_is_not(api, project):
    assert api.get(f"/projects/{project.id}/map/points", params={"method": "tsne"}).status_code == 422


def test_items_come_in_the_order_asked_for_without_those_of_others(api, project):
    ids = ids_of(project)
    other = ids_of(a_clustered_project(1))
    with writing() as session:
        session.get_one(Item, ids[0]).text = "x" * 5_000
    wanted = ",".join(map(str, [ids[4], other[0], ids[0], 999_999]))
    found = api.get(f"/projects/{project.id}/map/items", params={"ids": wanted}).json()["items"]
    assert [each["id"] for each in found] == [ids[4], ids[0]]
    assert len(found[1]["text"]) == 2_000


@pytest.mark.parametrize("ids", ["", "1,x", "-1", ",".join(["1"] * 201), "9" * 30], ids=range(5))
def test_wrong_item_ids_are_refused(api, project, ids):
    assert api.get(f"/projects/{project.id}/map/items", params={"ids": ids}).status_code == 422


def test_accepting_labels_what_is_to_do_as_suggested_and_one_undo_takes_it_back(api, project):
    ids, classes = ids_of(project), class_ids_of(project)
    decide(project, ids[:1], "label", "plant")
    with writing() as session:
        fresh = projects.get(session, project.id)
        suggestions(session, fresh, {each: [0.8, 0.1, 0.1] for each in ids[:3]} | {ids[3]: [0.1, 0.6, 0.3]})
    body = {"annotator": "Ada", "item_ids": ids[:5], "event_id": "lasso-1"}
    answer = api.post(f"/projects/{project.id}/map/accept", json=body).json()
    assert (answer["changed"], answer["left_out"]) == (3, 2)
    bird, fish, plant = classes["bird"], classes["fish"], classes["plant"]
    expected = [[plant], [bird], [bird], [fish], [], []]
    assert list(labels_of(api, project).values()) == expected
    # Sent again it changes nothing.
    api.post(f"/projects/{project.id}/map/accept", json=body).raise_for_status()
    assert list(labels_of(api, project).values()) == expected
    history = api.get(f"/items/{ids[1]}/history").json()["items"]
    assert history[0]["suggested"]["confidence"] == pytest.approx(0.8)
    undone = api.post(f"/projects/{project.id}/labels/undo", json={"annotator": "Ada", "event_id": "undo-1"}).json()
    assert undone["changed"] == 3
    assert list(labels_of(api, project).values()) == [[plant], [], [], [], [], []]


def test_with_several_classes_those_from_half_on_are_accepted(api):
    project = with_map(a_clustered_project(3, multi_label=True))
    ids, classes = ids_of(project), class_ids_of(project)
    with writing() as session:
        fresh = projects.get(session, project.id)
        suggestions(session, fresh, {ids[0]: [0.8, 0.6, 0.1], ids[1]: [0.4, 0.3, 0.1]})
    body = {"item_ids": ids, "event_id": "lasso-2"}
    answer = api.post(f"/projects/{project.id}/map/accept", json=body).json()
    assert (answer["changed"], answer["left_out"]) == (1, 2)
    assert labels_of(api, project)[ids[0]] == [classes["bird"], classes["fish"]]


def test_nothing_to_accept_is_said(api, project):
    body = {"item_ids": ids_of(project), "event_id": "lasso-3"}
    answer = api.post(f"/projects/{project.id}/map/accept", json=body)
    assert answer.status_code == 422
    assert "has a suggestion" in answer.json()["error"]["message"]


def test_very_many_are_accepted_by_a_job(api, project, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)
    ids = ids_of(project)
    with writing() as session:
        suggestions(session, projects.get(session, project.id), {each: [0.8, 0.1, 0.1] for each in ids})
    body = {"item_ids": ids, "event_id": "lasso-4"}
    answer = api.post(f"/projects/{project.id}/map/accept", json=body)
    assert answer.status_code == 202
    with reading() as session:
        assert jobs.get(session, answer.json()["job_id"]).kind == JobKind.LABEL


def test_points_as_a_table_that_a_spreadsheet_opens_safely(api):
    project = with_map(a_clustered_project(3, names=("=1+1", "fish")))
    decide(project, ids_of(project)[:1], "label", "=1+1")
    answer = api.get(f"/projects/{project.id}/map/points.csv", params={"method": "umap", "by": "label"})
    assert "attachment" in answer.headers["Content-Disposition"]
    head, *rows = csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")))
    assert head == ["id", "umap_x", "umap_y", "label"]
    assert [int(row[0]) for row in rows] == ids_of(project)
    assert [row[3] for row in rows] == ["'=1+1", "No label", "No label"]


def test_the_map_of_a_project_that_there_is_not(api, project):
    for path in ("", "/points", "/colours"):
        assert api.get(f"/projects/999/map{path}").status_code == 404
