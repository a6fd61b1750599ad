import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.places import HEAD, LONGEST, find_place, find_places, is_anonymised, load_weights


@pytest.mark.parametrize(
    ("title", "content", "place"),
    [
        ("A3区幸福花园小区电梯停运", "电梯坏了三天没有人修。", "A3区幸福花园小区"),
        ("咨询K8县居民医保缴费问题", "请问怎样缴费？", "K8县"),
        ("请解决A7县青松镇石板村的饮水问题", "村里停水一周了。", "A7县青松镇石板村"),
        ("路灯不亮", "A2区建业路的路灯坏了半个月，晚上漆黑一片。", "A2区建业路"),
        ("投诉B市明德学校乱收费", "孩子在该校读书，学期末又收资料费。", "B市明德学校"),
        ("希望修路", "我们是白马乡石桥村的村民，路烂了没有人管。", "白马乡石桥村"),
        ("", "来电人反映翠湖家园6栋的燃气管漏气，请尽快处理。", "翠湖家园6栋"),
        ("", "县道X035线K12+300处路面塌陷", "县道X035线K12+300处"),
        ("2号线芙蓉广场站3号口电梯停运", "", "2号线芙蓉广场站3号口"),
        ("", "省道S202线白石镇段限高杆损坏", "省道S202线白石镇段"),
        ("", "京港澳高速K1520处有一块篷布，很危险。", "京港澳高速K1520处"),
        ("", "2号线芙蓉广场站3号口电梯停运", "2号线芙蓉广场站3号口"),
        ("", "反映12路公交车终点站没有站牌。", "12路公交车终点站"),
        ("", "城东农贸市场3排12号摊位卖注水肉，没有人管。", "城东农贸市场3排12号摊位"),
        ("", "遵义市汇川区锦湖府二期的电梯停了三天。", "遵义市汇川区锦湖府二期"),
    ],
)
def test_the_most_specific_place_is_found(title: str, content: str, place: str) -> None:
    found = find_place(title, content)
    assert found is not None
    assert found.text == place


@pytest.mark.parametrize(
    ("title", "content"),
    [
        ("", ""),
        ("建议", "建议把办事流程写得明白一些。"),
        ("感谢", "感谢你们的耐心解答。"),
        ("", "😀😀😀"),
        ("", "hello"),
    ],
)
def test_there_may_be_no_place(title: str, content: str) -> None:
    assert find_place(title, content) is None


def test_a_place_knows_its_field_and_offsets() -> None:
    title, content = "请解决A7县青松镇石板村的饮水问题", "村里停水一周了。"
    found = find_place(title, content)
    assert found is not None
    assert found.field == "title"
    assert title[found.start : found.end] == found.text
    content = "A2区建业路的路灯坏了半个月，晚上漆黑一片。"
    found = find_place("路灯不亮", content)
    assert found is not None
    assert found.field == "content"
    assert content[found.start : found.end] == found.text


def test_the_place_that_was_given_is_the_place() -> None:
    found = find_place("A3区幸福花园小区电梯停运", "", given="临河镇张庄村")
    assert found is not None
    assert (found.field, found.text, found.start, found.end) == ("place", "临河镇张庄村", 0, 6)
    again = find_place("A3区幸福花园小区电梯停运", "电梯坏了。", given="  ")
    assert again is not None
    assert again.field == "title"


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("临河镇张庄村", "village"),
        ("青松镇三组", "village"),
        ("白马乡卫生院", "township"),
        ("翠湖街道", "urban"),
        ("康居花园3栋", "urban"),
        ("建业大道", "urban"),
        ("临江市", "city"),
        ("A市A3区", "city"),
        ("东风物流园", None),
    ],
)
def test_a_place_shows_its_level(text: str, level: str | None) -> None:
    found = find_place("", "", given=text)
    assert found is not None
    assert found.level == level


@pytest.mark.parametrize("text", ["A市", "A3区的路", "K8县", "西地省", "住在J11市"])
def test_anonymised_names_are_recognised(text: str) -> None:
    assert is_anonymised(text)
    found = find_place("", "", given=text)
    assert found is not None
    assert found.anonymised


@pytest.mark.parametrize("text", ["南京市", "小区B区3栋", "A座", "地铁B口", "PM2.5超标", "VIP区"])
def test_letters_in_other_names_are_no_anonymised_places(text: str) -> None:
    assert not is_anonymised(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=150), st.text(max_size=300))
def test_any_text_has_a_place_inside_it_or_none(title: str, content: str) -> None:
    found = find_place(title, content)
    if found is not None:
        field = {"title": title, "content": content}[found.field]
        assert field[found.start : found.end] == found.text
        assert 2 <= len(found.text) <= LONGEST


def test_a_long_text_is_read_at_its_head() -> None:
    head = "我们是白马乡石桥村的村民，路烂了没有人管。"
    short = find_place("希望修路", head + "谢" * HEAD)
    assert short is not None
    assert find_place("希望修路", head + "谢" * 100_000) == short


def test_the_weights_hold_no_text_and_stay_small() -> None:
    weights = load_weights()
    assert weights.char_ids.max() < len(weights.chars) // 2
    assert all(array.dtype.kind in "fi" for array in (weights.char_ids, weights.pairs))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(max_size=150),
            st.text("A1市3区县幸福花园小路村乡的。，咨询", max_size=300),
            st.none() | st.just(" ") | st.just("临河镇张庄村"),
        ),
        max_size=5,
    )
)
def test_many_are_read_as_each_alone(submissions: list[tuple[str, str, str | None]]) -> None:
    alone = [find_place(title, content, given=place) for title, content, place in submissions]
    assert find_places(submissions) == alone


def test_more_than_are_looked_at_together_keep_their_order() -> None:
    names = [f"{first}{last}村" for first in "青白石河山" for last in "桥板塘湾岭坪"] * 10
    found = find_places([(f"请解决A7县青松镇{name}的饮水问题", "停水了。", None) for name in names])
    assert [place.text for place in found if place] == [f"A7县青松镇{name}" for name in names]
