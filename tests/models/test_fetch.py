"""Fetching a model, from a hub made of one local server and with the real client in a real worker."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend import errors
from backend.jobs import control
from backend.jobs.supervisor import ROOT
from backend.models import catalogue, fetch, folders
from db import jobs
from db.models import Job, JobState
from db.session import reading, writing
from tests.hubs import ask_at
from tests.models.hub import CONVERTED, MAIN, NAME, SMALL, WEIGHTS, Hub, a_hub
from tests.waiting import until

MODEL = f"hub:{NAME}"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    with a_hub() as (this_hub, address):
        ask_at(address, tmp_path / "hf", monkeypatch)
        yield this_hub


def started(model_id: str = MODEL) -> int:
    with writing() as session:
        return fetch.start(session, model_id).id


def a_worker(job_id: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "backend.jobs.worker", str(job_id)], cwd=ROOT)


def job_of(job_id: int) -> Job:
    with reading() as session:
        return control.get(session, job_id)


def worked(job_id: int) -> Job:
    """The job after a worker had it."""
    assert a_worker(job_id).wait(timeout=60) == 0
    return job_of(job_id)


def resumed(job_id: int) -> Job:
    with writing() as session:
        control.resume(session, job_id)
    return worked(job_id)


def part_bytes() -> int:
    return sum(each.stat().st_size for each in folders.of_repository(NAME).glob("blobs/*.incomplete"))


def test_a_fetched_model_is_here_whole_and_with_nothing_else(home: Path, hub: type[Hub]) -> None:
    job = worked(started())
    assert job.state == JobState.DONE, job.error
    assert job.report
    assert job.report["revision"] == MAIN
    assert (job.done, job.unit) == (job.total, "bytes")
    folder = catalogue.folder_of(MODEL)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    files = {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}
    assert files == {*SMALL, "model.safetensors"}
    assert catalogue.as_json(catalogue.find(MODEL))["revision"] == MAIN
    with pytest.raises(errors.Conflict), writing() as session:
        fetch.start(session, MODEL)


def test_a_fetched_model_is_one_for_every_program_that_uses_the_cache(home: Path, hub: type[Hub]) -> None:
    worked(started())
    says = "from huggingface_hub import snapshot_download as s, scan_cache_dir as c; import sys;"
    says += f"print(s('{NAME}', local_files_only=True), len(c().repos), len(c().warnings))"
    told = subprocess.run([sys.executable, "-c", says], capture_output=True, check=True, text=True, timeout=60)
    assert told.stdout.split() == [str(catalogue.folder_of(MODEL)), "1", "0"]


def test_a_repository_with_pickle_only_is_fetched_as_the_hubs_bot_converted_it(home: Path, hub: type[Hub]) -> None:
    hub.pickled = True
    job = worked(started())
    assert job.state == JobState.DONE, job.error
    assert job.report
    assert job.report["revision"] == CONVERTED
    assert not any(path.endswith(".bin") for path in hub.asked)


def test_a_model_that_the_catalogue_does_not_list_is_fetched_by_name_and_then_known(
    home: Path, hub: type[Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with pytest.raises(errors.ModelNotHere, match="not on this machine"):
        catalogue.find("hub:someone/else")
    job = worked(started("hub:someone/else@main"))
    assert job.state == JobState.DONE, job.error
    assert catalogue.find("hub:someone/else").how == "embedding"
    assert "hub:someone/else" in [model.id for model in catalogue.suggesters("text")]
    assert "hub:someone/else" in [model.id for model in catalogue.bases("text")]
    assert hub.tokens == {"Bearer hf_secret"}


def test_a_killed_fetch_goes_on_where_it_was(home: Path, hub: type[Hub]) -> None:
    hub.trickles = True
    job_id = started()
    worker = a_worker(job_id)
    until(lambda: part_bytes() > 500_000)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    came = part_bytes()
    assert not catalogue.is_here(MODEL)
    with writing() as session:
        jobs.move(session, job_id, JobState.INTERRUPTED, of=jobs.ALIVE)
    hub.trickles = False
    job = resumed(job_id)
    assert job.state == JobState.DONE, job.error
    assert hub.ranges == [f"bytes={came}-"]
    assert (catalogue.folder_of(MODEL) / "model.safetensors").read_bytes() == WEIGHTS
    assert not list(folders.of_repository(NAME).glob("blobs/*.incomplete"))


def test_a_stopped_fetch_keeps_its_part_and_goes_on_even_from_a_hub_that_sends_all_again(
    home: Path, hub: type[Hub]
) -> None:
    hub.trickles, hub.ignores_ranges = True, True
    job_id = started()
    worker = a_worker(job_id)
    until(lambda: job_of(job_id).done > 300_000)
    with writing() as session:
        control.stop(session, job_id)
    worker.wait(timeout=30)
    assert job_of(job_id).state == JobState.STOPPED
    assert part_bytes() > 300_000
    hub.trickles = False
    assert resumed(job_id).state == JobState.DONE
    assert (catalogue.folder_of(MODEL) / "model.safetensors").read_bytes() == WEIGHTS


def test_a_line_that_breaks_once_is_taken_up_again_within_the_job(home: Path, hub: type[Hub]) -> None:
    hub.breaks_once = True
    job = worked(started())
    assert job.state == JobState.DONE, job.error
    assert hub.ranges == ["bytes=1000000-"]


def test_weights_that_arrive_damaged_are_not_kept(home: Path, hub: type[Hub]) -> None:
    hub.damaged = True
    job_id = started()
    job = worked(job_id)
    assert job.error
    assert "checksum" in job.error["message"]
    assert part_bytes() == 0
    hub.damaged = False
    assert resumed(job_id).state == JobState.DONE


def refuses(status: int, code: str = "") -> Callable[[type[Hub]], dict[str, Any]]:
    return lambda _: {"status": status, "error_code": code}


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        (refuses(401, "GatedRepo"), "refused", "agreement"),
        (refuses(401), "refused", "refuses it"),
        (refuses(404, "RepoNotFound"), "not_found", "no DistilBERT"),
        (refuses(404, "RevisionNotFound"), "not_found", "no such revision"),
        (refuses(403), "refused", "refuses it"),
        (refuses(429), "unavailable", "too many requests"),
        (refuses(503), "unavailable", "answered 503"),
        (lambda _: {"silent": True}, "unavailable", "in time"),
        (lambda _: {"is_portal": True}, "unavailable", "not a hub"),
        (lambda _: {"claims": 10**15}, "unavailable", "no room for 1000000.0 GB"),
        (lambda _: {"config": b'{"model_type": "llava", "text_config": {}, "vision_config": {}}'}, "bad_file", "llava"),
    ],
)
def test_what_can_go_wrong_at_the_hub_is_one_sentence(
    home: Path, hub: type[Hub], how: Callable[[type[Hub]], dict[str, Any]], code: str, words: str
) -> None:
    for name, value in how(hub).items():
        setattr(hub, name, value)
    job = worked(started())
    assert job.state == JobState.FAILED
    assert job.error
    assert (job.error["code"], words in job.error["message"]) == (code, True), job.error
    assert job.error["hint"]
    assert not any("model.safetensors" in path for path in hub.asked)


def test_without_a_network_the_job_fails_with_one_sentence(
    home: Path, hub: type[Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    job = worked(started())
    assert job.error
    assert job.error["code"] == "unavailable"
    assert "cannot be reached" in job.error["message"]
    assert "path:FOLDER" in job.error["hint"]


def test_a_disk_that_is_full_or_cannot_be_written_is_one_sentence(
    home: Path, hub: type[Hub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = started()
    blobs = folders.of_repository(NAME) / "blobs"
    blobs.mkdir(parents=True)
    sha256 = Hub.entry(Hub.__new__(Hub), "model.safetensors", WEIGHTS)["lfs"]["oid"]
    # Every write to this device fails as on a full disk.
    (blobs / f"{sha256}.incomplete").symlink_to("/dev/full")
    job = worked(job_id)
    assert job.error
    assert "is full" in job.error["message"]
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "file"))
    job = resumed(job_id)
    assert job.error
    assert "cannot be written" in job.error["message"]


def test_offline_mode_is_said_before_a_job_is_made_and_by_one_that_waited(
    home: Path, hub: type[Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = started()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(errors.Unavailable, match="offline mode"):
        started()
    job = worked(job_id)
    assert job.error
    assert "HF_HUB_OFFLINE" in job.error["message"]
    assert not hub.asked


def test_asking_twice_is_one_job_and_only_hub_models_are_fetched(home: Path, hub: type[Hub]) -> None:
    assert started() == started()
    with pytest.raises(errors.Invalid):
        started(catalogue.MINILM)
    for name in ("hub:no-owner", "hub:../etc", "hub:a/b/c", "hub:a/b@../x", "nothing"):
        with pytest.raises(errors.NotFound):
            started(name)
