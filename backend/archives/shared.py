"""What several projects of a machine have in common: annotators by their name, recipes by their steps."""

from collections.abc import Callable
from typing import Any

from backend.labeling.checks import annotator_name
from db import archives as rows
from db import decisions
from db.session import Session


def annotator(session: Session, row: dict[str, Any]) -> int:
    return decisions.annotator(session, annotator_name(row["name"]))


def recipe(session: Session, row: dict[str, Any]) -> int:
    """The recipe with the same name and steps, or a new version of that name."""
    there = rows.recipes_named(session, row["name"])
    for each in there:
        if each.steps == row["steps"]:
            return each.id
    version = max([row["version"], *(each.version + 1 for each in there)])
    return rows.add_recipe(session, row["name"], version, row["steps"], row["created_at"])


SHARED: dict[str, Callable[[Session, dict[str, Any]], int]] = {"annotators": annotator, "recipes": recipe}
