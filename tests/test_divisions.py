from datetime import date

import pytest

from triage.divisions import Divisions, load_divisions
from triage.errors import InvalidData
from triage.gazetteer import read_gazetteer
from triage.places import PlacePhrase
from triage.placing import to_place_suggestion
from triage.suggestions import DivisionCandidate

HEAD = "code,name,valid_from,valid_to\n"


@pytest.fixture(scope="module")
def divisions() -> Divisions:
    return load_divisions()


def phrase(text: str, *, anonymised: bool = False) -> PlacePhrase:
    return PlacePhrase("content", 0, len(text), text, anonymised)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("江苏省南京市鼓楼区", ["320106"]),
        ("南京市鼓楼区", ["320106"]),
        ("南京鼓楼区", ["320106"]),
        ("江苏南京鼓楼区", ["320106"]),
        ("我从沈阳市来，住在南京市鼓楼区中山路", ["320106"]),
        ("鼓楼区", ["320106", "320302", "350102", "410204"]),
        ("朝阳区", ["110105", "220104"]),
        ("北京朝阳区", ["110105"]),
        ("北京朝阳", ["110105"]),
        ("湖南长沙", ["430100"]),
        ("湖南省长沙", ["430100"]),
        ("长沙市区内的公交", ["430100"]),
        ("长沙市民", ["430100"]),
        ("东莞市虎门镇", ["441900121"]),
        ("东莞虎门镇", ["441900121"]),
        ("江苏省昆山市玉山镇", ["320583100"]),
        ("安徽和县", ["340523"]),
        ("洛阳市老城区", ["410302"]),
        ("景宁县", ["331127"]),
        ("积石山保安族东乡族撒拉族自治县", ["622927"]),
        ("乌鲁木齐", []),
        ("南京", []),
        ("南京路", []),
        ("老城区改造", []),
        ("郊区的公交", []),
        ("株洲市场", []),
        ("青石桥镇", []),
        ("某某小区", []),
        ("", []),
    ],
)
def test_all_divisions_that_fit_the_names_are_found(
    divisions: Divisions, text: str, codes: list[str]
) -> None:
    assert [division.code for division in divisions.find(text)] == codes


def test_a_full_name_begins_with_the_province(divisions: Divisions) -> None:
    (found,) = divisions.find("长沙市岳麓区桔子洲街道办")
    assert found.full_name == "湖南省长沙市岳麓区桔子洲街道"
    assert found.level == "street"
    assert divisions.find("重庆市万州区")[0].full_name == "重庆市万州区"


def test_a_name_is_narrowed_by_the_text_around_it_and_never_guessed(divisions: Divisions) -> None:
    assert len(divisions.find("鼓楼区")) == 4
    assert [d.code for d in divisions.find("鼓楼区", context="我是南京市民")] == ["320106"]
    assert len(divisions.find("鼓楼区", context="南京市和徐州市都有")) == 2
    assert len(divisions.find("鼓楼区", context="我在沈阳市")) == 4


def test_the_home_town_is_looked_up_first(divisions: Divisions) -> None:
    assert [d.code for d in divisions.find("鼓楼区", home="3203")] == ["320302"]
    assert len(divisions.find("鼓楼区", home="44")) == 4
    assert [d.code for d in divisions.find("南京市鼓楼区", home="3203")] == ["320106"]


def test_a_division_is_found_by_the_name_it_had_on_the_day(divisions: Divisions) -> None:
    def codes(text: str, on: date) -> list[str]:
        return [division.code for division in divisions.find(text, on=on)]

    assert codes("巢湖市", date(2010, 1, 1)) == ["341400"]
    assert codes("巢湖市", date(2012, 1, 1)) == ["340181"]
    assert codes("闸北区", date(2015, 10, 1)) == ["310108"]
    assert codes("莱芜市", date(2018, 12, 31)) == ["371200"]
    assert codes("杭州市临平区", date(2022, 1, 1)) == ["330113"]


