"""Which items, in which order: a calm row, the rest behind a button, what is set as chips, all of it in the address."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import streamlit as st

from backend import errors, projects
from backend.api.filtering import filter_of
from db import gold, origins, stats
from db import projects as rows
from db.browse import Sort
from db.items import Filter
from db.models import PRESENT, LabelClass, Project, Split, Status
from db.session import reading
from pages.parts.words import plain

STATUS_WORDS = {"todo": "To do", "labeled": "Labeled", "skipped": "Skipped", "flagged": "Flagged"}
SORT_WORDS = {
    "oldest": "Oldest first",
    "newest": "Newest first",
    "least_sure": "Least sure first",
    "surest": "Surest first",
    "decided": "Decided last first",
}
SPLIT_WORDS = {"train": "Train", "validation": "Validation", "test": "Test", "none": "None"}
DISAGREES_WORDS = {"suggestion": "Label is not what is suggested", "gold": "Label is not the gold label"}
# Parameter of the address -> the key of its widget.
KEYS = {
    "text": "data-words", "status": "data-status", "class": "data-class", "sort": "data-order",
    "suggestion": "data-suggestion", "confidence": "data-confidence", "disagrees": "data-disagrees",
    "split": "data-split", "annotator": "data-annotator", "origin": "data-origin", "unlabeled": "data-unlabeled",
}  # fmt: skip
MORE = ("suggestion", "confidence", "disagrees", "split", "annotator", "origin", "unlabeled")
EMPTY: dict[str, Any] = {"text": "", "sort": "oldest", "confidence": (0, 100), "unlabeled": False}
DRAWN = "data-address"


class Chosen(NamedTuple):
    wanted: Filter
    sort: Sort
    # What of it is set, in words: parameter -> "Split: Test".
    words: dict[str, str]


class Choices(NamedTuple):
    """What can be chosen from: values in order. Without suggestions or gold labels these parts are not shown."""

    classes: Sequence[LabelClass]
    annotators: Sequence[str]
    origins: Sequence[str]
    has_suggestions: bool
    has_gold: bool


def filter_row(project: Project, counts: Mapping[str, int]) -> Chosen:
    there = choices(project)
    take_from_address(project, there)
    words, status, label, order, more = st.columns([3, 2, 2, 2, 1.3], vertical_alignment="bottom")
    words.text_input("Contains", placeholder="Words, or a beginning: hero*", key=KEYS["text"], icon=":material/search:")
    status.selectbox(
        "Status",
        [None, *map(str, PRESENT)],
        format_func=lambda each: f"{STATUS_WORDS[each]} ({counts[each]:,})" if each else "Any",
        key=KEYS["status"],
        placeholder="Any",
    )
    one_of(label, "Label", "class", [each.name for each in there.classes])
    sorts = [each for each in SORT_WORDS if there.has_suggestions or each not in ("least_sure", "surest")]
    order.selectbox("Order", sorts, format_func=SORT_WORDS.__getitem__, key=KEYS["sort"])
    with more.popover("More", icon=":material/filter_list:", width="stretch"):
        more_filters(there)
    chosen = {name: st.session_state.get(key) for name, key in KEYS.items()}
    return as_chosen(project, chosen)


def choices(project: Project) -> Choices:
    with reading() as session:
        return Choices(
            rows.classes(session, project.id),
            stats.annotators(session),
            [each.name for each in origins.of_project(session, project.id)],
            project.suggestion_set_id is not None and not projects.is_blind(project),
            gold.has_any(session, project.id),
        )


def more_filters(there: Choices) -> None:
    st.checkbox("Without a label", key=KEYS["unlabeled"])
    if there.has_suggestions:
        one_of(st, "Suggested", "suggestion", [each.name for each in there.classes])
        st.slider("How sure the suggestion is (%)", 0, 100, key=KEYS["confidence"])
    against = [each for each in DISAGREES_WORDS if there.has_suggestions or each != "suggestion"]
    if there.has_gold or there.has_suggestions:
        one_of(st, "Disagreement", "disagrees", against if there.has_gold else against[:-1], DISAGREES_WORDS)
    one_of(st, "Split", "split", [*map(str, Split), "none"], SPLIT_WORDS)
    one_of(st, "Labeled by", "annotator", there.annotators)
    if there.origins:
        one_of(st, "Came from", "origin", there.origins)


def one_of(where: Any, label: str, name: str, values: Sequence[str], words: Mapping[str, str] | None = None) -> None:
    where.selectbox(
        label,
        [None, *values],
        format_func=lambda each: (words or {}).get(each, each) if each else "Any",
        key=KEYS[name],
        placeholder="Any",
    )


def take_from_address(project: Project, there: Choices) -> None:
    """Set the widgets when the page is opened, or when its address was changed by other means than them."""
    said = {name: st.query_params[name] for name in KEYS if name in st.query_params}
    is_drawn = all(KEYS[name] in st.session_state for name in ("text", "status", "class", "sort"))
    if is_drawn and st.session_state.get(DRAWN) == (project.id, said):
        return
    known: dict[str, Sequence[str]] = {
        "status": list(map(str, PRESENT)),
        "class": [each.name for each in there.classes],
        "sort": list(SORT_WORDS),
        "suggestion": [each.name for each in there.classes],
        "disagrees": list(DISAGREES_WORDS),
        "split": list(SPLIT_WORDS),
        "annotator": there.annotators,
        "origin": there.origins,
    }
    for name, key in KEYS.items():
        value: Any = said.get(name)
        if name == "confidence":
            value = read_range(value)
        elif name == "unlabeled":
            value = value == "yes"
        elif name in known and value not in known[name]:
            value = None
        st.session_state[key] = EMPTY.get(name) if value is None else value


def read_range(written: str | None) -> tuple[int, int]:
    """ "50-90" """
    low, _, high = (written or "").partition("-")
    if low.isdecimal() and high.isdecimal() and int(low) <= int(high) <= 100:
        return int(low), int(high)
    return cast(tuple[int, int], EMPTY["confidence"])


def as_chosen(project: Project, chosen: Mapping[str, Any]) -> Chosen:
    """The filter, and the address that says the same."""
    is_set = {name: value for name, value in chosen.items() if value not in (None, EMPTY.get(name))}
    said = {name: written(name, value) for name, value in is_set.items()}
    for name in KEYS:
        if name in said:
            st.query_params[name] = said[name]
        else:
            st.query_params.pop(name, None)
    st.session_state[DRAWN] = (project.id, said)
    low, high = is_set.get("confidence", (None, None))
    try:
        with reading() as session:
            wanted = filter_of(
                session,
                project.id,
                class_=is_set.get("class"),
                suggestion=is_set.get("suggestion"),
                annotator=is_set.get("annotator"),
                origin=is_set.get("origin"),
                text=str(is_set.get("text", "")).strip(),
                status=Status(is_set["status"]) if "status" in is_set else None,
                split=is_set.get("split") if is_set.get("split") in (None, "none") else Split(is_set["split"]),
                disagrees=is_set.get("disagrees"),
                confidence_from=None if low is None else low / 100,
                confidence_to=None if high is None else high / 100,
                has_no_label=bool(is_set.get("unlabeled")),
            )
    except errors.WinnowError as error:
        st.error(f"{error.message} {error.hint}")
        wanted = Filter()
    words = {name: in_words(name, value) for name, value in is_set.items() if name in MORE}
    return Chosen(wanted, cast(Sort, chosen["sort"] or "oldest"), words)


def written(name: str, value: Any) -> str:
    if name == "confidence":
        return f"{value[0]}-{value[1]}"
    return "yes" if value is True else str(value)


def in_words(name: str, value: Any) -> str:
    return {
        "suggestion": f"Suggested: {value}",
        "confidence": f"{value[0]} to {value[1]} % sure" if name == "confidence" else "",
        "disagrees": DISAGREES_WORDS.get(str(value), ""),
        "split": f"Split: {SPLIT_WORDS.get(str(value), value)}",
        "annotator": f"Labeled by {value}",
        "origin": f"From {value}",
        "unlabeled": "Without a label",
    }[name]


def chips(words: Mapping[str, str]) -> None:
    """What is set behind the button, each with a way to take it away."""
    if not words:
        return
    with st.container(horizontal=True, gap="small"):
        for name, said in words.items():
            st.button(
                plain(said), key=f"data-chip-{name}", icon=":material/close:", on_click=let_go, args=(name,),
                help="Take this filter away",
            )  # fmt: skip
        if len(words) > 1:
            st.button("Clear all", key="data-chip-all", type="tertiary", on_click=let_go, args=tuple(words))


def let_go(*names: str) -> None:
    for name in names:
        st.session_state[KEYS[name]] = EMPTY.get(name)
