"""Old runs judged by the labels of today: what was relabeled, merged, added and lost since."""

import json

import pytest
from fastapi.testclient import TestClient

from backend import class_changes, errors, projects
from backend import classes as label_classes
from backend.api.app import create
from backend.evaluating import comparison, job, today
from backend.jobs.progress import Handle
from db import evaluations
from db.models import Item, Job, JobState, Run, RunState, Split, Status
from db.session import reading, writing
from tests import pages
from tests.evaluating import builders
from tests.evaluating.builders import sure
from tests.training import builders as trainings


def a_judged_project(k=("heron", "duck", "coot")):
    """Six test items, two of each class, all answered rightly but the last."""
    with writing() as session:
        project = builders.a_project(session, k)
        snapshot = builders.a_snapshot(session, project)
        items = builders.items(session, project, 6)
        truth = [[0], [0], [1], [1], [2], [2]]
        run = builders.a_run(session, project, snapshot, name="A")
        builders.with_answers(session, run, items, truth, [sure(each, 3) for each in (0, 0, 1, 1, 2, 0)])
        return project, run, [item.id for item in items], [each["id"] for each in snapshot.classes]


def evaluated(project, *runs):
    with writing() as session:
        queued = today.start(session, projects.get(session, project.id), [run.id for run in runs])
    job.run(Handle(queued))
    return queued


def compared(project, *runs, is_today=True):
    with reading() as session:
        fresh = projects.get(session, project.id)
        return comparison.compare(session, fresh, [run.id for run in runs], is_today=is_today)


def words(found, code):
    return next(each["message"] for each in found["warnings"] if each["code"] == code)


def test_with_unchanged_labels_the_figures_are_those_of_the_training(home):
    project, run, _, _ = a_judged_project()
    evaluated(project, run)
    then, now = compared(project, run, is_today=False), compared(project, run)
    assert then["outdated"] is None
    for figure in ("n", "accuracy", "f1_macro", "confusion"):
        assert now["runs"][0]["metrics"]["test"][figure] == then["runs"][0]["metrics"]["test"][figure]
    assert now["runs"][0]["mistakes"] == then["runs"][0]["mistakes"]
    assert now["runs"][0]["evaluation"]["is_current"]
    assert now["baselines"] == []


def test_a_label_that_was_mended_counts_as_it_is_now_and_the_old_figures_stay(home):
    project, run, item_ids, class_ids = a_judged_project()
    with writing() as session:
        builders.label(session, session.get(Item, item_ids[5]), [class_ids[0]])
    before = compared(project, run, is_today=False)
    assert before["outdated"] == {"relabeled": 1, "gone": 0, "new": 0}
    assert "1 has another label today" in words(before, "labels_outdated")
    evaluated(project, run)
    assert compared(project, run)["runs"][0]["metrics"]["test"]["accuracy"] == 1
    assert compared(project, run, is_today=False)["runs"][0]["metrics"]["test"]["accuracy"] == pytest.approx(5 / 6)


def test_an_item_that_is_no_longer_labeled_is_left_out(home):
    project, run, item_ids, _ = a_judged_project()
    with writing() as session:
        session.get(Item, item_ids[0]).status = Status.FLAGGED
    assert compared(project, run, is_today=False)["outdated"]["gone"] == 1
    evaluated(project, run)
    assert compared(project, run)["runs"][0]["metrics"]["test"]["n"] == 5


def test_a_merged_class_is_the_one_that_it_went_to_and_a_renamed_one_the_same(home):
    project, run, _, (heron, duck, coot) = a_judged_project()
    with writing() as session:
        fresh = projects.get(session, project.id)
        class_changes.change(session, fresh, {duck: {"name": "mallard"}})
        class_changes.merge(session, fresh, coot, heron)
    assert compared(project, run, is_today=False)["outdated"] is None
    evaluated(project, run)
    found = compared(project, run)
    # The last item was taken for a heron, and a heron is what it is now.
    assert found["runs"][0]["metrics"]["test"]["accuracy"] == 1
    assert found["runs"][0]["class_ids"] == [heron, duck]


