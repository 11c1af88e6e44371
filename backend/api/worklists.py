"""/api/projects/{p}/worklists: items to look at once more, in an order."""

from fastapi import APIRouter

router = APIRouter(prefix="/projects/{project_id}/worklists", tags=["labels"])
