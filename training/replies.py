"""Learns and measures `triage.replies` on replies that were judged by hand.

    python -m training.replies fit OUT --judged JUDGED.jsonl --texts TEXTS.jsonl [--date DAY]
    python -m training.replies evaluate --judged JUDGED.jsonl --texts TEXTS.jsonl

JUDGED holds `id, title, content, reply, received_at, replied_at` and the marks `relevance,
completeness, grounds, action` (0-2) and `perfunctory`; TEXTS more messages with their `reply`, from
which it is learnt which words and phrases are common. All texts are masked first, and no word or
phrase enters the model that fewer than `WRITERS` (`PHRASE_WRITERS`) distinct writers used.

To each judged reply comes the same reply under another's message: it answers nothing there. So the
model leans on what a reply has in common with its message, not on its length alone.
"""

import argparse
import json
import math
import platform
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import ExtraTreesRegressor

from training.dataset import find_groups
from triage.artefacts import MANIFEST_FILE
from triage.features import Array
from triage.privacy import mask
from triage.replies import ASPECTS, Forest, ReplyModel
from triage.replymodels import ARRAYS_FILE, save_reply_model
from triage.replyreading import Phrases, Reply, list_runs, list_words, read_reply
from triage.text import clean_text

WRITERS = 5
PHRASE_WRITERS = 8
TREES = 120
LEAF = 4
SHARE = 0.4  # of the features that are tried at each split
SWAPPED = 0.03  # weight of a reply under another's message
FOLDS = 5
REPEATS = 3
RECALL = 0.9  # of the perfunctory among the training replies, unseen, that the line should catch
SIMILARITY = 0.5
SEED = 0

Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """The records of a JSON-lines file, their texts clean and masked."""
    rows = []
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            for name in ("title", "content", "reply"):
                row[name] = mask(clean_text(row.get(name) or ""))
            rows.append(row)
    return rows


def learn_phrases(rows: Sequence[Row]) -> Phrases:
    """Which words and runs are common, by the number of distinct writers who use them."""
    groups = find_groups([row["content"] for row in rows], similarity=SIMILARITY, seed=SEED)
    words: dict[int, set[str]] = {}
    runs: dict[int, set[str]] = {}
    for group, row in zip(groups.tolist(), rows, strict=True):
        text = "。".join((row["title"], row["content"], row["reply"]))
        words.setdefault(group, set()).update(list_words(text))
        runs.setdefault(group, set()).update(list_runs(row["reply"]))
    used = Counter(word for group in words.values() for word in group)
    shared = Counter(run for group in runs.values() for run in group)
    total = 1 + len(words)
    return Phrases(
        weights={w: math.log(total / (1 + n)) for w, n in used.items() if n >= WRITERS},
        unknown=math.log(total / WRITERS),
        stock=frozenset(run for run, n in shared.items() if n >= PHRASE_WRITERS),
    )


class Judged:
    """Judged replies with their features, and each once more under another's message."""

    def __init__(self, rows: Sequence[Row], phrases: Phrases) -> None:
        self.ids = [row["id"] for row in rows]
        self.marks = np.array([[row[name] for name in ASPECTS] for row in rows], float)
        self.perfunctory = np.array([bool(row["perfunctory"]) for row in rows])
        self.groups = _join_groups(rows)
        features = [read_reply(_reply(row, row), phrases).features for row in rows]
        self.names = tuple(features[0])
        self.rows = _matrix(features, self.names)
        self.substantial = self.rows[:, self.names.index("substantial")]
        others = _others(self.groups)
        swapped = [
            read_reply(_reply(rows[other], row), phrases).features
            for other, row in zip(others, rows, strict=True)
        ]
        self.others = others
        self.swapped = _matrix(swapped, self.names)

    def fit(self, train: Array) -> Callable[[Array], Array]:
        """Trees on some of the rows; gives marks and perfunctory for feature rows."""
        targets = np.column_stack([self.marks, self.perfunctory])
        beside = targets[train].copy()
        beside[:, :2] = 0.0
        beside[:, 4] = 1.0
        known = np.isin(self.others[train], train)  # no word of a message that is held out
        rows = np.concatenate([self.rows[train], self.swapped[train][known]])
        wanted = np.concatenate([targets[train], beside[known]])
        weights = np.repeat([1.0, SWAPPED], [len(train), int(known.sum())])
        trees = ExtraTreesRegressor(
            TREES, min_samples_leaf=LEAF, max_features=SHARE, random_state=SEED
        )
        trees.fit(rows, wanted, sample_weight=weights)
        self.trees_ = trees
        predict: Callable[[Array], Array] = trees.predict
        return predict

    def split(self, seed: int, within: Array | None = None) -> Iterator[tuple[Array, Array]]:
        """(train, test) rows; whole groups of near-identical texts are held out."""
        here = np.arange(len(self.ids)) if within is None else within
        names = np.unique(self.groups[here])
        np.random.default_rng(seed).shuffle(names)
        for part in np.array_split(names, FOLDS):
            out = np.isin(self.groups[here], part)
            yield here[~out], here[out]

    def find_line(self, train: Array, seed: int) -> float:
        """Where 敷衍 begins: it catches `RECALL` of those in `train`, each unseen by its judge."""
        scores = np.zeros(len(self.ids))
        for rest, out in self.split(seed, train):
            scores[out] = self.fit(rest)(self.rows[out])[:, 4]
        bad = np.sort(scores[train][self.perfunctory[train]])
        return float(bad[int((1 - RECALL) * len(bad))]) - 1e-6


