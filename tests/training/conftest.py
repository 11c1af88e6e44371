"""One home for all tests of a file: starting a process with torch takes seconds."""

from collections.abc import Iterator

import pytest

from backend import settings
from backend.jobs import ask
from db import session as database


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WINNOW_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("WINNOW_DATABASE_URL", raising=False)
        # The models are small: several threads would mostly wait for each other on a busy machine.
        patch.setenv("OMP_NUM_THREADS", "1")
        database.migrate(settings.database_url())
        database.open_database(settings.database_url())
        yield
        ask.end()
        database.close()


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As the worker processes of these tests have: a sum that is split otherwise differs in its last bits."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
