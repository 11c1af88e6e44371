"""Runs that have something in common, a line a group: how good they are on the whole, and how far they lie apart."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import streamlit as st

from backend.evaluating import run_list
from backend.evaluating.run_list import Group, Row
from pages.compare.runs_filter import CLEARED, GROUPS, ONE, in_words
from pages.compare.runs_table import PERCENT, ROW_PX, times

ROWS_SHOWN = 5


def chosen_group(found: Sequence[Row], by: str) -> list[Row]:
    """Draw the groups; the runs of the one that is chosen, or all."""
    groups = run_list.groups(found, by)
    asked = st.query_params.get(ONE)
    default = [place for place, group in enumerate(groups) if group.name == asked]
    names = crc32(repr([group.name for group in groups]).encode())
    clicked = st.dataframe(
        [line(group, by) for group in groups],
        key=f"runs-groups-{by}-{names}-{st.session_state.get(CLEARED, 0)}",
        hide_index=True,
        height=ROW_PX * (1 + min(len(groups), ROWS_SHOWN)) + 3,
        placeholder="–",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": default, "columns": [], "cells": []}},
        column_config=columns(),
    )["selection"]["rows"]
    chosen = groups[clicked[0]] if clicked and clicked[0] < len(groups) else None
    if chosen is None:
        st.query_params.pop(ONE, None)
        return list(found)
    st.query_params[ONE] = chosen.name
    of_group = set(chosen.run_ids)
    return [row for row in found if row.run.id in of_group]


def columns() -> dict[str, Any]:
    spread = (
        "Standard deviation of the test macro-F1 over its runs: how far apart they are. It takes two runs at least."
    )
    return {
        "Mean test macro-F1": st.column_config.ProgressColumn(format=PERCENT, min_value=0, max_value=100),
        "Spread": st.column_config.NumberColumn(format="± %.1f", help=spread),
        "Best": st.column_config.NumberColumn(
            format=PERCENT, help="Test macro-F1 of the run that is best on the validation items."
        ),
        "Newest": st.column_config.DatetimeColumn(format="distance"),
    }


def line(group: Group, by: str) -> dict[str, Any]:
    return {
        GROUPS[by]: in_words(by, group.name),
        "Runs": len(group.run_ids),
        "Seeds": group.seeds,
        "Mean test macro-F1": times(group.mean, 100),
        "Spread": times(group.spread, 100),
        "Best": times(group.best.run.f1_macro if group.best else None, 100),
        "Best run": (group.best.run.name or f"Run {group.best.run.id}") if group.best else None,
        "Newest": group.newest,
    }
