import json
import re
import socket
from collections import Counter
from pathlib import Path

import pytest
from service_factories import TINY_MODEL

from api.demo import load_samples, run_demo
from triage.submissions import Channel

SEED = Path(__file__).parent.parent / "training" / "corpus" / "seed.jsonl"


def test_the_samples_are_sixty_of_the_seed_corpus_of_all_kinds() -> None:
    samples = load_samples()
    assert len({sample["id"] for sample in samples}) == 60
    with SEED.open(encoding="utf-8") as lines:
        seed = {row["content"]: row for row in map(json.loads, lines)}
    rows = [seed[sample["content"]] for sample in samples]
    assert len({row["l1"] for row in rows}) == 15
    assert min(Counter(row["urgency"] for row in rows).values()) >= 10
    assert len({row["nature"] for row in rows}) == 7
    assert Counter(sample["channel"] for sample in samples) == dict.fromkeys(Channel, 10)


def test_the_demo_sends_all_samples_and_shows_every_ledger(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRIAGE_MODEL_DIR", str(TINY_MODEL))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run_demo(port=port, wait=False)
    told = capsys.readouterr().out
    assert "\x1b" not in told
    counted = re.search(r"已派出 (\d+) 件，待复核 (\d+) 件，转纪检 (\d+) 件", told)
    assert counted
    sent, waiting, hidden = map(int, counted.groups())
    assert sent + waiting + hidden == 60
    assert sum(map(int, re.findall(r" 共 (\d+) 条", told))) == sent
    address = re.search(r"http://127\.0\.0\.1:(\d+)/#key=mst_\w+", told)
    assert address
    assert int(address[1]) != port
