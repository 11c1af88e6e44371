"""A hub made of one local server: as much of its API as a fetch needs, and what can go wrong with one."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

from backend.models import fetch
from tests.hubs import served
from tests.models.builders import weights

NAME = "distilbert/distilbert-base-uncased"
MAIN, CONVERTED = "a" * 40, "b" * 40
SMALL = {
    "config.json": b'{"model_type": "distilbert"}',
    "tokenizer.json": b"{}",
    "modules.json": b"[]",
    "sentence_bert_config.json": b'{"max_seq_length": 128}',
    "1_Pooling/config.json": b'{"pooling_mode_cls_token": true}',
}
UNWANTED = {
    "README.md": b"hello",
    "modeling_own.py": b"raise SystemExit",
    "pytorch_model.bin": b"pickle",
    "spiece.model": b"a second tokenizer",
    "model.fp16.safetensors": b"a variant",
    "onnx/model.onnx": b"onnx",
    "onnx/config.json": b"{}",
    "openvino/model.safetensors": b"openvino",
    "2_Dense/config.json": b"{}",
}
WEIGHTS = weights(1_000_000)


class Hub(BaseHTTPRequestHandler):
    """`pickled`: safetensors only in the bot's pull request. `status`: of every answer. `trickles`: weights come a
    little at a time until `go` is set. `claims`: a size of the weights that is not theirs."""

    pickled = damaged = trickles = silent = breaks_once = is_portal = ignores_ranges = False
    status, error_code, claims = 200, "", 0
    config = SMALL["config.json"]
    asked: list[str]
    ranges: list[str]
    tokens: set[str]
    go: threading.Event
    protocol_version = "HTTP/1.1"

    def files(self, commit: str) -> dict[str, bytes]:
        kept = SMALL | UNWANTED | {"config.json": self.config}
        return kept if self.pickled and commit == MAIN else kept | {"model.safetensors": WEIGHTS}

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.tokens.add(self.headers.get("Authorization") or "")
        path = self.path.split("?")[0]
        if self.silent:
            self.go.wait()
        elif self.is_portal:
            self.send(b"<html>Please log in to the hotel's network", {"Content-Type": "text/html"})
        elif self.status != 200:
            self.send(b"{}", {"X-Error-Code": self.error_code}, status=self.status)
        elif "/resolve/" in path:
            self.send_file(path)
        elif path.endswith("/discussions"):
            self.send_json({"discussions": [conversion()], "count": 1, "start": 0})
        else:
            commit = CONVERTED if "pr%2F7" in path or "pr/7" in path or CONVERTED in path else MAIN
            if "/tree/" in path:
                self.send_json([self.entry(name, data) for name, data in self.files(commit).items()])
            else:
                names = [{"rfilename": name} for name in self.files(commit)]
                self.send_json({"id": NAME, "sha": commit, "siblings": names})

    def entry(self, name: str, data: bytes) -> dict[str, Any]:
        oid = hashlib.sha1(f"blob {len(data)}\0".encode() + data).hexdigest()
        entry: dict[str, Any] = {"type": "file", "path": name, "size": len(data), "oid": oid}
        if name == "model.safetensors":
            entry["size"] = self.claims or len(data)
            entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
        return entry

    def send_file(self, path: str) -> None:
        commit, name = path.split("/resolve/")[1].split("/", 1)
        data = self.files(commit)[name]
        if self.damaged and name == "model.safetensors":
            data = b"damaged" + data[7:]
        status, asked = 200, self.headers.get("Range")
        if asked:
            self.ranges.append(asked)
        if asked and not self.ignores_ranges:
            status, data = 206, data[int(asked.removeprefix("bytes=").rstrip("-")) :]
        self.send(data, {}, status=status, is_large=name == "model.safetensors")

    def send_json(self, content: Any) -> None:
        self.send(json.dumps(content).encode(), {"Content-Type": "application/json"})

    def send(self, data: bytes, headers: dict[str, str], *, status: int = 200, is_large: bool = False) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if is_large and self.breaks_once:
            type(self).breaks_once = False
            self.wfile.write(data[:1_000_000])
            self.close_connection = True
            return
        at = 0
        while is_large and self.trickles and at < len(data) and not self.go.wait(0.002):
            self.wfile.write(data[at : at + 8192])
            at += 8192
        self.wfile.write(data[at:])


def conversion() -> dict[str, Any]:
    """The pull request in which the hub's bot offers safetensors."""
    pull = {"title": fetch.CONVERSION, "author": {"name": fetch.CONVERTER}, "num": 7, "type": "pullRequest"}
    more = {"status": "open", "repo": {"name": "x", "type": "model"}, "createdAt": "2024-01-01T00:00:00.000Z"}
    return pull | more | {"isPullRequest": True}


@contextmanager
def a_hub() -> Iterator[tuple[type[Hub], str]]:
    """The hub and its address."""

    class ThisHub(Hub):
        asked: list[str] = []  # noqa: RUF012 - one list a hub
        ranges: list[str] = []  # noqa: RUF012
        tokens: set[str] = set()  # noqa: RUF012
        go = threading.Event()

    with served(ThisHub) as address:
        yield ThisHub, address
        ThisHub.go.set()
