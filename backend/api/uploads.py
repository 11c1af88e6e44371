"""/api/uploads: files of any size in pieces, which go on after a break of the line, a reload or a crash.

Say which files there are, send each from the byte that `received` names, then start an import with the upload's id.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from backend import errors, projects
from backend.importing import receiving, uploads
from backend.importing.manifest import Entry, Said
from backend.importing.receiving import Elsewhere, Receiver
from db.session import reading

router = APIRouter(tags=["uploads"])

# Larger blocks save changes of thread, smaller ones memory: each request holds one.
BLOCK_BYTES = 1 << 20
# A refused piece of this size is read to its end: a client that is still sending would not hear the answer.
READ_OUT_BYTES = 64_000_000
BYTES = {"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


class File(BaseModel):
    """`modified` (ms) tells an edited file of the same name and size apart, where the sender knows it."""

    name: str = Field(min_length=1, max_length=4_000)
    size: int = Field(ge=0, le=1 << 50)
    modified: int = Field(default=0, ge=0, le=1 << 60)


class Files(BaseModel):
    files: list[File] = Field(max_length=10_000)

    def said(self) -> list[Said]:
        return [Said(file.name, file.size, file.modified) for file in self.files]


class Numbers(BaseModel):
    files: list[int] = Field(max_length=1_000_000)


@router.post("/projects/{project_id}/uploads", status_code=201)
def create(project_id: int, sent: Files) -> dict[str, Any]:
    """Begin an upload of these files (at most 10,000 a call; more can be added)."""
    with reading() as session:
        projects.get(session, project_id)
    upload, entries = uploads.create(project_id, sent.said())
    return {"id": upload, "files": shown(upload, entries)}


@router.post("/uploads/{upload_id}/files")
def add(upload_id: str, sent: Files) -> dict[str, Any]:
    """Add files. One that the upload has already (name, size, modified) keeps its number and what is there of it."""
    return {"id": upload_id, "files": shown(upload_id, uploads.add(upload_id, sent.said()))}


@router.get("/uploads/{upload_id}")
def get(upload_id: str) -> dict[str, Any]:
    """What is there of each file: the next piece of it begins at `received`."""
    found = uploads.get(upload_id)
    entries = list(found.manifest.entries.values())
    return {
        "id": upload_id,
        "project_id": found.manifest.project_id,
        "is_finished": not found.lacking,
        "files": [as_json(entry, found.received[entry.n]) for entry in entries],
    }


@router.post("/uploads/{upload_id}/leave-out")
def leave_out(upload_id: str, sent: Numbers) -> dict[str, Any]:
    """Go on without these files; what was there of them is removed."""
    uploads.leave_out(upload_id, sent.files)
    return get(upload_id)


@router.delete("/uploads/{upload_id}", status_code=204)
def delete(upload_id: str) -> Response:
    uploads.get(upload_id)
    uploads.remove(upload_id)
    return Response(status_code=204)


@router.put("/uploads/{upload_id}/files/{n}", response_model=None, openapi_extra=BYTES)
async def put_piece(
    upload_id: str, n: int, request: Request, offset: Annotated[int, Query(ge=0)] = 0
) -> dict[str, int] | JSONResponse:
    """Append the body to file `n`. 409 with `received` when the file does not end at `offset`."""

    def receiver(entries: Sequence[Entry]) -> Receiver:
        return receiving.piece(upload_id, entries[0], offset, length_of(request))

    return await taken(upload_id, [n], request, receiver)


@router.put("/uploads/{upload_id}/files", response_model=None, openapi_extra=BYTES)
async def put_files(
    upload_id: str, request: Request, n: Annotated[list[int], Query(max_length=1_000)]
) -> dict[str, int] | JSONResponse:
    """Several small files in one request: their whole contents one after the other, in the order of `n`."""

    def receiver(entries: Sequence[Entry]) -> Receiver:
        return receiving.whole(upload_id, entries, length_of(request))

    return await taken(upload_id, n, request, receiver)


async def taken(
    upload_id: str, numbers: Sequence[int], request: Request, receiver: Callable[[Sequence[Entry]], Receiver]
) -> dict[str, int] | JSONResponse:
    """The body onto the disk; `received` of the last file."""
    try:
        entries = await run_in_threadpool(uploads.entries, upload_id, numbers)
        with receiving.held(upload_id, entries):
            receives = await run_in_threadpool(receiver, entries)
            try:
                async for block in blocks(request):
                    # In a thread: a slow disk must not keep others waiting.
                    await run_in_threadpool(receives.write, block)
            finally:
                await run_in_threadpool(receives.close)
        return {"received": await run_in_threadpool(uploads.arrived, upload_id, entries[-1])}
    except Elsewhere as error:
        await read_out(request)
        return JSONResponse({"error": error.as_json(), "received": error.received}, status_code=error.status)
    except errors.WinnowError:
        await read_out(request)
        raise


async def blocks(request: Request) -> AsyncIterator[bytes]:
    """The body in blocks. Where the line breaks it ends: what came before is good."""
    block = bytearray()
    try:
        async for some in request.stream():
            block += some
            if len(block) >= BLOCK_BYTES:
                yield bytes(block)
                block.clear()
    except ClientDisconnect:
        pass
    if block:
        yield bytes(block)


async def read_out(request: Request) -> None:
    read = 0
    try:
        async for some in request.stream():
            read += len(some)
            if read > READ_OUT_BYTES:
                return
    except (ClientDisconnect, RuntimeError):
        # Gone, or read to its end already.
        return


def length_of(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else None


def shown(upload: str, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    received = uploads.sizes(upload, entries)
    return [as_json(entry, received[entry.n]) for entry in entries]


def as_json(entry: Entry, received: int) -> dict[str, Any]:
    return {"n": entry.n, **entry.said._asdict(), "received": received}
