"""Fine-tune one model with transformers' Trainer. Knows nothing of texts or images: see `prepared`."""

import logging
import shutil
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PrinterCallback, Trainer, TrainerState

from backend.jobs.progress import Handle, Stopped
from backend.training import checkpoints, failures, gauges, interrupting, loading, machine, pace, several, shares
from backend.training.arguments import arguments, batches_of
from backend.training.averaging import Average
from backend.training.choosing import figures
from backend.training.lengths import longest_first
from backend.training.linear import Floats, as_probabilities
from backend.training.losses import loss_function
from backend.training.prepared import Order, Prepared, balanced, by_row
from backend.training.snapshots import Frozen
from backend.training.watch import Watch, has_patience_ended
from db.models import Split

log = logging.getLogger("winnow.training")


class Loop(Trainer):
    """A Trainer with an order of its own: the library's is drawn from a random state that a resumed run lacks.

    Where it has an average of the weights, that is what is judged and saved.
    """

    order: Order
    prepared: Prepared
    watch: Watch
    average: Average | None = None

    @property
    def precision(self) -> str:
        """What is really computed in."""
        return next((name for name in ("bf16", "fp16") if getattr(self.args, name)), "fp32")

    def _get_train_sampler(self, train_dataset: Any = None) -> Order:
        return self.order

    def get_train_dataloader(self) -> Any:
        if several.count() == 1:
            return super().get_train_dataloader()
        return shares.loader(self.train_dataset, self.order, self.args.train_batch_size, self.data_collator)

    def _prepare_inputs(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return self.prepared.finish(super()._prepare_inputs(inputs))

    def training_step(self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None) -> Any:
        self.watch.meter.items += len(inputs["labels"]) * self.args.world_size
        return super().training_step(model, inputs, num_items_in_batch)

    def evaluate(self, *args: Any, **named: Any) -> dict[str, float]:
        with self._averaged():
            return super().evaluate(*args, **named)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        with self._averaged():
            super().save_model(output_dir, _internal_call)

    def _averaged(self) -> Any:
        return self.average.in_place() if self.average else nullcontext()

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        folder = checkpoints.at(Path(self.args.output_dir), self.state.global_step)
        checkpoints.unseal(folder)
        try:
            super()._save_checkpoint(model, trial)
            if self.average and self.args.should_save:
                self.average.save(folder)
        except BaseException:
            # On a full disk there is then room again for the database.
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self.accelerator.wait_for_everyone()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        if self.average:
            self.average.load(Path(resume_from_checkpoint))

    def go_on_from(self, checkpoint: Path | None, patience: int) -> None:
        """Train to the end; not at all where the training had ended before, and only its judging was cut short."""
        if checkpoint is not None:
            log.info("goes on from %s", checkpoint.name)
            state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
            if has_patience_ended(state, patience):
                self.state = state
                self.take_best()
                return
        self.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        if not self.state.best_global_step:
            self.take_best()

    def take_best(self) -> None:
        """Give the model the best weights so far; before there are any, those that would be judged now."""
        best = checkpoints.at(Path(self.args.output_dir), self.state.best_global_step or 0)
        if best.is_dir():
            self.state.best_model_checkpoint = str(best)
            self._load_best_model()
        elif self.average:
            self.average.put()

    def as_it_was(self) -> None:
        """The model as others will load it, without half precision and compiling. Who asks it then judges it too."""
        self.compute_metrics = None
        self.accelerator.native_amp = False
        self.accelerator.unwrap_model(self.model, keep_fp32_wrapper=False)
        machine.undo_compiling(self.model)


class Trained:
    """A trainer whose model is the best one found; `stopped` when it was ended early.

    facts: figures for the run's environment.
    """

    def __init__(self, trainer: Loop, watch: Watch, prepared: Prepared, frozen: Frozen, facts: dict[str, Any]) -> None:
        self.trainer, self.watch, self.prepared, self.frozen, self.facts = trainer, watch, prepared, frozen, facts
        self.stopped: Stopped | None = None

    def scores(self, split: Split) -> Floats:
        samples = longest_first(self.prepared.parts[split])
        if not len(samples):
            return np.zeros((0, len(self.frozen.classes)))
        logits = np.asarray(self.trainer.predict(samples).predictions, np.float64)
        return as_probabilities(by_row(samples, logits), multi_label=self.frozen.multi_label)


def train(
    handle: Handle,
    run_id: int | None,
    model: Any,
    prepared: Prepared,
    *,
    frozen: Frozen,
    spec: dict[str, Any],
    folder: Path,
) -> Trained:
    """Train from the newest whole checkpoint in `folder`, or from the start, up to the end or a wish to stop.

    run_id: None leaves no curve, and no facts in the database.
    Raises OutOfMemory, NotANumber, and OSError with ENOSPC when the disk is full: what is whole on it can be resumed.
    """
    part, order = prepared.parts[Split.TRAIN], order_of(prepared, frozen, spec)
    ahead = loading.Ahead(part, prepared.batch, order, spec["batch_size"])
    watch = Watch(handle, run_id, order, ahead, spec)
    gauges.forget_gpu_peak()
    with failures.in_words(spec):
        facts = (
            {"gradient_checkpointing": machine.checkpoint_gradients(model)} if spec["gradient_checkpointing"] else {}
        )
        trainer = trainer_of(model, ahead, prepared, frozen=frozen, spec=spec, folder=folder)
        trainer.order, trainer.prepared, trainer.watch = order, prepared, watch
        trainer.add_callback(watch)
        watch.precision = trainer.precision
        ahead.batch_size = trainer.args.train_batch_size
        trained = Trained(trainer, watch, prepared, frozen, facts)
        try:
            run_to_its_end(trained, ahead, spec)
        except Stopped as stopped:
            trained.stopped = stopped
            trainer.take_best()
        finally:
            if "augmentation" in trained.facts:
                trained.facts["augmentation"] |= ahead.told()
            ahead.close()
        watch.is_over = True
        trainer.as_it_was()
    trained.facts |= watch.facts()
    watch.write()
    several.leave(trained, folder)
    return trained


def order_of(prepared: Prepared, frozen: Frozen, spec: dict[str, Any]) -> Order:
    part = prepared.parts[Split.TRAIN]
    weights = balanced(frozen.parts[Split.TRAIN].targets) if spec["sampling"] == "balanced" else None
    return Order(len(part), spec["seed"], spec["batch_size"], prepared.lengths, weights=weights)


def trainer_of(
    model: Any, ahead: loading.Ahead, prepared: Prepared, *, frozen: Frozen, spec: dict[str, Any], folder: Path
) -> Loop:
    validation = longest_first(prepared.parts[Split.VALIDATION])
    trainer = Loop(
        model=model,
        args=arguments(spec, len(ahead), folder),
        train_dataset=ahead,
        eval_dataset=validation,
        data_collator=loading.collated(prepared.batch),
        compute_loss_func=loss_function(frozen, spec),
        compute_metrics=figures(frozen, validation, spec["best_metric"]),
    )
    # It prints every point, and the job's log is for people.
    trainer.remove_callback(PrinterCallback)
    if spec["ema"]:
        # Of the model where it is now: the Trainer has moved it.
        trainer.average = Average(model, spec["ema"])
        trainer.add_callback(trainer.average)
    return trainer


def run_to_its_end(trained: Trained, ahead: loading.Ahead, spec: dict[str, Any]) -> None:
    trainer, watch, model = trained.trainer, trained.watch, trained.trainer.model
    if several.take_over(trained, Path(trainer.args.output_dir)):
        return
    if spec["compile"]:
        watch.say_before("Compiling the model")
        trained.facts["compile"] = machine.compiled(model, partial(first_step, trainer, ahead))
    # A compiled model's layers are one.
    with interrupting.looking(model, watch.look, forward=trained.facts.get("compile") != machine.DONE):
        steps = batches_of(spec, len(ahead)) * int(spec["epochs"])
        trained.facts |= pace.choose(trainer, ahead, steps, watch.say_before)
        watch.keep(trained.facts)
        several.begin(watch.handle)
        trainer.go_on_from(checkpoints.newest(Path(trainer.args.output_dir)), spec["patience"])


def first_step(trainer: Loop, ahead: loading.Ahead) -> None:
    """One that leaves no trace."""
    positions = list(ahead.order)[: ahead.batch_size]
    with pace.undone(trainer.model):
        pace.step(trainer, ahead.made_here(positions))
