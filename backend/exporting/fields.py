"""Which fields an export has: chosen by name, with the columns that each of them becomes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from backend import errors
from db import runs as run_rows
from db import taking_out
from db.models import Kind, Project
from db.session import Session

# What may be asked for, and what a person reads beside the tick.
FIELDS = {
    "labels": "Labels",
    "status": "Status",
    "split": "Split",
    "annotator": "Annotator",
    "time": "Time and seconds",
    "source": "Source",
    "sources": "Other sources",
    "suggestion": "Suggestion and confidence",
    "scores": "Scores for every class",
    "gold": "Gold labels",
    "meta": "Other columns of the data",
}
DEFAULT = ("labels", "status", "split", "annotator", "decided_at", "source", "suggestion")
MOST_RUNS = 10
# More columns of the data than these share one column as JSON.
MOST_META = 60
LOOKED_AT = 500
REST = "more"


@dataclass(frozen=True)
class Chosen:
    """`names`: the columns in their order. `meta`: column -> key of the item's meta. `runs`: column -> run id."""

    names: tuple[str, ...]
    meta: dict[str, str] = field(default_factory=dict)
    runs: dict[str, int] = field(default_factory=dict)
    set_id: int | None = None


def choose(
    session: Session, project: Project, asked: Sequence[str] | None, run_ids: Sequence[int], set_id: int | None
) -> Chosen:
    """Raises Invalid for a field that there is not, NotFound for a run of another project."""
    wanted = DEFAULT if asked is None else tuple(dict.fromkeys(asked))
    for name in wanted:
        if name not in FIELDS and name not in DEFAULT:
            raise errors.Invalid(f'"{name}" is no field of the export.', f"Choose from {', '.join(FIELDS)}.")
    label = "labels" if project.multi_label else "label"
    columns = {
        "labels": (label,),
        "time": ("decided_at", "seconds"),
        "suggestion": ("suggestion", "confidence"),
        "scores": ("scores",),
        "gold": ("gold",),
    }
    names = ["id", "text" if project.kind == Kind.TEXT else "file"]
    for name in (*FIELDS, "decided_at"):
        if name in wanted and name != "meta":
            names += [each for each in columns.get(name, (name,)) if each not in names]
    runs = _runs(session, project, run_ids)
    names = _ordered(names) + [each for column in runs for each in (column, f"{column}_confidence", f"{column}_scores")]
    meta = _meta(session, project, names) if "meta" in wanted else {}
    return Chosen((*names, *meta), meta, runs, set_id)


def _ordered(names: list[str]) -> list[str]:
    """The order in which exports have always had them."""
    order = ("id", "text", "file", "label", "labels", "status", "split", "annotator", "decided_at", "seconds", "source")
    return sorted(names, key=lambda name: order.index(name) if name in order else len(order) + names.index(name))


def _runs(session: Session, project: Project, run_ids: Sequence[int]) -> dict[str, int]:
    if len(run_ids) > MOST_RUNS:
        raise errors.Invalid(f"An export has the scores of at most {MOST_RUNS} runs.", "Name fewer.")
    for run_id in run_ids:
        run = run_rows.get(session, run_id)
        if run is None or run.project_id != project.id:
            raise errors.NotFound(f"There is no run {run_id} in this project.", "The Train page lists them.")
    return {f"run_{run_id}": run_id for run_id in dict.fromkeys(run_ids)}


def _meta(session: Session, project: Project, taken: Sequence[str]) -> dict[str, str]:
    """Column -> key. A key that is named as one of our own columns gets "meta_" before it; "" is all the others."""
    keys: dict[str, None] = {}
    for meta in taking_out.some_meta(session, project.id, LOOKED_AT):
        keys |= dict.fromkeys(meta)
    found: dict[str, str] = {}
    for key in list(keys)[:MOST_META]:
        column = key
        while column in taken or column in found or column == REST:
            column = f"meta_{column}"
        found[column] = key
    return found | {REST: ""}
