"""The form of a sweep: what to try, how many runs that is, and what they may take."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend import errors
from backend.training import estimate, spec, sweeps
from backend.training.estimate import Estimate
from db import sweeps as rows
from db.models import Project
from db.session import reading, writing
from pages.parts.errors import show_error
from pages.parts.words import plain
from pages.train import plan
from pages.train.choice import look_at
from pages.train.space import space_of

# More are a long wait even for a head; who wants them says so.
USUAL_RUNS = 12
# So many combinations are estimated at most.
ESTIMATED = 12


def show(project: Project, told: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
    with st.container(border=True):
        try:
            space = space_of(project, whole)
            if not space:
                st.caption("Choose at least one setting to try.")
                return
            combinations = math.prod(len(values) for values in space.values())
            most, minutes, words = budget(combinations)
            n = min(combinations, most)
            takes = estimates(project, told, space)
        except errors.WinnowError as error:
            show_error(error)
            return
        words.markdown(f"{how_many(combinations, n)}  \n:material/schedule: {plain(plan.expected(takes, n))}")
        if whole.get("folds") and "folds" not in told and "folds" not in space:
            st.caption("Without cross-validation, which would train each of them several times more.")
    if st.button(f"Start {n} run{'s' if n > 1 else ''}", type="primary", key="train-sweep-start"):
        start(project, told, space, n, minutes)


def budget(combinations: int) -> tuple[int, float | None, Any]:
    """How many runs and how many minutes at most, and the place to say what that comes to."""
    runs, minutes, words = st.columns([1, 1, 2], gap="medium", vertical_alignment="bottom")
    most = runs.number_input(
        "Runs at most",
        min_value=1,
        max_value=sweeps.MOST_RUNS,
        value=None,
        step=1,
        placeholder=f"{min(combinations, USUAL_RUNS)}",
        help="Where there are more combinations, some of them are drawn.",
        key="train-sweep-runs",
    )
    most_minutes = minutes.number_input(
        "Minutes at most",
        min_value=0.0,
        max_value=float(sweeps.MOST_MINUTES),
        value=None,
        step=5.0,
        format="%g",
        placeholder="as long as it takes",
        help="Of training, all runs together. When they are over, the run at work keeps its best and the rest go.",
        key="train-sweep-minutes",
    )
    return most or USUAL_RUNS, most_minutes or None, words


def estimates(project: Project, told: Mapping[str, Any], space: Mapping[str, Sequence[Any]]) -> list[Estimate]:
    """Of some of the combinations, which stand for all. Raises what speaks against any of these."""
    found = list(itertools.islice(itertools.product(*space.values()), sweeps.MOST_COMBINATIONS))
    some = found[:: max(1, len(found) // ESTIMATED)]
    with reading() as session:
        specs = [
            spec.complete(session, project, {"folds": 0} | dict(told) | dict(zip(space, each, strict=True)))
            for each in some
        ]
        return [estimate.of(session, project, each) for each in specs]


def how_many(combinations: int, n: int) -> str:
    if combinations == n:
        return f"**{n} combination{'s' if n > 1 else ''}**, a run each."
    return f"**{combinations:,} combinations**, of which {n} are tried."


def start(
    project: Project, told: Mapping[str, Any], space: Mapping[str, Sequence[Any]], most_runs: int, minutes: float | None
) -> None:
    try:
        with writing() as session:
            sweep = sweeps.start(session, project, told, space, most_runs=most_runs, minutes=minutes)
            sweep_id = sweep.id
        with reading() as session:
            first = min(run.id for run, _ in rows.runs(session, sweep_id))
    except errors.WinnowError as error:
        show_error(error)
        return
    look_at(first)