def evaluate(judged: Judged) -> dict[str, float]:
    """Figures of grouped cross-validation: each reply is judged by trees, and by a line, that saw
    neither it nor its like. The mean of `REPEATS` ways to split."""
    repeats = []
    for seed in range(REPEATS):
        answers = np.zeros((len(judged.ids), 5))
        called = np.zeros(len(judged.ids), bool)
        beside = np.zeros(len(judged.ids))
        for train, test in judged.split(seed):
            line = judged.find_line(train, seed)
            predict = judged.fit(train)
            answers[test] = predict(judged.rows[test])
            beside[test] = predict(judged.swapped[test])[:, 0]
            called[test] = (answers[test, 4] >= line) & (judged.substantial[test] == 0)
        hits = int((called & judged.perfunctory).sum())
        figures = {"spearman": _rank(answers[:, :4].sum(axis=1), judged.marks.sum(axis=1))}
        for column, name in enumerate(ASPECTS):
            figures[name] = _rank(answers[:, column], judged.marks[:, column])
        figures["perfunctory_recall"] = hits / int(judged.perfunctory.sum())
        figures["perfunctory_precision"] = hits / max(1, int(called.sum()))
        good = judged.marks[:, 0] == 2
        figures["swapped_below_own"] = float((beside < answers[:, 0])[good].mean())
        repeats.append(figures)
    return {name: round(float(np.mean([r[name] for r in repeats])), 4) for name in repeats[0]}


def fit(judged: Judged, phrases: Phrases) -> ReplyModel:
    """The model on all judged replies; its id is given when it is written."""
    everything = np.arange(len(judged.ids))
    line = judged.find_line(everything, SEED)
    judged.fit(everything)
    return ReplyModel("", phrases, _pack(judged.trees_), judged.names, line)


def write(folder: Path, model: ReplyModel, manifest: Row) -> None:
    """Write arrays, manifest and card."""
    digest = save_reply_model(model, folder)
    told = {"id": f"replies-{digest[:8]}", "files": {ARRAYS_FILE: digest}} | manifest
    text = json.dumps(told, ensure_ascii=False, indent=1)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
    (folder / "CARD.md").write_text(_write_card(told), encoding="utf-8")


def _reply(message: Row, answer: Row) -> Reply:
    return Reply(answer["id"], message["title"], message["content"], answer["reply"])


def _matrix(features: Sequence[dict[str, float]], names: Sequence[str]) -> Array:
    return np.array([[row[name] for name in names] for row in features], np.float32)


def _join_groups(rows: Sequence[Row]) -> Array:
    """Alike where the messages or the replies are near-identical."""
    messages = find_groups([row["content"] for row in rows], similarity=SIMILARITY, seed=SEED)
    replies = find_groups([row["reply"] for row in rows], similarity=SIMILARITY, seed=SEED)
    joined = messages.copy()
    for number in np.unique(replies):
        alike = np.unique(joined[replies == number])
        joined[np.isin(joined, alike)] = alike[0]
    return joined


