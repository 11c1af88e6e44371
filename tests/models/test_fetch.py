"""Fetching a model, from a hub made of one local server and with the real client in a real worker."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from backend import errors
from backend.jobs.supervisor import ROOT
from backend.models import catalogue, fetch
from db import jobs
from db.models import Job, JobState
from db.session import reading, writing

MODEL = "hub:distilbert/distilbert-base-uncased"
MAIN, CONVERTED = "a" * 40, "b" * 40
SMALL = {"config.json": b'{"model_type": "distilbert"}', "tokenizer.json": b"{}", "README.md": b"hello"}
WEIGHTS = os.urandom(3_000_000)


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's API as a fetch needs. `pickled` has safetensors only in the bot's pull request."""

    pickled = False
    damaged = False
    asked: list[str]

    def files(self, commit: str) -> dict[str, bytes]:
        if self.pickled and commit == MAIN:
            return SMALL | {"pytorch_model.bin": b"pickle"}
        return SMALL | {"model.safetensors": WEIGHTS}

    def log_message(self, *_: Any) -> None: ...

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        path = self.path.split("?")[0]
        if "/resolve/" in path:
            return self.send_file(path)
        if path.endswith("/discussions"):
            pull = {
                "title": fetch.CONVERSION,
                "author": {"name": fetch.CONVERTER},
                "num": 7,
                "type": "pullRequest",
                "isPullRequest": True,
            }
            more = {"status": "open", "repo": {"name": "x", "type": "model"}, "createdAt": "2024-01-01T00:00:00.000Z"}
            return self.send_json({"discussions": [pull | more], "count": 1, "start": 0})
        commit = CONVERTED if "pr%2F7" in path or "pr/7" in path or CONVERTED in path else MAIN
        if "/tree/" in path:
            return self.send_json([self.entry(name, data) for name, data in self.files(commit).items()])
        names = [{"rfilename": name} for name in self.files(commit)]
        return self.send_json({"id": MODEL.removeprefix("hub:"), "sha": commit, "siblings": names})

    def entry(self, name: str, data: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": name, "size": len(data), "oid": "0" * 40}
        if name.endswith(".safetensors"):
            sha256 = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"oid": sha256, "size": len(data), "pointerSize": 134}
        return entry

    def send_file(self, path: str) -> None:
        commit, name = path.split("/resolve/")[1].split("/", 1)
        data = self.files(commit)[name]
        etag = hashlib.sha256(data).hexdigest()
        if self.damaged and name.endswith(".safetensors"):
            data = b"damaged" + data[7:]
        self.send(data, "application/octet-stream", {"ETag": f'"{etag}"', "X-Repo-Commit": commit})

    def send_json(self, content: Any) -> None:
        self.send(json.dumps(content).encode(), "application/json", {})

    def send(self, data: bytes, media_type: str, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in {"Content-Type": media_type, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Hub]]:
    class ThisHub(Hub):
        asked: list[str] = []  # noqa: RUF012 - one list a test

    server = ThreadingHTTPServer(("127.0.0.1", 0), ThisHub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    yield ThisHub
    server.shutdown()
    server.server_close()


def fetched() -> Job:
    """The job after a worker had it."""
    with writing() as session:
        job_id = fetch.start(session, MODEL).id
    subprocess.run([sys.executable, "-m", "backend.jobs.worker", str(job_id)], cwd=ROOT, check=True, timeout=120)
    with reading() as session:
        job = jobs.get(session, job_id)
    assert job
    return job


def test_a_fetched_model_is_here_whole_and_without_pickle(home: Path, hub: type[Hub]) -> None:
    job = fetched()
    assert job.state == JobState.DONE, job.error
    assert job.report
    assert job.report["revision"] == MAIN
    assert (job.done, job.unit) == (job.total, "bytes")
    folder = catalogue.folder_of(MODEL)
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert not (folder / "README.md").exists()
    with pytest.raises(errors.Conflict), writing() as session:
        fetch.start(session, MODEL)


def test_a_repository_with_pickle_only_is_fetched_as_the_hubs_bot_converted_it(home: Path, hub: type[Hub]) -> None:
    hub.pickled = True
    job = fetched()
    assert job.state == JobState.DONE, job.error
    assert job.report
    assert job.report["revision"] == CONVERTED
    assert not any(path.endswith(".bin") for path in hub.asked)


def test_weights_that_arrive_damaged_are_not_kept(home: Path, hub: type[Hub]) -> None:
    hub.damaged = True
    job = fetched()
    assert job.state == JobState.FAILED
    assert job.error
    assert "checksum" in job.error["message"]
    assert not catalogue.is_here(MODEL)


def test_without_a_network_the_job_fails_with_one_sentence(
    home: Path, hub: type[Hub], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    job = fetched()
    assert job.state == JobState.FAILED
    assert job.error
    assert job.error["code"] == "unavailable"
    assert "cannot be reached" in job.error["message"]


def test_offline_mode_is_respected_and_said(home: Path, hub: type[Hub], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    job = fetched()
    assert job.error
    assert "HF_HUB_OFFLINE" in job.error["message"]
    assert not hub.asked


def test_asking_twice_is_one_job_and_only_hub_models_are_fetched(home: Path, hub: type[Hub]) -> None:
    with writing() as session:
        assert fetch.start(session, MODEL).id == fetch.start(session, MODEL).id
        with pytest.raises(errors.Invalid):
            fetch.start(session, catalogue.MINILM)
        with pytest.raises(errors.NotFound):
            fetch.start(session, "hub:someone/else")