@pytest.mark.parametrize(
    ("name", "last_day"),
    [
        ("上海市闸北区", date(2015, 11, 30)),
        ("莱芜市", date(2019, 1, 31)),
        ("杭州市下城区", date(2021, 4, 30)),
        ("杭州市江干区", date(2021, 4, 30)),
        ("南京市白下区", date(2013, 2, 28)),
        ("北京市宣武区", date(2010, 7, 31)),
    ],
)
def test_an_abolished_division_is_still_known_by_its_name(
    divisions: Divisions, name: str, last_day: date
) -> None:
    (found,) = divisions.find(name)
    assert found.valid_to == last_day


def test_one_fitting_division_is_set_and_several_are_candidates(divisions: Divisions) -> None:
    one = to_place_suggestion(phrase("南京市鼓楼区中山路"), divisions)
    assert (one.division, one.candidates) == ("320106", ())
    several = to_place_suggestion(phrase("朝阳区某小区"), divisions)
    assert several.division is None
    assert several.candidates == (
        DivisionCandidate("110105", "北京市朝阳区"),
        DivisionCandidate("220104", "吉林省长春市朝阳区"),
    )


def test_an_abolished_division_is_a_candidate_and_never_set(divisions: Divisions) -> None:
    now = to_place_suggestion(phrase("上海市闸北区"), divisions)
    assert now.division is None
    assert [candidate.code for candidate in now.candidates] == ["310108"]
    then = to_place_suggestion(phrase("上海市闸北区"), divisions, on=date(2014, 5, 1))
    assert then.division == "310108"


def test_the_text_names_the_division_where_the_place_does_not(divisions: Divisions) -> None:
    found = to_place_suggestion(phrase("幸福小区3栋"), divisions, text="我住南京市鼓楼区幸福小区")
    assert found.division == "320106"
    assert to_place_suggestion(None, divisions, text="南京市鼓楼区").division == "320106"
    assert to_place_suggestion(None, divisions).division is None


def test_an_anonymised_place_is_never_given_a_real_division(divisions: Divisions) -> None:
    found = to_place_suggestion(phrase("A7县虎门镇", anonymised=True), divisions)
    assert found.anonymised
    assert (found.division, found.candidates) == (None, ())
    beside = to_place_suggestion(phrase("虎门镇"), divisions, text="我是A7县虎门镇居民")
    assert beside.anonymised
    assert (beside.division, beside.candidates) == (None, ())


def test_a_town_may_bring_its_own_table() -> None:
    table = read_gazetteer(
        f"{HEAD}990000,云省,,\n990100,溪市,,\n990101,石桥区,2011-08,\n990101100,鹿鸣乡,,2020\n"
    )
    assert len(table) == 4
    own = Divisions(table)
    (found,) = own.find("石桥区鹿鸣乡")
    assert found.full_name == "云省溪市石桥区鹿鸣乡"
    assert found.valid_to == date(2020, 12, 31)
    assert own.find("石桥区")[0].valid_from == date(2011, 8, 1)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("code,name\n110000,北京市\n", "表头"),
        (f"{HEAD}11,北京市,,\n", "第 2 行"),
        (f"{HEAD}110000,,,\n", "第 2 行"),
        (f"{HEAD}110000,北京市,,\n110101,东城区,去年,\n", "第 3 行的日期"),
        (f"{HEAD}110000,北京市,2015,2011\n", "止日早于起日"),
    ],
)
def test_a_broken_table_is_refused_with_its_row(table: str, message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        read_gazetteer(table)


@pytest.mark.parametrize(
    ("unit", "code"), [("区", "320100"), ("鼓楼区", "320106"), ("南京", "320100")]
)
def test_a_text_of_100000_characters_is_read_to_its_end(
    divisions: Divisions, unit: str, code: str
) -> None:
    text = (unit * 100_000)[:99_990] + "。江苏省南京市"
    assert [division.code for division in divisions.find(text)] == [code]
