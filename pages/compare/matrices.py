"""What each run takes for what: matrices side by side, the difference of two runs, and the items behind a cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from backend.evaluating import comparison, confusion_charts, confusions, looks
from backend.evaluating.answers import Answers
from backend.evaluating.confusion_charts import By
from db.models import Project
from db.session import reading
from pages.compare import cells
from pages.parts.charts import draw
from pages.parts.words import plain

MODES = {"count": "Number of items", "true": "Share of the true class", "predicted": "Share of the answers"}
UNITS = {"count": "items", "true": "points of the true class", "predicted": "points of the answers"}
# More matrices at once are too small to read, and heavy with many classes.
MOST_MATRICES = 2
# Beyond these classes a person chooses how many are drawn.
MANY_CLASSES = 20
TABLE_PX = 380
# Names of classes may be long; the counts beside them shall be seen.
NARROW = dict.fromkeys(("True class", "Answered class"), st.column_config.Column(width=160))


@dataclass(frozen=True)
class Shown:
    """What all matrices of the page have in common. titles: of the classes; names: of the runs."""

    project: Project
    found: Mapping[str, Any]
    names: Mapping[int, str]
    class_ids: list[int]
    titles: Sequence[str]
    by: By
    most: int


def show(project: Project, found: Mapping[str, Any]) -> None:
    names = dict(zip([run["id"] for run in found["runs"]], looks.names_of(found["runs"]), strict=True))
    answered = [run["id"] for run in found["runs"] if run["metrics"].get("test")]
    st.subheader("What is missed and what is answered wrongly" if project.multi_label else "What is taken for what")
    controls = st.container(horizontal=True, gap="medium", vertical_alignment="bottom")
    chosen = choose_runs(controls, answered, names) if len(answered) > MOST_MATRICES else answered
    if not chosen:
        st.caption("Choose at least one run.")
        return
    with reading() as session:
        tables = comparison.tables(session, project, chosen, is_today=found["is_today"])
    tables = {run_id: table for run_id, table in tables.items() if len(table)}
    if project.multi_label:
        st.caption("An item may have several classes here: none is taken for another, so there is no matrix.")
        st.dataframe(missed_rows(found, tables, names), hide_index=True, placeholder="–", key="compare-missed")
    else:
        class_ids, titles = classes_of(found, tables)
        by: By = controls.segmented_control(
            "Cells show", list(MODES), default="count", format_func=MODES.get, required=True, key="compare-mode"
        )
        most = how_many(controls, len(class_ids))
        side_by_side(Shown(project, found, names, class_ids, titles, by, most), tables)
    cells.show(project, found, tables, names)


def classes_of(found: Mapping[str, Any], tables: Mapping[int, Answers]) -> tuple[list[int], list[str]]:
    """Ids and names of all of them. One that only today's labels have is known from the figures."""
    known = {each["id"]: each["name"] for each in found["classes"]}
    for run in found["runs"]:
        for each in run["metrics"].get("test", {}).get("per_class") or ():
            known.setdefault(each["class_id"], each["name"])
    ids = list(dict.fromkeys([*known, *(each for table in tables.values() for each in table.class_ids)]))
    return ids, [known.get(class_id, "a deleted class") for class_id in ids]


def missed_rows(
    found: Mapping[str, Any], tables: Mapping[int, Answers], names: Mapping[int, str]
) -> list[dict[str, Any]]:
    """Counts of test items, the class with the most mistakes first."""
    counts = {names[run_id]: confusions.cells(table, 0) for run_id, table in tables.items()}
    rows = [
        {"Class": each["name"]}
        | {f"Missed, {name}": of_run.get((each["id"], None), 0) for name, of_run in counts.items()}
        | {f"Answered wrongly, {name}": of_run.get((None, each["id"]), 0) for name, of_run in counts.items()}
        for each in found["classes"]
    ]
    return sorted(rows, key=lambda row: -sum(value for name, value in row.items() if name != "Class"))


def choose_runs(place: Any, run_ids: Sequence[int], names: Mapping[int, str]) -> list[int]:
    chosen = place.multiselect(
        "Of the runs",
        list(run_ids),
        default=list(run_ids)[:MOST_MATRICES],
        format_func=names.get,
        # Other runs, another choice: an old one may name runs that are no longer there.
        key=f"compare-matrices-{'-'.join(map(str, run_ids))}",
    )
    return [run_id for run_id in run_ids if run_id in chosen]


