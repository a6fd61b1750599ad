"""Routes by which an administrator sets the town's desk: departments, dispatch catalogue, review
line, model. Everything can be tried on last month's submissions before it counts.
"""

import tempfile
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response

from api.auth import needs
from api.bodies import OneBody, read_as
from api.files.catalogue import read_table
from api.files.exports import write_table
from api.files.importfiles import decode_file
from api.routes.lists import BOOK, XLSX, ImportBody
from api.schemas.submissions import ErrorOut
from api.schemas.town import (
    CardOut,
    ChangedOut,
    CurvePointOut,
    LineIn,
    LineOut,
    ModelIn,
    ModelOut,
    ModelsOut,
    MoveOut,
    TableFileIn,
    TableIn,
    TableOut,
    TrialOut,
)
from api.service import Service, ServiceHere, read_clock, refresh
from api.slashes import WITH_SLASHES
from api.town import (
    TABLE_COLUMNS,
    ModelFolder,
    fit_parts,
    get_model_folder,
    list_model_folders,
    read_rows,
    spell_table,
    write_rows,
)
from triage.desk import Desk
from triage.errors import Conflict, InvalidArtefact, InvalidData, InvalidInput, NotFound
from triage.ledger.departments import sync_departments
from triage.ledger.recent import CurvePoint, draw_curve, list_recent
from triage.ledger.townsettings import (
    UNSET,
    StoredSetting,
    TownSetting,
    change_setting,
    load_settings,
)
from triage.roles import Action, Caller
from triage.trials import Trial, try_desk

router = APIRouter(prefix="/v1", tags=["本地设置"])
Manager = Annotated[Caller, Depends(needs(Action.MANAGE_SETTINGS))]
TableName = Annotated[
    Literal["departments", "catalogue"],
    Path(description="departments 单位目录，catalogue 派单目录"),
]
Folder = Annotated[str, Path(max_length=255, description="模型的目录名"), WITH_SLASHES]
SeenVersion = Annotated[str, Query(max_length=40, description="看到的版本")]
TABLE_TITLES = {"departments": "单位目录", "catalogue": "派单目录"}
CARD_FILE = "CARD.md"
_NO_MODEL: dict[int | str, dict[str, Any]] = {
    404: {"model": ErrorOut, "description": "没有这个模型"}
}
_CHANGED: dict[int | str, dict[str, Any]] = {
    409: {"model": ErrorOut, "description": "刚被他人改过，或与现有的设置不合"}
}


