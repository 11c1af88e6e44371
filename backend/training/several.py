"""One run on several devices: `accelerate launch` starts a process for each. These ranks train one model together.

The job's own process prepares, starts them, waits, and then goes on with the trained weights as it does with any run:
it alone saves, tests and judges. The ranks run `rank`. The first of them writes the progress, the curves and the
checkpoints; the others only train.

Which items each of them sees is decided in `shares`.
"""

import json
import logging
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from backend import errors
from backend.jobs import devices, places, process
from backend.jobs.progress import Handle, Interrupted, Stopped
from backend.training.outcome import Outcome
from backend.training.snapshots import Frozen
from db.models import Job

log = logging.getLogger("winnow.training")
ROOT = Path(__file__).resolve().parents[2]
LOOK_S = 0.3
# The first rank may prepare data for hours before the others join it; when one dies the launcher ends the rest.
LONGEST_WAIT = timedelta(days=7)
DIED = "One of the processes that trained together ended unexpectedly: the machine or a GPU may have run out of memory."

Method = Callable[[Handle, Any, Frozen, dict[str, Any], Path], Outcome]


@dataclass
class Rank:
    """This process's place among those that train together. group: of torch, for words between them, on the CPU."""

    number: int = 0
    count: int = 1
    group: Any = None


@dataclass(frozen=True)
class Plan:
    """What the ranks are told. parent: the job's own process; they end when it does."""

    job_id: int
    run_id: int
    parent: process.Identity
    method: Method
    data: Frozen
    spec: dict[str, Any]
    folder: Path


me = Rank()


def is_first() -> bool:
    """Whether this process is the one that writes. True where only one trains."""
    return me.number == 0


def count() -> int:
    return me.count


def join() -> None:
    """Become one of the ranks. The launcher has said which."""
    import torch
    import torch.distributed as together

    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    together.init_process_group("nccl" if on_gpu else "gloo", timeout=LONGEST_WAIT)
    me.number, me.count = together.get_rank(), together.get_world_size()
    me.group = together.new_group(backend="gloo", timeout=LONGEST_WAIT)


def agreed(value: int) -> int:
    """The largest value that any rank names: the same in all. Each must ask at the same point of its work."""
    if me.count == 1:
        return int(value)
    import torch
    import torch.distributed as together

    said = torch.tensor(int(value))
    together.all_reduce(said, together.ReduceOp.MAX, group=me.group)
    return int(said)


def wait() -> None:
    """Until all ranks are here."""
    agreed(0)


WISHES = ("", "best", "nothing")


class Together(Handle):
    """A rank's handle. The first one writes; once the steps have begun, all stop at the same step or none."""

    def __init__(self, job: Job, checkpoints: Path) -> None:
        super().__init__(job)
        self.checkpoints = checkpoints
        self.in_steps = False
        self.wish: Stopped | None = None

    def begin(self) -> None:
        """The others wait at their start until the first has prepared what all of them read."""
        if is_first():
            wait()
            (left_in(self.checkpoints) / "begun").touch()
        self.in_steps = True

    def report(self, done: int, total: int | None = None, message: str = "", *, unit: str = "items") -> None:
        if not is_first():
            return
        try:
            super().report(done, total, message, unit=unit)
        except Stopped as stopped:
            if not self.in_steps:
                raise
            self.wish = stopped

    def obey(self) -> None:
        """Raises Stopped in all ranks, once the first has heard a wish. Each must ask at the same point of its work."""
        keep = WISHES[agreed(WISHES.index(self.wish.keep if self.wish else ""))]
        if keep:
            raise self.wish or Stopped(keep)

    def save_cursor(self, cursor: dict[str, Any]) -> None:
        if is_first():
            super().save_cursor(cursor)


def begin(handle: Handle) -> None:
    """The steps begin."""
    if isinstance(handle, Together):
        handle.begin()


def obey(handle: Handle) -> None:
    """Between two steps, and between two batches of an evaluation."""
    if isinstance(handle, Together):
        handle.obey()


def starts(checkpoints: Path) -> bool:
    """Whether it is this process that gives a new model its first weights. The other ranks get them from the first."""
    return is_first() and not (left_in(checkpoints) / "result.json").exists()


