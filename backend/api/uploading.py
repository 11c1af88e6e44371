"""A multipart request straight onto the disk: any number of files of any size, never whole in memory."""

import json
from pathlib import Path
from typing import IO, Any

from pydantic import BaseModel
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from backend import errors
from backend.importing import uploads
from backend.importing.manifest import Places

FIELD_BYTES = 100_000
# As RFC 2046 allows, with room to spare.
BOUNDARY_BYTES = 200


class Upload:
    """Files go to `folder`, fields to `fields`."""

    def __init__(self, folder: Path, boundary: bytes) -> None:
        self.folder = folder
        self.places = Places([])
        self.fields: dict[str, str] = {}
        self.files = 0
        self.is_whole = False
        self._header = (b"", b"")
        self._headers: dict[bytes, bytes] = {}
        self._file: IO[bytes] | None = None
        self._name = ""
        self._value = b""
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._headers.clear,
                "on_header_field": self._on_field,
                "on_header_value": self._on_value,
                "on_header_end": self._on_header,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_part_end,
                "on_end": self._on_end,
            },
        )

    def _on_field(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0] + data[start:end], self._header[1])

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._header = (self._header[0], self._header[1] + data[start:end])

    def _on_header(self) -> None:
        name, value = self._header
        self._headers[name.lower()] = value
        self._header = (b"", b"")

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._value = b""
        if options.get(b"filename"):
            name = options[b"filename"].decode("utf-8", "replace")
            self._file = uploads.made(self.folder, self.places.free(name)).open("wb")
            self.files += 1

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > FIELD_BYTES:
            raise errors.Invalid(f'The field "{self._name}" is too long.', "Send what is large as a file.")

    def _on_part_end(self) -> None:
        if self._file is None:
            self.fields[self._name] = self._value.decode("utf-8", "replace")
        self.close()

    def _on_end(self) -> None:
        self.is_whole = True

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def described(in_json: type[BaseModel], in_form: dict[str, Any]) -> dict[str, Any]:
    """For /api/docs: a request body as JSON, or as a form with these fields."""
    form = {"type": "object", "properties": in_form}
    content = {"application/json": {"schema": in_json.model_json_schema()}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


async def received(request: Request) -> dict[str, Any]:
    """The request as a source of an import. Raises Invalid, and then nothing is left on the disk."""
    _, options = parse_options_header(request.headers["content-type"])
    boundary = options.get(b"boundary")
    if not boundary:
        raise errors.Invalid("The request names no boundary between its files.", "Let your client make the form.")
    if len(boundary) > BOUNDARY_BYTES:
        raise errors.Invalid("The boundary between the files is too long.", "Let your client make the form.")
    folder = await run_in_threadpool(uploads.new_folder)
    upload = Upload(folder, boundary)
    try:
        async for block in request.stream():
            # In a thread: a slow disk must not keep others waiting.
            await run_in_threadpool(upload.parser.write, block)
        upload.parser.finalize()
        return {"upload": folder.name, **options_in(upload)}
    except FormParserError as error:
        uploads.remove(folder.name)
        raise errors.Invalid(f"The form cannot be read: {error}.", "Send it again.") from None
    except BaseException:
        uploads.remove(folder.name)
        raise
    finally:
        upload.close()


def options_in(upload: Upload) -> dict[str, Any]:
    if not upload.is_whole:
        raise errors.Invalid("The upload broke off before its end.", "Send it again.")
    if not upload.files:
        raise errors.Invalid("The request has no file in it.", 'Send files in the field "files".')
    fields = upload.fields
    options: dict[str, Any] = {name: fields[name] for name in ("labels", "add_classes") if fields.get(name)}
    if fields.get("columns"):
        try:
            options["columns"] = dict(json.loads(fields["columns"]))
        except (ValueError, TypeError, RecursionError):
            raise errors.Invalid('"columns" is no JSON object.', 'Send {"text": "NAME", "label": "NAME"}.') from None
    return options