def side_by_side(shown: Shown, tables: Mapping[int, Answers]) -> None:
    counts = {run_id: confusions.counted(table, 0, shown.class_ids) for run_id, table in tables.items()}
    kept = confusion_charts.most_confused(list(counts.values()), shown.most)
    run_ids = list(counts)
    for start in range(0, len(run_ids), 2):
        columns = st.columns(2, gap="medium")
        for column, run_id in zip(columns, run_ids[start : start + 2], strict=False):
            with column:
                one(shown, run_id, counts[run_id], kept)
        if len(run_ids) == 1:
            with columns[1]:
                commonest_mistakes(counts[run_ids[0]], shown.titles)
    if len(kept) < len(shown.class_ids):
        st.caption(f"The {len(kept)} of {len(shown.class_ids)} classes in the most mistakes; all are behind Figures.")
    if len(run_ids) > 1:
        difference(shown, run_ids)


def how_many(place: Any, count: int) -> int:
    if count <= MANY_CLASSES:
        return count
    most: int = place.slider(
        "Classes drawn, those in the most mistakes", 5, count, MANY_CLASSES, key=f"compare-most-{count}", width=320
    )
    return most


def one(shown: Shown, run_id: int, counts: Any, kept: Sequence[int]) -> None:
    key = f"compare-matrix-{run_id}"
    draw(
        confusion_charts.matrix(counts, shown.titles, shown.by, title=shown.names[run_id], kept=kept),
        key,
        confusion_charts.matrix_rows(counts, shown.titles),
        on_select=lambda: cells.choose_clicked(key, (run_id,), shown.class_ids, (counts,)),
        selection_mode="points",
    )


def commonest_mistakes(counts: Any, titles: Sequence[str]) -> None:
    rows = [row for row in confusion_charts.matrix_rows(counts, titles) if row["True class"] != row["Answered class"]]
    st.markdown("**Its most frequent mistakes**")
    if rows:
        st.dataframe(rows, hide_index=True, height=TABLE_PX, column_config=NARROW)
    else:
        st.caption("None: every test item is answered rightly.")


def difference(shown: Shown, run_ids: list[int]) -> None:
    st.subheader("What changed")
    first, second = choose_pair(run_ids, shown.names)
    with reading() as session:
        both = comparison.shared(session, shown.project, [first, second], is_today=shown.found["is_today"])
    if not len(both):
        st.info("These two runs have no test items in common, so there is nothing to take from each other.")
        return
    a, b = (confusions.counted(both, place, shown.class_ids) for place in (0, 1))
    pair = (shown.names[first], shown.names[second])
    st.caption(
        f"{plain(pair[1])} less {plain(pair[0])}, on the {len(both):,} test items of both, in {UNITS[shown.by]}. "
        ":blue-background[Blue] is better: more items answered rightly on the diagonal, fewer mistakes off it. "
        ":orange-background[Orange] is worse: fewer right on the diagonal, more mistakes off it."
    )
    left, right = st.columns([3, 2], gap="medium")
    rows = confusion_charts.difference_rows(a, b, shown.titles, pair)
    kept = confusion_charts.most_confused([abs(b - a)], shown.most)
    with left:
        draw(
            confusion_charts.difference(a, b, shown.titles, shown.by, titles=pair, kept=kept),
            "compare-difference",
            rows,
            on_select=lambda: cells.choose_clicked("compare-difference", (first, second), shown.class_ids, (a, b)),
            selection_mode="points",
        )
    with right:
        changed = [row for row in rows if row["Change"] and row["True class"] != row["Answered class"]]
        st.markdown("**Mistakes that changed most**")
        if changed:
            st.dataframe(changed, hide_index=True, height=TABLE_PX, column_config=NARROW, key="compare-difference-all")
        else:
            st.caption("None: both runs make the same mistakes, each as often.")


def choose_pair(run_ids: list[int], names: Mapping[int, str]) -> tuple[int, int]:
    first = run_ids[0]
    if len(run_ids) == 2:
        return first, run_ids[1]
    second = st.selectbox(
        f"{plain(names[first])} against", run_ids[1:], format_func=names.get, key=f"compare-second-{run_ids}"
    )
    return first, second
