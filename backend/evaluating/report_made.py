"""What the runs of a report were made with: their settings, their data, what they ran on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.evaluating import run_list, setting_charts
from backend.evaluating.answers import Answers
from backend.evaluating.differences import flattened
from backend.evaluating.report_page import beside, chart, folded, in_words, paragraph, several, table
from backend.models import catalogue
from backend.training.setting import METHOD_TITLES
from db.comparison import Data
from db.models import Project, Run, Split

# A table has a column a run up to this many, then a line a run.
MOST_ACROSS = 4
# Names of items that could not be read are of people's data.
PRIVATE = ("skipped",)
SPLITS = {"train": Split.TRAIN, "validate": Split.VALIDATION, "test": Split.TEST}


@dataclass(frozen=True)
class Told:
    """All that a report tells. found: of `comparison.compare`. names: of the runs, told apart. tables: by run id.

    shared: of two runs, on the items that both answered.
    """

    project: Project
    found: Mapping[str, Any]
    runs: Sequence[Run]
    names: Sequence[str]
    tables: Mapping[int, Answers]
    shared: Answers | None
    data: Mapping[int, Data]

    @property
    def shown(self) -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = self.found["runs"]
        return found


def settings(told: Told) -> list[str]:
    differing = told.found["differences"]
    if not differing:
        return [paragraph("Nothing: the settings of these runs are the same.")] if len(told.runs) > 1 else []
    named = [
        {**each, "title": titled(each["setting"]), "words": words_of(each["setting"], each["values"])}
        for each in differing
    ]
    if len(told.runs) > MOST_ACROSS:
        lines = [
            {"Run": name} | {each["title"]: each["words"][place] for each in named}
            for place, name in enumerate(told.names)
        ]
    else:
        lines = [{"Setting": each["title"]} | dict(zip(told.names, each["words"], strict=True)) for each in named]
    parts = [table(lines)]
    tested = [place for place, run in enumerate(told.shown) if run["metrics"].get("test")]
    drawn = [each for each in named if len({each["words"][place] for place in tested}) > 1]
    if len(tested) > 2 and drawn:
        parts.append(chart(setting_charts.parallel(told.shown, drawn[: setting_charts.MOST_AXES])))
    return parts


def words_of(setting: str, values: Sequence[Any]) -> list[str]:
    """As text, and as people call it."""
    if setting == "base":
        values = [catalogue.title_of(value) if value else None for value in values]
    elif setting == "method":
        values = [METHOD_TITLES.get(value, value) for value in values]
    return [in_words(value) for value in values]


def titled(setting: str) -> str:
    return setting.replace("_", " ").replace(".", ", ").capitalize()


def learned_from(told: Told) -> list[str]:
    what = "Labels" if told.project.multi_label else "Items"
    lines = []
    for run, name in zip(told.runs, told.names, strict=True):
        data = told.data.get(run.snapshot_id or 0)
        if data is None:
            continue
        counted = run_list.sizes(data)
        lines.append(
            {"Run": name, "Data": data.id, "Fingerprint": data.fingerprint[:12]}
            | {f"{what} to {how}": counted[split] for how, split in SPLITS.items()}
            | {"Frozen": f"{data.created_at:%d %b %Y, %H:%M} UTC"}
        )
    names = [each["name"] for each in told.found["classes"]]
    return [table(lines), folded(f"The classes ({len(names):,})", several(names)) if lines else ""]


def whole(told: Told) -> list[str]:
    """Each run's settings and what it ran on, as they are written down."""
    return [
        folded(
            name,
            paragraph(run.note, "soft") if run.note else "",
            paragraph(f"Tags: {', '.join(run.tags)}", "soft") if run.tags else "",
            paragraph(f"Number {run.id}, started {run.created_at:%d %b %Y, %H:%M} UTC.", "soft"),
            beside(
                table(
                    [
                        {"Setting": titled(key), "Value": words_of(key, [value])[0]}
                        for key, value in flattened(run.spec).items()
                    ]
                ),
                table(environment(run)),
            ),
        )
        for run, name in zip(told.runs, told.names, strict=True)
    ]


def environment(run: Run) -> list[dict[str, str]]:
    there = {name: value for name, value in run.environment.items() if name not in PRIVATE}
    return [
        {"Environment": titled(name), "Value": in_words(value)}
        for name, value in flattened(there).items()
        if value not in ("", None)
    ]
