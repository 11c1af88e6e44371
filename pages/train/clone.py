"""The form of a new run, filled with the settings of an old one: `clone=ID` in the address."""

from typing import Any

import streamlit as st

from backend import errors
from backend.training import spec
from backend.training.setting import SETTINGS, Setting
from db import runs
from db.models import Project, Run
from db.session import reading
from pages.train import offers
from pages.train.settings import AS_CHOSEN, ASKED_ABOVE

FILLED = "train-filled-from"


def ask(run_id: int) -> None:
    """Have the form filled from this run when the page is drawn next; also if it was so before."""
    st.session_state.pop(FILLED, None)
    st.query_params["clone"] = str(run_id)


def forget() -> None:
    """An empty form again."""
    st.query_params.pop("clone", None)
    st.session_state.pop(FILLED, None)
    for each in SETTINGS:
        st.session_state.pop(f"train-{each.name}", None)


def taken(project: Project) -> Run | None:
    """The run whose settings the form has. Its fields are set once: after that they are the person's."""
    asked = st.query_params.get("clone", "")
    if not asked.isdecimal() or len(asked) > 18:
        return None
    with reading() as session:
        run = runs.get(session, int(asked))
    if run is None or run.project_id != project.id:
        st.query_params.pop("clone")
        return None
    if st.session_state.get(FILLED) != run.id:
        fill(project, run)
        st.session_state[FILLED] = run.id
    return run


def fill(project: Project, run: Run) -> None:
    method, base = run.spec["method"], run.spec["base"]
    state: dict[str, Any] = {"train-method": method, "train-preset": run.spec.get("preset", "balanced")}
    if base in offers.bases(project, method):
        state[f"train-base-{method}"] = base
    elif base.startswith("path:"):
        state |= {f"train-base-{method}": offers.FOLDER, "train-folder": base.removeprefix("path:")}
    if method != "head":
        state["train-recipe_id"] = run.spec.get("recipe_id") or 0
    chosen = chosen_for(project, run)
    for each in SETTINGS:
        if each.name not in ASKED_ABOVE:
            value = run.spec.get(each.name)
            # What is chosen anyway stays empty, so that it follows when something else is changed.
            is_own = value is not None and value != chosen.get(each.name)
            state[f"train-{each.name}"] = value if is_own else empty(each)
    st.session_state.update(state)


def empty(setting: Setting) -> Any:
    return False if setting.type is bool else AS_CHOSEN if setting.choices else None


def chosen_for(project: Project, run: Run) -> dict[str, Any]:
    """What would be chosen for such a run today; empty when it could not be started today."""
    told = {name: run.spec.get(name) for name in ("method", "base", "preset", "allow_missing_classes")}
    try:
        with reading() as session:
            return spec.complete(session, project, told)
    except errors.WinnowError:
        # The form says why.
        return {}
