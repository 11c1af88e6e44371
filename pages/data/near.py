"""Near-duplicates: found on demand, shown side by side, labeled in one action or taken apart."""

import streamlit as st

from backend import grouping
from backend import projects as project_views
from backend.grouping import view
from db import groups as rows
from db import jobs
from db import projects as project_rows
from db.models import JobState, Kind, Project
from db.session import reading, writing
from pages.data import near_group
from pages.parts import done
from pages.parts.job_card import job_card

PAGE = 10
WORDS = {"strict": "Strict", "usual": "Usual", "loose": "Loose"}
WHAT_IT_FINDS = {
    Kind.IMAGE: {
        "strict": "The same picture saved again, resized, brighter or darker.",
        "usual": "Also with a little cut off its edges.",
        "loose": "Also with more cut off, and the next picture of a burst. Now and then two that only look alike.",
    },
    Kind.TEXT: {
        "strict": "Upper and lower case, punctuation, a typo in a long text.",
        "usual": "Also some words more or fewer, and a typo in a short text.",
        "loose": "Also the same letter to different people. Now and then two that only share a turn of phrase.",
    },
}


def near_duplicates(project: Project) -> None:
    with reading() as session:
        job, search = rows.newest_job(session, project.id), rows.last_done(session, project.id)
    if job and job.state != JobState.DONE:
        job = job_card(job.id)
    is_at_work = job is not None and job.state in jobs.ACTIVE
    if search is None:
        if not is_at_work:
            invite(project)
        return
    wanted = head(project, is_at_work=is_at_work)
    done.show(project, key=near_group.PLACE)
    list_of_groups(project, *wanted)


def invite(project: Project) -> None:
    what = "pictures" if project.kind == Kind.IMAGE else "texts"
    st.markdown(
        f"Find {what} that are nearly the same: label them in one action, "
        "and keep them from lying in training and test at once."
    )
    likeness = choice(project, "usual")
    if st.button("Find near-duplicates", type="primary", key="near-find"):
        find(project, likeness)


def choice(project: Project, used: str) -> str:
    """How alike is alike, folded away."""
    with st.expander(f"How alike: {WORDS[used].lower()}", icon=":material/tune:"):
        chosen = st.segmented_control(
            "How alike", list(WORDS), default=used, format_func=WORDS.__getitem__, required=True, key="near-likeness"
        )
        st.caption(WHAT_IT_FINDS[Kind(project.kind)][str(chosen)])
        if chosen != used:
            st.caption("The next search looks at all items again. What you took apart stays apart.")
    return str(chosen)


def find(project: Project, likeness: str) -> None:
    with writing() as session:
        grouping.start(session, project_views.get(session, project.id), likeness)
    st.rerun()


def head(project: Project, *, is_at_work: bool) -> tuple[bool, bool]:
    """Counts, the button for what is new, filter and order; (largest first, only with different labels)."""
    with reading() as session:
        counts = rows.counts(session, project.id)
        straddling = rows.straddling(session, project.id)
        used = grouping.used(session, project.id)
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.markdown(
        f"**{number(counts['groups'], 'group')}** of near-duplicates with **{number(counts['items'], 'item')}**"
        if counts["groups"]
        else "**No near-duplicates** were found."
    )
    with st.container():
        likeness = choice(project, used)
    if button.button("Look again", disabled=is_at_work, width="stretch", key="near-again", icon=":material/refresh:"):
        find(project, likeness)
    if straddling:
        lie = "group of near-duplicates lies" if straddling == 1 else "groups of near-duplicates lie"
        st.warning(
            f"{straddling:,} {lie} in training and in validation or test as well, because the data came with "
            "its splits or was split before. Splits stay as they are; training leaves the copies out.",
            icon=":material/call_split:",
        )
    if not counts["groups"]:
        return False, False
    only, order = st.columns([3, 1], vertical_alignment="bottom")
    disagree = only.toggle("Only with different labels", key="near-disagree")
    largest = order.selectbox("Order", ["Oldest first", "Largest first"], key="near-order") == "Largest first"
    return largest, disagree


def list_of_groups(project: Project, largest: bool, disagree: bool) -> None:
    wanted = (project.id, largest, disagree)
    if st.session_state.get("near-filter") != wanted:
        st.session_state["near-filter"], st.session_state["near-cursors"] = wanted, [None]
    cursors: list[str | None] = st.session_state["near-cursors"]
    with reading() as session:
        found = view.page(session, project, largest_first=largest, disagree=disagree, after=cursors[-1], limit=PAGE)
        classes = list(project_rows.classes(session, project.id, with_archived=True))
    for group in found["items"]:
        near_group.show(project, group, classes)
    if not found["items"] and disagree:
        st.info("No group on this page has different labels." if found["next"] else "No group has different labels.")
    if len(cursors) > 1 or found["next"]:
        pager(cursors, found["next"])


def pager(cursors: list[str | None], following: str | None) -> None:
    back, place, on = st.columns([1, 2, 1], vertical_alignment="center")
    if back.button("Previous", disabled=len(cursors) == 1, width="stretch", key="near-back"):
        cursors.pop()
        st.rerun()
    place.markdown(f"Page {len(cursors):,}", text_alignment="center")
    if on.button("Next", disabled=following is None, width="stretch", key="near-next"):
        cursors.append(following)
        st.rerun()


def number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
