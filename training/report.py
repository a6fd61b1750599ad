"""The report on a model: figures for every cut of the examples, curves, and doubtful labels.

Nothing that a submitter wrote goes into it: doubtful labels are named by the record's id.
"""

import csv
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training.curves import draw_curves
from training.measure import (
    LENGTHS,
    Answers,
    Array,
    Figures,
    Tree,
    Truth,
    decide_paths,
    find_confidence,
    length_of,
    measure,
    measure_by_split,
    measure_flags,
    read_truth,
    split_by,
)
from training.readers import Example
from triage.suggestions import NATURES, URGENCY_NAMES

_SHOWN = 15  # confusion pairs of each kind
_DOUBTFUL = 300
_LEAST_DOUBT = 0.5  # how far the model's own answer must be ahead of the label
_TITLES = {
    "n": "件数",
    "level1": "一级",
    "level2": "二级",
    "level3": "三级",
    "level1_macro_f1": "一级宏 F1",
    "level1_confident70": "最有把握的 70% 一级",
    "coverage_at_98": "准到 98% 时的覆盖率",
    "calibration_error": "校准误差 ECE",
    "urgency_kappa": "紧急程度加权 κ",
    "urgent_called": "判为 1-2 级的比例",
    "urgent_recall": "1-2 级召回",
    "urgent_recall_by_rank": "按次序取 20% 的召回",
    "gravest_recall": "特急判为 1-2 级",
    "nature": "性质",
    "nature_macro_f1": "性质宏 F1",
    "accusations": "检举控告件数",
    "accusation_recall": "检举控告召回",
    "accusation_precision": "检举控告准确率",
    "flags_macro_f1": "标签宏 F1",
}
_OVERVIEW = tuple(_TITLES)
_BRIEF = (
    *("n", "level1", "level2", "level3", "level1_macro_f1"),
    *("urgency_kappa", "urgent_recall", "nature", "flags_macro_f1"),
)


