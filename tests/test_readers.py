import io
import json
from pathlib import Path

import openpyxl
import pytest
import xlwt

from training.readers import Example, read_examples
from triage.errors import InvalidFile

RECORDS = [
    {"编号": "1001", "主题": "路灯不亮", "内容": "建设路路灯坏了半个月", "紧急程度": "较急"},
    {"编号": "1002", "主题": "咨询社保", "内容": "请问怎么补缴", "紧急程度": "4"},
]


def write_csv(path: Path, rows: list[dict[str, str]], *, encoding: str = "utf-8") -> Path:
    lines = [",".join(rows[0])] + [",".join(row.values()) for row in rows]
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def write_workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def test_json_lines_use_the_names_of_the_seed_corpus(tmp_path: Path) -> None:
    line = {
        "id": "s1",
        "l1": "城乡建设",
        "l2": "安全生产",
        "l3": "事故处理",
        "channel": "来信",
        "title": "题",
        "content": "文",
        "urgency": 2,
        "nature": "求助",
        "flags": [],
        "place": "甲县",
        "part": "natural",
    }
    path = tmp_path / "seed.jsonl"
    path.write_text(json.dumps(line, ensure_ascii=False) + "\n\n", encoding="utf-8")
    assert read_examples(path) == [
        Example(
            id="s1",
            title="题",
            content="文",
            level1="城乡建设",
            level2="安全生产",
            level3="事故处理",
            urgency=2,
            nature="求助",
            flags=(),
            place="甲县",
            channel="来信",
            part="natural",
            source="seed",
        )
    ]


def test_labels_that_nobody_gave_are_none(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"id":"1","title":"题","content":"文","domain":"环境保护"}\n', encoding="utf-8"
    )
    (example,) = read_examples(path)
    assert (example.domain, example.level1, example.flags) == ("环境保护", None, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_of_chinese_columns_is_read_in_any_usual_encoding(
    tmp_path: Path, encoding: str
) -> None:
    examples = read_examples(write_csv(tmp_path / "a.csv", RECORDS, encoding=encoding))
    assert [(e.id, e.title, e.urgency) for e in examples] == [
        ("1001", "路灯不亮", 3),
        ("1002", "咨询社保", 4),
    ]


def test_a_workbook_keeps_ids_as_text_and_splits_flags(tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "a.xlsx",
        [
            ["编号", "标题", "内容", "风险标签", "紧急程度"],
            [20240001, "题", "文", "群体、涉企", 2],
            [None, None, None, None, None],
            [20240002, "题二", None, None, 3],
        ],
    )
    first, second = read_examples(path)
    assert (first.id, first.flags, first.urgency) == ("20240001", ("群体", "涉企"), 2)
    assert (second.id, second.flags, second.content) == ("20240002", (), "")


def test_columns_of_ones_own_are_mapped(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"甲": "题", "乙": "文", "丙": "城乡建设"}])
    (example,) = read_examples(path, {"title": "甲", "content": "乙", "level1": "丙"})
    assert (example.title, example.content, example.level1) == ("题", "文", "城乡建设")
    assert example.id == "a-2"


def test_a_mapped_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", RECORDS)
    with pytest.raises(InvalidFile, match="没有列“标签列”"):
        read_examples(path, {"level1": "标签列"})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"urgency": 9}, "紧急程度"),
        ({"nature": "吵架"}, "吵架"),
        ({"flags": ["神秘"]}, "神秘"),
        ({"title": "", "content": " "}, "为空"),
    ],
)
def test_a_label_that_cannot_be_used_is_named_with_its_row(
    tmp_path: Path, changes: dict[str, object], word: str
) -> None:
    good = {"id": "1", "title": "题", "content": "文"}
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in (good, good | changes)), encoding="utf-8")
    with pytest.raises(InvalidFile, match=f"第 2 行.*{word}"):
        read_examples(path)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xlsx", b"PK\x03\x04 not a workbook"),
        ("a.csv", b""),
        ("a.jsonl", b"[1, 2]"),
        ("a.csv", "只有,表头\n".encode()),
        ("a.jsonl", b""),
    ],
)
def test_a_file_without_records_is_an_error_in_chinese(
    tmp_path: Path, name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InvalidFile, match="请"):
        read_examples(path)


def test_titles_may_stand_above_the_header_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["安平县工单汇总"],
        [],
        ["工单主题", "诉求描述", "缓急"],
        ["题", "文", "一般"],
        ["题二", "文", "加急"],
    ]
    columns = {"title": "工单主题", "content": "诉求描述", "urgency": "缓急"}
    with pytest.raises(InvalidFile, match="第 5 行的紧急程度“加急”"):
        read_examples(write_workbook(tmp_path / "a.xlsx", rows), columns)
    text = "".join(",".join(map(str, row)) + "\n" for row in rows[:-1])
    (tmp_path / "a.csv").write_bytes(text.encode("gb18030"))
    assert [e.title for e in read_examples(tmp_path / "a.csv", columns)] == ["题"]
    with pytest.raises(InvalidFile, match=r"a\.csv：.*没有列“大类”，现有的列：工单主题"):
        read_examples(tmp_path / "a.csv", columns | {"level1": "大类"})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"打不开 .*没有\.xlsx"):
        read_examples(tmp_path / "没有.xlsx")


def test_an_old_workbook_is_read_too(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("一")
    for row, values in enumerate([["标题", "内容"], ["题", "文"]]):
        for column, value in enumerate(values):
            sheet.write(row, column, value)
    buffer = io.BytesIO()
    book.save(buffer)
    path = tmp_path / "a.xls"
    path.write_bytes(buffer.getvalue())
    assert [e.title for e in read_examples(path)] == ["题"]


def test_labels_alone_find_their_words_in_other_files_by_id(tmp_path: Path) -> None:
    labels, texts = tmp_path / "labels.jsonl", tmp_path / "texts.jsonl"
    labels.write_text('{"id": "a", "urgency": 2}\n{"id": "b", "urgency": 3}\n', "utf-8")
    rows = [
        {"id": "b", "title": "路灯不亮"},
        {"id": "a", "title": "停水"},
        {"id": "c", "title": "x"},
    ]
    texts.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    found = read_examples(labels, texts=[texts])
    assert [(e.id, e.title, e.urgency, e.source) for e in found] == [
        ("a", "停水", 2, "labels"),
        ("b", "路灯不亮", 3, "labels"),
    ]
    texts.write_text('{"id": "b", "title": "路灯不亮"}\n', "utf-8")
    with pytest.raises(InvalidFile, match="第 1 行的标题和内容都为空"):
        read_examples(labels, texts=[texts])


@pytest.mark.parametrize("flags", [5, True, {"群体": 1}])
def test_flags_that_are_no_list_are_refused_with_their_line(tmp_path: Path, flags: object) -> None:
    path = tmp_path / "ours.jsonl"
    path.write_text(json.dumps({"title": "题", "content": "文", "flags": flags}), encoding="utf-8")
    with pytest.raises(InvalidFile, match="第 1 行的风险标签"):
        read_examples(path)
