import copy
import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from triage.calendar import CHINA_TIME, Calendar, Span, Unit
from triage.deadlines import (
    DEFAULT,
    Rule,
    Start,
    get_rulebook,
    load_presets,
    load_rulebooks,
    read_rulebook,
    set_terms,
)
from triage.errors import InvalidData, InvalidInput, NotFound
from triage.suggestions import NATURES, URGENCY_NAMES
from triage.timetable import default_settings

MONDAY = datetime(2025, 3, 3, 2, 0, tzinfo=UTC)  # ten in the morning in Beijing
PRESETS = {preset.name: preset for preset in load_presets()}
BOOK: dict[str, Any] = {
    "name": "town",
    "title": "本地",
    "source": "本地办法",
    "rules": [
        {"name": "特急", "urgencies": [1], "within": "2 hour", "accept": "1 hour"},
        {"name": "其他", "within": "5 workday", "extension": "3 workday"},
    ],
}


def china(moment: datetime | None) -> str:
    return f"{moment.astimezone(CHINA_TIME):%Y-%m-%d %H:%M:%S}" if moment else ""


def rule_for(preset: str, *, urgency: int = 4, nature: str = "投诉", domain: str = "01") -> Rule:
    return PRESETS[preset].choose(urgency=urgency, nature=nature, domain_code=domain)


def test_the_presets_are_those_that_the_documents_name() -> None:
    assert list(PRESETS) == ["xinfang", "beijing", "sichuan", "shandong"]
    assert DEFAULT in PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_has_a_rule_for_every_entry_and_says_where_it_comes_from(name: str) -> None:
    for urgency in URGENCY_NAMES:
        for nature in NATURES:
            rule = rule_for(name, urgency=urgency, nature=nature)
            assert rule.article
            assert (rule.within is None) == (nature == "感谢")
    assert PRESETS[name].source


@pytest.mark.parametrize(
    ("urgency", "deadline"),
    [
        (1, "2025-03-03 12:00:00"),
        (2, "2025-03-04 10:00:00"),
        (3, "2025-03-10 23:59:59"),
        (4, "2025-03-18 23:59:59"),
    ],
)
def test_beijing_answers_in_2_and_24_hours_7_and_15_days(urgency: int, deadline: str) -> None:
    rule = rule_for("beijing", urgency=urgency)
    terms = set_terms(rule, assigned_at=MONDAY, calendar=Calendar())
    assert china(terms.deadline_at) == deadline


@pytest.mark.parametrize(
    ("nature", "days"), [("咨询", 3), ("求助", 7), ("建议", 7), ("投诉", 15), ("举报", 15)]
)
def test_sichuan_counts_by_nature_in_working_days(nature: str, days: int) -> None:
    assert rule_for("sichuan", nature=nature).within == Span(days, Unit.WORKDAY)


def test_shandong_has_5_working_days_10_more_and_2_to_return() -> None:
    rule = rule_for("shandong")
    assert (rule.within, rule.extension) == (Span(5, Unit.WORKDAY), Span(10, Unit.WORKDAY))
    assert (rule.object, rule.extensions) == (Span(2, Unit.WORKDAY), 1)


def test_the_regulation_gives_60_days_from_acceptance_and_5_working_days_to_object() -> None:
    rule = rule_for("xinfang")
    assert (rule.extension, rule.extensions, rule.pauses) == (Span(30, Unit.DAY), 1, ())
    terms = set_terms(rule, assigned_at=MONDAY, calendar=Calendar())
    assert china(terms.accept_by) == "2025-03-18 23:59:59"
    assert china(terms.return_by) == "2025-03-10 23:59:59"
    assert china(terms.deadline_at) == "2025-05-17 23:59:59"  # from the last moment to accept
    accepted = datetime(2025, 3, 5, 2, 0, tzinfo=UTC)
    terms = set_terms(rule, assigned_at=MONDAY, accepted_at=accepted, calendar=Calendar())
    assert china(terms.deadline_at) == "2025-05-04 23:59:59"


def test_thanks_have_no_time_to_reply() -> None:
    terms = set_terms(rule_for("beijing", nature="感谢"), assigned_at=MONDAY, calendar=Calendar())
    assert (terms.deadline_at, terms.runs_from, terms.runs_for) == (None, None, None)
    assert terms.accept_by is not None


def test_a_rule_counts_from_the_first_or_from_the_latest_assignment() -> None:
    opened = datetime(2025, 3, 1, 2, 0, tzinfo=UTC)
    for starts, end in ((Start.OPENED, "2025-03-06"), (Start.ASSIGNED, "2025-03-08")):
        rule = Rule("甲", Span(5, Unit.DAY), starts=starts)
        terms = set_terms(rule, assigned_at=MONDAY, opened_at=opened, calendar=Calendar())
        assert china(terms.deadline_at) == f"{end} 23:59:59"


def test_one_time_that_is_provisional_makes_the_terms_so() -> None:
    rule = Rule("甲", Span(2, Unit.HOUR), object=Span(5, Unit.WORKDAY))
    far = datetime(2090, 1, 1, tzinfo=UTC)
    assert set_terms(rule, assigned_at=far, calendar=Calendar()).provisional
    assert not set_terms(rule, assigned_at=MONDAY, calendar=Calendar()).provisional


