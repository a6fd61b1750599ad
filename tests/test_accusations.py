"""Signs of an accusation: who is meant, what of, and who is only greeted or asked."""

import numpy as np
import pytest

from triage.accusations import SIGNS, find_signs
from triage.features import read_text

TITLE = ("own", "fraud", "named", "misdeed")
BODY = ("opening", "contact", "idle", "share_named", "misdeeds", "wrongs", "manners", "punish")
BOTH = ("nobody", "nothing")


def signs(title: str, body: str) -> dict[str, float]:
    found = find_signs([read_text(title, body)])
    assert found.shape == (1, SIGNS)
    return dict(zip((*TITLE, *BODY, *BOTH), found[0].tolist(), strict=True))


def test_a_person_in_office_at_fault_in_the_opening_is_a_sign() -> None:
    found = signs("", "我村会计冒领补贴三年。账本从不公开。")
    assert found["opening"] == 1
    assert signs("", "楼下的店冒领补贴三年。账本从不公开。")["opening"] == 0


def test_an_opening_is_two_sentences_long() -> None:
    body = "我住在河东村。村口有条路。路修了两年。支书把修路款挪用了。"
    assert signs("", body)["opening"] == 0
    assert signs("", body.replace("路修了两年。", ""))["opening"] == 0
    assert signs("", "我住在河东村。支书把修路款挪用了。路修了两年。")["opening"] == 1


@pytest.mark.parametrize(
    "greeting",
    ["尊敬的李局长：", "李局长您好，", "请局长过问：", "各位主任、", "县长，你好！"],
)
def test_whoever_is_greeted_or_asked_is_not_accused(greeting: str) -> None:
    found = signs("", f"{greeting}有商贩伪造证件卖肉")
    assert (found["opening"], found["share_named"]) == (0, 0)


@pytest.mark.parametrize(
    "words", ["校长罗志明", "罗志明校长", "罗校长", "支部书记（罗志明）", "罗志明同志"]
)
def test_a_post_beside_a_name_means_somebody(words: str) -> None:
    assert signs(f"反映{words}的问题", "")["named"] == 1
    assert signs("", f"去年{words}管账。今年换了人。")["share_named"] == 0.5


@pytest.mark.parametrize("words", ["校长严格管理", "林业局长期无人", "温馨的老师", "校长室"])
def test_a_post_beside_an_everyday_word_means_nobody(words: str) -> None:
    assert signs(words, "")["named"] == 0


def test_a_title_tells_of_loss_fraud_and_misdeeds() -> None:
    found = signs("受害人要求退款", "")
    assert (found["own"], found["fraud"], found["misdeed"]) == (1, 1, 0)
    assert signs("举报截留低保", "")["misdeed"] == 1


def test_misdeeds_are_counted_by_the_sentence() -> None:
    assert signs("", "他贪污受贿。他还打人！账目清楚。")["misdeeds"] == pytest.approx(np.log(3))


def test_asking_an_office_and_its_idleness_are_counted_apart() -> None:
    found = signs("", "我打电话给工作人员没人接。民警推诿。路灯坏了。水管也坏了。")
    assert found["contact"] == pytest.approx(np.log(2))
    assert found["idle"] == 0.25


def test_punishment_is_asked_for_at_the_end() -> None:
    middle = "以上属实，我愿意作证，并且保留了照片。" * 6
    assert signs("", f"{middle}请予追责。")["punish"] == 1
    assert signs("", f"请予追责。{middle}")["punish"] == 0


def test_text_without_stops_is_read_in_pieces() -> None:
    body = "民警在路口站着，" * 40 + "店主造假"
    found = signs("", body)
    assert found["opening"] == 0
    assert found["misdeeds"] == pytest.approx(np.log(2))


def test_each_of_a_batch_has_the_signs_it_has_alone() -> None:
    readings = [
        read_text("支书贪污", "村主任王志强私分公款。请查处。"),
        read_text("", ""),
        read_text("路灯不亮", "希望修好。"),
        read_text("", "处"),
    ]
    together = find_signs(readings)
    alone = [find_signs([reading])[0] for reading in readings]
    np.testing.assert_array_equal(together, alone)
    assert not together[1:, :-2].any()
    assert together[1:, -2:].all()
    assert find_signs([]).shape == (0, SIGNS)


@pytest.mark.parametrize(
    ("title", "body", "nobody", "nothing"),
    [
        ("楼上漏水", "来电人反映楼上漏水，请核实处理", 1, 1),
        ("", "", 1, 1),
        ("驻场检疫员不看猪就盖章", "", 0, 1),
        ("", "低保叫人冒领了", 1, 0),
        ("", "请局长过问，楼上漏水", 1, 1),
        ("支书贪污", "我是村民", 0, 0),
    ],
)
def test_a_letter_may_speak_of_no_person_in_office_and_of_no_misdeed(
    title: str, body: str, nobody: int, nothing: int
) -> None:
    found = signs(title, body)
    assert (found["nobody"], found["nothing"]) == (nobody, nothing)


@pytest.mark.parametrize(
    "words",
    [
        "农技员",
        "拆迁办小蔡",
        "水政的人",
        "妇联主席",
        "税务分局管户",
        "武装部参谋",
        "司法所",
        "局里",
    ],
)
def test_offices_and_servants_of_the_county_are_persons_in_office(words: str) -> None:
    assert signs("", f"{words}年年来")["nobody"] == 0


@pytest.mark.parametrize(
    "deed",
    [
        "倒卖补贴种子",
        "先要打点",
        "在馆子里白吃白喝",
        "每月收茶钱",
        "收了活动费",
        "招人漏题",
        "办假退休",
    ],
)
def test_misdeeds_in_everyday_words_are_misdeeds(deed: str) -> None:
    assert signs("", f"农技员{deed}")["nothing"] == 0
    assert signs("", f"农技员{deed}")["opening"] == 1


@pytest.mark.parametrize(
    "words",
    [
        "业委会主任",
        "业主委员会的主任",
        "保安队长",
        "家长委员会组长",
        "有人冒充民警",
        "自称镇干部的人",
    ],
)
def test_who_is_of_no_office_or_only_says_so_is_not_accused(words: str) -> None:
    found = signs("", f"{words}私分公款")
    assert (found["nobody"], found["opening"]) == (1, 0)
    assert signs("", "村主任私分公款")["nobody"] == 0
    assert signs("", "物业和村主任私分公款")["nobody"] == 0


def test_what_is_eaten_or_owed_between_firms_is_no_misdeed() -> None:
    assert signs("", "药吃也是白吃，工程款三年没结账")["nothing"] == 1
