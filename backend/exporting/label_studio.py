"""Label Studio: a JSON list of tasks with data, annotations and predictions, and the labeling config that fits it.

After https://labelstud.io/guide/tasks (basic Label Studio JSON format). Images are named by their file: serve the
folder of an image export as Label Studio's local storage, or change the names to addresses.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from xml.sax.saxutils import quoteattr

from backend.exporting.fields import Chosen
from backend.exporting.rows import batches
from db.items import Filter
from db.models import Kind, Project

FROM_NAME = "label"


def blocks(project: Project, chosen: Chosen, wanted: Filter) -> Iterator[bytes]:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    label = "labels" if project.multi_label else "label"
    needed = ("id", _content(project), label, "status", "split", "annotator", "decided_at", "source")
    told = tuple(name for name in ("seconds", "suggestion", "confidence", "gold") if name in chosen.names)
    inner = replace(chosen, names=(*needed, *told, *chosen.meta))
    yield b"["
    before = "\n"
    for batch in batches(project, inner, wanted):
        rows = zip(*(batch[name] for name in inner.names), strict=True)
        tasks = [encode(_task(project, inner, dict(zip(inner.names, row, strict=True)))) for row in rows]
        yield (before + ",\n".join(tasks)).encode("utf-8", "replace")
        before = ",\n"
    yield b"\n]\n"


def _content(project: Project) -> str:
    return "text" if project.kind == Kind.TEXT else "file"


def _task(project: Project, chosen: Chosen, row: dict[str, Any]) -> dict[str, Any]:
    labels = row["labels"] if project.multi_label else [row["label"]] if row["label"] else []
    content = {"text": row["text"]} if project.kind == Kind.TEXT else {"image": row["file"]}
    # Label Studio knows people by accounts of its own: a name of ours is data to it.
    kept = {name: row[name] for name in ("split", "source", "annotator") if row[name]}
    kept |= {name: row[name] for name in (*chosen.meta, "gold") if row.get(name)}
    annotations, predictions = [], []
    if row["status"] == "labeled":
        annotation = {"result": [_result(project, labels)] if labels else [], "created_at": row["decided_at"]}
        annotation |= {"lead_time": row["seconds"]} if row.get("seconds") is not None else {}
        annotations.append(annotation)
    elif row["status"] == "skipped":
        annotations.append({"result": [], "was_cancelled": True})
    if row.get("suggestion"):
        predictions.append({"result": [_result(project, [row["suggestion"]])], "score": row.get("confidence")})
    meta = {"flagged": True} if row["status"] == "flagged" else {}
    task = {"id": row["id"], "data": {**kept, **content}, "annotations": annotations, "predictions": predictions}
    return task | ({"meta": meta} if meta else {})


def _result(project: Project, names: Sequence[str]) -> dict[str, Any]:
    return {
        "from_name": FROM_NAME,
        "to_name": "text" if project.kind == Kind.TEXT else "image",
        "type": "choices",
        "value": {"choices": list(names)},
    }


def config(project: Project, class_names: Sequence[str]) -> bytes:
    """What Label Studio asks for as the labeling interface of the project that imports the tasks."""
    is_text = project.kind == Kind.TEXT
    shown = '<Text name="text" value="$text"/>' if is_text else '<Image name="image" value="$image"/>'
    choice = "multiple" if project.multi_label else "single"
    choices = "".join(f"\n    <Choice value={quoteattr(name)}/>" for name in class_names)
    to = "text" if is_text else "image"
    return (
        f'<View>\n  {shown}\n  <Choices name="{FROM_NAME}" toName="{to}" choice="{choice}">{choices}\n  </Choices>\n'
        "</View>\n"
    ).encode()
