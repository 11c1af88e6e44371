"""The figures of a run: over all items by cross-validation where there is one, and on the test items."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend.evaluating import charts
from db.models import JobState, Run
from pages.parts.job_card import STATE_WORDS
from pages.parts.words import duration, plain

NAMES = ("accuracy", "f1_macro")
GRAY: dict[str, Any] = {"delta_color": "off", "delta_arrow": "off", "border": True}


def show(run: Run, shown: Mapping[str, Any], baselines: Sequence[Mapping[str, Any]]) -> None:
    """shown: the run as `comparison.compare` gives it, with test figures."""
    tested, folds = shown["metrics"]["test"], run.metrics.get("cross_validation")
    if folds:
        st.markdown(f"**By cross-validation in {folds['folds']} folds**")
        of_folds(folds)
        st.caption(why_folds(folds, tested))
        st.markdown("**On the test items**")
    if note := run.metrics.get("cross_validation_note"):
        st.caption(plain(note))
    boxes = st.columns(4, gap="small")
    regression = next((each for each in baselines if "majority" not in str(each["id"])), None)
    for box, name in zip(boxes, NAMES, strict=False):
        box.metric(charts.title_of(name), percent(tested[name]), against(tested, regression, name), border=True)
    boxes[2].metric("Test items", f"{tested['n']:,}", "not trained on", **GRAY)
    took = shown["seconds"]
    boxes[3].metric("Trained in", duration(took) if took else "–", STATE_WORDS[JobState(run.state)], **GRAY)
    if regression:
        st.caption("The arrows compare with logistic regression on frozen vectors of the same items.")


def of_folds(folds: Mapping[str, Any]) -> None:
    boxes = st.columns(4, gap="small")
    for box, name in zip(boxes, NAMES, strict=False):
        spread = folds.get(f"{name}_std")
        words = f"± {100 * spread:.1f} points" if spread is not None else None
        box.metric(charts.title_of(name), percent(folds.get(name)), words, **GRAY)
    boxes[2].metric("Items tested", f"{folds['n']:,}", "each of them once", **GRAY)
    boxes[3].metric("Folds", folds["folds"], "one model each", **GRAY)


def why_folds(folds: Mapping[str, Any], tested: Mapping[str, Any]) -> str:
    n = tested["n"]
    items = "1 item" if n == 1 else f"{n:,} items"
    return (
        f"The better figure of the two: the test set has {items}, where a single answer changes the accuracy by "
        f"{100 / max(1, n):.1f} points. Here all {folds['n']:,} were tested, each by a model that had not seen it; ± "
        "is the spread between folds. The model that was kept is another one still, so this is what to expect of it, "
        "not what it did."
    )


def percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def against(tested: Mapping[str, Any], baseline: Mapping[str, Any] | None, name: str) -> str | None:
    before = (baseline or {}).get("metrics", {}).get("test", {}).get(name)
    return None if before is None or tested[name] is None else f"{100 * (tested[name] - before):+.1f} points"
