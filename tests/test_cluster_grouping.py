"""Common problems of an archive in parts: those that one machine finds."""

import json
import os
import signal
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cluster_factories import local_client, needs_cluster, read_results, write_csv, write_parquet

from api.cli.main import run
from api.cluster.grouping import BIN_MEMBERS, find_components, pack
from api.cluster.manifest import DonePart
from api.cluster.neighbours import MOST_SHARERS, NEXT_OF_MANY, pair_sharers
from api.cluster.parts import find_parts
from api.cluster.scoring import make_scoring
from api.cluster.steps import group_steps
from api.files.batch import DeskFiles
from api.files.problemfile import find_problems
from api.files.reading import CHINA_TIME
from bench.sample import read_records
from triage.errors import TriageError

if TYPE_CHECKING:
    from distributed import Client

pytestmark = needs_cluster
TINY = Path(__file__).parent.parent / "models" / "tiny"
NOW = datetime(2024, 6, 1, 12, tzinfo=CHINA_TIME)
SCORING = make_scoring(DeskFiles(TINY), now=NOW)
NAMES = "云岭松涛百汇青石望江锦绣兰亭丹枫碧桐紫荆翠屏金鼎"
KINDS = ("小区", "苑", "广场", "镇中学", "路", "花园")
AGAIN = ("我也来反映一下：{}", "{}请尽快处理，谢谢。", "再次反映，{}", "{}邻居们都很着急。")


def make_archive(count: int) -> list[dict[str, str]]:
    """Messages of the corpus, each of a place of its own, a third of them told again in other
    words, spread far apart."""
    rows = []
    for number, record in enumerate(read_records()[:count]):
        first, second = divmod(number, len(NAMES))
        place = f"{NAMES[first]}{NAMES[second]}{KINDS[number % len(KINDS)]}"
        title, content = f"{place}{record['title']}", f"{place}。{record['content']}"
        times = 1 + len(AGAIN) if number % 9 == 0 else 2 if number % 3 == 0 else 1
        for again in range(times):
            words = content if not again else AGAIN[again - 1].format(content)
            day = f"2024-0{1 + again}-{1 + number % 28:02} 10:00"
            row = {"id": f"{number}-{again}", "title": title, "content": words, "time": day}
            rows.append((again, number, row))
    return [row for _, _, row in sorted(rows, key=lambda one: one[:2])]


def find_here(rows: Sequence[dict[str, str]], folder: Path) -> dict[str, dict[str, Any]]:
    """The problems that this machine finds in one file of all rows, by their ids."""
    source = write_csv(folder / "all.csv", rows)
    answer, _ = find_problems(source, desk_files=DeskFiles(TINY), now=NOW, workers=1)
    return {problem["id"]: problem for problem in answer["problems"]}