def write_report(
    folder: Path, examples: Sequence[Example], answers: Answers, tree: Tree, *, roles: Sequence[str]
) -> dict[str, Figures]:
    """Write report.md, figures.json, the curves and label_errors.csv into `folder`.

    `roles` is the split of each example. Returns the figures by split, the first of them the one
    that the details are about.
    """
    folder.mkdir(parents=True, exist_ok=True)
    truth = read_truth(examples, tree)
    splits = _splits(roles)
    figures = measure_by_split(examples, answers, tree, roles=roles)
    main = next(iter(splits))
    decided = decide_paths(answers, tree)
    known = truth.level1 >= 0
    curves = {
        name: (
            find_confidence(answers, decided[0])[inside],
            (decided[0] == truth.level1)[inside],
        )
        for name, chosen in splits.items()
        if (inside := chosen & known).any()
    }
    pictures = draw_curves(folder, curves)
    inside = splits[main]
    doubtful = find_label_errors(examples, truth, answers, tree)
    _write_rows(folder / "label_errors.csv", doubtful)
    text = [
        "# 模型评估报告",
        "每件来件由没有见过它、也没有见过与它近似的来件的模型回答。"
        f"以下“明细”均为 `{main}` 一组；带 `n` 的是件数，样本少的行只供参考。",
        "## 各组总表",
        _table("指标", list(figures), _rows_by_figure(figures)),
        *(f"![{name}]({name})" for name in pictures),
        "## 明细",
        *_cuts(examples, truth, answers, tree, inside),
        "### 标签",
        _figure_table("标签", measure_flags(truth.take(inside), answers.take(inside))),
        *_confusions(truth, answers, decided, tree, inside),
        "## 可疑的人工标注",
        f"模型与标注相差悬殊的 {len(doubtful)} 项列在 `label_errors.csv`（只列编号，不含原文），"
        "请对照原件复核。其中各组各类的项数：",
        _figure_table("组与类别", _count_doubts(doubtful)),
    ]
    (folder / "report.md").write_text("\n\n".join(text) + "\n", encoding="utf-8")
    (folder / "figures.json").write_text(
        json.dumps(figures, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return figures


def find_label_errors(
    examples: Sequence[Example], truth: Truth, answers: Answers, tree: Tree
) -> list[dict[str, Any]]:
    """Labels that an unseeing model contradicts with confidence, the most confident first.

    A label is doubtful where the model gives another one at least `_LEAST_DOUBT` more probability
    than it (confident learning, Northcutt et al. 2021, by margin and without thresholds by class).
    """
    kinds: list[tuple[str, Array, Array, Sequence[str]]] = [
        ("level1", truth.level1, answers.level1, tree.level1),
        ("urgency", truth.urgency - 1, answers.urgency, list(URGENCY_NAMES.values())),
        ("nature", truth.nature, answers.nature, NATURES),
    ]
    rows = []
    for kind, said, probability, names in kinds:
        for number in np.flatnonzero(said >= 0):
            best = int(probability[number].argmax())
            margin = float(probability[number, best] - probability[number, said[number]])
            if margin >= _LEAST_DOUBT:
                rows.append(
                    {
                        "id": examples[number].id,
                        "source": examples[number].source,
                        "field": kind,
                        "label": names[said[number]],
                        "model": names[best],
                        "margin": round(margin, 4),
                    }
                )
    return sorted(rows, key=lambda row: (-row["margin"], row["id"], row["field"]))[:_DOUBTFUL]


def format_figures(figures: Mapping[str, Figures]) -> str:
    """The figures by split as a Markdown table: one row a figure."""
    return _table("指标", list(figures), _rows_by_figure(figures))


def _splits(roles: Sequence[str]) -> dict[str, Array]:
    """The examples of each role, the roles in the order in which they first come."""
    values = np.array(roles, dtype=object)
    return {role: values == role for role in dict.fromkeys(roles)}


def _cuts(
    examples: Sequence[Example], truth: Truth, answers: Answers, tree: Tree, inside: Array
) -> list[str]:
    """One table for each way to cut the examples."""
    cuts: dict[str, tuple[Callable[[Example], str | None], Sequence[str]]] = {
        "一级分类": (lambda example: example.level1, ()),
        "紧急程度": (
            lambda example: URGENCY_NAMES.get(example.urgency or 0),
            list(URGENCY_NAMES.values()),
        ),
        "诉求性质": (lambda example: example.nature, NATURES),
        "渠道": (lambda example: example.channel, ()),
        "长度（字）": (length_of, [name for name, _, _ in LENGTHS]),
    }
    text = []
    for title, (key, order) in cuts.items():
        parts = {
            name: measure(truth.take(chosen & inside), answers.take(chosen & inside), tree)
            for name, chosen in split_by(examples, key, order).items()
            if (chosen & inside).any()
        }
        if parts:
            text += [f"### 按{title}", _figure_table(title, parts, _BRIEF)]
    return text


def _confusions(
    truth: Truth,
    answers: Answers,
    decided: tuple[Array, Array, Array],
    tree: Tree,
    inside: Array,
) -> list[str]:
    """What is most often taken for what."""
    urgency = ["", *URGENCY_NAMES.values()]
    kinds = [
        ("一级分类", truth.level1, decided[0], tree.level1),
        ("二级分类", truth.level2, decided[1], ["/".join(pair) for pair in tree.level2]),
        ("诉求性质", truth.nature, answers.nature.argmax(axis=1), NATURES),
        ("紧急程度", truth.urgency, answers.urgency_level, urgency),
    ]
    text = []
    for title, said, given, names in kinds:
        unknown = 0 if title == "紧急程度" else -1
        wrong = inside & (said > unknown) & (said != given)
        pairs = Counter(zip(said[wrong].tolist(), given[wrong].tolist(), strict=True))
        if pairs:
            lines = [
                f"| {names[a]} | {names[b]} | {n} |"
                for (a, b), n in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
            ]
            head = ["| 标注 | 模型 | 件数 |", "|---|---|---|"]
            text += [f"### 最常混淆：{title}", "\n".join(head + lines[:_SHOWN])]
    return text


def _rows_by_figure(figures: Mapping[str, Figures]) -> dict[str, list[float | None]]:
    present = [name for name in _OVERVIEW if any(name in row for row in figures.values())]
    return {_TITLES[name]: [row.get(name) for row in figures.values()] for name in present}


def _figure_table(
    corner: str, figures: Mapping[str, Figures], wanted: Sequence[str] | None = None
) -> str:
    """One row a cut, one column a figure."""
    every = dict.fromkeys(name for row in figures.values() for name in row)
    columns = [name for name in wanted or every if name in every]
    rows = {name: [row.get(column) for column in columns] for name, row in figures.items()}
    return _table(corner, [_TITLES.get(column, column) for column in columns], rows)


def _table(corner: str, columns: Sequence[str], rows: Mapping[str, Sequence[float | None]]) -> str:
    lines = [f"| {' | '.join([corner, *columns])} |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {name} | {' | '.join(map(_number, row))} |" for name, row in rows.items()]
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "—"
    return str(value) if isinstance(value, int) or value == int(value) > 1 else f"{value:.3f}"


def _count_doubts(rows: Sequence[Mapping[str, Any]]) -> dict[str, Figures]:
    counts = Counter((row["source"], row["field"]) for row in rows)
    return {f"{source} {field}": {"n": n} for (source, field), n in sorted(counts.items())}


def _write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, ["id", "source", "field", "label", "model", "margin"])
        writer.writeheader()
        writer.writerows(rows)
