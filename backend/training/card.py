"""The model card: what the model was made of, how good it is, and what it cannot be trusted with."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backend.evaluating.differences import flattened
from backend.training.snapshots import Frozen
from db.models import Recipe, Run

FEW_IN_TEST = 100


def text(run: Run, data: Frozen, loads_with: str, baselines: dict[str, Any], recipe: Recipe | None = None) -> str:
    parts = [
        front_matter(data),
        f"# {line(run.name)}",
        f"Made with Winnow from {run.spec['base']}, method {run.spec['method']}.",
        "## How to load it",
        f"```python\n{loads_with}\n```",
        "## Data",
        class_table(run, data),
        *augmentation(recipe),
        "## Figures on the test items",
        figures_table(run, baselines),
        "## Limits",
        "\n".join(f"- {each}" for each in limits(run, data)),
        "## Settings",
        table(("setting", "value"), [(name, str(value)) for name, value in sorted(run.spec.items())]),
        "## Environment",
        table(("what", "value"), [(name, str(value)) for name, value in sorted(flattened(run.environment).items())]),
    ]
    return "\n\n".join(parts) + "\n"


def code_in(model_folder: Path, name: str) -> str:
    """The Python of the card that loads the model, with `name` for its folder."""
    told = (model_folder / "README.md").read_text("utf-8")
    return told.partition("```python\n")[2].partition("\n```")[0].replace("FOLDER", name)


def front_matter(data: Frozen) -> str:
    task = "text-classification" if data.kind == "text" else "image-classification"
    return f"---\nlibrary_name: transformers\npipeline_tag: {task}\n---"


def class_table(run: Run, data: Frozen) -> str:
    counts = {
        split: [sum(position in each for each in rows.targets) for position in range(len(data.classes))]
        for split, rows in data.parts.items()
    }
    tested = {each["name"]: each for each in (run.metrics.get("test") or {}).get("per_class", [])}
    rows = [
        (name, *(str(of_split[position]) for of_split in counts.values()), share(tested.get(name, {}).get("f1")))
        for position, name in enumerate(data.names)
    ]
    rows.append(("**items**", *(str(len(part)) for part in data.parts.values()), ""))
    return table(("class", *(split.value for split in data.parts), "F1 on test"), rows)


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
    rows = [
        (name, share(found.get("test", {}).get("accuracy")), share(found.get("test", {}).get("f1_macro")))
        for name, found in named
    ]
    return table(("", "accuracy", "macro-F1"), rows)


def limits(run: Run, data: Frozen) -> list[str]:
    n = (run.metrics.get("test") or {}).get("n", 0)
    found = ["It knows the classes above only: whatever it is shown, it answers with one of them."]
    if data.multi_label:
        found = ["It knows the classes above only. A class is answered from a score of 0.5 on."]
    if n < FEW_IN_TEST:
        found.append(f"The figures come from {n} test items: another draw of so few could differ by several points.")
    if run.spec["method"] == "head":
        found.append("The figures are of a head that had not seen those items; the saved one learned from them too.")
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
