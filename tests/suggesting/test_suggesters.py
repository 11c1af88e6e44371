"""How good suggesters are by what people decided, what sets say, and the same over HTTP."""

import numpy as np
import pytest
from fastapi.testclient import TestClient

from backend import errors, projects
from backend.api.app import create
from backend.evaluating import suggest_report, suggested, suggesters
from backend.evaluating.intervals import wilson
from backend.labeling import labels, moves
from db.models import SuggestionSet
from db.session import writing
from tests.labeling.builders import a_project, a_suggestion_set, an_event, class_id, some_items, suggestion_of


def decided(session, project, items, name, *, is_shown=True):
    """Label each item so; shown names its suggestion, as the pad does."""
    for item in items:
        more = {"suggestion_id": suggestion_of(session, item).id} if is_shown else {}
        labels.record(session, project, "ada", [an_event(item, class_id(project, name), **more)])


def test_shown_and_blind_labels_are_counted_apart_for_each_class(session):
    project = a_project(session)
    items = some_items(session, project, 12)
    a_suggestion_set(
        session, project, {item: [0.9, 0.1, 0.0] for item in items[:10]} | {i: [0.1, 0.7, 0.2] for i in items[10:]}
    )
    decided(session, project, items[:6], "bird")
    decided(session, project, items[6:9], "cat", is_shown=False)
    decided(session, project, items[9:10], "bird", is_shown=False)
    decided(session, project, items[10:], "cat")
    [found] = suggesters.of(session, project)
    assert (found["engine"], found["model"], found["decisions"]) == ("head", "none", 12)
    assert (found["shown"]["right"], found["shown"]["count"]) == (8, 8)
    assert (found["blind"]["right"], found["blind"]["count"], found["blind"]["share"]) == (1, 4, 0.25)
    low, high = wilson(1, 4)
    assert (found["blind"]["low"], found["blind"]["high"]) == (round(low, 4), round(high, 4))
    bird, cat = found["by_class"]
    assert (bird["class_id"], bird["shown"]["count"], bird["blind"]["count"]) == (class_id(project, "bird"), 6, 4)
    assert (cat["shown"]["right"], cat["blind"]["share"]) == (2, None)


def test_what_was_taken_back_and_what_had_no_suggestion_do_not_count(session):
    project = a_project(session)
    first, second, third = some_items(session, project, 3)
    a_suggestion_set(session, project, {first: [0.9, 0.1, 0.0], second: [0.9, 0.1, 0.0]})
    decided(session, project, [first, second], "bird")
    decided(session, project, [third], "bird", is_shown=False)
    moves.undo(session, project, "ada", "u1")
    moves.undo(session, project, "ada", "u2")
    [found] = suggesters.of(session, project)
    assert found["decisions"] == 1


def test_each_suggester_has_its_own_figures_after_its_sets_are_gone(session):
    project = a_project(session)
    items = some_items(session, project, 5)
    a_suggestion_set(session, project, {item: [0.9, 0.1, 0.0] for item in items[:3]})
    decided(session, project, items[:3], "bird")
    other = a_suggestion_set(session, project, {item: [0.9, 0.1, 0.0] for item in items[3:]})
    other.engine, other.model = "zero_shot", "bundled:minilm"
    session.flush()
    decided(session, project, items[3:], "cat")
    session.query(SuggestionSet).delete()
    first, second = suggest_report.of(session, project)["suggesters"]
    assert (first["title"], first["shown"]["share"]) == ("the learned head", 1.0)
    assert (second["title"], second["shown"]["share"]) == ("MiniLM", 0.0)


def test_over_time_goes_in_blocks_from_the_oldest_on(session):
    project = a_project(session)
    items = some_items(session, project, 50)
    a_suggestion_set(session, project, {item: [0.9, 0.1, 0.0] for item in items})
    decided(session, project, items[:20], "cat")
    decided(session, project, items[20:], "bird")
    [found] = suggesters.of(session, project)
    blocks = [(each["first"], each["last"], each["shown"]["share"]) for each in found["over_time"]]
    assert blocks == [(1, 20, 0.0), (21, 40, 1.0), (41, 50, 1.0)]


