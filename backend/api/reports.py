"""/api/projects/{p}/compare/report: a comparison as one page that opens anywhere."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import Response

from backend import exporting, projects
from backend.evaluating import comparison, report
from db.session import reading

router = APIRouter(prefix="/projects/{project_id}/compare", tags=["compare"])
ITEMS = "with the first mistakes, as texts and pictures"


@router.get("/report", response_class=Response)
def download(
    project_id: int,
    *,
    runs: Annotated[str, Query(description="numbers of runs with commas between: 1,2")] = "",
    is_today: Annotated[bool, Query(description="by the labels of today, for runs judged by them")] = False,
    items: Annotated[bool, Query(description=ITEMS)] = False,
) -> Response:
    """One HTML file with figures, charts, settings and data: it opens from the disk and asks nothing of a network."""
    with reading() as session:
        project = projects.get(session, project_id)
        run_ids = comparison.parse_ids(runs)
        made = report.of(session, project, run_ids, is_today=is_today, with_items=items)
    numbers = "-".join(map(str, run_ids))
    which = f"run-{numbers}" if len(run_ids) == 1 else f"runs-{numbers}" if len(run_ids) < 5 else f"{len(run_ids)}-runs"
    name = f"{exporting.stem(project)}-{which}.html"
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(made, media_type="text/html; charset=utf-8", headers=headers)
