"""An archive scored part by part: the same as by one machine, whoever dies on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from cluster_factories import (
    local_client,
    make_messages,
    needs_cluster,
    read_results,
    write_csv,
    write_lines,
    write_parquet,
)

from api.cli.main import run
from api.cluster.connection import connect, run_all
from api.cluster.manifest import NAME, DonePart, Manifest
from api.cluster.parts import find_parts
from api.cluster.scoring import describe_desk, make_scoring, score_part, score_parts
from api.files.batch import DeskFiles
from api.files.reading import CHINA_TIME
from triage.errors import InvalidFile, InvalidInput, TriageError

pytestmark = needs_cluster
TINY = Path(__file__).parent.parent / "models" / "tiny"
NOW = datetime(2024, 6, 1, 12, tzinfo=CHINA_TIME)
SCORING = make_scoring(DeskFiles(TINY), now=NOW)
HERE = describe_desk(DeskFiles(TINY))


@pytest.fixture(autouse=True)
def own_town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRIAGE_DATABASE_URL", f"sqlite:///{tmp_path}/town.db")


def classify(*arguments: object) -> int:
    return run(["classify", *map(str, arguments), "--model", str(TINY)])


def read_done(folder: Path) -> list[str]:
    """The names of the parts in the order in which the manifest got them."""
    return [
        json.loads(line)["name"] for line in (folder / NAME).read_text("utf-8").splitlines()[1:]
    ]


def list_files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


# --- one part -----------------------------------------------------------------------------------


def test_a_part_holds_what_the_plain_command_writes_and_bad_rows_in_their_place(
    tmp_path: Path,
) -> None:
    rows = [*make_messages(5), {"id": "x"}, *make_messages(3, start=5)]
    (part,) = find_parts(write_lines(tmp_path / "in.jsonl", rows))
    done = score_part(part, tmp_path / "out.parquet", SCORING, HERE)
    assert (done.name, done.rows, done.bad) == ("in.jsonl", 9, 1)
    assert done.bytes == (tmp_path / "out.parquet").stat().st_size
    assert classify("in.jsonl", "-o", "plain.jsonl") == 3
    plain = [
        json.loads(line) for line in (tmp_path / "plain.jsonl").read_text("utf-8").splitlines()
    ]
    results = read_results(tmp_path / "out.parquet")
    assert [row["id"] for row in results] == [row["id"] for row in plain]
    for row, line in zip(results, plain, strict=True):
        if "error" in line:
            assert (row["error"], row["field"], row["row"]) == (
                line["error"],
                line["field"],
                line["row"],
            )
            continue
        assert json.loads(row["suggestion"]) == line
        assert row["level3"] == line["domain"]["level3"]
        assert row["urgency"] == line["urgency"]["level"]
        assert row["lead"] == line["department"]["lead"]
        assert row["flags"] == line["flags"]
        assert row["error"] is None


def test_a_part_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    (tmp_path / "out").mkdir()
    with pytest.raises(InvalidFile, match="找不到标题列"):
        score_part(
            find_parts(tmp_path / "in.csv")[0], tmp_path / "out" / "in.parquet", SCORING, HERE
        )
    assert list_files(tmp_path / "out") == []


def test_a_machine_with_another_model_does_not_take_part(tmp_path: Path) -> None:
    (part,) = find_parts(write_csv(tmp_path / "in.csv", make_messages(2)))
    with pytest.raises(InvalidInput, match="与发起的机器不同"):
        score_part(part, tmp_path / "out.parquet", SCORING, f"{HERE}x")
    assert not (tmp_path / "out.parquet").exists()


def test_a_desk_is_told_by_its_model_and_by_the_data_of_the_town(tmp_path: Path) -> None:
    (tmp_path / "dispatch.toml").write_text("# one", encoding="utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "dispatch.toml").write_text("# two", encoding="utf-8")
    kinds = {describe_desk(DeskFiles(TINY, data)) for data in (None, tmp_path, tmp_path / "other")}
    assert len(kinds) == 3


# --- a cluster ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_archive_of_mixed_files_is_done_once_and_then_not_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from distributed import LocalCluster

    source = tmp_path / "in"
    write_csv(source / "a.csv", make_messages(40))
    write_lines(source / "b" / "b.jsonl", [*make_messages(40, start=40), {"id": "x"}])
    write_parquet(source / "c.parquet", make_messages(40, start=80))
    (source / "d.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
    arguments = ("in", "-o", "out", "--cluster", "local", "--workers", 2)
    assert classify(*arguments) == 1
    said = capsys.readouterr().err
    assert "没有做成：d.csv：d.csv 中找不到标题列" in said
    assert sorted(read_done(tmp_path / "out")) == ["a.csv", "b/b.jsonl", "c.parquet"]
    write_csv(source / "d.csv", make_messages(5, start=120))
    with LocalCluster(n_workers=1, dashboard_address="127.0.0.1:0", silence_logs=40) as there:
        assert classify("in", "-o", "out", "--cluster", there.scheduler_address) == 3
    said = capsys.readouterr().err
    assert "3 个部分以前已完成" in said
    assert "完成 4 个部分、126 件" in said
    assert "1 行有误" in said
    ids = [row["id"] for row in read_results(tmp_path / "out")]
    assert sorted(ids) == sorted([*map(str, range(125)), "x"])
    assert classify(*arguments) == 3
    assert len(read_done(tmp_path / "out")) == 4


@pytest.mark.slow
def test_a_worker_killed_half_way_costs_no_row_and_doubles_none(tmp_path: Path) -> None:
    for number in range(8):
        write_csv(tmp_path / "in" / f"{number}.csv", make_messages(500, start=500 * number))
    parts = find_parts(tmp_path / "in")
    output = tmp_path / "out"
    killed = 0
    with (
        Manifest(output, about=SCORING.about()) as manifest,
        local_client(2) as client,
    ):
        manifest.tidy(parts)
        workers = client.run(os.getpid)
        for _, result in score_parts(client, parts, manifest=manifest, scoring=SCORING):
            assert isinstance(result, DonePart)
            if not killed:
                busy = next(address for address, tasks in client.processing().items() if tasks)
                killed = workers[busy]
                os.kill(killed, signal.SIGKILL)
                assert [name for name in list_files(output) if name.startswith("_part-")]
        assert killed not in client.run(os.getpid).values()
    assert sorted(read_done(output)) == [f"{number}.csv" for number in range(8)]
    assert list_files(output) == sorted([NAME, *(part.output for part in parts)])
    ids = [int(row["id"]) for row in read_results(output)]
    assert sorted(ids) == list(range(4_000))


@pytest.mark.slow
def test_a_run_that_is_killed_is_taken_up_where_it_was(tmp_path: Path) -> None:
    for number in range(6):
        write_csv(tmp_path / "in" / f"{number}.csv", make_messages(500, start=500 * number))
    arguments = ["in", "-o", "out", "--cluster", "local", "--workers", "1"]
    code = "import sys; from api.cli.main import main; sys.argv[0] = 'triage'; main()"
    command = [sys.executable, "-c", code, "classify", *arguments, "--model", str(TINY)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        manifest = tmp_path / "out" / NAME
        while not manifest.exists() or manifest.read_bytes().count(b"\n") < 3:
            assert first.poll() is None
            time.sleep(0.05)
        first.kill()
    before = read_done(tmp_path / "out")
    assert 2 <= len(before) < 6
    times = {name: (tmp_path / "out" / f"{name}.parquet").stat().st_mtime_ns for name in before}
    assert classify(*arguments) == 0
    after = read_done(tmp_path / "out")
    assert sorted(after) == [f"{number}.csv" for number in range(6)]
    for name, then in times.items():
        assert (tmp_path / "out" / f"{name}.parquet").stat().st_mtime_ns == then
    ids = [int(row["id"]) for row in read_results(tmp_path / "out")]
    assert sorted(ids) == list(range(3_000))


def fall_over(name: str) -> None:
    if name == "bad":
        os.kill(os.getpid(), signal.SIGKILL)
    if name == "odd":
        raise ZeroDivisionError(name)


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_given_up_and_the_others_are_done() -> None:
    with local_client(2) as client:
        client.run_on_scheduler(_expect_little)
        results = dict(run_all(client, fall_over, {n: (n,) for n in ("good", "bad", "odd")}))
    assert results["good"] is None
    assert "意外退出" in results["bad"].message
    assert "ZeroDivisionError" in results["odd"].message


def _expect_little(dask_scheduler: "object") -> None:
    dask_scheduler.allowed_failures = 1  # type: ignore[attr-defined]


# --- what goes wrong before anything is done ----------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["in", "--cluster", "local"], "-o 是结果文件夹"),
        (["-", "-o", "out", "--cluster", "local"], "-o 是结果文件夹"),
        (["in", "-o", "out", "--cluster", "local", "--errors", "e.csv"], "error 列"),
        (["in", "-o", "in", "--cluster", "local"], "不能与来件文件夹相同"),
        (["in", "-o", "in/out", "--cluster", "local"], "不能一个套着另一个"),
        (["no", "-o", "out", "--cluster", "local"], "找不到"),
        (["in", "-o", "out", "--cluster", "http://x"], "local 或 tcp://"),
        (["in", "-o", "out", "--cluster", "tcp://x:1", "--workers", "2"], "只用于 --cluster local"),
    ],
)
def test_what_cannot_be_done_is_one_chinese_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    write_csv(tmp_path / "in" / "a.csv", make_messages(2))
    assert classify(*arguments) == 1
    said = capsys.readouterr().err
    assert word in said
    assert said.count("\n") == 1


@pytest.mark.slow
def test_a_local_cluster_speaks_to_this_machine_alone_and_under_a_key() -> None:
    with local_client(1) as client:
        assert client.scheduler.address.startswith("tls://127.0.0.1:")


@pytest.mark.slow
def test_a_cluster_that_is_not_there_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("api.cluster.connection._PATIENCE", 1)
    with (
        pytest.raises(TriageError, match="连不上集群"),
        connect("tcp://127.0.0.1:9"),
    ):
        pass
