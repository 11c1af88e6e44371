"""Which models there are, and what is said of one that is not here."""

import shutil
import sys
from pathlib import Path

import pytest

from backend import errors
from backend.models import bundled, catalogue
from tests.models.builders import a_model_folder, a_small_bert, a_small_clip

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
    assert "Fetch it" in raised.value.hint
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
        catalogue.find("hub:someone/else")
    with pytest.raises(errors.ModelNotHere, match="no folder"):
        catalogue.find("path:/nowhere")


@pytest.mark.shared
def test_a_folder_with_an_image_model_can_encode_and_be_fine_tuned(shared: Path) -> None:
    model = catalogue.find(f"path:{shared / 'weights' / 'mobilenet_v2'}")
    assert (model.kind, model.tasks) == ("image", ("encode", "fine_tune"))
