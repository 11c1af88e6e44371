"""How far a run's scores can be trusted: precision and recall, reliability, and where to draw the line."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.evaluating import certainty, certainty_charts, comparison, looks
from backend.evaluating.answers import Answers
from db.models import Project
from db.session import reading
from pages.compare import thresholds
from pages.parts.charts import draw
from pages.parts.words import plain

AVERAGES = {"macro": "The mean of all classes", "micro": "All classes in one"}
DECIMALS = st.column_config.NumberColumn(format="%.3f")


def show(project: Project, found: Mapping[str, Any]) -> None:
    if not any(run["metrics"].get("test") for run in found["runs"]):
        st.info("None of these runs has answers on test items yet. Choose a finished run, or wait for this one.")
        return
    st.fragment(scores)(project, found)
    st.fragment(thresholds.show)(project, found)


def scores(project: Project, found: Mapping[str, Any]) -> None:
    """Each run on its own test items. Read anew at each choice: kept, they would weigh hundreds of megabytes."""
    st.subheader("How well the scores put items in order")
    of = choose_class(found)
    runs = found["runs"]
    with reading() as session:
        tables = comparison.tables(session, project, [run["id"] for run in runs], is_today=found["is_today"])
    given = [tables[run["id"]] for run in runs]
    ranks = [certainty.ranked(each, 0, of) if len(each) else None for each in given]
    left, right = st.columns(2, gap="medium")
    with left:
        chart = certainty_charts.precision_recall(runs, ranks)
        draw(chart, "compare-pr", certainty_charts.curve_rows(runs, ranks, "pr"))
    with right:
        draw(certainty_charts.roc(runs, ranks), "compare-roc", certainty_charts.curve_rows(runs, ranks, "roc"))
    st.caption(
        "Up and to the right is better on the left, up and to the left on the right. AP and AUC are the areas below; "
        "a run that guesses has an AUC of 0.5, on the dotted line."
    )
    reliable(found, given, ranks, of)


def choose_class(found: Mapping[str, Any]) -> certainty.Of:
    names = AVERAGES | {each["id"]: each["name"] for each in found["classes"]}
    chosen: certainty.Of = st.selectbox(
        "Curves of", list(names), format_func=names.get, key=f"compare-curves-of-{found['project_id']}"
    )
    return chosen


def reliable(found: Mapping[str, Any], given: list[Answers], ranks: list[Any], of: certainty.Of) -> None:
    runs, class_id = found["runs"], of if isinstance(of, int) else None
    bins = [certainty.reliable(each, 0, class_id) if len(each) else None for each in given]
    st.subheader("Whether it is right as often as it says")
    what = "scores for this class" if class_id else "scores" if found["multi_label"] else "answers"
    names = looks.names_of(runs)
    words = [
        f"**{plain(name)}**: {plain(certainty.in_words(each, what))}"
        for name, each in zip(names, bins, strict=True)
        if each is not None
    ]
    st.markdown("  \n".join(words))
    left, right = st.columns(2, gap="medium")
    with left:
        draw(
            certainty_charts.reliability(runs, bins),
            "compare-reliability",
            certainty_charts.reliability_rows(runs, bins),
        )
    with right:
        draw(certainty_charts.spread(runs, bins), "compare-spread", certainty_charts.reliability_rows(runs, bins))
    st.caption(
        "On the dotted line a run is right as often as it says; below it is too sure of itself. The bars are 95 % "
        "intervals. The calibration error is how far the two are apart, on average."
    )
    st.dataframe(
        certainty.summary_rows(names, ranks, bins),
        hide_index=True,
        placeholder="–",
        column_config=dict.fromkeys(("Average precision", "Area under ROC", "Calibration error (ECE)"), DECIMALS),
    )
