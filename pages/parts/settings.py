"""A run's settings as words in a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend import errors
from backend.models import catalogue

MOST_ACROSS = 4


def base_title(base: str | None) -> str | None:
    try:
        return catalogue.find(base).title if base else None
    except errors.WinnowError:
        # A local folder that has been moved since: its name still says what it was.
        return base


def setting_rows(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[dict[str, str]]:
    """As words, for a column may hold numbers and texts; many runs go down the table instead of across."""
    titles = [each["setting"].replace("_", " ").replace(".", ", ").capitalize() for each in found]
    values = [[in_words(each["setting"], value) for value in each["values"]] for each in found]
    if len(names) > MOST_ACROSS:
        by_run = zip(names, zip(*values, strict=True), strict=True)
        return [{"Run": name} | dict(zip(titles, row, strict=True)) for name, row in by_run]
    return [{"Setting": title} | dict(zip(names, row, strict=True)) for title, row in zip(titles, values, strict=True)]


def in_words(setting: str, value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    return (base_title(value) or "–") if setting == "base" and isinstance(value, str) else str(value)
