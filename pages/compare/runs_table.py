"""Runs as a table: one line a run, and which of them are selected."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import streamlit as st

from backend.evaluating import run_list, sparklines
from backend.evaluating.charts import title_of
from backend.evaluating.run_list import Row
from backend.training.setting import METHOD_TITLES
from db.models import JobState, Split
from pages.parts.job_card import STATE_WORDS

ROWS_SHOWN = 14
ROW_PX = 35
ALWAYS = ("No.", "Run", "Test macro-F1", "State", "When")
PERCENT = "%.1f %%"


def table(found: Sequence[Row], *, multi_label: bool) -> list[Row]:
    """Draw the runs; those that are selected, as the list has them."""
    lines = [line(row, multi_label=multi_label) for row in found]
    # A selection is of rows: with other runs in them it begins anew.
    key = f"runs-table-{crc32(repr([row.run.id for row in found]).encode())}"
    selected = st.dataframe(
        lines,
        key=key,
        hide_index=True,
        height=ROW_PX * (1 + min(len(lines), ROWS_SHOWN)) + 3,
        placeholder="–",
        on_select="rerun",
        selection_mode="multi-row",
        # What no run has is no column.
        column_order=[name for name in titles(lines) if name in ALWAYS or any(each.get(name) for each in lines)],
        column_config=columns(),
    )["selection"]["rows"]
    return [found[place] for place in selected if place < len(found)]


def titles(lines: Sequence[dict[str, Any]]) -> list[str]:
    """Of all lines, for runs may be judged by different figures."""
    return list(dict.fromkeys(name for each in lines for name in each))


def columns() -> dict[str, Any]:
    percent = st.column_config.NumberColumn(format=PERCENT, help="On the test items.")
    folds = "Macro-F1 by cross-validation, over all labeled items: the better figure with few labels."
    by_metric = {
        validation(when, name): st.column_config.NumberColumn(
            format=PERCENT if name not in sparklines.LOWER_IS_BETTER else "%.3f",
            help=f"{title_of(name)} on the validation items, {when} in training.",
        )
        for when in ("best", "last")
        for name in ("f1_macro", "f1_micro", "accuracy", "log_loss")
    }
    return by_metric | {
        "★": st.column_config.TextColumn(width=40, pinned=True),
        "No.": st.column_config.NumberColumn(width=50, pinned=True, format="%d"),
        "Run": st.column_config.TextColumn(width="medium", pinned=True),
        "Test macro-F1": st.column_config.ProgressColumn(format=PERCENT, min_value=0, max_value=100, width=120),
        "Test accuracy": percent,
        "F1 in folds": st.column_config.NumberColumn(format=PERCENT, help=folds),
        "Learned": st.column_config.LineChartColumn(
            width="small", help="The validation figure while it was trained; each line fills its own height."
        ),
        "Tags": st.column_config.ListColumn(width="small"),
        "Trained in": st.column_config.NumberColumn(format="duration"),
        "Disk": st.column_config.NumberColumn(format="bytes", help="Its model, checkpoints and what it made beside."),
        "Classes": st.column_config.TextColumn(help="How the classes it was trained with differ from today's."),
        "When": st.column_config.DatetimeColumn(format="distance"),
    }


def line(row: Row, *, multi_label: bool) -> dict[str, Any]:
    run, metric = row.run, row.more.metric
    scale = 1 if metric in sparklines.LOWER_IS_BETTER else 100
    curve = sparklines.line(row.more.points)
    counted = run_list.sizes(row.data) if row.data else {}
    what = "Labels" if multi_label else "Items"
    return {
        "★": "★" if run.is_starred else "",
        "No.": run.id,
        "Run": f"{run.name} (archived)" if run.is_archived else run.name,
        "Test macro-F1": times(run.f1_macro, 100),
        "Test accuracy": times(run.accuracy, 100),
        validation("best", metric): times(row.best, scale),
        validation("last", metric): times(row.last, scale),
        "Learned": [scale * value for value in curve] if len(curve) > 1 else None,
        "F1 in folds": times(run.folds_f1_macro, 100),
        "State": STATE_WORDS[JobState(run.state)],
        "Tags": list(run.tags) or None,
        "Method": METHOD_TITLES.get(run.method or "", run.method),
        "Base": row.base or None,
        "Data": f"{row.data.id} · {row.data.fingerprint[:6]}" if row.data else None,
        f"{what} to train": counted.get(Split.TRAIN),
        f"{what} to validate": counted.get(Split.VALIDATION),
        f"{what} to test": counted.get(Split.TEST),
        "Trained in": run.seconds,
        "Disk": row.disk_bytes or None,
        "Note": " ".join(row.more.note.split()) or None,
        "Sweep": row.sweep or None,
        "Recipe": row.recipe or None,
        "Classes": row.class_set or None,
        "Error": row.more.error,
        "When": run.created_at,
    }


def validation(when: str, metric: str) -> str:
    name = title_of(metric).removesuffix(" (nats)")
    return f"{when.capitalize()} {name[0].lower()}{name[1:]}"


def times(value: float | None, scale: float) -> float | None:
    return None if value is None else scale * value
