"""The figures of each run in one table with their intervals, the best marked, beside the baselines; and as bars."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from backend.evaluating import charts, cost_charts, looks
from pages.parts.charts import draw
from pages.parts.settings import base_title
from pages.parts.words import duration

if TYPE_CHECKING:
    from pandas import DataFrame
    from pandas.io.formats.style import Styler

# Column, where its figure is, and whether less is better.
COLUMNS = (
    ("Test accuracy", "test", "accuracy", False),
    ("Test macro-F1", "test", "f1_macro", False),
    ("Test log loss", "test", "log_loss", True),
    ("Validation accuracy, best", "best", "accuracy", False),
    ("Validation accuracy, last", "last", "accuracy", False),
    ("Validation macro-F1, best", "best", "f1_macro", False),
    ("Validation macro-F1, last", "last", "f1_macro", False),
    ("Cross-validation macro-F1", "cross_validation", "f1_macro", False),
)
FIGURES = {title: figure for title, split, figure, _ in COLUMNS if split == "test"}
BEST = "background-color: rgba(0, 158, 115, 0.22)"


def show(found: Mapping[str, Any]) -> None:
    runs, baselines = found["runs"], found["baselines"]
    st.subheader("How good they are")
    columns = {
        "": st.column_config.Column(width=30, pinned=True),
        "Run": st.column_config.Column(width="medium", pinned=True),
    }
    # With an interval and a star they are wider than Streamlit expects.
    columns |= {title: st.column_config.Column(width=175) for title in FIGURES if "loss" not in title}
    st.dataframe(styled(runs, baselines), hide_index=True, column_config=columns, placeholder="–", height="content")
    st.caption(caption(runs, baselines))


def bars(found: Mapping[str, Any]) -> None:
    runs, baselines = found["runs"], found["baselines"]
    draw(charts.metric_bars(runs, baselines=baselines), "compare-metrics", charts.metric_rows([*baselines, *runs]))


def caption(runs: Sequence[Mapping[str, Any]], baselines: Sequence[Mapping[str, Any]]) -> str:
    words = ["Every figure is from items that the run did not learn from."]
    if any(run.get("intervals") for run in runs):
        words.append("In brackets: where it lies with 95 %, were other test items drawn.")
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
        if name in frame:
            best = best_of(frame, name, len(runs), is_less_better=is_less_better) if len(runs) > 1 else []
            style = style.map(lambda _: BEST, subset=(best, [name]))
            for index, words in with_intervals(frame, name, runs, best).items():
                style = style.format(lambda _, words=words: words, subset=([index], [name]))
    return style


def row(run: Mapping[str, Any], name: str) -> dict[str, Any]:
    figures = {title: figure_of(run, split, figure) for title, split, figure, _ in COLUMNS}
    return {
        "": "●",
        "Run": name,
        "State": run.get("state"),
        **{title: None if value is None else float(value) for title, value in figures.items()},
        "Trained in": run.get("seconds"),
        "Model size": run.get("size_bytes"),
        "Method": run.get("method"),
        "Base": base_title(run.get("base")),
    }


def figure_of(run: Mapping[str, Any], split: str, figure: str) -> float | None:
    """best and last: of the curve on the validation items; without a curve, what the kept model reaches is the best."""
    if split == "cross_validation":
        return (run.get("cross_validation") or {}).get(figure)
    if split not in ("best", "last"):
        return (run["metrics"].get(split) or {}).get(figure)
    values = [point["value"] for point in (run.get("curves") or {}).get(f"validation/{figure}") or ()]
    if split == "last":
        # One point is no course: a head is fitted in one go.
        return values[-1] if len(values) > 1 else None
    kept = (run["metrics"].get("validation") or {}).get(figure)
    return max(values, default=kept)


def words_for(column: str) -> Any:
    if column == "Trained in":
        return duration
    if column == "Model size":
        return lambda size_bytes: cost_charts.in_words("size_bytes", size_bytes)
    if column.endswith("loss"):
        return "{:.3f}"
    return "{:.1%}" if column in {name for name, *_ in COLUMNS} else str


def best_of(frame: "DataFrame", column: str, count: int, *, is_less_better: bool) -> Any:
    """The rows with the best of the first `count`, several when it is a tie."""
    values = frame[column].iloc[:count]
    return frame.index[:count][values == (values.min() if is_less_better else values.max())]


def with_intervals(
    frame: "DataFrame", column: str, runs: Sequence[Mapping[str, Any]], best: Sequence[int]
) -> dict[int, str]:
    """Row -> "★ 87.5 % (82.1 to 91.8)", of the rows that are more than their number."""
    found = {}
    for index, run in enumerate(runs):
        span = charts.interval_of(run, FIGURES.get(column, ""))
        if (span or index in best) and frame[column].notna().iloc[index]:
            words = words_for(column).format(frame[column].iloc[index])
            words += f" ({100 * span[0]:.1f} to {100 * span[1]:.1f})" if span else ""
            found[index] = f"★ {words}" if index in best else words
    return found
