"""/api/transforms and /api/recipes: what augmentation there is, and what a person made of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from backend.api.paging import After, Limit, page
from backend.augmenting import catalogue, presets, shelf
from backend.augmenting.recipes import python_source
from db import recipes as rows
from db.session import reading, writing

router = APIRouter(tags=["recipes"])


class NewRecipe(BaseModel):
    name: str
    steps: list[dict[str, Any]]


@router.get("/transforms")
def list_transforms() -> dict[str, Any]:
    """The catalogue, and presets as complete steps."""
    return {
        "items": [catalogue.as_json(each) for each in catalogue.TRANSFORMS],
        "next": None,
        "presets": [
            {"name": each.name, "title": each.title, "purpose": each.purpose, "steps": presets.steps(each.name)}
            for each in presets.PRESETS
        ],
    }


@router.get("/recipes")
def list_recipes(after: After = None, limit: Limit = 100) -> dict[str, Any]:
    with reading() as session:
        found = rows.page(session, after, limit)
        return page(found, limit, [shelf.as_json(recipe) for recipe in found])


@router.post("/recipes", status_code=201)
def save(new: NewRecipe) -> dict[str, Any]:
    """Under a name that is there already this makes its next version."""
    with writing() as session:
        return shelf.as_json(shelf.save(session, new.name, new.steps))


@router.get("/recipes/{recipe_id}")
def get(recipe_id: int, size: Annotated[int, Query(ge=1, le=4096)] = 224) -> dict[str, Any]:
    """With `python`: the code that makes the same pixels at this size."""
    with reading() as session:
        recipe = shelf.get(session, recipe_id)
    return shelf.as_json(recipe) | {"python": python_source(recipe.steps, size)}
