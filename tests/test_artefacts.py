"""A model that was altered, is incomplete or foreign is refused, before anything of it runs."""

import json
import os
import pickle
import re
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from service_factories import TINY_MODEL

from triage.artefacts import (
    FORM,
    MANIFEST_FILE,
    MODEL_FILE,
    hash_file,
    load_artefact,
    read_manifest,
    save_classifier,
)
from triage.errors import InvalidArtefact
from triage.features import read_text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the released tiny model, to be spoilt."""
    return Path(shutil.copytree(TINY_MODEL, tmp_path / "model"))


class Trap:
    """What runs code when it is unpickled: it makes a folder."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.sprung),)


def set_trap(folder: Path) -> Path:
    """Put a model that runs code in place of the real one; the folder that shows that it ran."""
    sprung = folder.parent / "sprung"
    (folder / MODEL_FILE).write_bytes(zlib.compress(pickle.dumps(Trap(sprung))))
    return sprung


def change_manifest(folder: Path, **changes: Any) -> None:
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest | changes), encoding="utf-8")


def refuse(folder: Path) -> str:
    """The sentence with which the folder is refused."""
    with pytest.raises(InvalidArtefact) as caught:
        load_artefact(folder)
    assert re.search("请.*[\u4e00-\u9fff]", caught.value.message)  # it says what to do
    return caught.value.message


def test_the_released_tiny_model_loads_under_the_id_of_its_manifest() -> None:
    artefact = load_artefact(TINY_MODEL)
    assert artefact.id == read_manifest(TINY_MODEL)["id"]
    assert artefact.id.startswith("tiny-")
    assert len(artefact.classifier.codes) == 517


def test_a_model_saved_and_loaded_answers_the_same(folder: Path) -> None:
    first = load_artefact(folder).classifier
    change_manifest(folder, files={MODEL_FILE: save_classifier(first, folder)})
    second = load_artefact(folder).classifier
    rows = first.features.transform([read_text("小区电梯停运", "电梯停运四天，老人下不了楼")])
    np.testing.assert_array_equal(first.scores.score(rows), second.scores.score(rows))
    assert second.lines == first.lines


def test_the_trap_of_these_tests_would_spring(folder: Path) -> None:
    sprung = set_trap(folder)
    pickle.loads(zlib.decompress((folder / MODEL_FILE).read_bytes()))  # noqa: S301
    assert sprung.is_dir()


def test_an_altered_model_is_refused_before_anything_of_it_runs(folder: Path) -> None:
    sprung = set_trap(folder)
    assert "清单不符" in refuse(folder)
    assert not sprung.exists()


@pytest.mark.parametrize("where", [0, -1])
def test_a_single_altered_byte_is_enough(folder: Path, where: int) -> None:
    data = bytearray((folder / MODEL_FILE).read_bytes())
    data[where] ^= 1
    (folder / MODEL_FILE).write_bytes(data)
    assert "清单不符" in refuse(folder)


@pytest.mark.parametrize("made_with", ["0.24.2", "99.0.0", ""])
def test_a_model_of_another_scikit_learn_is_refused_before_anything_of_it_runs(
    folder: Path, made_with: str
) -> None:
    sprung = set_trap(folder)
    change_manifest(
        folder,
        files={MODEL_FILE: hash_file(folder / MODEL_FILE)},
        libraries={"scikit-learn": made_with} if made_with else {},
    )
    message = refuse(folder)
    assert made_with in message
    assert sklearn.__version__ in message
    assert not sprung.exists()


def test_a_model_of_another_version_of_the_product_is_refused_before_anything_of_it_runs(
    folder: Path,
) -> None:
    sprung = set_trap(folder)
    change_manifest(folder, files={MODEL_FILE: hash_file(folder / MODEL_FILE)}, form=FORM - 1)
    assert "重新训练" in refuse(folder)
    assert not sprung.exists()


def test_another_patch_version_of_scikit_learn_is_taken(folder: Path) -> None:
    minor = ".".join(sklearn.__version__.split(".")[:2])
    change_manifest(folder, libraries={"scikit-learn": f"{minor}.99"})
    assert load_artefact(folder).id


def test_a_missing_model_is_named(folder: Path) -> None:
    (folder / MODEL_FILE).unlink()
    assert MODEL_FILE in refuse(folder)


def test_a_missing_manifest_or_folder_points_to_the_setting(folder: Path) -> None:
    (folder / MANIFEST_FILE).unlink()
    assert "TRIAGE_MODEL_DIR" in refuse(folder)
    assert "TRIAGE_MODEL_DIR" in refuse(folder / "none")


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"not json",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b"null",
        b"{}",
        b'{"id": "x"}',
        b'{"id": "x", "files": [], "libraries": {}}',
        b'{"id": "x", "files": {}, "libraries": "1.9"}',
    ],
)
def test_what_is_no_manifest_is_refused_before_anything_runs(folder: Path, manifest: bytes) -> None:
    sprung = set_trap(folder)
    (folder / MANIFEST_FILE).write_bytes(manifest)
    assert MANIFEST_FILE in refuse(folder)
    assert not sprung.exists()


def test_bytes_that_are_no_model_are_refused_though_their_manifest_names_them(
    folder: Path,
) -> None:
    (folder / MODEL_FILE).write_bytes(b"not even compressed")
    change_manifest(folder, files={MODEL_FILE: hash_file(folder / MODEL_FILE)})
    assert "里不是分诊模型" in refuse(folder)


def test_something_else_in_the_place_of_a_model_is_refused(folder: Path) -> None:
    (folder / MODEL_FILE).write_bytes(zlib.compress(pickle.dumps({"not": "a model"})))
    change_manifest(folder, files={MODEL_FILE: hash_file(folder / MODEL_FILE)})
    assert "不是分诊模型" in refuse(folder)
