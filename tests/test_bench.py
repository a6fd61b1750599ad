"""The benchmarks run and say true things; how fast anything is, no test asserts."""

import cProfile
import json
import pstats
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from bench.__main__ import BENCHMARKS
from bench.peers import PEERS, find_missing
from bench.results import Result, find_percentiles
from bench.sample import make_long, make_sample, mean_length, read_labelled
from bench.service import read_peak_mb
from bench.stages import charge_modules
from triage.desk import load_desk

ROOT = Path(__file__).parent.parent
TINY = Path(str(files("models"))) / "tiny"


def test_the_sample_is_as_long_as_real_messages_and_always_the_same() -> None:
    sample = make_sample(3000)
    assert len({submission.id for submission in sample}) == 3000
    assert 310 < mean_length(sample) < 370
    lengths = sorted(len(submission.content) for submission in sample)
    assert 180 < lengths[1500] < 240
    assert 600 < lengths[2700] < 800
    assert lengths[-1] <= 3000
    assert make_sample(20) == sample[:20]


def test_records_of_ones_own_are_read_as_they_are_and_come_round_again(tmp_path: Path) -> None:
    data = tmp_path / "own.jsonl"
    rows = [{"title": "停水", "content": "三天了"}, {"content": "路灯不亮", "title": None}]
    data.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    sample = make_sample(3, data=data)
    assert [(s.title, s.content) for s in sample] == [
        ("停水", "三天了"),
        ("", "路灯不亮"),
        ("停水", "三天了"),
    ]
    assert [len(s.content) for s in make_long(400, 3, data=data)] == [400] * 3


def test_peers_learn_the_fifteen_domains() -> None:
    _, labels = read_labelled()
    assert len(set(labels)) == 15
    assert not {"jieba", "rjieba"} & set(find_missing())
    label = PEERS["rjieba"][1]()
    assert set(label(["小区停水三天没有人管"])) <= set(labels)


def test_a_result_is_a_line_to_read_and_a_line_of_json() -> None:
    line, figures = (
        Result("x", "快", {"p": find_percentiles([0.001, 0.002, 0.003], 50)}).as_text().split("\n")
    )
    assert line == "快"
    assert json.loads(figures) == {"bench": "x", "p": {"p50": 2.0}}


def test_the_peak_of_memory_is_read_in_megabytes() -> None:
    assert read_peak_mb("Name:\tx\nVmHWM:\t  204800 kB\nVmRSS:\t 1 kB\n") == 200


def test_time_in_libraries_is_charged_to_the_module_that_called_them() -> None:
    desk = load_desk(TINY)
    profile = cProfile.Profile()
    profile.runcall(desk.suggest_many, make_sample(32))
    stats = pstats.Stats(profile)
    charged = charge_modules(stats)
    assert {"desk", "features", "danger", "places", "meanings", "evidence"} <= set(charged)
    assert sum(charged.values()) == pytest.approx(stats.total_tt, rel=0.05)  # type: ignore[attr-defined]  # not in typeshed


@pytest.mark.slow
def test_a_benchmark_runs_from_the_command_line() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "bench", "stages", "--rounds", "1", "--model", str(TINY)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    figures = json.loads(said.stdout.splitlines()[1])
    assert figures["ms"] > 0
    assert figures["bench"] == "stages"


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
