"""The figures of repeats, on a few invented messages."""

import json
from pathlib import Path

import pytest

from training import repeats
from training.repeats import measure_repeats
from triage.errors import InvalidFile

CORPUS = Path(__file__).parent.parent / "training" / "corpus" / "seed.jsonl"


def test_edits_planted_among_the_corpus_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "PLANTED", 100)
    rows = [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()[:300]]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "messages_seed.jsonl").write_text("\n".join(lines), encoding="utf-8")
    figures = measure_repeats(tmp_path)
    assert (figures["messages"], figures["planted"]) == (300, 100)
    assert set(figures["recall_by_edit"]) == {
        "punctuation",
        "characters",
        "sentences",
        "greeting",
        "misread",
    }
    assert figures["recall"] >= 0.98
    assert figures["precision"] >= 0.98
    assert figures["found"] == round(100 * figures["recall"])


def test_a_folder_without_messages_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="messages_"):
        measure_repeats(tmp_path)