@router.get("/town/{table}.xlsx", response_class=Response, responses=BOOK)
def get_table_book(_caller: Manager, service: ServiceHere, table: TableName) -> Response:
    """现行的单位目录或派单目录，Excel；改好后再传上来。"""
    rows = spell_table(service.desk, TownSetting(table))
    with tempfile.TemporaryDirectory() as folder:
        path = FilePath(folder) / "table.xlsx"
        write_table(path, header=TABLE_COLUMNS[TownSetting(table)], records=rows)
        content = path.read_bytes()
    name = quote(f"{TABLE_TITLES[table]}.xlsx")
    return Response(
        content,
        media_type=XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


@router.get("/town/{table}", response_model=TableOut)
def get_table(_caller: Manager, service: ServiceHere, table: TableName) -> TableOut:
    """现行的单位目录或派单目录。"""
    name = TownSetting(table)
    with service.store.reading() as session:
        stored = load_settings(session).get(name)
    rows = spell_table(service.desk, name) if stored is None else read_rows(stored.value)
    return _tell_table(name, rows, stored)


@router.post("/town/{table}:read", response_model=TableOut, openapi_extra={"x-body": "TableFileIn"})
def post_read_table(_caller: Manager, table: TableName, body: ImportBody) -> TableOut:
    """把一个 Excel 或 CSV 文件读成表，不保存；看过、试算过再存。"""
    given = read_as(body, TableFileIn)
    content = decode_file(given.content)
    with tempfile.TemporaryDirectory() as folder:
        path = FilePath(folder) / "table"
        path.write_bytes(content)
        rows = read_table(path)
    return _tell_table(TownSetting(table), rows, None)


@router.post(
    "/town/{table}:try",
    response_model=TrialOut,
    responses=_CHANGED,
    openapi_extra={"x-body": "TableIn"},
)
def post_try_table(
    caller: Manager, service: ServiceHere, table: TableName, body: ImportBody
) -> TrialOut:
    """试算：换成这张表，最近一个月的来件会有哪些改派到别处。"""
    given = read_as(body, TableIn)
    value = write_rows(TownSetting(table), given.read())
    return _try(service, {TownSetting(table): value}, caller=caller)


@router.put(
    "/town/{table}",
    response_model=TableOut,
    responses=_CHANGED,
    openapi_extra={"x-body": "TableIn"},
)
def put_table(
    caller: Manager, service: ServiceHere, table: TableName, body: ImportBody
) -> TableOut:
    """换成这张表，只管以后的来件；去掉的单位停用，台账还在。"""
    given = read_as(body, TableIn)
    name = TownSetting(table)
    value = write_rows(name, given.read())
    stored = _set(service, name, value, caller=caller, version=given.version)
    return _tell_table(name, read_rows(value), stored)


@router.delete("/town/{table}", response_model=TableOut, responses=_CHANGED)
def delete_table(
    caller: Manager, service: ServiceHere, table: TableName, version: SeenVersion = UNSET
) -> TableOut:
    """仍用数据目录或自带的文件。"""
    name = TownSetting(table)
    _set(service, name, None, caller=caller, version=version)
    return _tell_table(name, spell_table(service.desk, name), None)


@router.get("/review-line", response_model=LineOut)
def get_line(caller: Manager, service: ServiceHere) -> LineOut:
    """现行的复核线，和选它用的覆盖率—准确率曲线。"""
    now = read_clock()
    with service.store.reading() as session:
        stored = load_settings(session).get(TownSetting.REVIEW_LINE)
        own = draw_curve(session, caller=caller, now=now)
    return _tell_line(service, stored, own)


@router.post(
    "/review-line:try",
    response_model=TrialOut,
    responses=_CHANGED,
    openapi_extra={"x-body": "LineIn"},
)
def post_try_line(caller: Manager, service: ServiceHere, body: OneBody) -> TrialOut:
    """试算：用这条线，最近一个月的来件有几件须复核。"""
    given = read_as(body, LineIn)
    return _try(service, {TownSetting.REVIEW_LINE: {"line": given.line}}, caller=caller)


@router.put(
    "/review-line", response_model=LineOut, responses=_CHANGED, openapi_extra={"x-body": "LineIn"}
)
def put_line(caller: Manager, service: ServiceHere, body: OneBody) -> LineOut:
    """改复核线，只管以后的来件。"""
    given = read_as(body, LineIn)
    value = {"line": given.line}
    stored = _set(service, TownSetting.REVIEW_LINE, value, caller=caller, version=given.version)
    return _tell_line(service, stored, ())


@router.delete("/review-line", response_model=LineOut, responses=_CHANGED)
def delete_line(caller: Manager, service: ServiceHere, version: SeenVersion = UNSET) -> LineOut:
    """仍用模型自带的线。"""
    _set(service, TownSetting.REVIEW_LINE, None, caller=caller, version=version)
    return _tell_line(service, None, ())


@router.get("/models", response_model=ModelsOut)
def get_models(_caller: Manager, service: ServiceHere) -> ModelsOut:
    """可供切换的模型，和各自的成绩。"""
    with service.store.reading() as session:
        stored = load_settings(session).get(TownSetting.MODEL)
    return _tell_models(service, stored)


@router.get("/models/{folder}/card", response_model=CardOut)
def get_card(_caller: Manager, service: ServiceHere, folder: Folder) -> CardOut:
    """模型卡：学了什么、有多准、何时不该用。"""
    path = get_model_folder(service.settings, folder).path / CARD_FILE
    if not path.is_file():
        raise NotFound(f"模型“{folder}”没有模型卡", field="folder")
    return CardOut(folder=folder, text=path.read_text(encoding="utf-8"))


@router.post(
    "/models:try",
    response_model=TrialOut,
    responses=_CHANGED | _NO_MODEL,
    openapi_extra={"x-body": "ModelIn"},
)
def post_try_model(caller: Manager, service: ServiceHere, body: OneBody) -> TrialOut:
    """试算：换成这个模型，最近一个月的来件会有哪些变化。"""
    folder = _get_folder(service, read_as(body, ModelIn))
    return _try(service, {TownSetting.MODEL: {"folder": folder.name}}, caller=caller)


@router.put(
    "/models",
    response_model=ModelsOut,
    responses=_CHANGED | _NO_MODEL,
    openapi_extra={"x-body": "ModelIn"},
)
def put_model(caller: Manager, service: ServiceHere, body: OneBody) -> ModelsOut:
    """换成这个模型，各进程随即重新载入；退回就是换成上一个。"""
    given = read_as(body, ModelIn)
    folder = _get_folder(service, given)
    with service.store.reading() as session:
        before = load_settings(session).get(TownSetting.MODEL)
    previous = before.value["folder"] if before else service.settings.model_dir.name
    value = {"folder": folder.name, "id": folder.manifest["id"], "previous": previous}
    stored = _set(service, TownSetting.MODEL, value, caller=caller, version=given.version)
    return _tell_models(service, stored)


@router.delete("/models", response_model=ModelsOut, responses=_CHANGED)
def delete_model(caller: Manager, service: ServiceHere, version: SeenVersion = UNSET) -> ModelsOut:
    """仍用设置里指明的模型。"""
    _set(service, TownSetting.MODEL, None, caller=caller, version=version)
    return _tell_models(service, None)


def _fit(service: Service, changes: dict[TownSetting, dict[str, Any] | None]) -> Desk:
    """The desk with these settings instead of those in force. Raises InvalidInput, or Conflict
    where a model cannot be used."""
    with service.store.reading() as session:
        values = {name: stored.value for name, stored in load_settings(session).items()}
    wanted = {name: value for name, value in (values | changes).items() if value is not None}
    try:
        return fit_parts(service.base, wanted, service.settings)
    except InvalidData as error:  # it came from a person, not from a file of ours
        raise InvalidInput(error.message, field="rows") from None
    except InvalidArtefact as error:
        raise Conflict(error.message, field="folder") from None


def _try(
    service: Service, changes: dict[TownSetting, dict[str, Any] | None], *, caller: Caller
) -> TrialOut:
    new = _fit(service, changes)
    with service.store.reading() as session:
        recent = list_recent(session, caller=caller, now=read_clock())
    return _tell_trial(try_desk(new, service.desk, recent))


def _set(
    service: Service,
    name: TownSetting,
    value: dict[str, Any] | None,
    *,
    caller: Caller,
    version: str,
) -> StoredSetting | None:
    """Set it once it is known to fit, and work by it from now on."""
    desk = _fit(service, {name: value})
    payload = {"model": desk.model} if name is TownSetting.MODEL else {"rows": _count(value)}
    with service.store.writing() as session:
        stored = change_setting(
            session,
            name,
            value,
            caller=caller,
            version=version,
            now=read_clock(),
            payload=payload,
        )
        if name is TownSetting.DEPARTMENTS:
            sync_departments(session, desk.departments)
    refresh(service)
    return stored


def _count(value: dict[str, Any] | None) -> int:
    return len(value.get("rows", ())) if value else 0


def _get_folder(service: Service, given: ModelIn) -> ModelFolder:
    folder = get_model_folder(service.settings, given.folder)
    if folder.fault is not None:
        raise Conflict(folder.fault, field="folder")
    return folder


def _tell_table(
    name: TownSetting, rows: list[dict[str, str]], stored: StoredSetting | None
) -> TableOut:
    table = write_rows(name, rows)
    return TableOut(
        version=stored.version if stored else UNSET,
        columns=table["columns"],
        rows=table["rows"],
        changed_by=stored.changed_by if stored else None,
        changed_at=stored.changed_at if stored else None,
    )


def _tell_trial(trial: Trial) -> TrialOut:
    return TrialOut(
        submissions=trial.submissions,
        review_before=trial.review_before,
        review_after=trial.review_after,
        parts=trial.parts,
        moves=[
            MoveOut(before=before, after=after, count=count) for before, after, count in trial.moves
        ],
        changed=[ChangedOut.model_validate(one) for one in trial.changed],
    )


def _tell_line(
    service: Service, stored: StoredSetting | None, own: tuple[CurvePoint, ...]
) -> LineOut:
    return LineOut(
        version=stored.version if stored else UNSET,
        line=service.desk.classifier.lines.review,
        shipped=_shipped_line(service),
        changed_by=stored.changed_by if stored else None,
        changed_at=stored.changed_at if stored else None,
        card=_read_card_curve(service),
        own=[CurvePointOut.model_validate(point) for point in own],
    )


def _model_in_use(service: Service) -> ModelFolder | None:
    folders = list_model_folders(service.settings)
    return next((one for one in folders if one.manifest["id"] == service.desk.model), None)


def _shipped_line(service: Service) -> float:
    own = service.base.classifier.lines.review
    folder = None if service.desk.model == service.base.model else _model_in_use(service)
    lines = folder.manifest.get("lines", {}) if folder else {}
    return float(lines.get("review", own))


def _read_card_curve(service: Service) -> list[CurvePointOut]:
    """The curve that the trainer measured, or the few points of it that every card holds."""
    folder = _model_in_use(service)
    manifest = folder.manifest if folder else {}
    if isinstance(curve := manifest.get("curve"), list):
        return [CurvePointOut(**{"submissions": None, **point}) for point in curve]
    scores: dict[str, Any] = next(iter(manifest.get("scores", {}).values()), {})
    line = manifest.get("lines", {}).get("review")
    points = [
        (line, scores.get("coverage_at_98"), 0.98),
        (None, 0.7, scores.get("level1_confident70")),
        (None, 1.0, scores.get("level1")),
    ]
    return [
        CurvePointOut(line=at, coverage=coverage, accuracy=accuracy, submissions=scores.get("n"))
        for at, coverage, accuracy in points
        if coverage is not None and accuracy is not None
    ]


def _tell_models(service: Service, stored: StoredSetting | None) -> ModelsOut:
    return ModelsOut(
        version=stored.version if stored else UNSET,
        in_use=service.desk.model,
        previous=stored.value.get("previous") if stored else None,
        changed_by=stored.changed_by if stored else None,
        changed_at=stored.changed_at if stored else None,
        models=[
            ModelOut(
                folder=folder.name,
                id=str(folder.manifest["id"]),
                created=folder.manifest.get("created"),
                in_use=str(folder.manifest["id"]) == service.desk.model,
                fault=folder.fault,
                scores=folder.manifest.get("scores", {}),
                lines=folder.manifest.get("lines", {}),
                bytes=sum(path.stat().st_size for path in folder.path.iterdir()),
            )
            for folder in list_model_folders(service.settings)
        ],
    )
