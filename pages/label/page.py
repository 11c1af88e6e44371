"""Label: the pad, and below it what makes suggestions."""

from typing import Any

import streamlit as st

from backend import errors, projects
from backend.labeling import queue, stats, worklists
from backend.suggesting import naming, sets
from db.models import Project
from db.projects import has_items
from db.session import Session, reading
from pages.parts.chosen import chosen_project, go_to
from pages.parts.pad.pad import label_pad
from pages.parts.suggest import suggest_card
from pages.parts.worklist import from_page, go_back


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
    if wanted == "back":
        go_back()
    elif wanted:
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
    """The order that the link names, words for it where the pad has none of its own, and where the person came from."""
    order = st.query_params.get("order", "")
    if not order:
        return {}
    if order.startswith("disagree:"):
        words = which_differ(session, project, order)
    else:
        words = name_of_list(session, project, order)
    return {"asked": {"order": order, "words": words, "back": from_page()}}


def name_of_list(session: Session, project: Project, order: str) -> str:
    try:
        found = worklists.of_order(session, project, order)
    except errors.NotFound:
        # The pad says so.
        return "A list that is gone"
    return found.name if found else ""


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
