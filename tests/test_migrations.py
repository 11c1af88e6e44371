"""A database made by the previous version becomes one of this version, with nothing lost."""

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text

from backend import settings
from backend.training import setting
from db import projects, session
from db.models import Item, Job, LabelClass, Project, Run, Status, Suggestion
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


def test_suggestions_from_before_stay_and_classes_get_an_empty_prompt(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_HOME", str(tmp_path))
    at("0002")
    engine = create_engine(settings.database_url())
    rows = (
        (
            "INSERT INTO projects (id, name, kind, multi_label, description, settings, created_at, suggestion_set_id) "
            "VALUES (1, 'Birds', 'text', 0, '', '{}', '2026-01-01', 1)"
        ),
        (
            "INSERT INTO classes (id, project_id, name, key, color, description, position, archived) "
            "VALUES (1, 1, 'heron', '1', '#000000', 'grey', 0, 0), (2, 1, 'stork', '2', '#000000', '', 1, 0)"
        ),
        (
            "INSERT INTO items (id, project_id, content_hash, source, status, created_at) "
            "VALUES (1, 1, X'00', '', 'todo', '2026-01-01'), (2, 1, X'01', '', 'todo', '2026-01-01')"
        ),
        (
            "INSERT INTO suggestion_sets (id, project_id, engine, model, revision, prompts, class_ids, created_at) "
            "VALUES (1, 1, 'zero_shot', 'm', '', '{}', '[1, 2]', '2026-01-01')"
        ),
        (
            "INSERT INTO suggestions (id, set_id, item_id, class_id, confidence, margin, scores) "
            "VALUES (7, 1, 1, 1, 0.9, 0.8, X'00'), (8, 1, 2, 2, 0.6, 0.2, X'00')"
        ),
    )
    with engine.begin() as connection:
        for statement in rows:
            connection.execute(text(statement))
    engine.dispose()
    session.migrate(settings.database_url())
    session.open_database(settings.database_url())
    with writing() as writer:
        assert [each.prompt for each in writer.query(LabelClass)] == ["", ""]
        assert [(each.id, each.item_id) for each in writer.query(Suggestion)] == [(7, 1), (8, 2)]
        # What hangs on an item or a class goes with it, and items go on being counted.
        writer.delete(writer.get_one(Item, 1))
        writer.flush()
        assert [each.id for each in writer.query(Suggestion)] == [8]
        assert projects.status_counts(writer, [1])[1] == {"todo": 1}
        writer.execute(text("DELETE FROM classes WHERE id = 2"))
        assert writer.query(Suggestion).count() == 0
        projects.remove(writer, 1)
        assert writer.query(Project).count() == 0
    session.close()


def test_runs_from_before_belong_to_no_sweep_and_keep_their_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_HOME", str(tmp_path))
    at("0004")
    engine = create_engine(settings.database_url())
    rows = (
        (
            "INSERT INTO projects (id, name, kind, multi_label, description, settings, created_at) "
            "VALUES (1, 'Birds', 'text', 0, '', '{}', '2026-01-01')"
        ),
        (
            "INSERT INTO jobs (id, project_id, kind, lane, title, spec, state, done, unit, message, attempts, "
            "created_at) VALUES (1, 1, 'train', 'compute', '', '{}', 'interrupted', 0, 'items', '', 1, '2026-01-01')"
        ),
        (
            "INSERT INTO runs (id, project_id, job_id, name, spec, state, metrics, environment, note, created_at) "
            "VALUES (1, 1, 1, 'Old', '{\"epochs\": 3}', 'interrupted', '{}', '{}', '', '2026-01-01')"
        ),
    )
    with engine.begin() as connection:
        for row in rows:
            connection.execute(text(row))
    engine.dispose()
    session.migrate(settings.database_url())
    session.open_database(settings.database_url())
    with reading() as reader:
        run = reader.get(Run, 1)
        assert (run.sweep_id, run.cloned_from, reader.get(Job, 1).device) == (None, None, None)
        whole = setting.filled(run.spec)
        assert (whole["epochs"], whole["accumulation"], whole["precision"]) == (3, 1, "fp32")
    session.close()
