import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.measure import (
    Answers,
    Array,
    Tree,
    calibration_error,
    coverage_curve,
    decide_paths,
    make_tree,
    measure,
    read_truth,
)
from training.readers import Example
from training.report import find_label_errors, write_report
from triage.suggestions import FLAGS, NATURES

PATHS = [("教育", "学校", "收费"), ("教育", "学校", "招生"), ("交通", "公交", "线路")]
TREE: Tree = make_tree(["交通", "教育"], [("交通", "公交"), ("教育", "学校")], PATHS)


def make_example(number: int, path: int, **changes: Any) -> Example:
    level1, level2, level3 = PATHS[path]
    fields: dict[str, Any] = {
        "title": "标题",
        "content": "内容" * 30,
        "urgency": 4,
        "nature": "咨询",
        "flags": (),
        "channel": "来信",
    }
    return Example(f"e{number}", **(fields | changes), level1=level1, level2=level2, level3=level3)


def make_answers(path: Array, *, urgency: Array | None = None) -> Answers:
    """Answers whose levels add up; urgency 一般, nature 咨询 and no flag unless given."""
    size = len(path)
    if urgency is None:
        urgency = np.tile([0.0, 0.1, 0.2, 0.7], (size, 1))
    level2 = np.stack([path[:, 2], path[:, :2].sum(axis=1)], axis=1)
    return Answers(
        level1=level2,
        level2=level2,
        path=path,
        urgency=urgency,
        urgency_level=urgency.argmax(axis=1) + 1,
        nature=np.eye(len(NATURES))[np.zeros(size, int)],
        flags=np.full((size, len(FLAGS)), 0.1),
        flagged=np.zeros((size, len(FLAGS)), bool),
        accused=np.zeros(size, bool),
    )


SURE = np.array([[0.9, 0.05, 0.05], [0.3, 0.31, 0.39], [0.1, 0.1, 0.8], [0.9, 0.0, 0.1]])
EXAMPLES = [make_example(0, 0), make_example(1, 1), make_example(2, 2), make_example(3, 2)]


def test_the_levels_of_an_answer_always_agree() -> None:
    first, second, leaf = decide_paths(make_answers(SURE), TREE)
    assert leaf.tolist() == [0, 2, 2, 0]
    assert first.tolist() == [1, 0, 0, 1]  # 线路 0.39 is the best leaf, though 教育 has 0.61 in all
    assert second.tolist() == [1, 0, 0, 1]


def test_accuracy_counts_every_level() -> None:
    figures = measure(read_truth(EXAMPLES, TREE), make_answers(SURE), TREE)
    assert figures["n"] == 4
    assert figures["level1"] == figures["level3"] == 0.5
    assert figures["nature"] == 1


def test_a_label_that_nobody_gave_takes_no_part() -> None:
    unlabelled = [Example("u", "标题", "内容"), *EXAMPLES]
    answers = make_answers(np.vstack([SURE[3], SURE]))
    figures = measure(read_truth(unlabelled, TREE), answers, TREE)
    assert figures["level1"] == 0.5
    only = measure(read_truth(unlabelled[:1], TREE), make_answers(SURE[:1]), TREE)
    assert only == {"n": 1}


def test_urgent_recall_counts_levels_one_and_two_called_either_way() -> None:
    examples = [make_example(n, 0, urgency=level) for n, level in enumerate((1, 2, 2, 3, 4))]
    said = np.eye(4)[[1, 0, 2, 1, 3]]
    figures = measure(
        read_truth(examples, TREE), make_answers(np.tile(SURE[0], (5, 1)), urgency=said), TREE
    )
    assert figures["urgent_recall"] == pytest.approx(2 / 3, abs=1e-4)
    assert figures["urgent_called"] == 0.6
    assert figures["gravest_recall"] == 1
    assert figures["urgent_recall_by_rank"] == pytest.approx(1 / 3, abs=1e-4)  # one place in five


def test_the_surest_come_first_on_the_curve() -> None:
    share, accuracy = coverage_curve(np.array([0.2, 0.9, 0.5]), np.array([False, True, True]))
    assert share.tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert accuracy.tolist() == pytest.approx([1, 1, 2 / 3])


def test_confidence_that_keeps_its_word_has_no_calibration_error() -> None:
    confidence = np.repeat([0.25, 0.75], 4)
    kept = np.array([True, False, False, False, True, True, True, False])
    assert calibration_error(confidence, kept) == pytest.approx(0)
    assert calibration_error(confidence, ~kept) == pytest.approx(0.5)


def test_a_confident_disagreement_is_a_doubtful_label_and_a_narrow_one_is_not() -> None:
    examples = [make_example(0, 2), make_example(1, 2)]
    answers = make_answers(np.array([[0.9, 0.05, 0.05], [0.3, 0.25, 0.45]]))
    (row,) = find_label_errors(examples, read_truth(examples, TREE), answers, TREE)
    assert (row["id"], row["field"], row["label"], row["model"]) == ("e0", "level1", "交通", "教育")


def test_the_report_is_whole_and_quotes_no_text(tmp_path: Path) -> None:
    secret = "只有写信人知道的话"
    examples = [make_example(n, n % 3, content=secret * (n % 4 + 1)) for n in range(12)]
    answers = make_answers(np.tile(SURE, (3, 1)))
    roles = ["gold"] * 8 + ["seed"] * 4
    figures = write_report(tmp_path, examples, answers, TREE, roles=roles)
    assert list(figures) == ["gold", "seed"]
    assert figures["gold"]["n"] == 8
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8")) == figures
    for picture in ("reliability.png", "coverage.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    for title in ("按一级分类", "按紧急程度", "按渠道", "按长度", "最常混淆：一级分类"):
        assert f"### {title}" in report
    with (tmp_path / "label_errors.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert secret not in report + str(rows)


def test_the_same_answers_give_the_same_report(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_report(tmp_path / name, EXAMPLES, make_answers(SURE), TREE, roles=["gold"] * 4)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
