"""A real worker process, killed in the middle of its import."""

import signal
import subprocess
import sys
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest

from backend import blobs, importing
from backend.importing import cores, rejected
from backend.jobs import control
from backend.jobs.supervisor import ROOT, Supervisor
from db import items, origins
from db import jobs as rows
from db.models import Job, JobState, Project
from db.session import reading, writing
from tests.importing import dying
from tests.importing.builders import a_file, a_project, all_items, an_image, labels
from tests.waiting import until


def worker(job_id: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "backend.jobs.worker", str(job_id)], cwd=ROOT, start_new_session=True
    )


def job_now(job_id: int) -> Job:
    with reading() as session:
        return control.get(session, job_id)


def count(project: Project) -> int:
    with reading() as session:
        return items.count(session, project.id)


def killed_in_the_middle(project: Project, path: Path, total: int, **options: str) -> int:
    """Start an import, kill its process when some items are in, and return the job's id."""
    with writing() as session:
        job_id = importing.start(session, project, {"path": str(path), **options}).id
    process = worker(job_id)
    until(lambda: count(project) > 0, every_s=0.005)
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert 0 < count(project) < total
    # The pool's processes must not stay behind, waiting for work that never comes.
    until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    Supervisor().tick()
    assert job_now(job_id).state == JobState.INTERRUPTED
    return job_id


def resumed(job_id: int) -> Job:
    with writing() as session:
        control.resume(session, job_id)
    assert worker(job_id).wait(timeout=120) == 0
    return job_now(job_id)


def test_a_killed_import_of_texts_goes_on_and_every_row_is_in_once(home: Path, tmp_path: Path) -> None:
    project, total = a_project(), 15_000
    lines = "".join(f'"text {number}",bird\n' for number in range(total))
    job_id = killed_in_the_middle(project, a_file(tmp_path, "a.csv", f"text,label\n{lines}"), total)
    with reading() as session:
        [job] = rows.in_states(session, [JobState.INTERRUPTED], project.id)
    assert job.cursor
    # What the cursor says is exactly what is in the table: they were written together.
    assert job.cursor["imported"] == count(project)
    job = resumed(job_id)
    assert job.state == JobState.DONE
    assert job.report
    assert (job.report["imported"], job.report["duplicates"], job.report["labels"]) == (total, 0, total)
    assert count(project) == total
    assert len(labels(project)) == total


def test_a_killed_import_has_every_gold_label_source_and_rejection_once(home: Path, tmp_path: Path) -> None:
    project, total = a_project(), 21_000
    # Every third row is empty, and every third says what the row before it said.
    kinds = (lambda row: f"text {row},bird", lambda row: f"text {row - 1},bird", lambda _: '" ",cat')
    lines = "".join(f"{kinds[row % 3](row)}\n" for row in range(total))
    path = a_file(tmp_path, "a.csv", f"text,label\n{lines}")
    job_id = killed_in_the_middle(project, path, total // 3, labels="gold")
    report = resumed(job_id).report
    assert report
    third = total // 3
    counts = [report[name] for name in ("imported", "duplicates", "rejected", "other_places", "gold", "labels")]
    assert counts == [third, third, third, third, third, 0]
    places = [place for place, _ in rejected.kept(job_id, report["rejected_bytes"])]
    assert places == [f"a.csv row {row}" for row in range(4, total + 2, 3)]
    with reading() as session:
        for item in all_items(project)[:: third // 50]:
            row = int((item.text or "").split()[1])
            assert item.source == f"a.csv row {row + 2}"
            assert origins.other_sources(session, item.id) == [f"a.csv row {row + 3}"]


def test_a_killed_import_of_images_goes_on_and_no_item_is_without_its_image(home: Path, tmp_path: Path) -> None:
    project, total = a_project("image"), 600
    for number in range(total):
        a_file(tmp_path, f"in/{number:04}.png", an_image((number % 256, number // 256, 7), size=(200, 200)))
    job_id = killed_in_the_middle(project, tmp_path / "in", total)
    assert all(blobs.path_of(item.content_hash).exists() for item in all_items(project))
    job = resumed(job_id)
    assert job.report
    assert (job.report["imported"], job.report["duplicates"]) == (total, 0)
    assert count(project) == total


def test_when_no_process_can_start_the_rows_are_not_blamed() -> None:
    with pytest.raises(BrokenProcessPool):
        list(cores.over(dying.on_anything, [["1"]], "given up {}".format, workers=1))


@pytest.mark.parametrize("victim", ["4", "11"])
def test_an_image_that_kills_the_decoder_is_given_up_alone(victim: str) -> None:
    chunks = [[str(number) for number in range(start, start + 3)] for start in range(0, 15, 3)]
    function = {"4": dying.on_four, "11": dying.on_eleven}[victim]
    made = [each for _, results in cores.over(function, chunks, "given up {}".format, workers=2) for each in results]
    assert made == [f"given up {number}" if str(number) == victim else f"made {number}" for number in range(15)]
