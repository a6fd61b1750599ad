"""Routes by which files of submissions are brought in: upload, look, start, leave, undo.

Existing problem lists, with the states they name, come in by `POST /v1/lists/problems/import`.
"""

import csv
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Response

from api.auth import needs
from api.bodies import OneBody, read_as
from api.files.exports import safe_cell, write_table
from api.files.importfiles import decode_file, look_at_file, preview_rows
from api.routes.ledgers import Cursor, Limit
from api.routes.lists import XLSX, ImportBody
from api.schemas.entries import MAX_NUMBER
from api.schemas.imports import (
    ImportColumnsIn,
    ImportIn,
    ImportOut,
    ImportPageOut,
    PreviewOut,
    PreviewRowOut,
    UndoneOut,
)
from api.schemas.submissions import ErrorOut
from api.service import ServiceHere, read_clock
from triage.columns import COLUMN_NAMES
from triage.ledger.intakefiles import (
    RowTrouble,
    add_import,
    change_mapping,
    get_import,
    list_imports,
    list_troubles,
    open_content,
    pause_import,
    remove_import,
    start_import,
)
from triage.ledger.takingback import CHUNK, take_back
from triage.roles import Action, Caller
from triage.submissions import MAX_ID

router = APIRouter(prefix="/v1/imports", tags=["批量导入"])
CSV = "text/csv"
_MOST_UNDONE = 2_000  # submissions that one request takes back
_ERROR_HEADER = ("行号", "字段", "原因")
_NOT_NOW: dict[int | str, dict[str, object]] = {
    409: {"model": ErrorOut, "description": "现在的状态不能这样办"}
}

Importer = Annotated[Caller, Depends(needs(Action.SUBMIT))]
ImportId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="导入的编号")]


@router.post("", status_code=201, response_model=ImportOut, openapi_extra={"x-body": "ImportIn"})
def post_import(caller: Importer, service: ServiceHere, body: ImportBody) -> ImportOut:
    """上传一份文件：认出各列，数出行数，加密保存，等着开始。"""
    given = read_as(body, ImportIn)
    content = decode_file(given.content)
    looked = look_at_file(content, file_name=given.file_name, worksheet=given.sheet)
    with service.store.writing() as session:
        stored = add_import(
            session,
            caller=caller,
            file_name=given.file_name,
            content=content,
            mapping=looked.mapping,
            total=looked.total,
            now=read_clock(),
        )
    return ImportOut.tell(stored)


@router.get("", response_model=ImportPageOut)
def get_imports(
    caller: Importer, service: ServiceHere, limit: Limit = 50, cursor: Cursor = None
) -> ImportPageOut:
    """本人导入的文件，新的在前。"""
    with service.store.reading() as session:
        page = list_imports(session, caller=caller, limit=limit, cursor=cursor)
    return ImportPageOut(lines=[ImportOut.tell(line) for line in page.lines], next=page.next)


@router.get("/{import_id}", response_model=ImportOut)
def get_one_import(caller: Importer, service: ServiceHere, import_id: ImportId) -> ImportOut:
    """一份文件导到了哪里：几行、每秒几行、还要多久。"""
    with service.store.reading() as session:
        return ImportOut.tell(get_import(session, import_id, caller=caller))


@router.put(
    "/{import_id}/columns",
    response_model=ImportOut,
    responses=_NOT_NOW,
    openapi_extra={"x-body": "ImportColumnsIn"},
)
def put_columns(
    caller: Importer, service: ServiceHere, import_id: ImportId, body: OneBody
) -> ImportOut:
    """指明哪一列是什么；开始以后不能再改。"""
    given = read_as(body, ImportColumnsIn)
    with service.store.reading() as session:
        stored = get_import(session, import_id, caller=caller)
        content = open_content(session, import_id, caller=caller)
    looked = look_at_file(
        content, file_name=stored.file_name, columns=given.columns, worksheet=given.sheet
    )
    with service.store.writing() as session:
        return ImportOut.tell(
            change_mapping(session, import_id, looked.mapping, caller=caller, total=looked.total)
        )


