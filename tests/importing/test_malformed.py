"""Rubbish through the real import: each file comes in or is refused with a reason, and nothing else is touched."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend import errors, importing
from backend.importing import job
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.jobs.supervisor import ROOT
from db.models import JobState, Project
from db.session import reading, writing
from tests.importing import rubbish
from tests.importing.builders import a_file, a_project, all_items, an_image, import_now, texts

PEAK_BYTES = 400_000_000


def surroundings(*folders: Path) -> dict[str, tuple[int, int]]:
    """Everything below `folders`, without what is Winnow's own."""
    found = {}
    for folder in folders:
        for above, inner, names in os.walk(folder):
            inner[:] = [name for name in inner if name != "home"]
            for name in (*inner, *names):
                state = os.lstat(Path(above) / name)
                found[f"{above}/{name}"] = (state.st_size if name in names else 0, state.st_mtime_ns)
    return found


def accounted(project: Project, report: dict[str, Any], folder: Path) -> set[str]:
    """The files at the top of `folder` of which the import said nothing."""
    told = [item.source for item in all_items(project)] + [each["place"] for each in report["reasons"]]
    return {path.name for path in folder.iterdir() if not any(each.startswith(path.name) for each in told)}


def imported(project: Project, folder: Path, **options: Any) -> dict[str, Any]:
    before = surroundings(folder.parent)
    report = import_now(project, path=str(folder), **options)
    assert surroundings(folder.parent) == before
    assert all(each["reason"].strip() for each in report["reasons"])
    return report


def test_broken_tables_come_in_or_are_refused_with_a_reason(home: Path, tmp_path: Path) -> None:
    rubbish.texts(tmp_path / "in")
    project = a_project()
    report = imported(project, tmp_path / "in")
    silent = accounted(project, report, tmp_path / "in")
    assert silent <= {"bom.csv", "utf16.csv", "utf16-be.csv", "utf32.csv", "latin1.csv"}
    known = set(texts(project))
    assert {"Grüße aus Köln", "after the deep one", "after the digits", "short", "four", "long name", "bidi"} <= known
    assert not any("\0" in (text or "") for text in known)


def test_broken_pictures_come_in_or_are_refused_with_a_reason(home: Path, tmp_path: Path) -> None:
    rubbish.pictures(tmp_path / "in")
    project = a_project("image")
    report = imported(project, tmp_path / "in")
    assert accounted(project, report, tmp_path / "in") == set()
    sources = {item.source for item in all_items(project)}
    assert {"whole-JPEG.jpeg", "whole-AVIF.avif", "whole-WEBP.webp", "jpeg.png"} <= sources
    assert not {"bomb.png", "page.jpg", "drawing.svg", "post.eps", "zeros.jpg", "no-pixels.png"} & sources


@pytest.mark.parametrize("kind", ["text", "image"])
def test_hostile_archives_write_nothing_anywhere(home: Path, tmp_path: Path, kind: str) -> None:
    content = b"fine" if kind == "text" else an_image()
    rubbish.archives(tmp_path / "deep" / "er" / "in", content)
    before = surroundings(tmp_path)
    project = a_project(kind)
    report = import_now(project, path=str(tmp_path / "deep" / "er" / "in"))
    assert surroundings(tmp_path) == before
    assert not list(tmp_path.rglob("escaped*"))
    assert not Path("/tmp/winnow-escaped.txt").exists()
    assert not any("root:" in (text or "") for text in texts(project))
    refused = " ".join(each["place"] for each in report["reasons"])
    assert all(name in refused for name in ("flat-bomb.zip", "overlap.zip", "no-zip.zip", "cut.zip", "bomb.tar.gz"))
    assert all(name in refused for name in ("claims.tar", "no-tar.tgz", "nested.zip"))
    if kind == "text":
        assert {"fine nested", "fine tar 17"} <= set(texts(project))


