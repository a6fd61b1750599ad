"""Transcripts and notes: the submitter's own matter stays, the rest is blanked in place.

All texts are invented for these tests.
"""

import json
import random
import re
from pathlib import Path

import pytest

from triage.transcripts import list_asked, read_speech


def words_left(content: str) -> str:
    """What is left of `content`, with runs of blanks shown as one space."""
    speech = read_speech(content)
    assert len(speech) == len(content)
    assert all(left in (sent, " ") for left, sent in zip(speech, content, strict=True))
    return re.sub(r"\s+", " ", speech).strip()


SEED = Path(__file__).parents[1] / "training" / "corpus" / "seed.jsonl"
HOTLINE = """话务员：您好，这里是12345热线，很高兴为您服务，请问有什么可以帮您？
来电人：喂，你好，我家楼下的烧烤店半夜还在炒菜，油烟直往屋里灌。
话务员：请问是哪个小区？
来电人：紫藤苑3栋。
话务员：好的，我跟您核对一下，您反映的是紫藤苑3栋楼下烧烤店油烟直往屋里灌，对吗？
来电人：对。
话务员：我们会转给城管局处理，感谢您的来电，再见。
来电人：好的，谢谢，再见。"""

MATTER = "我家楼下的烧烤店半夜还在炒菜，油烟直往屋里灌"


def test_of_a_call_only_the_callers_matter_is_left():
    assert words_left(HOTLINE) == f"喂，你好，{MATTER}。 紫藤苑3栋。"


def test_read_back_and_promises_of_the_operator_are_gone():
    left = words_left(HOTLINE)
    assert "核对" not in left
    assert "城管局" not in left
    assert left.count("油烟") == 1


def test_offsets_lead_back_to_what_was_sent():
    start = read_speech(HOTLINE).index("油烟")
    assert HOTLINE[start : start + 2] == "油烟"


@pytest.mark.parametrize(
    "content",
    [
        f"坐席：您好，请讲。\n市民：{MATTER}。\n坐席：好的，已登记。",
        f"客服：您好，请讲。市民：{MATTER}。客服：好的，已登记。",
        f"客服：您好请讲市民：{MATTER}客服：好的已登记",
        f"接线员:您好，请讲。 来电人:{MATTER}。 接线员:好的，已登记。",
        f"【话务员】您好，请讲。【来电人】{MATTER}。【话务员】好的，已登记。",
        f"[坐席]：您好，请讲。\r\n[客户]：{MATTER}。\r\n[坐席]：好的，已登记。",
        f"话务员0217：您好，请讲。\n市民（柳女士）：{MATTER}。\n话务员0217：好的，已登记。",
        f"12345话务员：您好，请讲。\n来电人柳女士：{MATTER}。",
        f"2025-03-02 09:15:01 坐席：您好，请讲。\n2025-03-02 09:15:07 市民：{MATTER}。",
        f"坐席 09:15:01\n您好，请讲。\n市民 09:15:07\n{MATTER}。\n坐席 09:15:30\n好的，已登记。",
        f"[09:15] 话务员：您好，请讲。[09:16] 来电人：{MATTER}。",
        f"工作人员：您好，请问您要反映什么？\n来访人：{MATTER}。\n工作人员：好的，已登记。",
        f"來電人：{MATTER}。\n話務員：好的，我幫您登記。",
        f"来电人：{MATTER}。话务员：请问您贵姓？来电人：谢谢，再见。",
        f"A：您好，请问有什么可以帮您？\nB：{MATTER}。\nA：好的，我帮您登记。",
        f"A: {MATTER}。 B: 请问您这边怎么称呼？",
        f"Ａ：您好，请讲。Ｂ：{MATTER}。",
        f"甲：您好，请问有什么事？乙：{MATTER}。甲：请问您贵姓？",
        f"问：请问您要反映什么问题？答：{MATTER}。问：还有其他要补充的吗？",
        f"问：{MATTER}，你们管不管？答：您好，可以到窗口登记，我们会安排核查。",
        f"说话人1：您好，请问有什么事？\n说话人2：{MATTER}。\n说话人1：好的，我帮您登记。",
        f"工单编号：GD2025-0302-17\n话务员：您好，请讲。\n来电人：{MATTER}。",
    ],
)
def test_a_call_is_read_in_every_layout(content):
    assert words_left(content).strip("。，").removesuffix("，你们管不管？") in (
        MATTER,
        MATTER.replace("屋里", "屋裡"),
    )


def test_the_operator_is_found_also_when_called_b():
    left = words_left("A：我要投诉物业，电梯坏了半个月。B：您请说具体位置。A：青枫里6栋。B：好的。")
    assert left == "我要投诉物业，电梯坏了半个月。 青枫里6栋。"


def test_a_danger_that_only_the_operator_puts_into_words_is_kept():
    left = words_left(
        "坐席：您好。市民：厂里又在排水。坐席：您是说有人中毒晕倒了，是吗？市民：对。"
    )
    assert "中毒晕倒" in left