def test_an_item_of_a_class_that_the_run_never_learned_is_wrong(home):
    project, run, item_ids, _ = a_judged_project()
    with writing() as session:
        fresh = projects.get(session, project.id)
        new = label_classes.add(session, fresh, "grebe")
        builders.label(session, session.get(Item, item_ids[0]), [new.id])
    evaluated(project, run)
    figures = compared(project, run)["runs"][0]["metrics"]["test"]
    assert figures["accuracy"] == pytest.approx(4 / 6)
    assert figures["per_class"][-1]["recall"] == 0


def test_a_new_test_item_without_a_model_is_counted_as_unanswered(home):
    project, run, _, (heron, *_) = a_judged_project()
    with writing() as session:
        [new] = builders.items(session, projects.get(session, project.id), 1, "new")
        builders.label(session, new, [heron])
    evaluated(project, run)
    found = compared(project, run)["runs"][0]
    assert found["evaluation"]["unanswered"] == 1
    assert found["metrics"]["test"]["n"] == 6


def test_the_model_is_asked_about_test_items_that_came_since(home):
    project = trainings.a_text_project()
    run = trainings.trained(project, method="head")
    with writing() as session:
        fresh = projects.get(session, project.id)
        item = trainings.a_labeled_item(session, fresh, "The new bank lends again, they wrote.", "money")
        item.split = Split.TEST
    evaluated(project, run)
    found = compared(project, run)["runs"][0]
    assert found["evaluation"]["unanswered"] == 0
    assert found["metrics"]["test"]["n"] == run.metrics["test"]["n"] + 1
    with reading() as session:
        given = evaluations.answers(session, run.id)[item.id]
    names = {each.id: each.name for each in project.classes}
    assert names[given.class_id] == "money"


def test_several_classes_an_item_are_judged_by_the_thresholds_of_the_run(home):
    with writing() as session:
        project = builders.a_project(session, ("urgent", "billing"), multi_label=True)
        snapshot = builders.a_snapshot(session, project)
        items = builders.items(session, project, 2)
        run = builders.a_run(session, project, snapshot)
        builders.with_answers(session, run, items, [[0, 1], [1]], [[0.3, 0.6], [0.2, 0.6]], multi_label=True)
        run.metrics = run.metrics | {"thresholds": [{"class_id": snapshot.classes[0]["id"], "threshold": 0.25}]}
    evaluated(project, run)
    assert compared(project, run)["runs"][0]["metrics"]["test"]["accuracy"] == 1


def test_runs_of_different_snapshots_are_compared_on_the_same_items(home):
    project, a, item_ids, class_ids = a_judged_project()
    with writing() as session:
        fresh = projects.get(session, project.id)
        builders.label(session, session.get(Item, item_ids[5]), [class_ids[0]])
        second = builders.a_snapshot(session, fresh, fingerprint="2" * 64)
        items = [session.get(Item, each) for each in item_ids[3:]]
        b = builders.a_run(session, fresh, second, name="B")
        builders.with_answers(session, b, items, [[1], [2], [0]], [sure(each, 3) for each in (1, 1, 0)])
    evaluated(project, a, b)
    found = compared(project, a, b)
    assert found["agreement"][0]["items"] == 3
    assert found["agreement"][0]["relabeled"] == 0
    assert found["verdicts"][0]["items"] == 3


def test_a_run_that_was_not_judged_yet_says_so_and_has_no_figures(home):
    project, run, _, _ = a_judged_project()
    found = compared(project, run)
    assert "was not judged by today's labels yet" in words(found, "not_judged")
    assert found["runs"][0]["metrics"] == {}


def test_an_evaluation_that_was_broken_off_counts_as_none(home):
    project, run, _, class_ids = a_judged_project()
    with writing() as session:
        evaluations.begin(session, run.id, class_ids)
    assert compared(project, run)["runs"][0]["metrics"] == {}
    evaluated(project, run)
    assert compared(project, run)["runs"][0]["metrics"]["test"]["n"] == 6


def test_a_run_that_is_judged_again_has_only_its_new_answers(home, monkeypatch):
    monkeypatch.setattr(today, "CHUNK", 2)
    project, run, item_ids, _ = a_judged_project()
    first = evaluated(project, run)
    with writing() as session:
        session.get(Job, first.id).state = JobState.DONE
        session.get(Item, item_ids[0]).status = Status.SKIPPED
    evaluated(project, run)
    assert compared(project, run)["runs"][0]["metrics"]["test"]["n"] == 5
    with reading() as session:
        assert evaluations.answers(session, run.id).keys() == set(item_ids[1:])


