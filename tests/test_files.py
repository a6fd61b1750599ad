"""Files that offices send: read whatever their form, and what is broken told row by row."""

import contextlib
import io
import json
import random
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
import xlwt

from api.files.reading import (
    CHINA_TIME,
    IntakeFile,
    RowError,
    open_submissions,
    read_channel,
    read_time,
)
from triage.errors import InvalidFile, InvalidSubmission
from triage.submissions import Channel, Submission

NOW = datetime(2024, 6, 1, 12, tzinfo=CHINA_TIME)
HEADER = ["留言编号", "留言主题", "留言详情", "留言时间"]
ROW = ["188006", "路灯不亮", "建设路路灯坏了半个月，无人修理。", "2024/2/28 11:25"]


def read(path: Path, **options: object) -> list[Submission | RowError]:
    return opened(path, **options)[1]


def opened(path: Path, **options: object) -> tuple[IntakeFile, list[Submission | RowError]]:
    with open_submissions(path, now=NOW, **options) as file:
        return file, list(file)


def write_text(path: Path, text: str, *, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def write_lines(path: Path, *records: object) -> Path:
    return write_text(path, "\n".join(json.dumps(r, ensure_ascii=False) for r in records) + "\n")


def write_workbook(path: Path, *rows: list[object]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def write_old_workbook(path: Path, *rows: list[str]) -> Path:
    book = xlwt.Workbook()
    sheet = book.add_sheet("一")
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            sheet.write(r, c, value)
    buffer = io.BytesIO()
    book.save(buffer)
    path.write_bytes(buffer.getvalue())
    return path


# --- the same rows in every form ----------------------------------------------------------------


def as_csv(delimiter: str = ",") -> str:
    return "\r\n".join(delimiter.join(row) for row in (HEADER, ROW)) + "\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "；"])
def test_a_csv_is_read_in_any_usual_encoding_and_delimiter(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    (row,) = read(write_text(tmp_path / "a.csv", as_csv(delimiter), encoding=encoding))
    assert row == Submission(
        id="188006",
        title="路灯不亮",
        content="建设路路灯坏了半个月，无人修理。",
        received_at=datetime(2024, 2, 28, 11, 25, tzinfo=CHINA_TIME),
    )


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
def test_a_workbook_gives_the_same_submission_as_a_csv(tmp_path: Path, name: str) -> None:
    write = write_workbook if name == "a.xlsx" else write_old_workbook
    assert read(write(tmp_path / name, HEADER, ROW)) == read(
        write_text(tmp_path / "a.csv", as_csv())
    )


def test_json_lines_take_english_and_chinese_names(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "a.jsonl",
        {"id": 1, "title": "题", "content": "文", "channel": "来电", "place": "甲县"},
        {"编号": "2", "标题": None, "内容": "文"},
    )
    assert read(path) == [
        Submission(id="1", title="题", content="文", channel=Channel.CALL, place="甲县"),
        Submission(id="2", content="文"),
    ]


@pytest.mark.parametrize(
    ("cell", "likes"),
    [
        (12, 12),
        ("1,024", 1024),
        ("3.0", None),
        (3.0, 3),
        ("", None),
        ("很多", None),
        ("9" * 40, None),
        ("-1", None),
    ],
)
def test_likes_are_a_number_or_nothing(
    tmp_path: Path, cell: str | float, likes: int | None
) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"编号": "1", "内容": "文", "点赞数": cell})
    assert read(path) == [Submission(id="1", content="文", likes=likes)]


def test_lines_may_also_be_in_gbk(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.jsonl", '{"id":"1","content":"路灯不亮"}\n', encoding="gbk")
    assert read(path) == [Submission(id="1", content="路灯不亮")]


# --- headers ------------------------------------------------------------------------------------


def test_the_header_is_found_below_a_title_row(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "a.xlsx", ["某县2024年群众留言汇总表"], [], ["填报单位：信访局"], HEADER, ROW
    )
    (row,) = read(path)
    assert isinstance(row, Submission)
    assert row.id == "188006"
    text = "某县留言汇总表,,,\r\n" + as_csv()
    assert read(write_text(tmp_path / "a.csv", text)) == [row]


def test_headers_with_stars_spaces_and_hints_are_known(tmp_path: Path) -> None:
    text = "*编号,主 题（必填）,诉求内容：,来源\n1,题,文,12345热线\n"
    assert read(write_text(tmp_path / "a.csv", text)) == [
        Submission(id="1", title="题", content="文", channel=Channel.CALL)
    ]


def test_columns_of_ones_own_are_named_or_left_out(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", "号,说了什么,渠道\n7,路灯不亮,省平台转\n")
    columns = {"id": "号", "content": "说了什么", "channel": ""}
    assert read(path, columns=columns) == [Submission(id="7", content="路灯不亮")]


def test_a_named_column_that_is_not_there_is_an_error_that_lists_the_others(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.csv", as_csv())
    with pytest.raises(InvalidFile, match="没有列“诉求”，现有的列：留言编号"):
        read(path, columns={"content": "诉求"})


def test_a_file_without_an_id_column_is_numbered_by_rows_and_says_so(tmp_path: Path) -> None:
    file, rows = opened(write_text(tmp_path / "a.csv", "标题,内容\n题,文\n,,\n题二,文\n"))
    assert [row.id for row in rows] == ["2", "4"]
    assert "行号" in "".join(file.notes)
    file, rows = opened(write_lines(tmp_path / "a.jsonl", {"title": "题"}, {"title": "题"}))
    assert [row.id for row in rows] == ["1", "2"]


def test_a_missing_id_is_an_error_where_other_rows_have_one(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"id": "1", "title": "题"}, {"title": "题"})
    good, bad = read(path)
    assert isinstance(good, Submission)
    assert isinstance(bad, RowError)
    assert (bad.number, bad.field) == (2, "id")


def test_columns_that_are_not_read_are_known(tmp_path: Path) -> None:
    file, _ = opened(write_text(tmp_path / "a.csv", "编号,标题,联系电话\n1,题,x\n"))
    assert file.sheet.others == ["联系电话"]
    assert file.sheet.columns == {"id": "编号", "title": "标题"}


# --- cells --------------------------------------------------------------------------------------


def test_numbers_are_ids_without_a_fraction_and_dates_are_dates(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "a.xlsx",
        ["编号", "标题", "时间"],
        [20240001, "题", datetime(2024, 1, 2, 3, 4)],
        [20240002.0, "题", date(2024, 1, 2)],
        [3, "题", 45293.5],
    )
    assert [(row.id, row.received_at) for row in read(path)] == [
        ("20240001", datetime(2024, 1, 2, 3, 4, tzinfo=CHINA_TIME)),
        ("20240002", datetime(2024, 1, 2, tzinfo=CHINA_TIME)),
        ("3", datetime(2024, 1, 2, 12, tzinfo=CHINA_TIME)),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-02 03:04",
        "2024/1/2 3:04:00",
        "2024.1.2 3:04",
        "2024年1月2日 3时4分",
        "2024年1月2日3点04分",
        "2024-01-02T03:04:00+08:00",
        "2024-01-01T19:04:00Z",
        "20240102030400",
    ],
)
def test_a_time_is_read_as_people_write_it(text: str) -> None:
    assert read_time(text) == datetime(2024, 1, 2, 3, 4, tzinfo=CHINA_TIME)


def test_times_with_a_zone_of_their_own_keep_it() -> None:
    assert read_time("2024-01-02T00:00:00+00:00") == datetime(2024, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize("text", ["昨天", "2024-13-01", "2024-02-30", "99999999", "1e400", "12"])
def test_what_is_no_time_is_an_error_with_the_remedy(text: str) -> None:
    with pytest.raises(InvalidSubmission, match="请写成 2024-01-02"):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "channel"),
    [
        ("来信", Channel.LETTER),
        ("12345热线", Channel.CALL),
        ("微信公众号", Channel.WECHAT),
        ("市长信箱", Channel.WEB),
        ("入户走访", Channel.FIELD),
        ("visit", Channel.VISIT),
        ("WEB", Channel.WEB),
        ("", None),
    ],
)
def test_a_channel_is_known_by_the_words_offices_use(text: str, channel: Channel | None) -> None:
    assert read_channel(text) is channel


def test_a_cell_merged_over_rows_counts_for_each_and_empty_rows_for_none(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["来源", "编号", "标题"], ["来信", "1", "题"], [None, "2", "题"], [None] * 3):
        sheet.append(row)
    sheet.append([None, "3", "题"])
    sheet.merge_cells("A2:A3")
    book.save(path)
    assert [(row.id, row.channel) for row in read(path)] == [
        ("1", Channel.LETTER),
        ("2", Channel.LETTER),
        ("3", None),
    ]


# --- broken rows --------------------------------------------------------------------------------


def test_a_broken_row_is_returned_with_its_number_field_and_reason(tmp_path: Path) -> None:
    future = (NOW + timedelta(days=3)).isoformat()
    path = write_lines(
        tmp_path / "a.jsonl",
        {"id": "1", "title": "题"},
        {"id": "2", "title": " ", "content": ""},
        {"id": "3", "title": ["题"]},
        {"id": "4", "title": "题", "channel": "飞鸽"},
        {"id": "5", "title": "题", "received_at": future},
        {"id": "6", "title": "题", "content": "长" * 100_001},
        [1, 2],
        {"id": "8", "title": True},
    )
    with path.open("a") as file:
        file.write('{"id": "9", "title": \n{"id": "10", "title": "题"}\n')
    rows = read(path)
    assert [(row.number, row.field) for row in rows if isinstance(row, RowError)] == [
        (2, "content"),
        (3, "title"),
        (4, "channel"),
        (5, "received_at"),
        (6, "content"),
        (7, None),
        (8, "title"),
        (9, None),
    ]
    assert [row.id for row in rows] == ["1", "2", "3", "4", "5", "6", None, "8", None, "10"]


def test_one_damaged_byte_spoils_its_own_row_only(tmp_path: Path) -> None:
    good = '{"id":"1","title":"路灯不亮"}\n'.encode()
    path = tmp_path / "a.jsonl"
    path.write_bytes(good + good.replace(b"\xe8\xb7\xaf", b"\xe8\xb7") + good)
    first, bad, third = read(path)
    assert first == third == Submission(id="1", title="路灯不亮")
    assert isinstance(bad, RowError)
    assert "编码" in bad.message
    path = tmp_path / "a.csv"
    path.write_bytes("编号,标题\n1,路灯\n2,路".encode() + b"\xff\n" + "3,路灯\n".encode())
    assert [isinstance(row, RowError) for row in read(path)] == [False, True, False]


def test_a_comma_outside_quotes_is_an_error_and_no_content_is_cut(tmp_path: Path) -> None:
    text = '编号,标题,内容\n1,题,"甲,乙"\n2,题,甲,乙\n'
    good, bad = read(write_text(tmp_path / "a.csv", text))
    assert isinstance(good, Submission)
    assert good.content == "甲,乙"
    assert isinstance(bad, RowError)
    assert "引号" in bad.message


def test_a_quote_that_is_never_closed_swallows_no_rows_silently(tmp_path: Path) -> None:
    text = '编号,标题,内容\n1,题,文\n2,题,"文\n3,题,文\n4,题,文\n'
    good, bad = read(write_text(tmp_path / "a.csv", text))
    assert isinstance(good, Submission)
    assert isinstance(bad, RowError)
    assert "2 行" in bad.message


def test_a_quote_closed_lines_later_swallows_no_rows_silently(tmp_path: Path) -> None:
    text = '编号,标题,内容\n1,题,文\n2,题,"文\n3,题,文\n4,题,"文"，字\n5,题,文\n'
    good, bad, last = read(write_text(tmp_path / "a.csv", text))
    assert isinstance(bad, RowError)
    assert "2 行" in bad.message
    assert (good.id, bad.id, last.id) == ("1", "2", "5")


@pytest.mark.parametrize(
    "text",
    [
        "编号,标题,内容\r1,题,文\n2,题,文\n",  # the header ended on another machine
        "编号,标题,内容\n1,题,文\r2,题,文\n",
        '编号,标题,内容\r1,题,"文\n字"\r2,题,文\r',  # an old Mac's, with a break inside a cell
        "编号,标题,内容\r1,题,文\r2,题,文",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_return_alone_ends_a_row_as_well(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    assert [row.id for row in read(path)] == ["1", "2"]


def test_what_a_broken_row_held_is_kept(tmp_path: Path) -> None:
    (bad,) = read(write_text(tmp_path / "a.jsonl", '{"id":"2","title":"停水",}\n'))
    assert isinstance(bad, RowError)
    assert "停水" in bad.values["原文"]
    (bad,) = read(write_text(tmp_path / "a.csv", "编号,标题\n1,题,文,字\n"))
    assert isinstance(bad, RowError)
    assert bad.values["原文"] == "1,题,文,字"


def test_lines_inside_a_quoted_cell_are_content(tmp_path: Path) -> None:
    text = '编号,标题,内容\r\n1,题,"第一行\r\n第二行"\r\n2,题,文\r\n'
    first, second = read(write_text(tmp_path / "a.csv", text))
    assert first.content == "第一行\r\n第二行"
    assert second.id == "2"


def test_repeated_ids_are_told(tmp_path: Path) -> None:
    record = {"id": "1", "title": "题"}
    file, rows = opened(write_lines(tmp_path / "a.jsonl", record, record))
    assert len(rows) == 2
    assert "1 行的编号与前面重复" in "".join(file.notes)


def test_half_a_surrogate_does_not_reach_the_output(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.jsonl", '{"id":"1","title":"题\\ud83d"}\n')
    assert read(path) == [Submission(id="1", title="题?")]


def test_half_a_character_in_a_number_spoils_its_own_row(tmp_path: Path) -> None:
    lines = [f'{{"id":"S{half}","title":"题"}}' for half in ("\\ud800", "\\udbff", "1", "😀")]
    first, second, *good = read(write_text(tmp_path / "a.jsonl", "\n".join(lines)))
    assert isinstance(first, RowError)
    assert isinstance(second, RowError)
    assert (first.number, second.number) == (1, 2)
    assert "残缺的字符" in first.message
    assert [row.id for row in good] == ["S1", "S😀"]


def test_a_long_number_that_excel_has_rounded_is_told(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "a.xlsx",
        ["编号", "标题"],
        [123456789012345678, "题"],
        ["123456789012345678", "题"],
        [123456789012345, "题"],
    )
    file, rows = opened(path)
    assert [row.id for row in rows[1:]] == ["123456789012345678", "123456789012345"]
    (note,) = file.notes
    assert "编号一列有 1 行（第 2 行）" in note
    assert "“文本”格式" in note


@pytest.mark.parametrize("title", ["=A1", "题"])
def test_formulas_without_a_saved_result_are_told(tmp_path: Path, title: str) -> None:
    path = write_workbook(
        tmp_path / "a.xlsx",
        ["编号", "标题", "内容", "别的"],
        ["1", "路灯", "坏了", "=A1"],
        ["=A2", title, "=B2", "=A1"],
    )
    file, rows = opened(path)
    assert len(rows) == (1 if title == "=A1" else 2)
    assert "“编号”1 格" in file.notes[0]
    assert "“内容”1 格" in file.notes[0]
    assert "别的" not in file.notes[0]
    assert "没有存下结果的公式" in file.notes[0]


def test_a_formula_whose_saved_result_is_an_empty_text_is_no_news(tmp_path: Path) -> None:
    path = write_workbook(tmp_path / "a.xlsx", ["编号", "标题", "内容"], ["1", "题", "=A1"])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    assert b'<c r="C2"><f>' in sheet
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'<c r="C2">', b'<c r="C2" t="str">')
    path.write_bytes(make_zip(**parts))
    file, rows = opened(path)
    assert (len(rows), file.notes) == (1, [])


@pytest.mark.parametrize("blank", ["", "\r\n", "\n\n"])
def test_no_end_of_a_line_is_seen_where_there_is_none(tmp_path: Path, blank: str) -> None:
    text = f"{blank}某县\u2028留言汇总表,,,\r\n" + as_csv()
    (row,) = read(write_text(tmp_path / "a.csv", text))
    assert isinstance(row, Submission)
    assert row.id == "188006"


# --- files that are not what they seem ----------------------------------------------------------


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", HEADER, ROW)
    disguised = (tmp_path / "a.xlsx").rename(tmp_path / "a.csv")
    file, (row,) = opened(disguised)
    assert row.id == "188006"
    assert "实际是 Excel" in file.notes[0]
    file, (row,) = opened(write_text(tmp_path / "b.xls", as_csv("\t"), encoding="gbk"))
    assert row.id == "188006"
    assert "实际是文本" in file.notes[0]
    file, (row,) = opened(write_lines(tmp_path / "b.csv", {"id": "1", "title": "题"}))
    assert row.id == "1"
    assert "JSON" in file.notes[0]


def make_zip(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("a.csv", b"", "空文件"),
        ("a.csv", b" \n \n", "没有内容"),
        ("a.csv", b"\x00\x01\x02\xff" * 100, "不是文本"),
        ("a.csv", "甲,乙\n1,2\n".encode(), "找不到标题列或内容列"),
        ("a.xls", b"<html><table><tr><td>1</td></tr></table></html>", "网页格式"),
        ("a.xls", b'<meta charset="utf-8">\n<table><tr><td>1</td></tr></table>', "网页格式"),
        ("a.jsonl", b'[{"id": 1}]', "JSON 数组"),
        ("a.xlsx", b"PK\x03\x04" + b"x" * 100, "已损坏"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 600, "已损坏"),
        ("a.xlsx", make_zip(**{"word/document.xml": b"<x/>"}), "不是 .xlsx"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_sentence(
    tmp_path: Path, name: str, data: bytes, word: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InvalidFile, match=word) as caught:
        read(path)
    assert "请" in caught.value.message


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="找不到文件"):
        read(tmp_path / "no.csv")
    with pytest.raises(InvalidFile, match="是文件夹"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_a_header_without_rows_gives_no_rows(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.csv":
        write_text(path, ",".join(HEADER))
    else:
        write_workbook(path, HEADER)
    assert read(path) == []


def test_a_first_sheet_without_rows_names_the_one_that_has_some(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    for name, rows in (("空表", []), ("二月", [HEADER, ROW])):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    file, rows = opened(path)
    assert rows == []
    assert file.notes[-1] == "工作表“Sheet”没有来件，有内容的是“二月”"


def test_a_zip_bomb_is_refused_before_it_unfolds(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    data = make_zip(**{"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": b" " * (8 << 20)})
    size = (8 << 20).to_bytes(4, "little")
    assert size in data
    path.write_bytes(data.replace(size, (0xF0000000).to_bytes(4, "little")))
    with pytest.raises(InvalidFile, match="超过上限"):
        read(path)


def test_a_cell_at_the_end_of_the_world_does_not_take_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.active["A1"] = "标题"
    book.active["XFD1048576"] = "x"
    book.save(path)
    with pytest.raises(InvalidFile, match="过大"):
        read(path)


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_workbook_harms_nothing_but_itself(tmp_path: Path, seed: int) -> None:
    """Of 3,000 such files some made the parser panic and one took 24 GB."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    old = seed % 2
    path = tmp_path / ("a.xls" if old else "a.xlsx")
    write = write_old_workbook if old else write_workbook
    data = bytearray(write(path, HEADER, *[ROW] * 20).read_bytes())
    for _ in range(40):
        data[chance.randrange(8, len(data))] = chance.randrange(256)
    path.write_bytes(data)
    with contextlib.suppress(InvalidFile):
        assert all(isinstance(row, Submission | RowError) for row in read(path))


def test_the_worksheet_with_the_rows_is_found_or_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["填表说明"])
    for name, title in (("一季度", "路灯"), ("二季度", "水管")):
        sheet = book.create_sheet(name)
        sheet.append(["编号", "标题"])
        sheet.append([1, title])
    book.save(path)
    file, (row,) = opened(path)
    assert row.title == "路灯"
    assert "未读取：Sheet、二季度" in file.notes[0]
    (row,) = read(path, worksheet="二季度")
    assert row.title == "水管"
    with pytest.raises(InvalidFile, match="没有工作表“三季度”"):
        read(path, worksheet="三季度")
