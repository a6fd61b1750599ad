from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.names import masked_name
from triage.privacy import KINDS, find_personal_data, has_personal_data, mask

# Invented: the sample numbers of the standards, and card numbers made for tests.
ID_NUMBER = "11010519491231002X"
CREDIT_CODE = "91350100M000100Y43"
BANK_CARD = "6222020200112230004"


def kinds(text: str) -> list[tuple[str, str]]:
    return [(data.kind, text[data.start : data.end]) for data in find_personal_data(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        (f"身份证{ID_NUMBER}。", "id_number", ID_NUMBER),
        ("身份证号码：110105 19491231 002X", "id_number", "110105 19491231 002X"),
        ("身份证号110105194912310021", "id_number", "110105194912310021"),  # a typo is personal too
        ("证号110105491231002", "id_number", "110105491231002"),
        ("打我13800138000", "phone", "13800138000"),
        ("手机 138 0013 8000", "phone", "138 0013 8000"),
        ("手机:138-0013-8000", "phone", "138-0013-8000"),
        ("+86 13800138000", "phone", "+86 13800138000"),
        ("家里座机0731-88880000", "phone", "0731-88880000"),
        ("请回电(010)66660000", "phone", "(010)66660000"),
        ("联系方式：88880000", "phone", "88880000"),
        (f"卡号{BANK_CARD}", "bank_card", BANK_CARD),
        ("工资卡6222 0202 0011 2230 004", "bank_card", "6222 0202 0011 2230 004"),
        ("车牌湘A12345占道", "plate", "湘A12345"),
        ("新能源车粤BD12345", "plate", "粤BD12345"),
        ("大巴京A12345D", "plate", "京A12345D"),
        ("教练车川A1234学", "plate", "川A1234学"),
        ("写信到wang.x@example.com", "email", "wang.x@example.com"),
        (f"代码{CREDIT_CODE}", "credit_code", CREDIT_CODE),
        ("护照E12345678", "passport", "E12345678"),
        ("加微信wx_2020abc", "account", "wx_2020abc"),
        ("QQ：10001234", "account", "10001234"),
        ("住康居花园3栋2单元501室", "door", "3栋2单元501室"),
        ("我家在12幢1203", "door", "12幢1203"),
        ("翠湖家园5号楼502室漏水", "door", "5号楼502室"),
        ("六栋402业主", "door", "六栋402"),
        ("2单元301的住户", "door", "2单元301"),
        ("黄岭村三组27号", "door", "27号"),
        ("我叫王小明，今年四十", "name", "王小明"),
        ("联系人：张三", "name", "张三"),
        ("本人李四，家住城西", "name", "李四"),
        ("姓名：欧阳若云", "name", "欧阳若云"),
        ("村民赵大河的责任田", "name", "赵大河"),
        ("请找孙晓梅女士", "name", "孙晓梅"),
        ("周建业，男，汉族", "name", "周建业"),
        ("此致敬礼！吴秋生2019年8月2日", "name", "吴秋生"),
        ("同去的：郑新民、钱小满。", "name", "郑新民"),
        ("厂长——胡跃华〔1989年底上任〕，男", "name", "胡跃华"),
        ("来电人李红霞反映楼上漏水", "name", "李红霞"),
        ("业主马建军反映", "name", "马建军"),
        ("房东郑秀珍不退押金", "name", "郑秀珍"),
        ("父亲王福贵走失两天", "name", "王福贵"),
        ("我爱人周素梅已经退休", "name", "周素梅"),
        ("包工头陈大力拖欠工资", "name", "陈大力"),
        ("物业经理王大山打人", "name", "王大山"),
        ("村民李二狗、王大山、赵四，一起来访", "name", "王大山"),
        ("我爸叫韩永福，今年七十", "name", "韩永福"),
        ("反映人： 王 伟", "name", "王 伟"),
        ("业主买买提·艾力反映", "name", "买买提·艾力"),
        ("电话138.0013.8000", "phone", "138.0013.8000"),
        ("电话138—0013—8000", "phone", "138—0013—8000"),
        ("身份证4301 0219 8001 0112 3X", "id_number", "4301 0219 8001 0112 3X"),
        ("残疾证43010219800101123X42", "id_number", "43010219800101123X42"),
        ("家住5-2-1103", "door", "5-2-1103"),
        ("住3-1-502室", "door", "3-1-502室"),
        ("5栋2-1103漏水", "door", "5栋2-1103"),
        ("2幢一单元四零二", "door", "2幢一单元四零二"),
        ("楼上402住户装修", "door", "402"),
        ("微信号：zhao_xiaochuan", "account", "zhao_xiaochuan"),
    ],
)
def test_personal_data_is_found_whole(text: str, kind: str, value: str) -> None:
    assert (kind, value) in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "拨打12345、110、119、120、122、12315、12368、12388都没用",
        "供电95598，客服400-820-8820转3",
        "投诉热线0731-88880000没人接",
        "监督电话：88880000",
        "(2019)湘01民终123号判决书",
        "国办函〔2025〕66号文件",
        "2019年8月14日至2020-01-02",
        "欠款13812345.50元，合计13800138000.00元",
        "补贴共1380013800万元",
        "订单号202008141234567890",
        "801路公交车和202路都绕行",
        "3栋5栋建筑没有验收",
        "7栋1300余户没有气",
        "10号楼2019年交房",
        "2单元2018年加装电梯",
        "御景湾二期和东风大厦",
        "中山路12号门前积水",
        "第25号公告",
        "胡书记、张局长、民警同志",
        "李女士说王先生来过",
        "王某某反映邻居刘某",
        "业主代表和学生家长",
        "请领导解决，谢谢。",
        "周边居民高度关注，周一停水",
        "我是高血压患者",
        "政府收了41张房票，扩建400余平米",
        "女儿高二，拍照要交钱，“夏令营”两千八，纪念册、高利贷。",
        "本人是宁波一家公司的，荆州坐车来",
        "依据《办法》（祁教联〔2017〕12号）",
        "问过刘老师、吴经理。来访人梁阿姨，71岁",
        "【文竹巷】、凌云塔。",
        "物业主任不管，会员费不退",
        "本人曾拨打热线",
        "2019-12-1003号文，比分3-2-1",
        "约300住户、全部1200业主没有水",
        "某某·御景湾的业主反映",
        "屈原、李白、杜甫、柳宗元",
        "村民安置房也都没有证，业主方指定的公司",
        "湘A市区的路",
        "100101199913450010是乱写的号码",
        "91350100M000100Y44这个代码不对",
    ],
)
def test_what_is_no_personal_data_stays(text: str) -> None:
    assert kinds(text) == []
    assert mask(text) == text


