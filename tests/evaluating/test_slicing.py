"""Slices: the right parts, exact figures, and no alarm by luck."""

import time

import numpy as np
import pytest
from fastapi.testclient import TestClient
from scipy.stats import false_discovery_control, fisher_exact
from sqlalchemy import insert

from backend.api.app import create
from backend.evaluating import comparison, slicing
from backend.evaluating.answers import Answers
from db import items as item_rows
from db.models import Item, Origin, Status, Suggestion, SuggestionSet, now, table
from db.session import direct, reading, writing
from tests.evaluating import builders
from tests.evaluating.builders import sure


def a_run(session, project, items, is_right, snapshot=None, *, confidence=0.9):
    """Classes take turns; the run answers the next class where it is wrong."""
    snapshot = snapshot or builders.a_snapshot(session, project)
    k = len(snapshot.classes)
    truth = [[place % k] for place in range(len(items))]
    said = [
        sure((place + (not right)) % k, k, confidence if np.isscalar(confidence) else confidence[place])
        for place, right in enumerate(is_right)
    ]
    return builders.with_answers(session, builders.a_run(session, project, snapshot), items, truth, said)


def items_of_one_length(session, project, n):
    items = builders.items(session, project, n)
    for place, item in enumerate(items):
        item.text = f"{place:05}"
    session.flush()
    return items


def slices_of(session, project, run):
    return slicing.of(session, project, comparison.tables(session, project, [run.id])[run.id])


def by(found, name):
    return {each["value"]: each for each in found if each["by"] == name}


def from_origin(session, project, name, items):
    origin = Origin(project_id=project.id, name=name)
    session.add(origin)
    session.flush()
    for item in items:
        item.origin_id = origin.id
    session.flush()


def test_a_source_that_is_worse_stands_out_with_exact_figures(session):
    project = builders.a_project(session)
    items = items_of_one_length(session, project, 200)
    from_origin(session, project, "forum.csv", items[:40])
    from_origin(session, project, "mail.csv", items[40:])
    is_right = [place % 2 == 0 if place < 40 else place % 10 > 0 for place in range(200)]
    found = slices_of(session, project, a_run(session, project, items, is_right))
    worst = found[0]
    assert (worst["by"], worst["value"], worst["items"], worst["mistakes"]) == ("Source", "forum.csv", 40, 20)
    assert (worst["accuracy"], worst["others"]) == (0.5, 0.9)
    assert worst["difference"] == pytest.approx(-0.4)
    assert worst["p"] == pytest.approx(fisher_exact([[20, 20], [144, 16]], alternative="less").pvalue)
    assert worst["stands_out"]
    assert worst["item_ids"] == [items[place].id for place in range(1, 40, 2)]
    assert not by(found, "Source")["mail.csv"]["stands_out"]


