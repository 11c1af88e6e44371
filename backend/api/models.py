"""/api/models: the catalogue, and fetching what is not here."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from backend.models import catalogue, fetch
from db.session import writing

router = APIRouter(prefix="/models", tags=["models"])


class Fetch(BaseModel):
    model: str


@router.get("")
def list_models() -> dict[str, Any]:
    return {"items": [catalogue.as_json(model) for model in catalogue.MODELS], "next": None}


@router.post("/fetch", status_code=202)
def fetch_model(wanted: Fetch) -> dict[str, Any]:
    with writing() as session:
        return {"job_id": fetch.start(session, wanted.model).id}
