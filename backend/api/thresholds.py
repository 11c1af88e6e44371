"""/api/runs/{r}/thresholds: from which score on a run answers each class, where an item may have several."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from backend.training import thresholds_of_run

router = APIRouter(tags=["runs"])


class NewThresholds(BaseModel):
    """By class name or number; the others stay. null takes all back to what they were after training."""

    thresholds: dict[str, float] | None


@router.post("/runs/{run_id}/thresholds")
def put(run_id: int, new: NewThresholds) -> dict[str, Any]:
    """Move them. The run's figures are worked out anew from its predictions, and its model takes them along."""
    return thresholds_of_run.put(run_id, new.thresholds)
