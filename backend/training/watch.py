"""Looks over the Trainer's shoulder: writes progress and curves to the database and passes on a wish to stop."""

import math
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from backend import errors
from backend.jobs.progress import Handle
from backend.training.prepared import Order, Samples
from db import runs
from db.session import writing

WRITE_EVERY_S = 0.5
CHECKPOINT_EVERY_S = 60.0
NAMES = {
    "loss": "train/loss",
    "learning_rate": "train/learning_rate",
    "grad_norm": "train/grad_norm",
    "eval_log_loss": "validation/loss",
    "eval_accuracy": "validation/accuracy",
    "eval_f1_macro": "validation/f1_macro",
}
# Lies in a checkpoint that was written to its end.
WHOLE = "whole"


class Watch(TrainerCallback):
    """Raises Stopped out of `trainer.train()` when somebody asked the run to end."""

    def __init__(self, handle: Handle, run_id: int, order: Order, samples: Samples, patience: int) -> None:
        self.handle, self.run_id, self.patience = handle, run_id, patience
        self.order, self.samples = order, samples
        self.is_over = False
        self._points: list[dict[str, Any]] = []
        self._written_at = self._saved_at = time.monotonic()

    def on_epoch_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self.order.epoch = self.samples.epoch = state.global_step * state.num_train_epochs // state.max_steps

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        self.say(state)
        # Only where a point of the curve ends: a resumed run then has the very same points.
        is_point = state.global_step % state.logging_steps == 0
        if is_point and time.monotonic() - self._saved_at > CHECKPOINT_EVERY_S:
            control.should_save = True

    def on_epoch_end(self, _args: Any, _state: Any, control: Any, **_: Any) -> None:
        control.should_log = True

    def on_prediction_step(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        if not self.is_over:
            self.say(state)

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, float], **_: Any) -> None:
        for name, value in logs.items():
            if name in NAMES and value is not None:
                if not math.isfinite(value):
                    raise not_a_number(name, state.global_step)
                point = {"name": NAMES[name], "step": state.global_step, "epoch": state.epoch, "value": float(value)}
                self._points.append(point)
        if time.monotonic() - self._written_at > WRITE_EVERY_S:
            self.write()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # Before the mark: a run that goes on from here has every point up to here.
        self.write()
        (Path(args.output_dir) / f"checkpoint-{state.global_step}" / WHOLE).touch()
        self._saved_at = time.monotonic()
        if self.patience and evaluations_since_best(state) >= self.patience:
            control.should_training_stop = True

    def say(self, state: Any) -> None:
        epoch = f"Epoch {min(int(state.epoch or 0) + 1, state.num_train_epochs)} of {state.num_train_epochs}"
        self.handle.report(state.global_step, state.max_steps, epoch, unit="steps")

    def say_before(self, message: str) -> None:
        """Before the first step."""
        self.handle.report(0, None, message, unit="steps")

    def keep(self, facts: dict[str, Any]) -> None:
        """Add figures to the run's environment."""
        with writing() as session:
            if run := runs.get(session, self.run_id):
                runs.write(session, self.run_id, environment=run.environment | facts)

    def write(self) -> None:
        points, self._points = self._points, []
        self._written_at = time.monotonic()
        with writing() as session:
            runs.put_points(session, self.run_id, points)


def evaluations_since_best(state: Any) -> int:
    """How many evaluations ago the best one was."""
    steps = [each["step"] for each in state.log_history if "eval_choice" in each]
    return sum(step > (state.best_global_step or 0) for step in steps)


def not_a_number(name: str, step: int) -> errors.BadSpec:
    what = "The gradient" if name == "grad_norm" else "The loss"
    return errors.BadSpec(
        f"{what} is no longer a number after step {step}: the training fell apart.",
        "Start again with a learning rate ten times lower.",
    )
