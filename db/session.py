"""The one seam between Winnow and its database: open it once per process, then read or write in a `with`.

SQLite runs in WAL mode with foreign keys on and `synchronous=FULL`: what is committed is on the disk.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, FromClause, create_engine, event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

__all__ = ["Session", "close", "direct", "migrate", "open_database", "reading", "writing"]

BUSY_TIMEOUT_MS = 15_000
ASK_AGAIN_S = 0.001
# 16 MB. At the usual 4 MB, nearly each transaction that writes suggestions also copied the log over.
LOG_PAGES = 4000
_LASTING = ("PRAGMA synchronous=FULL", f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
_PASSING = ("PRAGMA synchronous=NORMAL", "PRAGMA wal_autocheckpoint=0")
_engines: dict[str, Engine] = {}
# Within a process the writers queue here, and only one at a time asks the file.
_writers = threading.Lock()
# After so many seconds of passing transactions the log has some 20 MB.
COPY_LOG_AFTER_S = 0.2
_passing_s = [0.0]


def open_database(url: str) -> None:
    """Bind this process to the database at `url`. Does not change the schema: see `migrate`."""
    close()
    if url.startswith("sqlite"):
        engine = create_engine(url, pool_size=16, max_overflow=48, connect_args={"check_same_thread": False})
        engine.dialect.statement_compiler = _WithHints
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    else:
        engine = create_engine(url, pool_size=16, max_overflow=48, pool_pre_ping=True)
    _engines["engine"] = engine


class _WithHints(SQLiteCompiler):
    """`with_hint(table, "INDEXED BY …", "sqlite")` reaches SQLite: the toolkit's own compiler drops it unsaid."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


def close() -> None:
    """Let go of the database, so that the file can be moved or another one opened."""
    engine = _engines.pop("engine", None)
    if engine:
        engine.dispose()


def migrate(url: str) -> None:
    """Bring the schema at `url` to this version. Safe to call at every start and from two processes."""
    if url.startswith("sqlite"):
        Path(make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    command.upgrade(config, "head")


@contextmanager
def reading() -> Iterator[Session]:
    """A session that sees one consistent state and is rolled back at the end."""
    with Session(_engine(), expire_on_commit=False) as session:
        yield session


@contextmanager
def writing(*, is_lasting: bool = True) -> Iterator[Session]:
    """A session that holds the write lock from its start, commits at the end and rolls back on an error.

    Taking the lock first means that two writers wait for each other instead of failing half way.
    Without `is_lasting` it does not wait for the disk: it survives the end of the process, but a crash of the machine
    may take it back, as a whole and with all that came after it. The next one that lasts makes it last too. For a job
    that keeps its cursor in the same transaction.
    """
    if _engine().dialect.name != "sqlite":
        with _transaction(is_lasting=True) as session:
            yield session
        return
    if not _writers.acquire(timeout=BUSY_TIMEOUT_MS / 1000):
        raise TimeoutError("another writer of this process has held the database for too long")
    try:
        began = time.monotonic()
        with _transaction(is_lasting=is_lasting) as session:
            yield session
        took_s = time.monotonic() - began
    finally:
        _writers.release()
    if not is_lasting:
        _copy_log_now_and_then(took_s)


def _copy_log_now_and_then(took_s: float) -> None:
    """Copy the log of SQLite over, as far as nobody reads from it, which a passing transaction leaves undone; other
    writers do not wait for this."""
    _passing_s[0] += took_s
    if _passing_s[0] < COPY_LOG_AFTER_S:
        return
    _passing_s[0] = 0.0
    with _engine().connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


@contextmanager
def _transaction(*, is_lasting: bool) -> Iterator[Session]:
    how = _engine().execution_options(is_writing=True, is_lasting=is_lasting)
    with Session(how, expire_on_commit=False) as session, session.begin():
        # Begins the transaction now: a session otherwise waits for its first statement.
        session.connection()
        yield session


def direct(session: Session) -> Connection:
    """The session's connection, for statements on tables: past the bookkeeping of objects, which costs more than the
    rows. What a label waits for goes this way."""
    session.flush()
    return session.connection()


def _engine() -> Engine:
    if "engine" not in _engines:
        raise RuntimeError("open_database() was not called in this process")
    return _engines["engine"]


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own transaction handling is off: _begin decides how a transaction starts.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=FULL",
        f"wal_autocheckpoint={LOG_PAGES}",
        "cache_size=-32000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("is_writing"):
        connection.exec_driver_sql("BEGIN")
        return
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    # SQLite copies its log over at the end of a commit, which would pass for a long transaction.
    for pragma in _LASTING if options.get("is_lasting", True) else _PASSING:
        driver.execute(pragma)
    driver.execute("PRAGMA busy_timeout=0")
    try:
        _take_write_lock(driver)
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


def _take_write_lock(driver: sqlite3.Connection) -> None:
    """Ask again every millisecond. SQLite's own pauses grow up to 100 ms: a job that writes all the time would nearly
    always come first, and a label would wait."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(ASK_AGAIN_S)
