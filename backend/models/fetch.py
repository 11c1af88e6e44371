"""Fetch a model from the hub into the Hugging Face cache, as a job with progress in bytes.

HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are obeyed. Only what is needed is fetched, weights as
safetensors alone, and each file's checksum is compared with what the hub says. A stopped or killed fetch goes on where
it was.
"""

import os
import re
from pathlib import Path
from typing import Any

from backend import errors
from backend.jobs import control
from backend.jobs.progress import Handle
from backend.models import catalogue, client, folders, transfer
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
    with client.in_words(model.title, OWN_FOLDER), client.patience():
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
    info = api.model_info(repository, revision=revision, timeout=client.answer_s())
    # Not any safetensors: a variant in half precision or below onnx/ is not what loading looks for.
    if {folders.WEIGHTS, folders.INDEX} & {each.rfilename for each in info.siblings}:
        return str(info.sha)
    for discussion in api.get_repo_discussions(repository, author=CONVERTER, discussion_type="pull_request"):
        if discussion.title == CONVERSION and discussion.author == CONVERTER:
            return str(api.model_info(repository, revision=discussion.git_reference, timeout=client.answer_s()).sha)
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
    blobs = {each.path: root / "blobs" / transfer.sha_of(each) for each in files}
    transfer.check_room(folders.hub_cache(), total - transfer.here_bytes(blobs.values()), catalogue.size_words)
    for each in files:
        before = done

        def say(here: int, before: int = before) -> None:
            handle.report(before + here, total, unit="bytes")

        handle.report(done + transfer.here_bytes([blobs[each.path]]), total, each.path, unit="bytes")
        url = hf_hub_url(repository, each.path, revision=commit)
        transfer.bring(url, blobs[each.path], each.size, transfer.sha_of(each), say)
        transfer.link(root / "snapshots" / commit / each.path, blobs[each.path])
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


def _write(path: Path, words: str) -> None:
    """Readable for everybody who shares the cache, which a file of `blobs.write_whole` is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(words)
    new.replace(path)
