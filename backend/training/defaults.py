"""What is chosen for a run when the person does not say, and why: by method, base, data, hardware and preset."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from backend.jobs import devices
from backend.models import catalogue
from backend.training import anatomy, costs, readiness
from backend.training.setting import BY_NAME, NEUTRAL
from db import runs
from db.models import Kind, LabelClass, Project
from db.session import Session

# How many epochs, and how many epochs without a better F1 end the run.
EFFORT = {"quick": (0.5, 2), "balanced": (1.0, 3), "best": (2.0, 6)}
# With fewer labels a test set is too small for its figure to mean much: cross-validation uses every label.
FEW, FOLDS = 200, 5
LENGTHS = (32, 64, 128, 256)
SIDES = (32, 64, 96, 128)
# A class so many times as frequent as another one would be answered too often.
UNEVEN = 5
# A GPU is quicker with larger batches, as long as an epoch has so many steps.
STEPS_AN_EPOCH, BATCHES_OF_GPU = 100, (64, 32)
# The share of texts longer than what is read of them from which the rest is worth the time.
MANY = 0.2


class Pick(NamedTuple):
    """A value, and why it was chosen in a few words; none where there is nothing to say."""

    value: Any
    why: str = ""


Picks = dict[str, Pick]


@dataclass(frozen=True)
class Data:
    """What is known of a project's labeled items. sizes: letters of texts, the shorter side in pixels of images."""

    counts: Mapping[LabelClass, int]
    sizes: list[int]
    multi_label: bool = False

    @property
    def labeled(self) -> int:
        return sum(self.counts.values())

    @property
    def for_training(self) -> int:
        return max(1, round(0.7 * self.labeled))


def data_of(session: Session, project: Project) -> Data:
    sizes = runs.labeled_sizes(session, project.id)
    return Data(readiness.label_counts(session, project), sizes, project.multi_label)


def base(kind: str, method: str) -> str:
    if kind == Kind.TEXT:
        return catalogue.MINILM
    return catalogue.DESCRIPTOR if method == "head" else catalogue.COMPACT_RESNET


def why(session: Session, project: Project, spec: Mapping[str, Any]) -> dict[str, str]:
    """Setting -> why it was chosen, for those of this whole spec that have the value that would be chosen."""
    found = picks(data_of(session, project), project.kind, spec["method"], spec["base"], spec["preset"])
    return {name: pick.why for name, pick in found.items() if pick.why and spec.get(name) == pick.value}


def picks(data: Data, kind: str, method: str, base_id: str, preset: str) -> Picks:
    """Every setting that the method has, with the value that suits this data and this machine."""
    common = {"preset": Pick(preset), "seed": Pick(0)} | for_labels(data, method, preset)
    if method == "head":
        return common
    neutral = {name: Pick(value) for name, value in NEUTRAL.items() if method in BY_NAME[name].methods}
    chosen = {name: pick for name, pick in neutral.items() if kind in BY_NAME[name].kinds} | common
    chosen |= {
        "weight_decay": Pick(0.01),
        "warmup": Pick(0.1),
        "label_smoothing": Pick(0.0),
        "precision": for_precision(),
    }
    chosen |= (for_text if kind == Kind.TEXT else for_images)(data, method, base_id, preset)
    chosen |= for_effort(chosen["epochs"], data.for_training, base_id, preset)
    if method == "lora":
        chosen["lora_rank"] = Pick(16)
    return chosen | for_memory(chosen, data, kind, method, base_id)


def for_labels(data: Data, method: str, preset: str) -> Picks:
    has_folds = data.labeled < FEW and (method == "head" or preset != "quick")
    found = {
        "folds": Pick(
            FOLDS if has_folds else 0,
            f"with {readiness.labels(data.labeled)} a test set alone is too small to trust" if has_folds else "",
        ),
        "class_weights": Pick("none"),
    }
    learned = {each: n for each, n in data.counts.items() if n >= readiness.MINIMUM}
    # Where an item may have several, each class has a threshold of its own, and its scores stay what they mean.
    if preset != "quick" and len(learned) > 1 and not data.multi_label:
        most, least = max(learned, key=lambda each: learned[each]), min(learned, key=lambda each: learned[each])
        if learned[most] > UNEVEN * learned[least]:
            times = round(learned[most] / learned[least])
            reason = f'"{most.name}" has {times} times as many labels as "{least.name}"'
            found["class_weights"] = Pick("balanced", reason)
    return found


def for_effort(epochs: Pick, n: int, base_id: str, preset: str) -> Picks:
    effort, patience = EFFORT[preset]
    many = max(1, round(epochs.value * effort))
    # An untrained network stands still for some epochs before it gets anywhere.
    patience *= 5 if base_id == catalogue.COMPACT_RESNET else 1
    return {
        "epochs": Pick(many, f"{many * n:,} items seen in all, {n:,} in each"),
        "patience": Pick(patience, f"ends after {patience} epochs without a better figure" if patience < many else ""),
    }


