"""The first mistakes of a run in a report. They show what may be private: they are in it only when asked for."""

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from backend import errors, thumbs
from backend.evaluating.answers import Answers, Bools
from backend.evaluating.looks import cut
from backend.evaluating.report_page import paragraph, picture, section, table
from db import items
from db.models import Item, Project
from db.session import Session

MOST_ITEMS = 20
TEXT_LETTERS = 600
PICTURE_PX = 160


def mistakes(
    session: Session, project: Project, name: str, found: Mapping[str, Any], tables: Mapping[int, Answers]
) -> str:
    """Of the first run, the most confident ones first."""
    answers = tables[found["runs"][0]["id"]]
    if not len(answers):
        return ""
    confidence = answers.confidence(0)
    wrong = np.flatnonzero(~answers.is_right(0))
    kept = [int(place) for place in wrong[np.argsort(-confidence[wrong], kind="stable")][:MOST_ITEMS]]
    there = {item.id: item for item in items.by_ids(session, [int(answers.item_ids[place]) for place in kept])}
    titles = {each["id"]: each["name"] for each in found["classes"]}
    lines = [
        {
            "Item": shown(there[item_id]),
            "Label": named(answers, answers.truth[place], titles),
            "Answer": named(answers, answers.given[0][place], titles),
            "Confidence": f"{confidence[place]:.0%}",
        }
        for place in kept
        if (item_id := int(answers.item_ids[place])) in there
    ]
    which = f"{len(wrong):,} of {len(answers):,} test items are answered wrongly; these it was surest of."
    return section(f"First mistakes of {name}", paragraph(which, "soft"), table(lines))


def shown(item: Item) -> str:
    if item.text is not None:
        return cut(item.text, TEXT_LETTERS)
    try:
        data, media_type = thumbs.image_bytes(item, PICTURE_PX)
    except errors.WinnowError as error:
        return error.message
    return picture(base64.b64encode(data).decode(), media_type)


def named(answers: Answers, row: Bools, titles: Mapping[int, str]) -> str:
    names = [titles.get(answers.class_ids[place], "another class") for place in np.flatnonzero(row)]
    return ", ".join(names) or "none"
