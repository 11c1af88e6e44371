"""Which place for making batches gives the most steps a second: tried with the model's own steps, which are undone.

While a model trains it uses every core, so the speed of making pictures alone would say little.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from backend.training.loading import READY, Ahead

TRIAL_S = 1.0
# Trials may take this share of the run. Each is over in about two trial times, with the start of its workers.
SHARE_OF_RUN = 0.05
# Below this many steps a run is over before it is worth a trial.
FEWEST_STEPS = 100
# No more can be gained than the time that the model waits; within it, measurements of a second differ anyway.
WORTH = 0.03

HERE = "in the training process"
WORKERS = "in worker processes"


def choose(trainer: Any, ahead: Ahead, steps: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Set `ahead` to the fastest place, for a run of so many steps.

    Returns {"augmentation": {"place", "workers", "why", "steps_per_second"}}, or nothing where nothing is varied.

    The model, the random numbers and the order are as before; there is no optimizer yet. `say` may raise to end it.
    """
    rates: dict[str, float] = {}

    def chosen(place: str, workers: int, why: str) -> dict[str, Any]:
        ahead.use(workers)
        ahead.forget_times()
        return {"augmentation": {"place": place, "workers": workers, "why": why, "steps_per_second": rates}}

    if not ahead.is_varied:
        return {}
    if trainer.args.world_size > 1:
        return chosen(HERE, 0, "several processes train")
    if steps < FEWEST_STEPS:
        return chosen(HERE, 0, f"not measured: {steps} steps are over soon")
    before = ahead.epoch, ahead.order.epoch
    try:
        with undone(trainer.model):
            rates[HERE] = rate(trainer, ahead, 0, say)
            waiting = ahead.waited_s / (ahead.waited_s + ahead.worked_s)
            if waiting < WORTH:
                return chosen(HERE, 0, f"the model waits {waiting:.1%} of the time")
            run_s = steps / rates[HERE]
            for workers in candidates():
                if (len(rates) + 1) * 2 * TRIAL_S > SHARE_OF_RUN * run_s:
                    break
                rates[name_of(workers)] = rate(trainer, ahead, workers, say)
    finally:
        ahead.close()
        ahead.epoch, ahead.order.epoch = before
    return chosen(*fastest(rates))


def candidates() -> list[int]:
    """1, 2, 4, … up to the cores."""
    cores = os.cpu_count() or 1
    return [2**power for power in range(cores.bit_length()) if 2**power <= cores]


def name_of(workers: int) -> str:
    return HERE if not workers else f"{WORKERS} ({workers})"


def fastest(rates: dict[str, float]) -> tuple[str, int, str]:
    """Place, workers and why. Fewer processes win where the gain is within the accuracy."""
    best, best_workers = HERE, 0
    for workers in candidates():
        name = name_of(workers)
        if rates.get(name, 0.0) > rates[best] * (1 + WORTH):
            best, best_workers = name, workers
    why = "measured" if len(rates) > 1 else "not compared: the run is over soon"
    return (WORKERS if best_workers else HERE), best_workers, why


def rate(trainer: Any, ahead: Ahead, workers: int, say: Callable[[str], None]) -> float:
    """Steps a second over about TRIAL_S, after the workers have started and used up what they had ready by then."""
    ahead.use(workers)
    batches = forever(ahead)
    for _ in range(1 + workers * READY):
        say(f"Measuring where items are varied fastest: {name_of(workers)}")
        step(trainer, next(batches))
    ahead.forget_times()
    began, done = time.perf_counter(), 0
    while done < 2 or time.perf_counter() - began < TRIAL_S:
        step(trainer, next(batches))
        done += 1
    return round(done / (time.perf_counter() - began), 2)


def forever(ahead: Ahead) -> Iterator[Any]:
    """The batches of the first epochs."""
    while True:
        order = list(ahead.order)
        for start in range(0, len(order), ahead.batch_size):
            yield ahead.__getitems__(order[start : start + ahead.batch_size])
        ahead.order.epoch = ahead.epoch = ahead.epoch + 1


def step(trainer: Any, batch: dict[str, Any]) -> None:
    """One step without the optimizer's part."""
    import torch

    model = trainer.model.train()
    with half_precision(trainer.args):
        trainer.compute_loss(model, trainer._prepare_inputs(batch)).backward()
    model.zero_grad(set_to_none=True)
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def half_precision(args: Any) -> Any:
    import torch

    if not (args.bf16 or args.fp16):
        return nullcontext()
    return torch.autocast(args.device.type, torch.bfloat16 if args.bf16 else torch.float16)


@contextmanager
def undone(model: Any) -> Iterator[None]:
    """Steps inside leave no trace: not in buffers (running statistics), gradients, mode or random numbers."""
    import torch

    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    was_training = model.training
    try:
        with torch.random.fork_rng():
            yield
    finally:
        model.zero_grad(set_to_none=True)
        with torch.no_grad():
            for name, buffer in model.named_buffers():
                buffer.copy_(kept[name])
        model.train(was_training)