def write_archive(folder: Path, rows: Sequence[dict[str, str]], *, parts: int) -> None:
    size = -(-len(rows) // parts)
    for number in range(parts):
        write_csv(folder / f"{number}.csv", rows[number * size : (number + 1) * size])


def run_steps(client: Any, source: Path, output: Path) -> dict[str, int]:
    """How many parts each step had to do."""
    done = {}
    for step in group_steps(client, find_parts(source), output=output, scoring=SCORING):
        assert all(isinstance(result, DonePart) for _, result in step.results)
        done[step.name] = step.waiting
    return done


def read_problems(output: Path) -> dict[str, dict[str, Any]]:
    """The problems of a folder of results, in the form of the one file."""
    problems = read_results(output)
    members = [one for problem in problems for one in problem["member_ids"]]
    assert len(members) == len(set(members))
    for problem in problems:
        del problem["theme_name"]
        problem["suggested_task"] = json.loads(problem["suggested_task"])
        problem["heat"] = round(problem["heat"], 1)
        for name in ("first_seen", "last_seen"):
            problem[name] = problem[name].isoformat()
    assert len({problem["id"] for problem in problems}) == len(problems)
    return {problem["id"]: problem for problem in problems}


# --- who is near whom ---------------------------------------------------------------------------


def pair(*sharers: tuple[int, Sequence[int]]) -> set[tuple[int, int]]:
    keys = np.array([key for key, rows in sharers for _ in rows], np.int64)
    rows = np.array([row for _, rows in sharers for row in rows], np.int64)
    pairs = pair_sharers(keys, rows)
    assert pairs.shape == (len(pairs), 2)
    found = [(int(one), int(other)) for one, other in pairs]
    assert found == sorted(set(found))
    return set(found)


def test_all_sharers_of_a_key_are_paired_once_and_none_with_itself() -> None:
    assert pair((-7, [3, 1, 2]), (9, [1, 2]), (4, [5]), (8, [6, 6])) == {(1, 2), (1, 3), (2, 3)}
    assert pair() == set()
    assert pair((1, [4])) == set()


def test_sharers_of_a_common_key_stay_in_one_piece_at_a_cost_that_grows_with_their_number() -> None:
    many = MOST_SHARERS + 50
    pairs = pair((1, range(many)))
    assert len(pairs) <= NEXT_OF_MANY * many
    assert {(at, at + 1) for at in range(many - 1)} <= pairs
    few = pair((1, range(MOST_SHARERS)))
    assert len(few) == MOST_SHARERS * (MOST_SHARERS - 1) // 2


def test_components_are_those_whom_near_pairs_hold_together(tmp_path: Path) -> None:
    one = write_parquet(tmp_path / "a.parquet", [{"one": 0, "other": 5}, {"one": 2, "other": 3}])
    two = write_parquet(tmp_path / "b.parquet", [{"one": 5, "other": 7}])
    assert find_components([one, two], count=9) == [[0, 5, 7], [2, 3]]


def test_a_bin_holds_whole_components_only() -> None:
    large = list(range(BIN_MEMBERS - 1))
    assert pack([large, [1, 2], [3, 4]]) == [[large], [[1, 2], [3, 4]]]
    assert pack([]) == []


# --- a cluster ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def client() -> "Iterator[Client]":
    """One of two workers for all of them: whoever is killed is started anew."""
    with local_client(2) as client:
        yield client


@pytest.mark.slow
def test_problems_across_parts_are_those_of_one_machine_and_a_second_run_does_nothing(
    client: "Client", tmp_path: Path
) -> None:
    rows = make_archive(240)
    write_archive(tmp_path / "in", rows, parts=4)
    expected = find_here(rows, tmp_path)
    assert len(expected) > 20
    first = run_steps(client, tmp_path / "in", tmp_path / "out")
    assert read_problems(tmp_path / "out") == expected
    assert first["读来件"] == 4
    again = run_steps(client, tmp_path / "in", tmp_path / "out")
    assert set(again.values()) == {0}
    more = make_archive(260)
    write_csv(tmp_path / "in" / "4.csv", [row for row in more if row not in rows])
    grown = run_steps(client, tmp_path / "in", tmp_path / "out")
    assert grown["读来件"] == 1
    ordered = [*rows, *(row for row in more if row not in rows)]
    found, expected = read_problems(tmp_path / "out"), find_here(ordered, tmp_path)
    # Where a submission has more candidates than one machine looks at, a large problem may differ.
    differing = [name for name in found.keys() | expected if found.get(name) != expected.get(name)]
    assert len(differing) <= 0.1 * len(expected)


@pytest.mark.slow
def test_problems_are_the_same_when_a_worker_is_killed_on_the_way(
    client: "Client", tmp_path: Path
) -> None:
    rows = make_archive(240)
    write_archive(tmp_path / "in", rows, parts=6)
    killed = False
    workers = client.run(os.getpid)
    steps = group_steps(
        client, find_parts(tmp_path / "in"), output=tmp_path / "out", scoring=SCORING
    )
    for step in steps:
        for _, result in step.results:
            assert isinstance(result, DonePart)
            if not killed:
                busy = next(name for name, tasks in client.processing().items() if tasks)
                os.kill(workers[busy], signal.SIGKILL)
                killed = True
    assert killed
    assert read_problems(tmp_path / "out") == find_here(rows, tmp_path)


@pytest.mark.slow
def test_an_archive_with_a_part_that_cannot_be_read_gives_no_problems(
    client: "Client", tmp_path: Path
) -> None:
    write_archive(tmp_path / "in", make_archive(20), parts=2)
    (tmp_path / "in" / "2.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    steps = group_steps(
        client, find_parts(tmp_path / "in"), output=tmp_path / "out", scoring=SCORING
    )
    first = next(steps)
    failed = [part.name for part, result in first.results if isinstance(result, TriageError)]
    assert failed == ["2.csv"]
    with pytest.raises(TriageError, match="读来件有 1 个部分没有做成"):
        next(steps)
    assert list((tmp_path / "out").glob("*.parquet")) == []


@pytest.mark.slow
def test_the_command_tells_each_step_and_the_rows_that_took_no_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_archive(tmp_path / "in", [*make_archive(20), {"id": "x"}], parts=2)
    arguments = ["in", "-o", "out", "--cluster", "local", "--workers", "1", "--model", str(TINY)]
    assert run(["problems", *arguments]) == 3
    said = capsys.readouterr().err
    assert "读来件：2 个部分" in said
    assert "1 行有误" in said
    assert len(read_problems(tmp_path / "out")) > 1