def for_precision() -> Pick:
    device = devices.found()[0]
    precision = devices.precision()
    return Pick(precision, "" if precision == "fp32" else f"{device.name} is quicker with 16 bits")


def for_text(data: Data, method: str, base_id: str, preset: str) -> Picks:
    is_lora, n = method == "lora", data.for_training
    rate, reason = 1e-3 if is_lora else 6e-5, "a small base takes larger steps than a base-sized one"
    # A small encoder takes larger steps than a base-sized one: Turc et al. 2019 tune theirs over 3e-5 to 3e-4.
    if base_id != catalogue.MINILM:
        rate, reason = 3e-4 if is_lora else 3e-5, "usual for adapters" if is_lora else "usual for a pretrained base"
    longest = round(costs.tokens(percentile(data.sizes, 0.95)))
    length = next((each for each in LENGTHS if each >= longest), LENGTHS[-1])
    found = {
        "epochs": Pick(clamp(round((4000 if is_lora else 2000) / n), 2, 8 if is_lora else 6)),
        "learning_rate": Pick(rate, reason),
        "batch_size": for_gpu(n) or (Pick(8, "few items: smaller steps, more of them") if n < 64 else Pick(16)),
        "max_length": Pick(length, f"95 of 100 texts have at most {longest} tokens" if longest <= length else ""),
    }
    if preset == "best" and length == LENGTHS[-1]:
        share = sum(costs.tokens(each) > length for each in data.sizes) / max(1, len(data.sizes))
        if share > MANY:
            found["long_texts"] = Pick("windows", f"{share:.0%} of the texts are longer than {length} tokens")
    return found


def for_images(data: Data, method: str, base_id: str, _preset: str) -> Picks:
    n = data.for_training
    batch = for_gpu(n) or Pick(16 if n < 400 else 32)
    if base_id == catalogue.COMPACT_RESNET:
        side = percentile(data.sizes, 0.5)
        # An untrained network needs many steps, and small batches give it more of them.
        return {
            "epochs": Pick(clamp(round(20_000 / n), 10, 60)),
            "learning_rate": Pick(2e-3, "an untrained network takes large steps"),
            "batch_size": batch,
            "image_size": Pick(
                next((each for each in SIDES if each >= side), SIDES[-1]), f"half of the images have {side} pixels"
            ),
        }
    folder = catalogue.folder_of(base_id)
    rate = 1e-3 if method == "lora" else 3e-4 if anatomy.has_batch_norm(folder) else 5e-5
    return {
        "epochs": Pick(clamp(round(5000 / n), 3, 12)),
        "learning_rate": Pick(rate, "usual for adapters" if method == "lora" else "usual for such a base"),
        "batch_size": batch,
        "image_size": Pick(anatomy.image_size(folder), "what the base was trained on"),
    }


def for_gpu(n: int) -> Pick | None:
    """None where the batch is not for a GPU to decide."""
    if devices.found()[0].id == devices.CPU:
        return None
    size = next((each for each in BATCHES_OF_GPU if n >= STEPS_AN_EPOCH * each), None)
    return Pick(size, f"a GPU is quicker so, and an epoch still has {n // size:,} steps") if size else None


def for_memory(chosen: Picks, data: Data, kind: str, method: str, base_id: str) -> Picks:
    """Smaller batches, several to a step, until it fits; and computing twice what still does not."""
    spec = {name: pick.value for name, pick in chosen.items()} | {"method": method, "base": base_id}
    net, size, room = costs.network(kind, base_id), costs.largest_size(kind, spec, data.sizes), costs.room_bytes()
    whole = spec["batch_size"]
    wanted = costs.memory_bytes(net, spec, size)
    if wanted <= room:
        return {}
    why = f"batches of {whole} would take {catalogue.size_words(wanted)}"
    while spec["batch_size"] > 1 and costs.memory_bytes(net, spec, size) > room:
        spec["batch_size"] //= 2
        if spec["batch_size"] <= 4 and costs.can_compute_twice(base_id):
            spec["gradient_checkpointing"] = True
    found = {"batch_size": Pick(spec["batch_size"], why)}
    if spec["batch_size"] < whole:
        found["accumulation"] = Pick(whole // spec["batch_size"], f"{whole} items make a step all the same")
    if spec["gradient_checkpointing"]:
        found["gradient_checkpointing"] = Pick(True, why)
    return found


def seen_size(session: Session, project: Project, base_id: str) -> int:
    """What a fine-tuning of this base is given when nobody says: the side in pixels, or the most tokens."""
    chosen = picks(data_of(session, project), project.kind, "full", base_id, "balanced")
    return int(chosen["max_length" if project.kind == Kind.TEXT else "image_size"].value)


def clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def percentile(values: list[int], share: float) -> int:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else 0
