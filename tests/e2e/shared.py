"""Fixtures for modules whose tests share one app and one browser: each test makes a project for itself.

A module takes them with `pytest_plugins = "tests.e2e.shared"`.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.conftest import App
from tests.e2e.pads import a_context, a_tab, an_app


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with an_app(tmp_path_factory.mktemp("home")) as app:
        yield app


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with a_context(browser) as context:
        yield context


@pytest.fixture
def tab(context: BrowserContext) -> Iterator[Page]:
    with a_tab(context) as page:
        yield page
