"""What differs in the settings of the runs; from three runs on, which settings go with good figures."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import charts, looks, setting_charts
from backend.evaluating.differences import flattened
from pages.parts.charts import draw, paper
from pages.parts.settings import in_words, setting_rows, title_of

FEWEST_RUNS = 3
FIGURES = ("f1_macro", "accuracy")


def show(found: Mapping[str, Any]) -> None:
    """How several runs differ; see `of_one`."""
    runs = found["runs"]
    if len(runs) == 1:
        return
    st.subheader("Their settings")
    if not found["differences"]:
        st.caption("Nothing differs: the settings of these runs are the same.")
        return
    tested = [index for index, run in enumerate(runs) if run["metrics"].get("test")]
    settings = [as_setting(each) for each in found["differences"]]
    apart = [each for each in settings if len({each["words"][index] for index in tested}) > 1]
    if len(tested) < FEWEST_RUNS or not apart:
        table(found["differences"], runs)
        return
    across(runs, apart)
    left, right = st.columns(2, gap="medium")
    with left:
        alone(runs, apart)
    with right:
        st.markdown("**What differs**")
        table(found["differences"], runs)


def of_one(run: Mapping[str, Any]) -> None:
    st.markdown("**Its settings**")
    table([{"setting": name, "values": [value]} for name, value in flattened(run["spec"]).items()], [run])


def table(settings: Sequence[Mapping[str, Any]], runs: Sequence[Mapping[str, Any]]) -> None:
    rows = setting_rows(settings, looks.names_of(runs))
    if rows:
        st.dataframe(rows, hide_index=True)
    else:
        st.caption("It has none.")


def as_setting(row: Mapping[str, Any]) -> dict[str, Any]:
    words = [in_words(row["setting"], value) for value in row["values"]]
    return {**row, "title": title_of(row["setting"]), "words": words}


def across(runs: Sequence[Mapping[str, Any]], settings: Sequence[Mapping[str, Any]]) -> None:
    """All of these settings at once, as far as there is room for their axes."""
    by_name = {each["setting"]: each for each in settings}
    names = list(by_name)
    if len(names) > setting_charts.MOST_AXES:
        names = st.multiselect(
            "Settings side by side",
            names,
            default=names[: setting_charts.MOST_AXES],
            format_func=title_of,
            max_selections=setting_charts.MOST_AXES,
            # Other runs differ in other settings.
            key=f"compare-axes-{'-'.join(by_name)}",
        )
    figure = setting_charts.parallel(runs, [by_name[name] for name in names], paper=paper())
    draw(figure, "compare-parallel", setting_charts.rows(runs, settings))
    st.caption("A line is a run, from its name to its figure: blue are the best, orange the worst.")


def alone(runs: Sequence[Mapping[str, Any]], settings: Sequence[Mapping[str, Any]]) -> None:
    by_name = {each["setting"]: each for each in settings}
    which, by = st.columns(2, vertical_alignment="bottom")
    chosen = which.selectbox(
        "One setting", list(by_name), format_func=title_of, key=f"compare-setting-{'-'.join(by_name)}"
    )
    what = by.segmented_control(
        "Against", FIGURES, default=FIGURES[0], format_func=charts.title_of, key="compare-setting-by", required=True
    )
    figure = setting_charts.scatter(runs, by_name[chosen], what=what or FIGURES[0])
    draw(figure, "compare-setting", setting_charts.rows(runs, [by_name[chosen]], what=what or FIGURES[0]))
