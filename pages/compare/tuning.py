"""The thresholds of one run under the hands of a person: what each costs, and all of them together."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend import errors
from backend.evaluating import threshold_charts
from backend.evaluating.threshold_charts import STEP, Costs
from backend.training import thresholds_of_run
from backend.training.thresholds_of_run import Lines
from db.models import Split
from pages.parts.charts import draw
from pages.parts.errors import show_error

SPLITS = {Split.VALIDATION: "Validation", Split.TEST: "Test"}


def show(run_id: int, lines: Lines, names: Mapping[int, str]) -> None:
    """names: of the classes today; what a person moved and did not save yet is in the session's state."""
    titles = {each["id"]: names.get(each["id"], each["name"]) for each in lines.classes}
    by_hand = st.session_state.setdefault(f"compare-by-hand-{run_id}", {})
    place = st.container()
    costs = {each["id"]: costs_of(lines, each["id"]) for each in lines.classes}
    with place:
        one_class(run_id, lines, titles, costs, by_hand)
    ids = [each["id"] for each in lines.classes]
    limits = [by_hand.get(class_id, line) for class_id, line in zip(ids, lines.present, strict=True)]
    figures = {split: [lines.figures(split, each) for each in (lines.present, limits)] for split in lines.said}
    together(figures)
    keep(run_id, lines, by_hand)
    st.dataframe(
        rows_of(lines, limits, titles, costs, figures),
        hide_index=True,
        placeholder="–",
        key="compare-lines-table",
        column_config=dict.fromkeys(("Now", "Here", "Best F1 at"), st.column_config.NumberColumn(format="%.3f"))
        | {name: st.column_config.NumberColumn(format="%.3f") for name in f1_columns(figures)},
    )


def costs_of(lines: Lines, class_id: int) -> dict[str, Costs | None]:
    return {split.value: threshold_charts.costs(table, class_id) for split, table in lines.said.items()}


def best_of(found: Mapping[str, Costs | None]) -> float | None:
    """By the validation items; by the test items only where there are no others."""
    first = next(iter(found.values()))
    return None if first is None else threshold_charts.best(first)


def one_class(
    run_id: int,
    lines: Lines,
    titles: Mapping[int, str],
    costs: Mapping[int, dict[str, Costs | None]],
    by_hand: dict[int, float],
) -> None:
    left, right = st.columns(2, gap="medium")
    class_id = left.selectbox("Class", list(titles), format_func=titles.get, key=f"compare-line-class-{run_id}")
    present = dict(zip(titles, lines.present, strict=True))[class_id]
    best = best_of(costs[class_id])
    with right:
        chosen = slider(run_id, class_id, present, by_hand)
    marks = {"Slider": chosen, "Now": present} | ({} if best is None else {"Best F1": best})
    with left:
        draw(
            threshold_charts.of_class(costs[class_id], marks),
            "compare-line",
            threshold_charts.cost_rows(costs[class_id]),
        )
    with right:
        st.dataframe(what_it_costs(lines, class_id, present, chosen), hide_index=True, key="compare-line-costs")
        if best is not None:
            st.button(
                f"Put it at the best F1, {best:.3f}",
                on_click=put,
                args=(run_id, by_hand, {class_id: best}),
                disabled=abs(best - chosen) < STEP / 2,
                key="compare-line-best",
            )
        st.caption(
            "Solid and first: validation items, which are there to choose by. Dotted: test items. A threshold chosen "
            "by the test items would make their figures look better than the run is."
        )


def slider(run_id: int, class_id: int, present: float, by_hand: dict[int, float]) -> float:
    """Until it is moved the threshold stays what it is, which may lie between two steps."""
    shown = rounded(by_hand.get(class_id, present))
    version = st.session_state.get(f"compare-version-{run_id}", 0)
    found = st.slider(
        "Answered from this score on",
        0.0,
        1.0,
        shown,
        STEP,
        format="%.3f",
        key=f"compare-line-{run_id}-{class_id}-{version}",
    )
    if abs(found - shown) > STEP / 2:
        by_hand[class_id] = found
    if class_id in by_hand and by_hand[class_id] == rounded(present):
        del by_hand[class_id]
    return by_hand.get(class_id, present)


