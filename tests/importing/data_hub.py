"""A hub of one local server that offers one data set."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from tests.hubs import served
from tests.models.hub import MAIN, Hub

NAME = "someone/birds"
CONVERTED = "c" * 40


class DataHub(Hub):
    """`main` and `converted` are the files of the two branches; no `converted` is no such branch."""

    main: ClassVar[dict[str, bytes]] = {}
    converted: ClassVar[dict[str, bytes]] = {}
    card: ClassVar[dict[str, Any]] = {}

    def files(self, commit: str) -> dict[str, bytes]:
        return self.converted if commit == CONVERTED else self.main

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if self.status != 200 or self.is_portal or "/resolve/" in path:
            super().do_GET()
            return
        self.asked.append(self.path)
        is_converted = "convert" in path or CONVERTED in path
        commit = CONVERTED if is_converted else MAIN
        if is_converted and not self.converted:
            self.send(b"{}", {"X-Error-Code": "RevisionNotFound"}, status=404)
        elif "/tree/" in path:
            self.send_json([self.entry(name, data) for name, data in self.files(commit).items()])
        else:
            self.send_json({"id": NAME, "sha": commit, "cardData": self.card})


@contextmanager
def a_data_hub(main: dict[str, bytes], **more: Any) -> Iterator[tuple[type[DataHub], str]]:
    """The hub and its address. more: attributes of DataHub."""
    go = threading.Event()
    fresh = {"asked": [], "ranges": [], "tokens": set(), "go": go}
    this_hub = type("ThisHub", (DataHub,), {"main": main, **fresh, **more})
    with served(this_hub) as address:
        yield this_hub, address
        go.set()
