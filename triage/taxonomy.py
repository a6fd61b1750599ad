"""A taxonomy (内容分类): the three-level tree that every submission is filed under.

A taxonomy is data. The product brings two (`data/taxonomies/`): `letters`, the 15/103/517 tree of
the letters-and-calls offices, and `db44t2479`, the Guangdong hotline classification DB44/T
2479-2024. A town can lay out its own in the same six columns.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

from triage.errors import InvalidData, NotFound
from triage.text import decode_bytes

# The columns in their order: the name in a file for programs, the heading in a spreadsheet.
COLUMNS = {
    "level_1_code": "一级编码",
    "level_1_name": "一级名称",
    "level_2_code": "二级编码",
    "level_2_name": "二级名称",
    "level_3_code": "三级编码",
    "level_3_name": "三级名称",
}
_WHOLE = "00"  # ends the code of a level 2 that has no parts and is its own leaf


@dataclass(frozen=True, slots=True)
class Domain:
    """One leaf of a taxonomy (领域): its code and its name at each level."""

    code: str
    level1: str
    level2: str
    level3: str

    @property
    def path(self) -> tuple[str, str, str]:
        """(level 1, level 2, level 3) names."""
        return (self.level1, self.level2, self.level3)

    def __str__(self) -> str:
        return "/".join(self.path)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading at level 2: what a person chooses from, where the leaves are too many.

    `above` is the code of its level 1.
    """

    code: str
    level1: str
    level2: str
    above: str


class Taxonomy:
    """The leaves of one classification, in file order, found by code or by path; and the headings
    at level 2, in the same order."""

    def __init__(
        self, name: str, domains: tuple[Domain, ...], *, sections: tuple[Section, ...] = ()
    ) -> None:
        self.name = name
        self.domains = domains
        self.sections = sections
        self._by_code = {domain.code: domain for domain in domains}
        self._by_path = {domain.path: domain for domain in domains}

    def __len__(self) -> int:
        return len(self.domains)

    def __iter__(self) -> Iterator[Domain]:
        return iter(self.domains)

    def get(self, code: str) -> Domain:
        """The leaf with this code. Raises NotFound."""
        try:
            return self._by_code[code]
        except KeyError:
            raise NotFound(f"分类“{self.name}”中没有编码 {code}，请核对分类表") from None

    def get_by_path(self, level1: str, level2: str, level3: str) -> Domain:
        """The leaf with these names at the three levels. Raises NotFound."""
        try:
            return self._by_path[level1, level2, level3]
        except KeyError:
            path = "/".join((level1, level2, level3))
            raise NotFound(f"分类“{self.name}”中没有“{path}”，请核对分类表") from None


def load_taxonomy(name: str) -> Taxonomy:
    """One of the taxonomies that come with the product: "letters" or "db44t2479".

    Raises NotFound for any other name.
    """
    source = files("triage") / "data" / "taxonomies" / f"{name}.csv"
    if not source.is_file():
        raise NotFound(f"没有名为“{name}”的分类，可用：letters、db44t2479")
    return read_taxonomy(source.read_bytes(), name=name)


def read_taxonomy(data: bytes, *, name: str) -> Taxonomy:
    """A taxonomy from the bytes of a CSV with the columns of `COLUMNS` (UTF-8 or GB18030, parted
    by commas, semicolons or tabs). Raises InvalidData as `taxonomy_from_rows` does.
    """
    text = decode_bytes(data).removeprefix("\ufeff")
    mark = max(",\t;", key=text.partition("\n")[0].count)
    header, *rows = [*csv.reader(io.StringIO(text, newline=""), delimiter=mark)] or [[]]
    keys = [cell.strip() for cell in header]
    return taxonomy_from_rows([dict(zip(keys, row, strict=False)) for row in rows], name=name)


def taxonomy_from_rows(rows: Iterable[Mapping[str, str]], *, name: str) -> Taxonomy:
    """A taxonomy from spreadsheet rows below their header, under either name of `COLUMNS`.

    Raises InvalidData, naming the row, where a column or value is missing, a code is used for two
    names or two leaves, a name stands twice under one parent or holds a “/”, or a code does not
    extend its parent's. A level 2 without parts leaves level 3 empty, or its name, and is its own
    leaf. Blank rows are passed over.
    """
    told = [{**row} for row in rows]
    known = {heading.strip() for row in told for heading in row}
    missing = [
        f"{heading}（{column}）"
        for column, heading in COLUMNS.items()
        if not known & {column, heading}
    ]
    if missing == [f"{COLUMNS[column]}（{column}）" for column in (*COLUMNS,)[4:]]:
        missing = []  # a tree of two levels
    if missing and any(any(row.values()) for row in told):
        raise InvalidData(
            f"分类表“{name}”缺少列：{'、'.join(missing)}，"
            "请照 triage taxonomy export 导出的表头补齐，编码在前、名称在后"
        )
    domains: list[Domain] = []
    sections: dict[str, Section] = {}
    path_of_code: dict[str, tuple[str, ...]] = {}
    code_of_path: dict[tuple[str, ...], str] = {}
    for number, row in enumerate(told, start=2):
        values = [
            (row.get(column) or row.get(heading) or "").strip()
            for column, heading in COLUMNS.items()
        ]
        if not any(values):
            continue
        where = f"分类表“{name}”第 {number} 行"
        if not values[5] and values[4] in ("", values[2]):
            values[4] = values[2] + _WHOLE
        values[5] = values[5] or values[3]
        if not all(values):
            blank = [
                heading
                for heading, value in zip(COLUMNS.values(), values, strict=True)
                if not value
            ]
            raise InvalidData(f"{where}的{'、'.join(blank)}是空白单元格，请补齐")
        codes, names = values[0::2], values[1::2]
        if slashed := [each for each in names if "/" in each]:
            raise InvalidData(f"{where}：“{slashed[0]}”里的“/”是各级之间的分隔，请改用顿号")
        for depth, code in enumerate(codes):
            path = tuple(names[: depth + 1])
            if depth and not code.startswith(codes[depth - 1]):
                raise InvalidData(f"{where}：编码 {code} 应以上级编码 {codes[depth - 1]} 开头")
            if path_of_code.setdefault(code, path) != path:
                other = "/".join(path_of_code[code])
                raise InvalidData(f"{where}：编码 {code} 重复，前面已用于“{other}”，请改掉其一")
            if depth == 2 and path in code_of_path:
                raise InvalidData(f"{where}：“{'/'.join(path)}”重复，请删去其一")
            if code_of_path.setdefault(path, code) != code:
                raise InvalidData(f"{where}：“{'/'.join(path)}”有两个编码，请统一")
        domains.append(Domain(codes[2], *names))
        sections.setdefault(codes[1], Section(codes[1], names[0], names[1], codes[0]))
    if not domains:
        raise InvalidData(f"分类表“{name}”没有任何分类，请检查文件内容")
    return Taxonomy(name, tuple(domains), sections=tuple(sections.values()))


def taxonomy_rows(taxonomy: Taxonomy) -> list[dict[str, str]]:
    """The leaves as spreadsheet rows under the headings of `COLUMNS`."""
    codes = {(section.level1, section.level2): section for section in taxonomy.sections}
    rows = []
    for domain in taxonomy:
        section = codes[domain.level1, domain.level2]
        cells = (section.above, domain.level1, section.code, domain.level2, domain.code)
        rows.append(dict(zip(COLUMNS.values(), (*cells, domain.level3), strict=True)))
    return rows
