"""How long from starting the app to its first page, and how much memory the app process then has.

Budget: 3 s and 400 MB on 2 cores. The browser is started before the clock.
"""

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from playwright.sync_api import sync_playwright

from tests.e2e.browser import launch

ROOT = Path(__file__).resolve().parents[2]
RUNS = 5


def main() -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        figures = [one_start(browser) for _ in range(RUNS)]
        browser.close()
    seconds = [figure[0] for figure in figures]
    print(f"{'start to first page':24} {statistics.median(seconds):6.2f} s   (of {RUNS}: {min(seconds):.2f} to {max(seconds):.2f})")
    print(f"{'app process':24} {max(figure[1] for figure in figures) / 1e6:6.0f} MB")


def one_start(browser: object) -> tuple[float, int]:
    """Seconds until the first page is drawn, and the resident bytes of the app process then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        environment = os.environ | {
            "WINNOW_HOME": home,
            "STREAMLIT_SERVER_PORT": str(port),
            "STREAMLIT_SERVER_HEADLESS": "true",
        }
        page = browser.new_page()  # type: ignore[attr-defined]
        started = time.perf_counter()
        app = subprocess.Popen([sys.executable, "streamlit_app.py"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            while True:
                try:
                    page.goto(f"http://127.0.0.1:{port}/")
                    break
                except Exception as error:
                    if "ERR_CONNECTION_REFUSED" not in str(error):
                        raise
            page.get_by_text("New project").first.wait_for()
            return time.perf_counter() - started, psutil.Process(app.pid).memory_info().rss
        finally:
            page.close()
            app.terminate()
            app.wait()


if __name__ == "__main__":
    main()
