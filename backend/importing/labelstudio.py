"""Tasks of Label Studio's JSON export: the data of each, and the choices of its newest annotation that stands.

The format: https://labelstud.io/guide/export#Label-Studio-JSON-format-of-annotated-tasks. Predictions are a model's.
"""

from typing import Any


def is_task(record: dict[str, Any]) -> bool:
    if not isinstance(record.get("data"), dict):
        return False
    return any(isinstance(record.get(name), list) for name in ("annotations", "completions", "predictions"))


def fields_of(task: dict[str, Any]) -> dict[str, Any]:
    """The task's data as fields, with its id when the data has none, and the choices as "label"."""
    data = task["data"]
    fields = dict(data) if "id" in data or task.get("id") is None else {"id": task["id"], **data}
    # Our own export keeps the label in the data as well; what was chosen later stands above it.
    fields.pop("labels" if "labels" in fields else "label", None)
    return {**fields, "label": choices(task)}


def choices(task: dict[str, Any]) -> list[str]:
    standing = [
        each
        for each in task.get("annotations") or task.get("completions") or []
        if isinstance(each, dict) and not each.get("was_cancelled") and not each.get("skipped")
    ]
    if not standing:
        return []
    newest = max(standing, key=lambda each: str(each.get("updated_at") or each.get("created_at") or ""))
    found: list[str] = []
    for result in newest.get("result") or []:
        value = result.get("value") if isinstance(result, dict) else None
        if not isinstance(value, dict):
            continue
        named = value.get("choices") or []
        # A taxonomy's choices are paths: the last name is the class.
        found += [str(path[-1]) for path in value.get("taxonomy") or [] if isinstance(path, list) and path]
        found += [str(name) for name in (named if isinstance(named, list) else [named])]
    return list(dict.fromkeys(found))
