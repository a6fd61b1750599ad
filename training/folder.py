"""A fitted model as a folder: written with all that is known of it, and reported on."""

import json
import platform
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from training.card import write_card
from training.config import Config
from training.dataset import Corpus, load_corpus
from training.fit import fit_classifier
from training.labels import load_label_taxonomy
from training.measure import Figures, measure_by_split, read_answers, read_tree
from training.readers import Example, read_examples
from training.release import CARD, UNSEEN, Manifest
from training.report import write_report
from triage.artefacts import (
    FORM,
    LETTERS,
    MANIFEST_FILE,
    MODEL_FILE,
    TAXONOMY_FILE,
    load_artefact,
    load_model_taxonomy,
    save_classifier,
    save_taxonomy,
)
from triage.classifiers import Classifier, Judgements, Lines, read_signals
from triage.danger import DangerLexicon, load_dangers
from triage.desk import CHUNK
from triage.errors import InvalidArtefact
from triage.features import read_text
from triage.meanings import load_meanings
from triage.suggestions import FLAGS

LIBRARIES = ("numpy", "scipy", "scikit-learn")


def write_model(folder: Path, config: Config, *, date: str, say: Callable[[str], None]) -> Manifest:
    """Fit what `config` names and write model, manifest, card and unseen answers; the manifest."""
    corpus = load_corpus(config)
    folder.mkdir(parents=True, exist_ok=True)  # rather now than after an hour of fitting
    say(f"{len(corpus.examples)} 件来件，{len(set(corpus.groups.tolist()))} 组互不相似；开始拟合")
    fit = fit_classifier(corpus, config, say=say)
    digest = save_classifier(fit.classifier, folder)
    np.savez_compressed(folder / UNSEEN, allow_pickle=False, **_arrays(fit.unseen))
    taxonomy = load_label_taxonomy(config.taxonomy)
    files = {MODEL_FILE: digest}
    if config.taxonomy != LETTERS:
        files[TAXONOMY_FILE] = save_taxonomy(taxonomy, folder)
    tree = read_tree(fit.classifier, taxonomy)
    answers = read_answers(fit.unseen, fit.classifier.lines)
    manifest = {
        "id": f"{config.name}-{digest[:8]}",
        "created": date,
        "form": FORM,
        "taxonomy": taxonomy.name,
        "files": files,
        "libraries": {name: version(name) for name in LIBRARIES}
        | {"python": platform.python_version()},
        "corpus": {"digest": corpus.digest, "files": _list_files(corpus)},
        "scores": measure_by_split(corpus.examples, answers, tree, roles=corpus.roles),
        "lines": _list_lines(fit.classifier.lines),
        "config": config.as_dict(),
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
    (folder / CARD).write_text(write_card(manifest), encoding="utf-8")
    say(f"模型 {manifest['id']} 在 {folder}")
    return manifest


def evaluate_unseen(folder: Path, config: Config, report: Path) -> dict[str, Figures]:
    """Report on what the fitted model said of its own corpus unseen.

    Raises InvalidArtefact where the folder has no such answers or was fitted on another corpus.
    """
    artefact = load_artefact(folder)
    corpus = load_corpus(config)
    if corpus.digest != artefact.manifest["corpus"]["digest"]:
        raise InvalidArtefact(f"{folder} 不是用这份语料训练的，请用训练时的 --data 与 --config")
    try:
        with np.load(folder / UNSEEN) as arrays:
            unseen = Judgements(**{name: arrays[name] for name in arrays.files})
    except OSError as error:
        raise InvalidArtefact(
            f"{folder} 中没有 {UNSEEN}：发布的模型不带它，请先 fit，或用 --test 另给文件"
        ) from error
    return write_report(
        report,
        corpus.examples,
        read_answers(unseen, artefact.classifier.lines),
        read_tree(artefact.classifier, load_model_taxonomy(folder)),
        roles=corpus.roles,
    )


def evaluate_file(folder: Path, test: Path, report: Path) -> dict[str, Figures]:
    """Report on what the model says of a labelled file it was not fitted on."""
    artefact = load_artefact(folder)
    examples = read_examples(test)
    lexicon = load_dangers((files("triage") / "data" / "danger.toml").read_bytes())
    judged = judge(artefact.classifier, examples, lexicon)
    return write_report(
        report,
        examples,
        read_answers(judged, artefact.classifier.lines),
        read_tree(artefact.classifier, load_model_taxonomy(folder)),
        roles=[test.stem] * len(examples),
    )


def judge(
    classifier: Classifier, examples: Sequence[Example], lexicon: DangerLexicon
) -> Judgements:
    """What the model says of each example, a chunk at a time as the desk does."""
    chunks = []
    for start in range(0, len(examples), CHUNK):
        readings = [read_text(e.title, e.content) for e in examples[start : start + CHUNK]]
        dangers = [lexicon.find(reading.title, reading.content) for reading in readings]
        terms = classifier.features.read(readings)
        meant = load_meanings().read(readings)
        signals = read_signals(readings, dangers, lexicon, meant)
        chunks.append(classifier.judge(terms.rows, signals, dangers))
    parts = [_arrays(chunk) for chunk in chunks]
    return Judgements(**{name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _arrays(judgements: Judgements) -> dict[str, Any]:
    return {field.name: getattr(judgements, field.name) for field in fields(judgements)}


def _list_files(corpus: Corpus) -> list[dict[str, Any]]:
    """Each file's splits in corpus order: name, role, rows and the weight of one."""
    keys = [(e.source, role) for e, role in zip(corpus.examples, corpus.roles, strict=True)]
    rows = Counter(keys)
    weight = dict(zip(keys, corpus.weights.tolist(), strict=True))
    return [
        {"name": name, "role": role, "rows": count, "weight": round(weight[name, role], 4)}
        for (name, role), count in rows.items()
    ]


def _list_lines(lines: Lines) -> dict[str, float]:
    plain = asdict(lines)
    flags = dict(zip(FLAGS, plain.pop("flags"), strict=True))
    return {name: round(float(value), 4) for name, value in (plain | flags).items()}