@router.get("/{import_id}/preview", response_model=PreviewOut, responses=_NOT_NOW)
def get_preview(caller: Importer, service: ServiceHere, import_id: ImportId) -> PreviewOut:
    """文件的前 20 行：读到了什么、会怎样标注、哪里有误。"""
    with service.store.reading() as session:
        stored = get_import(session, import_id, caller=caller)
        content = open_content(session, import_id, caller=caller)
    rows = preview_rows(service, content, stored, now=read_clock())
    return PreviewOut(rows=[PreviewRowOut.tell(row) for row in rows])


@router.post("/{import_id}/start", response_model=ImportOut, responses=_NOT_NOW)
def post_start(caller: Importer, service: ServiceHere, import_id: ImportId) -> ImportOut:
    """开始，或从停下的地方接着导；可以离开页面，服务重启也会接着导。"""
    with service.store.writing() as session:
        return ImportOut.tell(start_import(session, import_id, caller=caller, now=read_clock()))


@router.post("/{import_id}/pause", response_model=ImportOut, responses=_NOT_NOW)
def post_pause(caller: Importer, service: ServiceHere, import_id: ImportId) -> ImportOut:
    """暂停；已入库的不变。"""
    with service.store.writing() as session:
        return ImportOut.tell(pause_import(session, import_id, caller=caller, now=read_clock()))


@router.post("/{import_id}/undo", response_model=UndoneOut, responses=_NOT_NOW)
def post_undo(
    caller: Importer,
    service: ServiceHere,
    import_id: ImportId,
    after: Annotated[
        str, Query(max_length=MAX_ID, description="上一次答复中的 after；不填从头看起")
    ] = "",
) -> UndoneOut:
    """撤销：没有人办过的撤回，如同没有导入过；其余留下，并说明原因。"""
    now = read_clock()
    steps = []
    for _ in range(_MOST_UNDONE // CHUNK):
        with service.store.writing() as session:
            step = take_back(session, import_id, caller=caller, now=now, after=after)
        steps.append(step)
        if step.last is None:
            break
        after = step.last
    return UndoneOut.tell(steps)


@router.delete("/{import_id}", status_code=204, responses=_NOT_NOW)
def delete_import(caller: Importer, service: ServiceHere, import_id: ImportId) -> None:
    """删去一份还没有导入任何一行的文件。"""
    with service.store.writing() as session:
        remove_import(session, import_id, caller=caller, now=read_clock())


@router.get(
    "/{import_id}/errors.{kind}",
    response_class=Response,
    responses={200: {"content": {CSV: {}, XLSX: {}}, "description": "有误的各行"}},
)
def get_errors(
    caller: Importer,
    service: ServiceHere,
    import_id: ImportId,
    kind: Annotated[Literal["csv", "xlsx"], Path(description="csv 或 xlsx")],
) -> Response:
    """有误的各行：行号、字段（文件中的列名）、原因；不含来件文字。"""
    with service.store.reading() as session:
        stored = get_import(session, import_id, caller=caller)
        troubles = list_troubles(session, import_id, caller=caller)
    rows = [_cells(one, stored.mapping["columns"]) for one in troubles]
    name = quote(f"{FilePath(stored.file_name).stem}-有误的行.{kind}")
    return Response(
        _write_csv(rows) if kind == "csv" else _write_book(rows),
        media_type=CSV if kind == "csv" else XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


_Cells = tuple[int, str, str]


def _cells(trouble: RowTrouble, columns: Mapping[str, str]) -> _Cells:
    """Row, column and reason; the column as the file itself calls it, else as people do."""
    field = trouble.field or ""
    usual = next((name for name in COLUMN_NAMES.get(field, ()) if not name.isascii()), field)
    return trouble.row, columns.get(field) or usual, trouble.message


def _write_csv(rows: list[_Cells]) -> bytes:
    """With a mark at the beginning, by which Excel knows that it is UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_ERROR_HEADER)
    for row in rows:
        writer.writerow([safe_cell(cell) for cell in row])
    return text.getvalue().encode("utf-8-sig")


def _write_book(rows: list[_Cells]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = FilePath(folder) / "errors.xlsx"
        records = [dict(zip(_ERROR_HEADER, row, strict=True)) for row in rows]
        write_table(path, header=_ERROR_HEADER, records=records)
        return path.read_bytes()
