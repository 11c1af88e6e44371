"""In which settings runs differ: only those are worth a person's eye."""

from collections.abc import Mapping, Sequence
from typing import Any

from db import comparison as rows
from db.models import Run
from db.session import Session


def between(session: Session, runs: Sequence[Run]) -> list[dict[str, Any]]:
    """[{"setting", "values": [one a run]}] of what differs; None where a run has no such setting.

    Nested settings are named with dots, such as "lora.rank"; a recipe goes by its name and version.
    """
    recipes = rows.recipe_names(session, [run.spec["recipe_id"] for run in runs if run.spec.get("recipe_id")])
    flat = [flattened(_named(run.spec, recipes)) | {"snapshot": run.snapshot_id} for run in runs]
    settings = dict.fromkeys(name for spec in flat for name in spec)
    table = [{"setting": name, "values": [spec.get(name) for spec in flat]} for name in settings]
    return [row for row in table if any(value != row["values"][0] for value in row["values"])]


def _named(spec: Mapping[str, Any], recipes: Mapping[int, str]) -> dict[str, Any]:
    recipe_id = spec.get("recipe_id")
    rest = {name: value for name, value in spec.items() if name != "recipe_id"}
    return rest | ({"recipe": recipes.get(recipe_id, f"recipe {recipe_id}")} if recipe_id else {})


def flattened(spec: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in spec.items():
        if isinstance(value, Mapping):
            found |= flattened(value, f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value
    return found
