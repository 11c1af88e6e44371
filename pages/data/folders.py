"""Data that lies on this machine or on the Hugging Face hub, and folders whose new files come by themselves."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from backend import errors, importing, projects
from backend.importing import watch
from db.models import Kind, Project
from db.session import Session, reading, writing
from pages.data.columns import choose_columns
from pages.parts.errors import show_error, tried
from pages.parts.words import clock, plain

Start = Callable[[Project, dict[str, Any]], None]
COPY, LEAVE = "Copy the images", "Leave them where they are"
PLACES_HELP = (
    "Images that stay where they are take no second place on the disk. Winnow then shows them only as long as the "
    "files are there and unchanged. It never changes or deletes them."
)
WATCH_HELP = "Winnow looks every few seconds, while it runs, and imports what is new or changed."
REFRESH_S = 4
ICONS = {
    "waiting": ":material/visibility:",
    "new": ":material/visibility:",
    "changing": ":material/hourglass_top:",
    "importing": ":material/download:",
    "gone": ":material/folder_off:",
    "problem": ":material/error:",
}


def from_path(project: Project, start: Start) -> None:
    """A file or folder by its path, once or watched."""
    name = st.text_input(
        "Path", placeholder="/home/me/photos  or  C:\\Users\\me\\photos", key="data-path", icon=":material/folder:"
    )
    if name.strip():
        try:
            chosen(project, importing.local(name), start)
        except errors.WinnowError as error:
            # The watched folders are shown all the same.
            show_error(error)
    else:
        st.caption("Everything below a folder is read. Winnow changes nothing in it.")
    watched(project)


def chosen(project: Project, path: Path, start: Start) -> None:
    is_reference = False
    if project.kind == Kind.IMAGE:
        place = st.segmented_control(
            "Images",
            [COPY, LEAVE],
            default=COPY,
            required=True,
            key="data-place",
            help=PLACES_HELP,
        )
        is_reference = place == LEAVE
    options = choose_columns(project, path, key=str(path)) | {"reference": is_reference}
    is_watched = path.is_dir() and st.checkbox("Watch for new files", key="data-watch", help=WATCH_HELP)
    if not st.button("Import and watch" if is_watched else "Import", type="primary", key="data-import-path"):
        return
    if is_watched:
        begin(project, {"path": str(path), **options})
    else:
        start(project, {"path": str(path), **options})


def begin(project: Project, source: dict[str, Any]) -> None:
    """Watch the folder and import what is there."""
    with writing() as session:
        path = watch.add(session, projects.get(session, project.id), source)["path"]
    st.session_state.pop("data-path", None)
    show(watch.look(project.id, path, is_asked=True))


def show(job_id: int | None) -> None:
    if job_id is not None:
        st.query_params["job"] = str(job_id)
    st.rerun()


def watched(project: Project) -> None:
    """The watched folders with their state, and what can be done with them."""
    with reading() as session:
        is_any = bool(watch.of(projects.get(session, project.id)))
    if is_any:
        st.markdown("**Watched folders**")
        st.fragment(listed, run_every=REFRESH_S)(project)


def listed(project: Project) -> None:
    with reading() as session:
        found = watch.as_json(session, projects.get(session, project.id))
    for number, each in enumerate(found):
        said, now, stop = st.columns([6, 1.2, 1.4], vertical_alignment="center")
        how = ["images stay where they are"] if each["options"].get("reference") else []
        if each["looked_at"]:
            how.append(f"looked at {clock(datetime.fromisoformat(each['looked_at']))}")
        about = " · ".join([each["message"], *how])
        said.markdown(f"{ICONS[each['state']]} **{plain(each['path'])}**  \n:gray[{plain(about)}]")
        if now.button("Look now", key=f"data-look-{number}", width="stretch"):
            show(watch.look(project.id, each["path"], is_asked=True))
        if stop.button("Stop watching", key=f"data-unwatch-{number}", width="stretch", help="What was imported stays."):
            tried(partial(let_go, project.id, each["path"]))


def let_go(project_id: int, path: str, session: Session) -> None:
    watch.remove(session, projects.get(session, project_id), path)


def from_hub(project: Project, start: Start) -> None:
    """A data set of the hub by its name."""
    name = st.text_input(
        "Hugging Face name", placeholder="owner/name", key="data-hub", icon=":material/cloud_download:"
    )
    config, split = st.columns(2)
    parts = {
        "config": config.text_input("Configuration", placeholder="The only or the usual one", key="data-hub-config"),
        "split": split.text_input("Split", placeholder="All of them", key="data-hub-split"),
    }
    adds = st.checkbox("Add classes that the data names and the project lacks", key="data-hub-adds", value=True)
    st.caption(
        "Files with data are fetched into the Hugging Face cache; no program of a data set is run. "
        "For private ones set HF_TOKEN before Winnow starts."
    )
    if st.button("Fetch and import", type="primary", disabled=not name.strip(), key="data-import-hub"):
        start(project, {"hub": name, "add_classes": adds, **{key: value for key, value in parts.items() if value}})
