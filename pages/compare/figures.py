"""The figures of each run in one table, the best marked, beside the baselines; and what differs in the settings."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.evaluating import charts, looks
from backend.evaluating.differences import flattened
from pages.parts.charts import draw
from pages.parts.settings import base_title, setting_rows
from pages.parts.words import duration

if TYPE_CHECKING:
    from pandas import DataFrame
    from pandas.io.formats.style import Styler

# Column, where its figure is, and whether less is better.
COLUMNS = (
    ("Test accuracy", "test", "accuracy", False),
    ("Test macro-F1", "test", "f1_macro", False),
    ("Test log loss", "test", "log_loss", True),
    ("Validation accuracy", "validation", "accuracy", False),
    ("Validation macro-F1", "validation", "f1_macro", False),
)
BEST = "background-color: rgba(0, 158, 115, 0.22)"


def show(found: Mapping[str, Any]) -> None:
    runs, baselines = found["runs"], found["baselines"]
    st.subheader("How good they are")
    narrow = {"": st.column_config.Column(width=30)}
    st.dataframe(styled(runs, baselines), hide_index=True, column_config=narrow, placeholder="–")
    st.caption(caption(runs, baselines))
    left, right = st.columns(2, gap="medium")
    with left:
        draw(charts.metric_bars(runs, baselines=baselines), "compare-metrics", charts.metric_rows([*baselines, *runs]))
    with right:
        settings(runs, found["differences"])


def settings(runs: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]) -> None:
    is_one = len(runs) == 1
    st.markdown("**Its settings**" if is_one else "**What differs in the settings**")
    rows = (
        [{"setting": name, "values": [value]} for name, value in flattened(runs[0]["spec"]).items()]
        if is_one
        else found
    )
    if rows:
        st.dataframe(setting_rows(rows, looks.names_of(runs)), hide_index=True)
    else:
        st.caption("Nothing: the settings of these runs are the same.")


def caption(runs: Sequence[Mapping[str, Any]], baselines: Sequence[Mapping[str, Any]]) -> str:
    words = ["Every figure is from items that the run did not learn from."]
    if len(runs) > 1:
        words.append("★ marks the best run.")
    if baselines:
        words.append("The baselines are what a run should beat.")
    return " ".join(words)


def styled(runs: Sequence[Mapping[str, Any]], baselines: Sequence[Mapping[str, Any]]) -> "Styler":
    """Numbers stay numbers, so that a click on a column sorts by them."""
    import pandas as pd

    names = looks.names_of(runs)
    rows = [row(run, name) for run, name in zip(runs, names, strict=True)]
    rows += [row(baseline, baseline["name"]) | {"State": "baseline"} for baseline in baselines]
    # A column that nobody has a figure for only takes room.
    frame = pd.DataFrame(rows).dropna(axis="columns", how="all")
    colors = [looks.run_color(index) for index in range(len(runs))] + [looks.GREY] * len(baselines)
    style = frame.style.apply(lambda _: [f"color: {color}" for color in colors], subset=[""])
    style = style.format({name: words_for(name) for name in frame.columns}, na_rep="–")
    for name, _, _, is_less_better in COLUMNS:
        if name in frame and len(runs) > 1:
            style = marked(style, frame, name, len(runs), is_less_better=is_less_better)
    return style


def row(run: Mapping[str, Any], name: str) -> dict[str, Any]:
    figures = {title: run["metrics"].get(split, {}).get(figure) for title, split, figure, _ in COLUMNS}
    return {
        "": "●",
        "Run": name,
        "State": run.get("state"),
        **{title: None if value is None else float(value) for title, value in figures.items()},
        "Trained in": run.get("seconds"),
        "Method": run.get("method"),
        "Base": base_title(run.get("base")),
    }


def words_for(column: str) -> Any:
    if column == "Trained in":
        return duration
    if column.endswith("loss"):
        return "{:.3f}"
    return "{:.1%}" if column in {name for name, *_ in COLUMNS} else str


def marked(style: "Styler", frame: "DataFrame", column: str, count: int, *, is_less_better: bool) -> "Styler":
    """A star on the best of the first `count` rows, in all of them when it is a tie."""
    values = frame[column].iloc[:count]
    best = frame.index[:count][values == (values.min() if is_less_better else values.max())]
    plain = words_for(column)
    style = style.format(lambda value: f"★ {plain.format(value)}", subset=(best, [column]))
    return style.map(lambda _: BEST, subset=(best, [column]))
