"""The rules of the house, read from the source: who may import whom, and what is nowhere to be found."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from backend import settings
from db.models import Base
from tests.conftest import ROOT

# Imports run down this list, never up.
LAYERS = ("streamlit_app", "pages", "backend", "db")
ONLY_IN = {
    "streamlit": ("streamlit_app", "pages"),
    "sqlalchemy": ("db",),
    "alembic": ("db",),
}
HEAVY = ("torch", "torchvision", "transformers", "sklearn", "scipy", "peft", "datasets", "accelerate", "umap", "numba")
# A virtual table and what SQLite keeps it in: no model has them.
FULL_TEXT = "item_words"
MOST_LINES = 300
# The tables are read together, and Alembic writes the migrations.
MAY_BE_LONG = ("db/models.py", "db/migrations/versions/")
TEXT = {".py", ".js", ".css", ".toml", ".md", ".txt", ".csv", ".html", ".mako", ".yml", ".yaml", ".json", ".sh", ""}
# "/home/me" is how an example on a page calls anyone's folder.
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.:/~-])/(?!home/me\b)(home|Users|root|work|workspace|builds)/\w+")
HTML_FROM_TEXT = re.compile(r"unsafe_allow_html|innerHTML|outerHTML|insertAdjacentHTML|document\.write")


def sources(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*"))]
    return [path for path in found if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts]


def modules() -> list[Path]:
    return [ROOT / "streamlit_app.py", *sources("pages", "backend", "db")]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def layer_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def imported_by(path: Path) -> Iterator[str]:
    """Top names of everything the file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name(path)}:{node.lineno} imports by dots; name the whole path"
            yield (node.module or "").partition(".")[0]


def test_imports_run_one_way_from_pages_to_backend_to_db():
    for path in modules():
        above = LAYERS[: LAYERS.index(layer_of(path))]
        assert not set(imported_by(path)) & {*above, "tests"}, f"{name(path)} imports from above"


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_part_of_the_house(library):
    strangers = [name(path) for path in modules() if library in imported_by(path)]
    assert [each for each in strangers if not each.startswith(ONLY_IN[library])] == []


def test_the_app_process_imports_nothing_heavy(tmp_path):
    """Everything that it could import, in an interpreter of its own; only what draws while imported stays out."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in [ROOT / "streamlit_app.py", *sources("backend/api", "pages")]
        if path.name != "__init__.py" and name(path) != "pages/shell/main.py"
    ]
    code = (
        "import sys; from importlib import import_module; brought = {}\n"
        f"for name in {names!r}:\n"
        "    import_module(name)\n"
        f"    [brought.setdefault(heavy, name) for heavy in {HEAVY!r} if heavy in sys.modules]\n"
        "print(brought)"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WINNOW", "STREAMLIT"))}
    environment |= {"WINNOW_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-1] == "{}"


def test_every_page_has_an_address_and_something_to_show():
    tree = ast.parse((ROOT / "pages/shell/main.py").read_text("utf-8"))
    [pages] = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["PAGES"]
    ]
    assert {address for address, *_ in pages} == {path.parent.name for path in (ROOT / "pages").glob("*/page.py")}
    for address, *_ in pages:
        assert callable(import_module(f"pages.{address}.page").show)


def test_no_file_is_too_long_to_hold_in_the_head():
    long = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules()}
    long = {each: lines for each, lines in long.items() if lines > MOST_LINES and not each.startswith(MAY_BE_LONG)}
    assert long == {}


def test_text_of_people_never_becomes_html():
    found = [
        f"{name(path)}: {match.group()}"
        for path in sources("pages", "backend", suffixes=(".py", ".js"))
        for match in HTML_FROM_TEXT.finditer(path.read_text("utf-8"))
    ]
    assert found == []


def test_no_file_names_a_folder_of_one_machine():
    top = [path for path in ROOT.iterdir() if path.is_file()]
    rest = sources("backend", "db", "pages", "tests", ".ci", ".streamlit", suffixes=tuple(TEXT))
    found = [
        f"{name(path)}: {match.group()}"
        for path in [*(path for path in top if path.suffix in TEXT), *rest]
        for match in SOMEBODYS_FOLDER.finditer(path.read_text("utf-8", "replace"))
    ]
    assert found == []


def test_the_migrations_make_exactly_the_tables_of_the_models(home):
    engine = create_engine(settings.database_url())
    with engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: kind != "table" or not name.startswith(FULL_TEXT)}
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    engine.dispose()
    assert differences == []
