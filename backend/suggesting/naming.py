"""What a suggester is called on screen."""

from collections.abc import Sequence

from backend import errors
from backend.models import catalogue
from db import runs
from db.models import SuggestionSet
from db.session import Session

RUN = "run:"


def title(session: Session, engine: str, model_id: str) -> str:
    """ "the learned head", "MiniLM", or the name of a run. Of what is gone, the id."""
    return "the learned head" if engine == "head" else title_of_model(session, model_id)


def title_of_model(session: Session, model_id: str) -> str:
    if model_id.startswith(RUN):
        number = model_id.removeprefix(RUN)
        run = runs.get(session, int(number)) if number.isdecimal() else None
        return run.name if run else f"run {number}, which is gone"
    try:
        return catalogue.find(model_id).title
    except errors.WinnowError:
        # A folder that was moved since.
        return model_id


def titles(session: Session, sets: Sequence[SuggestionSet]) -> dict[int, str]:
    """Set id -> the title of its suggester, with the set's number where two would read the same."""
    written = [title(session, each.engine, each.model) for each in sets]
    return {
        each.id: f"{name} ({each.id})" if written.count(name) > 1 else name
        for each, name in zip(sets, written, strict=True)
    }


def made_from(used: SuggestionSet) -> str:
    """ "from 32 labels", "from the class names": what its suggester knows."""
    if used.engine == "head":
        count = used.prompts.get("labels", 0)
        labels = f"{count:,} {'label' if count == 1 else 'labels'}"
        if used.prompts.get("has_learned", True):
            return f"from {labels}"
        # Cross-validation found nothing that the words do not say better.
        return f"from the class names; {labels} do not outweigh them yet"
    return "a run of yours" if used.engine == "run" else "from the class names"
