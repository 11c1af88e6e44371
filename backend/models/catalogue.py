"""Which models there are, what each is for, and where it lies on this machine.

An id says where a model comes from: `bundled:` ships with the requirements, `hub:OWNER/NAME` (or `@REVISION`) is
fetched when asked for, and `path:` is a folder of the person's own. Nothing here reaches the network or imports torch.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backend import errors
from backend.models import bundled, folders

MINILM, DESCRIPTOR, COMPACT_RESNET = "bundled:minilm", "bundled:descriptor", "bundled:compact-resnet"
CLIP, BART = "hub:openai/clip-vit-base-patch32", "hub:facebook/bart-large-mnli"
HUB_PAGE = "https://huggingface.co/"


@dataclass(frozen=True)
class Model:
    """One model.

    tasks: of "encode" (items to vectors), "zero_shot" (suggestions from class names), "fine_tune".
    how: "embedding", "clip" or "nli", the way it makes zero-shot suggestions; "" when it does not.
    size_bytes: what a fetch transfers, or for a folder what its weights take.
    about: what it is for, in one sentence. source: its page on the web, if it has one.
    revision: what is asked of the hub. The commit that is here is in `revision_of`.
    """

    id: str
    title: str
    kind: str
    tasks: tuple[str, ...]
    size_bytes: int = 0
    licence: str = ""
    languages: str = ""
    how: str = ""
    about: str = ""
    source: str = ""
    revision: str = ""


def _hub(name: str, title: str, kind: str, tasks: tuple[str, ...], size_bytes: int, **fields: str) -> Model:
    return Model(f"hub:{name}", title, kind, tasks, size_bytes, source=HUB_PAGE + name, revision="main", **fields)


ALL_TASKS = ("encode", "zero_shot", "fine_tune")
# Two-sided models whose half for images transformers can give a classifier.
CLASSIFYING = ("clip", "siglip", "siglip2", "metaclip_2")
MODELS = (
    Model(MINILM, "MiniLM", "text", ALL_TASKS, 90_868_376, "Apache-2.0", "English", "embedding",
          "Compares texts with the descriptions of the classes: fast, and always here.",
          HUB_PAGE + "sentence-transformers/all-MiniLM-L6-v2"),
    Model(DESCRIPTOR, "Colour, edges and texture", "image", ("encode",), 0, "Apache-2.0",
          about="Vectors of what images look like, for the learned head and for similar images. Knows no words."),
    Model(COMPACT_RESNET, "Compact ResNet, from scratch", "image", ("fine_tune",), 0, "Apache-2.0",
          about="A small network that has learned nothing yet, for some hundred labels or more."),
    _hub("openai/clip-vit-base-patch32", "CLIP", "image", ALL_TASKS, 605_000_000,
         licence="MIT", languages="English", how="clip",
         about="Compares photos with the names of the classes. The one to begin with for images."),
    _hub("google/siglip-base-patch16-256", "SigLIP", "image", ALL_TASKS, 816_000_000,
         licence="Apache-2.0", languages="English", how="clip",
         about="As CLIP, trained later and on more photos; sees finer detail, and is slower."),
    _hub("openai/clip-vit-large-patch14", "CLIP, large", "image", ALL_TASKS, 1_710_000_000,
         licence="MIT", languages="English", how="clip",
         about="As CLIP, more exact with similar classes; best with a graphics processor."),
    _hub("facebook/bart-large-mnli", "BART-MNLI", "text", ("zero_shot",), 1_630_000_000,
         licence="MIT", languages="English", how="nli",
         about="Reads each text with each class and judges whether it fits: thorough and slow."),
    _hub("MoritzLaurer/deberta-v3-base-zeroshot-v2.0-c", "DeBERTa zero-shot", "text", ("zero_shot",), 378_000_000,
         licence="MIT", languages="English", how="nli",
         about="As BART-MNLI at a quarter of the size, trained to sort texts into classes that it never saw."),
    _hub("MoritzLaurer/mDeBERTa-v3-base-mnli-xnli", "mDeBERTa-XNLI", "text", ("zero_shot",), 574_000_000,
         licence="MIT", languages="16 languages", how="nli",
         about="As BART-MNLI, for texts that are not in English."),
    _hub("BAAI/bge-small-en-v1.5", "BGE small", "text", ALL_TASKS, 134_000_000,
         licence="MIT", languages="English", how="embedding",
         about="As MiniLM, newer, and reads twice as far into long texts."),
    _hub("sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2", "Multilingual MiniLM", "text", ALL_TASKS,
         480_000_000, licence="Apache-2.0", languages="50 languages", how="embedding",
         about="As MiniLM, for texts and class names in many languages, also mixed."),
    _hub("distilbert/distilbert-base-uncased", "DistilBERT", "text", ("fine_tune",), 268_000_000,
         licence="Apache-2.0", languages="English",
         about="A base for fine-tuning on English texts, larger than MiniLM."),
    _hub("google/vit-base-patch16-224-in21k", "ViT", "image", ("encode", "fine_tune"), 346_000_000,
         licence="Apache-2.0", about="A base for fine-tuning on photos: has seen 14 million of them already."),
)  # fmt: skip
_BY_ID = {model.id: model for model in MODELS}


def title_of(model_id: str) -> str:
    """What a person calls it. A local folder may have been moved since: its name still says what it was."""
    try:
        return find(model_id).title
    except errors.WinnowError:
        return model_id


def find(model_id: str) -> Model:
    """The model of this id.

    Raises NotFound for a name that no model can have, BadFile for a folder that is no model, and ModelNotHere for a
    hub model that the catalogue does not list: what it is for is known once it is here.
    """
    if model_id in _BY_ID:
        return _BY_ID[model_id]
    if model_id.startswith("path:"):
        folder = _own_folder(model_id)
        return _described(Model(model_id, folder.name, "", ()), folder, folders.checked_config(folder))
    model = of_hub(model_id)
    if model.kind:
        return model
    folder = folder_of(model_id)
    return _described(model, folder, folders.read_json(folder / "config.json") or {})


def of_hub(model_id: str) -> Model:
    """A model of the hub, listed or not, here or not. One that is not listed has no kind, no tasks and no size yet.

    Raises NotFound for what is no name on the hub.
    """
    source, _, name = model_id.partition(":")
    if source != "hub":
        known = ", ".join(_BY_ID)
        raise errors.NotFound(
            f'There is no model "{model_id[:200]}".', f"Choose one of {known}, hub:OWNER/NAME or path:FOLDER."
        )
    repository, revision = folders.hub_name(name)
    listed = _BY_ID.get(f"hub:{repository}")
    if listed:
        return replace(listed, id=model_id, revision=revision or listed.revision)
    return Model(model_id, repository, "", (), source=HUB_PAGE + repository, revision=revision or "main")


def is_here(model_id: str) -> bool:
    """Whether the model can be used now, without the network."""
    try:
        find(model_id)
        return model_id in (DESCRIPTOR, COMPACT_RESNET) or bool(folder_of(model_id))
    except errors.WinnowError:
        return False


def folder_of(model_id: str) -> Path:
    """The folder with the model's files. Raises ModelNotHere, with its size and what to do, or BadFile."""
    if model_id.startswith("path:"):
        folder = _own_folder(model_id).resolve()
        folders.checked_config(folder)
        return folder
    if model_id == MINILM:
        return bundled.minilm_folder()
    if model_id in _BY_ID and model_id.startswith("bundled:"):
        raise errors.Invalid(f"{_BY_ID[model_id].title} has no files: it is part of Winnow.", "Use it by its name.")
    model = of_hub(model_id)
    repository, revision = folders.hub_name(model_id.removeprefix("hub:"))
    found = folders.in_hub_cache(repository, revision or model.revision, exactly=bool(revision))
    if found is None:
        raise _not_here(model)
    return found