def test_a_run_whose_encoder_is_not_here_holds_up_no_other(home, monkeypatch):
    project, run, item_ids, _ = a_judged_project()
    with writing() as session:
        fresh = projects.get(session, project.id)
        other = builders.a_run(session, fresh, builders.a_snapshot(session, fresh, fingerprint="2" * 64), name="B")
        items = [session.get(Item, each) for each in item_ids]
        builders.with_answers(session, other, items, [[0]] * 6, [sure(0, 3)] * 6)
    judge = today.evaluate

    def evaluate(project, one, on_progress):
        if one.id == run.id:
            raise errors.ModelNotHere("CLIP is not on this machine.", "Fetch it on the Models page.")
        judge(project, one, on_progress)

    monkeypatch.setattr(today, "evaluate", evaluate)
    evaluated(project, run, other)
    assert compared(project, other)["runs"][0]["metrics"]["test"]["n"] == 6
    with pytest.raises(errors.ModelNotHere, match="CLIP"):
        evaluated(project, run)


def test_thresholds_that_are_moved_meanwhile_leave_no_evaluation_by_the_old_ones(home, monkeypatch):
    project, run, _, class_ids = a_judged_project()
    scored = today.scored

    def moved_meanwhile(*args):
        with writing() as session:
            fresh = session.get(Run, run.id)
            fresh.metrics = fresh.metrics | {"thresholds": [{"class_id": class_ids[0], "threshold": 0.25}]}
        return scored(*args)

    monkeypatch.setattr(today, "scored", moved_meanwhile)
    evaluated(project, run)
    assert compared(project, run)["runs"][0]["evaluation"] is None


def test_without_a_finished_run_or_a_test_item_it_is_refused(home):
    project, run, item_ids, _ = a_judged_project()
    with writing() as session:
        fresh = projects.get(session, project.id)
        waiting = builders.a_run(session, fresh, state=RunState.QUEUED)
        with pytest.raises(errors.Conflict, match="None of these runs is finished"):
            today.start(session, fresh, [waiting.id])
        for item_id in item_ids:
            session.get(Item, item_id).status = Status.TODO
    with pytest.raises(errors.TooFewLabels):
        evaluated(project, run)


def test_the_api_starts_it_once_and_answers_by_todays_labels(home):
    project, run, _, _ = a_judged_project()
    client = TestClient(create())
    address = f"/projects/{project.id}/compare"
    answers = [client.post(f"{address}/today", json={"run_ids": [run.id]}) for _ in range(2)]
    assert [each.status_code for each in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    assert client.post(f"{address}/today", json={"run_ids": [999]}).status_code == 404
    with reading() as session:
        queued = session.get(Job, answers[0].json()["job_id"])
    job.run(Handle(queued))
    found = client.get(address, params={"runs": run.id, "is_today": True}).json()
    assert found["runs"][0]["metrics"]["test"]["n"] == 6
    with reading() as session:
        fresh = projects.get(session, project.id)
        assert found == json.loads(json.dumps(comparison.compare(session, fresh, [run.id], is_today=True)))


def test_the_page_offers_to_judge_anew_once_labels_have_changed(home):
    project, run, item_ids, class_ids = a_judged_project()
    app = pages.opened("pages.compare.page", project, runs=str(run.id))
    assert not [each for each in app.button if "today" in each.label]
    with writing() as session:
        builders.label(session, session.get(Item, item_ids[5]), [class_ids[0]])
    app = pages.opened("pages.compare.page", project, runs=str(run.id))
    [offered] = [each for each in app.button if "today" in each.label]
    offered.click().run()
    assert not app.exception
    with reading() as session:
        assert session.query(Job).filter_by(kind="evaluate").count() == 1
    assert app.query_params["labels"] == "today"


def test_the_report_is_by_the_labels_that_were_chosen_below_it(home):
    project, run, item_ids, class_ids = a_judged_project()
    with writing() as session:
        builders.label(session, session.get(Item, item_ids[5]), [class_ids[0]])
    app = pages.opened("pages.compare.page", project, runs=str(run.id))
    assert [each.proto.url.partition("?")[2] for each in app.get("link_button")] == [f"runs={run.id}"]
    app.segmented_control(key="compare-labels").set_value("today").run()
    assert not app.exception
    assert [each.proto.url.partition("?")[2] for each in app.get("link_button")] == [f"runs={run.id}&is_today=true"]
