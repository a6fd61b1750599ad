"""The directory of departments: complete, unambiguous, and clear about what is wrong with it."""

import re
from importlib.resources import files

import pytest

from triage.departments import KINDS, Departments, load_departments
from triage.errors import InvalidData, NotFound

SHIPPED = (files("triage") / "data" / "departments.toml").read_bytes()

# The short names under which official replies are judged (the labelling rubric).
RUBRIC = re.findall(
    r"\S+",
    """
    住建局 城管局 自然资源和规划局 生态环境局 交通运输局 公安局 交警 教育局 卫健局
    医保局 人社局 民政局 退役军人局 市场监管局 商务局 文旅局 体育局 发改委 财政局
    税务局 工信局 科技局 农业农村局 水利局 林业局 乡村振兴局 应急局 消防 司法局 法院
    检察院 信访局 纪委监委 组织部 宣传部 统战民宗 编办 金融办 国资委 审批局
    公积金中心 地铁公司 公交公司 供水公司 燃气公司 供电公司 通信运营商 邮政管理局
    气象局 残联 妇联 工会 团委 烟草局 街道乡镇 县区政府 园区管委会 征收办 城投公司
    铁路 高校 医院
    """,
)


def make_entry(**changes: str) -> str:
    entry = {
        "code": '"housing"',
        "name": '"住建局"',
        "full_name": '"住房和城乡建设局"',
        "kind": '"government"',
        "aliases": '["建设局"]',
        "duties": '"房屋和城市建设"',
    } | changes
    return "{ " + ", ".join(f"{key} = {value}" for key, value in entry.items() if value) + " }"


def make_departments(*entries: str) -> Departments:
    return load_departments(f"departments = [{', '.join(entries)}]".encode())


def test_the_shipped_directory_knows_every_name_that_replies_are_judged_by() -> None:
    departments = load_departments(SHIPPED)
    assert [name for name in RUBRIC if departments.get(name).name != name] == []


def test_the_shipped_directory_describes_each_department() -> None:
    for department in load_departments(SHIPPED):
        assert department.kind in KINDS
        assert len(department.duties) >= 8, department.name


def test_a_department_is_found_by_code_name_full_name_and_former_name() -> None:
    departments = load_departments(SHIPPED)
    keys = ("ecology", "生态环境局", "环保局", " 环境保护局 ")
    assert {departments.get(key).code for key in keys} == {"ecology"}
    assert departments.get("住房和城乡建设局") is departments.get("housing")


def test_an_unknown_name_is_none_to_find_and_an_error_to_get() -> None:
    departments = make_departments(make_entry())
    assert departments.find("龙宫") is None
    with pytest.raises(NotFound, match="没有“龙宫”"):
        departments.get("龙宫")


def test_departments_keep_the_order_of_the_file() -> None:
    departments = make_departments(
        make_entry(), make_entry(code='"court"', name='"法院"', full_name='"人民法院"', aliases="")
    )
    assert [department.name for department in departments] == ["住建局", "法院"]
    assert len(departments) == 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (make_entry(duties=""), r"第 1 条（住建局）缺少 duties"),
        (make_entry(name='" "'), r"缺少 name"),
        (make_entry(name="3"), r"缺少 name"),
        (make_entry(phone='"1"'), r"不认识的字段：phone"),
        (make_entry(code='"住建"'), r"code 只能用小写字母"),
        (make_entry(kind='"office"'), r"kind 应为 government"),
        (make_entry(aliases='"建设局"'), r"aliases 应为文字列表"),
        (make_entry(aliases='[""]'), r"aliases 应为文字列表"),
        (make_entry(parent="3"), r"parent 应写上级单位的 code"),
        (make_entry(parent='"court"'), r"“住建局”的上级 court 不是单位编码"),
        (make_entry(parent='"建设局"'), r"不是单位编码"),
        (make_entry(parent='"housing"'), r"“住建局”的上级绕回了它自己"),
        ('"住建局"', r"第 1 条应写成"),
    ],
)
def test_a_broken_entry_is_named_with_its_number_and_remedy(entry: str, message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        make_departments(entry)


def test_a_department_may_stand_below_another_but_not_in_a_circle() -> None:
    below = make_entry(code='"repairs"', name='"维修站"', full_name='"房屋维修站"', aliases="")
    lower = below.replace(" }", ', parent = "housing" }')
    assert [one.parent for one in make_departments(lower, make_entry())] == ["housing", None]
    with pytest.raises(InvalidData, match="绕回了它自己"):
        make_departments(lower, make_entry(parent='"repairs"'))


def test_one_name_for_two_departments_is_refused() -> None:
    other = make_entry(code='"city"', name='"城管局"', full_name='"城市管理局"')
    with pytest.raises(InvalidData, match="“建设局”同时指“住建局”和“城管局”"):
        make_departments(make_entry(), other)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("departments = [\n{ code = = }]", "第 2 行有语法错误"),
        ("departments = [", "末尾有语法错误"),
        ("", "缺少 departments"),
        ("departments = []", "列表为空"),
    ],
)
def test_a_broken_file_says_where(data: str, message: str) -> None:
    with pytest.raises(InvalidData, match=message):
        load_departments(data.encode())
