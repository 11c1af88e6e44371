"""Train: start a run, watch it learn, see how good it became."""

import streamlit as st

from backend import errors
from backend.training import readiness
from db import comparison
from db.models import LabelClass, Project
from db.session import reading
from pages.parts.chosen import chosen_project, go_to
from pages.parts.words import plain
from pages.train import clone, form, live, result, sweep
from pages.train.choice import chosen_run, in_address


def show() -> None:
    project = chosen_project()
    st.title("Train")
    asked = in_address()
    with reading() as session:
        counts = readiness.label_counts(session, project)
        listed = comparison.listed(session, project.id, also=[asked] if asked is not None else [])
    if may_train(project, counts):
        is_asked = "recipe" in st.query_params or "clone" in st.query_params
        with st.expander("Train a model", expanded=not listed or is_asked, icon=":material/add:"):
            form.show(project, counts, clone.taken(project))
    if listed:
        run_id = chosen_run(project, listed, asked)
        sweep.show(run_id)
        if not live.show(run_id):
            result.show(project, run_id)


def may_train(project: Project, counts: dict[LabelClass, int]) -> bool:
    """Whether there are classes enough with labels enough; says what is missing otherwise."""
    try:
        readiness.learnable(counts, multi_label=project.multi_label, allow_missing=True)
    except errors.TooFewLabels as error:
        short = {each: n for each, n in counts.items() if n < readiness.MINIMUM}
        st.info(plain(readiness.what_is_missing(short) if short else error.message))
        if st.button("Label items", type="primary", key="train-label"):
            go_to("label")
        return False
    return True
