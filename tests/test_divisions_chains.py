"""A place phrase that cuts a chain of divisions, or follows one, has the division of the chain."""

import time
from datetime import date

import pytest

from triage.divisions import Divisions, load_divisions
from triage.places import PlacePhrase
from triage.placing import to_place_suggestion


@pytest.fixture(scope="module")
def divisions() -> Divisions:
    return load_divisions()


@pytest.mark.parametrize(
    ("text", "cut", "shown", "code"),
    [
        ("老家湖南衡阳祁东县过水坪镇的房子", "水坪镇", "湖南衡阳祁东县过水坪镇", "430426107"),
        ("广州市白云区同和街垃圾没人清", "白云区同和街", "广州市白云区同和街", "440111"),
        ("广州市白云区同和街垃圾没人清", "同和街", "广州市白云区同和街", "440111"),
        ("赣州市大余县新城镇停水", "赣州市", "赣州市大余县新城镇", "360723101"),
        ("江北区洪塘街道路灯不亮", "江北区洪塘街道", "江北区洪塘街道", "330205007"),
        ("昂昂溪区供热不足", "昂溪区", "昂昂溪区", "230205"),
        ("昂昂溪区供热不足", "昂昂溪区", "昂昂溪区", "230205"),
    ],
)
def test_a_cut_phrase_is_widened_to_its_chain(
    divisions: Divisions, text: str, cut: str, shown: str, code: str
) -> None:
    start = text.index(cut)
    for title in ("", "求助"):
        phrase = PlacePhrase("content", start, start + len(cut), cut)
        found = to_place_suggestion(phrase, divisions, text=f"{title}\n{text}")
        assert (found.text, found.division) == (shown, code)


def test_the_abolished_bearer_is_the_candidate_where_its_province_is_named(
    divisions: Divisions,
) -> None:
    text = "\n重庆市江北区观音桥步行街太吵"
    for cut in ("江北区观音桥步行街", "观音桥步行街"):
        start = text.index(cut) - 1
        phrase = PlacePhrase("content", start, start + len(cut), cut)
        now = to_place_suggestion(phrase, divisions, text=text)
        assert now.text == "重庆市江北区观音桥步行街"
        assert now.division is None
        assert [each.code for each in now.candidates] == ["500105"]
        then = to_place_suggestion(phrase, divisions, text=text, on=date(2024, 5, 1))
        assert then.division == "500105"


def test_a_name_lately_abolished_in_another_province_is_not_guessed(divisions: Divisions) -> None:
    for on in (None, date(2026, 5, 1)):
        assert [d.code for d in divisions.find("江北区", on=on)] == ["330205", "500105"]
        assert [d.code for d in divisions.find("宁波市江北区", on=on)] == ["330205"]


def test_a_town_s_rank_in_its_county_does_not_tell_it_from_its_likes(divisions: Divisions) -> None:
    assert len(divisions.find("城关镇")) > 50


def test_many_different_names_are_read_in_linear_time(divisions: Divisions) -> None:
    """Nothing holds each name against each; the limit leaves a slow machine room."""
    text = "。".join(name for name in divisions.gazetteer.present().values() if len(name) < 7)[
        :100_000
    ]
    began = time.process_time()
    assert divisions.find(text)
    assert time.process_time() - began < 5
