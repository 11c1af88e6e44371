"""Guesses at what the columns of a table are, by well-known names and by what is in them."""

import re
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath
from typing import Any

from backend.importing import layout

TEXT_NAMES = (
    "text", "texts", "message", "sentence", "content", "body", "review", "comment", "tweet", "sms", "utterance",
    "question", "query", "document", "description", "abstract", "article", "title", "headline", "subject", "data",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "classes", "class_name", "category", "categories", "target", "intent", "topic",
    "sentiment", "tag", "tags", "emotion", "emotions", "choice", "choices",
)  # fmt: skip
IMAGE_NAMES = (
    "file_name", "filename", "image", "images", "image_path", "image_file", "image_name", "img", "img_path", "picture",
    "photo", "file", "filepath", "file_path", "path", "image_id", "name",
)  # fmt: skip
SPLIT_NAMES = ("split", "splits", "subset", "set", "partition", "fold", "usage", "data_split")
ID_NAMES = (
    "id", "uid", "uuid", "guid", "_id", "item_id", "external_id", "comment_id", "document_id", "doc_id", "example_id",
    "record_id", "row_id", "message_id", "tweet_id", "review_id", "post_id", "sample_id", "text_id", "image_id",
)  # fmt: skip
KNOWN = frozenset((*TEXT_NAMES, *LABEL_NAMES, *IMAGE_NAMES, *SPLIT_NAMES, *ID_NAMES))
YES_OR_NO = frozenset(("0", "1", "0.0", "1.0", "true", "false", "yes", "no", ""))
# What our own exports say of an item beside what it is, and what Label Studio says of an annotation.
OURS = frozenset(("status", "annotator", "decided_at", "source", "suggestion", "confidence"))
OUR_OWN = OURS | {"sources", "scores", "seconds", "gold"}
OF_A_RUN = re.compile(r"run_\d+(_confidence|_scores)?")
LABEL_STUDIO = frozenset(("annotation_id", "lead_time"))
OF_LABEL_STUDIO = LABEL_STUDIO | {"annotator", "created_at", "updated_at"}
Sample = Sequence[Sequence[Any]]


def is_known(name: str) -> bool:
    return name.strip().lower() in KNOWN


def cells_of(sample: Sample, place: int) -> list[Any]:
    """What is in a column, without what is empty."""
    return [row[place] for row in sample if place < len(row) and row[place] not in (None, "")]


def by_name(names: Sequence[str], known: Sequence[str], without: Collection[int] = ()) -> list[int]:
    """The columns with well-known names, best first."""
    lowered = [name.strip().lower() for name in names]
    return [place for name in known for place in range(len(names)) if lowered[place] == name and place not in without]


def text(names: Sequence[str], sample: Sample) -> int:
    """The column with a well-known name, or else the one with the longest texts."""
    for place in by_name(names, TEXT_NAMES):
        if any(isinstance(cell, str) for cell in cells_of(sample, place)) or not sample:
            return place
    lengths = [
        sum(len(cell) for cell in cells_of(sample, place) if isinstance(cell, str)) for place in range(len(names))
    ]
    return lengths.index(max(lengths)) if lengths else 0


def image(names: Sequence[str], sample: Sample, suffixes: Collection[str]) -> int | None:
    """The column whose cells are names of images; None when there is none."""
    for place in (*by_name(names, IMAGE_NAMES), *range(len(names))):
        cells = cells_of(sample, place)[:50]
        if cells and sum(names_image(cell, suffixes) for cell in cells) > len(cells) / 2:
            return place
    return next(
        (
            place
            for place in by_name(names, IMAGE_NAMES[:-2])
            if all(isinstance(cell, str) for cell in cells_of(sample, place))
        ),
        None,
    )


def names_image(cell: Any, suffixes: Collection[str]) -> bool:
    return isinstance(cell, str) and PurePosixPath(cell.strip()).suffix.lower() in suffixes


def labels(names: Sequence[str], sample: Sample, class_names: Collection[str], without: Collection[int]) -> list[int]:
    """The column with a well-known name, or one that holds classes of the project, or those that are named so."""
    wanted = {name.casefold() for name in class_names}
    named = by_name(names, LABEL_NAMES, without)
    if named:
        return named[:1]
    free = [place for place in range(len(names)) if place not in without]
    for place in free:
        cells = [str(cell).strip().casefold() for cell in cells_of(sample, place)]
        if cells and sum(cell in wanted for cell in cells) > len(cells) / 2:
            return [place]
    one_hot = [place for place in free if names[place].casefold() in wanted and is_yes_or_no(sample, place)]
    if len(one_hot) > 1:
        return one_hot
    if LABEL_STUDIO.issubset(names):
        rest = [place for place in free if names[place] not in OF_LABEL_STUDIO | {"id"}]
        return rest[-1:]
    return []


def is_yes_or_no(sample: Sample, place: int) -> bool:
    cells = cells_of(sample, place)
    return bool(cells) and all(str(cell).strip().lower() in YES_OR_NO for cell in cells)


def split(names: Sequence[str], sample: Sample, without: Collection[int]) -> int | None:
    """The column whose cells are all names of splits; not that of a person called Dev."""
    lowered = [name.strip().lower() for name in names]
    about = OUR_OWN if len(OURS.intersection(lowered)) > 2 else {"annotator"}
    without = {*without, *(place for place, name in enumerate(lowered) if name in about)}
    for place in dict.fromkeys((*by_name(names, SPLIT_NAMES, without), *range(len(names)))):
        cells = cells_of(sample, place)
        if place not in without and cells and all(layout.split_of(str(cell)) for cell in cells):
            return place
    return None


def item_id(names: Sequence[str], sample: Sample, without: Collection[int]) -> int | None:
    """The column with a well-known name and another value in each row."""
    for place in by_name(names, ID_NAMES, without):
        cells = [str(cell) for cell in cells_of(sample, place)]
        if len(set(cells)) == len(cells):
            return place
    return None


def kept(names: Sequence[str], without: Collection[int], most: int) -> list[int]:
    """All others, without what is about the labeling and not about the item, when the names say that it is."""
    lowered = {name.lower() for name in names}
    is_ours = len(lowered & OURS) > 2
    about = OUR_OWN if is_ours else OF_LABEL_STUDIO if lowered >= LABEL_STUDIO else frozenset()
    return [
        place
        for place, name in enumerate(names)
        if place not in without and name.lower() not in about and not (is_ours and OF_A_RUN.fullmatch(name))
    ][:most]
