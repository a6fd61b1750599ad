"""Running the rules of the supervision list over the ledger, by the thresholds of the town."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from triage.errors import InvalidData, InvalidInput
from triage.findings import (
    Found,
    Rule,
    find_copied_replies,
    find_crowded,
    find_disputed,
    find_empty_replies,
    find_extended,
    find_invented,
    find_no_effect,
    find_overdue,
    find_passed_on,
    find_paused,
    find_silent,
    find_untasked,
)
from triage.ledger import gathering
from triage.ledger.events import record_events
from triage.ledger.settingrows import lock_settings, save_setting
from triage.ledger.tables import SettingRow
from triage.roles import Action, Caller
from triage.thresholds import Thresholds, read_thresholds

SETTING = "findings"


def load_thresholds(session: Session) -> Thresholds:
    """The thresholds in force. Raises InvalidData where the stored ones are none."""
    value = session.scalar(select(SettingRow.value).where(SettingRow.name == SETTING))
    try:
        return read_thresholds(value or {})
    except InvalidInput as error:
        raise InvalidData(f"已存的监督阈值不能用，请管理员重新设置：{error.message}") from None


def change_thresholds(
    session: Session, changes: Mapping[str, Any], *, caller: Caller, now: datetime
) -> Thresholds:
    """Change the thresholds that are named; all as they then stand.

    Findings that stand stay. Where the stored ones are none the others are as shipped: else nobody
    could mend them. Raises AccessDenied, InvalidInput naming the one that is wrong.
    """
    caller.require(Action.MANAGE_SETTINGS)
    lock_settings(session)
    standing: Thresholds | None = None
    with suppress(InvalidData):
        standing = load_thresholds(session)
    thresholds = read_thresholds(changes, standing=standing)
    save_setting(session, SETTING, thresholds.as_dict(), who=caller.who, now=now)
    happened = {"actor": caller.who, "kind": "findings.changed", "payload": dict(changes)}
    record_events(session, [happened], now=now)
    return thresholds


def look_for_findings(
    session: Session, *, now: datetime, rules: Iterable[Rule] = Rule
) -> Iterator[Found]:
    """What the rules see in the ledger at this moment, rule by rule; nothing is written."""
    thresholds = load_thresholds(session)
    for rule in rules:
        yield from _LOOKERS[rule](session, thresholds, now)


def _overdue(session: Session, _thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    return find_overdue(gathering.list_running(session, now=now), now=now)


def _extended(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    since = _window(thresholds, now)
    asked = gathering.list_askings(session, since=since, thresholds=thresholds)
    return find_extended(asked, thresholds=thresholds)


def _paused(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    stops = gathering.list_standstills(session, since=_window(thresholds, now))
    return find_paused(stops, now=now, thresholds=thresholds)


def _passed_on(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    steps = gathering.list_handovers(session, since=_window(thresholds, now))
    return find_passed_on(steps, thresholds=thresholds)


def _copied_replies(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    answers = gathering.list_answers(session, since=_window(thresholds, now))
    return find_copied_replies(answers, thresholds=thresholds)


def _empty_replies(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    answers = gathering.list_answers(session, since=_window(thresholds, now))
    return find_empty_replies(answers, thresholds=thresholds)


def _disputed(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    return find_disputed(gathering.list_disputes(session, since=_window(thresholds, now)))


def _invented(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    intakes = gathering.list_intakes(session, since=_window(thresholds, now))
    return find_invented(intakes, thresholds=thresholds)


def _silent(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    since = now - timedelta(days=thresholds.silent_days)
    return find_silent(gathering.list_places(session, since=since), thresholds=thresholds)


def _crowded(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    visits = gathering.list_visits(session, since=_window(thresholds, now))
    return find_crowded(visits, thresholds=thresholds)


def _untasked(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    since = now - timedelta(days=thresholds.problem_days)
    problems = gathering.list_problems(session, since=since, thresholds=thresholds)
    return find_untasked(problems, thresholds=thresholds)


def _no_effect(session: Session, thresholds: Thresholds, now: datetime) -> Iterator[Found]:
    planned = gathering.list_planned(session, now=now)
    return find_no_effect(planned, now=now, thresholds=thresholds)


def _window(thresholds: Thresholds, now: datetime) -> datetime:
    return now - timedelta(days=thresholds.window_days)


_LOOKERS: Mapping[Rule, Callable[[Session, Thresholds, datetime], Iterator[Found]]] = {
    Rule.OVERDUE: _overdue,
    Rule.EXTENDED: _extended,
    Rule.PAUSED: _paused,
    Rule.PASSED_ON: _passed_on,
    Rule.COPIED_REPLY: _copied_replies,
    Rule.EMPTY_REPLY: _empty_replies,
    Rule.DISPUTED: _disputed,
    Rule.INVENTED: _invented,
    Rule.SILENT: _silent,
    Rule.CROWDED: _crowded,
    Rule.UNTASKED: _untasked,
    Rule.NO_EFFECT: _no_effect,
}
