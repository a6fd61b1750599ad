"""The dispatch catalogue as a spreadsheet that a town edits, and back."""

import csv
import io
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from api.faults import name_fault
from api.files.exports import write_table
from api.files.workbooks import OLE, ZIP, read_first_worksheet
from triage.departments import Departments, load_departments
from triage.dispatch import (
    COLUMNS,
    Catalogue,
    catalogue_from_rows,
    catalogue_rows,
    load_catalogue,
)
from triage.errors import InvalidFile
from triage.taxonomy import Taxonomy, load_taxonomy
from triage.text import decode_bytes

_RULES = "dispatch.toml"
_DEPARTMENTS = "departments.toml"


def export_catalogue(path: Path, *, data_dir: Path | None) -> Catalogue:
    """Write the catalogue in force to a .xlsx or .csv file, and return it. Raises InvalidFile."""
    departments, taxonomy = _load_directory(data_dir)
    rules = _read_data(_RULES, data_dir)
    catalogue = load_catalogue(rules, departments=departments, taxonomy=taxonomy)
    write_table(path, header=tuple(COLUMNS.values()), records=catalogue_rows(catalogue))
    return catalogue


def import_catalogue(path: Path, *, data_dir: Path) -> tuple[Catalogue, Path]:
    """Check the edited spreadsheet and put it in force as the town's own dispatch.toml.

    Returns the catalogue and the file written. Raises InvalidData or InvalidFile, and then the
    rules in force stay as they are.
    """
    departments, taxonomy = _load_directory(data_dir)
    catalogue = catalogue_from_rows(read_table(path), departments, taxonomy)
    data_dir.mkdir(parents=True, exist_ok=True)
    target = data_dir / _RULES
    part = target.with_suffix(".part")
    part.write_text(_to_toml(catalogue), encoding="utf-8")
    part.replace(target)
    return catalogue, target


def _load_directory(data_dir: Path | None) -> tuple[Departments, Taxonomy]:
    return load_departments(_read_data(_DEPARTMENTS, data_dir)), load_taxonomy("letters")


def _read_data(name: str, data_dir: Path | None) -> bytes:
    """The town's own file where it has one, else the one that comes with the product."""
    if data_dir is not None and (data_dir / name).is_file():
        return (data_dir / name).read_bytes()
    return (files("triage") / "data" / name).read_bytes()


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a spreadsheet (Excel, CSV) under its first row. Raises InvalidFile."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidFile(f"打不开 {path}（{name_fault(error)}），请核对路径和权限") from error
    if data.startswith((ZIP, OLE)):
        rows = read_first_worksheet(path)
    else:
        rows = list(csv.reader(io.StringIO(decode_bytes(data).removeprefix("\ufeff"))))
    if not rows:
        raise InvalidFile(f"{path.name} 是空文件，请检查是否选错了文件")
    header = [cell.strip() for cell in rows[0]]
    # the apostrophe with which the export kept a cell from being a formula
    return [
        dict(zip(header, (cell.removeprefix("'") for cell in row), strict=False))
        for row in rows[1:]
    ]


def _to_toml(catalogue: Catalogue) -> str:
    """The rules as TOML; a JSON string or list of strings is one of TOML too."""
    blocks = ["# 由 triage catalogue import 写成；请改表格后再导入\n"]
    for rule in catalogue.rules:
        values: dict[str, Any] = {field: getattr(rule, field) for field in COLUMNS}
        lines = [
            f"{field} = {json.dumps(value, ensure_ascii=False)}"
            for field, value in values.items()
            if value
        ]
        blocks.append("\n".join(["[[rules]]", *lines]) + "\n")
    return "\n".join(blocks)