def _others(groups: Array) -> Array:
    """For each row another, of another group."""
    order = np.random.default_rng(SEED).permutation(len(groups))
    others = np.empty(len(groups), np.int64)
    others[order] = np.roll(order, 1)
    for row in np.flatnonzero(groups == groups[others]):
        others[row] = next(i for i in order if groups[i] != groups[row])
    return others


def _rank(ours: Array, theirs: Array) -> float:
    return float(spearmanr(ours, theirs).statistic)


def _pack(trees: ExtraTreesRegressor) -> Forest:
    parts: dict[str, list[Array]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "value")
    }
    roots, first = [], 0
    for tree in (estimator.tree_ for estimator in trees.estimators_):
        leaf = tree.children_left < 0
        roots.append(first)
        parts["feature"].append(np.where(leaf, -1, tree.feature))
        parts["threshold"].append(tree.threshold)
        parts["left"].append(np.where(leaf, 0, tree.children_left + first))
        parts["right"].append(np.where(leaf, 0, tree.children_right + first))
        parts["value"].append(tree.value[:, :, 0])
        first += tree.node_count
    kinds = {"feature": np.int16, "threshold": np.float32, "value": np.float32}
    packed = {
        name: np.concatenate(arrays).astype(kinds.get(name, np.int32))
        for name, arrays in parts.items()
    }
    return Forest(np.array(roots, np.int32), **packed)


def _write_card(manifest: Row) -> str:
    figures = manifest["scores"]
    lines = "\n".join(f"| {name} | {value:g} |" for name, value in figures.items())
    return f"""# {manifest["id"]}

民声分诊的回告质量模型：对照来件读一篇回告，给出针对性、完整性、依据、措施四项（0–2），并提示是否敷衍。

## 学了什么

{manifest["judged"]} 篇由人逐篇评定的真实回告（其中敷衍 {manifest["perfunctory"]} 篇）。
另有 {manifest["texts"]} 件有回告的真实来件，只用来统计哪些词、哪些套话常见。
**原文不在本目录，也不随产品分发**；统计前已遮盖姓名、电话、证件号、地址等个人信息；
词至少由 {WRITERS} 个不同的反映人及其回告用过，套话至少 {PHRASE_WRITERS} 个。
每篇回告还配到别人的来件下学一次（权重 {SWAPPED}）：答非所问的样子。

## 有多准

按近似组 {FOLDS} 折交叉验证，重复 {REPEATS} 次取平均；分界线也只用训练部分定。

| 指标 | 值 |
|---|---|
{lines}

`spearman` 是四项之和与人评之和的等级相关，其下四行是各项的；
`swapped_below_own` 是同一篇回告配到别人来件下时，针对性低于配自己来件的比例（只算人评为 2 的）。

## 什么时候不要用

- 不要拿它考核人：它只提示哪里值得再看一眼。150 篇评定出自同一个省、2020 年以前、网络问政一种渠道。
- 它看写了什么，不知道写的是不是真的；办没办以回访为准。
- 换地区、换渠道，请先用自己的回告评定几十篇，再 `evaluate`。

## 重新训练

    python -m training.replies fit 新目录 --judged 评定.jsonl --texts 来件与回告.jsonl
    python -m training.replies evaluate --judged 评定.jsonl --texts 来件与回告.jsonl
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("fit", "evaluate"):
        command = commands.add_parser(name)
        if name == "fit":
            command.add_argument("out", type=Path)
            command.add_argument("--date", default="")
        command.add_argument("--judged", type=Path, required=True)
        command.add_argument("--texts", type=Path, required=True)
    arguments = parser.parse_args()
    rows = read_rows(arguments.judged)
    ids = {row["id"] for row in rows}
    texts = [r for r in read_rows(arguments.texts) if r["reply"] and r["id"] not in ids]
    phrases = learn_phrases(texts)
    judged = Judged(rows, phrases)
    figures = evaluate(judged)
    print(json.dumps(figures))
    if arguments.command == "fit":
        manifest = {
            "created": arguments.date,
            "libraries": {name: version(name) for name in ("numpy", "scikit-learn")}
            | {"python": platform.python_version()},
            "judged": len(rows),
            "perfunctory": int(judged.perfunctory.sum()),
            "texts": len(texts),
            "scores": figures,
        }
        write(arguments.out, fit(judged, phrases), manifest)


if __name__ == "__main__":
    main()
