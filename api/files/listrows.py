"""What the cells of an existing problem list mean: words, departments, states, dates."""

import re
from dataclasses import dataclass
from datetime import datetime, time

from api.files.reading import CHINA_TIME, RowError, cell_text, make_submission, read_time
from api.files.rows import Row
from triage.calendar import end_of_day
from triage.columns import SUBMISSION_FIELDS
from triage.desk import Desk
from triage.errors import InvalidInput, NotFound
from triage.ledger.imports import Listed, check_listed
from triage.ledger.states import EntryState, Outcome
from triage.submissions import Submission
from triage.suggestions import NATURES, URGENCY_NAMES
from triage.taxonomy import Domain

_SEVERAL = re.compile(r"[、,，;；/\s]+")
_LEVELS = re.compile(r"\s*[/>＞→—-]+\s*")
_DIVISION_CODE = re.compile(r"\d{6}|\d{9}")
# Looked for in this order: 未签收 is not 签收, 未办结 is not 办结.
_STATE_WORDS = (
    (EntryState.ASSIGNED, ("未签收", "待签收", "待办")),
    (
        EntryState.ACCEPTED,
        ("未办结", "未完成", "未销号", "未解决", "未回", "未答", "办理中", "在办"),
    ),
    (EntryState.ACCEPTED, ("进行", "推进", "整改中", "处理中", "签收")),
    (EntryState.ASSIGNED, ("未办", "交办", "登记", "转办", "派单")),
    (EntryState.CLOSED, ("销号", "办结", "完成", "已解决", "结案")),
    (EntryState.REPLIED, ("回告", "答复", "回复", "评价")),
)
_OUTCOME_WORDS = (
    (None, ("未", "没有解决", "无法")),
    (Outcome.NOT_SUPPORTED, ("不予支持", "不支持")),
    (Outcome.EXPLAINED, ("解释",)),
    (Outcome.SOLVED, ("解决",)),
)
_STATES = "交办、签收（办理中）、回告、销号（办结）"


