"""A run once more: with other settings, or with what mends the error that ended it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend import errors, projects
from backend.jobs import control, devices, supervisor
from backend.training import artifact, costs, disk, runs, setting
from backend.training.setting import filled
from db import jobs
from db.models import Job, JobState, Run
from db.session import Session

# Choosing one of these anew chooses everything anew that the person had not asked for.
DECIDING = ("method", "base", "preset")
# They say what is learned, whatever it is learned with.
OF_THE_DATA = ("seed", "allow_missing_classes", "recipe_id")
AGAIN = ", again"
RESUME, CLONE = "resume", "clone"
MOST_BATCHES = 1024


@dataclass(frozen=True)
class Offer:
    """A way out. how: "resume", the run goes on from what it kept, or "clone", a new one with these changes."""

    label: str
    why: str
    changes: dict[str, Any] = field(default_factory=dict)
    how: str = CLONE


def clone(session: Session, run: Run, changes: Mapping[str, Any], name: str = "") -> Run:
    """Queue a run like this one with some settings changed, on the labels as they are now.

    The settings stay as they were, those that were chosen for it too. With another method, base or preset only what the
    person had asked for stays, as far as it applies, and the rest is chosen anew. None as a change means: choose anew.
    Raises BadSpec, BadFile, TooFewLabels or ModelNotHere.
    """
    project = projects.get(session, run.project_id)
    kept = still_there(told_again(session, run, changes))
    told = {each: value for each, value in (kept | dict(changes)).items() if value is not None}
    name = runs.clean_name(name) or f"{run.name.removesuffix(AGAIN)[: runs.NAME_LENGTH - len(AGAIN)]}{AGAIN}"
    return runs.start(session, project, told, name, cloned_from=run.id)


def told_again(session: Session, run: Run, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What of the run's spec the new one begins with."""
    spec = filled(run.spec)
    if all(changes.get(each, spec.get(each)) == spec.get(each) for each in DECIDING):
        return spec
    job = runs.job_of(session, run)
    asked = job.spec.get("told", {}) if job else {}
    deciding = {each: spec[each] for each in DECIDING if each in spec}
    of_the_data = {each: spec[each] for each in OF_THE_DATA if each in spec}
    kept = of_the_data | asked | deciding
    base, method = changes.get("base") or spec["base"], changes.get("method") or spec["method"]
    return {each: value for each, value in kept.items() if applies(each, value, base, method)}


def applies(name: str, value: Any, base: str, method: str) -> bool:
    """Whether a setting means something to this method, and is possible with this base."""
    known = setting.BY_NAME.get(name)
    if known is None or method not in known.methods:
        return False
    if name == "gradient_checkpointing" and value:
        return costs.can_compute_twice(base)
    # What a base can read, how it sees and how many layers it has is its own.
    return name not in ("image_size", "max_length", "frozen_layers")


def still_there(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Without what another machine had: a run may have come here in an archive."""
    there = devices.found()
    has_gpu = there[0].id != devices.CPU
    gone = {
        "devices": spec.get("devices", 1) > len(there),
        "precision": spec.get("precision") == "fp16" and not has_gpu,
        "quantization": spec.get("quantization", "none") != "none" and not has_gpu,
    }
    return {name: value for name, value in spec.items() if not gone.get(name)}


def offers(run: Run, job: Job | None) -> list[Offer]:
    """What can be done about a run that did not end well, the likeliest remedy first; none while it is at work."""
    if job is None or job.state not in jobs.RESUMABLE:
        return []
    code = (job.error or {}).get("code")
    if job.state == JobState.INTERRUPTED and job.message == supervisor.ENDED_FROM_OUTSIDE:
        return [resume(run, job), *for_memory(filled(run.spec))]
    spec = filled(run.spec)
    if code == "memory":
        return [*for_memory(spec), resume(run, job, "Another program may have taken the memory. ")]
    if code == "not_a_number":
        # From its checkpoint it would come to the same point again.
        return for_not_a_number(spec)
    if code == "disk_full":
        return [resume(run, job, "Free some space first, such as the checkpoints of other runs. ")]
    return [resume(run, job)]


def resume(run: Run, job: Job, before: str = "") -> Offer:
    if (job.cursor or {}).get(artifact.LOADS_WITH):
        return Offer("Resume", f"{before}Its model is kept and tested; its cross-validation goes on.", how=RESUME)
    if run.spec["method"] == "head" or not disk.has_checkpoint(run.id):
        return Offer("Start it again", f"{before}It kept no checkpoint, and begins anew.", how=RESUME)
    return Offer("Resume", f"{before}It goes on from its last checkpoint.", how=RESUME)


def for_memory(spec: Mapping[str, Any]) -> list[Offer]:
    if spec["method"] == "head":
        return []
    batch, batches = spec["batch_size"], spec["accumulation"]
    if batch > 1:
        half, more = (batch + 1) // 2, min(MOST_BATCHES, 2 * batches)
        why = f"Half as many items in memory at once; {more} batches make one step, so that a step stays as large."
        return [Offer(f"Again with batches of {half}", why, {"batch_size": half, "accumulation": more})]
    if not spec["gradient_checkpointing"] and can_compute_twice(spec["base"]):
        why = "Takes a third more time: what does not fit into memory is computed twice."
        return [Offer("Again with gradient checkpointing", why, {"gradient_checkpointing": True})]
    return smaller_items(spec)


def can_compute_twice(base: str) -> bool:
    """Of a base that is gone nobody knows."""
    try:
        return costs.can_compute_twice(base)
    except errors.WinnowError:
        return False


def smaller_items(spec: Mapping[str, Any]) -> list[Offer]:
    """One item at a time was too much: less of each. Pictures keep the size that their base knows."""
    length = spec.get("max_length", 0)
    if length < 16:
        return []
    why = "One text at a time was too much for the memory: less of each is read."
    return [Offer(f"Again with {length // 2} tokens a text", why, {"max_length": length // 2})]


def for_not_a_number(spec: Mapping[str, Any]) -> list[Offer]:
    if spec["method"] == "head":
        return []
    changes: dict[str, Any] = {"learning_rate": max(1e-9, float(f"{spec['learning_rate'] / 10:.3g}"))}
    label, why = "Again with a tenth of the learning rate", "Steps that are too large carry the weights away."
    if spec["precision"] != "fp32":
        changes["precision"] = "fp32"
        label, why = f"{label}, in 32 bits", f"{why} Numbers of 32 bits reach further, too."
    return [Offer(label, why, changes)]


def retry(session: Session, run: Run, number: int) -> Run:
    """Take up one of the run's offers: a new run, or the same one that goes on. Raises Conflict, or as `clone` does."""
    found = offers(run, runs.job_of(session, run))
    if not 0 <= number < len(found):
        raise errors.Conflict(
            f"The run {run.name} has {len(found) or 'no'} offers; there is none with the number {number}.",
            'GET /api/runs/{r} lists them as "offers", the first is 0.',
        )
    if found[number].how == RESUME:
        control.resume(session, run.job_id or 0)
        session.refresh(run)
        return run
    return clone(session, run, found[number].changes)


def offer_as_json(offer: Offer) -> dict[str, Any]:
    return {"label": offer.label, "why": offer.why, "changes": offer.changes, "how": offer.how}
