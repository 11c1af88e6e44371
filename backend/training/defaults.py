"""What is chosen for a run when the person does not say: by method, base, data size and preset."""

from typing import Any

from backend.jobs import devices
from backend.models import catalogue
from backend.training import anatomy
from backend.training.setting import BY_NAME, NEUTRAL
from db import runs
from db.models import Kind, Project
from db.session import Session

# How many epochs, and how many epochs without a better F1 end the run.
EFFORT = {"quick": (0.5, 2), "balanced": (1.0, 3), "best": (2.0, 6)}
# With fewer labels a test set is too small for its figure to mean much: cross-validation uses every label.
FEW, FOLDS = 200, 5
LETTERS_A_TOKEN = 3.5
LENGTHS = (32, 64, 128, 256)
SIDES = (32, 64, 96, 128)


def base(kind: str, method: str) -> str:
    if kind == Kind.TEXT:
        return catalogue.MINILM
    return catalogue.DESCRIPTOR if method == "head" else catalogue.COMPACT_RESNET


def choose(session: Session, project: Project, method: str, base_id: str, preset: str) -> dict[str, Any]:
    """Every setting that the method has, with the value that suits this project."""
    labeled = sum(runs.label_counts(session, project.id).values())
    has_folds = labeled < FEW and (method == "head" or preset != "quick")
    common = {"preset": preset, "seed": 0, "class_weights": "none", "folds": FOLDS if has_folds else 0}
    if method == "head":
        return common
    sizes = runs.labeled_sizes(session, project.id)
    n = max(1, round(0.7 * labeled))
    effort, patience = EFFORT[preset]
    ours = {name: value for name, value in NEUTRAL.items() if method in BY_NAME[name].methods} | common
    common = {name: value for name, value in ours.items() if project.kind in BY_NAME[name].kinds}
    common["precision"] = devices.precision()
    common |= {"weight_decay": 0.01, "warmup": 0.1, "label_smoothing": 0.0, "patience": patience}
    chosen = for_text(n, method, base_id, sizes) if project.kind == Kind.TEXT else for_images(n, method, base_id, sizes)
    chosen["epochs"] = max(1, round(chosen["epochs"] * effort))
    if method == "lora":
        chosen["lora_rank"] = 16
    if base_id == catalogue.COMPACT_RESNET:
        # An untrained network stands still for some epochs before it gets anywhere.
        chosen["patience"] = 5 * patience
    return common | chosen


def seen_size(session: Session, project: Project, base_id: str) -> int:
    """What a fine-tuning of this base is given when nobody says: the side in pixels, or the most tokens."""
    chosen = choose(session, project, "full", base_id, "balanced")
    return int(chosen["max_length" if project.kind == Kind.TEXT else "image_size"])


def for_text(n: int, method: str, base_id: str, letters: list[int]) -> dict[str, Any]:
    is_lora = method == "lora"
    rate = 1e-3 if is_lora else 6e-5
    # A small encoder takes larger steps than a base-sized one: Turc et al. 2019 tune theirs over 3e-5 to 3e-4.
    if base_id != catalogue.MINILM:
        rate = 3e-4 if is_lora else 3e-5
    tokens = percentile(letters, 0.95) / LETTERS_A_TOKEN + 2
    return {
        "epochs": clamp(round((4000 if is_lora else 2000) / n), 2, 8 if is_lora else 6),
        "learning_rate": rate,
        "batch_size": 8 if n < 64 else 16,
        "max_length": next((length for length in LENGTHS if length >= tokens), LENGTHS[-1]),
    }


def for_images(n: int, method: str, base_id: str, sides: list[int]) -> dict[str, Any]:
    if base_id == catalogue.COMPACT_RESNET:
        side = percentile(sides, 0.5)
        size = next((each for each in SIDES if each >= side), SIDES[-1])
        # An untrained network needs many steps, and small batches give it more of them.
        return {
            "epochs": clamp(round(20_000 / n), 10, 60),
            "learning_rate": 2e-3,
            "batch_size": 16 if n < 400 else 32,
            "image_size": size,
        }
    folder = catalogue.folder_of(base_id)
    rate = 1e-3 if method == "lora" else 3e-4 if anatomy.takes_any_size(folder) else 5e-5
    return {
        "epochs": clamp(round(5000 / n), 3, 12),
        "learning_rate": rate,
        "batch_size": 16 if n < 400 else 32,
        "image_size": anatomy.image_size(folder),
    }


def clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0
