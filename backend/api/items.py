"""/api/projects/P/items and /api/items: lists of items, and their images."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import FileResponse

from backend import blobs, errors, items, projects, thumbs
from backend.api.paging import After, Limit, page
from db import items as rows
from db import projects as project_rows
from db.models import Status
from db.session import reading

router = APIRouter(tags=["items"])
YEAR_S = 31_536_000
# An address without `v` may name another image once its project is gone and the id is given anew.
SHORT_S = 300


@router.get("/projects/{project_id}/items")
def list_items(
    project_id: int,
    *,
    status: Status | None = None,
    class_: Annotated[str | None, Query(alias="class", description="a class by name or id")] = None,
    text: str = "",
    sort: Literal["oldest", "newest"] = "oldest",
    after: After = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """`text` is looked for in texts and file names."""
    with reading() as session:
        project = projects.get(session, project_id)
        found = rows.page(
            session,
            project.id,
            status=status,
            class_id=class_id_of(project_id, class_) if class_ else None,
            text=text,
            newest_first=sort == "newest",
            after=after,
            limit=limit,
        )
        return page(found, limit, items.as_json(session, project, found))


def class_id_of(project_id: int, name: str) -> int:
    with reading() as session:
        there = project_rows.classes(session, project_id, with_archived=True)
    for each in there:
        if each.name.casefold() == name.casefold():
            return each.id
    for each in there:
        if str(each.id) == name:
            return each.id
    raise errors.NotFound(f'There is no class "{name}" in this project.', "GET …/classes lists them.")


@router.get("/items/{item_id}")
def get(item_id: int) -> dict[str, Any]:
    with reading() as session:
        item = items.get(session, item_id)
        return items.as_json(session, projects.get(session, item.project_id), [item])[0]


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
        return FileResponse(original, media_type=item.media_type, headers=headers)
    data, media_type = thumbs.image_bytes(item, size)
    return Response(data, media_type=media_type, headers=headers)
