"""The groups over HTTP: found, listed, labeled as one decision, taken apart."""

import pytest
from fastapi.testclient import TestClient

from backend.api.app import create
from backend.grouping import view
from backend.labeling import bulk
from db import projects as project_rows
from db.models import Item, Project, Split, Status
from db.session import reading, writing
from tests.grouping.builders import a_text, add, find, groups, texts


@pytest.fixture
def api(home):
    return TestClient(create(), base_url="http://127.0.0.1")


def some_groups(count: int = 5) -> tuple[Project, list[int]]:
    """Group n has two members and n % 3 more."""
    project, ids = texts()
    for number in range(count):
        ids += add(project, [a_text(number) + " end" * more for more in range(2 + number % 3)])
    find(project)
    return project, ids


def class_ids(project):
    with reading() as session:
        return [each.id for each in project_rows.classes(session, project.id)]


def label(project, item_ids, class_id, event_id):
    bulk.label(project.id, "ada", bulk.Wanted(class_ids=[class_id], item_ids=item_ids), event_id)


def listed(api, project, **asked):
    """Every group over all pages."""
    found, after = [], None
    while True:
        told = api.get(f"/projects/{project.id}/groups", params={**asked, **({"after": after} if after else {})}).json()
        found += told["items"]
        after = told["next"]
        if after is None:
            return found


def test_a_search_is_one_job_however_often_it_is_asked_for(api):
    project, _ = texts(a_text(1))
    first = api.post(f"/projects/{project.id}/groups")
    assert first.status_code == 202
    assert api.post(f"/projects/{project.id}/groups", json={}).json() == first.json()
    assert api.post(f"/projects/{project.id}/groups", json={"likeness": "very"}).status_code == 422
    assert api.post("/projects/99/groups").status_code == 404


@pytest.mark.parametrize("limit", [1, 2, 3, 20])
@pytest.mark.parametrize("sort", ["oldest", "largest"])
def test_pages_show_each_group_once_and_in_order(api, sort, limit):
    project, _ = some_groups(7)
    found = listed(api, project, sort=sort, limit=limit)
    assert {each["group_id"] for each in found} == groups(project).keys()
    assert len(found) == 7
    order = [(-each["count"] if sort == "largest" else 0, each["group_id"]) for each in found]
    assert order == sorted(order)
    assert all(each["similarity"] == min(item["similarity"] for item in each["items"]) >= 0.7 for each in found)


def test_only_groups_with_different_labels(api):
    project, _ = some_groups()
    bird, cat = class_ids(project)
    found = list(groups(project).values())
    label(project, found[0], bird, "same")
    label(project, found[1][:1], bird, "one")
    label(project, found[2][:1], bird, "this")
    label(project, found[2][1:], cat, "that")
    for limit in (1, 20):
        [told] = listed(api, project, disagree=True, limit=limit)
        assert told["group_id"] == found[2][0]
        assert told["disagree"]
        assert [each["class_ids"] for each in told["items"]] == [[bird], *([cat] for _ in found[2][1:])]


def test_a_whole_group_is_labeled_as_one_decision_that_one_undo_takes_back(api):
    project, _ = some_groups()
    bird, _ = class_ids(project)
    [*_, (group_id, members)] = groups(project).items()
    asked = {"class_ids": [bird], "event_id": "e1"}
    for _ in range(2):
        told = api.post(f"/projects/{project.id}/groups/{group_id}/label", json=asked)
        assert told.status_code == 200, told.text
        assert told.json()["changed"] == len(members)
    assert api.post(f"/projects/{project.id}/labels/undo", json={}).json()["changed"] == len(members)
    assert api.post(f"/projects/{project.id}/groups/1234/label", json=asked | {"event_id": "e2"}).status_code == 404


def test_taken_out_over_the_api(api):
    project, _ = some_groups()
    group_id, members = next((each for each in groups(project).items() if len(each[1]) == 3), (0, []))
    told = api.delete(f"/projects/{project.id}/groups/{group_id}/items/{members[0]}")
    assert told.json() == {"group_id": members[1], "left": 2}
    assert api.delete(f"/projects/{project.id}/groups/{group_id}/items/{members[0]}").status_code == 404


def test_members_in_the_bin_are_not_shown_and_not_counted(api):
    project, _ = some_groups()
    found = list(groups(project).values())
    with writing() as session:
        for gone in (found[0][1], found[2][0]):
            session.get(Item, gone).status = Status.DELETED
    told = listed(api, project, limit=2)
    assert [each["group_id"] for each in told] == [each[0] for each in found[1:]]
    assert told[1]["count"] == len(found[2]) - 1
    counts = api.get(f"/projects/{project.id}/groups/counts").json()
    assert (counts["groups"], counts["items"]) == (4, sum(each["count"] for each in told))


def test_groups_on_both_sides_of_a_test_are_counted(api):
    project, _ = some_groups()
    found = list(groups(project).values())
    with writing() as session:
        session.get(Item, found[0][0]).split = Split.TRAIN
        session.get(Item, found[0][1]).split = Split.TEST
        session.get(Item, found[1][0]).split = Split.TRAIN
    counts = api.get(f"/projects/{project.id}/groups/counts").json()
    assert counts["straddling"] == 1
    assert counts["likeness"] == "usual"
    assert listed(api, project)[0]["splits"] == ["test", "train"]


def test_a_foreign_cursor_is_refused(api):
    project, _ = some_groups(1)
    assert api.get(f"/projects/{project.id}/groups", params={"after": "x"}).status_code == 422


@pytest.mark.parametrize(
    ("first", "other", "marked"),
    [
        ("The owl calls", "The owl calls", []),
        ("The owl calls", "The old owl calls", [" old"]),
        ("今天天气很好", "昨天天气很好", ["昨"]),
        ("", "new", ["new"]),
        ("all gone", "", []),
        ("a <b>bold</b> word", "a <b>brave</b> word", ["brave"]),
    ],
    ids=["same", "added", "letters without spaces", "all", "none", "markup"],
)
def test_differences_are_marked_and_nothing_is_lost(first, other, marked):
    found = view.differences(first, other)
    assert "".join(piece for piece, _ in found) == other
    assert [piece for piece, is_other in found if is_other] == marked