def train(method: Method, handle: Handle, data: Frozen, spec: dict[str, Any], folder: Path, *, run_id: int) -> Outcome:
    """What the method makes of the run, on all the devices that the job has claimed.

    Raises Interrupted when a rank died, and the error of a rank that failed.
    """
    if len(handle.devices) < 2:
        return method(handle, run_id, data, spec, folder)
    plan = Plan(handle.job_id, run_id, process.me(), method, data, spec, folder)
    run_ranks(handle, plan)
    # It has ended, or was ended and the best of it is kept: only a wish to keep nothing still counts.
    with handle.bringing_home():
        # No run id: its curves are written. The loop finds what the ranks have left and trains no more.
        outcome = method(handle, None, data, spec, folder)
    return replace(outcome, facts=outcome.facts | {"devices": len(handle.devices)})


def run_ranks(handle: Handle, plan: Plan) -> None:
    """Start them and wait until they have ended: with what they trained in `left_in(...)`, or with an error raised."""
    place = left_in(plan.folder / "checkpoints")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / "plan").write_bytes(pickle.dumps(plan))
    child = launched(len(handle.devices), place, handle.devices)
    try:
        while True:
            try:
                child.wait(timeout=LOOK_S)
                break
            except subprocess.TimeoutExpired:
                keep = handle.stop_asked()
            # Before the first step nothing has been trained; what an earlier attempt had is there still.
            if keep == "nothing" or (keep and not (place / "begun").exists()):
                raise Stopped(keep)
    finally:
        # Whatever ended this: none of them is left.
        process.end_children()
        child.wait()
    if not (place / "result.json").exists():
        raise problem(place)


def launched(n: int, place: Path, held: tuple[str, ...]) -> subprocess.Popen[bytes]:
    on_cpu = devices.CPU in held
    # A file of our own, so that one in the user's home does not decide.
    config = place / "launch.json"
    config.write_text(json.dumps({"compute_environment": "LOCAL_MACHINE", "distributed_type": "MULTI_GPU"}), "utf-8")
    options = {
        "--config_file": config,
        "--num_processes": n,
        "--num_machines": 1,
        "--mixed_precision": "no",
        "--dynamo_backend": "no",
        # A free one.
        "--main_process_port": 0,
    }
    told = [str(each) for option in options.items() for each in option]
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", *told]
    environment = {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 1) // n))} | os.environ | places.environment(held)
    if on_cpu:
        environment["ACCELERATE_USE_CPU"] = "true"
    log.info("%s processes train together on %s", n, ",".join(held))
    return subprocess.Popen(
        [*command, "--module", "backend.training.rank", str(place)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        env=environment,
    )


def problem(place: Path) -> Exception:
    """Why the ranks have left nothing: what the first of them said, or that one of them died."""
    for path in sorted(place.glob("stopped-*.json")):
        return Stopped(**json.loads(path.read_text("utf-8")))
    for path in sorted(place.glob("error-*.json")):
        said = json.loads(path.read_text("utf-8"))
        error = errors.WinnowError(said["message"], said["hint"])
        error.code = said["code"]
        return error
    return Interrupted(f"{DIED} Resume goes on where it was.")


def left_in(checkpoints: Path) -> Path:
    """Where the ranks and the job's own process leave things for each other."""
    return checkpoints / "ranks"


def leave(trained: Any, checkpoints: Path) -> None:
    """In the first rank, at its end: the weights that were trained, and what is to be known of them."""
    import torch

    if me.count == 1 or not is_first():
        return
    place, model = left_in(checkpoints), trained.trainer.model
    # All that the job's own process does not have: what was not trained is the base's.
    changed = {name for name, each in model.named_parameters() if each.requires_grad}
    changed |= {name for name, _ in model.named_buffers()}
    weights = {name: each.cpu() for name, each in model.state_dict().items() if name in changed}
    torch.save(weights, place / "weights.pt")
    trained.trainer.state.save_to_json(str(place / "trainer_state.json"))
    stopped = trained.stopped
    told = {"facts": trained.facts, "stopped": stopped and {"keep": stopped.keep, "message": stopped.message}}
    unfinished = place / "result.part"
    unfinished.write_text(json.dumps(told), "utf-8")
    unfinished.replace(place / "result.json")


def take_over(trained: Any, checkpoints: Path) -> bool:
    """In the job's own process: what its ranks have left, if there were any. Says whether."""
    import torch
    from transformers import TrainerState

    place = left_in(checkpoints)
    if me.count > 1 or not (place / "result.json").exists():
        return False
    told = json.loads((place / "result.json").read_text("utf-8"))
    model = trained.trainer.model
    missing = model.load_state_dict(torch.load(place / "weights.pt", weights_only=True), strict=False)
    assert not missing.unexpected_keys, missing.unexpected_keys
    trained.trainer.state = TrainerState.load_from_json(str(place / "trainer_state.json"))
    trained.facts |= told["facts"]
    trained.stopped = told["stopped"] and Stopped(**told["stopped"])
    return True
