"""All settings of a run, folded away in groups: each empty field shows what was chosen for it."""

from typing import Any

import streamlit as st

from backend.jobs import devices
from backend.training.setting import GROUPS, SETTINGS, Setting
from db.models import Project
from pages.parts.settings import in_words, title_of

ASKED_ABOVE = ("method", "base", "preset", "recipe_id", "allow_missing_classes")
STEPS = {"learning_rate": 1e-5, "weight_decay": 0.01, "warmup": 0.05, "label_smoothing": 0.05, "focal_gamma": 0.5}
ANY_STEP = 0.001
# Not None, which Streamlit takes for a field without a choice.
AS_CHOSEN = ""
COLUMNS = 3


def more(chosen: dict[str, Any], project: Project) -> dict[str, Any]:
    """The settings that the person gave."""
    shown = that_apply(chosen["method"], project)
    groups = [group for group in GROUPS if any(each.group == group for each in shown)]
    given: dict[str, Any] = {}
    with st.expander("More settings", icon=":material/tune:"):
        st.caption("An empty field keeps what it shows, which was chosen to suit the method and your data.")
        # A head has so few that they need no tabs.
        parts = st.tabs(groups) if len(groups) > 1 else [st.container()]
        for group, part in zip(groups, parts, strict=True):
            with part:
                columns = st.columns(COLUMNS, gap="medium")
                for number, setting in enumerate(each for each in shown if each.group == group):
                    with columns[number % COLUMNS]:
                        given[setting.name] = field(setting, chosen[setting.name])
    return {name: value for name, value in given.items() if value is not None}


def that_apply(method: str, project: Project) -> list[Setting]:
    """Those that change something for this method and project, on this machine."""
    there = devices.found()
    without = set(ASKED_ABOVE)
    if project.multi_label:
        without.add("label_smoothing")
    if len(there) == 1:
        without.add("devices")
    if there[0].id == devices.CPU:
        without.add("quantization")
    return [
        each for each in SETTINGS if each.name not in without and method in each.methods and project.kind in each.kinds
    ]


def choices_of(setting: Setting) -> list[Any]:
    """Empty for what is written as a number."""
    if setting.type is bool:
        return [False, True]
    without = ["fp16"] if devices.found()[0].id == devices.CPU else []
    return [each for each in setting.choices if each not in without]


def field(setting: Setting, default: Any) -> Any:
    """What the person gave, or None. A number is not bounded here: what is wrong with it is said in a sentence."""
    title, key, name = title_of(setting.name), f"train-{setting.name}", setting.name
    if setting.type is bool:
        is_on = st.toggle(title, value=bool(default), help=setting.meaning, key=key)
        return None if is_on == bool(default) else is_on
    if setting.choices:
        return (
            st.selectbox(
                title,
                [AS_CHOSEN, *choices_of(setting)],
                format_func=lambda each: in_words(name, each) if each else f"{in_words(name, default)} (chosen)",
                help=setting.meaning,
                key=key,
            )
            or None
        )
    is_whole = setting.type is int
    return st.number_input(
        title,
        value=None,
        step=1 if is_whole else STEPS.get(name, ANY_STEP),
        format="%d" if is_whole else "%g",
        placeholder=in_words(name, default),
        help=setting.meaning,
        key=key,
    )
