"""What a run came to: its figures, class by class, how it was made, and what to do with it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.evaluating import charts, comparison
from backend.training import near, runs
from db.models import Project, Run
from db.session import reading
from pages.parts import suggest_with
from pages.parts.charts import draw
from pages.parts.chosen import go_to
from pages.parts.report import report_link
from pages.parts.words import plain
from pages.train import clone, curves, ended, figures, housekeeping, made

RATES = ("F1", "Precision", "Recall")


def show(project: Project, run_id: int) -> None:
    with reading() as session:
        found = comparison.compare(session, project, [run_id])
        run = runs.get(session, run_id)
        snapshot, job = runs.snapshot_of(session, run), runs.job_of(session, run)
    shown = found["runs"][0]
    st.subheader(plain(run.name))
    if run.note:
        st.markdown(plain(run.note))
    if job is not None:
        ended.show(run, job)
    tested = shown["metrics"].get("test")
    if tested:
        figures.show(run, shown, found["baselines"])
        if left_out := near.told(snapshot.counts.get(near.LEFT_OUT, 0) if snapshot else 0):
            st.caption(left_out)
    made.skipped(project, run.environment)
    ways_on(project, run, has_model=bool(tested))
    tabs = ["Classes", "Confusion"] if tested else []
    *judged, learned, how, keep = st.tabs([*tabs, "Curves", "How it was made", "Name, disk, delete"])
    if tested:
        with judged[0]:
            class_by_class(found)
        with judged[1]:
            matrix(tested)
    with learned:
        learning(shown)
    with how:
        made.show(shown, run)
    with keep:
        housekeeping.show(run)


def ways_on(project: Project, run: Run, *, has_model: bool) -> None:
    with st.container(horizontal=True, gap="small"):
        if has_model and st.button("Use this model", type="primary", key="train-use"):
            go_to("use", run=run.id)
        if has_model and st.button("Compare runs", key="train-compare"):
            go_to("compare")
        if has_model:
            report_link(project, [run.id])
        st.button(
            "Start again with changes",
            key="train-clone",
            icon=":material/content_copy:",
            on_click=clone.ask,
            args=(run.id,),
            help="Fills the form above with its settings.",
        )
        has_varied = has_model and run.spec["method"] != "head" and run.spec.get("recipe_id")
        if has_varied and st.button("See what it saw", key="train-saw", help="Its items as the recipe showed them."):
            go_to("augment", run=run.id)
        if has_model:
            suggest_with.buttons(project, {run.id: "Suggest with this run"})
    suggest_with.what_follows(project)


def class_by_class(found: Mapping[str, Any]) -> None:
    runs_shown, classes = found["runs"], found["classes"]
    left, right = st.columns(2, gap="medium")
    with left:
        draw(charts.metric_bars(runs_shown, baselines=found["baselines"]), "train-bars")
    with right:
        draw(charts.per_class(runs_shown, classes), "train-classes")
    st.dataframe(
        [
            {"Class": each["name"], "Test items": each["support"]} | {name: each[name.lower()] for name in RATES}
            for each in runs_shown[0]["metrics"]["test"]["per_class"]
        ],
        hide_index=True,
        placeholder="–",
        column_config={name: st.column_config.NumberColumn(format="%.3f") for name in RATES},
    )


def matrix(tested: Mapping[str, Any]) -> None:
    if not tested.get("confusion"):
        st.caption("Where an item may have several classes there is no confusion matrix.")
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        draw(charts.confusion(tested), "train-confusion")
    with right:
        st.markdown("**Its most frequent mistakes**")
        wrong = [row for row in charts.confusion_rows(tested) if row["True class"] != row["Answered class"]]
        if wrong:
            st.dataframe(wrong[:10], hide_index=True)
        else:
            st.caption("None: every test item is answered rightly.")


def learning(run: Mapping[str, Any]) -> None:
    if run["method"] == "head":
        st.caption("A head is fitted in one go: it has no curve.")
    elif not run["curves"]:
        st.caption("It ended before its first step.")
    else:
        curves.show(run, "train")
