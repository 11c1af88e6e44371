"""/api/projects/{p}/compare/…: how sure, how often right, and where: curves, thresholds, slices."""

from fastapi import APIRouter

router = APIRouter(prefix="/projects/{project_id}/compare", tags=["compare"])
