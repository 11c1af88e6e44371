"""Winnow: label images and texts, train on them in the background, compare the runs.

Start it with `streamlit run streamlit_app.py` or `python streamlit_app.py`.
"""

import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount
from streamlit import config
from streamlit.web import cli

from backend import logs, settings
from backend.api.app import create
from backend.api.guard import LOOPBACK, Guard
from backend.importing import watch, words
from backend.jobs import ask
from backend.jobs.supervisor import Supervisor
from backend.suggesting import learn
from db import session as database
from pages.parts.errors import show_error


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Look after the jobs for as long as the app runs, and close the database behind it."""
    answer_at_once()
    supervisor = Supervisor()
    supervisor.start()
    # Beside the start: it reads every project, and nobody waits for it.
    threading.Thread(target=learn.catch_up, name="winnow-catch-up", daemon=True).start()
    ended = threading.Event()
    looks = (words.keep_up, watch.keep_watch)
    background = [threading.Thread(target=each, args=(ended,), name=each.__name__, daemon=True) for each in looks]
    for thread in background:
        thread.start()
    yield
    ended.set()
    for thread in background:
        thread.join(timeout=10)
    supervisor.end()
    ask.end()
    database.close()


def answer_at_once() -> None:
    """Switch off Nagle's algorithm on what the server listens on, and so on every connection that it accepts.

    Streamlit makes that socket without naming its protocol, and asyncio then leaves the algorithm on: the body of an
    answer waits some 40 ms for the client to acknowledge its head.
    """
    for handle in range(3, 256):
        try:
            copy = os.dup(handle)
        except OSError:
            continue
        try:
            there = socket.socket(fileno=copy)
        except OSError:
            # A file or a pipe.
            os.close(copy)
            continue
        # Not every kind of socket has these options.
        with there, suppress(OSError):
            if there.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def open_home() -> None:
    settings.home().mkdir(parents=True, exist_ok=True)
    logs.to_file("app")
    database.migrate(settings.database_url())
    database.open_database(settings.database_url())


if __name__ == "__main__":
    # Streamlit's own command reads the settings, then imports this file under its name.
    sys.argv = ["streamlit", "run", __file__, *sys.argv[1:]]
    sys.exit(cli.main())

address = str(config.get_option("server.address") or "0.0.0.0")  # noqa: S104 - what Streamlit does when told nothing
if address not in LOOPBACK and not settings.token():
    sys.exit(
        f"Winnow would listen on {address}, where others can reach it. "
        "Set WINNOW_TOKEN to a secret of your own, or STREAMLIT_SERVER_ADDRESS=127.0.0.1."
    )
open_home()
app = st.App(
    Path(__file__).parent / "pages" / "shell" / "main.py",
    routes=[Mount("/api", create())],
    middleware=[Middleware(Guard, address=address)],
    lifespan=lifespan,
    on_script_error=show_error,
)
