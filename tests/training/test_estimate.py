"""How long a run will take and how much memory: worked out, and from what was measured here before."""

from pathlib import Path
from typing import Any

import psutil
import pytest
from fastapi.testclient import TestClient

from backend import errors
from backend.api.app import create
from backend.jobs import devices
from backend.jobs.devices import Device
from backend.models import catalogue
from backend.training import anatomy, costs, estimate, spec
from db import runs as rows
from db.models import Project, Run, RunState, Snapshot
from db.session import Session, writing
from tests.training import builders
from tests.training.builders import a_labeled_item, a_project

GPU = Device("0", "NVIDIA H200", 141 * 2**30, 9.0)
MINE = {"device": "cpu", "memory_bytes": psutil.virtual_memory().total}


@pytest.fixture(autouse=True)
def on_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINNOW_DEVICES", "cpu")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")


@pytest.fixture
def project(session: Session) -> Project:
    project = a_project(session, list(builders.WORDS))
    for text, name in builders.texts_about_three_things(80):
        a_labeled_item(session, project, text, name)
    return project


def expected(session: Session, project: Project, **told: Any) -> estimate.Estimate:
    return estimate.of(session, project, spec.complete(session, project, {"method": "full"} | told))


def a_done_run(session: Session, project: Project, environment: dict[str, Any], **told: Any) -> Run:
    whole = spec.complete(session, project, {"method": "full"} | told)
    snapshot = rows.add_snapshot(session, Snapshot(project_id=project.id, fingerprint="f" * 64, classes=[], counts={}))
    run = Run(
        project_id=project.id, name="An old one", spec=whole, state=RunState.DONE, snapshot_id=snapshot.id,
        environment=MINE | {"threads": 2} | environment, metrics={"train_seconds": 100.0},
    )  # fmt: skip
    return rows.add(session, run)


def test_more_work_takes_longer(session: Session, project: Project) -> None:
    def high(**told: Any) -> float:
        return expected(session, project, folds=0, **told).seconds[1]

    assert high(epochs=10) > high(epochs=2)
    assert expected(session, project, epochs=5, folds=5).seconds[1] > 3 * high(epochs=5)
    assert high(epochs=20, method="lora") < high(epochs=20)
    assert high(epochs=20, frozen_layers=6) < high(epochs=20)
    assert expected(session, project, method="head").seconds[1] < high(epochs=20)


def test_it_may_end_as_soon_as_patience_lets_it(session: Session, project: Project) -> None:
    patient = expected(session, project, epochs=100, patience=0, folds=0)
    impatient = expected(session, project, epochs=100, patience=2, folds=0)
    assert impatient.seconds[1] == patient.seconds[1]
    assert impatient.seconds[0] < patient.seconds[0] / 4


def test_an_earlier_run_on_this_machine_is_the_measure(session: Session, project: Project) -> None:
    assert "worked out" in expected(session, project).why
    run = a_done_run(session, project, {"items_per_second": 10.0, "peak_memory_bytes": 3_000_000_000})
    same = expected(session, project, epochs=10, patience=0, folds=0)
    assert same.why == f"measured on run {run.id}, An old one"
    assert same.memory_bytes == 3_000_000_000
    # 168 items for training at 10 a second, ten times.
    assert same.seconds[0] < 168 < same.seconds[1] < 2 * 168 + 30
    assert "worked out" in expected(session, project, method="lora").why
    larger = expected(session, project, epochs=10, patience=0, folds=0, batch_size=64)
    assert larger.memory_bytes > same.memory_bytes


def test_a_run_of_another_machine_is_no_measure(session: Session, project: Project) -> None:
    a_done_run(session, project, {"items_per_second": 10.0, "device": "NVIDIA H200"})
    a_done_run(session, project, {"items_per_second": 10.0, "memory_bytes": 1})
    a_done_run(session, project, {"items_per_second": 10.0, "threads": 64})
    assert "worked out" in expected(session, project).why


def test_steps_and_seconds_are_the_measure_of_a_run_from_before_items_were_counted(
    session: Session, project: Project
) -> None:
    a_done_run(session, project, {"steps": 110}, batch_size=16)
    assert "measured" in expected(session, project).why


def test_a_gpu_is_quicker_and_its_memory_is_its_own(
    session: Session, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_processor = expected(session, project, epochs=50, folds=0)
    monkeypatch.setattr(devices, "found", lambda: (GPU,))
    on_gpu = expected(session, project, epochs=50, folds=0)
    assert on_gpu.seconds[1] < on_processor.seconds[1] / 2
    assert on_gpu.memory_bytes < on_processor.memory_bytes


def test_the_rules_of_thumb_know_texts_patches_and_pyramids(tmp_path: Path, shared: Path) -> None:
    bert = costs.network("text", builders.a_tiny_bert(tmp_path / "bert"))
    assert (bert.width, bert.layers, bert.uses(30)) == (32, 2, 30)
    assert 0 < bert.looked_up < bert.weights
    vit = costs.network("image", builders.a_tiny_vit(tmp_path / "vit"))
    assert (vit.patch, vit.uses(32)) == (8, 17)
    convolutions = costs.network("image", builders.a_tiny_mobilenet(tmp_path / "mobilenet"))
    assert convolutions.uses(224) == pytest.approx(125, rel=0.01)
    assert costs.network("text", catalogue.MINILM).weights == anatomy.parameters(catalogue.folder_of(catalogue.MINILM))


def test_memory_is_less_with_adapters_half_precision_and_computing_twice() -> None:
    net = costs.Network(300_000_000, width=1024, layers=24, is_text=True)
    full = {"method": "full", "batch_size": 32}

    def needed(**more: Any) -> int:
        return costs.memory_bytes(net, full | more, 256)

    assert needed() > 1.3 * needed(method="lora")
    assert needed() > needed(precision="bf16") > needed(precision="bf16", gradient_checkpointing=True)
    assert needed(batch_size=1) < needed(batch_size=32)
    assert needed(method="lora", quantization="4bit") < needed(method="lora")
    # Weights, gradients and two moments of 4 bytes each.
    assert needed(batch_size=1) > 16 * 300_000_000


def test_a_plan_says_what_would_be_chosen_why_and_what_it_takes_and_starts_nothing(home: Path) -> None:
    project = builders.a_text_project()
    api = TestClient(create(), base_url="http://127.0.0.1")
    address = f"/projects/{project.id}/runs"
    plan = api.post(f"{address}/plan", json={"spec": {"method": "full", "epochs": 3}}).json()
    assert plan["spec"]["epochs"] == 3
    assert "epochs" not in plan["why"]
    assert "60 labels" in plan["why"]["folds"]
    low, high = plan["estimate"]["seconds"]
    assert 0 < low < high
    assert plan["estimate"]["memory_bytes"] > 100_000_000
    assert api.get(address).json()["items"] == []
    refused = api.post(f"{address}/plan", json={"spec": {"method": "full", "epochs": -3}})
    assert refused.json()["error"]["code"] == errors.BadSpec.code


def test_a_plan_is_made_at_once_also_with_many_runs_before_it(home: Path) -> None:
    project = builders.a_text_project()
    with writing() as session:
        for _ in range(30):
            a_done_run(session, project, {"items_per_second": 10.0, "threads": 64})
        assert "worked out" in expected(session, project).why
