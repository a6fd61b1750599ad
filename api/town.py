"""The desk as the town has set it: what the files say, with what stands in the database over it.

Each process looks every few moments whether the settings are still those it works by.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from api.settings import Settings
from triage.artefacts import MANIFEST_FILE, MODEL_FILE, Artefact, load_artefact, read_manifest
from triage.departmenttable import COLUMNS as DEPARTMENT_COLUMNS
from triage.departmenttable import department_rows
from triage.desk import Desk
from triage.dispatch import COLUMNS as RULE_COLUMNS
from triage.dispatch import catalogue_rows
from triage.errors import InvalidArtefact, NotFound, TriageError
from triage.fitting import fit_model, fit_review_line, fit_tables
from triage.ledger.townsettings import StoredSetting, TownSetting

log = structlog.get_logger()
Town = Mapping[TownSetting, StoredSetting]
TABLE_COLUMNS: dict[TownSetting, tuple[str, ...]] = {
    TownSetting.DEPARTMENTS: tuple(DEPARTMENT_COLUMNS.values()),
    TownSetting.CATALOGUE: tuple(RULE_COLUMNS.values()),
}
_APART: tuple[tuple[TownSetting, ...], ...] = (
    (TownSetting.MODEL,),
    (TownSetting.REVIEW_LINE,),
    tuple(TABLE_COLUMNS),
)
"""What may be passed over without the rest, in the order of `fit_parts`."""


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model on disk: the name of its folder, what its manifest says, and why it cannot be used
    (None: nothing speaks against it)."""

    name: str
    path: Path
    manifest: dict[str, Any]
    fault: str | None


def fit_parts(
    base: Desk, values: Mapping[TownSetting, Mapping[str, Any]], settings: Settings
) -> Desk:
    """The desk of the files with all that the town has set. The model goes first, since it brings
    its own line.

    Raises InvalidData, InvalidArtefact, InvalidInput or NotFound where something of it does not
    fit.
    """
    desk = base
    if (model := values.get(TownSetting.MODEL)) is not None:
        folder = get_model_folder(settings, model["folder"])
        desk = fit_model(desk, _load(folder.path, str(folder.manifest["id"])), folder=folder.path)
    if (line := values.get(TownSetting.REVIEW_LINE)) is not None:
        desk = fit_review_line(desk, line["line"])
    tables = {
        name.value: read_rows(values[name])
        for name in TABLE_COLUMNS
        if values.get(name) is not None
    }
    return fit_tables(desk, **tables) if tables else desk


def fit_or_keep(base: Desk, town: Town, settings: Settings) -> Desk:
    """As `fit_parts`, but what was set and no longer fits is passed over, and the rest holds: after
    an upgrade the service must start, so that an administrator can put it right, and a model that
    is gone must not take the town's own departments with it."""
    desk = base
    for names in _APART:
        values = {name: town[name].value for name in names if name in town}
        try:
            desk = fit_parts(desk, values, settings)
        except TriageError as error:
            log.error("town_settings_unusable", settings=[*values], reason=error.message)
    return desk


def spell_table(desk: Desk, name: TownSetting) -> list[dict[str, str]]:
    """The departments or the catalogue of this desk as spreadsheet rows."""
    if name is TownSetting.DEPARTMENTS:
        return department_rows(desk.departments)
    return catalogue_rows(desk.catalogue)


def write_rows(name: TownSetting, rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Spreadsheet rows as they are kept: a header and cells."""
    columns = TABLE_COLUMNS[name]
    return {
        "columns": list(columns),
        "rows": [[row.get(column, "") for column in columns] for row in rows],
    }


def read_rows(table: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows that are kept, under their headings."""
    return [dict(zip(table["columns"], cells, strict=False)) for cells in table["rows"]]


def list_model_folders(settings: Settings) -> list[ModelFolder]:
    """Every model beside the one that the settings name, or in the folder that they name for it."""
    parent = settings.models_dir or settings.model_dir.parent
    if not parent.is_dir():
        return []
    found = []
    for path in sorted(parent.iterdir()):
        if not (path / MANIFEST_FILE).is_file() or not (path / MODEL_FILE).is_file():
            continue
        try:
            manifest, fault = read_manifest(path), None
        except InvalidArtefact as error:
            manifest, fault = {"id": path.name, "files": {}, "libraries": {}}, error.message
        found.append(ModelFolder(path.name, path, manifest, fault))
    return found


def get_model_folder(settings: Settings, name: str) -> ModelFolder:
    """The model in the folder of this name. Raises NotFound."""
    for folder in list_model_folders(settings):
        if folder.name == name:
            return folder
    raise NotFound(f"模型目录中没有“{name}”，请核对名称，或把模型放进模型目录", field="folder")


@lru_cache(maxsize=2)
def _load(path: Path, _model_id: str) -> Artefact:
    """Loaded once; the one before is kept, so that rolling back is quick."""
    return load_artefact(path)
