"""Where the items lie, in two dimensions: the vectors of all items, labeled or not, by PCA and then by UMAP.

PCA takes a second and is there first; UMAP (McInnes, Healy and Melville 2018) begins where PCA placed the items, so
that both maps lie alike, and runs with a fixed seed on one core: the same items give the same map.

What was placed before with UMAP stays until this is whole; a job that is resumed begins anew, with the vectors that it
has. For workers.
"""

import threading
import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend import errors
from backend.encoding import encode
from backend.encoding.vectors import Vectors
from backend.inspecting import map_file
from backend.inspecting.map_file import Positions
from backend.jobs.progress import Handle
from db import items, maps
from db import projects as project_rows
from db.models import Project
from db.session import reading

MOST = 100_000
# Vectors that are made between two words about progress.
PAGE = 2_000
# Fewer have no neighbourhoods to speak of.
FEWEST_FOR_UMAP = 15
NEIGHBORS = 15
# UMAP reads so many of the largest components: nearly all that tells neighbours, at an eighth of the work.
COMPONENTS = 50
SEED = 0
LOOK_EVERY_S = 0.5


def run(handle: Handle, project: Project) -> dict[str, Any]:
    """Place them; returns the header of the file and how long each method took. Raises Invalid without items."""
    encoder_id = handle.spec["encoder"]
    with reading() as session:
        map_file.forget_gone(session)
        total = project_rows.count_items(session, project.id)
        newest_id, all_rows = items.newest_id(session, project.id), maps.rows_of(session, project.id)
        drawn = maps.drawn(session, project.id, MOST)
    about = {"total": total, "is_sample": total > len(drawn), "newest_id": newest_id, "rows": all_rows}
    item_ids, vectors = _vectors(handle, encoder_id, drawn)
    if not len(item_ids):
        raise errors.Invalid("There are no items to place on a map.", "Add items on the Data page first.")
    started = time.monotonic()
    components = principal(vectors, COMPONENTS)
    layouts = {"pca": np.ascontiguousarray(components[:, :2])}
    seconds = {"pca": round(time.monotonic() - started, 2)}
    there = map_file.header(project, encoder_id)
    if there is None or "umap" not in there["methods"] or len(item_ids) < FEWEST_FOR_UMAP:
        header = map_file.write(project, encoder_id, item_ids, layouts, about)
    if len(item_ids) >= FEWEST_FOR_UMAP:
        started = time.monotonic()
        # The one that is looked at comes first.
        layouts = {"umap": _umap_watched(handle, components, layouts["pca"]), **layouts}
        seconds["umap"] = round(time.monotonic() - started, 2)
        header = map_file.write(project, encoder_id, item_ids, layouts, about)
    return {**header, "seconds": seconds, "unreadable": len(drawn) - len(item_ids)}


def _vectors(handle: Handle, encoder_id: str, drawn: NDArray[np.int64]) -> tuple[NDArray[np.int64], Vectors]:
    """The items with a vector, and the vectors. Images that can no longer be read are left out."""
    kept: list[int] = []
    parts: list[Vectors] = []
    for start in range(0, len(drawn), PAGE):
        with reading() as session:
            found = maps.contents(session, drawn[start : start + PAGE].tolist())
        unreadable: set[bytes] = set()
        contents = list(found.values())
        before, count = start, len(contents)

        def report(encoded: int, missing: int, before: int = before, count: int = count) -> None:
            handle.report(before + count - missing + encoded, len(drawn), "Reading the items.")

        made = encode.ensure(encoder_id, contents, report, unreadable)
        is_there = np.array([content_hash not in unreadable for content_hash, _ in contents], bool)
        kept += [item_id for item_id, is_kept in zip(found, is_there.tolist(), strict=True) if is_kept]
        if is_there.any():
            parts.append(made[is_there])
    item_ids = np.array(kept, np.int64)
    order = np.argsort(item_ids)
    return item_ids[order], np.concatenate(parts)[order] if parts else np.zeros((0, 0), np.float32)


def principal(vectors: Vectors, components: int) -> Vectors:
    """The principal components of the vectors, the largest first: (n, d) -> (n, at most `components`, at least 2).

    By the eigenvectors of the covariance (Jolliffe 2002, chapter 2), each turned so that its largest part is positive:
    the same vectors give the same map.
    """
    centered = vectors - vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    covariance = (centered.T @ centered).astype(np.float64)
    # In the order of growing eigenvalues.
    axes = np.linalg.eigh(covariance)[1][:, ::-1][:, :components]
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(axes[largest, np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    found = centered @ axes.astype(np.float32)
    missing = max(0, 2 - found.shape[1])
    return np.asarray(np.pad(found, ((0, 0), (0, missing))), np.float32)


def _umap_watched(handle: Handle, components: Vectors, start: Positions) -> Positions:
    """UMAP in a thread of its own, for it says little while it works; here is told how far it is, and looked whether to
    stop."""
    passes = Passes()
    words = "Placed with PCA. Looking for each item's neighbours, for UMAP."
    placed: list[Positions] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            placed.append(umap_layout(components, start, passes))
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits.
            failed.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            if passes.done:
                words = "Placed with PCA. Moving neighbours together, with UMAP."
            handle.report(passes.done, passes.total, words, unit="passes")
            handle.check_stop()
            thread.join(LOOK_EVERY_S)
    finally:
        passes.is_over = True
    if failed:
        raise failed[0]
    return placed[0]


class Passes:
    """Where UMAP's bar is written to: how many passes over the items are done. Ends them when `is_over`."""

    def __init__(self) -> None:
        self.done = 0
        self.total: int | None = None
        self.is_over = False

    def write(self, bar: str) -> None:
        done, _, total = bar.strip().partition("/")
        if done.isdecimal() and total.isdecimal():
            self.done, self.total = int(done), int(total)
        if self.is_over:
            raise SystemExit

    def flush(self) -> None:
        """A file has it."""


def umap_layout(components: Vectors, start: Positions, passes: Passes | None = None) -> Positions:
    """(n, 2) of n >= FEWEST_FOR_UMAP items; start: (n, 2), where they lie at first."""
    import umap

    bar: dict[str, Any] = {"file": passes, "bar_format": "{n_fmt}/{total_fmt}", "mininterval": 0.2, "disable": False}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="umap")
        model = umap.UMAP(
            n_neighbors=min(NEIGHBORS, len(components) - 1),
            init=start,
            random_state=SEED,
            # More than one gives another map each time.
            n_jobs=1,
            tqdm_kwds=bar if passes else None,
        )
        return np.asarray(model.fit_transform(components), np.float32)
