"""Parquet files in and out, as one more kind of file."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from cluster_factories import needs_cluster, write_parquet

from api.files.parquet import ParquetWriter, count_group_rows, open_parquet
from api.files.reading import CHINA_TIME, RowError, open_submissions
from triage.errors import InvalidFile
from triage.submissions import Channel, Submission

pytestmark = needs_cluster
NOW = datetime(2024, 6, 1, 12, tzinfo=CHINA_TIME)


def read(path: Path, **options: Any) -> list[Submission | RowError]:
    with open_submissions(path, now=NOW, **options) as intake:
        return list(intake)


def read_numbers(path: Path, groups: Sequence[int]) -> list[int]:
    with open_parquet(path, groups=groups) as sheet:
        return [row.number for row in sheet.rows]


def test_a_parquet_file_gives_the_same_submissions_as_any_other(tmp_path: Path) -> None:
    row = {
        "留言编号": 188006,
        "留言主题": "路灯不亮",
        "留言详情": "建设路路灯坏了半个月。",
        "来源": "12345热线",
        "留言时间": datetime(2024, 2, 28, 11, 25),
        "联系电话": "x",
    }
    assert read(write_parquet(tmp_path / "a.bin", [row])) == [
        Submission(
            id="188006",
            title="路灯不亮",
            content="建设路路灯坏了半个月。",
            channel=Channel.CALL,
            received_at=datetime(2024, 2, 28, 11, 25, tzinfo=CHINA_TIME),
        )
    ]


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (date(2024, 2, 28), datetime(2024, 2, 28, tzinfo=CHINA_TIME)),
        (datetime(2024, 2, 28, 3, 25, tzinfo=UTC), datetime(2024, 2, 28, 3, 25, tzinfo=UTC)),
        ("2024年2月28日", datetime(2024, 2, 28, tzinfo=CHINA_TIME)),
        (None, None),
    ],
)
def test_times_are_read_as_columns_hold_them(
    tmp_path: Path, value: object, time: datetime | None
) -> None:
    (row,) = read(
        write_parquet(tmp_path / "a.parquet", [{"id": "1", "title": "题", "time": value}])
    )
    assert isinstance(row, Submission)
    assert row.received_at == time


@pytest.mark.parametrize(
    ("value", "text"), [(Decimal("7.00"), "7"), (7.0, "7"), (b"\xe4\xb8\x83", "七"), (7, "7")]
)
def test_ids_are_read_from_any_type_of_column(tmp_path: Path, value: object, text: str) -> None:
    assert read(write_parquet(tmp_path / "a.parquet", [{"id": value, "title": "题"}])) == [
        Submission(id=text, title="题")
    ]


def test_an_empty_cell_of_pandas_is_empty_and_not_the_word_nan(tmp_path: Path) -> None:
    rows = [{"id": "1", "title": "题", "place": float("nan")}]
    assert read(write_parquet(tmp_path / "a.parquet", rows)) == [Submission(id="1", title="题")]


def test_bytes_that_are_no_text_spoil_their_own_row_only(tmp_path: Path) -> None:
    rows = [{"id": "1", "title": b"\xff\xfe"}, {"id": "2", "title": "题".encode()}]
    bad, good = read(write_parquet(tmp_path / "a.parquet", rows))
    assert isinstance(bad, RowError)
    assert (bad.number, "编码" in bad.message) == (1, True)
    assert good == Submission(id="2", title="题")


def test_row_groups_are_read_apart_and_keep_their_numbers(tmp_path: Path) -> None:
    rows = [{"id": str(n), "title": "题"} for n in range(25)]
    path = write_parquet(tmp_path / "a.parquet", rows, group=10)
    assert count_group_rows(path) == [10, 10, 5]
    assert read_numbers(path, [1, 2]) == list(range(11, 26))


def test_a_file_without_ids_is_numbered_behind_a_prefix(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [{"title": "题"}, {"title": "题"}])
    assert [row.id for row in read(path, prefix="三月#")] == ["三月#1", "三月#2"]


def test_a_damaged_file_is_one_clear_sentence(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [{"id": "1", "title": "题"}])
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InvalidFile, match="已损坏"):
        read(path)
    with pytest.raises(InvalidFile, match="找不到标题列或内容列"):
        read(write_parquet(tmp_path / "b.parquet", [{"甲": 1}]))


def test_a_page_that_is_damaged_is_told_when_it_is_reached(tmp_path: Path) -> None:
    rows = [{"id": str(n), "title": f"题目{n * 7919}"} for n in range(3_000)]
    path = write_parquet(tmp_path / "a.parquet", rows)
    data = bytearray(path.read_bytes())
    data[200:4_000] = bytes(3_800)
    path.write_bytes(data)
    with pytest.raises(InvalidFile, match="已损坏"):
        read(path)


def test_a_result_takes_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema({"id": pa.string(), "rows": pa.int64()})
    target, part = tmp_path / "out.parquet", tmp_path / "_part"
    writer = ParquetWriter(target, schema, part=part)
    writer.write({"id": "1"})
    assert (target.exists(), part.exists()) == (False, True)
    assert writer.close() == target.stat().st_size
    assert not part.exists()
    assert parquet.read_table(target).to_pylist() == [{"id": "1", "rows": None}]
    other = ParquetWriter(tmp_path / "b.parquet", schema, part=part)
    other.abandon()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.parquet"]
    with pytest.raises(InvalidFile, match="写不了"):
        ParquetWriter(target, schema, part=tmp_path / "no" / "folder")
