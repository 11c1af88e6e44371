"""Recipes kept under a name, in versions, for every project."""

from typing import Any

from backend import errors
from backend.augmenting import catalogue, recipes, texts
from db import recipes as rows
from db.models import Recipe
from db.session import Session

NAME_LENGTH = 200
FORMAT = "winnow recipe 1"


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


def delete(session: Session, recipe: Recipe) -> None:
    """This version alone. Raises Conflict when a run was trained with it: what the run saw could not be shown again."""
    if rows.is_used(session, recipe.id):
        raise errors.Conflict(
            f"A run was trained with {recipe.name}, version {recipe.version}.",
            "Delete the run first, or keep the recipe.",
        )
    rows.delete(session, recipe)


def as_file(recipe: Recipe) -> dict[str, Any]:
    """What another Winnow takes in: see `from_file`."""
    return {"format": FORMAT, "name": recipe.name, "version": recipe.version, "steps": recipe.steps}


def from_file(session: Session, told: Any) -> Recipe:
    """A recipe from `as_file`. One that is here already, by name and steps, is kept as it is. Raises Invalid."""
    if not isinstance(told, dict) or told.get("format") != FORMAT or not isinstance(told.get("name"), str):
        raise errors.Invalid(
            "This is not a recipe of Winnow.", "Choose a file that was downloaded on the Augment page."
        )
    steps = catalogue.validate(told.get("steps"))
    there = rows.with_steps(session, " ".join(told["name"].split()), steps)
    return there or save(session, told["name"], steps)


def python_source(kind: str, steps: list[dict[str, Any]], size: int, base: str | None = None) -> str:
    """A module that varies items of this kind as the steps do, without Winnow. size and base: of pictures."""
    return texts.python_source(steps) if kind == "text" else recipes.python_source(steps, size, base)


def as_json(recipe: Recipe) -> dict[str, Any]:
    return {
        "id": recipe.id,
        "name": recipe.name,
        "version": recipe.version,
        "kind": catalogue.kind_of(recipe.steps),
        "steps": recipe.steps,
        "created_at": recipe.created_at.isoformat(),
    }
