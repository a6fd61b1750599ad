"""A taxonomy (内容分类): the three-level tree that every submission is filed under.

A taxonomy is data. The product brings two (`data/taxonomies/`): `letters`, the 15/103/517 tree of
the letters-and-calls offices, and `db44t2479`, the Guangdong hotline classification DB44/T
2479-2024. A town brings its own as a CSV with the same six columns.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

from triage.errors import InvalidData, NotFound
from triage.text import decode_bytes

COLUMNS = (
    "level_1_code",
    "level_1_name",
    "level_2_code",
    "level_2_name",
    "level_3_code",
    "level_3_name",
)


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
    """A taxonomy from the bytes of a CSV with the columns of `COLUMNS` (UTF-8 or GB18030).

    Raises InvalidData, naming the row, where a column or value is missing, a code is used for two
    names or two leaves, a name stands twice under one parent, or a code does not extend its
    parent's. A level 2 without parts leaves its level-3 name empty and is its own leaf. Blank rows
    are passed over.
    """
    reader = csv.DictReader(io.StringIO(decode_bytes(data)))
    missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if missing:
        raise InvalidData(f"分类表“{name}”缺少列：{'、'.join(missing)}，请按模板补齐表头")
    domains: list[Domain] = []
    sections: dict[str, Section] = {}
    name_of_code: dict[str, tuple[str, ...]] = {}
    code_of_name: dict[tuple[str, ...], str] = {}
    for number, row in enumerate(reader, start=2):
        values = [(row[column] or "").strip() for column in COLUMNS]
        if not any(values):
            continue
        values[5] = values[5] or values[3]
        where = f"分类表“{name}”第 {number} 行"
        if not all(values):
            raise InvalidData(f"{where}有空白单元格，请补齐")
        codes, names = values[0::2], values[1::2]
        for depth, code in enumerate(codes):
            path = tuple(names[: depth + 1])
            if depth and not code.startswith(codes[depth - 1]):
                raise InvalidData(f"{where}：编码 {code} 应以上级编码 {codes[depth - 1]} 开头")
            leaf = depth == 2
            if name_of_code.setdefault(code, path) != path or (leaf and path in code_of_name):
                raise InvalidData(f"{where}：“{'/'.join(path)}”或编码 {code} 重复，请删去其一")
            if code_of_name.setdefault(path, code) != code:
                raise InvalidData(f"{where}：“{'/'.join(path)}”有两个编码，请统一")
        domains.append(Domain(codes[2], *names))
        sections.setdefault(codes[1], Section(codes[1], names[0], names[1], codes[0]))
    if not domains:
        raise InvalidData(f"分类表“{name}”没有任何分类，请检查文件内容")
    return Taxonomy(name, tuple(domains), sections=tuple(sections.values()))
