"""The Chromium of this machine, quiet: it may speak to nobody but the app."""

import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def launch(playwright: Playwright) -> Browser:
    """Start it headless. Fails, and never skips, where there is none."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    assert path, "The browser tests need Chromium: install it (Debian: apt-get install chromium)."
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