def test_a_danger_in_the_operators_promise_is_kept():
    left = words_left(
        "话务员：您好，请讲。来电人：你们快点来人吧。"
        "话务员：您刚才说孩子被困在电梯里，我马上通知维保。来电人：嗯嗯快点。"
    )
    assert "孩子被困在电梯里" in left


def test_a_danger_the_caller_denies_is_dropped():
    left = words_left(
        "话务员：您好。来电人：车撞到护栏上了。话务员：有人受伤吗？来电人：没有，人没事。"
    )
    assert left == "车撞到护栏上了。 没有，人没事。"


@pytest.mark.parametrize(
    ("question", "answer", "danger"),
    [
        ("是有人中毒了吗？", "没错。", "中毒"),
        ("是一个人掉进井里受伤了吗？", "不是一个，是两个。", "受伤"),
        ("他还有呼吸吗？", "没有了。", "呼吸"),
        ("他还有呼吸吗？", "没有。", "呼吸"),
        ("老人还有意识吗？", "没，叫不醒。", "意识"),
        ("里面的人都疏散出来了吗，楼是不是裂了？", "没有。", "裂"),
        ("是着火了吗？", "火锅店里，快来！", "着火"),
    ],
)
def test_an_answer_that_denies_no_danger_keeps_the_question(question, answer, danger):
    left = words_left(
        f"话务员：您好，请讲。来电人：出事了，在火锅店。话务员：{question}来电人：{answer}"
    )
    assert danger in left


def test_one_no_to_two_questions_denies_neither():
    left = words_left(
        "话务员：您好。来电人：楼道有怪味。话务员：有人头晕吗？燃气阀关了吗？来电人：没有。"
    )
    assert "头晕" in left
    assert "燃气" in left


def test_a_danger_the_caller_has_told_is_not_told_twice():
    left = words_left(
        "话务员：请讲。来电人：二楼着火了！话务员：好的，二楼着火了，我马上转给消防。来电人：快！"
    )
    assert left == "二楼着火了！ 快！"


def test_a_place_that_the_caller_only_confirms_is_kept():
    left = words_left("坐席：您好。市民：路灯全灭了。坐席：是槐花路和纺织街交叉口吗？市民：对。")
    assert "槐花路和纺织街交叉口" in left


def test_the_head_of_a_form_before_a_call_is_dropped_and_its_place_is_kept():
    left = words_left(
        "受理时间：2025-03-02 09:15 来电号码：139****0000 事发地点：青枫里6栋\n"
        "话务员：您好，请讲。\n来电人：垃圾房的火又烧起来了。"
    )
    assert left == "事发地点：青枫里6栋 垃圾房的火又烧起来了。"


@pytest.mark.parametrize(
    ("note", "matter"),
    [
        (
            "来电人反映：昨晚起停水，至今没有恢复。请相关部门及时核实处理并回复。",
            "昨晚起停水，至今没有恢复。",
        ),
        (
            "市民柳女士来电称，幼儿园门口井盖丢了。希望相关部门尽快处理，谢谢！",
            "幼儿园门口井盖丢了。",
        ),
        (
            "【来访登记】来访人姓名：柳某，联系电话：13000000000\n诉求：公布村里的征地款账目。",
            "， 公布村里的征地款账目。",
        ),
        (
            "工单编号：GD2025-17 受理时间：2025-03-02 09:15 来电号码：139****0000 来电人：柳女士 "
            "诉求内容：电梯困住两名老人。经核实，维保单位未到场。请及时处理。",
            "电梯困住两名老人。经核实，维保单位未到场。",
        ),
        ("来电人为退休教师，咨询养老金何时补发。", "来电人为退休教师，咨询养老金何时补发。"),
        ("群众反映强烈，垃圾场夜里焚烧。", "群众反映强烈，垃圾场夜里焚烧。"),
        ("紧急程度：特急\n联系方式：无 我家着火了", "紧急程度：特急 联系方式：无 我家着火了"),
        ("来电人：停水了。", "来电人：停水了。"),
    ],
)
def test_an_operators_note_keeps_its_facts(note, matter):
    assert words_left(note) == matter


@pytest.mark.parametrize(
    ("letter", "matter"),
    [
        ("尊敬的领导：您好！车库漏水三年了。此致敬礼！", "车库漏水三年了。"),
        ("各位领导你们好，车库漏水三年了。万分感谢！谢谢！", "车库漏水三年了。"),
        ("尊敬的教育局领导，您好！学区怎么划分？谢谢。", "尊敬的教育局领导，您好！学区怎么划分？"),
        (
            "感谢三路车司机帮我找回钱包，他的好意让人感动。",
            "感谢三路车司机帮我找回钱包，他的好意让人感动。",
        ),
        ("尊敬的纪委领导：请查处。", "尊敬的纪委领导：请查处。"),
        ("领导干部公车私用，请查处。", "领导干部公车私用，请查处。"),
        ("书记员收了钱，谢谢你们查一查。", "书记员收了钱，谢谢你们查一查。"),
    ],
)
def test_a_letter_loses_only_its_courtesies(letter, matter):
    assert words_left(letter) == matter


