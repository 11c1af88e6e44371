"""What several projects of a machine have in common: annotators by their name, recipes by their steps."""

from collections.abc import Callable
from typing import Any

from backend.labeling.checks import annotator_name
from db import decisions, recipes
from db.session import Session


def annotator(session: Session, row: dict[str, Any]) -> int:
    return decisions.annotator(session, annotator_name(row["name"]))


def recipe(session: Session, row: dict[str, Any]) -> int:
    """The recipe with the same name and steps, or a new version of that name."""
    name, steps = row["name"], row["steps"]
    there = recipes.with_steps(session, name, steps)
    return (there or recipes.add(session, name, steps, at_least=row["version"], created_at=row["created_at"])).id


SHARED: dict[str, Callable[[Session, dict[str, Any]], int]] = {"annotators": annotator, "recipes": recipe}
