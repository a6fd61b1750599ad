import pytest

from triage.errors import InvalidData
from triage.themes import (
    Theme,
    Themed,
    count_themes,
    find_theme,
    list_terms,
    load_troubles,
    name_theme,
    read_troubles,
)
from triage.traces import Told

PATH = ("城乡建设", "城市建设和市政管理", "小区管理")
NIGHT_WORKS = Theme("night-works", "夜间施工扰民")


def tell(*messages: tuple[str, str]) -> list[Told]:
    return [Told(f"s{number}", title, content) for number, (title, content) in enumerate(messages)]


def name(*messages: tuple[str, str]) -> Theme:
    return name_theme(tell(*messages), domain_code="010211", domain_path=PATH)


def test_the_same_trouble_in_another_place_and_in_other_words_has_the_same_theme() -> None:
    assert name(("柳岸花园旁工地凌晨还在打桩", "睡不着")) == NIGHT_WORKS
    assert name(("江湾公馆夜间施工", ""), ("江湾公馆半夜开工", "机器轰鸣")) == NIGHT_WORKS


def test_what_the_title_says_goes_before_what_the_content_adds() -> None:
    told = ("望江路公交班次太少", "等车的地方有流动摊贩占道，夜里路灯不亮。")
    assert name(told).key == "bus-lines"


def test_a_theme_needs_its_words_in_most_members() -> None:
    told = [("柳岸花园电梯停运", "")] + [("柳岸花园门禁坏了", "进不了门")] * 3
    assert name(*told) == Theme("domain:010211", "城市建设和市政管理·小区管理")


def test_where_no_words_fit_the_domain_is_the_theme() -> None:
    told = tell(("想问一件事", "请回电"))
    assert find_theme(told) is None
    assert name(("想问一件事", "请回电")).key == "domain:010211"
    twice = name_theme(told, domain_code="010600", domain_path=("科教文体", "出版", "出版"))
    assert twice == Theme("domain:010600", "出版")
    assert list_terms(twice) == ()


def test_words_that_must_stand_beside_keep_a_term_from_meaning_too_much() -> None:
    assert name(("柳岸花园二期停工，何时交房", "")).key == "delayed-handover"
    assert name(("二号线停工", "什么时候复工")).key != "delayed-handover"


def test_each_key_of_the_product_has_one_name_and_finds_itself_by_its_first_terms() -> None:
    troubles = load_troubles()
    assert len({row.theme.key for row in troubles.rows}) == len(
        {row.theme for row in troubles.rows}
    )
    lost = [
        row.theme.key
        for row in troubles.rows
        if not troubles.find_words("".join(row.terms)) >= row.terms
    ]
    assert not lost


def themed(problem: str, key: str, heat: float, **divisions: int) -> Themed:
    size = sum(divisions.values())
    return Themed(
        problem_id=problem,
        theme=Theme(key, key),
        size=size,
        reporters=size - 1,
        heat=heat,
        divisions=divisions,
    )


def test_themes_in_most_divisions_come_first_with_what_stands_under_them() -> None:
    counted = count_themes(
        [
            themed("1", "lifts", 20, d1=9),
            themed("2", "fumes", 5, d1=2, d2=1),
            themed("3", "fumes", 8, d2=4),
            themed("4", "lifts", 40, d1=3),
        ]
    )
    assert [one.theme.key for one in counted] == ["fumes", "lifts"]
    assert counted[0].problems == ("3", "2")
    assert counted[0].divisions == {"d2": 2, "d1": 1}
    assert (counted[0].size, counted[0].reporters) == (7, 5)
    assert counted[1].problems == ("4", "1")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('{ key = "a", name = "甲" }', "缺少 terms"),
        ('{ key = "a", name = "甲", terms = [""] }', "不能有空的"),
        ('{ key = "", name = "甲", terms = ["乙"] }', "key 应为"),
        ('{ key = "domain:1", name = "甲", terms = ["乙"] }', "domain:"),
        ('{ key = "a", name = "甲", term = ["乙"] }', "不认识的字段：term"),
        (
            '{ key = "a", name = "甲", terms = ["乙"] },{ key = "a", name = "丙", terms = ["丁"] }',
            "第 2 条",
        ),
    ],
)
def test_a_malformed_row_is_named(row: str, says: str) -> None:
    with pytest.raises(InvalidData, match=says):
        read_troubles(f"themes = [{row}]".encode())