def rounded(threshold: float) -> float:
    return round(round(threshold / STEP) * STEP, 3)


def what_it_costs(lines: Lines, class_id: int, present: float, chosen: float) -> list[dict[str, Any]]:
    """A row a figure, a column for each split as it is now and as the slider has it."""
    found = {}
    for split, table in lines.said.items():
        for when, least in (("now", present), ("here", chosen)):
            found[f"{SPLITS[split]}, {when}"] = threshold_charts.at(table, class_id, least)
    figures = ("Precision", "Recall", "F1", "False alarms", "Missed")
    return [{"": figure} | {column: told[figure] for column, told in found.items()} for figure in figures]


def together(figures: Mapping[Split, Sequence[Mapping[str, Any]]]) -> None:
    st.markdown("**All classes together, with the thresholds as they are here**")
    columns = st.columns(4)
    shown = [(split, name) for split in figures for name in ("f1_macro", "f1_micro")]
    for column, (split, name) in zip(columns, shown, strict=False):
        now, here = (each[name] for each in figures[split])
        column.metric(
            f"{name.removeprefix('f1_').capitalize()}-F1 on {split.value} items",
            "–" if here is None else f"{here:.3f}",
            None if now is None or here is None or now == here else f"{100 * (here - now):+.1f} points",
        )


def keep(run_id: int, lines: Lines, by_hand: dict[int, float]) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if st.button("Use these thresholds", type="primary", disabled=not by_hand, key="compare-lines-use"):
            saved(run_id, {str(class_id): value for class_id, value in by_hand.items()})
        st.button(
            "Discard what I moved",
            on_click=put,
            args=(run_id, by_hand, None),
            disabled=not by_hand,
            key="compare-lines-discard",
        )
        if lines.is_moved and st.button(
            "Reset to those of training", key="compare-lines-reset", help="As they were tuned when the run was trained."
        ):
            saved(run_id, None)
        st.caption(
            f"{len(by_hand)} moved, not in use yet."
            if by_hand
            else "The thresholds in use were moved by hand."
            if lines.is_moved
            else "The thresholds in use are those of the training."
        )


def saved(run_id: int, asked: Mapping[str, float] | None) -> None:
    try:
        thresholds_of_run.put(run_id, asked)
    except errors.WinnowError as error:
        show_error(error)
        return
    put(run_id, st.session_state[f"compare-by-hand-{run_id}"], None)
    st.rerun()


def put(run_id: int, by_hand: dict[int, float], values: Mapping[int, float] | None) -> None:
    """Move sliders to these values; None forgets all that was moved. The sliders are then new ones."""
    if values is None:
        by_hand.clear()
    else:
        by_hand |= values
    st.session_state[f"compare-version-{run_id}"] = st.session_state.get(f"compare-version-{run_id}", 0) + 1


def rows_of(
    lines: Lines,
    limits: Sequence[float],
    titles: Mapping[int, str],
    costs: Mapping[int, dict[str, Costs | None]],
    figures: Mapping[Split, Sequence[Mapping[str, Any]]],
) -> list[dict[str, Any]]:
    rows = []
    for place, (class_id, title) in enumerate(titles.items()):
        row = {"Class": title, "Now": lines.present[place], "Here": limits[place]}
        row["Best F1 at"] = best_of(costs[class_id])
        for split, pair in figures.items():
            for when, each in zip(("now", "here"), pair, strict=True):
                row[f"F1 {split.value}, {when}"] = each["per_class"][place]["f1"]
        rows.append(row)
    return rows


def f1_columns(figures: Mapping[Split, Any]) -> list[str]:
    return [f"F1 {split.value}, {when}" for split in figures for when in ("now", "here")]
