"""Which classes a run was trained with, where they are others today: a run keeps them for ever."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.classes import shown_name
from backend.training import readiness
from db import comparison
from db import projects as rows
from db.comparison import Listed
from db.models import LabelClass, Project
from db.session import Session

NAMED = 3


def of_runs(session: Session, project: Project, listed: Sequence[Listed]) -> dict[int, str]:
    """Run id -> how its classes differ from today's; runs with the same ones are missing."""
    today = rows.all_classes(session, project.id)
    frozen = comparison.snapshots(session, list({run.snapshot_id for run in listed if run.snapshot_id is not None}))
    said = {snapshot_id: since(each.classes, today) for snapshot_id, each in frozen.items()}
    found = {run.id: said.get(run.snapshot_id or 0, "") for run in listed}
    return {run_id: words for run_id, words in found.items() if words}


def since(then: Sequence[Mapping[str, Any]], today: Sequence[LabelClass]) -> str:
    """ "5 classes then: without heron; bird was merged into animal since"; "" when they are the same.

    then: {"id", "name"} of each class of the run. today: all classes of the project, also those that are gone.
    """
    known = {each.id: each for each in today}
    ids = {each["id"] for each in then}
    new = [each.name for each in today if each.id not in ids and each.gone_name is None and not each.archived]
    said = [f"without {shortened(new)}"] if new else []
    said += [what for each in then if (what := _became(each, known))]
    if not said:
        return ""
    count = f"{len(then)} {'class' if len(then) == 1 else 'classes'} then"
    more = f"; and {len(said) - NAMED} more changes" if len(said) > NAMED else ""
    return f"{count}: {'; '.join(said[:NAMED])}{more}"


def _became(each: Mapping[str, Any], known: Mapping[int, LabelClass]) -> str:
    now = known.get(each["id"])
    if now is None:
        return f"{each['name']} was deleted since"
    if now.gone_name is not None:
        into = known.get(now.merged_into or 0)
        return f"{each['name']} was " + (f"merged into {shown_name(into)} since" if into else "deleted since")
    if now.archived:
        return f"{each['name']} was archived since"
    return f"{each['name']} is called {now.name} now" if now.name != each["name"] else ""


def shortened(names: Sequence[str]) -> str:
    more = [f"{len(names) - NAMED} others"] if len(names) > NAMED else []
    all_of = [*names[:NAMED], *more]
    return readiness.in_words(all_of)
