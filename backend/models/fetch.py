"""Fetch a model from the hub into the Hugging Face cache, as a job with progress in bytes.

HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are obeyed. Only what is needed is fetched, weights as
safetensors alone, and each file's checksum is compared with what the hub says. A stopped or killed fetch goes on where
it was.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from backend import errors
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.models import catalogue, folders, transfer
from db import jobs
from db.models import Job, JobKind
from db.session import Session

# Beside the weights. Never Python files, and nothing below a folder but how a sentence encoder pools its tokens.
WANTED = {
    "config.json",
    folders.INDEX,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "preprocessor_config.json",
    "processor_config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "LICENSE",
    "LICENSE.txt",
    "LICENSE.md",
}
# Read only where there is no tokenizer.json, which says the same.
VOCABULARIES = {"spiece.model", "spm.model", "sentencepiece.bpe.model", "tokenizer.model"}
CONVERTER, CONVERSION = "SFconvertbot", "Adding `safetensors` variant of this model"
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
OWN_FOLDER = "copy the model's folder from another machine and name it as path:FOLDER."


def start(session: Session, model_id: str) -> Job:
    """Queue the fetch, or return the one that is on its way. Raises NotFound, Invalid, Conflict or Unavailable."""
    if not model_id.startswith("hub:"):
        title = catalogue.find(model_id).title
        raise errors.Invalid(f"{title} is not fetched from the hub.", "Choose a model whose name begins hub:.")
    model = catalogue.of_hub(model_id)
    if catalogue.is_here(model_id):
        raise errors.Conflict(f"{model.title} is on this machine already.", "Use it.")
    check_online(model.title)
    for job in jobs.in_states(session, jobs.ACTIVE):
        if job.kind == JobKind.DOWNLOAD and job.spec["model"] == model_id:
            return job
    size = f" ({catalogue.size_words(model.size_bytes)})" if model.size_bytes else ""
    return control.add(session, JobKind.DOWNLOAD, None, {"model": model_id}, f"Fetch {model.title}{size}")


def check_online(title: str) -> None:
    """Raise Unavailable in offline mode."""
    if folders.is_offline():
        raise errors.Unavailable(
            f"{title} cannot be fetched: offline mode is on (HF_HUB_OFFLINE).",
            f"Unset it and start Winnow again, or {OWN_FOLDER}",
        )


def run(handle: Handle) -> dict[str, Any]:
    """The work of a download job."""
    # Read when huggingface_hub is imported. Nothing but the files is asked for.
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    model = catalogue.of_hub(handle.spec["model"])
    check_online(model.title)
    repository = folders.hub_name(model.id.removeprefix("hub:"))[0]
    with _in_words(model.title), _patience():
        from huggingface_hub import HfApi

        api = HfApi()
        commit = _commit_with_safetensors(api, repository, model.revision)
        files = _wanted_files(api, repository, commit)
        fetched_bytes = _fetch_all(handle, repository, commit, files)
        _write(folders.of_repository(repository) / "refs" / model.revision, commit)
    if catalogue.is_here(model.id):
        return {"model": model.id, "revision": commit, "bytes": fetched_bytes}
    wrong = folders.fault(folders.of_repository(repository) / "snapshots" / commit)
    raise errors.BadFile(f"{model.title} was fetched, but Winnow cannot use it: {wrong}.", "Choose another model.")


def _commit_with_safetensors(api: Any, repository: str, revision: str) -> str:
    """The commit to fetch. Older repositories hold pickled weights only; the hub's own bot offers them converted."""
    info = api.model_info(repository, revision=revision, timeout=_answer_s())
    # Not any safetensors: a variant in half precision or below onnx/ is not what loading looks for.
    if {folders.WEIGHTS, folders.INDEX} & {each.rfilename for each in info.siblings}:
        return str(info.sha)
    for discussion in api.get_repo_discussions(repository, author=CONVERTER, discussion_type="pull_request"):
        if discussion.title == CONVERSION and discussion.author == CONVERTER:
            return str(api.model_info(repository, revision=discussion.git_reference, timeout=_answer_s()).sha)
    raise errors.ModelNotHere(
        f"{repository} offers no weights as safetensors, and Winnow loads no others.",
        "Convert the model with save_pretrained() and name its folder as path:FOLDER.",
    )


def _wanted_files(api: Any, repository: str, commit: str) -> list[Any]:
    """The files to fetch, small ones first: the config is among them, and says whether the rest is of use."""
    listed = api.list_repo_tree(repository, revision=commit, recursive=True)
    found = {each.path: each for each in listed if hasattr(each, "blob_id")}
    single = folders.WEIGHTS in found
    wanted = {name for name in found if name in WANTED and not (single and name == folders.INDEX)}
    shards = {name for name in found if re.fullmatch(r"model-[^/]*\.safetensors", name)}
    wanted |= {folders.WEIGHTS} if single else shards
    wanted |= set() if "tokenizer.json" in found else VOCABULARIES & set(found)
    return sorted((found[name] for name in wanted if name in found), key=lambda each: int(each.size))


