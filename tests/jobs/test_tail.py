"""The end of a job's log, as a person reads it."""

from pathlib import Path

from fastapi.testclient import TestClient

from backend.api.app import create
from backend.jobs import control, tail
from db.models import JobKind
from db.session import writing


def test_only_the_newest_lines_are_read(home: Path) -> None:
    tail.path_of(1).write_text("\n".join(f"line {number}" for number in range(50_000)) + "\n", "utf-8")
    assert tail.lines(1, 2) == ["line 49998", "line 49999"]
    most = tail.lines(1, 100_000)
    assert len(most) * len("line 49999\n") <= tail.MOST_BYTES
    assert most[-1] == "line 49999"


def test_a_progress_bar_is_one_line_and_colours_are_left_out(home: Path) -> None:
    tail.path_of(1).write_bytes(b"begin\n 10%|#  |\r 50%|## |\r100%|###|\n\x1b[31mred\x1b[0m\r\nend")
    assert tail.lines(1) == ["begin", "100%|###|", "red", "end"]


def test_what_is_no_letter_does_not_hide_the_rest(home: Path) -> None:
    cut = "ä".encode()[1:]
    tail.path_of(1).write_bytes(b"before \xff\xfe after\n" + cut + b"x\n")
    assert tail.lines(1) == ["before \ufffd\ufffd after", "\ufffdx"]


def test_the_folder_of_the_user_is_not_shown(home: Path) -> None:
    tail.path_of(1).write_text(f"the model is in {Path.home()}/.winnow/runs/3\n", "utf-8")
    assert tail.lines(1) == ["the model is in ~/.winnow/runs/3"]


def test_a_job_that_has_not_begun_has_no_lines_and_a_missing_one_is_not_found(home: Path) -> None:
    api = TestClient(create())
    with writing() as session:
        job_id = control.add(session, JobKind.EXPORT, None, {}, "Export").id
    assert api.get(f"/jobs/{job_id}/log").json() == {"lines": []}
    tail.path_of(job_id).write_text("one\ntwo\n", "utf-8")
    assert api.get(f"/jobs/{job_id}/log", params={"lines": 1}).json() == {"lines": ["two"]}
    assert api.get(f"/jobs/{job_id + 1}/log").status_code == 404
    assert api.get(f"/jobs/{job_id}/log", params={"lines": 0}).status_code == 422
