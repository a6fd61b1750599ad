"""The taxonomies that come with the product, and a town's own."""

import pytest

from triage.errors import InvalidData, NotFound
from triage.taxonomy import (
    COLUMNS,
    Domain,
    Section,
    load_taxonomy,
    read_taxonomy,
    taxonomy_from_rows,
    taxonomy_rows,
)

HEAD = ",".join(COLUMNS)
GOOD = f"""{HEAD}
01,城乡建设,0101,供水,010101,停水
01,城乡建设,0101,供水,010102,水质
01,城乡建设,0102,燃气,010200,
02,交通,0201,公交,020101,其他
"""


def read(text):
    return read_taxonomy(text.encode(), name="本市")


def test_the_letters_taxonomy_has_15_103_517_names_at_its_levels():
    letters = load_taxonomy("letters")
    assert len({domain.level1 for domain in letters}) == 15
    level2 = {domain.path[:2] for domain in letters}
    assert len([names for names in level2 if names[1] != "其他"]) == 103
    assert len({domain.path for domain in letters}) == len(letters) == 517


def test_the_hotline_taxonomy_loads_through_the_same_code():
    hotline = load_taxonomy("db44t2479")
    assert len(hotline) == 515
    assert all(all(domain.path) for domain in hotline)


@pytest.mark.parametrize("name", ["letters", "db44t2479"])
def test_a_leaf_is_found_again_by_code_and_by_path(name):
    taxonomy = load_taxonomy(name)
    for domain in taxonomy:
        assert taxonomy.get(domain.code) is domain
        assert taxonomy.get_by_path(*domain.path) is domain


@pytest.mark.parametrize("name", ["letters", "db44t2479"])
def test_codes_tell_the_tree(name):
    taxonomy = load_taxonomy(name)
    assert len({domain.code for domain in taxonomy}) == len(taxonomy)
    for width, depth in ((2, 1), (4, 2)):
        branches = {(domain.code[:width], domain.path[:depth]) for domain in taxonomy}
        assert len({code for code, _ in branches}) == len(branches)
        assert len({path for _, path in branches}) == len(branches)


def test_a_town_brings_its_own():
    taxonomy = read(GOOD)
    assert [domain.code for domain in taxonomy] == ["010101", "010102", "010200", "020101"]
    assert taxonomy.get("010101") == Domain("010101", "城乡建设", "供水", "停水")
    assert str(taxonomy.get("010101")) == "城乡建设/供水/停水"


def test_the_headings_at_level_2_stand_in_file_order_each_once():
    sections = read(GOOD).sections
    assert [section.code for section in sections] == ["0101", "0102", "0201"]
    assert sections[0] == Section("0101", "城乡建设", "供水", "01")
    for name, count in (("letters", 118), ("db44t2479", 99)):
        assert len(load_taxonomy(name).sections) == count


def test_a_level_2_without_parts_is_its_own_leaf():
    assert read(GOOD).get("010200").path == ("城乡建设", "燃气", "燃气")


def test_a_level_2_without_parts_may_leave_level_3_empty_and_so_may_all():
    for blank in ("0102,燃气,,", "0102,燃气,0102,"):
        text = GOOD.replace("0102,燃气,010200,", blank)
        assert read(text).get("010200").path == ("城乡建设", "燃气", "燃气")
    two = "一级编码,一级名称,二级编码,二级名称\n01,城建,0101,供水\n01,城建,0102,燃气\n"
    assert [str(domain) for domain in read(two)] == ["城建/供水/供水", "城建/燃气/燃气"]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_headings_may_be_chinese_and_cells_parted_as_spreadsheets_do(mark):
    text = GOOD
    for column, heading in COLUMNS.items():
        text = text.replace(column, heading)
    assert len(read(text.replace(",", mark))) == 4


@pytest.mark.parametrize("name", ["letters", "db44t2479"])
def test_a_taxonomy_comes_back_from_its_spreadsheet_unchanged(name):
    taxonomy = load_taxonomy(name)
    again = taxonomy_from_rows(taxonomy_rows(taxonomy), name=name)
    assert (again.domains, again.sections) == (taxonomy.domains, taxonomy.sections)


def test_blank_rows_and_further_columns_do_no_harm():
    text = GOOD.replace(HEAD, HEAD + ",备注").replace("停水\n", "停水,常见\n") + ",,,,,\n\n"
    assert len(read(text)) == 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_file_saved_by_a_spreadsheet_program_is_read(encoding):
    assert len(read_taxonomy(GOOD.encode(encoding), name="本市")) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (GOOD.replace("level_3_code", "编码"), "缺少列：三级编码（level_3_code）"),
        (HEAD, "没有任何分类"),
        ("", "没有任何分类"),
        (GOOD.replace("level_2_code", "编码"), "缺少列：二级编码（level_2_code）"),
        (GOOD.replace("供水,010102", ",010102"), "第 3 行的二级名称是空白单元格"),
        (GOOD.replace("水质", "水质/水压"), "第 3 行：“水质/水压”里的“/”"),
        (GOOD.replace("010102", "990102"), "第 3 行：编码 990102 应以上级编码 0101 开头"),
        (
            GOOD.replace("010102,水质", "010101,水质"),
            "第 3 行：编码 010101 重复，前面已用于“城乡建设/供水/停水”",
        ),
        (GOOD.replace("010102,水质", "010102,停水"), "第 3 行：“城乡建设/供水/停水”.*重复"),
        (GOOD.replace("0101,供水,010102", "0101,自来水,010102"), "第 3 行：.*0101 重复"),
        (GOOD.replace("02,交通,0201,公交,0201", "03,城乡建设,0301,公交,0301"), "有两个编码"),
    ],
)
def test_a_broken_taxonomy_is_refused_with_its_row(wrong, message):
    with pytest.raises(InvalidData, match=message):
        read(wrong)


def test_what_is_not_there_is_not_found():
    taxonomy = read(GOOD)
    with pytest.raises(NotFound, match="没有编码 999999"):
        taxonomy.get("999999")
    with pytest.raises(NotFound, match="没有“城乡建设/供水/漏水”"):
        taxonomy.get_by_path("城乡建设", "供水", "漏水")
    with pytest.raises(NotFound, match="可用：letters、db44t2479"):
        load_taxonomy("unknown")
