"""Files and folders of any number and size, uploaded to /api while the person goes on.

Its script is one module put together from the files beside this one; each says at its top what it does. The upload
belongs to the window and not to what is drawn: another run of the page, or another page, does not stop it.
"""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from pages.parts.files import joined

HERE = Path(__file__).parent
SCRIPTS = ("../said.js", "gather.js", "kept.js", "wire.js", "send.js", "upload.js", "view.js", "mount.js")

mount = st.components.v2.component(
    "winnow_dropzone",
    js=joined(HERE, SCRIPTS),
    css=joined(HERE, ["dropzone.css"]),
)


class Uploaded(NamedTuple):
    """A finished upload, as the browser says it; the import looks for itself whether it is there."""

    id: str
    files: int
    bytes: int


def dropzone(project_id: int, hint: str, key: str, spent: str | None = None) -> Uploaded | None:
    """Draw the zone. Returns the upload when everything in it has arrived.

    spent: the upload that an import took; the zone forgets it.
    """
    data = {"project": project_id, "hint": hint, "spent": spent}
    told = mount(key=key, data=data, default={"upload": None}, on_upload_change=lambda: None).upload
    if not told or told["id"] == spent:
        return None
    return Uploaded(str(told["id"]), int(told["files"]), int(told["bytes"]))
