"""Which parts an archive has, and what its folder of results says is done."""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from cluster_factories import make_messages, needs_cluster, write_csv, write_lines, write_parquet

from api.cluster.manifest import NAME, DonePart, Manifest, pending_path
from api.cluster.parts import PART_ROWS, Part, find_parts, open_part
from api.files.reading import CHINA_TIME
from triage.errors import InvalidFile, InvalidInput

pytestmark = needs_cluster
NOW = datetime(2024, 6, 1, 12, tzinfo=CHINA_TIME)
ABOUT = {"kind": "classify", "desk": "1 x", "columns": {}, "sheet": None}


def make_part(name: str = "a.csv", **changes: object) -> Part:
    return replace(Part(name, Path(name), size=10, changed_ns=20), **changes)


def make_done(part: Part, result: Path) -> DonePart:
    """A part that is done, with a result in its place."""
    result.write_bytes(b"result")
    return DonePart(part.name, part.size, part.changed_ns, 3, 1, 2, bytes=6, seconds=0.5)


# --- parts --------------------------------------------------------------------------------------


def test_the_parts_of_a_folder_are_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    write_csv(tmp_path / "b.csv", make_messages(2))
    write_lines(tmp_path / "a" / "2024.jsonl", make_messages(2))
    write_parquet(tmp_path / "c.parquet", make_messages(2))
    write_lines(tmp_path / ".hidden.jsonl", make_messages(2))
    (tmp_path / "_SUCCESS").touch()
    parts = find_parts(tmp_path)
    assert [part.name for part in parts] == ["a/2024.jsonl", "b.csv", "c.parquet"]
    assert [part.output for part in parts] == [f"{part.name}.parquet" for part in parts]
    assert find_parts(tmp_path / "b.csv")[0].name == "b.csv"


def test_a_large_parquet_file_is_several_parts_of_whole_row_groups(tmp_path: Path) -> None:
    rows = [{"title": "题"}] * (PART_ROWS + 20)
    write_parquet(tmp_path / "a.parquet", rows, group=PART_ROWS // 2)
    parts = find_parts(tmp_path)
    assert [(part.name, part.groups) for part in parts] == [
        ("a.parquet#0-2", (0, 2)),
        ("a.parquet#2-3", (2, 3)),
    ]
    with open_part(parts[1], now=NOW) as intake:
        ids = [row.id for row in intake]
    assert ids == [f"a.parquet#{number}" for number in range(PART_ROWS + 1, PART_ROWS + 21)]


def test_rows_without_ids_are_told_apart_by_their_part(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        write_csv(tmp_path / name, [{"title": "题"}, {"title": "题"}])
    ids = []
    for part in find_parts(tmp_path):
        with open_part(part, now=NOW) as intake:
            ids += [row.id for row in intake]
    assert ids == ["a.csv#2", "a.csv#3", "b.csv#2", "b.csv#3"]


def test_a_file_that_nobody_can_read_is_not_passed_over(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", make_messages(1))
    (tmp_path / "b.csv.gz").write_bytes(b"x")
    with pytest.raises(InvalidFile, match=r"1 个不能读的文件（b\.csv\.gz）"):
        find_parts(tmp_path)


def test_an_empty_folder_and_one_that_is_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="没有来件文件"):
        find_parts(tmp_path)
    with pytest.raises(InvalidFile, match="找不到"):
        find_parts(tmp_path / "no")


# --- the manifest -------------------------------------------------------------------------------


def test_what_was_recorded_is_done_on_the_next_run(tmp_path: Path) -> None:
    part = make_part()
    with Manifest(tmp_path / "out", about=ABOUT) as manifest:
        assert not manifest.is_done(part)
        manifest.record(make_done(part, tmp_path / "out" / part.output))
    with Manifest(tmp_path / "out", about=ABOUT) as manifest:
        assert manifest.is_done(part)
        assert manifest.done[part.name].rows == 3


@pytest.mark.parametrize("changes", [{"size": 11}, {"changed_ns": 21}])
def test_a_part_whose_source_changed_is_not_done(tmp_path: Path, changes: dict[str, int]) -> None:
    part = make_part()
    with Manifest(tmp_path, about=ABOUT) as manifest:
        manifest.record(make_done(part, tmp_path / part.output))
        assert not manifest.is_done(replace(part, **changes))


def test_a_result_that_is_gone_or_cut_short_is_not_done(tmp_path: Path) -> None:
    part = make_part()
    with Manifest(tmp_path, about=ABOUT) as manifest:
        manifest.record(make_done(part, tmp_path / part.output))
        (tmp_path / part.output).write_bytes(b"res")
        assert not manifest.is_done(part)
        (tmp_path / part.output).unlink()
        assert not manifest.is_done(part)


def test_a_line_that_a_power_cut_left_half_written_costs_its_own_part_only(tmp_path: Path) -> None:
    one, two = make_part("a.csv"), make_part("b.csv")
    with Manifest(tmp_path, about=ABOUT) as manifest:
        for part in (one, two):
            manifest.record(make_done(part, tmp_path / part.output))
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-8])
    with Manifest(tmp_path, about=ABOUT) as manifest:
        assert (manifest.is_done(one), manifest.is_done(two)) == (True, False)
        manifest.record(make_done(two, tmp_path / two.output))
    assert [json.loads(line).get("name") for line in path.read_text("utf-8").splitlines()] == [
        None,
        "a.csv",
        "b.csv",
    ]


def test_results_of_two_models_never_come_to_lie_in_one_folder(tmp_path: Path) -> None:
    with Manifest(tmp_path, about=ABOUT):
        pass
    with pytest.raises(InvalidInput, match="模型或派单目录不同"):
        Manifest(tmp_path, about={**ABOUT, "desk": "1 y"})
    with pytest.raises(InvalidInput, match="--column不同"):
        Manifest(tmp_path, about={**ABOUT, "columns": {"title": "题"}})


def test_two_runs_never_write_one_folder_at_once(tmp_path: Path) -> None:
    with (
        Manifest(tmp_path, about=ABOUT),
        pytest.raises(InvalidInput, match="另一次运行正在写"),
    ):
        Manifest(tmp_path, about=ABOUT)
    with Manifest(tmp_path, about=ABOUT):
        pass


def test_a_damaged_manifest_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"kind": "classify"}\n{"name": 1}\n', encoding="utf-8")
    with pytest.raises(InvalidFile, match="已损坏"):
        Manifest(tmp_path, about=ABOUT)


def test_what_a_dead_run_was_writing_goes_and_what_belongs_to_no_part_stops(tmp_path: Path) -> None:
    part = make_part("2024/a.csv")
    with Manifest(tmp_path, about=ABOUT) as manifest:
        pending_path(tmp_path / "x.parquet").touch()
        manifest.tidy([part])
        assert sorted(path.name for path in tmp_path.iterdir()) == ["2024", NAME]
        (tmp_path / "2024" / "b.csv.parquet").touch()
        with pytest.raises(InvalidInput, match=r"1 个文件不属于这批来件（2024/b\.csv\.parquet）"):
            manifest.tidy([part])