def test_reliability_bins_hold_confidence_against_what_was_right():
    confidence = np.array([0.95, 0.95, 0.95, 0.95, 0.55, 0.55, 1.0])
    is_right = np.array([True, True, True, False, False, True, True])
    found = suggesters.reliability(confidence, is_right)
    low, high = found["bins"]
    assert (low["from"], low["to"], low["confidence"], low["share"], low["count"]) == (0.5, 0.6, 0.55, 0.5, 2)
    assert (high["count"], high["right"], high["confidence"]) == (5, 4, 0.96)
    expected = (2 * abs(0.55 - 0.5) + 5 * abs(0.96 - 0.8)) / 7
    assert found["ece"] == pytest.approx(expected, abs=1e-4)
    assert suggesters.reliability(confidence[:0], is_right[:0]) == {"count": 0, "ece": None, "bins": []}


def two_sets(session, project, items):
    """They differ on the last two items; the second says nothing of the first item."""
    one = a_suggestion_set(session, project, {item: [0.9, 0.1, 0.0] for item in items})
    other = a_suggestion_set(
        session,
        project,
        {item: [0.8, 0.2, 0.0] for item in items[1:-2]} | {item: [0.1, 0.2, 0.7] for item in items[-2:]},
    )
    return one.id, other.id


@pytest.mark.parametrize("exact", [100, 0])
def test_two_sets_are_compared_class_against_class_in_full_or_on_a_sample(session, monkeypatch, exact):
    monkeypatch.setattr(suggested, "EXACT", exact)
    project = a_project(session)
    one, other = two_sets(session, project, some_items(session, project, 8))
    found = suggested.compare(session, project, one, other)
    assert found["matrix"] == [[5, 0, 2], [0, 0, 0], [0, 0, 0]]
    assert (found["items"], found["differ"]["right"], found["is_sample"]) == (7, 2, exact == 0)
    kept = suggested.kept_sets(session, project)
    [pair] = suggested.pairs({each.id: suggested.said_of(session, project, each.id) for each in kept})
    assert (pair["a"], pair["b"], pair["differ"]["right"]) == (other, one, 2)
    sizes = {
        each["id"]: (each["items"], each["mean_confidence"]) for each in suggest_report.of(session, project)["sets"]
    }
    assert sizes == {one: (8, 0.9), other: (7, pytest.approx(0.7714, abs=1e-4))}


def test_sets_that_are_not_there_are_refused(session):
    project, foreign = a_project(session), a_project(session)
    one, _ = two_sets(session, project, some_items(session, project, 4))
    stranger, _ = two_sets(session, foreign, some_items(session, foreign, 4))
    for wrong in (stranger, 999):
        with pytest.raises(errors.NotFound):
            suggested.compare(session, project, one, wrong)
    for text in ("3", "3,3", "3,x", "", "3,4,5"):
        with pytest.raises(errors.Invalid):
            suggested.two_ids(text)


def test_the_report_and_the_comparison_are_data_and_blind_projects_keep_theirs(home):
    with writing() as session:
        project = a_project(session)
        items = some_items(session, project, 8)
        one, other = two_sets(session, project, items)
    api = TestClient(create())
    url = f"/projects/{project.id}/suggestions"
    found = api.get(f"{url}/report").json()
    assert (found["blind"], found["labels"], found["histogram"]["items"]) == (False, 0, 7)
    assert [each["id"] for each in found["sets"]] == [other, one]
    assert [each["title"] for each in found["sets"]] == [f"the learned head ({other})", f"the learned head ({one})"]
    compared = api.get(f"{url}/compare", params={"sets": f"{one},{other}"}).json()
    assert compared["differ"]["right"] == 2
    assert api.get(f"{url}/compare", params={"sets": "1"}).status_code == 422
    with writing() as session:
        projects.change(session, projects.get(session, project.id), {"blind": True})
    found = api.get(f"{url}/report").json()
    assert (found["blind"], found["histogram"], found["pairs"]) == (True, None, [])
    assert api.get(f"{url}/compare", params={"sets": f"{one},{other}"}).status_code == 409
