"""Runs as a person sees them: started, looked at, listed. The work itself is in `job`."""

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

from backend import errors
from backend.jobs import control
from backend.models import catalogue
from backend.training import disk
from backend.training import spec as specs
from backend.training.setting import METHOD_TITLES
from db import jobs
from db import runs as rows
from db.models import Job, JobKind, JobState, Prediction, Project, Run, RunMetric, RunState, Snapshot
from db.session import Session

NAME_LENGTH, NOTE_LENGTH = 200, 10_000
MOST_TAGS, TAG_LENGTH = 20, 40


def start(
    session: Session, project: Project, spec: Mapping[str, Any], name: str = "", *, cloned_from: int | None = None
) -> Run:
    """Check the spec, choose what it leaves out, and queue the run.

    The data is frozen when the run begins to work. Raises BadSpec, BadFile, TooFewLabels, ModelNotHere, or Invalid.
    """
    name = clean_name(name)
    whole = specs.complete(session, project, spec)
    return queue(session, project, whole, name, told=spec, cloned_from=cloned_from)


def queue(
    session: Session,
    project: Project,
    whole: Mapping[str, Any],
    name: str,
    *,
    told: Mapping[str, Any],
    **origin: int | None,
) -> Run:
    """Queue a run of a whole spec. told: what of it the person asked for. origin: sweep_id or cloned_from."""
    name = name or default_name(session, project, whole)
    run = rows.add(session, Run(project_id=project.id, name=name, spec=dict(whole), state=RunState.QUEUED, **origin))
    asked = {each: whole[each] for each in told if each in whole}
    job = control.add(session, JobKind.TRAIN, project.id, {"run_id": run.id, "told": asked}, f"Train {name}")
    run.job_id = job.id
    session.flush()
    return run


def clean_name(name: str) -> str:
    """Raises Invalid when it is too long."""
    name = " ".join(name.split())
    if len(name) > NAME_LENGTH:
        raise errors.Invalid(f"A run's name may have {NAME_LENGTH} letters; this one has {len(name)}.", "Shorten it.")
    return name


def rename(session: Session, run: Run, name: str | None = None, note: str | None = None) -> Run:
    """Another name, or another note about it. None leaves it. Raises Invalid; then nothing changes."""
    if name is not None and not clean_name(name):
        raise errors.Invalid("A run needs a name.", "Write at least one letter.")
    if note is not None and len(note) > NOTE_LENGTH:
        raise errors.Invalid(f"A note may have {NOTE_LENGTH:,} letters; this one has {len(note):,}.", "Shorten it.")
    run.name = run.name if name is None else clean_name(name)
    run.note = run.note if note is None else note.strip()
    session.flush()
    return run


def mark(
    session: Session,
    run: Run,
    *,
    tags: Sequence[str] | None = None,
    is_starred: bool | None = None,
    is_archived: bool | None = None,
) -> Run:
    """Change what a person finds it by; None leaves it. An archived run is kept, but not listed unless asked for.

    Raises Invalid for a tag that cannot be one, and Conflict for archiving a run that waits or is at work; then
    nothing changes.
    """
    kept = list(run.tags) if tags is None else clean_tags(tags)
    if is_archived and not run.is_archived and JobState(run.state) in jobs.ACTIVE:
        raise errors.Conflict(f"The run {run.name} is {run.state}.", "Archive it when it has ended, or stop it first.")
    run.tags = kept
    run.is_starred = run.is_starred if is_starred is None else is_starred
    run.is_archived = run.is_archived if is_archived is None else is_archived
    session.flush()
    return run


def clean_tags(tags: Sequence[str]) -> list[str]:
    """With one space between words, and each once, in whatever case. Raises Invalid."""
    by_word: dict[str, str] = {}
    for tag in tags:
        words = " ".join(tag.split())
        if not words:
            raise errors.Invalid("A tag is empty.", "Write at least one letter.")
        if len(words) > TAG_LENGTH:
            raise errors.Invalid(f"A tag may have {TAG_LENGTH} letters; this one has {len(words)}.", "Shorten it.")
        by_word.setdefault(words.casefold(), words)
    if len(by_word) > MOST_TAGS:
        raise errors.Invalid(f"A run may have {MOST_TAGS} tags; these are {len(by_word)}.", "Take some away.")
    return list(by_word.values())