def test_the_first_rule_that_fits_is_the_one() -> None:
    book = read_rulebook(
        BOOK
        | {
            "rules": [
                {"name": "住房", "domains": ["0102"], "natures": ["投诉"], "within": "1 day"},
                {"name": "城建", "domains": ["01"], "within": "2 day"},
                {"name": "其他", "within": "3 day"},
            ]
        }
    )
    chosen = [
        book.choose(urgency=3, nature=nature, domain_code=domain).name
        for nature, domain in (("投诉", "010203"), ("求助", "010203"), ("投诉", "0201"))
    ]
    assert chosen == ["住房", "城建", "其他"]
    assert book.find("城建") == book.rules[1]
    assert book.find("没有") is None


@pytest.mark.parametrize("name", PRESETS)
def test_a_rulebook_reads_as_it_is_told(name: str) -> None:
    assert read_rulebook(PRESETS[name].as_dict()) == PRESETS[name]


def changed(**rule: Any) -> dict[str, Any]:
    book = copy.deepcopy(BOOK)
    book["rules"][1] |= rule
    return book


@pytest.mark.parametrize(
    ("book", "says"),
    [
        (BOOK | {"name": ""}, "name"),
        (BOOK | {"title": 3}, "title"),
        (BOOK | {"extra": 1}, "extra"),
        (BOOK | {"rules": []}, "rules"),
        (BOOK | {"rules": "全部"}, "rules"),
        (BOOK | {"rules": ["甲"]}, "第 1 条"),
        (BOOK | {"rules": BOOK["rules"][:1]}, "兜底"),
        (BOOK | {"rules": [BOOK["rules"][1], BOOK["rules"][0]]}, "永远用不到"),
        (BOOK | {"rules": [BOOK["rules"][0], BOOK["rules"][1] | {"name": "特急"}]}, "都叫"),
        (changed(name=""), "name"),
        (changed(whitin="3 day"), "whitin"),
        (changed(within="3 days"), "within"),
        (changed(within=3), "within"),
        (changed(starts="now"), "starts"),
        (changed(natures=["投拆"]), "natures"),
        (changed(natures="投诉"), "natures"),
        (changed(urgencies=[5]), "urgencies"),
        (changed(urgencies=[True]), "urgencies"),
        (changed(domains=[""]), "domains"),
        (changed(pauses=[1]), "pauses"),
        (changed(extensions=-1), "extensions"),
        (changed(extensions=True), "extensions"),
        (changed(extensions=0), "要么都写"),
        (changed(extension="3 day"), "单位"),
        (changed(within=None), "within"),
        (changed(extension="1000 workday"), "1000"),
        (changed(article="长" * 501), "article"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_rulebook_that_is_none_is_refused_with_what_is_wrong(
    book: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_rulebook(book)
    assert says in caught.value.message
    assert "时限规则“" in caught.value.message


def test_an_extension_in_days_may_follow_a_deadline_in_hours() -> None:
    book = read_rulebook(changed(within="24 hour", extension="3 workday"))
    assert book.rules[1].extension == Span(3, Unit.WORKDAY)


def test_a_file_of_rulebooks_is_refused_where_it_is_broken() -> None:
    shipped = (files("triage") / "data" / "deadlines.toml").read_bytes()
    assert load_rulebooks(shipped) == load_presets()
    assert [book["name"] for book in tomllib.loads(shipped.decode())["rulebooks"]] == list(PRESETS)
    with pytest.raises(InvalidData, match="语法错误"):
        load_rulebooks(b"[[rulebooks]")
    with pytest.raises(InvalidData, match="rulebooks"):
        load_rulebooks(b"")
    with pytest.raises(InvalidData, match="within"):
        load_rulebooks(shipped.replace(b'"60 day"', b'"60 days"'))
    with pytest.raises(InvalidData, match="两套都叫 beijing"):
        load_rulebooks(shipped.replace(b'name = "sichuan"', b'name = "beijing"'))


def test_an_unknown_rulebook_is_not_found_and_the_last_of_a_name_counts() -> None:
    town = read_rulebook(BOOK | {"name": "beijing"})
    assert get_rulebook("beijing", [*load_presets(), town]) == town
    with pytest.raises(NotFound, match="xinfang"):
        get_rulebook("上海", load_presets())


def test_every_preset_field_unit_and_beginning_is_documented() -> None:
    page = (Path(__file__).parent.parent / "docs" / "deadlines.md").read_text(encoding="utf-8")
    told = [*PRESETS, *Rule.__slots__, *Unit, *Start, *default_settings().as_dict()]
    for name in told:
        assert f"`{name}`" in page, name


def test_the_example_of_a_towns_own_rulebook_can_be_read() -> None:
    page = (Path(__file__).parent.parent / "docs" / "deadlines.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    (rulebook,) = load_rulebooks(example.encode())
    assert rulebook.name == "anping"
