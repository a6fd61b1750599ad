"""Submissions as a city tool follows them (Open311): open or closed, by whom, with what answer.

Personal data in the words is masked: such tools put them on maps. What somebody wrote to the
reporter alone, the reason of a delay, the ground of a refusal, the reply to the letter, is told
whole only to the tool that filed it; others get the span, the law, and the reply masked. Of
accusations (Art. 30) there are none here, for nobody.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from triage.errors import InvalidInput
from triage.ledger.delays import find_grounds, find_longer, find_pause
from triage.ledger.departments import department_view
from triage.ledger.listfilters import show
from triage.ledger.paging import MAX_PAGE, check_time
from triage.ledger.states import OUTCOME_NAMES
from triage.ledger.tables import (
    ActionRow,
    DepartmentRow,
    EntryRow,
    ReplyRow,
    SubmissionRow,
    SuggestionRow,
    Words,
)
from triage.ledger.timetables import load_timetable
from triage.ledger.views import StoredDepartment, StoredEntry, entry_view
from triage.roles import Action, Caller
from triage.tracking import WAITING_WORDS, tell, tell_delay

MAX_PAGES = 1_000  # pages that one may leaf through before asking more narrowly
_LAW = re.compile(
    r"《[^《》]{1,60}》(?:第[零〇一二三四五六七八九十百千\d]+[条款项](?:之[一二三四五六七八九十])?)*"
)


@dataclass(frozen=True, slots=True)
class Extension:
    """More time that was granted: how much, until when, by which rule's article ("" where it names
    none); `reason` None: not for this caller."""

    span: str
    until: datetime | None
    law: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter of a submission: the entry that answers for it (that which it was merged into, if
    it was), the department, where it is in words, and the latest reply.

    `extension` and `pause_ground` say why it takes longer, `ground` on what law or policy it was
    declined or answered.
    """

    entry: StoredEntry
    department: StoredDepartment
    progress: str
    reply: str | None
    extension: Extension | None
    pause_ground: str | None
    ground: str | None


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """A submission on its way. `domain_code` is that of its first entry, else the suggested one
    ("" where there is none)."""

    id: str
    title: str
    content: str
    place: str | None
    domain_code: str
    requested_at: datetime
    updated_at: datetime
    matters: tuple[Matter, ...]

    @property
    def is_closed(self) -> bool:
        """Whether every matter has left the line."""
        return bool(self.matters) and all(
            matter.entry.closed_at is not None for matter in self.matters
        )

    @property
    def progress(self) -> str:
        """Where it is, in words, with the replies."""
        if not self.matters:
            return WAITING_WORDS
        return "；".join(_words(matter) for matter in self.matters)

    @property
    def expected_at(self) -> datetime | None:
        """By when all that is still open should be answered, as far as that is known."""
        running = [matter.entry for matter in self.matters if matter.entry.closed_at is None]
        return max((entry.deadline_at for entry in running if entry.deadline_at), default=None)


def list_service_requests(
    session: Session,
    *,
    caller: Caller,
    ids: Collection[str] | None = None,
    domains: Collection[str] | None = None,
    closed: bool | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    page: int = 1,
) -> tuple[ServiceRequest, ...]:
    """One page of submissions, the newest first; `domains` are codes of any level.

    Who may read sees what the departments within reach lead; who may only submit, what the same
    caller has sent. Raises AccessDenied, InvalidInput for a page, a number of ids or a time that is
    none.
    """
    if not caller.may(Action.READ):
        caller.require(Action.SUBMIT)
    if not 1 <= limit <= MAX_PAGE or not 1 <= page <= MAX_PAGES:
        raise InvalidInput(
            f"每页 1 到 {MAX_PAGE} 件，至多翻到第 {MAX_PAGES} 页，请缩小查询范围",
            field="page",
        )
    query = (
        select(SubmissionRow)
        .where(SubmissionRow.confidential.is_(False), *_allowed(caller))
        .order_by(SubmissionRow.recorded_at.desc(), SubmissionRow.id.desc())
        .limit(limit)
        .offset((page - 1) * limit)
    )
    if ids is not None:
        if len(ids) > MAX_PAGE:
            raise InvalidInput(f"一次至多查 {MAX_PAGE} 个编号，请分次查询", field="ids")
        query = query.where(SubmissionRow.id.in_(ids))
    if domains is not None:
        query = query.where(_in_domains(domains))
    if closed is not None:
        query = query.where(_is_closed() if closed else ~_is_closed())
    if since is not None:
        query = query.where(SubmissionRow.recorded_at >= check_time(since, "since"))
    if until is not None:
        query = query.where(SubmissionRow.recorded_at < check_time(until, "until"))
    return _views(session, session.scalars(query).all(), caller=caller)


def _allowed(caller: Caller) -> list[ColumnElement[bool]]:
    if not caller.may(Action.READ):
        return [SubmissionRow.source == caller.who]
    if caller.reach is None:
        return []
    return [_has_entry(EntryRow.lead_department.in_(caller.reach))]