def retag(session: Session, run: Run, add: Sequence[str] = (), remove: Sequence[str] = ()) -> Run:
    """Raises Invalid."""
    gone = {tag.casefold() for tag in clean_tags(remove)}
    return mark(session, run, tags=[*(tag for tag in run.tags if tag.casefold() not in gone), *add])


def delete(session: Session, run: Run) -> None:
    """Remove the run with its curves, predictions and folder.

    Raises Conflict while it waits or is at work, and while suggestions are made with it.
    """
    if JobState(run.state) in jobs.ACTIVE:
        raise errors.Conflict(f"The run {run.name} is {run.state}.", "Stop it first.")
    project = session.get(Project, run.project_id)
    in_use = rows.sets_of(session, run.project_id, f"run:{run.id}")
    if any(each.finished_at is None or (project and each.id == project.suggestion_set_id) for each in in_use):
        raise errors.Conflict(
            f"The suggestions of this project come from the run {run.name}.", "Choose another suggester first."
        )
    rows.remove(session, run)
    session.flush()
    disk.remove(run.id)


def default_name(session: Session, project: Project, spec: Mapping[str, Any]) -> str:
    """ "Head on MiniLM 3" """
    method = METHOD_TITLES[spec["method"]]
    return f"{method} on {catalogue.find(spec['base']).title} {rows.count(session, project.id) + 1}"


def get(session: Session, run_id: int) -> Run:
    run = rows.get(session, run_id)
    if run is None:
        raise errors.NotFound(f"There is no run {run_id}.", "The Train page lists what is here.")
    return run


def seen_with(run: Run) -> dict[str, Any]:
    """{"seed", "base", "size", "long_texts"}: how a fine-tuned run looked at its items.

    size: in pixels, of texts in tokens. long_texts: what it read of longer ones.
    """
    spec = run.spec
    size = spec.get("image_size") or spec.get("max_length")
    return {"seed": spec["seed"], "base": spec["base"], "size": size, "long_texts": spec.get("long_texts", "start")}


def job_of(session: Session, run: Run) -> Job | None:
    return jobs.get(session, run.job_id) if run.job_id else None


def snapshot_of(session: Session, run: Run) -> Snapshot | None:
    return rows.get_snapshot(session, run.snapshot_id) if run.snapshot_id else None


def as_json(session: Session, run: Run) -> dict[str, Any]:
    snapshot, job = snapshot_of(session, run), job_of(session, run)
    return {
        "id": run.id,
        "project_id": run.project_id,
        "job_id": run.job_id,
        "sweep_id": run.sweep_id,
        "cloned_from": run.cloned_from,
        "name": run.name,
        "state": run.state,
        "spec": run.spec,
        "metrics": run.metrics,
        "baselines": snapshot.baselines if snapshot else {},
        "classes": snapshot.classes if snapshot else [],
        "counts": snapshot.counts if snapshot else {},
        "fingerprint": snapshot.fingerprint if snapshot else None,
        "environment": run.environment,
        "has_model": run.artifact is not None,
        "error": job.error if job else None,
        "note": run.note,
        "tags": run.tags,
        "is_starred": run.is_starred,
        "is_archived": run.is_archived,
        "created_at": run.created_at.isoformat(),
        "finished_at": run.finished_at.isoformat() if run.finished_at else None,
    }


def point_as_json(point: RunMetric) -> dict[str, Any]:
    return {"name": point.name, "step": point.step, "epoch": point.epoch, "value": point.value}


def prediction_as_json(
    prediction: Prediction, snapshot: Snapshot, thresholds: Sequence[float] | None = None
) -> dict[str, Any]:
    """class_ids: what the run answers. thresholds: of each class, where an item may have several."""
    scores = array("f", prediction.scores)
    return {
        "item_id": prediction.item_id,
        "split": prediction.split,
        "target_ids": prediction.target_ids,
        "class_id": prediction.class_id,
        "class_ids": [prediction.class_id]
        if thresholds is None
        else [
            each["id"]
            for each, score, least in zip(snapshot.classes, scores, thresholds, strict=True)
            if score >= least
        ],
        "confidence": round(prediction.confidence, 6),
        "scores": {each["id"]: round(score, 6) for each, score in zip(snapshot.classes, scores, strict=True)},
    }
