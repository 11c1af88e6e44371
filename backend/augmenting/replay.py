"""What a run was given: in which batch an item stood in an epoch. With it any training sample can be shown again.

Of runs that trained in one process; with several, each takes every so-manieth of the same batches, but for the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from backend import errors, projects
from backend.training import runs, snapshots
from backend.training.prepared import Order, balanced
from db import runs as rows
from db.models import Split
from db.session import reading


@dataclass(frozen=True)
class Trained:
    """The content hashes of a run's training items, in its own order, and how it made batches of them.

    weights: how often each was drawn, where that was not the same for all.
    """

    content_hashes: Sequence[bytes]
    seed: int
    batch_size: int
    weights: Sequence[float] | None = None


def of(run_id: int) -> Trained:
    """Raises NotFound, or Conflict for a run without its data yet."""
    with reading() as session:
        run = runs.get(session, run_id)
        snapshot = rows.get_snapshot(session, run.snapshot_id) if run.snapshot_id else None
    if snapshot is None:
        raise errors.Conflict(f"The run {run.name} has not begun.", "Wait until it trains.")
    trained_on = _trained_on(snapshot.id, snapshot.fingerprint)
    weights = balanced(trained_on.targets) if run.spec.get("sampling") == "balanced" else None
    hashes = [content_hash for content_hash, _ in trained_on.contents]
    return Trained(hashes, run.spec["seed"], run.spec["batch_size"], weights)


@lru_cache(maxsize=4)
def _trained_on(snapshot_id: int, _fingerprint: str) -> snapshots.Rows:
    """Ids are given again when rows are deleted; the same fingerprint has the same content."""
    with reading() as session:
        snapshot = rows.get_snapshot(session, snapshot_id)
        assert snapshot
        project = projects.get(session, snapshot.project_id)
    return snapshots.load(snapshot, project).parts[Split.TRAIN]


def not_trained_on(what: str) -> str:
    """Why an item of a run is not shown. what: "image" or "text"."""
    return f"The run did not train on this {what}: it was kept to judge, or came later."


def batches(run: Trained, content_hashes: Sequence[bytes], epoch: int) -> list[list[bytes]]:
    """For each item the content hashes of its batch, in their order. The run must have trained on all of them.

    One that was not drawn in this epoch is by itself.
    """
    wanted = set(content_hashes)
    order = Order(len(run.content_hashes), run.seed, run.batch_size, None, weights=run.weights)
    order.epoch = epoch
    ordered = [run.content_hashes[position] for position in order]
    found = {content_hash: [content_hash] for content_hash in wanted}
    for place, content_hash in enumerate(ordered):
        if content_hash in wanted:
            start = place // run.batch_size * run.batch_size
            found[content_hash] = ordered[start : start + run.batch_size]
    return [found[content_hash] for content_hash in content_hashes]
