"""Data sets of the Hugging Face hub: their files brought here, then read as any folder is.

Only files with data are fetched, into the cache that every program shares; no program of a data set is ever run. One
that is made by a program is read as the hub itself converted it to Parquet. HF_HOME, HF_ENDPOINT, HF_TOKEN and
HF_HUB_OFFLINE are obeyed. A stopped or killed fetch goes on where it was.
"""

import fnmatch
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from backend import errors, settings
from backend.importing import formats, layout
from backend.importing.found import is_litter
from backend.jobs.progress import Handle
from backend.models import catalogue, client, folders, transfer

CONVERTED = "refs/convert/parquet"
PACKED = (".zip", ".tar", ".tar.gz", ".tgz")
INSTEAD = "name a local folder that holds the data."
# The hub knows old data sets by one word.
NAME = re.compile(rf"(?!.*(?:\.\.|--)){folders.NAME_PART}(?:/{folders.NAME_PART})?")


class Part(NamedTuple):
    """A file with data: which split it is of, "" when nothing says so, and which configuration."""

    path: str
    split: str = ""
    config: str = ""


def asked(source: dict[str, Any]) -> dict[str, Any]:
    """The part of a job's spec that names the data set. Raises Invalid or Unavailable.

    source: {"hub": "OWNER/NAME" or "OWNER/NAME@REVISION", "config": NAME, "split": NAME}
    """
    name, at, revision = str(source["hub"]).strip().removeprefix("https://huggingface.co/datasets/").partition("@")
    name = name.rstrip("/")
    if not NAME.fullmatch(name) or (at and not folders.REVISION.fullmatch(revision)):
        raise errors.Invalid(
            f'"{str(source["hub"])[:200]}" is not a data set\'s name on the hub.',
            "Names there are OWNER/NAME, such as fancyzhx/ag_news, or OWNER/NAME@REVISION.",
        )
    check_online(name)
    spec = {"hub": f"{name}@{revision}" if at else name}
    return spec | {key: str(source[key]).strip() for key in ("config", "split") if source.get(key)}


def check_online(name: str) -> None:
    if folders.is_offline():
        raise errors.Unavailable(
            f"{name} cannot be fetched: offline mode is on (HF_HUB_OFFLINE).",
            f"Unset it and start Winnow again, or {INSTEAD}",
        )


def fetched(spec: dict[str, Any], handle: Handle) -> Path:
    """A folder with the files that `spec` asks for, fetched as far as they are not here. Raises a WinnowError."""
    # Read when huggingface_hub is imported. Nothing but the files is asked for.
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    repository, _, revision = spec["hub"].partition("@")
    check_online(repository)
    with client.in_words(repository, INSTEAD), client.patience():
        from huggingface_hub import HfApi

        kept = _folder(handle) / "commit"
        info = _info(HfApi(), repository, kept.read_text() if kept.is_file() else revision)
        files = _files(HfApi(), repository, info.sha)
        parts = _of_card(info.card_data, files) or [Part(path, _split_of(path)) for path in files if _is_data(path)]
        if not parts or _is_made_by_program(repository, files):
            info = _converted(HfApi(), repository)
            files = _files(HfApi(), repository, info.sha)
            parts = [_of_converted(path) for path in files if path.endswith(".parquet")]
        chosen = _chosen(parts, repository, spec.get("config", ""), spec.get("split", ""))
        _write(kept, info.sha)
        snapshot = _bring(handle, repository, info.sha, [files[part.path] for part in chosen])
    return _laid_out(_folder(handle) / repository.replace("/", "--"), snapshot, chosen)


def let_go(handle: Handle) -> None:
    """The import is done. What was fetched stays in the cache."""
    shutil.rmtree(_folder(handle), ignore_errors=True)


def _folder(handle: Handle) -> Path:
    return settings.folder("hub") / str(handle.job_id)


def _write(path: Path, words: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words)


def _info(api: Any, repository: str, revision: str) -> Any:
    return api.dataset_info(repository, revision=revision or "main", timeout=client.answer_s())


def _converted(api: Any, repository: str) -> Any:
    """The hub's own conversion to Parquet. Raises BadFile when there is none."""
    from huggingface_hub.errors import RevisionNotFoundError

    try:
        return _info(api, repository, CONVERTED)
    except RevisionNotFoundError as error:
        raise errors.BadFile(
            f"{repository} holds no files that Winnow reads: it is made by a program, which Winnow does not run.",
            "Choose another data set, or save it as Parquet with `datasets` and name that folder.",
        ) from error


def _files(api: Any, repository: str, commit: str) -> dict[str, Any]:
    listed = api.list_repo_tree(repository, revision=commit, recursive=True, repo_type="dataset")
    return {each.path: each for each in listed if hasattr(each, "blob_id")}


def _is_data(path: str) -> bool:
    name = PurePosixPath(path)
    if any(is_litter(part) or part in ("..", "") for part in path.split("/")) or path.startswith("/"):
        return False
    suffix = name.suffix.lower()
    is_known = suffix in layout.TABLES or suffix in formats.image_suffixes() or path.lower().endswith(PACKED)
    return is_known and name.name not in ("dataset_infos.json", "dataset_info.json", "state.json", "dataset_dict.json")


