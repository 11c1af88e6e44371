"""A fresh home and database for each test, and where the real data is."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as examples

from backend import settings
from backend.jobs import ask
from db import session as database
from db.session import Session, writing

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("WINNOW_SHARED") or ROOT.parent / "shared")

# Tests reach no network, whatever the machine allows.
os.environ["HF_HUB_OFFLINE"] = "1"

# The same examples on every machine: what passes here passes there.
examples.register_profile("winnow", derandomize=True, deadline=None)
examples.load_profile("winnow")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "shared: needs the real data beside the checkout")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without the real data its tests are left out by name; a CI run without it is a failure."""
    if SHARED.is_dir():
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(f"CI needs the real data, and {SHARED} is not there. WINNOW_SHARED can name it.")
    left_out = [item for item in items if item.get_closest_marker("shared")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
    if left_out:
        print(f"\nLeft out, for the real data is not here ({SHARED}): {', '.join(item.name for item in left_out)}")


@pytest.fixture
def shared() -> Path:
    return SHARED


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A migrated, empty home of Winnow."""
    monkeypatch.setenv("WINNOW_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WINNOW_DATABASE_URL", raising=False)
    settings.home().mkdir(parents=True)
    database.migrate(settings.database_url())
    database.open_database(settings.database_url())
    yield settings.home()
    ask.end()
    database.close()


@pytest.fixture
def session(home: Path) -> Iterator[Session]:
    """A session that holds the write lock: for tests of one process."""
    with writing() as session:
        yield session
