"""Queries on recipes. A saved recipe is never changed: saving under its name adds a version."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from db.models import Recipe, Run, now
from db.session import Session


def add(
    session: Session, name: str, steps: list[dict[str, Any]], *, at_least: int = 1, created_at: datetime | None = None
) -> Recipe:
    """The next version under this name, and no lower one than `at_least`."""
    newest = session.scalar(select(func.max(Recipe.version)).where(Recipe.name == name)) or 0
    recipe = Recipe(name=name, version=max(newest + 1, at_least), steps=steps, created_at=created_at or now())
    session.add(recipe)
    session.flush()
    return recipe


def get(session: Session, recipe_id: int) -> Recipe | None:
    return session.get(Recipe, recipe_id)


def with_steps(session: Session, name: str, steps: list[dict[str, Any]]) -> Recipe | None:
    """The newest version under this name that has these very steps."""
    found = session.scalars(select(Recipe).where(Recipe.name == name).order_by(Recipe.version.desc()))
    return next((recipe for recipe in found if recipe.steps == steps), None)


def is_used(session: Session, recipe_id: int) -> bool:
    """Whether a run was trained with it."""
    of_spec = Run.spec["recipe_id"].as_integer()
    return session.scalar(select(Run.id).where(of_spec == recipe_id).limit(1)) is not None


def delete(session: Session, recipe: Recipe) -> None:
    session.delete(recipe)


def page(session: Session, after: int | None, limit: int) -> Sequence[Recipe]:
    """Newest first, `after` being the last id of the page before."""
    query = select(Recipe).order_by(Recipe.id.desc()).limit(limit)
    return session.scalars(query.where(Recipe.id < after) if after is not None else query).all()
