"""What a run came to: its figures against the baselines, class by class, and how it was made."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import charts, comparison
from backend.evaluating.differences import flattened
from backend.training import near, runs
from db.models import Project, Run
from db.session import reading
from pages.parts import suggest_with
from pages.parts.charts import draw
from pages.parts.chosen import go_to
from pages.parts.settings import setting_rows
from pages.parts.words import duration, plain

RATES = ("F1", "Precision", "Recall")


def show(project: Project, run_id: int) -> None:
    with reading() as session:
        found = comparison.compare(session, project, [run_id])
        run = runs.get(session, run_id)
        snapshot = runs.snapshot_of(session, run)
    shown = found["runs"][0]
    st.subheader(plain(run.name))
    tested = shown["metrics"].get("test")
    if tested:
        figures(shown, tested, found["baselines"])
        if left_out := near.told(snapshot.counts.get(near.LEFT_OUT, 0) if snapshot else 0):
            st.caption(left_out)
        ways_on(project, run)
        classes, confusion, curves, made = st.tabs(["Classes", "Confusion", "Curves", "How it was made"])
        with classes:
            class_by_class(found)
        with confusion:
            matrix(tested)
    else:
        curves, made = st.tabs(["Curves", "How it was made"])
    with curves:
        learning(shown)
    with made:
        how_it_was_made(shown, run.environment)


def figures(run: Mapping[str, Any], tested: Mapping[str, Any], baselines: Sequence[Mapping[str, Any]]) -> None:
    boxes = st.columns(4, gap="small")
    regression = next((each for each in baselines if "majority" not in str(each["id"])), None)
    for box, name in zip(boxes, ("accuracy", "f1_macro"), strict=False):
        box.metric(charts.title_of(name), percent(tested[name]), against(tested, regression, name), border=True)
    gray: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off", "border": True}
    boxes[2].metric("Test items", f"{tested['n']:,}", "none of them was trained on", **gray)
    took = run["seconds"]
    boxes[3].metric("Trained in", duration(took) if took else "–", str(run["state"]), **gray)
    if regression:
        st.caption("The arrows compare with logistic regression on frozen vectors of the same items.")


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def against(tested: Mapping[str, Any], baseline: Mapping[str, Any] | None, name: str) -> str | None:
    before = (baseline or {}).get("metrics", {}).get("test", {}).get(name)
    return None if before is None or tested[name] is None else f"{100 * (tested[name] - before):+.1f} points"


def ways_on(project: Project, run: Run) -> None:
    with st.container(horizontal=True, gap="small"):
        if st.button("Use this model", type="primary", key="train-use"):
            go_to("use", run=run.id)
        if st.button("Compare runs", key="train-compare"):
            go_to("compare")
        has_varied = run.spec["method"] != "head" and run.spec.get("recipe_id")
        if has_varied and st.button("See what it saw", key="train-saw", help="Its items as the recipe showed them."):
            go_to("augment", run=run.id)
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
        return
    if not run["curves"]:
        st.caption("It ended before its first step.")
        return
    left, right = st.columns(2, gap="medium")
    with left:
        draw(charts.curves([run], "loss"), "train-loss", charts.curve_rows([run], "loss"))
    with right:
        draw(charts.curves([run], "f1_macro"), "train-f1", charts.curve_rows([run], "f1_macro"))


def how_it_was_made(run: Mapping[str, Any], environment: Mapping[str, Any]) -> None:
    left, right = st.columns(2, gap="medium")
    spec = [{"setting": name, "values": [value]} for name, value in flattened(run["spec"]).items()]
    with left:
        st.markdown("**Settings**")
        st.dataframe(setting_rows(spec, ["Value"]), hide_index=True)
    with right:
        st.markdown("**Environment**")
        known = [
            {"setting": name, "values": [value]}
            for name, value in flattened(environment).items()
            if value not in ("", None)
        ]
        st.dataframe(setting_rows(known, ["Value"]), hide_index=True)
