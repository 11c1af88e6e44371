"""/api/projects/{p}/compare/…: how sure, how often right, and where: curves, thresholds, slices."""

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query

from backend import errors, projects
from backend.evaluating import certainty, comparison, lines, slicing
from backend.evaluating.answers import Answers
from db.session import reading

router = APIRouter(prefix="/projects/{project_id}/compare", tags=["compare"])
Runs = Annotated[str, Query(description="numbers of runs with commas between: 1,2")]
Today = Annotated[bool, Query(description="by the labels of today, for runs judged by them")]
# A curve on a page has fewer pixels than this.
MOST_POINTS = 1000


@router.get("/ranking")
def ranking(
    project_id: int,
    *,
    runs: Runs = "",
    of: Annotated[
        str, Query(alias="class", description="the number of a class; macro: the mean of all; micro: all as one")
    ] = "macro",
    is_today: Today = False,
) -> dict[str, Any]:
    """ROC and precision-recall curves on each run's test items, and the areas below them; None where there is no curve:
    all items are of the class, or none is."""
    tables = _tables(project_id, runs, is_today=is_today)
    which: certainty.Of = "macro" if of == "macro" else "micro" if of == "micro" else _known(of, tables)
    return {"class": which, "runs": [_ranked(run_id, table, which) for run_id, table in tables.items()]}


@router.get("/reliability")
def reliability(project_id: int, *, runs: Runs = "", is_today: Today = False) -> dict[str, Any]:
    """How often each run is right at each confidence. Where an item may have several classes: of every class of it."""
    tables = _tables(project_id, runs, is_today=is_today)
    return {
        "runs": [
            {"run_id": run_id, "items": len(table)} | (certainty.reliable(table, 0) or {})
            for run_id, table in tables.items()
        ]
    }


@router.get("/thresholds")
def thresholds(
    project_id: int,
    *,
    run: int,
    class_id: Annotated[int | None, Query(alias="class", description="left out: of the confidence of answers")] = None,
    is_today: Today = False,
) -> dict[str, Any]:
    """What each threshold of one class would do; or what share of the items is answered, and how much of that rightly,
    when only those are answered that the run is so sure of."""
    table = _tables(project_id, str(run), is_today=is_today)[run]
    about = {"run_id": run, "class_id": class_id, "items": len(table)}
    if class_id is None:
        return about | _thinned(lines.coverage(table.confidence(0), table.is_right(0)))
    column = table.class_ids.index(_known(str(class_id), {run: table}))
    return about | _thinned(lines.of_class(table.truth[:, column], table.scores[0][:, column]))


@router.get("/slices")
def slices(
    project_id: int,
    *,
    run: int,
    against: Annotated[int | None, Query(description="a run to hold it against, on what both answered")] = None,
    is_today: Today = False,
) -> dict[str, Any]:
    """The run's accuracy on parts of its test items, the worst part first; or where it loses most against another."""
    with reading() as session:
        project = projects.get(session, project_id)
        if against is None:
            table = comparison.tables(session, project, [run], is_today=is_today)[run]
            found = slicing.of(session, project, table)
        elif against == run:
            raise errors.Invalid("A run cannot be held against itself.", "Name another run.")
        else:
            table = comparison.shared(session, project, [against, run], is_today=is_today)
            found = slicing.between(session, project, table)
        return {"run_id": run, "against": against, "items": len(table), "slices": found}


def _tables(project_id: int, runs: str, *, is_today: bool) -> dict[int, Answers]:
    with reading() as session:
        project = projects.get(session, project_id)
        return comparison.tables(session, project, comparison.parse_ids(runs), is_today=is_today)


def _known(of: str, tables: Mapping[int, Answers]) -> int:
    """The class that is asked for. Raises NotFound when no run knows it."""
    class_id = int(of) if of.isascii() and of.isdecimal() and len(of) <= 18 else None
    if class_id is None or not any(class_id in table.class_ids for table in tables.values()):
        raise errors.NotFound(f'No run here knows a class "{of}".', "Name a class by its number: GET …/classes has it.")
    return class_id


def _ranked(run_id: int, table: Answers, of: certainty.Of) -> dict[str, Any]:
    about = {"run_id": run_id, "items": len(table)}
    found = certainty.ranked(table, 0, of) if len(table) else None
    if found is None:
        return about | {"average_precision": None, "auc": None, "roc": None, "precision_recall": None}
    false, true = certainty.thinned(*found.roc)
    recall, precision = certainty.thinned(*found.pr)
    return about | {
        "average_precision": found.average_precision,
        "auc": found.auc,
        "roc": {"false_positive": false.tolist(), "true_positive": true.tolist()},
        "precision_recall": {"recall": recall.tolist(), "precision": precision.tolist()},
    }


def _thinned(columns: Mapping[str, np.ndarray[Any, Any]]) -> dict[str, list[Any]]:
    """At most MOST_POINTS of the rows, evenly taken, the first and the last among them."""
    n = len(columns["thresholds"])
    kept = np.unique(np.linspace(0, n - 1, MOST_POINTS).round().astype(int)) if n > MOST_POINTS else np.arange(n)
    return {name: column[kept].tolist() for name, column in columns.items()}
