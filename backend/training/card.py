"""The model card: what the model was made of, how good it is, and what it cannot be trusted with."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backend.evaluating.differences import flattened
from backend.evaluating.metrics import thresholds_of
from backend.training.snapshots import Frozen
from backend.training.windows import MOST_WINDOWS
from db.models import Kind, Recipe, Run

FEW_IN_TEST = 100
# Of those that could not be used, so many are named.
MOST_SKIPPED = 20
READ_OF_LONG = {
    "start": "Of a longer text it reads the start only.",
    "end": "Of a longer text it reads the end only: its tokenizer cuts at the left.",
    "windows": f"A longer text it reads in windows that overlap by half, {MOST_WINDOWS} at most, evenly over all of it;"
    " the logits of the windows are averaged, as the Python above does. A plain pipeline reads its start only.",
}


def text(run: Run, data: Frozen, loads_with: str, baselines: dict[str, Any], recipe: Recipe | None = None) -> str:
    skipped = run.environment.get("skipped") or ()
    environment = {name: value for name, value in run.environment.items() if name != "skipped"}
    parts = [
        front_matter(data),
        f"# {line(run.name)}",
        f"Made with Winnow from {run.spec['base']}, method {run.spec['method']}. {task(data)}",
        "## How to load it",
        f"```python\n{loads_with}\n```",
        *reading(run, data),
        "## Data",
        class_table(run, data),
        *left_out(skipped),
        *augmentation(recipe),
        "## Figures",
        figures_table(run, baselines),
        *cross_validation(run),
        "## Limits",
        "\n".join(f"- {each}" for each in limits(run, data)),
        "## Settings",
        table(("setting", "value"), [(name, str(value)) for name, value in sorted(run.spec.items())]),
        "## Environment",
        table(("what", "value"), [(name, str(value)) for name, value in sorted(flattened(environment).items())]),
    ]
    return "\n\n".join(parts) + "\n"


def code_in(model_folder: Path, name: str) -> str:
    """The Python of the card that loads the model, with `name` for its folder."""
    told = (model_folder / "README.md").read_text("utf-8")
    return told.partition("```python\n")[2].partition("\n```")[0].replace("FOLDER", name)


def front_matter(data: Frozen) -> str:
    kind = "text-classification" if data.kind == Kind.TEXT else "image-classification"
    return f"---\nlibrary_name: transformers\npipeline_tag: {kind}\n---"


def task(data: Frozen) -> str:
    what = "A text" if data.kind == Kind.TEXT else "An image"
    return f"{what} has any number of {len(data.classes)} classes, or none." if data.multi_label else (
        f"{what} has one of {len(data.classes)} classes."
    )  # fmt: skip


def reading(run: Run, data: Frozen) -> list[str]:
    """What it reads of a text, for those that were fine-tuned: a head reads as its encoder does."""
    if data.kind != Kind.TEXT or not run.spec.get("max_length"):
        return []
    told = READ_OF_LONG[run.spec.get("long_texts", "start")]
    return [f"It reads {run.spec['max_length']:,} tokens at once. {told}"]


def class_table(run: Run, data: Frozen) -> str:
    counts = {
        split: [sum(position in each for each in rows.targets) for position in range(len(data.classes))]
        for split, rows in data.parts.items()
    }
    tested = {each["class_id"]: each for each in (run.metrics.get("test") or {}).get("per_class", [])}
    least = thresholds_of(run.metrics, [each["id"] for each in data.classes]) if data.multi_label else None
    rows = [
        (
            each["name"],
            *(f"{of_split[position]:,}" for of_split in counts.values()),
            share(tested.get(each["id"], {}).get("f1")),
            *([share(least[position])] if least else []),
        )
        for position, each in enumerate(data.classes)
    ]
    rows.append(("**items**", *(f"{len(part):,}" for part in data.parts.values()), "", *([""] if least else [])))
    more = ["answered from a score of"] if least else []
    return table(("class", *(split.value for split in data.parts), "F1 on test", *more), rows)


def left_out(skipped: Sequence[Mapping[str, Any]]) -> list[str]:
    """What was labeled and could not be used; nothing where all could."""
    if not skipped:
        return []
    named = [f"- item {each['item_id']}: {line(str(each['reason']))}" for each in skipped[:MOST_SKIPPED]]
    if len(skipped) > MOST_SKIPPED:
        named.append(f"- and {len(skipped) - MOST_SKIPPED:,} more")
    count = f"{len(skipped):,} labeled items" if len(skipped) > 1 else "One labeled item"
    return [f"{count} could not be used:", "\n".join(named)]


def augmentation(recipe: Recipe | None) -> list[str]:
    """How the training items were varied; nothing without a recipe."""
    if recipe is None or not recipe.steps:
        return []
    told = f"The training items were varied by the recipe {line(recipe.name)}, version {recipe.version}."
    steps = [
        (
            step["transform"],
            f"{step['probability']:g}",
            ", ".join(f"{name} {set_to}" for name, set_to in step["params"].items()),
        )
        for step in recipe.steps
    ]
    return ["## Augmentation", told, table(("transform", "probability", "settings"), steps)]


def figures_table(run: Run, baselines: dict[str, Any]) -> str:
    named = (
        ("this model", run.metrics),
        ("logistic regression on frozen vectors", baselines.get("logistic_regression", {})),
        ("always the most frequent class", baselines.get("majority", {})),
    )
    rows = []
    for name, found in named:
        for split in ("test", "validation") if found is run.metrics else ("test",):
            figures = found.get(split) or {}
            rows.append((
                f"{name}, on the {split} items",
                *(share(figures.get(figure)) for figure in ("accuracy", "f1_macro", "f1_micro", "log_loss")),
                f"{figures['n']:,}" if "n" in figures else "",
            ))  # fmt: skip
    return table(("", "accuracy", "macro-F1", "micro-F1", "log loss", "items"), rows)


def cross_validation(run: Run) -> list[str]:
    """Figures of all labeled items, where the run was trained again without each part of them."""
    found = run.metrics.get("cross_validation")
    if not found:
        return []
    told = [
        f"{name} {share(found.get(figure))}"
        + (f" ± {share(found[spread])} between the folds" if found.get(spread) is not None else "")
        for name, figure, spread in (
            ("accuracy", "accuracy", "accuracy_std"),
            ("macro-F1", "f1_macro", "f1_macro_std"),
        )
    ]
    how = f"Cross-validated in {found['folds']} folds, each of {found['n']:,} items judged by a model without it"
    return [f"{how}: {', '.join(told)}."]


def limits(run: Run, data: Frozen) -> list[str]:
    n = (run.metrics.get("test") or {}).get("n", 0)
    found = ["It knows the classes above only: whatever it is shown, it answers with one of them."]
    if data.multi_label:
        found = ["It knows the classes above only. From which score on each is answered was chosen on a few items."]
    if n < FEW_IN_TEST:
        found.append(f"The figures come from {n} test items: another draw of so few could differ by several points.")
    if run.spec["method"] == "head":
        found.append("The figures are of a head that had not seen those items; the saved one learned from them too.")
    found.append("The model was chosen by the validation items: on those it looks better than on new ones.")
    found.append("The test items come from the same source as the training items; other sources may do worse.")
    if run.spec["method"] != "full":
        found.append("What the base cannot tell apart, this model cannot either.")
    return found


def share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line(cell) for cell in cells)} |" for cells in lines)


def line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
