"""Explore with a question: items that fit some words, or that are like another item."""

from typing import Any

import streamlit as st

from backend import items as item_views
from backend import suggesting
from backend.encoding import vectors
from backend.jobs import control
from backend.models import catalogue
from backend.suggesting.search import find
from db import explore, items
from db import jobs as job_rows
from db import projects as rows
from db.models import JobKind, Kind, Project
from db.session import reading, writing
from pages.parts import grid
from pages.parts.job_card import job_card
from pages.parts.words import plain

FOUND = 48
CHECKED = 200
# Both leave a vector of every item behind.
READING = (JobKind.EMBED, JobKind.SUGGEST)


def encoder_of(project: Project) -> str:
    with reading() as session:
        return suggesting.encoder_of(session, project)


def reads_words(project: Project) -> bool:
    """Whether words can be compared with the items themselves. For images that takes CLIP."""
    return project.kind == Kind.TEXT or bool(catalogue.find(encoder_of(project)).how)


def share_with_vectors(project: Project) -> float:
    """The share of the items that can be compared, estimated on a random sample."""
    with reading() as session:
        hashes = [each.content_hash for each in explore.sample(session, project.id, CHECKED)]
    is_there = vectors.get(encoder_of(project), hashes)[1]
    return float(is_there.mean()) if len(is_there) else 0.0


def offer_vectors(project: Project) -> bool:
    """Say what is missing for a comparison, and offer it. True when there is nothing to compare yet."""
    with reading() as session:
        at_work = [job for job in job_rows.in_states(session, job_rows.ACTIVE, project.id) if job.kind == JobKind.EMBED]
    if at_work:
        job_card(at_work[0].id)
        return True
    share = share_with_vectors(project)
    if share == 1:
        return False
    there = "No item has" if share == 0 else f"Only {share:.0%} of the items have"
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.info(f"{there} been read by a model yet. Until then they cannot be compared with words or with each other.")
    if button.button("Read the items", type="primary", width="stretch"):
        with writing() as session:
            control.add(session, JobKind.EMBED, project.id, {"encoder": encoder_of(project)}, "Read the items")
        st.rerun()
    return share == 0


def by_words(project: Project, words: str) -> int | None:
    if not reads_words(project):
        return by_file_name(project, words)
    st.caption(f"Items that fit “{plain(words)}” best.")
    return results(project, find(project.id, text=words, limit=FOUND))


def by_file_name(project: Project, words: str) -> int | None:
    st.caption(
        f"Images with “{plain(words)}” in their file name. "
        "To search what they show, make suggestions with CLIP on the Label page."
    )
    with reading() as session:
        found = items.page(session, project.id, text=words, limit=FOUND)
    return results(project, [{"id": item.id, "score": None} for item in found])


def by_item(project: Project, item_id: int) -> int | None:
    st.caption("Items most like the first one, the likest first.")
    return results(project, find(project.id, item_id=item_id, limit=FOUND), asked_id=item_id)


def results(project: Project, found: list[dict[str, Any]], asked_id: int | None = None) -> int | None:
    """The grid of what was found; the id of the item whose "Similar" was pressed."""
    if not found:
        st.info("Nothing was found. Try other words.")
        return None
    shown_ids = [*([asked_id] if asked_id else []), *(each["id"] for each in found)]
    with reading() as session:
        shown = item_views.as_json(session, project, items.by_ids(session, shown_ids))
        classes = list(rows.classes(session, project.id))
    scores = {each["id"]: each["score"] for each in found if each["score"] is not None}
    return grid.item_grid(grid.cards(shown, classes, scores, asked_id), key="explore-found")
