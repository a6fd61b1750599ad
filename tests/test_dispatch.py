"""The dispatch catalogue: which rule wins, why, and what a town's mistakes in it are told."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from triage.departments import Departments, load_departments
from triage.dispatch import (
    COLUMNS,
    PLACE_LEVELS,
    Catalogue,
    catalogue_from_rows,
    catalogue_rows,
    load_catalogue,
)
from triage.errors import InvalidData
from triage.suggestions import NATURES, DepartmentSuggestion
from triage.taxonomy import Domain, Taxonomy, load_taxonomy

LETTERS = load_taxonomy("letters")
DEPARTMENTS: Departments = load_departments(
    (files("triage") / "data" / "departments.toml").read_bytes()
)
SHIPPED = load_catalogue(
    (files("triage") / "data" / "dispatch.toml").read_bytes(),
    departments=DEPARTMENTS,
    taxonomy=LETTERS,
)
NOISE = LETTERS.get_by_path("环境保护", "环境污染", "噪音污染")
ILLEGAL_BUILDING = LETTERS.get_by_path("城乡建设", "城乡规划", "违章建筑")


def make_row(**changes: str) -> dict[str, str]:
    """A spreadsheet row; `changes` by field name."""
    row = dict.fromkeys(COLUMNS, "") | {
        "path": "环境保护/环境污染/噪音污染",
        "lead": "生态环境局",
        "reason": "理由",
    }
    return {COLUMNS[field]: value for field, value in (row | changes).items()}


def make_catalogue(*rows: dict[str, str]) -> Catalogue:
    return catalogue_from_rows(rows, DEPARTMENTS, LETTERS)


def dispatch(catalogue: Catalogue, domain: Domain = NOISE, **changes: Any) -> DepartmentSuggestion:
    given: dict[str, Any] = {"nature": "投诉", "flags": (), "text": "", "place_level": None}
    return catalogue.dispatch(domain, **(given | changes))


# --- which rule wins ------------------------------------------------------------------------------


def test_the_deepest_path_wins() -> None:
    catalogue = make_catalogue(
        make_row(path="环境保护", lead="应急局"),
        make_row(path="环境保护/环境污染", lead="住建局", natures="投诉"),
        make_row(),
    )
    water = LETTERS.get_by_path("环境保护", "环境污染", "水污染")
    monitoring = LETTERS.get_by_path("环境保护", "环保管理", "环境监测")
    assert dispatch(catalogue).lead == "生态环境局"
    assert dispatch(catalogue, water).lead == "住建局"
    assert dispatch(catalogue, water, nature="建议").lead == "应急局"
    assert dispatch(catalogue, monitoring).lead == "应急局"


@pytest.mark.parametrize(
    ("condition", "given"),
    [
        ({"natures": "举报、投诉"}, {"nature": "举报"}),
        ({"flags": "群体"}, {"flags": ("未成年人", "群体")}),
        ({"place_levels": "村"}, {"place_level": "village"}),
        ({"cues": "施工、工地"}, {"text": "楼下的工地"}),
    ],
)
def test_a_condition_that_holds_goes_before_none(
    condition: dict[str, str], given: dict[str, Any]
) -> None:
    catalogue = make_catalogue(make_row(), make_row(lead="城管局", **condition))
    assert dispatch(catalogue, **given).lead == "城管局"
    assert dispatch(catalogue, nature="咨询").lead == "生态环境局"


def test_all_conditions_of_a_rule_must_hold() -> None:
    catalogue = make_catalogue(make_row(), make_row(lead="城管局", natures="投诉", cues="施工"))
    assert dispatch(catalogue, text="施工").lead == "城管局"
    assert dispatch(catalogue, text="施工", nature="咨询").lead == "生态环境局"
    assert dispatch(catalogue, text="唱歌").lead == "生态环境局"


def test_more_matched_cue_words_win_and_then_more_conditions() -> None:
    catalogue = make_catalogue(
        make_row(lead="城管局", cues="施工、工地"),
        make_row(lead="公安局", cues="唱歌、广场舞", natures="投诉"),
    )
    assert dispatch(catalogue, text="工地施工，还有人唱歌").lead == "城管局"
    assert dispatch(catalogue, text="工地旁有人唱歌").lead == "公安局"


def test_a_draw_between_different_leads_goes_to_the_clerk_with_both_named() -> None:
    catalogue = make_catalogue(
        make_row(),
        make_row(lead="城管局", assisting="住建局", cues="施工", ground="《甲法》"),
        make_row(lead="公安局", cues="唱歌"),
    )
    suggestion = dispatch(catalogue, text="工人边施工边唱歌")
    assert suggestion.lead is None
    assert suggestion.assisting == ()
    assert suggestion.ground is None
    assert "城管局、公安局" in suggestion.reasons[0]
    assert "人工裁定" in suggestion.reasons[0]
    assert any("第 2 条" in reason for reason in suggestion.reasons)
    assert any("第 3 条" in reason for reason in suggestion.reasons)


def test_a_draw_between_rules_with_one_lead_joins_those_who_assist() -> None:
    catalogue = make_catalogue(
        make_row(lead="城管局", assisting="住建局", cues="施工"),
        make_row(lead="城管局", assisting="交警、住建局", cues="渣土车"),
    )
    suggestion = dispatch(catalogue, text="施工渣土车")
    assert suggestion.lead == "城管局"
    assert suggestion.assisting == ("住建局", "交警")


def test_a_domain_without_rule_goes_to_the_clerk() -> None:
    suggestion = dispatch(make_catalogue(make_row()), ILLEGAL_BUILDING)
    assert suggestion.lead is None
    assert suggestion.reasons == (
        "派单目录没有“城乡建设/城乡规划/违章建筑”的规则，请人工指定责任单位",
    )


def test_a_domain_of_another_taxonomy_goes_to_the_clerk() -> None:
    foreign = next(iter(load_taxonomy("db44t2479")))
    assert dispatch(SHIPPED, foreign).lead is None


def test_a_rule_for_every_domain_with_a_lead_goes_before_the_most_specific_path() -> None:
    catalogue = make_catalogue(
        make_row(natures="检举控告", cues="施工"),
        make_row(path="*", natures="检举控告", lead="纪委监委", forward="是"),
        make_row(path="*", flags="极端风险", lead="", assisting="公安局", reason="请先稳控"),
    )
    suggestion = dispatch(catalogue, nature="检举控告", flags=("极端风险",), text="施工")
    assert suggestion.lead == "纪委监委"
    assert suggestion.assisting == ()
    assert any("转送" in reason for reason in suggestion.reasons)


def test_a_rule_for_every_domain_without_lead_only_adds() -> None:
    catalogue = make_catalogue(
        make_row(assisting="城管局"),
        make_row(
            path="*", flags="极端风险", lead="", assisting="公安局、城管局", reason="请先稳控"
        ),
    )
    suggestion = dispatch(catalogue, flags=("极端风险",))
    assert suggestion.lead == "生态环境局"
    assert suggestion.assisting == ("城管局", "公安局")
    assert suggestion.reasons[-1] == "请先稳控"
    assert dispatch(catalogue).assisting == ("城管局",)


def test_who_leads_does_not_also_assist_through_an_added_rule() -> None:
    catalogue = make_catalogue(
        make_row(lead="公安局"),
        make_row(path="*", flags="极端风险", lead="", assisting="公安局"),
    )
    assert dispatch(catalogue, flags=("极端风险",)).assisting == ()


def test_the_reasons_name_domain_nature_place_cues_rule_and_ground() -> None:
    catalogue = make_catalogue(
        make_row(place_levels="村", cues="施工、工地", ground="《甲法》第一条", reason="归它管")
    )
    suggestion = dispatch(catalogue, text="工地施工", place_level="village")
    assert suggestion.reasons == (
        "领域“环境保护/环境污染/噪音污染”、诉求性质“投诉”、地点在村、文中提到“施工”“工地”，"
        "适用派单目录第 1 条",
        "归它管",
        "依据：《甲法》第一条",
    )
    assert suggestion.ground == "《甲法》第一条"


# --- what comes with the product ------------------------------------------------------------------


def test_every_leaf_has_a_lead_or_is_left_to_the_clerk_on_purpose() -> None:
    assert SHIPPED.uncovered == ()
    assert all(domain.level3 == "其他" for domain in SHIPPED.undecided)
    assert len(SHIPPED.undecided) <= 12
    for domain in LETTERS:
        plain = dispatch(SHIPPED, domain)
        assert (plain.lead is None) == (domain in SHIPPED.undecided), domain
        assert len(plain.reasons) >= 2


def test_no_cue_word_of_the_shipped_catalogue_leads_to_two_departments() -> None:
    assert [(one.number, other.number) for one, other in SHIPPED.disputed] == []


def test_accusations_go_to_discipline_whatever_the_domain_and_to_nobody_else() -> None:
    for domain in LETTERS:
        suggestion = dispatch(SHIPPED, domain, nature="检举控告", flags=("公职人员",))
        assert (suggestion.lead, suggestion.assisting) == ("纪委监委", ())
        assert "第三十条" in (suggestion.ground or "")


def test_streets_and_townships_lead_only_where_the_law_puts_the_duty_on_them() -> None:
    leading = [rule for rule in SHIPPED.rules if rule.lead == "街道乡镇"]
    assert len(leading) <= 5
    assert all(rule.ground for rule in leading)


def test_grounds_are_written_as_names_of_laws() -> None:
    for rule in SHIPPED.rules:
        assert rule.ground is None or rule.ground.startswith("《"), rule.number


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("隔壁工地半夜打桩", "城管局"),
        ("楼下广场舞音响太大", "公安局"),
        ("厂区机器声整夜不停", "生态环境局"),
        ("火车鸣笛，铁路就在窗外", "铁路"),
        ("小区水泵房嗡嗡响", "住建局"),
    ],
)
def test_noise_goes_where_its_source_belongs(text: str, lead: str) -> None:
    assert dispatch(SHIPPED, text=text).lead == lead


def test_illegal_building_in_a_village_is_the_duty_of_the_township() -> None:
    assert dispatch(SHIPPED, ILLEGAL_BUILDING, place_level="urban").lead == "城管局"
    village = dispatch(SHIPPED, ILLEGAL_BUILDING, place_level="village")
    assert village.lead == "街道乡镇"
    assert "自然资源和规划局" in village.assisting


@pytest.mark.parametrize(
    ("path", "lead"),
    [
        ("城乡建设/城市建设和市政管理/公共汽车", "交通运输局"),
        ("城乡建设/住房保障与房地产/住房公积金", "公积金中心"),
        ("交通运输/出租车管理/网约车问题", "交通运输局"),
        ("民政/社会救助/医疗救助", "医保局"),
        ("民政/优抚/参战退役人员待遇", "退役军人局"),
        ("商贸旅游/质监检验检疫/出入境检验检疫", "海关"),
        ("政法/交通管理/交通安全管理", "交警"),
        ("政法/诉讼/民事诉讼", "法院"),
        ("政法/警务督察/刑讯逼供", "检察院"),
        ("教育文体/教育行政管理/校外机构管理", "教育局"),
        ("劳动和社会保障/劳动关系/农民工权益", "人社局"),
        ("劳动和社会保障/城镇居民社会保险/新农村合作医疗", "医保局"),
    ],
)
def test_well_known_duties_are_where_everyone_expects_them(path: str, lead: str) -> None:
    assert dispatch(SHIPPED, LETTERS.get_by_path(*path.split("/"))).lead == lead


# --- a spreadsheet --------------------------------------------------------------------------------


def test_the_catalogue_survives_a_round_trip_through_a_spreadsheet() -> None:
    rows = catalogue_rows(SHIPPED)
    assert list(rows[0]) == list(COLUMNS.values())
    assert all(isinstance(value, str) for row in rows for value in row.values())
    assert make_catalogue(*rows).rules == SHIPPED.rules


def test_rows_typed_by_people_are_understood() -> None:
    blank = dict.fromkeys(COLUMNS.values(), " ")
    row = make_row(natures="投诉，举报", cues=" 施工 ; 工地\n打桩", lead="环保局", forward="否")
    (rule,) = make_catalogue(blank, row | {"备注": "新加的"}).rules
    assert rule.natures == ("投诉", "举报")
    assert rule.cues == ("施工", "工地", "打桩")
    assert rule.lead == "生态环境局"
    assert rule.forward is False


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"path": "环境保护/噪声"}, "第 2 条：分类“letters”中没有领域“环境保护/噪声”"),
        ({"path": ""}, "没有领域“”"),
        ({"lead": "环卫公司"}, "第 2 条：单位目录中没有“环卫公司”"),
        ({"assisting": "住建局、环卫公司"}, "没有“环卫公司”"),
        ({"assisting": "环保局"}, "“生态环境局”既是主办又是协办"),
        ({"natures": "抱怨"}, "诉求性质“抱怨”无效，可填：咨询"),
        ({"flags": "加急"}, "风险标签“加急”无效"),
        ({"place_levels": "县城"}, "地点类型“县城”无效，可填：村、乡镇、城区、全市"),
        ({"cues": "厂"}, "关键词“厂”太短"),
        ({"reason": " "}, "第 2 条缺少理由"),
        ({"forward": "对"}, "转送（forward）应填“是”或留空"),
        ({"forward": "是", "lead": ""}, "标为转送但没有主办"),
        ({"path": "*"}, "适用于所有领域（\\*），必须限定"),
        ({"natures": "举报、投诉", "cues": "工地、施工"}, "第 2 条与第 1 条的条件完全相同"),
    ],
)
def test_a_broken_row_is_named_with_its_number_and_remedy(
    changes: dict[str, str], message: str
) -> None:
    first = make_row(natures="投诉、举报", cues="施工、工地")
    with pytest.raises(InvalidData, match=message):
        make_catalogue(first, make_row(**changes))


def test_broken_rows_are_told_together_the_first_ten_of_them() -> None:
    wrong = [make_row(lead="没有局", cues=f"第{number}种") for number in range(12)]
    with pytest.raises(InvalidData) as caught:
        make_catalogue(*wrong[:2], make_row(path="没有的领域"))
    assert [line[:9] for line in caught.value.message.split("\n")] == [
        f"派单目录第 {number} 条" for number in (1, 2, 3)
    ]
    with pytest.raises(InvalidData, match=r"第 10 条.*\n……等共 12 处$"):
        make_catalogue(*wrong)


def test_a_row_may_end_at_its_last_filled_cell() -> None:
    short = {"领域": "环境保护", "理由": "由人定"}
    assert [rule.lead for rule in make_catalogue(make_row(), short).rules] == ["生态环境局", None]


def test_a_missing_column_and_an_empty_sheet_are_named() -> None:
    row = make_row()
    del row["依据"]
    with pytest.raises(InvalidData, match="缺少列：依据"):
        make_catalogue(row)
    with pytest.raises(InvalidData, match="没有任何规则"):
        make_catalogue()


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ('{ path = "环境保护", leed = "住建局" }', "第 1 条有不认识的字段：leed"),
        ('{ path = "环境保护", lead = ["住建局"] }', "主办（lead）应为文字"),
        ('{ path = "环境保护", cues = "施工" }', "关键词（cues）应为文字列表"),
        ('{ path = "环境保护", cues = ["施工、工地"] }', "“施工、工地”为空或含有顿号"),
    ],
)
def test_a_rule_of_the_wrong_shape_in_toml_is_named(rule: str, message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        load_catalogue(f"rules = [{rule}]".encode(), departments=DEPARTMENTS, taxonomy=LETTERS)


def test_the_shipped_rules_do_not_pass_for_another_taxonomy() -> None:
    with pytest.raises(InvalidData, match="db44t2479"):
        catalogue_from_rows(catalogue_rows(SHIPPED)[4:], DEPARTMENTS, load_taxonomy("db44t2479"))


def test_a_catalogue_binds_to_any_taxonomy_whose_paths_it_names() -> None:
    other = Taxonomy("town", (Domain("0101", "环境", "噪声", "噪声"),))
    catalogue = catalogue_from_rows([make_row(path="环境/噪声")], DEPARTMENTS, other)
    assert dispatch(catalogue, other.get("0101")).lead == "生态环境局"


def test_rules_that_one_cue_word_would_draw_are_listed_as_disputed() -> None:
    catalogue = make_catalogue(
        make_row(cues="施工、工地"),
        make_row(lead="城管局", cues="施工"),
        make_row(lead="公安局", cues="施工", place_levels="村"),
        make_row(lead="铁路", cues="火车"),
    )
    assert [(one.number, other.number) for one, other in catalogue.disputed] == [(1, 2)]


def test_every_column_place_level_and_nature_is_documented() -> None:
    manual = (Path(__file__).parents[1] / "docs" / "dispatch.md").read_text(encoding="utf-8")
    for word in (*COLUMNS, *COLUMNS.values(), *PLACE_LEVELS, *NATURES):
        assert word in manual, word
