"""What suggests now, as a line below the pad, with a way to make better suggestions."""

from typing import Any

import streamlit as st

from backend import projects, suggesting
from backend.models import catalogue, fetch
from backend.suggesting import choices, naming
from db import jobs
from db import suggestions as rows
from db.models import Job, JobKind, JobState, Project, SuggestionSet
from db.session import reading
from pages.parts.edit_classes import edit_classes
from pages.parts.errors import tried
from pages.parts.job_card import job_card
from pages.parts.words import clock, plain

OWN_FOLDER = "path:"


def suggest_card(project: Project) -> None:
    """Draw the line, the job at work if there is one, and the classes."""
    with st.container(border=True):
        words, button = st.columns([4, 1], vertical_alignment="center")
        words.markdown(what_suggests(project))
        with button.popover("Make suggestions", width="stretch"):
            make(project)
        for job in jobs_to_show(project):
            job_card(job.id)
        # The table is drawn when it is opened: the first item of the pad would wait for it.
        with st.expander("Classes", on_change="rerun", key="classes-open") as folded:
            if folded.open:
                edit_classes(project)


def what_suggests(project: Project) -> str:
    with reading() as session:
        project = projects.get(session, project.id)
        used = rows.get_set(session, project.suggestion_set_id) if project.suggestion_set_id else None
    if used is None:
        hint = " Label an item in each of two classes and they begin by themselves." if project.kind == "image" else ""
        return f"**Suggestions:** none yet.{hint}"
    count, confidence = summary(used.id)
    sure = f" · {100 * confidence:.0f} % sure on average" if confidence is not None else ""
    # The head's set is as new as the newest label.
    made = "" if used.engine == "head" else f" · made {clock(used.finished_at or used.created_at)}"
    return f"**Suggestions** {by_what(used)} · {count:,} items{sure}{made}"


@st.cache_data(ttl=5, show_spinner=False)
def summary(set_id: int) -> tuple[int, float | None]:
    with reading() as session:
        return rows.summary(session, set_id)


def by_what(used: SuggestionSet) -> str:
    with reading() as session:
        name = plain(naming.title_of_model(session, used.model))
    if used.engine == "head":
        return f"learned {naming.made_from(used)}, on {name}"
    return f"by {name}, {naming.made_from(used)}"


def make(project: Project) -> None:
    """The choice of what can suggest; what is not here comes with its size and a button that fetches it."""
    with reading() as session:
        offered = choices.of(session, project)
    by_id = {choice.id: choice for choice in offered}
    ids = [*by_id, OWN_FOLDER]
    chosen = st.radio(
        "What suggests",
        ids,
        format_func=lambda each: plain(by_id[each].title) if each in by_id else "A model folder of your own",
        captions=[plain(by_id[each].about) if each in by_id else "As transformers saves it" for each in ids],
        key=f"suggester-{project.id}",
    )
    if chosen == OWN_FOLDER:
        folder = st.text_input("Folder", placeholder="/home/me/models/my-clip", key=f"folder-{project.id}")
        if st.button("Make suggestions", key="make", type="primary", disabled=not folder.strip()):
            started(project, "zero_shot", OWN_FOLDER + folder.strip())
        return
    choice = by_id[chosen]
    if choice.is_here:
        if st.button("Make suggestions", key="make", type="primary"):
            started(project, choice.engine, choice.model)
    elif st.button(f"Fetch it ({catalogue.size_words(choice.size_bytes)})", key="fetch", type="primary"):
        tried(lambda session: fetch.start(session, choice.model))
    if pages := st.session_state.get("pages"):
        st.page_link(pages["models"], label="All models, and what each is for", icon=":material/deployed_code:")


def started(project: Project, engine: str, model_id: str) -> None:
    tried(lambda session: suggesting.start(session, projects.get(session, project.id), engine, model_id))


def jobs_to_show(project: Project) -> list[Job]:
    """The newest job of each sort, unless it is done: a failed one says why until the next is made."""
    with reading() as session:
        newest = jobs.page(session, project.id, None, 20)
        found = [
            newest_of(newest, {JobKind.SUGGEST, JobKind.EMBED}),
            newest_of(newest, {JobKind.LABEL}),
            newest_of(jobs.page(session, None, None, 20), {JobKind.DOWNLOAD}),
        ]
    return [job for job in found if job is not None and job.state != JobState.DONE]


def newest_of(found: Any, kinds: set[JobKind]) -> Job | None:
    return next((job for job in found if job.kind in kinds), None)
