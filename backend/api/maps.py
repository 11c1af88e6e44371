"""/api/projects/{p}/map: where the items lie in two dimensions, and what they are coloured by."""

from fastapi import APIRouter

router = APIRouter(prefix="/projects/{project_id}/map", tags=["inspections"])
