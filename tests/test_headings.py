import pytest

from triage.headings import (
    cut_admin,
    find_admin,
    is_admin,
    list_parts,
    list_sentences,
    says_nothing,
    tidy,
)


@pytest.mark.parametrize(
    ("title", "matter"),
    [
        ("关于恳请领导解决清河区柳岸花园电梯停运问题的建议", "清河区柳岸花园电梯停运"),
        ("投诉安平县宏图公司拖欠工资，请领导做主！", "安平县宏图公司拖欠工资"),
        ("请问柳河镇的公租房什么时候分配？", "柳河镇的公租房什么时候分配"),
        ("再次反映三中门口流动摊贩占道的情况", "三中门口流动摊贩占道"),
        ("强烈要求相关部门严查锦绣小区楼顶违建", "锦绣小区楼顶违建"),
        ("对东湖公园夜间照明的几点建议", "东湖公园夜间照明"),
        ("柳岸花园全体业主联名反映宏图广场夜间施工", "柳岸花园宏图广场夜间施工"),
        ("请假条难开", "请假条难开"),
        ("就业补贴怎么领", "就业补贴怎么领"),
        ("求职者被收取押金", "求职者被收取押金"),
        ("望江苑小区停水", "望江苑小区停水"),
        ("房屋质量问题", "房屋质量问题"),
    ],
)
def test_what_stands_around_the_matter_is_taken_away(title: str, matter: str) -> None:
    assert tidy(title) == matter


@pytest.mark.parametrize("title", ["", "  ", "？", "求助", "投诉", "建议"])
def test_a_title_of_courtesies_alone_does_not_become_longer(title: str) -> None:
    assert len(tidy(title)) <= len(title.strip())


def test_a_tidy_title_falls_into_parts_at_its_marks() -> None:
    assert list_parts("柳岸花园停水三天，请领导解决") == ["柳岸花园停水三天"]


def test_clauses_about_the_writer_and_greetings_are_passed_over() -> None:
    content = "尊敬的领导：您好！我是柳岸花园的业主。小区电梯停运半个月，老人下不了楼。谢谢！"
    assert list(list_sentences(content)) == ["小区电梯停运半个月", "老人下不了楼"]


def test_what_an_operator_writes_before_the_matter_is_taken_away() -> None:
    content = "来电人称柳岸花园地下车库积水。走访前营村时，村民反映机井坏了两个月。"
    assert list(list_sentences(content)) == ["柳岸花园地下车库积水", "机井坏了两个月"]


@pytest.mark.parametrize(
    ("place", "core"),
    [
        ("安平县柳河镇前营村", "柳河镇前营村"),
        ("清源市东山区柳岸花园", "柳岸花园"),
        ("A市A3区柳岸花园", "柳岸花园"),
        ("柳岸小区", "柳岸小区"),
        ("前进社区", "前进社区"),
        ("高新园区创业路", "高新园区创业路"),
        ("家家超市门口", "家家超市门口"),
        ("东门农贸市场", "东门农贸市场"),
    ],
)
def test_towns_and_districts_are_told_from_estates_and_markets(place: str, core: str) -> None:
    assert cut_admin(place) == core
    assert place[find_admin(place) :] == core


def test_a_district_alone_is_no_place_to_go_to() -> None:
    assert is_admin("清源市东山区")
    assert is_admin("B市B2县")
    assert not is_admin("清源市东山区柳岸花园")


@pytest.mark.parametrize(
    "title",
    [
        "",
        "问题反映",
        "关于相关问题的几点建议",
        "群众来访登记",
        "市长信箱",
        "尊敬的领导：您好！",
        "A市A3区",
        "12345工单20260103",
        "求助！！",
        "12345" * 400,
    ],
)
def test_a_title_of_forms_alone_says_nothing(title: str) -> None:
    assert says_nothing(title)


@pytest.mark.parametrize(
    "title",
    ["停电", "漏气求助", "关于电梯问题的反映", "A市停水", "投诉领导作风", "业主反映路灯不亮"],
)
def test_a_title_with_a_matter_says_something(title: str) -> None:
    assert not says_nothing(title)
