"""Data sets of the hub, from one made of a local server and with the real client in a real worker."""

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend import errors, importing
from backend.importing import hub
from backend.jobs import control
from backend.jobs.supervisor import ROOT
from backend.models import folders
from db.models import Job, JobState, Project, Split
from db.session import reading, writing
from tests.hubs import ask_at
from tests.importing.builders import a_project, all_items, an_image, labels, texts
from tests.importing.data_hub import NAME, DataHub, a_data_hub


@contextmanager
def offered(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, main: dict[str, bytes], **more: Any
) -> Iterator[type[DataHub]]:
    with a_data_hub(main, **more) as (this_hub, address):
        ask_at(address, tmp_path / "hf", monkeypatch)
        yield this_hub


def worked(project: Project, **source: Any) -> Job:
    """The import after a worker had it."""
    with writing() as session:
        job_id = importing.start(session, project, {"hub": NAME, **source}).id
    subprocess.run([sys.executable, "-m", "backend.jobs.worker", str(job_id)], check=True, cwd=ROOT, timeout=90)
    with reading() as session:
        return control.get(session, job_id)


def a_parquet(*rows: tuple[str, str]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"text": [row[0] for row in rows], "label": [row[1] for row in rows]}), out)
    return out.getvalue()


TABLES = {
    "README.md": b"# Birds",
    "birds.gif.py": b"raise SystemExit",
    "data/train-00000-of-00001.parquet": a_parquet(("one", "bird"), ("two", "cat")),
    "data/test-00000-of-00001.parquet": a_parquet(("three", "bird")),
}


def test_the_splits_and_labels_of_a_data_set_come_and_its_programs_do_not(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = a_project()
    with offered(monkeypatch, tmp_path, TABLES) as this_hub:
        job = worked(project)
        assert job.state == JobState.DONE, job.error
        assert labels(project) == {"one": ["bird"], "two": ["cat"], "three": ["bird"]}
        splits = {item.text: item.split for item in all_items(project)}
        assert splits == {"one": Split.TRAIN, "two": Split.TRAIN, "three": Split.TEST}
        assert not any(path.endswith(".py") for path in this_hub.asked)
        fetched = len(this_hub.asked)
        assert worked(project).report == {**(job.report or {}), "imported": 0, "duplicates": 3, "labels": 0}
        assert not any("/resolve/" in path for path in this_hub.asked[fetched:])
    assert not list((home / "hub").iterdir())
    assert list(folders.hub_cache().glob("datasets--someone--birds/snapshots/*/data/train-*"))


def test_a_split_and_a_configuration_are_chosen(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = {**TABLES, "extra/all.csv": b"text\nother\n"}
    files = [{"split": "train", "path": "data/train-*"}, {"split": "test", "path": ["data/test-*"]}]
    extra = {"config_name": "extra", "data_files": "extra/*.csv"}
    card = {"configs": [{"config_name": "plain", "data_files": files}, extra]}
    with offered(monkeypatch, tmp_path, main, card=card):
        job = worked(a_project())
        assert job.error
        assert "several configurations" in job.error["message"]
        assert '"plain", "extra"' in job.error["hint"]
        project = a_project()
        assert worked(project, config="plain", split="test").state == JobState.DONE
        assert texts(project) == ["three"]
        job = worked(a_project(), config="plain", split="dev")
        assert job.error
        assert (job.error["code"], '"train", "test"' in job.error["hint"]) == ("not_found", True)


def test_a_data_set_made_by_a_program_is_read_as_the_hub_converted_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    main = {"birds.py": b"raise SystemExit", "raw.csv": b"raw\n"}
    converted = {
        "plain/train/0000.parquet": a_parquet(("one", "bird")),
        "plain/test/0000.parquet": a_parquet(("two", "cat")),
    }
    project = a_project()
    with offered(monkeypatch, tmp_path, main, converted=converted):
        assert worked(project).state == JobState.DONE
    assert texts(project) == ["two", "one"]
    with offered(monkeypatch, tmp_path, main):
        job = worked(a_project())
    assert job.error
    assert "made by a program, which Winnow does not run" in job.error["message"]


def test_folders_of_images_keep_their_classes(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = {
        "data/train/bird/a.png": an_image("red"),
        "data/train/cat/b.png": an_image("blue"),
        "data/test/cat/c.png": an_image("green"),
    }
    project = a_project("image")
    with offered(monkeypatch, tmp_path, main):
        assert worked(project).state == JobState.DONE
    assert sorted(labels(project).values()) == [["bird"], ["cat"], ["cat"]]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"status": 404, "error_code": "RepoNotFound"}, ("not_found", "The hub has no someone/birds")),
        ({"status": 404, "error_code": "RevisionNotFound"}, ("not_found", "no such revision")),
        ({"status": 403, "error_code": "GatedRepo"}, ("refused", "agreement")),
        ({"status": 500}, ("unavailable", "answered 500")),
        ({"is_portal": True}, ("unavailable", "not a hub")),
    ],
    ids=["unknown", "revision", "gated", "broken", "portal"],
)
def test_what_can_go_wrong_is_one_sentence(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], said: tuple[str, str]
) -> None:
    with offered(monkeypatch, tmp_path, TABLES, **more):
        job = worked(a_project())
    assert job.state == JobState.FAILED
    assert job.error
    assert job.error["code"] == said[0]
    assert said[1] in job.error["message"]
    assert job.error["hint"]


def test_without_a_network_and_for_names_that_are_none_it_is_said_at_once(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(errors.Unavailable, match="offline mode"):
        hub.asked({"hub": NAME})
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    for name in ("../etc", "a/b/c", "a b", "a/b@../..", "", "a--b/c", "/etc/passwd"):
        with pytest.raises(errors.Invalid):
            hub.asked({"hub": name})
    assert hub.asked({"hub": "https://huggingface.co/datasets/a/b ", "split": " test "}) == {
        "hub": "a/b",
        "split": "test",
    }
    assert hub.asked({"hub": "imdb@main"}) == {"hub": "imdb@main"}
