"""Recipes kept under a name, in versions, for every project."""

from typing import Any

from backend import errors
from backend.augmenting import catalogue
from db import recipes as rows
from db.models import Recipe
from db.session import Session

NAME_LENGTH = 200


def save(session: Session, name: str, steps: Any) -> Recipe:
    """Keep the steps under this name; a name that is there already gets a new version. Raises Invalid."""
    name = " ".join(name.split())
    if not name:
        raise errors.Invalid("A recipe needs a name.", "Write at least one letter.")
    if len(name) > NAME_LENGTH:
        raise errors.Invalid(f"A recipe name may have {NAME_LENGTH} letters; this one has {len(name)}.", "Shorten it.")
    return rows.add(session, name, catalogue.validate(steps))


def get(session: Session, recipe_id: int) -> Recipe:
    recipe = rows.get(session, recipe_id)
    if recipe is None:
        raise errors.NotFound(f"There is no recipe {recipe_id}.", "GET /api/recipes lists them.")
    return recipe


def as_json(recipe: Recipe) -> dict[str, Any]:
    return {
        "id": recipe.id,
        "name": recipe.name,
        "version": recipe.version,
        "steps": recipe.steps,
        "created_at": recipe.created_at.isoformat(),
    }
