"""Routes by which the four lists are read, taken out as workbooks, and one is brought in."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response

from api.auth import needs
from api.bodies import read_as, read_body
from api.errors import error_body, status_of
from api.files.findingcolumns import finding_columns
from api.files.listcolumns import EFFECT_COLUMNS, PROBLEM_COLUMNS, TASK_COLUMNS, Column
from api.files.listimport import ImportedRow, ListImport, import_list, kept_on_disk
from api.files.reading import CHINA_TIME
from api.files.rows import UnknownColumns, in_api_words
from api.files.scopes import name_division, spell_scope
from api.filters import UNLESS_BLANK
from api.routes.ledgers import Cursor, Limit, Urgency
from api.schemas.lists import (
    EffectPageOut,
    FindingPageOut,
    ImportedRowOut,
    ListImportIn,
    ListImportOut,
    ProblemPageOut,
    TaskPageOut,
)
from api.schemas.submissions import Destination, ReadMoment
from api.service import Service, ServiceHere, read_clock
from triage.findings import Rule
from triage.ledger.departments import get_department
from triage.ledger.effectlist import list_effects
from triage.ledger.listfilters import ListFilter, record_export
from triage.ledger.lists import list_problems, list_tasks
from triage.ledger.paging import MAX_PAGE
from triage.ledger.states import STATE_NAMES, EntryState, FindingState, SubmissionStatus, TaskState
from triage.ledger.supervisionlist import FINDING_STATE_NAMES, list_findings
from triage.ledger.tasks import TASK_STATE_NAMES
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1/lists", tags=["清单"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LIST_NAMES = {
    "problems": "问题清单",
    "tasks": "任务清单",
    "effects": "效果清单",
    "supervision": "监督清单",
}
BOOK: dict[int | str, dict[str, Any]] = {
    200: {"content": {XLSX: {}}, "description": "Excel 工作簿"}
}

Reader = Annotated[Caller, Depends(needs(Action.READ_LISTS))]
Importer = Annotated[Caller, Depends(needs(Action.IMPORT_LISTS))]


async def read_import_body(request: Request, service: ServiceHere) -> bytes:
    """The body of a file in base64, by the limit of a batch."""
    return await read_body(request, limit=service.settings.max_batch_bytes)


ImportBody = Annotated[bytes, Depends(read_import_body)]


def read_filter(
    department: Annotated[
        str | None, Query(description="责任单位的代码或名称"), UNLESS_BLANK
    ] = None,
    division: Annotated[
        str | None,
        Query(description="行政区划代码，省、市、县含其下各级", max_length=12),
        UNLESS_BLANK,
    ] = None,
    domain: Annotated[
        str | None, Query(description="领域编码，上级编码含其下各级", max_length=32), UNLESS_BLANK
    ] = None,
    urgency: Urgency = None,
    since: Annotated[ReadMoment, Query(description="此时（含）起的")] = None,
    until: Annotated[ReadMoment, Query(description="此时（不含）前的")] = None,
) -> ListFilter:
    """What the query asks for."""
    return ListFilter(
        department=department,
        division=division,
        domain=domain,
        urgency=urgency,
        since=since,
        until=until,
    )


def read_heading(
    title: Annotated[
        str | None,
        Query(min_length=1, max_length=50, description="标题；不填为清单的名称"),
        UNLESS_BLANK,
    ] = None,
    unit: Annotated[
        str | None, Query(max_length=50, description="填报单位；不填为所选或本人的单位")
    ] = None,
) -> tuple[str | None, str | None]:
    """What the printed list is to be called, and who fills it in."""
    return title, unit


FilterHere = Annotated[ListFilter, Depends(read_filter)]
HeadingHere = Annotated[tuple[str | None, str | None], Depends(read_heading)]
EntryStateHere = Annotated[
    EntryState | None, Query(description="只看台账条目的一种状态"), UNLESS_BLANK
]
TaskStateHere = Annotated[TaskState | None, Query(description="只看一种状态"), UNLESS_BLANK]
FindingStateHere = Annotated[FindingState | None, Query(description="只看一种状态"), UNLESS_BLANK]
RuleHere = Annotated[Rule | None, Query(description="只看一种监督事项"), UNLESS_BLANK]


@router.get("/problems", response_model=ProblemPageOut)
def get_problems(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    state: EntryStateHere = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """问题清单：台账条目，新交办的在前；个人信息已遮盖，不含检举控告。"""
    with service.store.reading() as session:
        return list_problems(
            session, wanted, caller=caller, state=state, limit=limit, cursor=cursor
        )


@router.get("/tasks", response_model=TaskPageOut)
def get_tasks(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    state: TaskStateHere = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """任务清单：先到期的在前；时间段按安排的时间。"""
    with service.store.reading() as session:
        return list_tasks(session, wanted, caller=caller, state=state, limit=limit, cursor=cursor)


@router.get("/effects", response_model=EffectPageOut)
def get_effects(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    state: EntryStateHere = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """效果清单：各条台账最近的回告和各项任务的效果，新的在前；选了状态则只有回告。"""
    with service.store.reading() as session:
        return list_effects(session, wanted, caller=caller, state=state, limit=limit, cursor=cursor)


@router.get("/supervision", response_model=FindingPageOut)
def get_findings(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    state: FindingStateHere = None,
    rule: RuleHere = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """监督清单：新的在前；督查员以外的人只看到已确认、已督办的。"""
    with service.store.reading() as session:
        return list_findings(
            session, wanted, caller=caller, state=state, rule=rule, limit=limit, cursor=cursor
        )


@router.get("/problems.xlsx", response_class=Response, responses=BOOK)
def get_problem_book(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    heading: HeadingHere,
    state: EntryStateHere = None,
) -> Response:
    """问题清单，按机关打印的版式。"""
    read = partial(list_problems, state=state)
    return answer_book(service, "problems", read, PROBLEM_COLUMNS, wanted, heading, state, caller)


@router.get("/tasks.xlsx", response_class=Response, responses=BOOK)
def get_task_book(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    heading: HeadingHere,
    state: TaskStateHere = None,
) -> Response:
    """任务清单，按机关打印的版式。"""
    read = partial(list_tasks, state=state)
    return answer_book(service, "tasks", read, TASK_COLUMNS, wanted, heading, state, caller)


@router.get("/effects.xlsx", response_class=Response, responses=BOOK)
def get_effect_book(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    heading: HeadingHere,
    state: EntryStateHere = None,
) -> Response:
    """效果清单，按机关打印的版式。"""
    read = partial(list_effects, state=state)
    return answer_book(service, "effects", read, EFFECT_COLUMNS, wanted, heading, state, caller)


@router.get("/supervision.xlsx", response_class=Response, responses=BOOK)
def get_finding_book(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    heading: HeadingHere,
    state: FindingStateHere = None,
    rule: RuleHere = None,
) -> Response:
    """监督清单，按机关打印的版式。"""
    read = partial(list_findings, state=state, rule=rule)
    columns = finding_columns(partial(name_division, service.desk))
    return answer_book(service, "supervision", read, columns, wanted, heading, state, caller)


@router.post(
    "/problems/import",
    response_model=ListImportOut,
    response_model_exclude_none=True,
    openapi_extra={"x-body": "ListImportIn"},
)
def post_import(caller: Importer, service: ServiceHere, body: ImportBody) -> ListImportOut:
    """导入一份已有的问题清单：逐行成为来件和台账条目；同一份清单再导入一次无害。"""
    given = read_as(body, ListImportIn)
    try:
        with kept_on_disk(given.content, file_name=given.file_name) as path:
            run = import_list(
                service,
                path,
                caller=caller,
                now=read_clock(),
                name=given.name,
                columns=given.columns,
                worksheet=given.sheet,
                outcome=given.outcome,
                check=given.check,
            )
    except UnknownColumns as error:
        if not given.check:
            raise
        run = _ask_columns(error)
    rows = [_imported_out(row) for row in run.rows]
    statuses = [row.status for row in rows]
    created, existing = statuses.count(201), statuses.count(200)
    return ListImportOut(
        columns=run.columns,
        others=run.others,
        notes=list(map(in_api_words, run.notes)),
        created=created,
        existing=existing,
        failed=len(rows) - created - existing,
        rows=rows,
    )


def _ask_columns(error: UnknownColumns) -> ListImport:
    """What is answered on trial where neither title nor content was known: which columns there are,
    so that a person can say which they are."""
    others = [cell.strip() for cell in error.header if cell.strip()]
    return ListImport(others=others, notes=["没有认出标题列或内容列，请指明"])


def _imported_out(row: ImportedRow) -> ImportedRowOut:
    if row.error is not None:
        status, _ = status_of(row.error)
        return ImportedRowOut(row=row.number, id=row.id, status=status, **error_body(row.error))
    stored = None if row.filed is None else row.filed.submission
    if row.filed is None or stored is None:
        return ImportedRowOut(row=row.number, id=row.id, status=200)
    waits = stored.status is SubmissionStatus.REVIEW and row.filed.entry is None
    destination = Destination.REVIEW if waits else Destination.LEDGER
    if stored.confidential:
        destination = Destination.DISCIPLINE
    return ImportedRowOut(
        row=row.number,
        id=row.id,
        status=201 if row.filed.created else 200,
        destination=destination,
        entry=row.filed.entry.id if row.filed.entry and not stored.confidential else None,
    )


def answer_book(
    service: Service,
    name: str,
    list_page: partial[Any],
    columns: tuple[Column, ...],
    wanted: ListFilter,
    heading: tuple[str | None, str | None],
    state: EntryState | TaskState | FindingState | None,
    caller: Caller,
) -> Response:
    """The whole list as a workbook; the event log notes who took how much of it."""
    from api.files.listbooks import Heading, walk_pages, write_listbook  # the service starts sooner

    now = read_clock()
    title, unit = heading
    states = () if state is None else (_name_state(state),)
    with service.store.reading() as session:
        own = wanted.department or caller.department
        department = None if own is None else get_department(session, own)
        content, rows = write_listbook(
            walk_pages(partial(list_page, session, wanted, caller=caller, limit=MAX_PAGE)),
            columns=columns,
            heading=Heading(
                name=LIST_NAMES[name],
                title=title or LIST_NAMES[name],
                unit=unit if unit is not None else department.full_name if department else "",
                scope=spell_scope(wanted, *states, desk=service.desk),
                day=now.astimezone(CHINA_TIME).date(),
            ),
            most=service.settings.max_export_rows,
        )
    with service.store.writing() as session:
        record_export(session, name, wanted, caller=caller, rows=rows, now=now)
    file_name = quote(f"{LIST_NAMES[name]}-{now.astimezone(CHINA_TIME):%Y%m%d}.xlsx")
    return Response(
        content,
        media_type=XLSX,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{file_name}"},
    )


def _name_state(state: EntryState | TaskState | FindingState) -> str:
    if isinstance(state, EntryState):
        return STATE_NAMES[state]
    if isinstance(state, TaskState):
        return TASK_STATE_NAMES[state]
    return FINDING_STATE_NAMES[state]
