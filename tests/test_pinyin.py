"""How names are typed by sound, and the tree of divisions that is searched by it."""

import pytest

from triage.divisiontree import DivisionTree, grow_tree
from triage.errors import NotFound
from triage.gazetteer import load_gazetteer
from triage.pinyin import spell


@pytest.fixture(scope="module")
def tree() -> DivisionTree:
    return grow_tree(load_gazetteer())


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("住房保障", "zhufangbaozhang", "zfbz"),
        ("重庆市", "chongqingshi", "cqs"),
        ("长沙市", "changshashi", "css"),
        ("12345热线", "12345rexian", "12345rx"),
        ("征地（拆迁）", "zhengdichaiqian", "zdcq"),
        ("", "", ""),
    ],
)
def test_a_name_is_typed_in_full_or_by_its_first_letters(
    name: str, pinyin: str, initials: str
) -> None:
    assert (spell(name).pinyin, spell(name).initials) == (pinyin, initials)


def test_provinces_stand_at_the_top_and_streets_at_the_bottom(tree: DivisionTree) -> None:
    provinces = tree.list_under(None)
    assert {one.level for one in provinces} == {"province"}
    assert len(provinces) == 34
    path = tree.list_path("430102")
    assert [one.name for one in path] == ["湖南省", "长沙市", "芙蓉区"]
    street = tree.list_under("430102")[0]
    assert (street.level, street.parent, len(street.code)) == ("street", "430102", 9)


def test_a_district_of_a_municipality_lies_right_under_it(tree: DivisionTree) -> None:
    assert tree.get("110105").parent == "110000"
    assert "朝阳区" in {one.name for one in tree.list_under("110000")}


def test_every_division_but_a_province_lies_under_another(tree: DivisionTree) -> None:
    seen, queue = 0, [None]
    while queue:
        below = tree.list_under(queue.pop())
        seen += len(below)
        queue += [one.code for one in below if one.below]
    assert seen == len(tree)


def test_a_search_finds_by_name_and_by_sound_the_higher_first(tree: DivisionTree) -> None:
    assert tree.search("湖南")[0].code == "430000"
    assert tree.search("hns")[0].name in ("湖南省", "海南省", "河南省")
    assert "430102" in {one.code for one in tree.search("frq", under="430100")}
    assert "430102" in {one.code for one in tree.search("furongqu", under="430100")}
    assert tree.search("  ") == ()
    assert len(tree.search("x", limit=3)) == 3


def test_an_unknown_code_is_said_to_be_unknown(tree: DivisionTree) -> None:
    for ask in (tree.get, tree.list_under, tree.list_path):
        with pytest.raises(NotFound):
            ask("999999")
    with pytest.raises(NotFound):
        tree.search("x", under="999999")
