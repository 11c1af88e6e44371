"""A real worker process, killed while it brings in a project."""

import signal
import subprocess
import sys
from pathlib import Path

from backend import archives, projects, settings
from backend.archives import job
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.jobs.supervisor import ROOT, Supervisor
from db import archives as rows
from db import jobs
from db import projects as project_rows
from db.models import JobState, Project
from db.session import reading, writing
from tests.archives.builders import a_full_project, archive_of, project_count
from tests.importing.builders import all_items, import_now, labels
from tests.waiting import until


def worker(job_id: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "backend.jobs.worker", str(job_id)], cwd=ROOT, start_new_session=True
    )


def arriving() -> list[Project]:
    with reading() as session:
        found = project_rows.page(session, None, 100, deleted=True)
        return [each for each in found if each.settings.get(projects.ARRIVING)]


def is_at_work() -> bool:
    with reading() as session:
        return any(rows.item_ids(session, each.id) for each in arriving())


def test_a_killed_import_of_a_project_begins_again_and_leaves_one_project(home: Path, tmp_path: Path) -> None:
    project = a_full_project(tmp_path)
    import_now(project, texts=[f"text {number} {'x' * 300}" for number in range(20_000)])
    spec, title = archives.checked({"path": str(archive_of(project, tmp_path, with_models=True))})
    with writing() as session:
        job_id = archives.start(session, spec, title).id
        # What the making of the project left in the queue would begin with the supervisor, and take the places.
        for other in jobs.in_states(session, [JobState.QUEUED]):
            if other.id != job_id:
                control.stop(session, other.id)
    process = worker(job_id)
    until(is_at_work, every_s=0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(arriving()) == 1
    assert project_count() == 2
    Supervisor().tick()
    with writing() as session:
        assert control.get(session, job_id).state == JobState.INTERRUPTED
        control.resume(session, job_id)
    assert worker(job_id).wait(timeout=120) == 0
    with reading() as session:
        report = control.get(session, job_id).report
        assert report
        again = projects.get(session, report["project_id"])
    assert (arriving(), project_count()) == ([], 2)
    assert len(all_items(again)) == len(all_items(project))
    assert labels(again) == labels(project)
    assert not list(settings.folder("exports").glob(".arriving-*"))


def test_killed_after_its_last_write_the_project_does_not_come_in_twice(home: Path, tmp_path: Path) -> None:
    spec, title = archives.checked({"path": str(archive_of(a_full_project(tmp_path), tmp_path))})
    with writing() as session:
        queued = archives.start(session, spec, title)
        jobs.write(session, queued.id, state=JobState.RUNNING)
    report = job.run(Handle(queued))
    with reading() as session:
        handle = Handle(control.get(session, queued.id))
    assert job.run(handle) == report
    assert project_count() == 2
