"""What lies beside the tables of an archive: images, the rows of snapshots, the models of runs."""

import io
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from backend import blobs, settings
from backend.archives import container
from backend.archives.container import bad
from backend.archives.ids import Mapped
from backend.training import artifact, snapshots
from db import archives as rows
from db.models import Run, Snapshot
from db.session import writing

COLUMNS = {"content_hash", "item_id", "split", "class_ids", "text"}
# Rows of items that were deleted for good since.
MOST_GONE = 1_000_000


class Counted(Protocol):
    def add(self, size_bytes: int) -> None: ...


def bring(
    archive: zipfile.ZipFile, mapped: Mapped, images: Sequence[bytes], progress: Counted, project_id: int | None
) -> None:
    """Check all of it, and write it where there is a project."""
    gone = gone_images(archive)
    for content_hash in images:
        if content_hash.hex() in gone:
            continue
        data = container.image(archive, content_hash)
        if project_id is not None:
            put(data, content_hash, mapped.job_id)
        progress.add(len(data))
    for entry in archive.infolist():
        if container.SNAPSHOT.fullmatch(entry.filename):
            _snapshot(archive, entry.filename, mapped, project_id)
        elif container.ARTIFACT.fullmatch(entry.filename):
            _model_file(archive, entry.filename, mapped, progress, project_id)


def gone_images(archive: zipfile.ZipFile) -> set[str]:
    """Images that were gone already where the archive was made."""
    if container.GONE not in archive.namelist():
        return set()
    told = container.parsed(archive.read(container.GONE), container.GONE)
    if not isinstance(told, list):
        raise bad(f"{container.GONE} is no list")
    return {each for each in told if isinstance(each, str)}


def put(data: bytes, content_hash: bytes, job_id: int) -> None:
    """Store an image; one that was not here yet is noted first, so that it goes again if the project does."""
    if not blobs.path_of(content_hash).exists():
        with notes(job_id).open("ab") as file:
            file.write(content_hash)
        blobs.put(data)


def notes(job_id: int) -> Path:
    return settings.folder("exports") / f".arriving-{job_id}"


def written(job_id: int) -> list[bytes]:
    """The images that this job has written; asked for once, and then forgotten."""
    path = notes(job_id)
    data = path.read_bytes() if path.exists() else b""
    path.unlink(missing_ok=True)
    return [data[start : start + 32] for start in range(0, len(data) - 31, 32)]


def _snapshot(archive: zipfile.ZipFile, name: str, mapped: Mapped, project_id: int | None) -> None:
    """Its rows with the ids of this machine, under the fingerprint that they then have."""
    fingerprint = name.removeprefix("snapshots/").removesuffix(".parquet")
    taken = [each for each in mapped.snapshots if each["fingerprint"] == fingerprint]
    kept = [_row(row, mapped) for row in _rows(archive.read(name), len(mapped.of("items").old))]
    for each in taken:
        # Which copies were left out is not told, only how many: another number of them is another snapshot.
        new = snapshots.fingerprint_of(each["classes"], kept, {-each["left_out"]} if each["left_out"] else set())
        if project_id is not None:
            snapshots.write_rows(snapshots.path_of(new), kept)
            with writing() as session:
                rows.put(session, Snapshot, mapped.of("snapshots").get(each["id"]), fingerprint=new)


def _rows(data: bytes, count: int) -> list[dict[str, Any]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(data))
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        size_bytes = sum(each.total_byte_size for each in groups)
        is_bomb = size_bytes > container.SMALL_BYTES + container.MOST_SHRUNK * len(data)
        if is_bomb or file.metadata.num_rows > count + MOST_GONE or set(file.schema_arrow.names) != COLUMNS:
            raise bad("the rows of a snapshot are not what they should be")
        found: list[dict[str, Any]] = file.read().to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise bad("the rows of a snapshot cannot be read") from error
    return found


def _row(row: dict[str, Any], mapped: Mapped) -> dict[str, Any]:
    if not isinstance(row["content_hash"], bytes) or row["split"] not in ("train", "validation", "test"):
        raise bad("the rows of a snapshot are not what they should be")
    # 0: an item that was deleted for good since.
    return {
        **row,
        "item_id": mapped.of("items").find(row["item_id"]) or 0,
        "class_ids": mapped.classes(row["class_ids"]),
    }


def _model_file(archive: zipfile.ZipFile, name: str, mapped: Mapped, progress: Counted, project_id: int | None) -> None:
    _, number, _, rest = name.split("/", 3)
    run_id = mapped.of("runs").get(int(number))
    if project_id is None:
        with archive.open(name) as source:
            while piece := source.read(container.COPY_BYTES):
                progress.add(len(piece))
        return
    folder = artifact.folder_of_run(run_id) / "model"
    path = folder / rest
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as source, path.open("wb") as file:
        shutil.copyfileobj(source, file, container.COPY_BYTES)
    with writing() as session:
        rows.put(session, Run, run_id, artifact=folder.relative_to(settings.home()).as_posix())
