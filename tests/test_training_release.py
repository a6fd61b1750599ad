import json
from pathlib import Path
from typing import Any

import pytest

from training.config import ReleaseConfig
from training.release import (
    CARD,
    UNSEEN,
    format_comparison,
    read_scores,
    release_model,
)
from triage.artefacts import MANIFEST_FILE, MODEL_FILE, hash_file, read_manifest
from triage.errors import InvalidArtefact

RELEASE = ReleaseConfig(split="gold", most_bytes=1000, tolerance={"level1": 0.005, "nature": 0.0})


def make_model(folder: Path, *, size: int = 10, **scores: float) -> Path:
    """A folder such as `fit` writes, its model `size` bytes of nothing."""
    folder.mkdir()
    (folder / MODEL_FILE).write_bytes(b"m" * size)
    (folder / CARD).write_text(f"# {folder.name}\n", encoding="utf-8")
    (folder / UNSEEN).write_bytes(b"answers")
    manifest: dict[str, Any] = {
        "id": folder.name,
        "libraries": {},
        "files": {MODEL_FILE: hash_file(folder / MODEL_FILE)},
        "scores": {"gold": scores},
    }
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A model that is in use."""
    return make_model(tmp_path / "released", level1=0.88, nature=0.88)


def test_a_better_model_replaces_the_old_one_and_leaves_its_answers_behind(
    tmp_path: Path, released: Path
) -> None:
    better = make_model(tmp_path / "better", size=20, level1=0.90, nature=0.88)
    assert release_model(better, released, RELEASE) == []
    assert read_manifest(released) == read_manifest(better)
    assert (released / MODEL_FILE).read_bytes() == (better / MODEL_FILE).read_bytes()
    fresh = tmp_path / "fresh"
    assert release_model(better, fresh, RELEASE) == []
    assert sorted(path.name for path in fresh.iterdir()) == sorted(
        [CARD, MANIFEST_FILE, MODEL_FILE]
    )


def test_a_worse_model_is_refused_with_the_figures(tmp_path: Path, released: Path) -> None:
    before = read_manifest(released)
    worse = make_model(tmp_path / "worse", level1=0.86, nature=0.89)
    (refusal,) = release_model(worse, released, RELEASE)
    assert "level1" in refusal
    assert "0.8800" in refusal
    assert "0.8600" in refusal
    assert read_manifest(released) == before


def test_a_loss_within_the_tolerance_is_taken(tmp_path: Path, released: Path) -> None:
    near = make_model(tmp_path / "near", level1=0.876, nature=0.88)
    assert release_model(near, released, RELEASE) == []


def test_a_figure_that_is_no_longer_measured_counts_as_lost(tmp_path: Path, released: Path) -> None:
    silent = make_model(tmp_path / "silent", level1=0.95)
    (refusal,) = release_model(silent, released, RELEASE)
    assert "nature" in refusal


def test_a_forced_release_says_why_in_its_card(tmp_path: Path, released: Path) -> None:
    worse = make_model(tmp_path / "worse", level1=0.5, nature=0.9)
    assert release_model(worse, released, RELEASE, force="旧模型泄露姓名") == []
    card = (released / CARD).read_text(encoding="utf-8")
    assert "旧模型泄露姓名" in card
    assert "0.5000" in card


def test_a_damaged_or_swollen_model_is_refused_even_by_force(
    tmp_path: Path, released: Path
) -> None:
    swollen = make_model(tmp_path / "swollen", size=2000, level1=0.9, nature=0.9)
    assert "1,000" in release_model(swollen, released, RELEASE, force="急用")[0]
    altered = make_model(tmp_path / "altered", level1=0.9, nature=0.9)
    (altered / MODEL_FILE).write_bytes(b"other")
    assert "SHA-256" in release_model(altered, released, RELEASE, force="急用")[0]
    (altered / MODEL_FILE).unlink()
    assert "缺少" in release_model(altered, released, RELEASE, force="急用")[0]
    assert read_manifest(released)["id"] == "released"


def test_a_folder_without_a_manifest_or_scores_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(InvalidArtefact, match=r"manifest\.json"):
        read_scores(tmp_path)
    text = json.dumps({"id": "x", "files": {}, "libraries": {}})
    (tmp_path / MANIFEST_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidArtefact, match="没有指标"):
        read_scores(tmp_path)


def test_two_models_are_compared_figure_by_figure(tmp_path: Path, released: Path) -> None:
    other = make_model(tmp_path / "other", level1=0.9, nature=0.87, extra=1)
    table = format_comparison(read_manifest(released), read_manifest(other))
    assert "| gold | level1 | 0.88 | 0.9 | +0.0200 |" in table
    assert "| gold | nature | 0.88 | 0.87 | -0.0100 |" in table
    assert "extra" not in table


def test_a_model_without_the_split_is_told_which_one_to_name(
    tmp_path: Path, released: Path
) -> None:
    own = make_model(tmp_path / "own")
    manifest = json.loads((own / MANIFEST_FILE).read_text(encoding="utf-8"))
    manifest["scores"] = {"natural": {"level1": 0.9}}
    (own / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    (refusal,) = release_model(own, released, RELEASE)
    assert "没有 gold 组的成绩" in refusal
    assert "split" in refusal


def test_figures_of_two_corpora_are_not_passed_off_as_comparable(
    tmp_path: Path, released: Path
) -> None:
    one = read_manifest(released) | {"corpus": {"digest": "a"}}
    other = read_manifest(make_model(tmp_path / "other", level1=0.9)) | {"corpus": {"digest": "b"}}
    assert "语料不同" in format_comparison(one, other)
    assert "语料不同" not in format_comparison(one, other | {"corpus": {"digest": "a"}})
