"""Looks over the Trainer's shoulder: writes progress and curves to the database and passes on a wish to stop."""

import logging
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from backend.jobs.progress import Handle, Stopped
from backend.training import checkpoints, failures, gauges, several
from backend.training.prepared import Order, Samples
from db import runs
from db.session import writing

log = logging.getLogger("winnow.training")
WRITE_EVERY_S = 0.5
CHECKPOINT_EVERY_S = 60.0
LOOK_EVERY_S = 0.3
GAUGE_EVERY_S = 1.0
NAMES = {
    "loss": "train/loss",
    "learning_rate": "train/learning_rate",
    "grad_norm": "train/grad_norm",
    "eval_log_loss": "validation/loss",
    "eval_accuracy": "validation/accuracy",
    "eval_f1_macro": "validation/f1_macro",
    "eval_f1_micro": "validation/f1_micro",
}
# Of the machine and not of the learning: their points lie at other steps each time.
GAUGES = ("train/items_per_second", "system/memory", "system/gpu", "system/gpu_memory")
# Gradients in fp16 are scaled until they fit, and a step whose gradient did not is left out. So many at once are too
# many.
MOST_LEFT_OUT = 20


class Watch(TrainerCallback):
    """Raises Stopped out of `trainer.train()` when somebody asked the run to end.

    run_id: None for a training that leaves no curve.
    """

    def __init__(
        self, handle: Handle, run_id: int | None, order: Order, samples: Samples, spec: Mapping[str, Any]
    ) -> None:
        self.handle, self.run_id, self.patience = handle, run_id, spec["patience"]
        self.order, self.samples = order, samples
        # What is really computed in.
        self.precision: str = spec["precision"]
        self.is_over = False
        self.meter = gauges.Meter()
        self.peak_bytes = 0
        self._points: list[dict[str, Any]] = []
        self._written_at = self._saved_at = time.monotonic()
        self._looked_at = self._gauged_at = 0.0
        self._said: tuple[int, int | None, str] = (0, None, "")
        self._left_out = 0

    def on_epoch_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self.order.epoch = self.samples.epoch = state.global_step * state.num_train_epochs // state.max_steps
        self.meter.go_on()

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        self.meter.count()
        self.say(state)
        several.obey(self.handle)
        # Only where a point of the curve ends: a resumed run then has the very same points. An epoch saves by itself.
        is_point = state.global_step % state.logging_steps == 0
        ends_epoch = state.global_step % (state.max_steps // state.num_train_epochs) == 0
        if is_point and not ends_epoch and several.agreed(time.monotonic() - self._saved_at > CHECKPOINT_EVERY_S):
            control.should_save = True

    def on_epoch_end(self, _args: Any, _state: Any, control: Any, **_: Any) -> None:
        control.should_log = True

    def on_evaluate(self, _args: Any, state: Any, _control: Any, metrics: dict[str, float], **_: Any) -> None:
        if "eval_f1_micro" in metrics and "eval_log_loss" not in metrics:
            raise self._fell_apart("The loss", state.global_step)
        if not self.is_over and self.run_id is not None:
            figures = {name.partition("/")[2]: metrics[told] for told, name in NAMES.items() if told in metrics}
            words = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
            log.info(
                "epoch %.4g, step %s of %s, validation: %s", state.epoch, state.global_step, state.max_steps, words
            )
        self.meter.go_on()

    def on_prediction_step(self, _args: Any, _state: Any, _control: Any, **_: Any) -> None:
        self.look()
        if not self.is_over:
            several.obey(self.handle)

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, float], **_: Any) -> None:
        for name, value in logs.items():
            if name not in NAMES or value is None:
                continue
            if not math.isfinite(value):
                if name == "grad_norm" and self._is_left_out(logs):
                    continue
                raise self._fell_apart("The gradient" if name == "grad_norm" else "The loss", state.global_step)
            self._point(NAMES[name], state, value)
        if "loss" in logs:
            self._gauge(state)
        if time.monotonic() - self._written_at > WRITE_EVERY_S:
            self.write()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        # Before the mark: a run that goes on from here has every point up to here.
        self.write()
        if args.should_save:
            folder = Path(args.output_dir)
            checkpoints.seal(checkpoints.at(folder, state.global_step))
            checkpoints.keep_only(folder, (state.global_step, state.best_global_step))
        self._saved_at = time.monotonic()
        if has_patience_ended(state, self.patience):
            control.should_training_stop = True
        self.meter.go_on()

    def say(self, state: Any) -> None:
        epoch = f"Epoch {min(int(state.epoch or 0) + 1, state.num_train_epochs)} of {state.num_train_epochs}"
        self._report(state.global_step, state.max_steps, epoch)

    def say_before(self, message: str) -> None:
        """Before the first step."""
        self._report(0, None, message)

    def look(self) -> None:
        """Say again what was said last, a few times a second, and obey a wish to stop. Called within a step too.

        A model that is trained already is still judged when the best is to be kept.
        """
        now = time.monotonic()
        if now - self._looked_at < LOOK_EVERY_S:
            return
        self._looked_at = now
        if not self.is_over:
            self._report(*self._said)
        elif self.handle.stop_asked() == "nothing":
            raise Stopped("nothing")

    def _report(self, done: int, total: int | None, message: str) -> None:
        self._said = (done, total, message)
        self.handle.report(done, total, message, unit="steps")

    def facts(self) -> dict[str, Any]:
        """Of the whole run, or of what of it came after it was resumed."""
        found: dict[str, Any] = {"peak_memory_bytes": max(self.peak_bytes, gauges.peak_bytes())}
        if self.meter.rate is not None:
            found["items_per_second"] = round(self.meter.rate, 2)
        if (on_gpu := gauges.gpu_peak_bytes()) is not None:
            found["gpu_peak_memory_bytes"] = on_gpu
        return found

    def keep(self, facts: dict[str, Any]) -> None:
        """Add figures to the run's environment."""
        if self.run_id is None:
            return
        with writing() as session:
            if run := runs.get(session, self.run_id):
                runs.write(session, self.run_id, environment=run.environment | facts)

    def write(self) -> None:
        points, self._points = self._points, []
        self._written_at = time.monotonic()
        if self.run_id is None or not points:
            return
        with writing() as session:
            runs.put_points(session, self.run_id, points)

    def _point(self, name: str, state: Any, value: float) -> None:
        self._points.append({"name": name, "step": state.global_step, "epoch": state.epoch, "value": float(value)})

    def _gauge(self, state: Any) -> None:
        now = time.monotonic()
        if now - self._gauged_at < GAUGE_EVERY_S:
            return
        self._gauged_at = now
        memory = gauges.memory_bytes()
        self.peak_bytes = max(self.peak_bytes, memory)
        if (rate := self.meter.latest()) is not None:
            self._point("train/items_per_second", state, rate)
        for name, value in {"system/memory": float(memory), **gauges.gpus()}.items():
            self._point(name, state, value)

    def _is_left_out(self, logs: Mapping[str, float]) -> bool:
        """Whether the step with this gradient was left out, as some are in fp16."""
        self._left_out += 1
        return self.precision == "fp16" and math.isfinite(logs["loss"]) and self._left_out < MOST_LEFT_OUT

    def _fell_apart(self, what: str, step: int) -> Exception:
        # What there is up to here tells how it came.
        self.write()
        return failures.not_a_number(what, step, self.precision)


def has_patience_ended(state: Any, patience: int) -> bool:
    """Whether so many evaluations were no better than the one before them; 0 waits for ever."""
    steps = [each["step"] for each in state.log_history if "eval_choice" in each]
    return bool(patience) and sum(step > (state.best_global_step or 0) for step in steps) >= patience
