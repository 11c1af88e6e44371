"""Which runs are compared: in the address, so that a comparison can be sent to somebody."""

from collections.abc import Sequence

import streamlit as st

from backend import errors
from backend.evaluating import comparison
from backend.training import class_sets
from db.comparison import Listed
from db.models import JobState, Project, RunState
from db.session import reading
from pages.parts.job_card import STATE_WORDS


def choose_runs(project: Project, listed: Sequence[Listed]) -> list[int]:
    """Draw the list; return the chosen runs in the order they were chosen."""
    key = f"compare-runs-{project.id}"
    by_id = {run.id: run for run in listed}
    with reading() as session:
        sets = class_sets.of_runs(session, project, listed)
    # The address decides, whoever wrote it: a link, the browser's back button, or the list below.
    st.session_state[key] = in_address(by_id) if "runs" in st.query_params else newest_finished(listed)
    chosen: list[int] = st.multiselect(
        "Runs side by side",
        list(by_id),
        key=key,
        format_func=lambda run_id: words_for(by_id[run_id], sets.get(run_id, "")),
        max_selections=comparison.MOST_RUNS,
        placeholder="Choose runs",
        on_change=write_address,
        args=(key,),
        help="The first is the one that the others are held against.",
    )
    st.query_params["runs"] = as_address(chosen)
    return chosen


def write_address(key: str) -> None:
    st.query_params["runs"] = as_address(st.session_state[key])


def as_address(run_ids: Sequence[int]) -> str:
    # An address without a value would not survive a reload.
    return ",".join(str(run_id) for run_id in run_ids) or "none"


def named() -> list[int]:
    """Runs that the address names: they are there to choose even when they are archived."""
    try:
        return comparison.parse_ids(st.query_params.get("runs", ""))[: comparison.MOST_RUNS]
    except errors.Invalid:
        # Said where the address is read to choose them.
        return []


def in_address(by_id: dict[int, Listed]) -> list[int]:
    asked = st.query_params["runs"]
    try:
        run_ids = [] if asked == "none" else list(dict.fromkeys(comparison.parse_ids(asked)))
    except errors.Invalid as error:
        st.warning(f"{error.message} {error.hint}")
        return []
    if gone := [run_id for run_id in run_ids if run_id not in by_id]:
        which = f"Run {gone[0]} is" if len(gone) == 1 else f"Runs {', '.join(map(str, gone))} are"
        st.warning(f"{which} not in this project, or no longer.")
    return [run_id for run_id in run_ids if run_id in by_id][: comparison.MOST_RUNS]


def newest_finished(listed: Sequence[Listed]) -> list[int]:
    """The newest two, the older first; whatever is there when none is finished."""
    finished = [run.id for run in listed if run.state == RunState.DONE] or [run.id for run in listed]
    return sorted(finished[:2])


def words_for(run: Listed, class_set: str = "") -> str:
    words = [f"#{run.id} {run.name}" if run.name else f"Run {run.id}"]
    if run.state != RunState.DONE:
        words.append(STATE_WORDS[JobState(run.state)])
    if run.accuracy is not None:
        words.append(f"{run.accuracy:.1%}")
    return " · ".join([*words, class_set] if class_set else words)
