"""What the local hubs of several tests have in common: how one is served, and how Winnow is told to ask it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@contextmanager
def served(hub: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of the hub while it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), hub)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def ask_at(address: str, cache: Path, patch: pytest.MonkeyPatch) -> None:
    patch.setenv("HF_HOME", str(cache))
    patch.delenv("HF_HUB_CACHE", raising=False)
    patch.delenv("HF_TOKEN", raising=False)
    patch.setenv("HF_ENDPOINT", address)
    patch.setenv("HF_HUB_OFFLINE", "0")
    patch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", "1")
    patch.setenv("HF_HUB_ETAG_TIMEOUT", "1")
