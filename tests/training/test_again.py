"""Runs once more: cloned with changes, and mended after an error."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from safetensors.numpy import save_file

from backend import errors
from backend.api.app import create
from backend.jobs import control, supervisor
from backend.models import catalogue
from backend.training import again, artifact, runs
from db import jobs
from db.models import JobState, Project, Run
from db.session import Session, writing
from tests.training import builders
from tests.training.builders import a_labeled_item, a_project

MEMORY = {"code": "memory", "message": "The machine ran out of memory.", "hint": ""}


@pytest.fixture
def project(session: Session) -> Project:
    project = a_project(session, list(builders.WORDS))
    for text, name in builders.texts_about_three_things(8):
        a_labeled_item(session, project, text, name)
    return project


def a_base_of_one_layer(folder: Path) -> str:
    """Enough of it for a run to be queued."""
    told = {"model_type": "bert", "hidden_size": 8, "vocab_size": 10, "max_position_embeddings": 64}
    (folder / "config.json").write_text(json.dumps(told), "utf-8")
    shutil.copy(catalogue.folder_of(catalogue.MINILM) / "tokenizer.json", folder)
    names = [f"encoder.layer.0.attention.self.{each}.weight" for each in ("query", "key", "value")]
    save_file({name: np.zeros((8, 8), np.float32) for name in names}, folder / "model.safetensors")
    return f"path:{folder}"


def ended(session: Session, run: Run, state: JobState = JobState.FAILED, code: str | None = None) -> list[again.Offer]:
    """Its offers, after it has ended so."""
    error = {"code": code, "message": "So it was.", "hint": ""} if code else None
    jobs.move(session, run.job_id or 0, state, of=jobs.ACTIVE, error=error)
    session.expire_all()
    return again.offers(run, control.get(session, run.job_id or 0))


def failed(session: Session, project: Project, code: str, **told: Any) -> tuple[Run, list[again.Offer]]:
    run = runs.start(session, project, {"method": "full"} | told)
    return run, ended(session, run, code=code)


def test_a_clone_has_every_setting_but_the_changed_ones(session: Session, project: Project) -> None:
    run = runs.start(session, project, {"method": "full", "seed": 7}, "The first")
    for text, name in builders.texts_about_three_things(30)[24:]:
        a_labeled_item(session, project, f"More: {text}", name)
    cloned = again.clone(session, run, {"learning_rate": 2e-5})
    # Epochs stay as they were chosen for fewer labels: only what was changed differs.
    assert cloned.spec == run.spec | {"learning_rate": 2e-5}
    assert (cloned.cloned_from, cloned.name) == (run.id, "The first, again")
    assert cloned.job_id != run.job_id
    assert again.clone(session, run, {}, "Mine").name == "Mine"


def test_a_change_to_none_is_chosen_anew(session: Session, project: Project) -> None:
    run = runs.start(session, project, {"method": "full", "epochs": 77})
    assert again.clone(session, run, {"epochs": None}).spec["epochs"] < 77


def test_another_method_keeps_what_was_asked_for_and_chooses_the_rest_anew(session: Session, project: Project) -> None:
    run = runs.start(session, project, {"method": "full", "seed": 7, "weight_decay": 0.2, "max_length": 64})
    adapters = again.clone(session, run, {"method": "lora"}).spec
    assert (adapters["seed"], adapters["weight_decay"]) == (7, 0.2)
    assert adapters["learning_rate"] > run.spec["learning_rate"]
    assert adapters["lora_rank"]
    head = again.clone(session, run, {"method": "head"}).spec
    assert head["seed"] == 7
    assert "weight_decay" not in head


def test_another_base_is_read_as_far_as_it_can_be(session: Session, project: Project, tmp_path: Path) -> None:
    run = runs.start(session, project, {"method": "full", "max_length": 512, "frozen_layers": 6})
    cloned = again.clone(session, run, {"base": a_base_of_one_layer(tmp_path)}).spec
    assert cloned["max_length"] <= 64
    assert cloned["frozen_layers"] == 0


def test_a_run_from_a_machine_with_gpus_is_cloned_for_this_one(
    session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINNOW_DEVICES", "cpu")
    run = runs.start(session, project, {"method": "lora"})
    run.spec = run.spec | {"precision": "fp16", "devices": 8, "quantization": "4bit"}
    cloned = again.clone(session, run, {}).spec
    assert (cloned["precision"], cloned["devices"], cloned["quantization"]) == ("fp32", 1, "none")


def test_changes_that_cannot_work_are_refused(session: Session, project: Project) -> None:
    run = runs.start(session, project, {"method": "full"})
    with pytest.raises(errors.BadSpec, match="must be between"):
        again.clone(session, run, {"learning_rate": -1})
    with pytest.raises(errors.BadSpec, match="no setting"):
        again.clone(session, run, {"speed": 11})


def test_out_of_memory_offers_half_the_batch_with_as_large_a_step(session: Session, project: Project) -> None:
    run, (smaller, resume) = failed(session, project, "memory", batch_size=16)
    assert smaller.changes == {"batch_size": 8, "accumulation": 2}
    assert resume.how == again.RESUME
    cloned = again.retry(session, run, 0)
    assert (cloned.spec["batch_size"], cloned.spec["accumulation"]) == (8, 2)
    _, (once_more, _) = cloned, ended(session, cloned, code="memory")
    assert once_more.changes == {"batch_size": 4, "accumulation": 4}


def test_out_of_memory_with_one_item_offers_to_compute_twice_and_then_to_read_less(
    session: Session, project: Project
) -> None:
    _, (twice, _) = failed(session, project, "memory", batch_size=1, max_length=64)
    assert twice.changes == {"gradient_checkpointing": True}
    _, (shorter, _) = failed(session, project, "memory", batch_size=1, max_length=64, gradient_checkpointing=True)
    assert shorter.changes == {"max_length": 32}


def test_a_process_that_was_killed_for_its_memory_is_offered_the_same(session: Session, project: Project) -> None:
    run = runs.start(session, project, {"method": "full", "batch_size": 16})
    jobs.write(session, run.job_id or 0, message=supervisor.ENDED_FROM_OUTSIDE)
    resume, smaller = ended(session, run, JobState.INTERRUPTED)
    # Somebody else may have ended it: then it only has to go on.
    assert (resume.how, smaller.changes) == (again.RESUME, {"batch_size": 8, "accumulation": 2})


def test_a_loss_that_is_no_number_offers_smaller_steps(session: Session, project: Project) -> None:
    _, (offer,) = failed(session, project, "not_a_number", learning_rate=1e-3)
    assert offer.changes == {"learning_rate": 1e-4}
    _, (half,) = failed(session, project, "not_a_number", learning_rate=1e-3, precision="bf16")
    assert half.changes == {"learning_rate": 1e-4, "precision": "fp32"}


def test_a_full_disk_offers_to_go_on(session: Session, project: Project) -> None:
    run, (offer,) = failed(session, project, "disk_full")
    assert (offer.how, offer.changes) == (again.RESUME, {})
    assert "Free some space first" in offer.why
    assert again.retry(session, run, 0).id == run.id
    assert control.get(session, run.job_id or 0).state == JobState.QUEUED


def test_it_is_said_whether_a_run_goes_on_or_begins_anew(session: Session, project: Project) -> None:
    run = runs.start(session, project, {"method": "full"})
    [anew] = ended(session, run, JobState.INTERRUPTED)
    assert "begins anew" in anew.why
    (artifact.folder_of_run(run.id) / "checkpoints" / "checkpoint-12").mkdir(parents=True)
    [further] = again.offers(run, control.get(session, run.job_id or 0))
    assert "from its last checkpoint" in further.why


def test_a_run_whose_folds_were_cut_short_goes_on_with_them(session: Session, project: Project) -> None:
    run = runs.start(session, project, {"folds": 3})
    jobs.write(session, run.job_id or 0, cursor={artifact.LOADS_WITH: "model = load()"})
    assert "cross-validation goes on" in ended(session, run, JobState.INTERRUPTED)[0].why


def test_nothing_is_offered_while_a_run_waits_or_when_it_is_done(session: Session, project: Project) -> None:
    run = runs.start(session, project, {})
    assert again.offers(run, control.get(session, run.job_id or 0)) == []
    assert ended(session, run, JobState.DONE) == []
    with pytest.raises(errors.Conflict, match="has no offers"):
        again.retry(session, run, 0)


def test_the_api_clones_offers_and_retries(home: Path) -> None:
    project = builders.a_text_project(8)
    api = TestClient(create(), base_url="http://127.0.0.1")
    run = builders.a_run(project, method="full", batch_size=16)
    cloned = api.post(f"/runs/{run.id}/clone", json={"changes": {"epochs": 9}, "name": "Nine"})
    assert cloned.status_code == 201
    shown = api.get(f"/runs/{cloned.json()['run_id']}").json()
    assert (shown["cloned_from"], shown["name"], shown["spec"]["epochs"]) == (run.id, "Nine", 9)
    assert (shown["offers"], shown["seconds"]) == ([], None)
    assert api.post(f"/runs/{run.id}/clone", json={"changes": {"epochs": 0}}).status_code == 422
    with writing() as session:
        ended(session, runs.get(session, run.id), code="memory")
    offered = api.get(f"/runs/{run.id}").json()["offers"]
    assert offered[0]["changes"] == {"batch_size": 8, "accumulation": 2}
    again_id = api.post(f"/runs/{run.id}/retry", json={"offer": 0}).json()["run_id"]
    assert api.get(f"/runs/{again_id}").json()["spec"]["batch_size"] == 8
    assert api.post(f"/runs/{run.id}/retry", json={"offer": 1}).json()["run_id"] == run.id
    assert api.get(f"/runs/{run.id}").json()["state"] == "queued"
    assert api.post(f"/runs/{run.id}/retry", json={"offer": 7}).status_code == 409