def test_the_interval_of_the_difference_is_newcombes():
    # Newcombe, Statistics in Medicine 17:873 (1998), table II, method 10: 56/70 less 48/80, 95 %: 0.0524 to 0.3339.
    found = slicing._against_others(56, 70, 104, slicing._log_factorials(150))
    assert (found["difference_low"], found["difference_high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_luck_is_weighed_as_scipy_does():
    p = np.random.default_rng(0).random(40) ** 3
    assert slicing._adjusted(p) == pytest.approx(false_discovery_control(p))
    assert slicing._adjusted([]) == []


def test_of_a_hundred_slices_none_looks_bad_by_luck(session):
    project = builders.a_project(session)
    items = items_of_one_length(session, project, 1000)
    random = np.random.default_rng(1)
    for item in items:
        item.meta = {f"column {each}": f"value {random.integers(0, 10)}" for each in range(10)}
    session.flush()
    found = slices_of(session, project, a_run(session, project, items, random.random(1000) < 0.8))
    assert len(found) >= 100
    assert min(each["p"] for each in found) < 0.05
    assert not any(each["stands_out"] for each in found)


def test_two_items_that_are_both_wrong_do_not_come_first(session):
    project = builders.a_project(session)
    items = items_of_one_length(session, project, 300)
    for place, item in enumerate(items):
        item.meta = {"place": "rare" if place < 2 else "bad" if place < 102 else "good"}
    session.flush()
    is_right = [place % 2 == 0 if place < 102 else place % 20 > 0 for place in range(300)]
    is_right[0] = is_right[1] = False
    found = slices_of(session, project, a_run(session, project, items, is_right))
    assert (found[0]["by"], found[0]["value"]) == ("place", "bad")
    assert by(found, "place")["rare"]["accuracy"] == 0
    assert found.index(by(found, "place")["rare"]) > 1


def test_columns_are_cut_by_what_they_hold(session):
    project = builders.a_project(session)
    items = builders.items(session, project, 80)
    for place, item in enumerate(items):
        item.meta = {
            "id": place % 4,
            "gold": "heron",
            "row": place,
            "note": f"free text {place}",
            "language": "de" if place % 4 else None,
            "verified": place % 2 == 0,
            "stars": str(1 + place % 5),
            "price": place / 7,
            # Larger than any number with a point.
            "serial": 10**400 + place,
        }
    session.flush()
    found = slices_of(session, project, a_run(session, project, items, [True] * 80))
    assert {each["by"] for each in found} >= {"language", "verified", "stars", "price", "Class"}
    assert not {each["by"] for each in found} & {"id", "gold", "row", "note", "serial"}
    assert set(by(found, "language")) == {"de", "(empty)"}
    assert set(by(found, "verified")) == {"True", "False"}
    assert set(by(found, "stars")) == {"1", "2", "3", "4", "5"}
    assert [each["items"] for each in by(found, "price").values()] == [20] * 4
    assert "0 to 2.714" in by(found, "price")


def test_texts_are_cut_into_quarters_of_their_length_and_images_by_size_and_shape(session):
    project = builders.a_project(session)
    items = builders.items(session, project, 40)
    for place, item in enumerate(items):
        item.text = "x" * (1 + place)
    session.flush()
    found = by(slices_of(session, project, a_run(session, project, items, [True] * 40)), "Letters")
    assert {value: each["items"] for value, each in found.items()} == {
        "1 to 10": 10,
        "11 to 20": 10,
        "21 to 30": 10,
        "31 to 40": 10,
    }
    for place, item in enumerate(items):
        item.text, item.width, item.height = None, 100 + place, (300, 100)[place % 2]
    session.flush()
    found = slices_of(session, project, a_run(session, project, items, [True] * 40))
    assert set(by(found, "Shape")) == {"upright", "about square", "wide"}
    assert sum(each["items"] for each in by(found, "Shape").values()) == 40
    assert sum(each["items"] for each in by(found, "Shorter side in pixels").values()) == 40


def test_suggestions_and_near_duplicates_are_facets_and_a_blind_project_tells_nothing_of_suggestions(session):
    project = builders.a_project(session)
    items = builders.items(session, project, 20)
    run = a_run(session, project, items, [True] * 20)
    used = SuggestionSet(project_id=project.id, engine="zero_shot", model="bundled:minilm")
    session.add(used)
    session.flush()
    class_id = run.metrics["test"]["per_class"][0]["class_id"]
    for place, item in enumerate(items[:15]):
        confidence = (0.4, 0.5, 0.95)[place % 3]
        session.add(
            Suggestion(
                set_id=used.id, item_id=item.id, class_id=class_id, confidence=confidence, margin=0.1, scores=b""
            )
        )
    for item in items[:6]:
        item.group_id = items[0].id
    items[6].group_id = items[7].group_id = items[6].id
    project.suggestion_set_id = used.id
    session.flush()
    found = slices_of(session, project, run)
    sure_of = {value: each["items"] for value, each in by(found, "Confidence of the suggestion").items()}
    assert sure_of == {"below 50 %": 5, "50 to 70 %": 5, "90 % and above": 5}
    alike = {value: each["items"] for value, each in by(found, "Near-duplicates").items()}
    assert alike == {"none": 12, "1": 2, "5 and more": 6}
    project.settings = project.settings | {"blind": True}
    session.flush()
    assert not by(slices_of(session, project, run), "Confidence of the suggestion")


def test_mistakes_come_surest_first_and_at_most_200(session):
    project = builders.a_project(session)
    items = builders.items(session, project, 500)
    from_origin(session, project, "a.csv", items[:450])
    confidence = [0.6 + place / 2000 for place in range(500)]
    found = slices_of(session, project, a_run(session, project, items, [False] * 500, confidence=confidence))
    part = by(found, "Source")["a.csv"]
    assert part["mistakes"] == 450
    assert part["item_ids"] == [items[place].id for place in range(449, 249, -1)]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_items_are_no_error(session, n):
    project = builders.a_project(session)
    run = a_run(session, project, builders.items(session, project, n), [True] * n)
    for each in slices_of(session, project, run):
        assert 0 <= each["p"] <= 1


def test_items_that_are_gone_are_in_no_source_but_still_counted(session):
    project = builders.a_project(session)
    items = builders.items(session, project, 10)
    from_origin(session, project, "a.csv", items[:5])
    run = a_run(session, project, items, [True] * 10)
    answers = comparison.tables(session, project, [run.id])[run.id]
    answers.item_ids[:] = [item.id + 1_000_000 for item in items]
    assert {each["by"] for each in slicing.of(session, project, answers)} == {"Class"}


def test_between_two_runs_each_slice_has_the_paired_difference(session):
    project = builders.a_project(session)
    items = items_of_one_length(session, project, 200)
    from_origin(session, project, "forum.csv", items[:100])
    from_origin(session, project, "mail.csv", items[100:])
    snapshot = builders.a_snapshot(session, project)
    a = a_run(session, project, items, [place % 10 > 0 for place in range(200)], snapshot)
    b = a_run(session, project, items, [place % 10 > (4 if place < 100 else 0) for place in range(200)], snapshot)
    found = slicing.between(session, project, comparison.shared(session, project, [a.id, b.id]))
    forum = by(found, "Source")["forum.csv"]
    assert found[0] is forum
    assert (forum["a"], forum["b"]) == (0.9, 0.5)
    assert forum["difference"] == pytest.approx(-0.4)
    assert forum["stands_out"]
    assert forum["item_ids"] == [items[place].id for place in range(100) if 0 < place % 10 <= 4]
    assert not by(found, "Source")["mail.csv"]["stands_out"]
    assert by(found, "Source")["mail.csv"]["difference"] == 0


def test_20_000_test_items_take_seconds(session):
    project = builders.a_project(session, [f"class {each}" for each in range(10)])
    rows = [
        {
            "project_id": project.id,
            "content_hash": place.to_bytes(32),
            "text": "x" * (place % 300),
            "source": "",
            "meta": {"language": f"l{place % 7}", "price": place / 3},
            "status": Status.TODO,
            "created_at": now(),
        }
        for place in range(20_000)
    ]
    direct(session).execute(insert(table(Item)), rows)
    ids = np.array([item_id for item_id, _ in item_rows.hashes(session, project.id)])
    run = builders.a_run(session, project, builders.a_snapshot(session, project))
    truth = np.eye(10, dtype=bool)[np.arange(20_000) % 10]
    given = np.roll(truth, 1, axis=0) & (np.arange(20_000) % 5 == 0)[:, None] | truth
    answers = Answers(False, list(range(10)), ids, truth, [run.id], [given.astype(np.float32)], [given])
    started = time.perf_counter()
    found = slicing.of(session, project, answers)
    assert {each["by"] for each in found} == {"Class", "Letters", "language", "price"}
    # Under a second on two cores; the rest is for a busy machine.
    assert time.perf_counter() - started < 10


@pytest.fixture
def judged(home):
    """A project with two runs of 40 items."""
    with writing() as session:
        project = builders.a_project(session)
        items = builders.items(session, project, 40)
        snapshot = builders.a_snapshot(session, project)
        runs = [a_run(session, project, items, [place % n > 0 for place in range(40)], snapshot) for n in (4, 5)]
        return project.id, [run.id for run in runs]


def test_the_api_answers_with_curves_thresholds_and_slices(judged):
    project_id, (a, b) = judged
    api, base = TestClient(create()), f"/projects/{project_id}/compare"
    ranked = api.get(f"{base}/ranking?runs={a},{b}").json()
    assert [each["run_id"] for each in ranked["runs"]] == [a, b]
    # Of each class 20 items; the run is right on 30 of 40, all at the same confidence.
    assert ranked["runs"][0]["auc"] == pytest.approx(0.75)
    with reading() as session:
        class_id = comparison.tables(session, session.get_one(comparison.Project, project_id), [a])[a].class_ids[0]
    one = api.get(f"{base}/ranking?runs={a}&class={class_id}").json()
    assert one["class"] == class_id
    assert one["runs"][0]["roc"]["true_positive"][-1] == 1
    sure_of = api.get(f"{base}/reliability?runs={a},{b}").json()["runs"]
    assert sure_of[0]["ece"] == pytest.approx(0.9 - 0.75)
    assert sure_of[1]["ece"] == pytest.approx(0.9 - 0.8)
    tried = api.get(f"{base}/thresholds?run={a}&class={class_id}").json()
    assert tried["thresholds"] == pytest.approx([0.1, 0.9])
    assert tried["missed"][0] == 0
    answered = api.get(f"{base}/thresholds?run={a}").json()
    assert (answered["answered"], answered["right"]) == ([1.0], [0.75])
    slices = api.get(f"{base}/slices?run={a}").json()
    assert slices["items"] == 40
    assert {each["by"] for each in slices["slices"]} == {"Class", "Letters"}
    both = api.get(f"{base}/slices?run={b}&against={a}").json()
    assert {each["a"] for each in both["slices"] if each["by"] == "Class"} == {0.5, 1.0}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("ranking", 422),
        ("ranking?runs=999", 404),
        ("ranking?runs={a}&class=999", 404),
        ("ranking?runs={a}&class=heron", 404),
        ("thresholds?run={a}&class=999", 404),
        ("thresholds", 422),
        ("slices?run=999", 404),
        ("slices?run={a}&against={a}", 422),
        ("reliability?runs=x", 422),
    ],
)
def test_what_is_not_there_is_said_kindly(judged, asked, status):
    project_id, (a, _) = judged
    answer = TestClient(create()).get(f"/projects/{project_id}/compare/{asked.format(a=a)}")
    assert answer.status_code == status
    assert set(answer.json()["error"]) >= {"code", "message", "hint"}
