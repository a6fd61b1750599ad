"""The released model of reply quality on disk: plain arrays, a manifest and a card.

Nothing in it is a pickle, so nothing of it can run; the SHA-256 in the manifest still tells whether
it is the file that was released.
"""

import zipfile
from pathlib import Path

import numpy as np

from triage.artefacts import hash_file, read_manifest
from triage.errors import InvalidArtefact
from triage.replies import Forest, ReplyModel
from triage.replyreading import Phrases

ARRAYS_FILE = "replies.npz"
_FOREST = ("roots", "feature", "threshold", "left", "right", "value")


def load_reply_model(folder: Path) -> ReplyModel:
    """The model in `folder`. Raises InvalidArtefact where a file is missing, altered or odd."""
    manifest = read_manifest(folder)
    path = folder / ARRAYS_FILE
    if not path.is_file():
        raise InvalidArtefact(f"模型目录 {folder} 中没有 {ARRAYS_FILE}，请重新安装或重新发布模型")
    if hash_file(path) != manifest["files"].get(ARRAYS_FILE):
        raise InvalidArtefact(f"模型文件 {path} 与清单不符，可能被改动或损坏，请重新安装模型")
    try:
        with np.load(path) as arrays:
            words, weights = arrays["words"].tolist(), arrays["weights"].tolist()
            return ReplyModel(
                id=str(manifest["id"]),
                phrases=Phrases(
                    weights=dict(zip(words, weights, strict=True)),
                    unknown=float(arrays["unknown"]),
                    stock=frozenset(arrays["stock"].tolist()),
                ),
                forest=Forest(*(arrays[name] for name in _FOREST)),
                names=tuple(arrays["names"].tolist()),
                line=float(arrays["line"]),
            )
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise InvalidArtefact(f"模型文件 {path} 里不是回告质量模型，请重新安装模型") from error


def save_reply_model(model: ReplyModel, folder: Path) -> str:
    """Write the arrays of the model into `folder` and return their SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    words = sorted(model.phrases.weights)
    path = folder / ARRAYS_FILE
    np.savez_compressed(
        path,
        allow_pickle=False,
        words=np.array(words),
        weights=np.array([model.phrases.weights[word] for word in words], np.float32),
        unknown=np.float32(model.phrases.unknown),
        stock=np.array(sorted(model.phrases.stock)),
        names=np.array(model.names),
        line=np.float32(model.line),
        **{name: getattr(model.forest, name) for name in _FOREST},
    )
    return hash_file(path)
