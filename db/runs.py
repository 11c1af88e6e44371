"""Queries on runs, their curves and predictions, on snapshots, and on the splits of items."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from db.models import Item, Label, Prediction, Run, RunMetric, RunState, Snapshot, Split, Status, SuggestionSet
from db.session import Session


def add(session: Session, run: Run) -> Run:
    session.add(run)
    session.flush()
    return run


def get(session: Session, run_id: int) -> Run | None:
    return session.get(Run, run_id)


def of_job(session: Session, job_id: int) -> Run | None:
    return session.scalar(select(Run).where(Run.job_id == job_id))


def page(
    session: Session,
    project_id: int,
    after: int | None,
    limit: int,
    *,
    with_archived: bool = False,
    only_starred: bool = False,
) -> Sequence[Run]:
    """Newest first, `after` being the last id of the page before."""
    query = select(Run).where(Run.project_id == project_id).order_by(Run.id.desc()).limit(limit)
    if not with_archived:
        query = query.where(Run.is_archived.is_(False))
    if only_starred:
        query = query.where(Run.is_starred.is_(True))
    return session.scalars(query.where(Run.id < after) if after is not None else query).all()


def count(session: Session, project_id: int) -> int:
    return session.scalar(select(func.count()).select_from(Run).where(Run.project_id == project_id)) or 0


def remove(session: Session, run: Run) -> None:
    """With its curves and predictions. The snapshot stays, for other runs may have learned from it, and the job: its
    number must not come back for another one."""
    session.execute(delete(Run).where(Run.id == run.id))


def done_with(session: Session, base: str, method: str, limit: int = 20) -> Sequence[Run]:
    """The newest finished runs of this method on this base, of all projects."""
    query = select(Run).where(
        Run.state == RunState.DONE, Run.spec["base"].as_string() == base, Run.spec["method"].as_string() == method
    )
    return session.scalars(query.order_by(Run.id.desc()).limit(limit)).all()


def sets_of(session: Session, project_id: int, model_id: str) -> Sequence[SuggestionSet]:
    """The suggestion sets that this model made in the project, or is making."""
    query = select(SuggestionSet).where(SuggestionSet.project_id == project_id, SuggestionSet.model == model_id)
    return session.scalars(query).all()


def share_snapshot(session: Session, run_id: int, snapshot_id: int) -> int:
    """Write the run's snapshot; all runs of a sweep get the same. Returns its id: another one may have been first."""
    run = session.get_one(Run, run_id, populate_existing=True)
    if run.snapshot_id is None:
        others = Run.id == run_id if run.sweep_id is None else Run.sweep_id == run.sweep_id
        session.execute(update(Run).where(others, Run.snapshot_id.is_(None)).values(snapshot_id=snapshot_id))
        return snapshot_id
    return run.snapshot_id


def write(session: Session, run_id: int, **values: Any) -> None:
    session.execute(update(Run).where(Run.id == run_id).values(**values))


def forget(session: Session, run_id: int) -> None:
    """Of a run that was stopped and discarded: neither model nor figures, neither predictions nor curves."""
    write(session, run_id, artifact=None, metrics={})
    session.execute(delete(Prediction).where(Prediction.run_id == run_id))
    session.execute(delete(RunMetric).where(RunMetric.run_id == run_id))


def put_points(session: Session, run_id: int, points: Sequence[dict[str, Any]]) -> None:
    """Write points {"name", "step", "epoch", "value"}; a point that is there already takes the new value."""
    if not points:
        return
    steps = {point["step"] for point in points}
    names = {point["name"] for point in points}
    wanted = {(point["name"], point["step"]) for point in points}
    query = select(RunMetric.id, RunMetric.name, RunMetric.step).where(
        RunMetric.run_id == run_id, RunMetric.name.in_(names), RunMetric.step.between(min(steps), max(steps))
    )
    old = [each_id for each_id, name, step in session.execute(query) if (name, step) in wanted]
    session.execute(delete(RunMetric).where(RunMetric.id.in_(old)))
    session.execute(insert(RunMetric), [{"run_id": run_id, **point} for point in points])


