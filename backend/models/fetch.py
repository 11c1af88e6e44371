"""Fetch a model from the hub into the Hugging Face cache, as a job with progress in bytes.

HF_HOME, HF_ENDPOINT and HF_HUB_OFFLINE are obeyed. Only what is needed is fetched, weights as safetensors alone, and
their SHA-256 is compared with what the hub says. A stopped or killed fetch goes on where it was.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from backend import errors
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.models import catalogue, folders
from db import jobs
from db.models import Job, JobKind
from db.session import Session

WANTED = ("*.json", "*.txt", "*.safetensors", "*.model", "LICENSE*")
CONVERTER, CONVERSION = "SFconvertbot", "Adding `safetensors` variant of this model"


def start(session: Session, model_id: str) -> Job:
    """Queue the fetch, or return the one that is on its way. Raises NotFound, Invalid or Conflict."""
    model = catalogue.find(model_id)
    if not model_id.startswith("hub:"):
        raise errors.Invalid(f"{model.title} is not fetched from the hub.", "Choose a model whose name begins hub:.")
    if catalogue.is_here(model_id):
        raise errors.Conflict(f"{model.title} is on this machine already.", "Use it.")
    for job in jobs.in_states(session, jobs.ACTIVE):
        if job.kind == JobKind.DOWNLOAD and job.spec["model"] == model_id:
            return job
    title = f"Fetch {model.title} ({catalogue.size_words(model.size_bytes)})"
    return control.add(session, JobKind.DOWNLOAD, None, {"model": model_id}, title)


def run(handle: Handle) -> dict[str, Any]:
    """The work of a download job."""
    # Set before huggingface_hub is imported. A plain HTTP transfer can be stopped between two chunks.
    os.environ["HF_HUB_DISABLE_XET"] = "1"
    from huggingface_hub import HfApi

    model = catalogue.find(handle.spec["model"])
    repository = model.id.removeprefix("hub:")
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        raise errors.Unavailable(
            f"{model.title} cannot be fetched: HF_HUB_OFFLINE is set.", "Unset it and start Winnow again."
        )
    with _in_words(model.title):
        api = HfApi()
        commit = _commit_with_safetensors(api, repository, model.revision)
        files = _wanted_files(api, repository, commit)
        fetched_bytes = _fetch_all(handle, repository, commit, files)
    if catalogue.is_here(model.id):
        return {"model": model.id, "revision": commit, "bytes": fetched_bytes}
    folder = folders.hub_cache() / f"models--{repository.replace('/', '--')}" / "snapshots" / commit
    raise errors.BadFile(f"{model.title} was fetched but lacks {folders.lacks(folder)}.", "Name a local folder.")


def _commit_with_safetensors(api: Any, repository: str, revision: str) -> str:
    """The commit to fetch. Older repositories hold pickled weights only; the hub's own bot offers them converted."""
    info = api.model_info(repository, revision=revision)
    if any(each.rfilename.endswith(".safetensors") for each in info.siblings):
        return str(info.sha)
    for discussion in api.get_repo_discussions(repository, author=CONVERTER, discussion_type="pull_request"):
        if discussion.title == CONVERSION and discussion.author == CONVERTER:
            return str(api.model_info(repository, revision=discussion.git_reference).sha)
    raise errors.ModelNotHere(
        f"{repository} offers no weights as safetensors, and Winnow loads no others.",
        "Convert the model with save_pretrained() and name its folder as path:FOLDER.",
    )


def _wanted_files(api: Any, repository: str, commit: str) -> list[Any]:
    found = [each for each in api.list_repo_tree(repository, revision=commit) if hasattr(each, "blob_id")]
    return [each for each in found if any(fnmatch(each.path, pattern) for pattern in WANTED)]


def _fetch_all(handle: Handle, repository: str, commit: str, files: list[Any]) -> int:
    from huggingface_hub import hf_hub_download

    total = sum(each.size for each in files)
    done = 0
    for each in sorted(files, key=lambda file: int(file.size)):
        handle.report(done, total, each.path, unit="bytes")
        path = hf_hub_download(
            repository,
            each.path,
            revision=commit,
            cache_dir=folders.hub_cache(),
            tqdm_class=_progress(handle, done, total),
        )
        if each.lfs is not None:
            _check(Path(path), each.lfs.sha256)
        done += each.size
    handle.report(total, total, "All files are here.", unit="bytes")
    return total


def _progress(handle: Handle, done: int, total: int) -> type:
    """A tqdm that reports to the job. Its exception when the job is asked to stop ends the transfer."""
    from tqdm import tqdm  # type: ignore[import-untyped]

    class Progress(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(
                *args, **{key: value for key, value in kwargs.items() if key != "name"} | {"disable": True}
            )
            self.so_far = int(kwargs.get("initial") or 0)

        def update(self, n: float | None = 1) -> bool | None:
            self.so_far += int(n or 0)
            handle.report(done + self.so_far, total, unit="bytes")
            return None

    return Progress


def _check(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        is_right = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    if not is_right:
        # The blob behind the link: the next attempt then fetches it anew.
        path.resolve().unlink()
        path.unlink(missing_ok=True)
        raise errors.BadFile(f"{path.name} arrived damaged: its checksum is not the hub's.", "Fetch it again.")


@contextmanager
def _in_words(title: str) -> Iterator[None]:
    """Turn what the hub's client raises into one sentence."""
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError
    from huggingface_hub.utils import httpx

    hint = "Check the connection and resume, or copy the model's folder here and name it as path:FOLDER."
    try:
        yield
    except GatedRepoError as error:
        raise errors.Refused(f"{title} needs an agreement on its hub page.", "Agree there and set HF_TOKEN.") from error
    except RepositoryNotFoundError as error:
        raise errors.NotFound(
            f"The hub has no {title} under this name.", "Name a local folder as path:FOLDER."
        ) from error
    except HfHubHTTPError as error:
        raise errors.Unavailable(f"{title} could not be fetched: the hub answered {error}."[:300], hint) from error
    except (httpx.HTTPError, ConnectionError, TimeoutError) as error:
        raise errors.Unavailable(f"{title} could not be fetched: the hub cannot be reached.", hint) from error
