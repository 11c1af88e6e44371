"""A comparison, or one run, as one HTML file that opens anywhere: what the Compare page says, to keep and to send.

Run: report.of(session, project, [1, 2]). What people labeled stays out of it unless the mistakes are asked for.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.evaluating import (
    certainty,
    certainty_charts,
    charts,
    comparison,
    confusion_charts,
    confusions,
    cost_charts,
    looks,
    report_items,
    report_made,
    verdict_charts,
)
from backend.evaluating.answers import Answers
from backend.evaluating.report_made import Told
from backend.evaluating.report_page import beside, chart, folded, page, paragraph, section, several, table
from backend.models import catalogue
from backend.training.setting import METHOD_TITLES
from db import comparison as rows
from db.models import Project, now
from db.session import Session

# Curves that say something to whom did not train the run.
CURVES = ("loss", "f1_macro", "accuracy", "log_loss")
# More than these are told as one.
MOST_VERDICTS = 3
# More matrices are too small to read and heavy with many classes; beyond these classes the most confused are drawn.
MOST_MATRICES, MOST_CONFUSED = 4, 30
# A table behind a curve is read up to this length.
MOST_POINTS = 200


def of(
    session: Session, project: Project, run_ids: Sequence[int], *, is_today: bool = False, with_items: bool = False
) -> str:
    """The page. is_today: by the labels of today. with_items: with the first mistakes, as texts and pictures.

    Raises as `comparison.compare`.
    """
    found = comparison.compare(session, project, run_ids, is_today=is_today)
    runs = comparison.chosen(session, project, run_ids)
    tables = comparison.tables(session, project, run_ids, is_today=is_today)
    data = rows.data(session, [run.snapshot_id for run in runs if run.snapshot_id])
    both = comparison.shared(session, project, run_ids, is_today=is_today) if len(runs) == 2 else None
    told = Told(project, found, runs, looks.names_of(found["runs"]), tables, both, data)
    sections = [
        section("In words", *in_short(told)),
        section("Figures", *figures(told)),
        section("Settings that differ", *report_made.settings(told)),
        section("Learning curves", *curves(told)),
        section("Class by class", *classes(told)),
        section("What is taken for what", *matrices(told)),
        section("How far the confidence can be trusted", *reliable(told)),
        report_items.mistakes(session, project, told.names[0], found, tables) if with_items else "",
        section("The data", *report_made.learned_from(told)),
        section("Settings and environment", *report_made.whole(told)),
    ]
    title = told.names[0] if len(runs) == 1 else f"{len(runs)} runs compared"
    made = f"{project.name} · {now():%d %b %Y, %H:%M} UTC · made with Winnow"
    return page(title, made, [each for each in sections if each])


def in_short(told: Told) -> list[str]:
    """The verdict first, then what to know before believing it."""
    verdicts = told.found["verdicts"]
    names = dict(zip((run["id"] for run in told.shown), told.names, strict=True))
    words = [each["words"] for each in verdicts]
    if len(verdicts) > MOST_VERDICTS:
        parts = [several([all_together(verdicts, names)], "verdict"), folded("Each by itself", several(words))]
    else:
        parts = [several(words or [alone(run) for run in told.shown[:1]], "verdict")]
    parts += [paragraph("By today's labels.", "soft")] if told.found["is_today"] else []
    if verdicts:
        parts.append(chart(verdict_charts.forest(verdicts, told.shown), verdict_charts.rows(verdicts, told.shown)))
    return [*parts, several([each["message"] for each in told.found["warnings"]], "warnings")]


def all_together(verdicts: Sequence[Mapping[str, Any]], names: Mapping[int, str]) -> str:
    looked_at_alone, together = verdict_charts.differing(verdicts)
    return (
        f"{looked_at_alone} of {len(verdicts)} runs differ from {names[verdicts[0]['a']]} in accuracy, each looked at "
        f"alone; {together} still do when it counts that {len(verdicts)} were looked at (Holm)."
    )


def alone(run: Mapping[str, Any]) -> str:
    tested = run["metrics"].get("test") or {}
    if tested.get("accuracy") is None:
        return f"{run['name']} has no figures on test items."
    return f"{run['name']} answers {with_interval(run, 'accuracy')} of {tested['n']:,} test items rightly."


def with_interval(run: Mapping[str, Any], name: str) -> str:
    """ "85.0 % (80.1 to 89.2)" """
    value = (run["metrics"].get("test") or {}).get(name)
    ends = charts.interval_of(run, name)
    if value is None:
        return "–"
    return f"{value:.1%}".replace("%", " %") + (f" ({100 * ends[0]:.1f} to {100 * ends[1]:.1f})" if ends else "")


def figures(told: Told) -> list[str]:
    lines = [
        {
            "Run": name,
            "State": str(run["state"]),
            "Method": METHOD_TITLES.get(run["method"] or "", run["method"]),
            "Base": catalogue.title_of(run["base"]) if run["base"] else "",
            "Test items": (run["metrics"].get("test") or {}).get("n"),
            "Accuracy": with_interval(run, "accuracy"),
            "Macro-F1": with_interval(run, "f1_macro"),
            "Trained in": cost_charts.in_words("seconds", run["seconds"]) if run["seconds"] else None,
            "Model": cost_charts.in_words("size_bytes", run["size_bytes"]) if run["size_bytes"] else None,
        }
        for run, name in zip(told.shown, told.names, strict=True)
    ]
    bars = charts.metric_bars(told.shown, baselines=told.found["baselines"])
    parts = [table(lines), paragraph("In brackets: the interval in which the figure lies with 95 %.", "soft")]
    if not any(run["metrics"].get("test") for run in told.shown):
        return parts
    cost = cost_charts.tradeoff(told.shown, "seconds")
    has_cost = len(told.shown) > 1 and len(cost_charts.known(told.shown, "seconds", "f1_macro")) > 1
    drawn = [chart(bars, charts.metric_rows([*told.found["baselines"], *told.shown]))]
    return [*parts, beside(*drawn, chart(cost, cost_charts.rows(told.shown))) if has_cost else drawn[0]]


def curves(told: Told) -> list[str]:
    there = {name.partition("/")[2] for run in told.shown for name in run["curves"]}
    drawn = []
    for name in (each for each in CURVES if each in there):
        lines = charts.curve_rows(told.shown, name)
        drawn.append(chart(charts.curves(told.shown, name), lines if len(lines) <= MOST_POINTS else ()))
    return [beside(*drawn)] if drawn else []


def classes(told: Told) -> list[str]:
    if not any(run["metrics"].get("test") for run in told.shown):
        return []
    known = told.found["classes"]
    return [chart(charts.per_class(told.shown, known), charts.per_class_rows(told.shown, known))]


def matrices(told: Told) -> list[str]:
    """Of the first runs, each on its own test items; of two also what one takes for another more often."""
    tested = [place for place, run in enumerate(told.shown) if len(told.tables[run["id"]])][:MOST_MATRICES]
    if told.project.multi_label or not tested:
        return []
    class_ids = [each["id"] for each in told.found["classes"]]
    titles = [each["name"] for each in told.found["classes"]]
    counts = [confusions.counted(told.tables[told.shown[place]["id"]], 0, class_ids) for place in tested]
    kept = confusion_charts.most_confused(counts, MOST_CONFUSED) if len(titles) > MOST_CONFUSED else None
    drawn = [
        chart(
            confusion_charts.matrix(each, titles, title=told.names[place], kept=kept),
            confusion_charts.matrix_rows(each, titles)[:MOST_POINTS],
        )
        for place, each in zip(tested, counts, strict=True)
    ]
    notes = [f"Drawn are the {MOST_CONFUSED} classes that are in most mistakes."] if kept else []
    notes += [f"Of the first {MOST_MATRICES} runs."] if len(told.shown) > MOST_MATRICES else []
    if told.shared is not None and len(told.shared):
        drawn.append(difference(told, told.shared, titles, kept))
        notes.append(
            "The last one is the difference on the test items of both: blue is better in the second run, orange worse."
        )
    return [beside(*drawn), paragraph(" ".join(notes), "soft") if notes else ""]


def difference(told: Told, shared: Answers, titles: Sequence[str], kept: Sequence[int] | None) -> str:
    a, b = (confusions.counted(shared, place, [each["id"] for each in told.found["classes"]]) for place in (0, 1))
    two = (told.names[0], told.names[1])
    change = confusion_charts.difference(a, b, titles, titles=two, kept=kept)
    return chart(change, confusion_charts.difference_rows(a, b, titles, two)[:MOST_POINTS])


def reliable(told: Told) -> list[str]:
    tables = [told.tables[run["id"]] for run in told.shown]
    bins = [certainty.reliable(each, 0) if len(each) else None for each in tables]
    if not any(bins):
        return []
    words = [
        f"{name}: {certainty.in_words(each)}" for name, each in zip(told.names, bins, strict=True) if each is not None
    ]
    drawn = certainty_charts.reliability(told.shown, bins)
    return [several(words), chart(drawn, certainty_charts.reliability_rows(told.shown, bins))]
