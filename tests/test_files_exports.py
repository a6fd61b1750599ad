"""Files that offices are given: whole or not at all, and safe to open in Excel."""

import csv
import io
import os
import signal
from pathlib import Path
from threading import Timer

import openpyxl
import pytest

from api.files.exports import OutputFile, escape_cell, write_table
from triage.errors import InvalidFile

RECORDS = [{"编号": "1", "标题": "=1+1", "把握": 0.5}, {"编号": "2", "标题": "路灯\x0b不亮"}]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＠"])
def test_no_cell_of_ours_starts_a_formula(start: str) -> None:
    assert escape_cell(f"{start}1") == f"'{start}1"
    assert escape_cell(f"1{start}") == f"1{start}"


def test_a_written_workbook_holds_text_and_numbers_and_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_table(path, header=["编号", "标题", "把握"], records=RECORDS)
    rows = list(openpyxl.load_workbook(path).active.iter_rows(values_only=True))
    assert rows == [("编号", "标题", "把握"), ("1", "'=1+1", 0.5), ("2", "路灯不亮", None)]


def test_a_written_csv_opens_in_excel_as_chinese(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_table(path, header=["编号", "标题", "把握"], records=RECORDS)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    assert rows == [["编号", "标题", "把握"], ["1", "'=1+1", "0.5"], ["2", "路灯不亮", ""]]


def test_a_content_longer_than_a_cell_is_cut_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_table(path, header=["内容"], records=[{"内容": "长" * 40_000}])
    value = openpyxl.load_workbook(path).active["A2"].value
    assert len(value) == 32_767
    assert value.endswith("全文见原件）")


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.xlsx"])
def test_an_output_takes_its_name_only_when_it_is_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name

    def interrupted() -> None:
        with OutputFile(path, header=["编号"]) as output:
            output.write({"编号": "1"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    part = tmp_path / name.replace("a.", "a.part.")
    assert not path.exists()
    assert part.stat().st_size > 0
    if name == "a.xlsx":
        assert openpyxl.load_workbook(part).active["A2"].value == "1"
    with OutputFile(path, header=["编号"]) as output:
        output.write({"编号": "1"})
    assert path.exists()
    assert not part.exists()


@pytest.mark.parametrize("name", ["a.docx", "a", "none/a.csv"])
def test_an_output_that_cannot_be_is_refused_before_any_work(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidFile, match="请"):
        OutputFile(tmp_path / name, header=[])


def test_an_interrupt_waits_until_a_row_of_a_workbook_is_whole(tmp_path: Path) -> None:
    """Ctrl-C at any moment leaves a part file that can be opened, with whole rows only."""
    columns = [f"列{number}" for number in range(200)]
    record = dict.fromkeys(columns, "文")
    output = OutputFile(tmp_path / "a.xlsx", header=columns)

    def write_on() -> None:
        with output:
            for _ in range(100_000):  # far more than there is time for
                output.write(record)

    # a process that a shell has put in the background begins deaf to Ctrl-C
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            write_on()
    finally:
        signal.signal(signal.SIGINT, before)
    rows = list(openpyxl.load_workbook(output.part).active.iter_rows(values_only=True))
    assert len(rows) > 1
    assert set(rows[1:]) == {("文",) * 200}
