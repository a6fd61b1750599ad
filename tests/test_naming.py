from collections.abc import Sequence

import pytest

from triage.naming import (
    MAX_NAME,
    Description,
    choose_representatives,
    describe_problem,
    find_words,
    name_problem,
)
from triage.themes import find_theme
from triage.traces import Told

DOMAIN = "小区管理"


def tell(*messages: tuple[str, str], place: str | None = None) -> list[Told]:
    return [
        Told(f"s{number}", title, content, place)
        for number, (title, content) in enumerate(messages, start=1)
    ]


LIFT = tell(
    (
        "柳岸花园6栋电梯停运，老人下不了楼",
        "柳岸花园6栋的电梯停运半个月了，八十岁的老人下不了楼，物业说没钱修。",
    ),
    (
        "关于清源市柳岸花园电梯长期停运的投诉",
        "我是柳岸花园业主，6栋电梯停运，物业一直推托，请督促维修。",
    ),
    ("忍无可忍！凭什么没人管", "柳岸花园6栋电梯停运，物业不修，我们天天爬十八楼。"),
)


def test_the_name_says_what_and_where_in_the_words_of_a_member() -> None:
    name = name_problem(LIFT, domain=DOMAIN)
    assert "柳岸花园" in name
    assert "电梯" in name
    assert "停运" in name
    assert any(name in told.title for told in LIFT)


def test_the_order_of_the_members_changes_nothing() -> None:
    backwards = LIFT[::-1]
    assert name_problem(backwards, domain=DOMAIN) == name_problem(LIFT, domain=DOMAIN)
    assert find_words(backwards) == find_words(LIFT)
    assert choose_representatives(backwards) == choose_representatives(LIFT)


def test_where_no_title_names_the_place_it_stands_in_front() -> None:
    told = tell(
        ("自来水发黄有异味", "前营村的自来水从上月起发黄，有股铁锈味，没法喝。"),
        ("自来水发黄半个月了", "柳河镇前营村自来水发黄，村民买桶装水喝。"),
        place="柳河镇前营村",
    )
    name = name_problem(told, domain="自来水供应")
    assert "前营村" in name
    assert "自来水发黄" in name


def test_a_place_whose_end_the_title_begins_with_stands_once() -> None:
    said = ("锦棠府延迟交房没有违约金", "我家在清晏街道锦棠府，延迟交房，不给违约金。")
    name = name_problem(tell(said, said, place="清晏街道锦棠府"), domain=DOMAIN)
    assert name == "清晏街道锦棠府延迟交房没有违约金"


def test_without_titles_the_name_comes_out_of_the_contents() -> None:
    told = tell(
        ("", "来电人称望江路夜宵摊油烟很大，熏得居民开不了窗，希望有人管。"),
        ("", "来电人反映望江路夜宵摊油烟扰民，每天到凌晨两点，投诉多次。"),
    )
    name = name_problem(told, domain="餐饮油烟")
    assert "望江路" in name
    assert "油烟" in name
    assert "来电人" not in name


def test_where_the_titles_say_only_where_the_contents_or_the_domain_add_what() -> None:
    told = tell(
        ("柳岸花园", "柳岸花园的电梯又停了。"), ("柳岸花园", "柳岸花园电梯停运。"), place="柳岸花园"
    )
    name = name_problem(told, domain=DOMAIN)
    assert "柳岸花园" in name
    assert "电梯" in name
    nothing = tell(("柳岸花园", ""), ("柳岸花园", ""), place="柳岸花园")
    assert name_problem(nothing, domain=DOMAIN) == f"柳岸花园{DOMAIN}"


def test_members_without_any_words_are_named_by_their_domain() -> None:
    assert name_problem(tell(("", ""), ("", "")), domain=DOMAIN) == DOMAIN


def test_a_long_title_is_cut_between_words_and_keeps_what_and_where() -> None:
    title = (
        "清源市东山区望江街道柳岸花园小区二期三号地块开发商三年来迟迟没有为全体业主办理不动产权证书"
    )
    name = name_problem(tell((title, title), (title, title)), domain="产权产籍")
    assert len(name) <= MAX_NAME
    assert "柳岸花园" in name or "不动产权证" in name


@pytest.mark.parametrize("length", [1, 2, 3, 70])
def test_a_name_is_never_too_long_or_empty(length: int) -> None:
    told = [
        Told(f"s{n}", "望江路" + "很长的标题没有标点" * 9, "望江路路灯不亮") for n in range(length)
    ]
    assert 0 < len(name_problem(told, domain=DOMAIN)) <= MAX_NAME


def test_personal_data_stays_out_of_names_and_words() -> None:
    told = tell(
        ("望江路38号业主黄立秋先生电话13900001234占道", "业主黄立秋先生电话13900001234占道经营"),
        ("望江路38号业主黄立秋先生电话13900001234占道", "业主黄立秋先生电话13900001234占道经营"),
    )
    said = name_problem(told, domain=DOMAIN) + "".join(find_words(told))
    assert "黄立秋" not in said
    assert "13900001234" not in said


def test_the_words_that_hold_the_members_together_are_those_that_they_share() -> None:
    words = find_words(LIFT, count=4)
    assert len(words) == 4
    assert {"电梯", "停运"} <= set(words)
    assert "督促" not in words


def test_the_representatives_hold_most_and_differ() -> None:
    told: Sequence[Told] = [
        *LIFT,
        Told("s9", "柳岸花园6栋电梯停运，老人下不了楼", LIFT[0].content),
        Told("s8", "有个问题", "不知道找谁。"),
    ]
    chosen = choose_representatives(told, count=2)
    assert len(set(chosen)) == 2
    assert chosen[0] in {"s1", "s9"}
    assert "s8" not in chosen
    assert set(choose_representatives(LIFT, count=9)) == {"s1", "s2", "s3"}


def test_a_problem_described_at_once_is_described_the_same() -> None:
    assert describe_problem(LIFT, domain=DOMAIN, theme=find_theme(LIFT)) == Description(
        name=name_problem(LIFT, domain=DOMAIN),
        words=find_words(LIFT),
        examples=choose_representatives(LIFT),
    )