def _is_made_by_program(repository: str, files: Iterable[str]) -> bool:
    return f"{repository.rpartition('/')[2]}.py" in files


def _split_of(path: str) -> str:
    """ "data/train-00000-of-00002.parquet" -> "train" """
    words = re.split(r"[^a-z]+", path.lower())
    return next((word for word in words if layout.split_of(word)), "")


def _of_card(card: Any, files: Iterable[str]) -> list[Part]:
    """What the data set's own card says of its files; nothing when it says nothing."""
    configs = (card.to_dict() if card is not None else {}).get("configs") or []
    parts: list[Part] = []
    for config in configs if isinstance(configs, list) else []:
        if not isinstance(config, dict):
            continue
        name = str(config.get("config_name") or "default")
        folder = str(config.get("data_dir") or "").strip("/")
        # The one that is meant when none is named comes first.
        place = 0 if config.get("default") is True else len(parts)
        found = [
            Part(path, split or _split_of(path), name)
            for split, pattern in _patterns(config.get("data_files"))
            for path in sorted(files)
            if _is_data(path) and fnmatch.fnmatchcase(path, f"{folder}/{pattern}".lstrip("/").replace("**/", "*"))
        ]
        parts[place:place] = found
    return parts


def _patterns(data_files: Any) -> Iterator[tuple[str, str]]:
    """(split, pattern): a card may say these in five ways."""
    if isinstance(data_files, str):
        yield "", data_files
    elif isinstance(data_files, dict) and "path" in data_files:
        paths = data_files["path"]
        for path in [paths] if isinstance(paths, str) else paths if isinstance(paths, list) else []:
            yield str(data_files.get("split") or ""), str(path)
    elif isinstance(data_files, dict):
        for split, paths in data_files.items():
            yield from _patterns({"split": split, "path": paths})
    elif isinstance(data_files, list):
        for each in data_files:
            yield from _patterns(each)


def _of_converted(path: str) -> Part:
    """CONFIG/SPLIT/0000.parquet; "partial-train" holds the beginning of a very large split."""
    config, _, rest = path.partition("/")
    return Part(path, rest.partition("/")[0].removeprefix("partial-"), config)


def _chosen(parts: list[Part], repository: str, config: str, split: str) -> list[Part]:
    """Those of one configuration, and of one split when one is asked for. Raises NotFound or Invalid."""
    configs = list(dict.fromkeys(part.config for part in parts))
    if config and config not in configs:
        raise errors.NotFound(f'{repository} has no configuration "{config}".', f"It has {_listed(configs)}.")
    if not config and len(configs) > 1 and "default" not in configs:
        raise errors.Invalid(f"{repository} has several configurations.", f"Choose one of {_listed(configs)}.")
    wanted = config or ("default" if "default" in configs else configs[0])
    of_config = [part for part in parts if part.config == wanted]
    found = [part for part in of_config if not split or part.split == split]
    if not found:
        there = _listed(dict.fromkeys(part.split for part in of_config if part.split))
        raise errors.NotFound(f'{repository} has no split "{split}".', f"It has {there or 'no named splits'}.")
    return list({part.path: part for part in found}.values())


def _listed(names: Iterable[str]) -> str:
    every = [f'"{name}"' for name in names if name]
    return ", ".join(every[:20]) + (", …" if len(every) > 20 else "")


def _bring(handle: Handle, repository: str, commit: str, files: list[Any]) -> Path:
    from huggingface_hub import hf_hub_url

    root = folders.hub_cache() / f"datasets--{repository.replace('/', '--')}"
    blobs = {each.path: root / "blobs" / transfer.sha_of(each) for each in files}
    total, done = sum(each.size for each in files), 0
    transfer.check_room(folders.hub_cache(), total - transfer.here_bytes(blobs.values()), catalogue.size_words)
    for each in files:

        def say(here: int, before: int = done, path: str = each.path) -> None:
            handle.report(before + here, total, f"Fetching {path}", unit="bytes")

        say(transfer.here_bytes([blobs[each.path]]))
        url = hf_hub_url(repository, each.path, repo_type="dataset", revision=commit)
        transfer.bring(url, blobs[each.path], each.size, transfer.sha_of(each), say)
        transfer.link(root / "snapshots" / commit / each.path, blobs[each.path])
        done += each.size
    return root / "snapshots" / commit


def _laid_out(folder: Path, snapshot: Path, parts: list[Part]) -> Path:
    """The files as readers expect them: a folder for each split; images as they lie, for folders are their classes."""
    shutil.rmtree(folder, ignore_errors=True)
    splits = {part.split for part in parts if layout.split_of(part.split)}
    for part in parts:
        path = PurePosixPath(part.path)
        place = folder / path
        if path.suffix.lower() not in formats.image_suffixes():
            # A split by itself is no folder: that would be taken for a class.
            split = part.split if part.split in splits and len(splits) > 1 else ""
            place = folder / split / path.name
            number = 2
            while place.is_symlink() or place.exists():
                place, number = place.with_name(f"{path.stem} ({number}){path.suffix}"), number + 1
        transfer.link(place, (snapshot / part.path).resolve())
    return folder
