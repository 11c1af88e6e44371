"""/api/transforms and /api/recipes: what augmentation there is, and what a person made of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from backend.api.paging import After, Limit, page
from backend.augmenting import catalogue, presets, shelf
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
            {
                "name": each.name,
                "title": each.title,
                "purpose": each.purpose,
                "kind": each.kind,
                "steps": presets.steps(each.name),
            }
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


@router.post("/recipes/import", status_code=201)
def bring(file: dict[str, Any]) -> dict[str, Any]:
    """The body is what GET /api/recipes/{id}/file answers. The same again adds nothing."""
    with writing() as session:
        return shelf.as_json(shelf.from_file(session, file))


@router.get("/recipes/{recipe_id}/file")
def download(recipe_id: int) -> JSONResponse:
    """A file that another Winnow takes in."""
    with reading() as session:
        recipe = shelf.get(session, recipe_id)
    name = f"recipe-{recipe.id}-version-{recipe.version}.json"
    return JSONResponse(shelf.as_file(recipe), headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.delete("/recipes/{recipe_id}", status_code=204)
def delete(recipe_id: int) -> None:
    with writing() as session:
        shelf.delete(session, shelf.get(session, recipe_id))


@router.get("/recipes/{recipe_id}")
def get(recipe_id: int, size: Annotated[int, Query(ge=1, le=4096)] = 224) -> dict[str, Any]:
    """With `python`: the code that makes the same pixels at this size, or the same texts."""
    with reading() as session:
        recipe = shelf.get(session, recipe_id)
    kind = catalogue.kind_of(recipe.steps) or "image"
    return shelf.as_json(recipe) | {"python": shelf.python_source(kind, recipe.steps, size)}