def _has_entry(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(EntryRow.submission_id == SubmissionRow.id, *where)


def _in_domains(codes: Collection[str]) -> ColumnElement[bool]:
    by_width: defaultdict[int, list[str]] = defaultdict(list)
    for code in codes:
        by_width[len(code)].append(code)
    entry = [
        func.substr(EntryRow.domain_code, 1, width, type_=Words()).in_(same)
        for width, same in by_width.items()
    ]
    suggested = [
        func.substr(SuggestionRow.domain_code, 1, width, type_=Words()).in_(same)
        for width, same in by_width.items()
    ]
    waiting = exists().where(
        SuggestionRow.submission_id == SubmissionRow.id, or_(false(), *suggested)
    )
    return or_(_has_entry(or_(false(), *entry)), and_(~_has_entry(), waiting))


def _is_closed() -> ColumnElement[bool]:
    """Every matter has left the line; one that was merged is as open as what it was merged into."""
    other = aliased(EntryRow)
    left_at = case((EntryRow.merged_into.is_(None), EntryRow.closed_at), else_=other.closed_at)
    still_open = (
        select(EntryRow.id)
        .outerjoin(other, other.id == EntryRow.merged_into)
        .where(EntryRow.submission_id == SubmissionRow.id, left_at.is_(None))
        .correlate(SubmissionRow)
        .exists()
    )
    return and_(_has_entry(), ~still_open)


def _views(
    session: Session, rows: Sequence[SubmissionRow], *, caller: Caller
) -> tuple[ServiceRequest, ...]:
    """The rows as values, with the entries within reach; a few more statements, however many rows
    there are."""
    ids = [row.id for row in rows]
    mine = select(EntryRow).where(EntryRow.submission_id.in_(ids), EntryRow.confidential.is_(False))
    if caller.reach is not None:
        mine = mine.where(EntryRow.lead_department.in_(caller.reach))
    own = session.scalars(mine.order_by(EntryRow.id)).all()
    merged = {entry.merged_into for entry in own if entry.merged_into is not None}
    others = {
        entry.id: entry
        for entry in session.scalars(select(EntryRow).where(EntryRow.id.in_(merged)))
    }
    standing = [others.get(entry.merged_into or 0, entry) for entry in own]
    answering = {entry.id for entry in standing}
    replies = dict(
        session.execute(
            select(ReplyRow.entry_id, ReplyRow.text)
            .where(ReplyRow.entry_id.in_(answering))
            .order_by(ReplyRow.id)
        ).all()
    )
    acted = select(ActionRow.entry_id, func.max(ActionRow.at)).group_by(ActionRow.entry_id)
    changed = dict(session.execute(acted.where(ActionRow.entry_id.in_(answering))).all())
    departments = {
        row.code: department_view(row)
        for row in session.scalars(
            select(DepartmentRow).where(
                DepartmentRow.code.in_({entry.lead_department for entry in standing})
            )
        )
    }
    suggested = dict(
        session.execute(
            select(SuggestionRow.submission_id, SuggestionRow.domain_code)
            .where(SuggestionRow.submission_id.in_(ids))
            .order_by(SuggestionRow.id)
        ).all()
    )
    grounds = find_grounds(session, standing)
    filed = {row.id for row in rows if row.source == caller.who}
    matters: defaultdict[str, list[Matter]] = defaultdict(list)
    for asked, entry in zip(own, standing, strict=True):
        told = _Told(session, whole=asked.submission_id in filed)
        department = departments[entry.lead_department]
        ground = told.tell_ground(grounds.get(entry.id))
        matters[asked.submission_id].append(
            Matter(
                entry=replace(entry_view(entry), matter=show(entry.matter), ground=ground),
                department=department,
                progress=tell(entry.state, department=department.name, ground=ground),
                reply=told.tell_reply(replies.get(entry.id)),
                extension=told.find_extension(entry),
                pause_ground=find_pause(entry),
                ground=ground,
            )
        )
    return tuple(
        ServiceRequest(
            id=row.id,
            title=show(row.title),
            content=show(row.content),
            place=row.place,
            domain_code=(
                matters[row.id][0].entry.domain_code
                if matters[row.id]
                else suggested.get(row.id, "")
            ),
            requested_at=row.recorded_at,
            updated_at=max(
                [row.recorded_at]
                + [changed.get(m.entry.id, m.entry.opened_at) for m in matters[row.id]]
            ),
            matters=tuple(matters[row.id]),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What was written to the reporter alone: whole, or what of it anybody may read."""

    session: Session
    whole: bool

    def tell_reply(self, text: str | None) -> str | None:
        return text if self.whole or text is None else show(text)

    def tell_ground(self, ground: str | None) -> str | None:
        if self.whole or ground is None:
            return ground
        return "、".join(dict.fromkeys(_LAW.findall(ground))) or None

    def find_extension(self, entry: EntryRow) -> Extension | None:
        longer = find_longer(self.session, entry)
        if longer is None:
            return None
        rules = load_timetable(self.session).rulebook.rules
        law = next((rule.extension_article for rule in rules if rule.name == entry.rule), "")
        return Extension(longer.span, longer.until, law, longer.reason if self.whole else None)


def _words(matter: Matter) -> str:
    told = f"{matter.entry.matter}：" if matter.entry.matter else ""
    told += matter.progress
    if matter.entry.outcome is not None:
        told += f"（{OUTCOME_NAMES[matter.entry.outcome]}）"
    delay = tell_delay(
        longer=matter.extension.span if matter.extension else None,
        reason=matter.extension.reason if matter.extension else None,
        pause_ground=matter.pause_ground,
    )
    told += f"，{delay}" if delay else ""
    return f"{told}。答复：{matter.reply}" if matter.reply else told
