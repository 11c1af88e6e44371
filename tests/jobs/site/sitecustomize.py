"""Puts the counting work of the job tests into the worker processes that they start."""

from backend.jobs import kinds
from db.models import JobKind

kinds.WORK[JobKind.EXPORT] = "tests.jobs.counting:run"
