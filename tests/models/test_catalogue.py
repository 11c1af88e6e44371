"""Which models there are, and what is said of one that is not here."""

import json
import shutil
import struct
import sys
from pathlib import Path

import pytest

from backend import errors
from backend.models import bundled, catalogue, folders, load
from tests.models.builders import a_model_folder, a_small_bert, a_small_clip, weights

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def hub_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    return tmp_path / "hf"


def a_snapshot(hub_home: Path, commit: str, *, without: str = "") -> Path:
    root = hub_home / "hub" / "models--distilbert--distilbert-base-uncased"
    return a_model_folder(root / "snapshots" / commit, without=without)


def test_the_bundled_text_model_is_found_without_running_its_package() -> None:
    folder = catalogue.folder_of(catalogue.MINILM)
    assert (folder / "model.safetensors").is_file()
    assert bundled.PACKAGE not in sys.modules


def test_weights_that_were_changed_are_refused_in_a_sentence(tmp_path: Path) -> None:
    weights = Path(shutil.copy(catalogue.folder_of(catalogue.MINILM) / "model.safetensors", tmp_path))
    bundled.check(weights, bundled.MINILM_SHA256)
    with weights.open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"changed")
    with pytest.raises(errors.BadFile, match="checksum"):
        bundled.check(weights, bundled.MINILM_SHA256)


@pytest.mark.parametrize("model", [model for model in catalogue.MODELS if model.id.startswith("hub:")])
def test_a_model_that_is_not_here_says_its_size_and_what_to_do(model: catalogue.Model) -> None:
    assert not catalogue.is_here(model.id)
    with pytest.raises(errors.ModelNotHere) as raised:
        catalogue.folder_of(model.id)
    assert catalogue.size_words(model.size_bytes) in raised.value.message
    assert "Offline mode is on" in raised.value.hint
    assert "path:FOLDER" in raised.value.hint


def test_a_model_in_the_hugging_face_cache_is_found_and_its_revision_is_the_commit(hub_home: Path) -> None:
    folder = a_snapshot(hub_home, COMMIT)
    assert catalogue.folder_of("hub:distilbert/distilbert-base-uncased") == folder
    assert catalogue.revision_of("hub:distilbert/distilbert-base-uncased") == COMMIT
    assert "hub:distilbert/distilbert-base-uncased" in [model.id for model in catalogue.bases("text")]


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_half_fetched_model_is_not_here(hub_home: Path, file: str) -> None:
    a_snapshot(hub_home, COMMIT, without=file)
    assert not catalogue.is_here("hub:distilbert/distilbert-base-uncased")


def test_of_two_snapshots_the_one_that_the_revision_names_is_taken(hub_home: Path) -> None:
    named = a_snapshot(hub_home, COMMIT)
    a_snapshot(hub_home, "f" * 40)
    reference = named.parents[1] / "refs" / "main"
    reference.parent.mkdir()
    reference.write_text(COMMIT)
    assert catalogue.folder_of("hub:distilbert/distilbert-base-uncased") == named


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_refused_by_the_name_of_the_file(tmp_path: Path, file: str) -> None:
    folder = a_model_folder(tmp_path / "own", without=file)
    with pytest.raises(errors.BadFile, match=file):
        catalogue.find(f"path:{folder}")


def test_pickled_weights_are_no_weights(tmp_path: Path) -> None:
    folder = a_model_folder(tmp_path / "own", without="model.safetensors")
    (folder / "pytorch_model.bin").write_bytes(b"anything")
    with pytest.raises(errors.BadFile, match="safetensors only"):
        catalogue.find(f"path:{folder}")


def test_a_folder_says_itself_what_it_is_for(tmp_path: Path) -> None:
    nli = catalogue.find(a_small_bert(tmp_path / "nli", {"entailment": 0, "neutral": 1, "contradiction": 2}))
    assert (nli.kind, nli.how) == ("text", "nli")
    assert catalogue.find(a_small_bert(tmp_path / "bert")).how == "embedding"
    clip = catalogue.find(a_small_clip(tmp_path / "clip"))
    assert (clip.kind, clip.how) == ("image", "clip")


def test_unknown_names_and_folders_are_told_apart() -> None:
    with pytest.raises(errors.NotFound, match="no model"):
        catalogue.find("bundled:other")
    with pytest.raises(errors.NotFound, match="name on the hub"):
        catalogue.find("hub:../../etc")
    with pytest.raises(errors.ModelNotHere, match="someone/else is not on this machine"):
        catalogue.find("hub:someone/else")
    for nothing in ("path:/nowhere", "path:", "path:\0"):
        with pytest.raises(errors.ModelNotHere, match=r"[Nn]o folder"):
            catalogue.find(nothing)


def test_each_listed_model_says_what_it_is_for_its_size_its_licence_and_its_page() -> None:
    for model in catalogue.MODELS:
        assert model.about.endswith(".")
        assert model.licence
        assert model.source or model.id in (catalogue.DESCRIPTOR, catalogue.COMPACT_RESNET)
        assert model.size_bytes or model.id.startswith("bundled:")
        assert catalogue.as_json(model)["is_here"] == model.id.startswith("bundled:")


def test_a_revision_that_is_named_is_the_only_one_that_will_do(hub_home: Path) -> None:
    a_snapshot(hub_home, COMMIT)
    name = "hub:distilbert/distilbert-base-uncased"
    assert catalogue.revision_of(f"{name}@{COMMIT}") == COMMIT
    assert catalogue.find(f"{name}@{'f' * 40}").kind == "text"
    with pytest.raises(errors.ModelNotHere):
        catalogue.folder_of(f"{name}@{'f' * 40}")


