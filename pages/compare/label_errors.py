"""Labels that are likely wrong, items unlike all others, near-duplicates with different labels: to go through, or to
mend in place. No label is changed without the person.
"""

import streamlit as st

from backend import inspecting, projects
from backend.encoding import default_encoder
from backend.inspecting import standing
from backend.models import catalogue
from backend.training import readiness
from db import inspections as rows
from db import jobs
from db.models import Inspection, JobState, Kind, Project
from db.session import reading
from pages.compare.doubts import listing
from pages.parts.chosen import go_to
from pages.parts.errors import tried
from pages.parts.job_card import job_card
from pages.parts.words import clock

KIND = "label_errors"
# Below this share the encoder does not tell the classes apart well enough to say what is wrong.
LEAST_AGREEMENT = 0.7


def show(project: Project) -> None:
    if projects.is_blind(project) and not says_so(project):
        return
    with reading() as session:
        newest, job = rows.newest(session, project.id, KIND), rows.newest_job(session, project.id, KIND)
    if job and job.state != JobState.DONE:
        job = job_card(job.id)
    is_at_work = job is not None and job.state in jobs.ACTIVE
    if newest is None:
        if not is_at_work:
            invite(project)
        return
    with reading() as session:
        found = standing.found(session, project, newest)
    head(project, newest, is_at_work=is_at_work)
    listing.show(project, newest, found)


def says_so(project: Project) -> bool:
    """Of a project that is labeled blind nothing is shown until somebody wants it all the same."""
    key = f"errors-unblinded-{project.id}"
    if st.session_state.get(key):
        return True
    st.info(
        "This project is labeled blind: nobody sees what a model suggests. What is listed here is what a model learned "
        "from the labels, and who has seen it no longer decides blind. On the Label page the items come without it.",
        icon=":material/visibility_off:",
    )
    if st.button("Show it all the same", key="errors-unblind"):
        st.session_state[key] = True
        st.rerun()
    return False


def invite(project: Project) -> None:
    with reading() as session:
        counts = readiness.label_counts(session, project)
    st.markdown(
        "Find the labels that do not fit what the other labels teach: likely wrong ones with what they look like "
        "instead, items unlike all others, and near-duplicates that were labeled differently. It takes some seconds, "
        "and changes nothing: you decide on each."
    )
    enough = sum(count >= readiness.MINIMUM for count in counts.values())
    least = readiness.least_classes(multi_label=project.multi_label)
    if enough < least:
        classes = "a class" if least == 1 else "each of two classes"
        st.info(f"It takes {readiness.MINIMUM} labeled items in {classes} to begin with.")
        if st.button("Label items", type="primary", key="errors-label"):
            go_to("label")
        return
    if st.button("Look for wrong labels", type="primary", key="errors-find", icon=":material/search:"):
        look(project)


def look(project: Project) -> None:
    tried(lambda session: inspecting.start(session, projects.get(session, project.id), KIND))


def head(project: Project, newest: Inspection, *, is_at_work: bool) -> None:
    with reading() as session:
        since = inspecting.decided_since(session, newest)
    words, button = st.columns([4, 1], vertical_alignment="center")
    words.markdown(how_many(newest))
    again = {"help": f"{decisions(since)} since {clock(newest.created_at)}."} if since else {}
    if button.button(
        "Look again", key="errors-again", icon=":material/refresh:", disabled=is_at_work, width="stretch", **again
    ):
        look(project)
    st.caption(what_it_means(newest, since))
    if is_unsure(newest):
        hardly_told_apart(project, newest)


def how_many(newest: Inspection) -> str:
    """ "About 460 to 560 of 5,572 labels may be wrong; the likeliest first." """
    result = newest.result
    low, high = sorted((result["counted_errors"], result["estimated_errors"]))
    if is_unsure(newest):
        return f"**{high:,} of {result['judged']:,} labels** do not fit what the others teach; the likeliest first."
    if not high:
        return f"**None of {result['judged']:,} labels** looks wrong."
    count = f"{high:,}" if low == high else f"{low:,} to {high:,}"
    return f"About **{count} of {result['judged']:,} labels** may be wrong; the likeliest first."


def what_it_means(newest: Inspection, since: int) -> str:
    parts = ["Each label is held against what the other labels teach (confident learning)."]
    if not is_unsure(newest):
        parts.append("The first are mostly wrong; further down more of them are right.")
    if left_out := len(newest.result["not_judged"]):
        classes = "1 class has" if left_out == 1 else f"{left_out:,} classes have"
        parts.append(f"{classes} fewer than {readiness.MINIMUM} different items, too few to judge by.")
    if since:
        parts.append(f"{decisions(since)} since then: what was decided is no longer listed.")
    return " ".join(parts)


def decisions(count: int) -> str:
    return "1 decision came" if count == 1 else f"{count:,} decisions came"


def is_unsure(newest: Inspection) -> bool:
    agreement = newest.result["agreement"]
    return agreement is not None and agreement < LEAST_AGREEMENT


def hardly_told_apart(project: Project, newest: Inspection) -> None:
    agreement = newest.result["agreement"]
    encoder_id = newest.result["encoder"]
    title = catalogue.find(encoder_id).title
    better = (
        " Suggest with CLIP first, on the Suggest page; then it is used here too."
        if project.kind == Kind.IMAGE and encoder_id == default_encoder(Kind.IMAGE)
        else ""
    )
    st.warning(
        f"Learned from the others, only {100 * agreement:.0f} % of the labels come out as they were given: with "
        f"{title} these classes are hard to tell apart, and many listed labels will be right.{better}",
        icon=":material/info:",
    )
