"""All that the Suggest page shows, as data: suggesters as people decided on them, kept sets, and where sets differ.

Of a project that is labeled blind the figures of decisions are told, for they are of what was decided; what the sets
say of items is not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backend import projects
from backend.evaluating import suggested, suggesters
from backend.suggesting import naming
from db.models import Project, SuggestionSet
from db.session import Session


def of(session: Session, project: Project) -> dict[str, Any]:
    """{"blind", "labels", "most_labels", "suggesters", "sets", "histogram", "pairs"}.

    labels: how many were looked at, the newest `most_labels` at most. histogram is of the set in use; it is None and
    there are no pairs while there is none, or while the project is labeled blind.
    """
    decided = suggesters.of(session, project)
    sets = suggested.kept_sets(session, project)
    said = {each.id: suggested.said_of(session, project, each.id) for each in sets}
    is_blind = projects.is_blind(project)
    used = project.suggestion_set_id
    return {
        "blind": is_blind,
        "labels": sum(each["decisions"] for each in decided),
        "most_labels": suggesters.MOST,
        "suggesters": [each | {"title": title_of(session, each["engine"], each["model"])} for each in decided],
        "sets": sets_as_json(session, project, sets, said),
        "histogram": None if is_blind or used is None else suggested.histogram(session, project, used),
        "pairs": [] if is_blind else suggested.pairs(said),
    }


def title_of(session: Session, engine: str | None, model: str | None) -> str:
    if engine is None or model is None:
        return "an earlier suggester"
    return naming.title(session, engine, model)


def sets_as_json(
    session: Session, project: Project, sets: Sequence[SuggestionSet], said: Mapping[int, suggested.Said]
) -> list[dict[str, Any]]:
    names = naming.titles(session, sets)
    return [
        {
            "id": each.id,
            "engine": each.engine,
            "model": each.model,
            "title": names[each.id],
            "made_from": naming.made_from(each),
            "items": said[each.id].items,
            "mean_confidence": rounded(said[each.id].mean_confidence),
            "is_estimate": said[each.id].is_sample,
            "is_active": each.id == project.suggestion_set_id,
            "finished_at": each.finished_at.isoformat() if each.finished_at else None,
        }
        for each in sets
    ]


def rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
