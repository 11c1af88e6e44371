"""Puts the counting work of the job tests into the worker processes that they start, and has them beat often."""

from backend.jobs import kinds, pulse
from db.models import JobKind

kinds.WORK[JobKind.EXPORT] = "tests.jobs.counting:run"
# In the other lane, which has devices.
kinds.WORK[JobKind.GROUP] = "tests.jobs.counting:run"
pulse.BEAT_S = 0.3