def test_a_mask_keeps_two_digits_of_a_number_and_no_more() -> None:
    text = f"我叫王小明，电话138 0013 8056，身份证{ID_NUMBER}，卡{BANK_CARD}"
    assert mask(text) == (
        "我叫王某某，电话***********56，身份证****************2X，卡*****************04"
    )


def test_a_mask_finds_what_is_written_in_other_forms_and_leaves_the_rest_as_it_was() -> None:
    assert mask("我叫張國榮，電話１３８００１３８０００，請回電") == (
        "我叫張某某，電話*********００，請回電"
    )


def test_a_mask_keeps_the_words_of_a_door_and_the_province_of_a_plate() -> None:
    assert mask("住3栋2单元501室，车牌湘A12345") == "住*栋*单元***室，车牌湘******"


def test_a_mask_leaves_the_kinds_that_are_to_be_kept() -> None:
    text = "我叫王小明，住3栋2单元501室"
    assert mask(text, keep=("door",)) == "我叫王某某，住3栋2单元501室"


def test_a_mask_keeps_the_surname_and_the_form_of_address() -> None:
    assert mask("孙晓梅女士和欧阳若云先生") == "孙某某女士和欧阳某某先生"
    assert [masked_name(n) for n in ("张三", "张小三", "欧阳若", "欧阳若云")] == [
        "张某",
        "张某某",
        "欧阳某",
        "欧阳某某",
    ]


