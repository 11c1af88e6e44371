"""/api/models: the catalogue, what a model or a folder is for, fetching what is not here, and removing it."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from backend.models import catalogue, fetch, shelf
from db.session import writing

router = APIRouter(prefix="/models", tags=["models"])


class Named(BaseModel):
    model: str


@router.get("")
def list_models() -> dict[str, Any]:
    found = [catalogue.as_json(model) for model in (*catalogue.MODELS, *catalogue.others())]
    kept = asdict(shelf.kept())
    return {"items": found, "next": None, "kept": kept | {"folder": str(kept["folder"])}}


@router.get("/one")
def one(model: str) -> dict[str, Any]:
    """Any model: `hub:OWNER/NAME`, or `path:FOLDER`, which is checked."""
    return catalogue.as_json(catalogue.find(model))


@router.post("/fetch", status_code=202)
def fetch_model(wanted: Named) -> dict[str, Any]:
    with writing() as session:
        return {"job_id": fetch.start(session, wanted.model).id}


@router.post("/remove")
def remove_model(wanted: Named) -> dict[str, Any]:
    with writing() as session:
        return {"removed_bytes": shelf.remove(session, wanted.model)}
