"""A database made by the previous version becomes one of this version, with nothing lost."""

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from backend import settings
from db import projects, session
from db.models import Item, Status
from db.session import reading, writing
from tests.conftest import ROOT


def at(revision: str) -> None:
    """Bring the empty home's database to a revision from before."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "db" / "migrations"))
    config.attributes["url"] = settings.database_url()
    command.upgrade(config, revision)


def test_items_from_before_are_counted_and_go_on_being_counted(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_HOME", str(tmp_path))
    at("0001")
    engine = create_engine(settings.database_url())
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO projects (id, name, kind, multi_label, description, settings, created_at) "
                "VALUES (1, 'Birds', 'text', 0, '', '{}', '2026-01-01')"
            )
        )
        for number, status in enumerate(["todo", "todo", "labeled"]):
            connection.execute(
                text(
                    "INSERT INTO items (project_id, content_hash, source, status, created_at) "
                    "VALUES (1, :hash, '', :status, '2026-01-01')"
                ),
                {"hash": bytes([number]) * 32, "status": status},
            )
    engine.dispose()
    session.migrate(settings.database_url())
    session.open_database(settings.database_url())
    with writing() as writer:
        assert projects.status_counts(writer, [1])[1] == {"todo": 2, "labeled": 1}
        writer.get(Item, 1).status = Status.SKIPPED
        writer.delete(writer.get(Item, 3))
        writer.add(Item(project_id=1, content_hash=b"x" * 32, text="new"))
    with reading() as reader:
        assert projects.status_counts(reader, [1])[1] == {"todo": 2, "labeled": 0, "skipped": 1}
    session.close()