def points(session: Session, run_id: int, after: int | None = None, limit: int | None = None) -> Sequence[RunMetric]:
    """In the order of their ids, `after` being the last id of the page before."""
    query = select(RunMetric).where(RunMetric.run_id == run_id).order_by(RunMetric.id).limit(limit)
    return session.scalars(query.where(RunMetric.id > after) if after is not None else query).all()


def put_predictions(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write a chunk of predictions; those of items that were deleted meanwhile are left out."""
    if not rows:
        return
    item_ids = [row["item_id"] for row in rows]
    here = set(session.scalars(select(Item.id).where(Item.id.in_(item_ids))))
    session.execute(delete(Prediction).where(Prediction.run_id == rows[0]["run_id"], Prediction.item_id.in_(item_ids)))
    kept = [row for row in rows if row["item_id"] in here]
    if kept:
        session.execute(insert(Prediction), kept)


def predictions(
    session: Session, run_id: int, split: Split | None = None, after: int | None = None, limit: int = 100
) -> Sequence[Prediction]:
    """By item id, `after` being the last item id of the page before."""
    query = select(Prediction).where(Prediction.run_id == run_id).order_by(Prediction.item_id).limit(limit)
    if split is not None:
        query = query.where(Prediction.split == split)
    return session.scalars(query.where(Prediction.item_id > after) if after is not None else query).all()


def add_snapshot(session: Session, snapshot: Snapshot) -> Snapshot:
    session.add(snapshot)
    session.flush()
    return snapshot


def get_snapshot(session: Session, snapshot_id: int) -> Snapshot | None:
    return session.get(Snapshot, snapshot_id)


def snapshot_with(session: Session, project_id: int, fingerprint: str) -> Snapshot | None:
    return session.scalar(
        select(Snapshot).where(Snapshot.project_id == project_id, Snapshot.fingerprint == fingerprint).limit(1)
    )


def write_baselines(session: Session, snapshot_id: int, baselines: dict[str, Any]) -> None:
    session.execute(update(Snapshot).where(Snapshot.id == snapshot_id).values(baselines=baselines))


def put_splits(session: Session, splits: dict[int, Split]) -> None:
    """Give items their split. One that has a split keeps it: a split is written once."""
    for split in Split:
        ids = [item_id for item_id, chosen in splits.items() if chosen == split]
        if ids:
            session.execute(update(Item).where(Item.id.in_(ids), Item.split.is_(None)).values(split=split))


def label_counts(session: Session, project_id: int) -> dict[int, int]:
    """Class id -> how many labeled items have it. Classes without any are missing."""
    query = (
        select(Label.class_id, func.count())
        .join(Item, Item.id == Label.item_id)
        .where(Item.project_id == project_id, Item.status == Status.LABELED)
        .group_by(Label.class_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def classes_for_training(session: Session, project_id: int) -> set[int]:
    """Ids of the classes with labeled items that are for training, or have no split yet."""
    query = (
        select(Label.class_id)
        .join(Item, Item.id == Label.item_id)
        .where(Item.project_id == project_id, Item.status == Status.LABELED)
        .where(or_(Item.split.is_(None), Item.split == Split.TRAIN))
        .distinct()
    )
    return set(session.scalars(query))


def labeled_sizes(session: Session, project_id: int, limit: int = 500) -> list[int]:
    """Letters of texts, the shorter side in pixels of images, for some labeled items: to choose settings by."""
    query = (
        select(func.length(Item.text), Item.width, Item.height)
        .where(Item.project_id == project_id, Item.status == Status.LABELED)
        .limit(limit)
    )
    return [letters or min(width or 0, height or 0) for letters, width, height in session.execute(query)]
