"""What a person can do with a job: start one, look at it, stop it, resume it."""

from typing import Any

from backend import errors
from backend.jobs import kinds
from db import jobs
from db.models import Job, JobKind, JobState
from db.session import Session


def add(session: Session, kind: JobKind, project_id: int | None, spec: dict[str, Any], title: str) -> Job:
    """Put a job in the queue; the supervisor starts it when its lane is free."""
    return jobs.add(
        session,
        Job(kind=kind, project_id=project_id, lane=kinds.LANE_OF[kind], spec=spec, title=title, state=JobState.QUEUED),
    )


def add_once(session: Session, kind: JobKind, project_id: int, spec: dict[str, Any], title: str) -> Job:
    """The same, unless the very same job is waiting or at work: then that one."""
    for job in jobs.in_states(session, jobs.ACTIVE, project_id):
        if job.kind == kind and job.spec == spec:
            return job
    return add(session, kind, project_id, spec, title)


def get(session: Session, job_id: int) -> Job:
    job = jobs.get(session, job_id)
    if job is None:
        raise errors.NotFound(f"There is no job {job_id}.", "GET /api/jobs lists them.")
    return job


def stop(session: Session, job_id: int, keep: str = "best") -> Job:
    """Ask a job to end. A queued one ends here; a running one as soon as it looks. Ended ones stay as they are."""
    if keep not in ("best", "nothing"):
        raise errors.Invalid(f'"{keep}" is not a way to stop.', 'Send {"keep": "best"} or {"keep": "nothing"}.')
    job = get(session, job_id)
    if not jobs.move(
        session, job_id, JobState.STOPPED, of=[JobState.QUEUED], stop_keep=keep, message="Stopped before it began."
    ):
        # One that is stopping already may be told to leave nothing, and then ends sooner; never the other way round.
        of = [JobState.RUNNING] if keep == "best" else jobs.ALIVE
        jobs.move(session, job_id, JobState.STOPPING, of=of, stop_keep=keep)
    session.refresh(job)
    return job


def resume(session: Session, job_id: int) -> Job:
    """Put an interrupted, stopped or failed job back in the queue; it goes on from what it had kept."""
    job = get(session, job_id)
    if job.state in jobs.ACTIVE:
        return job
    if not jobs.move(session, job_id, JobState.QUEUED, of=jobs.RESUMABLE, stop_keep=None, error=None, finished_at=None):
        raise errors.Conflict(f"Job {job_id} is {job.state}; there is nothing to resume.", "Start a new one.")
    session.refresh(job)
    return job


def as_json(job: Job) -> dict[str, Any]:
    """The job as the API shows it."""
    left_s = None
    if job.state == JobState.RUNNING and job.total and job.per_second:
        left_s = round(max(0, job.total - job.done) / job.per_second, 1)
    return {
        "id": job.id,
        "project_id": job.project_id,
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "done": job.done,
        "total": job.total,
        "unit": job.unit,
        "per_second": job.per_second,
        "left_s": left_s,
        "message": job.message,
        "device": job.device,
        "error": job.error,
        "report": job.report,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }
