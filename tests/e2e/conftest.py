"""A real server on a free port with a home of its own, and a real browser."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from backend.jobs import process
from backend.jobs.supervisor import identity
from db import jobs
from db.session import reading
from tests.e2e.browser import launch
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]


class App:
    """`streamlit run streamlit_app.py` as a person starts it. It can be killed and started again on the same port."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.home / "server.log").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=os.environ
                | {
                    "WINNOW_HOME": str(self.home),
                    "STREAMLIT_SERVER_PORT": str(self.port),
                    "STREAMLIT_SERVER_HEADLESS": "true",
                },
            )
        until(self.is_up, timeout_s=60)

    def is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.home / "server.log").read_text()
        try:
            with urlopen(f"{self.url}/_stcore/health", timeout=2) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def kill(self) -> None:
        """As a crash would: it has no time to say goodbye."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As Ctrl+C in its terminal, or closing it."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        os.killpg(self.process.pid, how)
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None

    def end_jobs(self) -> None:
        """Workers outlive the app; they shall not outlive the test."""
        with reading() as session:
            for job in jobs.in_states(session, jobs.ALIVE):
                process.kill(identity(job))


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    """The app at `home`, which the test reads and writes as well."""
    app = App(home)
    app.start()
    yield app
    app.stop()
    app.end_jobs()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab with a storage of its own. An error in its scripts fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    yield page
    context.close()
    assert not broken


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