def revision_of(model_id: str) -> str:
    """What the model's vectors depend on: other weights, another revision."""
    if model_id == MINILM:
        return bundled.MINILM_SHA256[:12]
    if model_id in (DESCRIPTOR, COMPACT_RESNET):
        return "1"
    folder = folder_of(model_id)
    return folder.name if model_id.startswith("hub:") else folders.fingerprint(folder)


def others() -> list[Model]:
    """What else the Hugging Face cache holds that can be of use here: whole, and made for one of the tasks."""
    found = []
    for repository in folders.repositories():
        folder = folders.in_hub_cache(repository, "main") if f"hub:{repository}" not in _BY_ID else None
        if folder:
            config = folders.read_json(folder / "config.json") or {}
            model = _described(of_hub(f"hub:{repository}"), folder, config)
            if model.kind == "image" or model.how == "nli" or folders.is_sentence_encoder(folder):
                found.append(model)
    return found


def bases(kind: str) -> list[Model]:
    """What can be fine-tuned now for this kind of item, the bundled one first."""
    here = [model for model in MODELS if is_here(model.id)] + others()
    return [model for model in here if model.kind == kind and "fine_tune" in model.tasks]


def suggesters(kind: str) -> list[Model]:
    """What can suggest from class names alone for this kind of item, here or not."""
    return [model for model in (*MODELS, *others()) if model.kind == kind and "zero_shot" in model.tasks]


