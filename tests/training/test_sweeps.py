"""Sweeps: many runs as one action, with one snapshot, one budget and one end."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend import errors, projects
from backend.api.app import create
from backend.training import job, runs, setting, spec, sweeps
from db import jobs
from db import runs as rows
from db import sweeps as of_sweeps
from db.models import JobState, Project, Run, RunState, Sweep, now
from db.session import Session, reading, writing
from tests.training import builders
from tests.training.builders import a_labeled_item, a_project

SPACE: dict[str, list[Any]] = {"learning_rate": [1e-5, 3e-5, 1e-4], "epochs": [2, 4]}


@pytest.fixture
def project(session: Session) -> Project:
    project = a_project(session, list(builders.WORDS))
    for text, name in builders.texts_about_three_things(8):
        a_labeled_item(session, project, text, name)
    return project


@pytest.fixture
def api(home: Path) -> TestClient:
    return TestClient(create(), base_url="http://127.0.0.1")


def a_sweep(session: Session, project: Project, **more: Any) -> Sweep:
    told: dict[str, Any] = {"most_runs": 10} | more
    return sweeps.start(session, project, {"method": "full"}, SPACE, **told)


def runs_of(session: Session, sweep_id: int) -> list[Run]:
    return [run for run, _ in of_sweeps.runs(session, sweep_id)]


def at_work(session: Session, run: Run, seconds: float, *, is_over: bool = True) -> None:
    """As if its worker had been at it for so long."""
    state = JobState.DONE if is_over else JobState.RUNNING
    began = now() - timedelta(seconds=seconds)
    jobs.move(session, run.job_id or 0, state, of=[JobState.QUEUED], started_at=began)
    session.expire_all()


def test_every_combination_is_a_run_of_its_own(session: Session, project: Project) -> None:
    sweep = a_sweep(session, project, name="Rates")
    found = runs_of(session, sweep.id)
    tried = {(run.spec["learning_rate"], run.spec["epochs"]) for run in found}
    assert tried == {(rate, epochs) for rate in SPACE["learning_rate"] for epochs in SPACE["epochs"]}
    assert all(run.state == RunState.QUEUED and run.job_id for run in found)
    # Cross-validation of each of them would take six times as long.
    assert {run.spec["folds"] for run in found} == {0}
    assert all(run.name.startswith("Rates: learning rate ") for run in found)
    assert of_sweeps.names(session, [sweep.id]) == {sweep.id: "Rates"}


def test_some_combinations_are_drawn_by_the_seed(session: Session, project: Project) -> None:
    def drawn(seed: int) -> list[Any]:
        sweep = sweeps.start(session, project, {"method": "full", "seed": seed}, SPACE, most_runs=3)
        return [(run.spec["learning_rate"], run.spec["epochs"]) for run in runs_of(session, sweep.id)]

    assert len(set(drawn(1))) == 3
    assert drawn(1) == drawn(1)
    assert any(drawn(1) != drawn(seed) for seed in (2, 3, 4))


@pytest.mark.parametrize(
    ("space", "more", "words"),
    [
        ({"learning_rate": [1e-5, -1]}, {}, '"learning_rate" is -1, and must be between'),
        ({"learning_rates": [1e-5]}, {}, "no setting"),
        ({"epochs": []}, {}, "Give a list"),
        ({"epochs": "12"}, {}, "Give a list"),
        ({}, {}, "nothing to try"),
        ({"allow_missing_classes": [True, False]}, {}, "learn from the same items"),
        ({"epochs": list(range(1, 1001)), "batch_size": list(range(1, 1001))}, {}, "1,000,000 combinations"),
        ({"frozen_layers": [0, 99]}, {}, "99 cannot stay as they are"),
        ({"epochs": [1, 2]}, {"most_runs": 0}, "1 to 100 runs"),
        ({"epochs": [1, 2]}, {"most_runs": 10**400}, "1 to 100 runs"),
        ({"epochs": [1, 2]}, {"minutes": float("nan")}, "minutes"),
        ({"epochs": [1, 2], "seed": [10**5000]}, {}, "a number of more than 15 digits"),
        ({"epochs": [1, 2]}, {"minutes": -1.0}, "minutes"),
        ({"epochs": [1, 2]}, {"name": "n" * 300}, "Shorten it"),
    ],
)
def test_when_one_combination_cannot_work_nothing_is_queued(
    session: Session, project: Project, space: dict[str, Any], more: dict[str, Any], words: str
) -> None:
    told: dict[str, Any] = {"most_runs": 100} | more
    with pytest.raises(errors.Invalid) as raised:
        sweeps.start(session, project, {"method": "full"}, space, **told)
    assert words in f"{raised.value.message} {raised.value.hint}"
    assert rows.count(session, project.id) == 0
    assert not of_sweeps.page(session, project.id, None, 10)


def test_combinations_that_come_to_the_same_are_one_run(session: Session, project: Project) -> None:
    space: dict[str, list[Any]] = {"method": ["head", "full"], "epochs": [1, 2]}
    found = runs_of(session, sweeps.start(session, project, {}, space, most_runs=10).id)
    assert sorted(run.spec["method"] for run in found) == ["full", "full", "head"]
    with pytest.raises(errors.BadSpec, match="epochs is nothing for the method head"):
        sweeps.start(session, project, {"method": "head"}, {"epochs": [1, 2]}, most_runs=10)


@pytest.mark.parametrize("method", setting.METHODS)
def test_what_is_suggested_can_be_started(session: Session, project: Project, method: str) -> None:
    whole = spec.complete(session, project, {"method": method})
    space = sweeps.suggested(whole, project.kind)
    assert 1 <= len(space) <= 3
    assert all(2 <= len(values) <= 4 for values in space.values())
    sweep = sweeps.start(session, project, {"method": method}, space, most_runs=2)
    assert len(runs_of(session, sweep.id)) == 2


def test_the_minutes_of_all_runs_count_together(session: Session, project: Project) -> None:
    sweep = a_sweep(session, project, minutes=2)
    first, second, third, *_ = runs_of(session, sweep.id)
    assert not sweeps.over_budget(session, first)
    at_work(session, first, 70)
    assert not sweeps.over_budget(session, third)
    at_work(session, second, 60, is_over=False)
    assert sweeps.over_budget(session, third)
    assert sweeps.as_json(session, sweep)["is_over_budget"]
    assert 130 <= sweeps.as_json(session, sweep)["trained_seconds"] < 140


def test_a_run_without_a_sweep_or_minutes_is_never_over_its_budget(session: Session, project: Project) -> None:
    alone = runs.start(session, project, {"method": "full"})
    timeless = runs_of(session, a_sweep(session, project).id)[0]
    for run in (alone, timeless):
        at_work(session, run, 1_000_000)
        assert not sweeps.over_budget(session, run)


def test_the_best_is_chosen_by_validation_and_not_by_the_test(session: Session, project: Project) -> None:
    sweep = a_sweep(session, project)
    first, second, third, *_ = runs_of(session, sweep.id)
    assert sweeps.as_json(session, sweep)["best"] is None
    for run, validation, test in ((first, 0.7, 0.9), (second, 0.8, 0.6), (third, 0.8, 0.99)):
        run.metrics = {"validation": {"f1_macro": validation, "per_class": [1]}, "test": {"f1_macro": test}}
    told = sweeps.as_json(session, sweep)
    assert told["best"] == second.id
    assert "The best of 3 by macro-F1 on the validation items" in told["best_by"]
    assert told["runs"][1]["score"] == 0.8
    assert told["runs"][1]["validation"] == {"f1_macro": 0.8}
    assert set(told["runs"][1]["values"]) == set(SPACE)
    assert sweeps.of_run(session, second.id) == told


def test_a_lower_loss_is_the_better_one(session: Session, project: Project) -> None:
    sweep = sweeps.start(session, project, {"method": "full", "best_metric": "log_loss"}, SPACE, most_runs=2)
    first, second = runs_of(session, sweep.id)
    first.metrics, second.metrics = {"validation": {"log_loss": 0.9}}, {"validation": {"log_loss": 0.4}}
    assert sweeps.as_json(session, sweep)["best"] == second.id


def test_all_runs_of_a_sweep_learn_from_the_labels_as_they_were_for_the_first(home: Path) -> None:
    project = builders.a_text_project(8)
    with writing() as session:
        sweep = a_sweep(session, projects.get(session, project.id))
        first, second, *_ = runs_of(session, sweep.id)
        alone = runs.start(session, projects.get(session, project.id), {"method": "full"})
    job.frozen_for(first)
    with writing() as session:
        a_labeled_item(session, projects.get(session, project.id), "The heron is new here", "bird")
    later = job.frozen_for(builders.again(second))
    assert later.snapshot_id == builders.again(first).snapshot_id
    assert job.frozen_for(alone).snapshot_id != later.snapshot_id


def test_the_api_starts_shows_and_stops_a_sweep_as_one(api: TestClient) -> None:
    project = builders.a_text_project(8)
    asked = {"spec": {"method": "lora"}, "space": {"lora_rank": [4, 8]}, "most_runs": 5, "minutes": 30, "name": "Ranks"}
    started = api.post(f"/projects/{project.id}/sweeps", json=asked)
    assert started.status_code == 201
    sweep_id, run_ids = started.json()["sweep_id"], started.json()["run_ids"]
    assert len(run_ids) == len(started.json()["job_ids"]) == 2
    assert api.get(f"/runs/{run_ids[0]}").json()["sweep_id"] == sweep_id
    shown = api.get(f"/sweeps/{sweep_id}").json()
    assert (shown["name"], shown["minutes"], shown["is_active"]) == ("Ranks", 30, True)
    assert [each["id"] for each in shown["runs"]] == run_ids
    with writing() as session:
        at_work(session, runs.get(session, run_ids[0]), 5, is_over=False)
    stopped = api.post(f"/sweeps/{sweep_id}/stop").json()
    assert [each["state"] for each in stopped["runs"]] == ["stopping", "stopped"]
    assert api.get(f"/projects/{project.id}/sweeps").json()["items"][0]["id"] == sweep_id
    assert api.get("/sweeps/999").status_code == 404
    refused = api.post(f"/projects/{project.id}/sweeps", json={"space": {"epochs": [-1]}})
    assert refused.json()["error"]["code"] == "bad_spec"
    with reading() as session:
        assert rows.count(session, project.id) == 2
