import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from typer.testing import CliRunner

from training.__main__ import app
from training.benchmark import class_gravity

WORDS = {
    "水务": ("自来水", "水管", "漏水", "水压", "水费", "抄表", "停水", "水质"),
    "交通": ("公交车", "红绿灯", "堵车", "路口", "斑马线", "站台", "班次", "停车"),
    "教育": ("幼儿园", "学校", "招生", "老师", "补课", "学费", "家长", "食堂"),
}


def make_records(label: str, *, seed: int) -> list[dict[str, str]]:
    """Thirty records of three words of their label each, no two near-copies."""
    rng = np.random.default_rng(seed)
    return [
        {"title": words[0], "content": "，".join(words), "类": label}
        for words in (rng.permutation(WORDS[label])[:3].tolist() for _ in range(30))
    ]


RECORDS = [r for seed, label in enumerate(WORDS) for r in make_records(label, seed=seed)]


def write(path: Path, records: list[dict[str, Any]]) -> str:
    text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["benchmark", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_last_line_is_the_figures_of_what_was_not_learnt(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", [r for i, r in enumerate(RECORDS) if i % 4])
    test = write(tmp_path / "test.jsonl", RECORDS[::4])
    code, out, err = run(train, test, "--label", "类")
    assert code == 0, err
    figures = json.loads(out.splitlines()[-1])
    assert list(figures) == ["n", "accuracy", "macro_f1", "fit_s", "predict_per_s"]
    assert figures["n"] == len(RECORDS[::4])
    assert figures["accuracy"] == figures["macro_f1"] == 1
    again = json.loads(run(train, test, "--label", "类")[1].splitlines()[-1])
    assert again["macro_f1"] == figures["macro_f1"]


def test_a_record_without_the_label_is_counted_and_refused(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", RECORDS)
    test = write(tmp_path / "test.jsonl", [{"title": "无标签", "content": "内容"}])
    code, out, err = run(train, test, "--label", "类")
    assert (code, out) == (1, "")
    assert "1 件没有“类”" in err


def test_records_without_titles_are_learnt_from_their_content(tmp_path: Path) -> None:
    untitled = [{"content": r["content"], "类": r["类"]} for r in RECORDS]
    path = write(tmp_path / "a.jsonl", untitled)
    code, out, err = run(path, path, "--label", "类")
    assert code == 0, err
    assert json.loads(out.splitlines()[-1])["accuracy"] > 0.9


def test_too_few_records_are_told_in_a_sentence(tmp_path: Path) -> None:
    few = [{"content": "路灯不亮", "类": "一"}, {"content": "水管爆裂", "类": "二"}]
    path = write(tmp_path / "a.jsonl", few)
    code, _, err = run(path, path, "--label", "类")
    assert code == 1
    assert "2 件太少" in err


def test_one_label_alone_teaches_nothing(tmp_path: Path) -> None:
    train = write(tmp_path / "train.jsonl", RECORDS[:10])
    code, _, err = run(train, train, "--label", "类")
    assert code == 1
    assert "只有一种取值" in err


def test_a_term_of_one_label_has_more_gravity_than_one_of_all() -> None:
    present = np.zeros((90, 2), np.float32)
    present[:30, 0] = 1  # only in the first label
    present[::3, 1] = 1  # in a third of each label
    labels = np.eye(3, dtype=np.float32)[np.repeat([0, 1, 2], 30)]
    alone, shared = class_gravity(sp.csr_matrix(present), labels)
    assert alone > 0.9
    assert shared == pytest.approx(1 / 6, abs=0.01)  # equal shares: 1 / (1 + 2 + 3)
