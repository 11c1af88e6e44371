"""/api/projects/{p}/compare/report: a comparison as one page that opens anywhere."""

from fastapi import APIRouter

router = APIRouter(prefix="/projects/{project_id}/compare", tags=["compare"])
