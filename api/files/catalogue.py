"""The dispatch catalogue and the departments as spreadsheets that a town edits, and back."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from api.faults import name_fault
from api.files.exports import write_table
from api.files.workbooks import OLE, ZIP, read_first_worksheet
from triage.artefacts import LETTERS, load_model_taxonomy
from triage.departments import Departments, load_departments
from triage.departmenttable import COLUMNS as DEPARTMENT_COLUMNS
from triage.departmenttable import department_rows, departments_from_rows
from triage.dispatch import (
    COLUMNS,
    Catalogue,
    catalogue_from_rows,
    catalogue_rows,
    load_catalogue,
)
from triage.errors import InvalidData, InvalidFile
from triage.taxonomy import load_taxonomy
from triage.text import decode_bytes

_RULES = "dispatch.toml"
_DEPARTMENTS = "departments.toml"


def export_catalogue(path: Path, *, data_dir: Path | None, model_dir: Path) -> Catalogue:
    """Write the catalogue in force to a .xlsx or .csv file, and return it.

    The product's own rules go out even where the town's directory or the model's taxonomy lacks
    what they name: who has just written those edits the rules in this very file. Raises
    InvalidFile, or InvalidData where rules of the town's own do not fit.
    """
    departments, taxonomy = _load_directory(data_dir), load_model_taxonomy(model_dir)
    rules = _read_data(_RULES, data_dir)
    try:
        catalogue = load_catalogue(rules, departments=departments, taxonomy=taxonomy)
    except InvalidData:
        shipped = _read_data(_RULES, None)
        if rules != shipped:
            raise
        catalogue = load_catalogue(
            shipped, departments=_load_directory(None), taxonomy=load_taxonomy(LETTERS)
        )
    write_table(path, header=tuple(COLUMNS.values()), records=catalogue_rows(catalogue))
    return catalogue


def import_catalogue(path: Path, *, data_dir: Path, model_dir: Path) -> tuple[Catalogue, Path]:
    """Check the edited spreadsheet and put it in force as the town's own dispatch.toml.

    Returns the catalogue and the file written. Raises InvalidData or InvalidFile, and then the
    rules in force stay as they are.
    """
    departments, taxonomy = _load_directory(data_dir), load_model_taxonomy(model_dir)
    catalogue = catalogue_from_rows(read_table(path), departments, taxonomy)
    told = [{field: getattr(rule, field) for field in COLUMNS} for rule in catalogue.rules]
    return catalogue, _write_data(_RULES, told, key="rules", command="catalogue", folder=data_dir)


def export_departments(path: Path, *, data_dir: Path | None) -> Departments:
    """Write the directory in force to a .xlsx or .csv file, and return it. Raises InvalidFile, or
    InvalidData where the town's own does not fit."""
    departments = _load_directory(data_dir)
    header = tuple(DEPARTMENT_COLUMNS.values())
    write_table(path, header=header, records=department_rows(departments))
    return departments


def import_departments(path: Path, *, data_dir: Path, model_dir: Path) -> tuple[Departments, Path]:
    """Check the edited spreadsheet and put it in force as the town's own departments.toml.

    Returns the directory and the file written. Raises InvalidData, where a rule in force names a
    department that is not in it any more too, or InvalidFile; then all stays as it is.
    """
    departments = departments_from_rows(read_table(path))
    rules = _read_data(_RULES, data_dir)
    own = rules != _read_data(_RULES, None)  # the product's own speak of its own taxonomy
    taxonomy = load_model_taxonomy(model_dir) if own else load_taxonomy(LETTERS)
    load_catalogue(rules, departments=departments, taxonomy=taxonomy)
    told = [{field: getattr(each, field) for field in DEPARTMENT_COLUMNS} for each in departments]
    return departments, _write_data(
        _DEPARTMENTS, told, key="departments", command="departments", folder=data_dir
    )


def _load_directory(data_dir: Path | None) -> Departments:
    return load_departments(_read_data(_DEPARTMENTS, data_dir))


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


def _write_data(
    name: str, records: Sequence[Mapping[str, Any]], *, key: str, command: str, folder: Path
) -> Path:
    """Write `records` as the tables `key` of a TOML file of the town's, which is whole or as it
    was; a JSON string or list of strings is one of TOML too."""
    blocks = [f"# 由 triage {command} import 写成；请改表格后再导入\n"]
    for record in records:
        lines = [
            f"{field} = {json.dumps(value, ensure_ascii=False)}"
            for field, value in record.items()
            if value
        ]
        blocks.append("\n".join([f"[[{key}]]", *lines]) + "\n")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / name
    part = target.with_suffix(".part")
    part.write_text("\n".join(blocks), encoding="utf-8")
    part.replace(target)
    return target