def test_no_petition_of_the_seed_corpus_loses_more_than_courtesies():
    lines = SEED.read_text(encoding="utf-8").splitlines()
    for content in (json.loads(line)["content"] for line in lines):
        speech = read_speech(content)
        lost = [sent for left, sent in zip(speech, content, strict=True) if left != sent]
        assert len(lost) <= 12, content


@pytest.mark.parametrize(
    "content",
    [
        "客服：您好，我要投诉你们的扫地车把我家门前的树撞断了，赔偿至今没有给我。投诉人：柳某",
        "选哪个好？A：建公园 B：建停车场 C：都不建",
        "我在窗口问：这个证怎么办？答：不归我们管。我又去隔壁窗口，问：那归谁管？答：不知道。",
        "我打了三次热线。客服：已经转办。我等了一个月，物业工作人员：我们没有收到。到底找谁？",
        "市民：周末公园的灯几点关？",
        "网址是http://example.com:8080/a?b=1，打不开",
        "谢谢！",
        "尊敬的领导：您好！",
        "话务员：您好。来电人：嗯。",
        "",
        " ",
        "😀😀😀",
        "Please fix the lift in block B: it has been broken for days.",
    ],
)
def test_what_is_no_transcript_or_holds_nothing_else_is_returned_as_it_is(content):
    assert read_speech(content) is content


def test_any_mixture_of_marks_keeps_its_length_and_never_becomes_empty():
    dice = random.Random(5)  # noqa: S311  the same strings each time, nothing secret
    parts = [
        "话务员：",
        "来电人：",
        "A：",
        "B：",
        "问：",
        "答：",
        "【市民】",
        "您好，",
        "请讲。",
        "谢谢！",
        "此致敬礼",
        "尊敬的领导：",
        "着火了。",
        "停水三天",
        "？",
        "电话：13000000000",
        "\n",
        " ",
        "10:20:30",
        "坐席 ",
        "诉求：",
        "来电人反映",
        "请及时处理。",
        "😀",
        "\ud800",
    ]
    for _ in range(3000):
        content = "".join(dice.choices(parts, k=dice.randint(1, 12)))
        left = words_left(content)
        assert left or not content.strip()
        assert ("着火" in left) == ("着火" in content)


@pytest.mark.parametrize(
    "part",
    [
        "话务员：您好。来电人：我家停电了？",
        "A：您好。B：停电",
        "谢谢，",
        "电话：",
        "尊敬的",
        "坐席 10:10:10",
        "【",
    ],
)
def test_a_text_of_a_hundred_thousand_characters_is_read_whole(part):
    content = (part * 100_000)[:100_000]
    assert len(read_speech(content)) == len(content)


@pytest.mark.parametrize(
    ("operator", "caller"),
    [
        ("操作员", "报警人"),
        ("话务员小陈", "市民A"),
        ("智能客服", "女市民"),
        ("话务员", "来电群众"),
        ("工号2071", "张女士"),
        ("热线", "大爷"),
        ("被叫", "主叫"),
        ("agent", "customer"),
        ("左声道", "右声道"),
    ],
)
def test_speakers_are_told_apart_by_any_name(operator, caller):
    content = (
        f"{operator}：您好，请问有什么可以帮您？{caller}：社保卡丢了怎么补。"
        f"{operator}：请您到窗口办理。{caller}：知道了。"
    )
    assert words_left(content) == "社保卡丢了怎么补。 知道了。"


def test_no_second_question_hides_what_is_denied():
    content = "话务员：您好，有什么可以帮您？有没有煤气泄漏？来电人：没有，我问水费在哪交。"
    assert words_left(content) == "没有，我问水费在哪交。"


@pytest.mark.parametrize(
    "content",
    [
        "客服：我的宽带坏了，什么时候修。投诉人：张某",
        "时间：昨天。地点：菜场。经过：他说有什么可以看的，推了我。",
        "甲说：有什么可以帮的。乙没理。",
    ],
)
def test_a_letter_with_colons_is_no_transcript(content):
    assert list_asked(content) == []


def test_what_is_asked_is_confirmed_denied_or_left_open():
    content = (
        "话务员：您好，请讲。来电人：喂。话务员：是着火吗？来电人：对。"
        "话务员：有人受伤吗？来电人：没有。话务员：还有呼吸吗？来电人：没有。"
    )
    asked = list_asked(content)
    assert [one.answer for one in asked] == [None, True, False, None]
    assert content[asked[0].start : asked[0].end] == "您好，请讲。"
    assert content[asked[0].last :].startswith("您好，请讲。")