def test_what_is_no_file_is_passed_over_or_refused_and_never_waited_for(home: Path, tmp_path: Path) -> None:
    for _ in rubbish.no_files(tmp_path / "in"):
        project = a_project()
        import_now(project, path=str(tmp_path / "in"))
        assert texts(project) == ["fine"]
        for name in ("pipe.csv", "socket.csv", "disk.csv", "itself.csv", "nowhere.csv", "pipe-link.csv"):
            with pytest.raises(errors.WinnowError), writing() as session:
                importing.start(session, project, {"path": str(tmp_path / "in" / name)})


def peak_bytes(job_id: int) -> int:
    """What the largest process of a worker needed at its most."""
    says = (
        f"import resource as r, subprocess as s, sys; s.run([sys.executable, '-m', 'backend.jobs.worker', '{job_id}'],"
    )
    says += " check=True); print(r.getrusage(r.RUSAGE_CHILDREN).ru_maxrss)"
    told = subprocess.run(
        [sys.executable, "-c", says], check=True, cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    # macOS counts bytes, Linux kilobytes.
    return int(told.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def import_while(project: Project, path: Path, happens: Callable[[], object]) -> None:
    """Import, and let something happen between the look at the files and reading them."""

    class Watched(Handle):
        def report(self, *args: Any, **more: Any) -> None:
            if more.get("message") == "Importing":
                happens()
            super().report(*args, **more)

    with writing() as session:
        queued = importing.start(session, project, {"path": str(path)})
    job.run(Watched(queued))


@pytest.mark.parametrize(
    "happens",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b"x"),
        lambda path: path.write_bytes(b"text\n" + b"grown\n" * 100_000),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to(path)),
        a_pipe,
    ],
    ids=["vanishes", "shrinks", "grows", "becomes a folder", "becomes a circle", "becomes a pipe"],
)
def test_a_file_that_changes_under_the_import_spoils_only_itself(
    home: Path, tmp_path: Path, happens: Callable[[Path], object]
) -> None:
    project = a_project()
    a_file(tmp_path, "in/a.csv", "text\nfirst\n")
    changing = a_file(tmp_path, "in/b.csv", "text\n" + "".join(f"row {number}\n" for number in range(100)))
    a_file(tmp_path, "in/c.csv", "text\nlast\n")
    import_while(project, changing.parent, lambda: happens(changing))
    assert {"first", "last"} <= set(texts(project))


def test_a_folder_that_may_not_be_read_spoils_only_itself(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_file(tmp_path, "in/a.csv", "text\none\n")
    a_file(tmp_path, "in/locked/b.csv", "text\ntwo\n")
    scandir = os.scandir

    def refusing(path: Any = ".") -> Any:
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    # Whoever runs the tests may be allowed to read everything.
    monkeypatch.setattr(os, "scandir", refusing)
    project = a_project()
    report = import_now(project, path=str(tmp_path / "in"))
    assert texts(project) == ["one"]
    assert report["reasons"] == [{"place": "locked", "reason": "It cannot be read: Permission denied."}]


@pytest.mark.parametrize(("kind", "fill"), [("text", rubbish.huge), ("image", rubbish.pictures)], ids=["text", "image"])
def test_what_is_huge_takes_little_memory(home: Path, tmp_path: Path, kind: str, fill: Callable[[Path], None]) -> None:
    fill(tmp_path / "in")
    project = a_project(kind)
    with writing() as session:
        job_id = importing.start(session, project, {"path": str(tmp_path / "in")}).id
    assert peak_bytes(job_id) < PEAK_BYTES
    with reading() as session:
        assert control.get(session, job_id).state == JobState.DONE


@pytest.mark.shared
@pytest.mark.parametrize("kind", ["text", "image"])
def test_every_bad_file_of_others_comes_in_or_is_refused(home: Path, shared: Path, kind: str) -> None:
    project = a_project(kind)
    before = surroundings(shared / "data" / "bad")
    report = import_now(project, path=str(shared / "data" / "bad" / ("csv" if kind == "text" else "images")))
    assert surroundings(shared / "data" / "bad") == before
    assert all(each["reason"].strip() for each in report["reasons"])
    assert report["imported"] > (1_000 if kind == "text" else 300)
    assert report["rejected"] > 20