def size_words(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB" if size_bytes >= 1e9 else f"{size_bytes / 1e6:.0f} MB"


def as_json(model: Model) -> dict[str, Any]:
    """The model with whether it is here, and if so where and at which revision."""
    fields = ("id", "title", "kind", "tasks", "size_bytes", "licence", "languages", "how", "about", "source")
    here = is_here(model.id)
    has_folder = here and model.id not in (DESCRIPTOR, COMPACT_RESNET)
    return {field: getattr(model, field) for field in fields} | {
        "is_here": here,
        "revision": revision_of(model.id) if here else None,
        "folder": str(folder_of(model.id)) if has_folder else None,
    }


def _own_folder(model_id: str) -> Path:
    named = model_id.removeprefix("path:")
    if not named.strip() or "\0" in named:
        raise errors.ModelNotHere("No folder is named.", "Write path: and the folder that save_pretrained() wrote.")
    try:
        folder = Path(named).expanduser()
        # A name that is too long, no text, or a circle of links.
        folder.resolve().is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise errors.ModelNotHere(f"{named[:200]!r} names no folder.", "Write the whole path of it.") from error
    return folder


def _described(model: Model, folder: Path, config: dict[str, Any]) -> Model:
    """The model with what its own files say that it is for."""
    model = replace(model, size_bytes=folders.size_bytes(folder))
    if "text_config" in config and "vision_config" in config:
        tasks = ALL_TASKS if config.get("model_type") in CLASSIFYING else ("encode", "zero_shot")
        return replace(model, kind="image", tasks=tasks, how="clip",
                       about="Compares images with the names of the classes.")  # fmt: skip
    if folders.is_image_config(config):
        return replace(model, kind="image", tasks=("encode", "fine_tune"), about="A base for fine-tuning on images.")
    if folders.entailment_index(config) is not None:
        return replace(model, kind="text", tasks=("zero_shot", "fine_tune"), how="nli",
                       about="Reads each text with each class and judges whether it fits.")  # fmt: skip
    return replace(model, kind="text", tasks=ALL_TASKS, how="embedding",
                   about="Compares texts with the descriptions of the classes.")  # fmt: skip


def _not_here(model: Model) -> errors.ModelNotHere:
    size = f" ({size_words(model.size_bytes)})" if model.size_bytes else ""
    how = f'Fetch it on the Models page or with POST /api/models/fetch {{"model": "{model.id}"}}'
    if folders.is_offline():
        how = "Offline mode is on, so it cannot be fetched: copy its folder from another machine"
    return errors.ModelNotHere(
        f"{model.title} is not on this machine{size}.", f"{how}, or name a local folder as path:FOLDER."
    )
