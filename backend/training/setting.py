"""The settings of a run one by one: type, range, meaning, and which methods and kinds of project know them."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

from backend import errors

METHODS = ("head", "lora", "full")
# What a person calls them, in the order to offer them.
METHOD_TITLES = {"head": "Head", "full": "Full", "lora": "LoRA"}
PRESETS = ("quick", "balanced", "best")
LOOPS = ("lora", "full")
# What the pages group the settings by.
GROUPS = ("Data", "Optimizer", "Ending", "Machine")
# Of what was told, in a sentence.
MOST_SHOWN, MOST_DIGITS = 60, 15


@dataclass(frozen=True)
class Setting:
    """One setting. neutral: what a run did before the setting was invented; none where it was there from the start."""

    name: str
    type: type
    meaning: str
    low: float = 0
    high: float = 0
    choices: tuple[str, ...] = ()
    methods: tuple[str, ...] = METHODS
    kinds: tuple[str, ...] = ("text", "image")
    group: str = ""
    neutral: Any = None


def _data(name: str, of: type, meaning: str, low: float = 0, high: float = 0, **more: Any) -> Setting:
    return Setting(name, of, meaning, low, high, **{"group": "Data"} | more)


def _of_loop(group: str) -> Any:
    return partial(Setting, group=group, methods=LOOPS)


_optimizer, _ending, _machine = (_of_loop(group) for group in GROUPS[1:])


SETTINGS = (
    Setting("method", str, "What is trained.", choices=METHODS),
    Setting("base", str, "The pretrained model that the run starts from."),
    Setting("preset", str, "How much time to spend: it chooses what is left out.", choices=PRESETS),
    Setting("allow_missing_classes", bool, "Leave out the classes with too few labels instead of refusing."),
    _data("seed", int, "The same seed on the same machine gives the same run.", 0, 2**31 - 1),
    _data("folds", int, "Train so many more times, each time testing on another part: the figure for few labels. 0 does"
          " not.", 0, 20, neutral=0),
    _data("class_weights", str, '"balanced" gives rare classes more weight.', choices=("none", "balanced")),
    _data("sampling", str, '"balanced" shows rare classes as often as frequent ones.', choices=("shuffled", "balanced"),
          methods=LOOPS, neutral="shuffled"),
    _data("focal_gamma", float, "Above 0, what is answered surely counts less: focal loss.", 0, 5, methods=LOOPS,
          neutral=0.0),
    _data("label_smoothing", float, "How unsure the targets are made.", 0, 0.5, methods=LOOPS),
    _data("recipe_id", int, "The recipe that varies what is trained on.", 1, 2**31, methods=LOOPS),
    _data("max_length", int, "How many tokens of a text are read at once.", 8, 8192, methods=LOOPS, kinds=("text",)),
    _data("long_texts", str, "What is read of a longer text: its start, its end, or all of it, window by window.",
          choices=("start", "end", "windows"), methods=LOOPS, kinds=("text",), neutral="start"),
    _data("image_size", int, "The side of the pictures in pixels.", 16, 1024, methods=LOOPS, kinds=("image",)),
    _optimizer("learning_rate", float, "How far one step goes.", 1e-9, 1),
    _optimizer("schedule", str, "How the rate falls after the warm-up.",
          choices=("linear", "cosine", "constant"), neutral="linear"),
    _optimizer("warmup", float, "The share of the steps in which the rate rises to its full value.", 0, 1),
    _optimizer("batch_size", int, "How many items are in memory at once.", 1, 4096),
    _optimizer("accumulation", int, "How many batches make one step: a large batch with little memory.",
          1, 1024, neutral=1),
    _optimizer("weight_decay", float, "Keeps weights small (AdamW).", 0, 1),
    _optimizer("ema", float, "Keep an average of the weights with this decay, such as 0.99; 0 does not.",
          0, 0.99999, neutral=0.0),
    _optimizer("frozen_layers", int, "How many of the base's first layers stay as they are.", 0, 200,
          neutral=0),
    _optimizer("lora_rank", int, "The size of the adapters.", 1, 256, methods=("lora",)),
    _ending("epochs", int, "How often each training item is seen.", 1, 1000),
    _ending("patience", int, "End after so many epochs without a better result; 0 never does.", 0, 1000),
    _ending("best_metric", str, "The validation figure by which the best epoch is chosen.",
          choices=("f1_macro", "f1_micro", "accuracy", "log_loss"), neutral="f1_macro"),
    _machine("precision", str, "Numbers of 16 bit are faster where the hardware has them; fp16 needs a GPU.",
          choices=("fp32", "bf16", "fp16"), neutral="fp32"),
    _machine("gradient_checkpointing", bool, "Compute twice what would not fit into memory.", neutral=False),
    _machine("compile", bool, "Let torch compile the model first: worth it for long runs.", neutral=False),
    _machine("quantization", str, "Keep the frozen base in 8 or 4 bits; needs CUDA and bitsandbytes.",
          choices=("none", "8bit", "4bit"), methods=("lora",), neutral="none"),
    _machine("devices", int, "How many GPUs train this run together.", 1, 64, neutral=1),
)  # fmt: skip
BY_NAME = {setting.name: setting for setting in SETTINGS}
NEUTRAL = {each.name: each.neutral for each in SETTINGS if each.neutral is not None}


def filled(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of a run from before some settings were there, with what it did then."""
    return NEUTRAL | dict(spec)


def checked(name: str, told: Any) -> Any:
    """The value in its setting's type. Raises BadSpec."""
    setting = BY_NAME.get(name)
    if setting is None:
        near = get_close_matches(name[:MOST_SHOWN], BY_NAME, n=1)
        hint = f'Did you mean "{near[0]}"?' if near else f"A run has {', '.join(BY_NAME)}."
        raise errors.BadSpec(f'A run has no setting "{name[:MOST_SHOWN]}".', hint)
    value: Any = in_type(told, setting.type)
    if not is_a(value, setting.type):
        words = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}[setting.type]
        raise errors.BadSpec(f'"{name}" is {shown(told)}, and must be {words}.', setting.meaning)
    if setting.choices and value not in setting.choices:
        raise errors.BadSpec(
            f'"{value[:MOST_SHOWN]}" is not a {name.replace("_", " ")}.', f"Choose {' or '.join(setting.choices)}."
        )
    # Written so that a NaN is refused too.
    if setting.high and not setting.low <= value <= setting.high:
        raise errors.BadSpec(
            f'"{name}" is {shown(value)}, and must be between {setting.low:g} and {setting.high:g}.', setting.meaning
        )
    return value


def shown(value: Any) -> str:
    """As a sentence has room for it."""
    if is_a(value, float):
        return f"{value:g}"
    if is_a(value, int) and abs(value) >= 10**MOST_DIGITS:
        return f"a number of more than {MOST_DIGITS} digits"
    try:
        told = repr(value)
    except (ValueError, RecursionError):
        # Python writes no numbers of thousands of digits, and no list within a list within … without end.
        told = "what is too long to write"
    return told if len(told) <= MOST_SHOWN else f"{told[:MOST_SHOWN]}…"


def is_a(value: Any, wanted: type) -> bool:
    """Not isinstance: True is a whole number to Python."""
    return type(value) is wanted


def in_type(value: Any, wanted: type) -> Any:
    """1 as 1.0 and 1.0 as 1 where that is what is wanted; anything else as it is."""
    if wanted is float and type(value) is int and abs(value) < 1e300:
        return float(value)
    if wanted is int and type(value) is float and value.is_integer():
        return int(value)
    return value
