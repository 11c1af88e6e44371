"""Label: the pad, and below it what makes suggestions."""

from typing import Any

import streamlit as st

from backend import errors, projects
from backend.labeling import queue, stats
from backend.suggesting import naming, sets
from db.models import Project
from db.projects import has_items
from db.session import Session, reading
from pages.parts.chosen import chosen_project, go_to
from pages.parts.pad.pad import label_pad
from pages.parts.suggest import suggest_card


def show() -> None:
    project = chosen_project()
    with reading() as session:
        is_empty = not has_items(session, project.id)
        about = for_pad(session, project) | asked_order(session, project)
    if is_empty:
        return invite("There is nothing to label yet. Add images or texts, and they come up here.", "Add data")
    if not about["classes"]:
        return invite("There are no classes to choose from. Name what you want to tell apart.", "Name classes")
    wanted = label_pad(about)
    if wanted:
        go_to(wanted)
    suggest_card(project)
    return None


def for_pad(session: Session, project: Project) -> dict[str, Any]:
    """Small, because it travels on every run of the page: the pad fetches the items itself."""
    shown = projects.as_json(session, project)
    return {
        **{name: shown[name] for name in ("id", "kind", "multi_label", "blind")},
        # An id alone would be the same in another home on the same port, and with it what the browser keeps.
        "key": f"{project.id}-{project.created_at.timestamp():.0f}",
        "classes": [each for each in shown["classes"] if not each["archived"]],
        "suggestion_set": project.suggestion_set_id,
        "progress": stats.progress(session, project),
        "splits": queue.splits(session, project),
    }


def asked_order(session: Session, project: Project) -> dict[str, Any]:
    """The order that the link names, and words for it where the pad has none of its own."""
    order = st.query_params.get("order", "")
    if not order:
        return {}
    words = which_differ(session, project, order) if order.startswith("disagree:") else ""
    return {"asked": {"order": order, "words": words}}


def which_differ(session: Session, project: Project, order: str) -> str:
    """ "Where MiniLM and the learned head differ" """
    try:
        both = queue.sets_of(session, project, order.partition(":")[2])
    except errors.WinnowError:
        # The pad says what is wrong with it.
        return "Where two suggesters differ"
    one, other = naming.titles(session, [sets.of_project(session, project, each) for each in both]).values()
    return f"Where {one} and {other} differ"


def invite(what: str, button: str) -> None:
    st.title("Label")
    st.info(what)
    if st.button(button, type="primary"):
        go_to("data")