def test_what_else_the_cache_holds_is_offered_for_what_it_can_do_and_the_rest_is_left_out(hub_home: Path) -> None:
    def cached(name: str, config: dict[str, object], *files: str) -> None:
        folder = a_model_folder(hub_home / "hub" / f"models--{name.replace('/', '--')}" / "snapshots" / COMMIT)
        (folder / "config.json").write_text(json.dumps(config))
        for file in files:
            (folder / file).write_text("[]")

    two_sides: dict[str, object] = {"text_config": {}, "vision_config": {}}
    cached("some/encoder", {"model_type": "bert"}, "modules.json")
    cached("some/nli", {"model_type": "bert", "label2id": {"Entailment": 1, "other": 0}})
    cached("some/siglip", {"model_type": "siglip", **two_sides}, "preprocessor_config.json")
    cached("some/vit", {"model_type": "vit", "image_size": 224}, "preprocessor_config.json")
    cached("some/gpt", {"model_type": "gpt2"})
    cached("some/llava", {"model_type": "llava", **two_sides}, "preprocessor_config.json")
    cached("so..me/odd", {"model_type": "bert"}, "modules.json")
    found = {model.title: (model.kind, model.how) for model in catalogue.others()}
    encoder, nli = ("text", "embedding"), ("text", "nli")
    assert found == {
        "some/encoder": encoder, "some/nli": nli, "some/siglip": ("image", "clip"), "some/vit": ("image", "")
    }  # fmt: skip
    assert catalogue.find("hub:some/gpt").how == "embedding"
    assert [model.title for model in catalogue.suggesters("text")][-2:] == ["some/encoder", "some/nli"]
    assert "some/vit" in [model.title for model in catalogue.bases("image")]


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("config.json", DEEP, "no JSON object"),
        ("config.json", "[1]", "no JSON object"),
        ("config.json", " " * (folders.LARGEST_JSON_BYTES + 1), "no JSON object"),
        ("config.json", "{}", "does not say which model"),
        ("model.safetensors", "pickle", "damaged"),
        ("model.safetensors", b"\xff" * 64, "damaged"),
        ("model.safetensors", struct.pack("<Q", 2) + b"[]", "damaged"),
        ("model.safetensors", weights()[:-1], "cut short"),
        ("model.safetensors.index.json", '{"weight_map": {"w": "../../../etc/passwd"}}', "outside"),
        ("model.safetensors.index.json", '{"weight_map": {"w": "model-2.safetensors"}}', "lacks model-2"),
    ],
    ids=lambda each: repr(each)[:30],
)
def test_hostile_or_damaged_files_are_refused_in_a_sentence(
    tmp_path: Path, file: str, content: str | bytes, words: str
) -> None:
    folder = a_model_folder(tmp_path / "own")
    (folder / file).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(errors.BadFile, match=words):
        catalogue.find(f"path:{folder}")


def test_a_config_with_odd_values_is_read_without_falling_over(tmp_path: Path) -> None:
    folder = a_model_folder(tmp_path / "own")
    for labels in ([1], {"entailment": "zero"}, {"7": 7}, "entailment"):
        (folder / "config.json").write_text(json.dumps({"model_type": "bert", "label2id": labels}))
        assert catalogue.find(f"path:{folder}").how == "embedding"


def test_links_that_lead_out_of_an_own_folder_or_nowhere_are_named(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text("{}")
    folder = a_model_folder(tmp_path / "own", without="tokenizer.json")
    (folder / "tokenizer.json").symlink_to(tmp_path / "secret.json")
    with pytest.raises(errors.BadFile, match=r"tokenizer.json is a link that leads out"):
        catalogue.find(f"path:{folder}")
    copied = a_model_folder(tmp_path / "copied", without="model.safetensors")
    (copied / "model.safetensors").symlink_to("../../blobs/abc")
    with pytest.raises(errors.BadFile, match="link to a file that is not here"):
        catalogue.find(f"path:{copied}")


def test_code_in_a_model_folder_is_never_run(tmp_path: Path) -> None:
    folder = a_model_folder(tmp_path / "own")
    ran = tmp_path / "ran"
    (folder / "modeling_own.py").write_text(f"open({str(ran)!r}, 'w')")
    named = {"AutoConfig": "modeling_own.Config", "AutoModel": "modeling_own.Model"}
    (folder / "config.json").write_text(json.dumps({"model_type": "my_own", "auto_map": named}))
    with pytest.raises(errors.BadFile, match="cannot be loaded"):
        load.encoder(catalogue.find(f"path:{folder}").id)
    assert not ran.exists()


@pytest.mark.shared
def test_a_folder_with_an_image_model_can_encode_and_be_fine_tuned(shared: Path) -> None:
    model = catalogue.find(f"path:{shared / 'weights' / 'mobilenet_v2'}")
    assert (model.kind, model.tasks) == ("image", ("encode", "fine_tune"))


@pytest.mark.parametrize("name", ["~nosuchuser/x", "x" * 300, "half \ud800"], ids=["user", "long", "half"])
def test_what_names_no_folder_is_said_and_is_not_here(name: str) -> None:
    assert not catalogue.is_here(f"path:{name}")
    with pytest.raises(errors.ModelNotHere, match="no folder"):
        catalogue.find(f"path:{name}")
