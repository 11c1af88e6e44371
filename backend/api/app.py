"""The HTTP API: every room's router under one roof, and one place where errors become JSON."""

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from backend import errors
from backend.api import (
    advice,
    archives,
    augmentations,
    classes,
    compare,
    exports,
    groups,
    imports,
    inspections,
    items,
    jobs,
    judging,
    labels,
    maps,
    models,
    projects,
    queue,
    recipes,
    reports,
    runs,
    second_looks,
    suggestions,
    sweeps,
    thresholds,
    uploads,
    watched,
    worklists,
)
from backend.api import (
    bin as bins,
)

log = logging.getLogger("winnow.api")
ROUTERS = (
    projects.router,
    classes.router,
    imports.router,
    uploads.router,
    watched.router,
    items.router,
    bins.router,
    exports.router,
    groups.router,
    archives.router,
    jobs.router,
    labels.router,
    second_looks.router,
    queue.router,
    compare.router,
    judging.router,
    reports.router,
    worklists.router,
    inspections.router,
    advice.router,
    maps.router,
    recipes.router,
    augmentations.router,
    models.router,
    suggestions.router,
    runs.router,
    sweeps.router,
    thresholds.router,
)


def create() -> FastAPI:
    """The app that is mounted at /api."""
    api = FastAPI(title="Winnow", version="1", docs_url="/docs", redoc_url=None)
    for router in ROUTERS:
        api.include_router(router)
    api.add_exception_handler(errors.WinnowError, _known)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(OverflowError, _too_large)
    api.add_exception_handler(UnicodeEncodeError, _no_character)
    api.add_exception_handler(Exception, _unexpected)
    return api


def _answer(status: int, code: str, message: str, hint: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, "hint": hint}}, status_code=status)


async def _known(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.WinnowError)
    return _answer(error.status, error.code, error.message, error.hint)


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(f"{'.'.join(str(part) for part in each['loc'][1:])}: {each['msg']}" for each in error.errors())
    return _answer(422, "invalid", f"The request does not fit: {wrong}", "/api/docs shows what this call takes.")


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http")
    return _answer(error.status_code, code, str(error.detail), "/api/docs lists every call.")


async def _too_large(_request: Request, _error: Exception) -> JSONResponse:
    """The database counts to 2^63."""
    return _answer(404, "not_found", "There is nothing with so large a number.", "Check the numbers in the request.")


async def _no_character(request: Request, error: Exception) -> JSONResponse:
    """JSON can name half of a surrogate pair, which no file and no database takes."""
    assert isinstance(error, UnicodeEncodeError)
    if request.method == "GET" or error.reason != "surrogates not allowed":
        return await _unexpected(request, error)
    message = "The request has half of a character in it (a lone surrogate), which cannot be stored."
    return _answer(422, "invalid", message, "Send whole characters.")


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    message = "Something went wrong that Winnow did not foresee."
    return _answer(500, "unexpected", message, "The details are in logs/winnow.log in Winnow's data folder.")
