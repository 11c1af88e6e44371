"""The sweep that a run belongs to: its runs side by side, what each tried, and which is the best so far."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from backend.evaluating import charts
from backend.training import sweeps
from db.models import JobState, RunState
from db.session import reading, writing
from pages.parts.job_card import STATE_WORDS
from pages.parts.settings import in_words, title_of
from pages.parts.words import duration, plain
from pages.train.choice import look_at, percent, selected

LOOK_EVERY_S = 2.0
ROWS_SHOWN = 8
ROW_PX = 35
LOSS = "log_loss"


def show(run_id: int) -> None:
    """Nothing where the run was started by itself."""
    found = look(run_id)
    if found is None:
        return
    if found["is_active"]:
        at_work(run_id)
    else:
        draw(found, run_id)


def look(run_id: int) -> dict[str, Any] | None:
    with reading() as session:
        return sweeps.of_run(session, run_id)


@st.fragment(run_every=LOOK_EVERY_S)
def at_work(run_id: int) -> None:
    found = look(run_id)
    if found is None or not found["is_active"]:
        st.rerun()
    draw(found, run_id)


def draw(found: Mapping[str, Any], run_id: int) -> None:
    runs = found["runs"]
    with st.container(border=True):
        title, button = st.columns([5, 1], vertical_alignment="center")
        title.markdown(f"**{plain(found['name'])}** · {how_far(found)}")
        if found["is_active"]:
            button.button("Stop all", on_click=stop, args=(found["id"],), key="train-stop-all", width="stretch")
        name = charts.title_of(found["metric"])
        metric = f"Validation {name[0].lower()}{name[1:]}"
        clicked = st.dataframe(
            [row(each, found, metric) for each in runs],
            # A table of its own for each run looked at, so that an old click does not override a new choice.
            key=f"train-sweep-{found['id']}-{run_id}",
            hide_index=True,
            height=ROW_PX * (1 + min(len(runs), ROWS_SHOWN)) + 3,
            placeholder="–",
            on_select="rerun",
            selection_mode="single-row",
            selection_default=selected([each["id"] for each in runs].index(run_id)),
            column_config={
                metric: st.column_config.NumberColumn(
                    format="%.3f" if found["metric"] == LOSS else "%.1f %%", help="On the validation items."
                ),
            },
        )["selection"]["rows"]
        if found["best"] is not None:
            st.caption(f"★ {found['best_by']}")
    if clicked and runs[clicked[0]]["id"] != run_id:
        look_at(runs[clicked[0]]["id"])


def how_far(found: Mapping[str, Any]) -> str:
    """ "2 of 6 runs done, 1 failed · at most 30 min" """
    states = [each["state"] for each in found["runs"]]
    told = f"{states.count(RunState.DONE)} of {len(states)} runs done"
    for state in (RunState.FAILED, RunState.STOPPED, RunState.INTERRUPTED):
        if n := states.count(state):
            told += f", {n} {STATE_WORDS[JobState(state)]}"
    told += f" · {duration(found['trained_seconds'])} of training"
    if found["minutes"]:
        told += f" of {duration(60 * found['minutes'])}" + (", which are over" if found["is_over_budget"] else "")
    return told


def row(run: Mapping[str, Any], found: Mapping[str, Any], metric: str) -> dict[str, Any]:
    return (
        {"Run": f"★ {run['name']}" if run["id"] == found["best"] else run["name"]}
        | {title_of(name): in_words(name, run["values"].get(name)) for name in found["space"]}
        | {metric: run["score"] if found["metric"] == LOSS else percent(run["score"])}
        | {"State": STATE_WORDS[JobState(run["state"])]}
        | {"Took": None if run["seconds"] is None else duration(run["seconds"])}
    )


def stop(sweep_id: int) -> None:
    """The waiting ones go; the one at work keeps its best."""
    with writing() as session:
        sweeps.stop(session, sweeps.get(session, sweep_id))
