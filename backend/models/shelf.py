"""What of the hub is kept on this machine, how much space it takes, and how it goes away again."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from backend import errors
from backend.models import catalogue, folders
from db import jobs
from db.session import Session


@dataclass(frozen=True)
class Kept:
    """folder: the Hugging Face cache. models: how many repositories it has anything of, whole or in part."""

    folder: Path
    models: int
    size_bytes: int
    free_bytes: int


def kept() -> Kept:
    folder = folders.hub_cache()
    found = list(folders.repositories())
    # The folder is made by the first fetch; its disk is there before.
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    return Kept(folder, len(found), sum(size_of(each) for each in found), shutil.disk_usage(there).free)


def size_of(repository: str) -> int:
    """The bytes that a repository takes in the cache, parts that are on their way included."""
    files = folders.of_repository(repository).rglob("*")
    return sum(each.lstat().st_size for each in files if each.is_file() and not each.is_symlink())


def remove(session: Session, model_id: str) -> int:
    """Delete a model of the hub, all its revisions, from this machine; how many bytes became free.

    Other programs that use the same cache lose it too. Raises NotFound when there is nothing of it, Invalid for what
    is not of the hub, and Conflict while a job uses it.
    """
    if not model_id.startswith("hub:"):
        raise errors.Invalid("Only models of the hub can be removed.", "Delete a folder of your own yourself.")
    model = catalogue.of_hub(model_id)
    repository = folders.hub_name(model_id.removeprefix("hub:"))[0]
    folder = folders.of_repository(repository)
    if not folder.is_dir():
        raise errors.NotFound(f"There is nothing of {model.title} on this machine.", "")
    for job in jobs.in_states(session, jobs.ACTIVE):
        if repository in repr(job.spec):
            raise errors.Conflict(f'{model.title} is in use: "{job.title}" is {job.state}.', "Stop that job first.")
    size_bytes = size_of(repository)
    shutil.rmtree(folder)
    return size_bytes
