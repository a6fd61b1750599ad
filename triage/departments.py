"""The departments (责任单位) of a town: who may be asked to act, by the names people use for them.

The default directory, `data/departments.toml`, is that of a county-level city after the reforms of
2018 and 2023; a town edits it or brings its own.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from triage.errors import InvalidData, NotFound
from triage.text import decode_bytes

# government 政府部门, party 党委和群团机关, judicial 司法机关, company 公用企业,
# institution 事业单位, local 属地政府
KINDS = ("government", "party", "judicial", "company", "institution", "local")

_CODE = re.compile(r"[a-z][a-z0-9-]*")
_TEXT_FIELDS = ("code", "name", "full_name", "kind", "duties")


@dataclass(frozen=True, slots=True)
class Department:
    """A department (责任单位): `name` is the short name used in ledgers, `kind` one of `KINDS`.

    `code` is an ASCII slug for addresses and keys; `aliases` are former and everyday names;
    `duties` says in one line what it answers for. `parent` is the code of the department above it,
    whose officers see its ledger too.
    """

    code: str
    name: str
    full_name: str
    kind: str
    aliases: tuple[str, ...]
    duties: str
    parent: str | None = None


class Departments:
    """All departments of a town in file order, found by code, name, full name or alias."""

    def __init__(self, departments: tuple[Department, ...]) -> None:
        """Raises InvalidData where two departments share a code, name, full name or alias, or
        where a parent is none of them or stands below its own child."""
        self._departments = departments
        self._by_key: dict[str, Department] = {}
        for department in departments:
            for key in {department.code, department.name, department.full_name} | set(
                department.aliases
            ):
                other = self._by_key.setdefault(key, department)
                if other is not department:
                    raise InvalidData(
                        f"单位目录：“{key}”同时指“{other.name}”和“{department.name}”，"
                        "每个编码、名称和别名只能属于一个单位，请改掉其中一处"
                    )
        for department in departments:
            self._check_parents(department)

    def __len__(self) -> int:
        return len(self._departments)

    def __iter__(self) -> Iterator[Department]:
        return iter(self._departments)

    def find(self, key: str) -> Department | None:
        """The department with this code, name, full name or alias, if there is one."""
        return self._by_key.get(key.strip())

    def get(self, key: str) -> Department:
        """The department with this code, name, full name or alias. Raises NotFound."""
        department = self.find(key)
        if department is None:
            raise NotFound(f"单位目录中没有“{key}”，请核对名称，或先在单位目录中登记")
        return department

    def _check_parents(self, department: Department) -> None:
        codes = {other.code: other for other in self._departments}
        seen = {department.code}
        above = department
        while above.parent is not None:
            if above.parent not in codes:
                raise InvalidData(
                    f"单位目录：“{above.name}”的上级 {above.parent} 不是单位编码，请改为上级的 code"
                )
            above = codes[above.parent]
            if above.code in seen:
                raise InvalidData(f"单位目录：“{department.name}”的上级绕回了它自己，请改正 parent")
            seen.add(above.code)


def load_departments(data: bytes) -> Departments:
    """The departments in the bytes of a departments.toml (`docs/dispatch.md` has its format).

    Raises InvalidData naming the entry and what is missing, unknown, malformed or used twice.
    """
    entries = read_entries(data, key="departments", what="单位目录")
    return Departments(
        tuple(read_department(entry, number) for number, entry in enumerate(entries, start=1))
    )


def read_entries(data: bytes, *, key: str, what: str) -> list[Mapping[str, Any]]:
    """The list of tables under `key` in a TOML file that people call `what`.

    Raises InvalidData naming the line where the TOML is broken, or the key that is missing.
    """
    try:
        document = tomllib.loads(decode_bytes(data))
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        where = f"第 {line[1]} 行" if line else "末尾"
        raise InvalidData(f"{what}{where}有语法错误，请检查该处的引号、括号和逗号") from error
    entries = document.get(key)
    if not isinstance(entries, list) or not entries:
        raise InvalidData(f"{what}缺少 {key} = [ … ] 列表，或列表为空，请按模板补齐")
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping):
            raise InvalidData(f"{what}第 {number} 条应写成 {{ 字段 = 值, … }}，请按模板改写")
    return entries


def read_department(entry: Mapping[str, Any], number: int) -> Department:
    """The department in one table of the file, the `number`th. Raises InvalidData."""
    where = f"单位目录第 {number} 条（{entry.get('name') or '未命名'}）"
    unknown = sorted(set(entry) - {*_TEXT_FIELDS, "aliases", "parent"})
    if unknown:
        raise InvalidData(f"{where}有不认识的字段：{'、'.join(unknown)}，请删去或改正拼写")
    values: dict[str, str] = {}
    for field in _TEXT_FIELDS:
        value = entry.get(field)
        if not isinstance(value, str) or not value.strip():
            raise InvalidData(f"{where}缺少 {field}，请补填文字")
        values[field] = value.strip()
    if not _CODE.fullmatch(values["code"]):
        raise InvalidData(f"{where}的 code 只能用小写字母、数字和连字符，并以字母开头，请改写")
    if values["kind"] not in KINDS:
        raise InvalidData(f"{where}的 kind 应为 {'、'.join(KINDS)} 之一，请改正")
    aliases = entry.get("aliases", [])
    if not isinstance(aliases, list) or not all(
        isinstance(alias, str) and alias.strip() for alias in aliases
    ):
        raise InvalidData(f'{where}的 aliases 应为文字列表，例如 ["房管局", "建设局"]，请改写')
    parent = entry.get("parent")
    if parent is not None and not isinstance(parent, str):
        raise InvalidData(f'{where}的 parent 应写上级单位的 code，例如 "police"，请改写')
    return Department(parent=parent, aliases=tuple(alias.strip() for alias in aliases), **values)
