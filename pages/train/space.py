"""What a sweep tries: the settings, and a field for the values of each."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from backend import errors
from backend.training import sweeps
from backend.training.setting import BY_NAME, checked
from db.models import Project
from pages.parts.settings import in_words, title_of
from pages.train import settings

COLUMNS = 3


def space_of(project: Project, whole: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Setting -> the values to try. Raises BadSpec."""
    method = whole["method"]
    suggested = sweeps.suggested(whole, project.kind)
    offered = [each.name for each in settings.that_apply(method, project)]
    tried = st.multiselect(
        "Settings to try",
        [*suggested, *(each for each in offered if each not in suggested)],
        default=list(suggested),
        format_func=title_of,
        key=f"train-try-{method}",
    )
    columns = st.columns(COLUMNS, gap="medium")
    space: dict[str, list[Any]] = {}
    for number, name in enumerate(tried):
        with columns[number % COLUMNS]:
            space[name] = values_of(name, suggested.get(name, [whole[name]]), f"train-try-{method}-{name}")
    return space


def values_of(name: str, suggested: Sequence[Any], key: str) -> list[Any]:
    """As the person wants them tried. Raises BadSpec."""
    setting, title = BY_NAME[name], title_of(name)
    if choices := settings.choices_of(setting):
        found: list[Any] = st.multiselect(
            title,
            choices,
            default=[each for each in suggested if each in choices],
            format_func=lambda each: in_words(name, each),
            help=setting.meaning,
            key=key,
        )
    else:
        written = st.text_input(
            title,
            ", ".join(as_written(each) for each in suggested),
            help=f"{setting.meaning} Commas between the values.",
            key=key,
        )
        found = [checked(name, read(name, part.strip())) for part in written.split(",") if part.strip()]
    if not found:
        raise errors.BadSpec(f"{title} has no value to try.", "Write at least one, or take the setting out.")
    return list(dict.fromkeys(found))


def as_written(value: Any) -> str:
    return in_words("", value) if isinstance(value, float) else str(value)


def read(name: str, part: str) -> Any:
    """Text as a number, where the setting is one. Raises BadSpec."""
    if BY_NAME[name].type is str:
        return part
    try:
        return float(part) if BY_NAME[name].type is float else int(part)
    except ValueError:
        raise errors.BadSpec(f'{title_of(name)}: "{part}" is not a number.', "Write such as 1, 2, 4.") from None
