"""Which models there are, what each is for, and where it lies on this machine.

An id says where a model comes from: `bundled:` ships with the requirements, `hub:` is fetched when asked for, and
`path:` is a folder of the person's own. Nothing here reaches the network or imports torch.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backend import errors
from backend.models import bundled, folders

MINILM, DESCRIPTOR, COMPACT_RESNET = "bundled:minilm", "bundled:descriptor", "bundled:compact-resnet"
CLIP, BART = "hub:openai/clip-vit-base-patch32", "hub:facebook/bart-large-mnli"


@dataclass(frozen=True)
class Model:
    """One model of the catalogue.

    tasks: of "encode" (items to vectors), "zero_shot" (suggestions from class names), "fine_tune".
    how: "embedding", "clip" or "nli", the way it makes zero-shot suggestions; "" when it does not.
    revision: what is asked of the hub. The commit that is here is in `revision_of`.
    """

    id: str
    title: str
    kind: str
    tasks: tuple[str, ...]
    size_bytes: int
    licence: str
    languages: str = ""
    how: str = ""
    revision: str = ""


MODELS = (
    Model(MINILM, "MiniLM", "text", ("encode", "zero_shot", "fine_tune"), 90_868_376, "Apache-2.0",
          "English", "embedding"),
    Model(DESCRIPTOR, "Colour, edges and texture", "image", ("encode",), 0, "Apache-2.0"),
    Model(COMPACT_RESNET, "Compact ResNet, from scratch", "image", ("fine_tune",), 0, "Apache-2.0"),
    Model(CLIP, "CLIP", "image", ("encode", "zero_shot"), 605_000_000, "MIT", "English", "clip", "main"),
    Model(BART, "BART-MNLI", "text", ("zero_shot",), 1_630_000_000, "MIT", "English", "nli", "main"),
    Model("hub:distilbert/distilbert-base-uncased", "DistilBERT", "text", ("fine_tune",), 268_000_000,
          "Apache-2.0", "English", "", "main"),
    Model("hub:google/vit-base-patch16-224-in21k", "ViT", "image", ("encode", "fine_tune"), 346_000_000,
          "Apache-2.0", "", "", "main"),
)  # fmt: skip
_BY_ID = {model.id: model for model in MODELS}


def find(model_id: str) -> Model:
    """The model of this id. Raises NotFound for a name the catalogue lacks, BadFile for a folder that is no model."""
    if model_id.startswith("path:"):
        return _from_folder(model_id)
    if model_id not in _BY_ID:
        known = ", ".join(_BY_ID)
        raise errors.NotFound(f'There is no model "{model_id}".', f"Choose one of {known}, or path:FOLDER.")
    return _BY_ID[model_id]


def is_here(model_id: str) -> bool:
    """Whether the model can be used now, without the network."""
    try:
        find(model_id)
        return model_id in (DESCRIPTOR, COMPACT_RESNET) or bool(folder_of(model_id))
    except errors.WinnowError:
        return False


def folder_of(model_id: str) -> Path:
    """The folder with the model's files. Raises ModelNotHere, with its size and what to do, or BadFile."""
    model = find(model_id)
    source, name = model_id.split(":", 1)
    if source == "path":
        return Path(name).expanduser().resolve()
    if model_id == MINILM:
        return bundled.minilm_folder()
    if source == "bundled":
        raise errors.Invalid(f"{model.title} has no files: it is part of Winnow.", "Use it by its name.")
    found = folders.in_hub_cache(name, model.revision)
    if found is None:
        raise errors.ModelNotHere(
            f"{model.title} is not on this machine ({size_words(model.size_bytes)}).",
            f'Fetch it on the Label page or with POST /api/models/fetch {{"model": "{model_id}"}}, or name a local '
            "folder as path:FOLDER.",
        )
    return found


def revision_of(model_id: str) -> str:
    """What the model's vectors depend on: other weights, another revision."""
    if model_id == MINILM:
        return bundled.MINILM_SHA256[:12]
    if model_id in (DESCRIPTOR, COMPACT_RESNET):
        return "1"
    folder = folder_of(model_id)
    return folder.name if model_id.startswith("hub:") else folders.fingerprint(folder)


def bases(kind: str) -> list[Model]:
    """What can be fine-tuned now for this kind of item, the bundled one first."""
    return [model for model in MODELS if model.kind == kind and "fine_tune" in model.tasks and is_here(model.id)]


def suggesters(kind: str) -> list[Model]:
    """What can suggest from class names alone for this kind of item, here or not."""
    return [model for model in MODELS if model.kind == kind and "zero_shot" in model.tasks]


def size_words(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


def as_json(model: Model) -> dict[str, Any]:
    fields = ("id", "title", "kind", "tasks", "size_bytes", "licence", "languages", "how")
    return {field: getattr(model, field) for field in fields} | {"is_here": is_here(model.id)}


def _from_folder(model_id: str) -> Model:
    folder = Path(model_id.removeprefix("path:")).expanduser()
    config = folders.checked_config(folder)
    size_bytes = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    model = Model(model_id, folder.name, "text", ("encode", "zero_shot", "fine_tune"), size_bytes, "", how="embedding")
    if "text_config" in config and "vision_config" in config:
        return replace(model, kind="image", tasks=("encode", "zero_shot"), how="clip")
    if folders.entailment_index(config) is not None:
        return replace(model, tasks=("zero_shot", "fine_tune"), how="nli")
    if folders.is_image_config(config):
        return replace(model, kind="image", tasks=("encode", "fine_tune"), how="")
    return model
