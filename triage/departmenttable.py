"""The directory of departments as a spreadsheet that a town edits, and back."""

import re
from collections.abc import Iterable, Mapping

from triage.departments import KINDS, Department, Departments, read_department
from triage.errors import InvalidData

# The columns in their order: the key in departments.toml, the heading in a spreadsheet.
COLUMNS = {
    "code": "代码",
    "name": "名称",
    "full_name": "全称",
    "kind": "类别",
    "aliases": "别名",
    "duties": "职责",
    "parent": "上级代码",
}
KIND_NAMES = {
    "government": "政府部门",
    "party": "党委和群团机关",
    "judicial": "司法机关",
    "company": "公用企业",
    "institution": "事业单位",
    "local": "属地政府",
}
_KIND_OF = {name: kind for kind, name in KIND_NAMES.items()} | {kind: kind for kind in KINDS}
_SEPARATORS = re.compile(r"[、，,；;|\n]+")


def department_rows(departments: Iterable[Department]) -> list[dict[str, str]]:
    """The departments as spreadsheet rows under the headings of `COLUMNS`."""
    return [
        {heading: _to_cell(one, field) for field, heading in COLUMNS.items()} for one in departments
    ]


def departments_from_rows(rows: Iterable[Mapping[str, str]]) -> Departments:
    """The directory in spreadsheet rows as `department_rows` writes them; blank rows are skipped.

    Raises InvalidData as `load_departments` does, and where a column is missing.
    """
    filled = [row for row in rows if any((value or "").strip() for value in row.values())]
    if not filled:
        raise InvalidData("单位目录没有任何单位，请检查表格内容")
    known = {heading for row in filled for heading in row}
    missing = [heading for heading in COLUMNS.values() if heading not in known]
    if missing:
        raise InvalidData(f"单位目录缺少列：{'、'.join(missing)}，请按导出的表头补齐")
    return Departments(
        tuple(read_department(_to_entry(row), number) for number, row in enumerate(filled, start=1))
    )


def _to_cell(department: Department, field: str) -> str:
    if field == "aliases":
        return "、".join(department.aliases)
    if field == "kind":
        return KIND_NAMES[department.kind]
    return getattr(department, field) or ""


def _to_entry(row: Mapping[str, str]) -> dict[str, object]:
    cells = {field: (row.get(heading) or "").strip() for field, heading in COLUMNS.items()}
    aliases = [part.strip() for part in _SEPARATORS.split(cells.pop("aliases")) if part.strip()]
    parent = cells.pop("parent") or None
    kind = _KIND_OF.get(cells["kind"], cells["kind"])
    told: dict[str, object] = {**cells, "kind": kind, "aliases": aliases}
    return told if parent is None else told | {"parent": parent}
