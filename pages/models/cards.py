"""One model as a row: what it is for, whether it is here, and the button that fetches or removes it."""

from datetime import timedelta

import streamlit as st

from backend.models import catalogue, fetch, folders, shelf
from db import jobs
from db.models import Job, JobKind, JobState, now
from db.session import reading
from pages.parts.errors import tried
from pages.parts.words import plain

LOOKED_AT = 50
# A fetch that failed is said for a while, or until the next one of the same model.
SAID_FOR = timedelta(hours=1)


def fetches() -> dict[str, Job]:
    """Model id -> its newest fetch, if it is at work or has not come to its end."""
    with reading() as session:
        found = [job for job in jobs.page(session, None, None, LOOKED_AT) if job.kind == JobKind.DOWNLOAD]
    newest = {job.spec["model"]: job for job in reversed(found)}
    return {model_id: job for model_id, job in newest.items() if is_of_interest(job)}


def is_of_interest(job: Job) -> bool:
    if job.state == JobState.FAILED:
        return job.finished_at is not None and now() - job.finished_at < SAID_FOR
    return job.state != JobState.DONE and not catalogue.is_here(job.spec["model"])


def model_row(model: catalogue.Model, task: str, job: Job | None) -> None:
    """Draw the model. `task` makes the keys of its buttons its own: a model may stand in two groups."""
    with st.container(border=True):
        words, facts, button = st.columns([5, 3, 1.5], vertical_alignment="center")
        words.markdown(f"**{plain(model.title)}**  \n{plain(model.about)}")
        facts.caption(facts_of(model))
        is_wanted = False
        with button:
            if catalogue.is_here(model.id):
                here(model, task)
            elif job is not None and job.state in jobs.ACTIVE:
                st.caption("On its way")
            else:
                words_on = f"Fetch {catalogue.size_words(model.size_bytes)}"
                is_wanted = st.button(words_on, key=f"fetch-{task}-{model.id}", width="stretch")
        # Below the row: an error needs the width.
        if is_wanted:
            tried(lambda session: fetch.start(session, model.id))


def facts_of(model: catalogue.Model) -> str:
    """Its licence, its languages and a link to its page."""
    licence = model.licence or ("licence: see its page" if model.source else "")
    page = f"[{plain(model.source.removeprefix(catalogue.HUB_PAGE))}]({model.source})" if model.source else ""
    told = " · ".join(plain(each) for each in (licence, model.languages) if each)
    return "  \n".join(each for each in (told, page) if each)


def here(model: catalogue.Model, task: str) -> None:
    """Where the model lies, and for one of the hub the way to be rid of it."""
    with st.popover("Here", icon=":material/check:", width="stretch"):
        if model.id in (catalogue.DESCRIPTOR, catalogue.COMPACT_RESNET):
            st.caption("Part of Winnow: it has no files.")
            return
        st.caption(f"Revision {catalogue.revision_of(model.id)[:12]}, in")
        st.code(str(catalogue.folder_of(model.id)), language=None, wrap_lines=True)
        if not model.id.startswith("hub:"):
            st.caption("It came with the requirements.")
            return
        size = catalogue.size_words(shelf.size_of(folders.hub_name(model.id.removeprefix("hub:"))[0]))
        st.caption(
            f"Removing frees {size}. Other programs that use this cache lose the model too. Suggestions and runs "
            "that it made stay; it can be fetched again."
        )
        if st.button("Remove from this machine", key=f"remove-{task}-{model.id}", icon=":material/delete:"):
            tried(lambda session: shelf.remove(session, model.id))