def _fetch_all(handle: Handle, repository: str, commit: str, files: list[Any]) -> int:
    from huggingface_hub import hf_hub_url

    root = folders.of_repository(repository)
    total, done = sum(each.size for each in files), 0
    blobs = {each.path: root / "blobs" / _sha(each) for each in files}
    transfer.check_room(folders.hub_cache(), total - _here_bytes(blobs.values()), catalogue.size_words)
    for each in files:
        before = done

        def say(here: int, before: int = before) -> None:
            handle.report(before + here, total, unit="bytes")

        handle.report(done + _here_bytes([blobs[each.path]]), total, each.path, unit="bytes")
        url = hf_hub_url(repository, each.path, revision=commit)
        transfer.bring(url, blobs[each.path], each.size, _sha(each), say)
        _link(root / "snapshots" / commit / each.path, blobs[each.path])
        if each.path == "config.json":
            _check_use(root / "snapshots" / commit / each.path, repository)
        done += each.size
    handle.report(total, total, "All files are here.", unit="bytes")
    return total


def _check_use(config: Path, repository: str) -> None:
    """Say before the gigabytes come that they would be of no use."""
    wrong = folders.use_fault(folders.read_json(config) or {})
    if wrong:
        raise errors.BadFile(f"Winnow cannot use {repository}: {wrong}.", "Choose another model.")


def _here_bytes(blobs: Any) -> int:
    parts = [each for blob in blobs for each in (blob, blob.with_name(f"{blob.name}.incomplete")) if each.is_file()]
    return sum(each.stat().st_size for each in parts)


def _sha(file: Any) -> str:
    """The file's checksum by the hub, which names it in the cache too: SHA-256 of large files, Git's of others."""
    sha = str(file.lfs.sha256 if file.lfs else file.blob_id)
    if not SHA.fullmatch(sha):
        raise errors.BadFile(f"The hub gives no checksum for {file.path}.", "Name a local folder as path:FOLDER.")
    return sha


def _link(place: Path, blob: Path) -> None:
    """Put the file into its snapshot, as huggingface_hub does: a relative link, or where there are none the file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_file():
        return
    place.unlink(missing_ok=True)
    try:
        place.symlink_to(os.path.relpath(blob, place.parent))
    except OSError:
        os.link(blob, place)


def _answer_s() -> float:
    from huggingface_hub import constants

    return float(constants.HF_HUB_ETAG_TIMEOUT)


def _write(path: Path, words: str) -> None:
    """Readable for everybody who shares the cache, which a file of `blobs.write_whole` is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(words)
    new.replace(path)


@contextmanager
def _patience() -> Iterator[None]:
    """An HTTP client that gives up, after the times that huggingface_hub has settings for: its own waits for ever."""
    from huggingface_hub import constants, set_client_factory
    from huggingface_hub.utils import _http, httpx

    def with_limits() -> Any:
        client = _http.default_client_factory()
        client.timeout = httpx.Timeout(constants.HF_HUB_DOWNLOAD_TIMEOUT, connect=_answer_s())
        return client

    set_client_factory(with_limits)
    try:
        yield
    finally:
        set_client_factory(_http.default_client_factory)


@contextmanager
def _in_words(title: str) -> Iterator[None]:
    """Turn what the hub's client and the disk raise into one sentence."""
    from huggingface_hub import errors as hub
    from huggingface_hub.utils import httpx

    failed = f"{title} could not be fetched"
    hint = f"Check the connection and resume, or {OWN_FOLDER}"
    try:
        yield
    except hub.GatedRepoError as error:
        raise errors.Refused(f"{title} needs an agreement on its hub page.", "Agree there and set HF_TOKEN.") from error
    except hub.RepositoryNotFoundError as error:
        raise errors.NotFound(
            f"The hub has no {title} that may be read from here.", "Check the name; for a private one set HF_TOKEN."
        ) from error
    except hub.RevisionNotFoundError as error:
        raise errors.NotFound(f"{title} has no such revision.", "Check what stands behind the @.") from error
    except hub.HfHubHTTPError as error:
        raise _of_status(failed, error.response.status_code, hint) from error
    except (httpx.TimeoutException, TimeoutError) as error:
        raise errors.Unavailable(f"{failed}: the hub does not answer in time.", hint) from error
    except (httpx.HTTPError, ConnectionError) as error:
        raise errors.Unavailable(f"{failed}: the hub cannot be reached.", hint) from error
    except ValueError as error:
        # A portal that answers every address with a page of its own.
        raise errors.Unavailable(f"{failed}: what answers there is not a hub.", hint) from error
    except OSError as error:
        raise _of_disk(failed, error) from error


def _of_status(failed: str, status: int, hint: str) -> errors.WinnowError:
    if status == 429:
        return errors.Unavailable(f"{failed}: the hub had too many requests from here.", "Resume in some minutes.")
    if status in (401, 403):
        return errors.Refused(f"{failed}: the hub refuses it ({status}).", "Set HF_TOKEN to a token that may read it.")
    return errors.Unavailable(f"{failed}: the hub answered {status}.", hint)


def _of_disk(failed: str, error: OSError) -> errors.WinnowError:
    cache = folders.hub_cache()
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return errors.Unavailable(f"{failed}: the disk of {cache} is full.", "Free some room there and resume.")
    reason = error.strerror or type(error).__name__
    return errors.Unavailable(f"{failed}: {cache} cannot be written ({reason}).", "Start Winnow with another HF_HOME.")