def test_a_mask_hides_the_whole_of_accounts_and_passports() -> None:
    assert mask("QQ：10001234，护照E12345678") == "QQ：********，护照*********"
    assert mask("邮箱wang.x@example.com") == "邮箱******@***********"


def test_found_data_is_in_order_and_never_overlaps() -> None:
    text = f"联系人：张三 13800138000，{ID_NUMBER}，住3栋501室，微信13900139000"
    found = find_personal_data(text)
    assert all(a.end <= b.start for a, b in pairwise(found))
    assert {data.kind for data in found} <= set(KINDS)
    assert len(found) == 5


PIECES = st.sampled_from(
    [
        *"0123456789Xx-  转号栋楼室单元村组,，。:：()*某我叫是人",
        "我叫",
        "王小明",
        "欧阳",
        "电话",
        "身份证",
        "微信",
        "QQ",
        "138",
        "0013",
        "8000",
        "0731",
        "湘A",
        "D1234",
        "3栋",
        "501室",
        "@",
        "a.b",
        ".com",
        ID_NUMBER,
        BANK_CARD,
        CREDIT_CODE,
        "E1234567",
        "先生",
        "2019年",
        "卡号",
        "联系人：",
        "李",
    ]
)


@settings(max_examples=80, deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_masking_twice_is_masking_once_and_keeps_every_offset(text: str) -> None:
    masked = mask(text)
    assert mask(masked) == masked
    assert len(masked) == len(text)
    assert find_personal_data(masked) == ()


@settings(max_examples=40, deadline=None)
@given(st.integers(10**8, 10**9 - 1), st.sampled_from(["", " ", "-"]), st.sampled_from("我，打"))
def test_no_mobile_number_survives(rest: int, joint: str, before: str) -> None:
    digits = f"13{rest}"
    number = joint.join((digits[:3], digits[3:7], digits[7:]))
    masked = mask(f"{before}{number}。")
    assert sum(char.isdigit() for char in masked) == 2
    assert masked.endswith(f"{digits[-2:]}。")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 36500), st.integers(0, 999))
def test_every_id_number_with_a_right_checksum_is_found(day: int, order: int) -> None:
    digits = f"430102{date(1920, 1, 1) + timedelta(day):%Y%m%d}{order:03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    check = "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]
    assert kinds(f"号码{digits}{check}")[0] == ("id_number", digits + check)
    wrong = "0" if check != "0" else "1"
    assert ("id_number", digits + wrong) not in kinds(f"号码{digits}{wrong}")


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_masked(text: str) -> None:
    assert len(mask(text)) == len(text)


@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "a",
        "3栋",
        "王",
        "我叫",
        "138 ",
        "a@",
        "- ",
        "王小明，",
        "村1号",
        "(0",
        "身份证",
        "一单元",
    ],
)
def test_a_text_of_100000_characters_is_read_to_its_end(unit: str) -> None:
    text = (unit * 100_000)[:99_980] + "，电话13800138000。"
    assert mask(text).endswith("*********00。")


def test_a_long_text_full_of_numbers_is_masked_throughout() -> None:
    rng = Random(1)  # noqa: S311  numbers for a test
    text = "，".join(f"电话138{rng.randrange(10**8):08d}" for _ in range(5000))
    assert len(find_personal_data(text)) == 5000


def test_the_flag_counts_private_data_and_numbers_that_were_starred_out() -> None:
    assert has_personal_data("我叫王小明")
    assert has_personal_data("电话：138********")
    assert has_personal_data("住3栋501室")
    assert not has_personal_data("车牌湘A12345乱停")
    assert not has_personal_data(f"公司代码{CREDIT_CODE}")
    assert not has_personal_data("希望修路，谢谢。")
