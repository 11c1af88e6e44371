"""A supervisor at work, with jobs that count instead of importing or grouping."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.jobs import process
from backend.jobs.supervisor import ROOT, Supervisor, identity
from db import jobs
from db.session import reading


@pytest.fixture
def supervisor(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """One that runs, with some kinds of job counting, here and in the workers."""
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'tests' / 'jobs' / 'site'}{os.pathsep}{ROOT}")
    supervisor = Supervisor()
    supervisor.start()
    yield supervisor
    supervisor.end()
    with reading() as session:
        alive = jobs.in_states(session, jobs.ALIVE)
    for job in alive:
        process.kill(identity(job))
