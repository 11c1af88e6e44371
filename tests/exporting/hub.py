"""A hub made of one local server: as much of its API as a push of a dataset needs."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.hubs import served

TOKEN = "hf_only-for-this-test"


class Hub(BaseHTTPRequestHandler):
    """`files`: what was committed. `large`: what came on the way for large files. `status`: of every answer."""

    files: dict[str, bytes]
    asked: list[str]
    made: list[dict[str, Any]]
    status = 200
    takes_large = False
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None: ...

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send(b"{}", 404)

    def do_PUT(self) -> None:
        self.files["sent " + self.path.rpartition("/")[2]] = self.body()
        self.send(b"")

    def do_POST(self) -> None:
        self.asked.append(self.path)
        body = self.body()
        if self.status != 200:
            self.send(b"{}", self.status)
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.send(b"{}", 401)
        elif self.path == "/api/repos/create":
            self.made.append(json.loads(body))
            self.send_json({"url": f"{self.address()}/datasets/ada/birds", "id": "x"})
        elif "/preupload/" in self.path:
            names = [each["path"] for each in json.loads(body)["files"]]
            self.send_json({"files": [self.mode(name) for name in names]})
        elif self.path.endswith("/objects/batch"):
            self.send_json({"transfer": "basic", "objects": [self.place(each) for each in json.loads(body)["objects"]]})
        elif "/commit/" in self.path:
            self.commit([json.loads(line) for line in body.splitlines() if line])
            at = f"{self.address()}/datasets/ada/birds/commit/{'c' * 40}"
            self.send_json({"commitOid": "c" * 40, "commitUrl": at, "success": True})
        else:
            self.send_json({})

    def address(self) -> str:
        return f"http://{self.headers['Host']}"

    def mode(self, name: str) -> dict[str, Any]:
        is_large = self.takes_large and name.endswith(".parquet")
        return {"path": name, "uploadMode": "lfs" if is_large else "regular", "shouldIgnore": False}

    def place(self, each: dict[str, Any]) -> dict[str, Any]:
        return each | {"actions": {"upload": {"href": f"{self.address()}/large/{each['oid']}", "header": {}}}}

    def commit(self, lines: list[dict[str, Any]]) -> None:
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                self.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                self.files[value["path"]] = self.files.pop(f"sent {value['oid']}")

    def send_json(self, content: Any) -> None:
        self.send(json.dumps(content).encode())

    def send(self, data: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def a_hub() -> Iterator[tuple[type[Hub], str]]:
    """The hub and its address."""

    class ThisHub(Hub):
        files: dict[str, bytes] = {}  # noqa: RUF012 - one a hub
        asked: list[str] = []  # noqa: RUF012
        made: list[dict[str, Any]] = []  # noqa: RUF012

    with served(ThisHub) as address:
        yield ThisHub, address