@dataclass(frozen=True, slots=True)
class ListReader:
    """Reads the rows of one list; `name` is what it is called, `outcome` that of closed rows that
    name none. Where the list has no ids of its own (`numbered`), its name and a number make them.
    """

    desk: Desk
    name: str
    now: datetime
    outcome: Outcome | None
    numbered: bool

    def read(self, row: Row) -> tuple[Submission, Listed] | RowError | None:
        """What the row tells and says of it, or what is wrong; None where it holds no matter."""
        cells = {name: cell_text(value) for name, value in row.values.items()}
        if not row.broken and not cells.get("title") and not cells.get("content"):
            return None
        told = {name: row.values[name] for name in SUBMISSION_FIELDS if name in row.values}
        if self.numbered and not row.broken:
            told["id"] = f"{self.name}-{cells.get('id') or row.number}"
        submission = make_submission(Row(row.number, told, row.broken), now=self.now)
        if isinstance(submission, RowError):
            return submission
        try:
            return submission, self._read_listed(row, cells)
        except InvalidInput as error:
            return RowError(row.number, error.field, error.message, told)

    def _read_listed(self, row: Row, cells: dict[str, str]) -> Listed:
        leads = self._find_departments(cells.get("lead", ""), "lead")
        assisting = self._find_departments(cells.get("assisting", ""), "assisting")
        # 责任单位 often names all who are in it, the one in charge first
        named = dict.fromkeys(leads[1:] + assisting)
        helpers = tuple(name for name in named if name not in leads[:1])
        moments = {
            name: _read_moment(row.values.get(name), name)
            for name in ("opened_at", "replied_at", "closed_at")
        }
        state = _read_state(cells.get("state", ""), moments)
        listed = Listed(
            source=f"“{self.name}”第 {row.number} 行",
            lead=leads[0] if leads else None,
            assisting=helpers if leads or assisting else None,
            domain=self._find_domain(cells),
            urgency=_read_urgency(cells.get("urgency", "")),
            nature=_read_nature(cells.get("nature", "")),
            division=self._find_division(cells.get("division", "")),
            deadline_at=_read_deadline(row.values.get("deadline_at")),
            state=state,
            outcome=_read_outcome(cells.get("outcome", "")) or self._outcome_of(state),
            reply=cells.get("reply", ""),
            **moments,
        )
        return check_listed(listed, now=self.now)

    def _outcome_of(self, state: EntryState) -> Outcome | None:
        done = state in (EntryState.REPLIED, EntryState.CLOSED)
        return self.outcome if done else None

    def _find_departments(self, cell: str, field: str) -> list[str]:
        """The names by which the catalogue knows them."""
        found = []
        for word in filter(None, _SEVERAL.split(cell)):
            department = self.desk.departments.find(word)
            if department is None:
                raise InvalidInput(
                    f"责任单位“{word[:20]}”不在单位目录中，请改为目录中的名称或别名", field=field
                )
            found.append(department.name)
        return found

    def _find_domain(self, cells: dict[str, str]) -> Domain | None:
        """The leaf that the list names by code, path or a name of the third level; a list in other
        words leaves it to the machine."""
        taxonomy = self.desk.taxonomy
        said = cells.get("domain", "")
        path = [cells.get(name, "") for name in ("level1", "level2", "level3")]
        if not all(path):
            path = _LEVELS.split(said)
        try:
            return taxonomy.get_by_path(*path) if len(path) == 3 else taxonomy.get(said)
        except NotFound:
            named = [domain for domain in taxonomy if domain.level3 == path[-1]]
            return named[0] if len(named) == 1 else None

    def _find_division(self, cell: str) -> str | None:
        """The code that is written, or that the name has if only one division bears it."""
        if _DIVISION_CODE.fullmatch(cell):
            return cell
        found = self.desk.divisions.find(cell) if cell else ()
        return found[0].code if len(found) == 1 else None


def _read_moment(value: object, field: str) -> datetime | None:
    try:
        return read_time(value)
    except InvalidInput as error:
        raise InvalidInput(error.message, field=field) from None


def _read_deadline(value: object) -> datetime | None:
    """A day without a time lasts until its end."""
    moment = _read_moment(value, "deadline_at")
    if moment is None or moment.astimezone(CHINA_TIME).time() != time(0):
        return moment
    return end_of_day(moment.astimezone(CHINA_TIME).date())


def _read_state(cell: str, moments: dict[str, datetime | None]) -> EntryState:
    if not cell:
        if moments["closed_at"] is not None:
            return EntryState.CLOSED
        return EntryState.REPLIED if moments["replied_at"] else EntryState.ASSIGNED
    for state, words in _STATE_WORDS:
        if any(word in cell for word in words):
            return state
    raise InvalidInput(f"状态“{cell[:20]}”不认识，请改为 {_STATES} 之一", field="state")


def _read_outcome(cell: str) -> Outcome | None:
    for outcome, words in _OUTCOME_WORDS:
        if cell and any(word in cell for word in words):
            if outcome is None:
                break
            return outcome
    if not cell:
        return None
    raise InvalidInput(
        f"办理结果“{cell[:20]}”不认识，请改为 已解决、已解释、不予支持 之一", field="outcome"
    )


def _read_urgency(cell: str) -> int | None:
    if not cell:
        return None
    for level, name in URGENCY_NAMES.items():
        if cell in (name, str(level)):
            return level
    known = "、".join(URGENCY_NAMES.values())
    raise InvalidInput(f"紧急程度“{cell[:20]}”不认识，请改为 {known} 之一", field="urgency")


def _read_nature(cell: str) -> str | None:
    if not cell or cell in NATURES:
        return cell or None
    raise InvalidInput(
        f"诉求性质“{cell[:20]}”不认识，请改为 {'、'.join(NATURES)} 之一", field="nature"
    )
