"""How data is to be read, with its first rows in view: columns, encoding, labels, unknown classes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from backend import importing
from backend.importing import encodings
from backend.labeling import stats
from db.models import Kind, Project
from db.session import reading
from pages.parts.words import plain

NONE = "None"
DELIMITERS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Bar |"}
USES = {"labels": "Labels", "gold": "Put aside as gold", "none": "Leave out"}
USES_HELP = "Gold labels are nobody's decision: they stay aside, and yours can be compared with them."
ADD_HELP = "Labels that name no class of this project are otherwise left out, and counted in the report."
# Classes are offered by themselves while a project is new and they are as many as a person would have.
FEW_ITEMS, MOST_OFFERED = 1_000, 50
SHOWN = 30


def choose_columns(project: Project, path: Path, key: str) -> dict[str, Any]:
    """The options of an import: {"columns", "labels", "add_classes"}. Raises BadFile when nothing can be read."""
    chosen: dict[str, Any] = st.session_state.get(f"{key}-chosen") or {}
    with st.container(border=True):
        seen = looked(project, path, key, chosen)
        table = seen["tables"]
        asked = of_table(project, table, key) if table else of_texts(seen, key)
        if asked != chosen:
            # What was just chosen decides which classes and splits there are.
            st.session_state[f"{key}-chosen"] = asked
            seen = looked(project, path, key, asked)
        options = of_labels(project, seen, key)
    return {"columns": asked, **options}


def looked(project: Project, path: Path, key: str, chosen: dict[str, Any]) -> dict[str, Any]:
    """The preview, kept until something else is chosen: it may take two seconds."""
    kept = st.session_state.get(f"{key}-seen")
    if kept is None or kept[0] != chosen:
        with st.spinner("Looking at the first rows", show_time=False), reading() as session:
            kept = (chosen, importing.preview(session, project, {"path": str(path), "columns": chosen}))
        st.session_state[f"{key}-seen"] = kept
    found: dict[str, Any] = kept[1]
    return found


def of_table(project: Project, table: dict[str, Any], key: str) -> dict[str, Any]:
    """The columns as a person chose them, beside the first rows. A choice that was never touched is left to guess."""
    st.markdown(f"**{plain(table['file'])}**")
    shown = [dict(zip(table["columns"], row, strict=False)) for row in table["rows"]]
    st.dataframe(shown, hide_index=True, height="content", key=f"{key}-rows")
    chosen = how_written(table, key)
    # A header that comes or goes changes the names: the columns are then chosen anew.
    state = f"{key}-{hash(tuple(table['columns']))}"
    first, second = st.columns(2)
    if project.kind == Kind.TEXT:
        texts = first.multiselect(
            "Text", table["columns"], default=table["text"], key=f"{state}-text", help="Several are joined by a space."
        )
        # As they stand in the table, a title before its text, whatever was pressed first.
        chosen["text"] = [name for name in table["columns"] if name in (texts or table["text"])]
    else:
        chosen["image"] = one(first, "Image", table["columns"], table["image"], f"{state}-image")
    labels = table["label"] if isinstance(table["label"], list) else [table["label"]] if table["label"] else []
    picked = second.multiselect(
        "Label", table["columns"], default=labels, key=f"{state}-label", placeholder="No labels",
        help="Several columns are several labels; of columns of 0 and 1, their names.",
    )  # fmt: skip
    chosen["label"] = picked[0] if len(picked) == 1 else picked or None
    others(table, chosen, state)
    return {name: value for name, value in chosen.items() if name != "image" or value is not None}


def others(table: dict[str, Any], chosen: dict[str, Any], state: str) -> None:
    """Split, id and kept columns: seldom touched, so folded away, with what is chosen in the heading."""
    labels = chosen["label"] if isinstance(chosen["label"], list) else [chosen["label"]]
    used = {*chosen.get("text", ()), chosen.get("image"), *labels}
    said = [f"split: {table['split']}" if table["split"] else "", f"id: {table['id']}" if table["id"] else ""]
    if table["keep"]:
        said.append(
            f"{len(table['keep'])} kept with the item" if len(table["keep"]) > 1 else f"kept: {table['keep'][0]}"
        )
    heading = ", ".join(part for part in said if part)
    with st.expander(plain(f"Other columns ({heading})" if heading else "Other columns")):
        left, right = st.columns(2)
        picked: dict[str, Any] = {}
        picked["split"] = one(left, "Split", table["columns"], table["split"], f"{state}-split")
        picked["id"] = one(right, "Id", table["columns"], table["id"], f"{state}-id")
        free = [name for name in table["columns"] if name not in (*used, picked["split"], picked["id"])]
        kept = [name for name in table["keep"] if name in free]
        # Another set of columns to choose from is another choice.
        picked["keep"] = st.multiselect(
            "Kept with the item", free, default=kept, key=f"{state}-keep-{hash(tuple(free))}"
        )
    guesses = {"split": table["split"], "id": table["id"]}
    if picked["keep"] != kept:
        chosen["keep"] = picked["keep"]
    del picked["keep"]
    chosen.update(changed(picked, guesses, f"{state}-others"))


def one(place: Any, title: str, names: Sequence[str], guess: str | None, key: str) -> str | None:
    choices = [NONE, *names]
    picked: str = place.selectbox(title, choices, index=choices.index(guess) if guess else 0, key=key)
    return None if picked == NONE else picked


def how_written(table: dict[str, Any], key: str) -> dict[str, Any]:
    """Header, encoding and delimiter, each only where the format has one and only what a person changed."""
    chosen: dict[str, Any] = {}
    parts = st.columns(3, vertical_alignment="bottom")
    if table["encoding"]:
        # The first stays the one that was found, whatever is picked: a list that changes forgets what was picked.
        found = st.session_state.setdefault(f"{key}-encoding-found", table["encoding"])
        choices = list(dict.fromkeys((found, *encodings.CHOICES)))
        picked = parts[0].selectbox("Encoding", choices, key=f"{key}-encoding")
        if picked != found:
            chosen["encoding"] = picked
    if table["delimiter"]:
        first = st.session_state.setdefault(f"{key}-delimiter-found", table["delimiter"])
        signs = list(dict.fromkeys((first, *DELIMITERS)))
        sign = parts[1].selectbox(
            "Between cells", signs, format_func=lambda sign: DELIMITERS.get(sign, sign), key=f"{key}-delimiter"
        )
        if sign != first:
            chosen["delimiter"] = sign
    if table["header"] is not None:
        chosen["header"] = parts[2].checkbox("Row 1 holds the names", value=table["header"], key=f"{key}-header")
    return chosen


def of_texts(seen: dict[str, Any], key: str) -> dict[str, Any]:
    """Plain text files have no columns: an item is a line, or a file."""
    is_file = seen["files_are_texts"]
    if is_file is None:
        return {}
    ways = {"lines": "Each line", "files": "Each file"}
    default = "files" if is_file else "lines"
    picked = st.segmented_control(
        "One item is", ways, format_func=ways.__getitem__, default=default, required=True, key=f"{key}-as"
    )
    return changed({"as": picked}, {"as": default}, f"{key}-as")


def changed(picked: dict[str, Any], guesses: dict[str, Any], key: str) -> dict[str, Any]:
    """What was picked other than it was guessed at first. The rest stays a guess, for each file its own."""
    first: dict[str, Any] = st.session_state.setdefault(f"{key}-guessed", guesses)
    return {name: value for name, value in picked.items() if value != first.get(name)}


def of_labels(project: Project, seen: dict[str, Any], key: str) -> dict[str, Any]:
    """What the data says of classes and splits, and what to do with it."""
    st.caption(described(seen))
    if not seen["classes"]:
        return {}
    use = st.segmented_control(
        "Labels in the data become", USES, format_func=USES.__getitem__, default="labels", required=True,
        key=f"{key}-use", help=USES_HELP,
    )  # fmt: skip
    options: dict[str, Any] = {"labels": use}
    unknown = [each for each in seen["classes"] if not each["known"]]
    if use != "none" and unknown:
        options["add_classes"] = offer(project, unknown, key)
    return options


def offer(project: Project, unknown: Sequence[dict[str, Any]], key: str) -> bool:
    with reading() as session:
        is_new = stats.progress(session, project)["items"] <= FEW_ITEMS
    # Isolated: a name that is written from right to left would otherwise draw the counts beside it to its other side.
    listed = ", ".join(f"\u2068{each['name']}\u2069 ({each['count']:,})" for each in unknown[:SHOWN])
    more = f" and {len(unknown) - SHOWN:,} more" if len(unknown) > SHOWN else ""
    what = "this class" if len(unknown) == 1 else f"these {len(unknown):,} classes"
    # Numbers in place of names are most often an index into the classes that were named here.
    are_names = not all(each["name"].isdecimal() for each in unknown)
    is_usual = is_new and are_names and len(unknown) <= MOST_OFFERED
    is_added = st.checkbox(f"Add {what}", value=is_usual, key=f"{key}-adds", help=ADD_HELP)
    st.caption(plain(f"Not in this project: {listed}{more}"))
    return is_added


def described(seen: dict[str, Any]) -> str:
    """ "About 12,000 items. Splits: 9,000 train, 3,000 test." """
    items = f"{seen['items']:,} items" if seen["items"] != 1 else "1 item"
    parts = [items if seen["is_all"] else f"About {items}"]
    if seen["splits"]:
        splits = ", ".join(f"{count:,} {name}" for name, count in seen["splits"].items())
        parts.append(f"Splits: {splits}" if seen["is_all"] else f"Splits in the first rows: {splits}")
    known = sum(each["known"] for each in seen["classes"])
    if seen["classes"]:
        count = f"{len(seen['classes']):,} classes" if len(seen["classes"]) > 1 else "1 class"
        parts.append(f"{count}, {known:,} of them in this project" if len(seen["classes"]) > 1 else count)
    return ". ".join(parts) + "."
