"""Which devices a job has to itself. A device is claimed with the job, so that no two jobs ever hold the same place.

Places are counted, not only named: with WINNOW_DEVICES "cpu,cpu" two jobs share the processor.
"""

import os
from collections.abc import Mapping

from backend import errors, settings
from backend.jobs import devices, kinds
from db import jobs, runs
from db.models import Job, JobKind
from db.session import Session


def of_lane(lane: str) -> list[str]:
    """The name of each place: device ids, or nothing where a lane only limits how many run at once."""
    if lane == kinds.COMPUTE:
        return [each.id for each in devices.found()]
    return [""] * kinds.LANES.get(lane, 1)


def free(session: Session, lane: str) -> list[str]:
    """Places that no running job holds. A job from before there were places holds the first one."""
    left = of_lane(lane)
    for held in jobs.devices_in_use(session, lane):
        for name in [None] if held is None else held.split(","):
            if name in left:
                left.remove(name)
            elif name is None and left:
                left.pop(0)
    return left


def wanted(session: Session, job: Job) -> int:
    """How many places the job takes at once: more than one only for a run that trains on several devices."""
    run = runs.of_job(session, job.id) if job.kind == JobKind.TRAIN else None
    return max(1, int(run.spec.get("devices", 1))) if run else 1


def claimable(session: Session, job: Job) -> list[str] | None:
    """The places the job would get now; None while too few are free. Raises BadSpec when there never will be."""
    count, there = wanted(session, job), len(of_lane(job.lane))
    if count > there:
        raise errors.BadSpec(
            f"The run asks for {count} devices together, and this machine has {there}.",
            f"Start it again with at most {there}.",
        )
    left = free(session, job.lane)
    return left[:count] if len(left) >= count else None


def held_by(job: Job) -> tuple[str, ...]:
    return tuple(job.device.split(",")) if job.device else ()


def environment(held: tuple[str, ...], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a process needs in its environment to see only these places; set before torch is imported."""
    gpus = [name for name in held if name and name != devices.CPU]
    found: dict[str, str] = {}
    if gpus:
        # As nvidia-smi counts them: CUDA's own order puts the fastest first.
        found = {"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": ",".join(gpus)}
    elif held and devices.CPU in settings.devices():
        found = {"CUDA_VISIBLE_DEVICES": ""}
    there = len(of_lane(kinds.COMPUTE))
    if held and there > 1 and "OMP_NUM_THREADS" not in environ:
        # Runs that train side by side share the cores.
        found["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) * len(held) // there))
    return found
