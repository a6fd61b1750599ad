"""Clean text: comparable, and every character still where it was sent."""

import random
import sys
import unicodedata

import pytest

from triage.errors import InvalidInput
from triage.text import clean_text, decode_bytes


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("ＡＢ１２：／％＃＠", "AB12：/%#@"),
        ("楼高３３层，停水５天！", "楼高33层，停水5天！"),
        ("臺灣這裡的麵條與頭髮", "台湾这里的面条与头发"),
        ("電梯壞了三個月，物業還沒來修", "电梯坏了三个月，物业还没来修"),
        ("著名作家", "著名作家"),
        ("第①期、第⑵期、Ⅳ级", "第1期、第⑵期、Ⅳ级"),
        ("全角　空格\t制表\r\n换行", "全角 空格 制表  换行"),
        ("面积９０㎡，约½", "面积90㎡，约½"),
        ("很急😀😭！！！", "很急😀😭！！！"),
        ("坏\ud83d字\udc00符", "坏 字 符"),
        ("空\x00字\x07节\x1b", "空 字 节 "),
        ("从右\u200f到\u202e左\u2066标\u2069", "从右 到 左 标 "),
        ("零\u200b宽\ufeff字\u2060", "零 宽 字 "),
        ("“引号”（括号）《书名》【框】——……￥", "“引号”（括号）《书名》【框】——……￥"),
        ("〔2025〕66号", "〔2025〕66号"),
        ("ｶﾅ ｡", "カナ 。"),
        ("\ue000私用\U000f0000区", " 私用 区"),
        ("plain English, 100%!", "plain English, 100%!"),
        ("", ""),
        ("哦", "哦"),
    ],
)
def test_text_is_made_comparable(raw, clean):
    assert clean_text(raw) == clean


def test_no_character_is_added_or_lost():
    everything = "".join(map(chr, range(0x20000))) + chr(sys.maxunicode)
    assert len(clean_text(everything)) == len(everything)


def test_each_character_is_cleaned_alone_whatever_stands_beside_it():
    dice = random.Random(7)  # noqa: S311  the same strings each time, nothing secret
    for _ in range(200):
        raw = "".join(chr(dice.randrange(0x3000, 0x10000)) for _ in range(50))
        assert clean_text(raw) == "".join(map(clean_text, raw))


def test_clean_text_holds_nothing_that_cannot_be_stored_or_shown():
    clean = clean_text("".join(map(chr, range(0x20000))) + chr(sys.maxunicode))
    assert {unicodedata.category(char) for char in clean} & {"Cc", "Cf", "Cs", "Co", "Cn"} == set()
    assert clean.encode("utf-8").decode("utf-8") == clean


def test_an_offset_in_clean_text_is_the_same_offset_in_the_raw_text():
    raw = "１２號樓㎡😀\u200b電梯困人"
    start = clean_text(raw).index("电梯困人")
    assert raw[start : start + 4] == "電梯困人"


TEXT = "物业费涨价，业主不同意。\n诉求：请物价局核查，谢谢"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
)
def test_files_are_read_in_each_encoding_that_offices_use(encoding):
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    assert decode_bytes(mark + TEXT.encode(encoding)) == TEXT


def test_characters_beyond_gbk_are_read_from_gb18030():
    assert decode_bytes("𠮷田㐂，䶮".encode("gb18030")) == "𠮷田㐂，䶮"


def test_no_bytes_are_no_text():
    assert decode_bytes(b"") == ""


@pytest.mark.parametrize(
    "garbage",
    [bytes(range(256)), b"\x89PNG\r\n\x1a\n\xff\xff", b"\xff\xfe\x00", b"\xef\xbb\xbf\xff"],
)
def test_bytes_that_are_no_text_are_refused_with_a_remedy(garbage):
    with pytest.raises(InvalidInput, match="另存为 UTF-8"):
        decode_bytes(garbage)


@pytest.mark.parametrize("broken", [TEXT.encode()[:-1], TEXT.encode().replace(b"\xe8", b"\xff", 1)])
def test_broken_utf8_is_named_and_never_read_as_other_characters(broken):
    with pytest.raises(InvalidInput, match="个字节处已损坏"):
        decode_bytes(broken)
