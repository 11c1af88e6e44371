"""The labeled items as a dataset on the Hugging Face hub: a job.

HF_ENDPOINT and HF_HUB_OFFLINE are obeyed. The token is in neither the database nor a log: it waits for the job in a
file that only its owner can read, and that is removed when the job ends.
"""

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend import errors, projects, settings
from backend.exporting import folders, parquets
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.models.folders import is_offline
from db import items, jobs, taking_out
from db.items import Filter
from db.models import Job, JobKind, JobState, Project, Status
from db.session import Session, reading

REPO = re.compile(r"[\w-][\w.-]{0,95}/[\w-][\w.-]{0,95}", re.ASCII)
BEFORE_NAME = ".token-"
HINT = "Make a token with write access at huggingface.co/settings/tokens and start again."


def start(session: Session, project: Project, repo: str, token: str, wanted: Filter, *, private: bool = True) -> Job:
    """Queue it. Without a token that of `hf auth login` or HF_TOKEN is used. Raises Invalid or Unavailable."""
    repo = repo.strip()
    if not REPO.fullmatch(repo) or ".." in repo or "--" in repo:
        raise errors.Invalid(f'"{repo[:100]}" is no name of a dataset.', 'Write it as on the hub, such as "ada/birds".')
    if is_offline():
        raise errors.Unavailable("Offline mode is on (HF_HUB_OFFLINE).", "Unset it and start Winnow again.")
    if not items.count(session, project.id, Status.LABELED):
        raise errors.Invalid("Nothing is labeled yet.", "Label some items first.")
    forget_others(session)
    spec = {"repo": repo, "private": private, "filter": wanted.as_json(), "secret": keep(token.strip())}
    return control.add(session, JobKind.EXPORT, project.id, spec, f"Push to {repo} on the hub")


def keep(token: str) -> str | None:
    """Write the token into a file of its own, mode 600 from its first moment; returns what it is found by."""
    if not token:
        return None
    if not token.isascii() or not token.isprintable() or " " in token or len(token) > 500:
        raise errors.Invalid("This is no token of the hub.", HINT)
    name = uuid.uuid4().hex
    handle = os.open(_place(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(token)
    return name


def _place(name: str) -> Path:
    return settings.folder("exports") / f"{BEFORE_NAME}{name}"


def forget_others(session: Session) -> None:
    """Remove what jobs have left that were stopped before they began."""
    active = [job.spec.get("secret") for job in jobs.in_states(session, (*jobs.ACTIVE, JobState.INTERRUPTED))]
    for path in settings.folder("exports").glob(f"{BEFORE_NAME}*"):
        if path.name.removeprefix(BEFORE_NAME) not in active:
            path.unlink(missing_ok=True)


def run(handle: Handle) -> dict[str, Any]:
    """The work of the job. Reports {"repo", "url", "items"}."""
    secret = handle.spec["secret"]
    # Read when huggingface_hub is imported.
    os.environ |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1"}
    try:
        token = _place(secret).read_text() if secret else None
    except OSError:
        raise errors.Conflict("The token of this push is no longer kept.", "Start the push again.") from None
    folder = Path(tempfile.mkdtemp(dir=settings.folder("exports"), prefix="hub-"))
    try:
        return _push(handle, folder, token)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if secret:
            _place(secret).unlink(missing_ok=True)


def _push(handle: Handle, folder: Path, token: str | None) -> dict[str, Any]:
    repo = handle.spec["repo"]
    with reading() as session:
        project = projects.get(session, handle.project_id or 0)
        names = taking_out.classes(session, project.id)
    counts = write(handle, project, names, folder)
    total = sum(counts.values())
    if not total:
        raise errors.Invalid("None of these items is labeled.", "Choose others, or label some.")
    handle.report(total, total, f"Sending {total:,} items")
    with in_words(repo):
        from huggingface_hub import HfApi

        api = HfApi(token=token)
        url = api.create_repo(repo, repo_type="dataset", private=handle.spec["private"], exist_ok=True)
        handle.check_stop()
        message = f"{total:,} labeled items"
        api.upload_folder(repo_id=repo, folder_path=folder, repo_type="dataset", commit_message=message)
    return {"repo": repo, "url": str(url), "items": total}


def write(handle: Handle, project: Project, names: dict[int, str], folder: Path) -> dict[str, int]:
    """The same files as in the download, in a folder; returns how many rows each split has."""
    schema = parquets.schema_of(project, list(names.values()))
    counts: dict[str, int] = {}
    (folder / "data").mkdir()
    with reading() as session:
        expected = items.count(session, project.id, Status.LABELED)
    for split, parts in folders.splits_of(Filter.from_json(handle.spec["filter"])):
        groups = folders.groups_of_rows(project, names, parts)
        if not (first := next(groups, None)):
            continue
        with (folder / folders.data_file(split)).open("wb") as file:
            for count in folders.write_split(file, schema, groups, first):
                counts[split] = counts.get(split, 0) + count
                handle.report(sum(counts.values()), expected, "Writing the files")
    (folder / "README.md").write_text(folders.readme(project, list(names.values()), counts), encoding="utf-8")
    return counts


@contextmanager
def in_words(repo: str) -> Iterator[None]:
    """Turn what the hub's client raises into one sentence."""
    from huggingface_hub import errors as hub
    from huggingface_hub.utils import httpx

    failed = f"{repo} could not be pushed"
    try:
        yield
    except hub.HfHubHTTPError as error:
        status = error.response.status_code
        if status in (401, 403):
            raise errors.Refused(f"{failed}: the hub refuses the token ({status}).", HINT) from error
        if status == 404:
            raise errors.NotFound(f"{failed}: the hub does not know it, or the token may not see it.", HINT) from error
        raise errors.Unavailable(f"{failed}: the hub answered {status}.", "Start again in some minutes.") from error
    except hub.LocalTokenNotFoundError as error:
        raise errors.Refused(f"{failed}: there is no token.", HINT) from error
    except (httpx.HTTPError, OSError) as error:
        raise errors.Unavailable(f"{failed}: the hub cannot be reached.", "Check the connection.") from error
    except ValueError as error:
        # A portal that answers every address with a page of its own.
        raise errors.Unavailable(f"{failed}: what answers there is not a hub.", "Check the connection.") from error
