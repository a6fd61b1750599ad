"""Released models on disk: a folder with the model, its manifest and its card.

A model is a pickle, and a pickle can run code. So nothing is unpickled before its SHA-256 stands
in the manifest beside it, and the libraries it was made with are those here.
"""

import csv
import hashlib
import io
import json
import pickle
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from triage.classifiers import Classifier
from triage.errors import InvalidArtefact
from triage.taxonomy import COLUMNS, Taxonomy, load_taxonomy, read_taxonomy, taxonomy_rows

MODEL_FILE = "model.pickle"  # compressed with zlib
MANIFEST_FILE = "manifest.json"
TAXONOMY_FILE = "taxonomy.csv"  # only beside a model of another taxonomy than `LETTERS`
LETTERS = "letters"
FORM = 5  # raised whenever what a classifier holds or sees changes: an older one cannot be asked


@dataclass(frozen=True, slots=True)
class Artefact:
    """A loaded model with what its manifest says of it."""

    classifier: Classifier
    manifest: dict[str, Any]

    @property
    def id(self) -> str:
        """The name that suggestions carry."""
        return str(self.manifest["id"])


def load_artefact(folder: Path) -> Artefact:
    """The model in `folder`.

    Raises InvalidArtefact where a file is missing or altered, where the model was fitted by another
    version of the product, or where the scikit-learn here is of another minor version than its own.
    """
    manifest = read_manifest(folder)
    model = folder / MODEL_FILE
    if not model.is_file():
        raise InvalidArtefact(f"模型目录 {folder} 中没有 {MODEL_FILE}，请重新安装或重新发布模型")
    try:
        stored = model.read_bytes()
    except OSError as error:
        raise InvalidArtefact(f"读不了模型文件 {model}，请检查权限和磁盘") from error
    if hashlib.sha256(stored).hexdigest() != manifest["files"].get(MODEL_FILE):
        raise InvalidArtefact(f"模型文件 {model} 与清单不符，可能被改动或损坏，请重新安装模型")
    if manifest.get("form") != FORM:
        raise InvalidArtefact(f"模型 {folder} 是用另一版本的民声分诊训练的，请用本版本重新训练")
    made_with = str(manifest["libraries"].get("scikit-learn", ""))
    here = version("scikit-learn")  # asked without importing it, which takes seconds and pandas
    if made_with.split(".")[:2] != here.split(".")[:2]:
        raise InvalidArtefact(
            f"模型由 scikit-learn {made_with} 训练，本机为 {here}，"
            "请按 requirements.lock 安装，或用本机版本重新训练模型"
        )
    try:
        # Decompressed in one piece, during which other threads go on.
        classifier = pickle.loads(zlib.decompress(stored))  # noqa: S301  the file of the manifest
    except Exception as error:  # a pickle of anything else fails as it likes
        raise InvalidArtefact(f"模型文件 {model} 里不是分诊模型，请重新安装模型") from error
    if not isinstance(classifier, Classifier):
        raise InvalidArtefact(f"模型文件 {model} 里不是分诊模型，请重新安装模型")
    return Artefact(classifier, manifest)


def load_model_taxonomy(folder: Path) -> Taxonomy:
    """The taxonomy that the model in `folder` speaks: the one that lies beside it, else `letters`.

    Raises InvalidArtefact where it is missing or altered, InvalidData where it is none.
    """
    manifest = read_manifest(folder)
    if TAXONOMY_FILE not in manifest["files"]:
        return load_taxonomy(LETTERS)
    path = folder / TAXONOMY_FILE
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidArtefact(f"读不了模型的分类表 {path}，请重新发布模型") from error
    if hashlib.sha256(data).hexdigest() != manifest["files"][TAXONOMY_FILE]:
        raise InvalidArtefact(f"分类表 {path} 与清单不符，可能被改动；改分类表要重新训练模型")
    return read_taxonomy(data, name=str(manifest.get("taxonomy", folder.name)))


def save_classifier(classifier: Classifier, folder: Path) -> str:
    """Write the model into `folder` and return its SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MODEL_FILE).write_bytes(zlib.compress(pickle.dumps(classifier, protocol=5), 6))
    return hash_file(folder / MODEL_FILE)


def save_taxonomy(taxonomy: Taxonomy, folder: Path) -> str:
    """Write the taxonomy of a model into its folder, as spreadsheets read it, and return its
    SHA-256."""
    lines = io.StringIO(newline="")
    writer = csv.DictWriter(lines, COLUMNS.values())
    writer.writeheader()
    writer.writerows(taxonomy_rows(taxonomy))
    (folder / TAXONOMY_FILE).write_bytes(lines.getvalue().encode("utf-8-sig"))
    return hash_file(folder / TAXONOMY_FILE)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of `folder`. Raises InvalidArtefact where it is missing or not a manifest."""
    path = folder / MANIFEST_FILE
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise InvalidArtefact(
            f"模型目录 {folder} 不存在、不许读或没有 {MANIFEST_FILE}，请检查设置 TRIAGE_MODEL_DIR"
        ) from None
    except ValueError:
        raise InvalidArtefact(f"模型清单 {path} 已损坏，请重新安装模型") from None
    if (
        not isinstance(manifest, dict)
        or "id" not in manifest
        or not isinstance(manifest.get("files"), dict)
        or not isinstance(manifest.get("libraries"), dict)
    ):
        raise InvalidArtefact(f"模型清单 {path} 缺少必要内容，请重新安装模型")
    return manifest


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
