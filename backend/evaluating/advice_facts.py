"""What the advice is made from, read in one go; and the shape of an advice."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from backend.inspecting import standing
from backend.projects import is_blind
from db import advice as rows
from db import groups, inspections, projects, runs, stats
from db.advice import Answered
from db.models import PRESENT, Inspection, LabelClass, Project, Run, Snapshot, Status
from db.session import Session

# Of what waits or is mistaken, so many are gone through at once.
MOST_ITEMS = 500


@dataclass(frozen=True)
class Advice:
    code: str
    title: str
    words: str
    action: dict[str, Any]
    figures: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Judged:
    """A finished run with what it learned from; answers: on its first test items."""

    run: Run
    snapshot: Snapshot | None
    answers: Sequence[Answered]
    losses: Sequence[tuple[float, float]]
    decided_since: int

    @property
    def name(self) -> str:
        return self.run.name or f"Run {self.run.id}"

    @property
    def test(self) -> dict[str, Any]:
        return self.run.metrics.get("test") or {}


@dataclass(frozen=True)
class Facts:
    """counts: labeled items of each class that is in use. by_status: without the bin, and what no item is.

    best: of the runs on the newest data, the best one.
    """

    project: Project
    counts: Mapping[LabelClass, int]
    by_status: Mapping[str, int]
    has_any_run: bool
    best: Judged | None
    looked_for_duplicates: bool
    straddling: int
    looked_for_errors: bool
    # Of the labels that are likely wrong those that nobody has looked at since.
    doubted: Sequence[int]
    forecast: Inspection | None
    flagged: Sequence[int]
    skipped: Sequence[int]

    @property
    def labeled(self) -> int:
        return self.by_status.get(Status.LABELED, 0)

    @property
    def to_do(self) -> int:
        return self.by_status.get(Status.TODO, 0)

    @property
    def has_suggestions(self) -> bool:
        return self.project.suggestion_set_id is not None

    def order_for(self, label_class: LabelClass | None = None) -> str:
        """The queue order to label in; of one class if its suggestions may be seen."""
        if label_class and self.has_suggestions and not is_blind(self.project):
            return f"class:{label_class.name}"
        return "uncertain" if self.has_suggestions else "mixed"


def gather(session: Session, project: Project) -> Facts:
    by_class = stats.labels_by_class(session, project.id)
    counts = projects.status_counts(session, [project.id])[project.id]
    by_status = {status: count for status, count in counts.items() if count and status in PRESENT}
    waiting = {
        status: rows.of_status(session, project.id, status, MOST_ITEMS) if by_status.get(status) else []
        for status in (Status.FLAGGED, Status.SKIPPED)
    }
    looked = groups.last_done(session, project.id) is not None
    errors_found = inspections.newest(session, project.id, "label_errors")
    return Facts(
        project,
        {each: by_class.get(each.id, 0) for each in projects.classes(session, project.id)},
        by_status,
        rows.has_run(session, project.id),
        best_of(session, project),
        looked,
        groups.straddling(session, project.id) if looked else 0,
        errors_found is not None,
        doubted(session, project, errors_found) if errors_found else [],
        inspections.newest(session, project.id, "learning_curve"),
        waiting[Status.FLAGGED],
        waiting[Status.SKIPPED],
    )


def doubted(session: Session, project: Project, found: Inspection) -> list[int]:
    open_ones = standing.found(session, project, found)
    return list(dict.fromkeys(each["item_id"] for each in open_ones if each["kind"] != "outlier"))


def best_of(session: Session, project: Project) -> Judged | None:
    """By macro-F1 on the test items, of the finished runs on the snapshot of the newest; the newest of equals."""
    found = rows.finished_runs(session, project.id)
    if not found:
        return None
    alike = [each for each in found if each[1] == found[0][1]]
    best_id = max(alike, key=lambda each: (-1.0 if each[2] is None else each[2], each[0]))[0]
    run = runs.get(session, best_id)
    assert run is not None
    snapshot = runs.get_snapshot(session, run.snapshot_id) if run.snapshot_id else None
    since = rows.events_after(session, project.id, snapshot.created_at if snapshot else run.created_at)
    return Judged(run, snapshot, rows.answers(session, run.id), rows.losses(session, run.id), since)


def to_label(facts: Facts, words: str, label_class: LabelClass | None = None) -> dict[str, Any]:
    return {"words": words, "page": "label", "query": {"order": facts.order_for(label_class)}}


def quoted(names: Sequence[str], most: int = 3) -> str:
    """'"heron", "owl" and 2 more'"""
    told = [f"“{name}”" for name in names[:most]]
    if len(names) > most:
        told.append(f"{len(names) - most} more")
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"


def number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
