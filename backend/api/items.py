"""/api/projects/P/items and /api/items: lists of items, and their images."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import FileResponse

from backend import blobs, items, projects, thumbs
from backend.api.filtering import wanted_items
from backend.api.paging import Limit
from db import items as rows
from db import origins
from db.browse import Sort
from db.items import Filter
from db.session import reading

router = APIRouter(tags=["items"])
YEAR_S = 31_536_000
# An address without `v` may name another image once its project is gone and the id is given anew.
SHORT_S = 300


@router.get("/projects/{project_id}/items")
def list_items(
    project_id: int,
    wanted: Annotated[Filter, Depends(wanted_items)],
    *,
    sort: Annotated[Sort, Query(description="least_sure and surest are by what is suggested")] = "oldest",
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """`looked_at` items were looked at for this page. Where few of very many fit, a page may be shorter than `limit`,
    even empty, and have a `next`: ask on. Sorted by suggestion or decision, what has none is left out.
    """
    with reading() as session:
        project = projects.get(session, project_id)
        found = items.find(session, project, wanted, sort=sort, after=after, limit=limit)
        shown = items.as_json(session, project, rows.by_ids(session, found.ids))
    return {"items": shown, "next": found.next, "looked_at": found.looked_at}


@router.get("/projects/{project_id}/origins")
def list_origins(project_id: int) -> dict[str, Any]:
    """The files, archives and folders that the items came from, by name."""
    with reading() as session:
        found = origins.of_project(session, projects.get(session, project_id).id)
    return {"items": [{"id": each.id, "name": each.name} for each in found], "next": None}


@router.get("/items/{item_id}")
def get(item_id: int) -> dict[str, Any]:
    """With everything that is known of it: also all its `sources` and the columns that were kept of its row."""
    with reading() as session:
        item = items.get(session, item_id)
        return items.whole(session, projects.get(session, item.project_id), item)


@router.get("/items/{item_id}/image", response_class=Response)
def image(
    item_id: int,
    size: Annotated[int | None, Query(ge=8, le=thumbs.LARGEST_SIZE)] = None,
    v: Annotated[str | None, Query(description="any text that changes with the content: cached for ever")] = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """At most `size` pixels wide and high; without a size as it came, if a browser can show that safely."""
    with reading() as session:
        item = items.get(session, item_id)
    tag = f'"{item.content_hash.hex()[:32]}-{size or "full"}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"private, max-age={YEAR_S}, immutable" if v else f"private, max-age={SHORT_S}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if if_none_match and tag in if_none_match:
        return Response(status_code=304, headers=headers)
    original = blobs.path_of(item.content_hash)
    if size is None and item.media_type in thumbs.SAFE_ORIGINALS and original.exists():
        if original.is_symlink():
            # It is somebody's own file, and may have become another picture.
            return Response(blobs.read(item.content_hash), media_type=item.media_type, headers=headers)
        return FileResponse(original, media_type=item.media_type, headers=headers)
    data, media_type = thumbs.image_bytes(item, size)
    return Response(data, media_type=media_type, headers=headers)
