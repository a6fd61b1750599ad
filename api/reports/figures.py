"""What the reports say: figures, in the words and forms that go into a Word document.

Names here are those that a town's own templates use; docs/statistics.md lists them.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.reports.periods import REPORT_NAMES, Period, Report, say_day
from api.reports.wordcharts import Chart
from triage.calendar import CHINA_TIME
from triage.findings import RULE_NAMES, Rule
from triage.ledger.findings import count_findings
from triage.ledger.listfilters import ListFilter
from triage.ledger.selection import By, Selection, Table
from triage.ledger.states import FindingState
from triage.ledger.statistics import Stage, count_flow, count_work, measure_dispatch, measure_stages
from triage.ledger.supervisionlist import FINDING_STATE_NAMES, list_findings
from triage.rates import Hours, Rate, Tally
from triage.roles import Caller

MOST_LINES = 15  # of a table or chart; what is left out is summed up in one line
MOST_FINDINGS = 100
_DAY = timedelta(days=1)
_NONE = "—"


def describe(
    session: Session, report: Report, period: Period, *, unit: str, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Everything that a template may name, but for the charts. Raises AccessDenied."""
    opened = Selection(since=period.since, until=period.until)
    due = Selection(since=period.since, until=period.until, by_deadline=True)

    def count(selection: Selection, by: By | None = None) -> Table[Tally]:
        return count_work(session, selection, caller=caller, now=now, by=by)

    flow, former = (
        count_flow(session, since=one.since, until=one.until, caller=caller, now=now)
        for one in (period, period.before)
    )
    by_department = count(due, By.DEPARTMENT)
    dispatch = measure_dispatch(session, opened, caller=caller).total
    hours = measure_stages(session, due, caller=caller).total
    return {
        "unit": unit,
        "title": REPORT_NAMES[report],
        "period": period.name,
        "written_at": _say_moment(now),
        "flow": {name: getattr(flow, name) for name in flow.__slots__},
        "change": {
            name: _say_change(getattr(flow, name) - getattr(former, name))
            for name in ("opened", "replied", "closed")
        },
        "due": _say_tally("", by_department.total),
        "departments": _say_tallies(by_department),
        "domains": _say_shares(count(opened, By.DOMAIN)),
        "channels": _say_shares(count(opened, By.CHANNEL)),
        "urgencies": _say_shares(count(opened, By.URGENCY)),
        "days": [(group.key, group.figures.opened) for group in count(opened, By.DAY).groups],
        "hours": {stage.value: _say_hours(hours[stage]) for stage in Stage},
        "dispatch": {
            "accuracy": _say_rate(dispatch.accuracy),
            "direct": _say_rate(dispatch.direct),
            "reviewed": _say_rate(dispatch.reviewed),
        },
        "findings": _say_rules(session, period, caller=caller),
        "finding_lines": _say_findings(session, period, caller=caller),
    }


def list_charts(figures: dict[str, Any], period: Period) -> dict[str, Chart]:
    """The charts of a report, by the name a template calls them."""
    days = dict(figures["days"])
    dates = [period.first + n * _DAY for n in range((period.last - period.first).days + 1)]
    shown = [line for line in figures["departments"] if line["due"]]
    return {
        "chart_days": Chart(
            "每日受理件数",
            [f"{day.month}月{day.day}日" for day in dates],
            [("受理", [days.get(str(day), 0) for day in dates])],
            line=True,
        ),
        "chart_departments": Chart(
            "各单位到期件与按时回复件",
            [line["name"] for line in shown],
            [
                ("到期", [line["due"] for line in shown]),
                ("按时回复", [line["on_time_count"] for line in shown]),
            ],
        ),
        "chart_domains": Chart(
            "受理件的领域",
            [line["name"] for line in figures["domains"]],
            [("件数", [line["opened"] for line in figures["domains"]])],
        ),
    }


def _say_tallies(table: Table[Tally]) -> list[dict[str, Any]]:
    """The departments with the most due entries first; the small ones in one line."""
    groups = sorted(table.groups, key=lambda group: (-group.figures.due, group.key))
    lines = [_say_tally(group.name, group.figures) for group in groups[:MOST_LINES]]
    if len(groups) > MOST_LINES:
        rest = sum((group.figures for group in groups[MOST_LINES:]), Tally())
        lines.append(_say_tally("其余单位", rest))
    return lines


def _say_tally(name: str, tally: Tally) -> dict[str, Any]:
    rates = {rate: _say_rate(value) for rate, value in tally.rates.items()}
    return rates | {
        "name": name,
        "due": tally.due,
        "on_time_count": tally.due_on_time,
        "overdue": tally.overdue,
        "solved": tally.due_solved,
        "explained": tally.due_explained,
        "not_supported": tally.due_not_supported,
        "returns": tally.returns,
        "reopenings": tally.reopenings,
    }


def _say_shares(table: Table[Tally]) -> list[dict[str, Any]]:
    groups = sorted(table.groups, key=lambda group: (-group.figures.opened, group.key))
    counts = [(group.name, group.figures.opened) for group in groups]
    if len(counts) > MOST_LINES:
        rest = sum(count for _, count in counts[MOST_LINES:])
        counts = [*counts[:MOST_LINES], ("其余", rest)]
    return [
        {"name": name, "opened": count, "share": _say_rate(Rate(count, table.total.opened))}
        for name, count in counts
    ]


def _say_rules(session: Session, period: Period, *, caller: Caller) -> list[dict[str, Any]]:
    counts = count_findings(session, since=period.since, until=period.until, caller=caller)
    by_rule: dict[Rule, Counter[FindingState]] = {rule: Counter() for rule in Rule}
    for (rule, state), count in counts.items():
        by_rule[rule][state] += count
    return [
        {"name": RULE_NAMES[rule], "total": states.total()}
        | {state.value: states[state] for state in FindingState}
        for rule, states in by_rule.items()
        if states
    ]


def _say_findings(session: Session, period: Period, *, caller: Caller) -> list[dict[str, Any]]:
    """What a supervisor has confirmed or urged; nothing that only the machine says is published."""
    wanted = ListFilter(since=period.since, until=period.until)
    lines = [
        line
        for state in (FindingState.URGED, FindingState.CONFIRMED)
        for line in list_findings(
            session, wanted, caller=caller, state=state, limit=MOST_FINDINGS
        ).lines
    ]
    return [
        {
            "number": number,
            "rule": RULE_NAMES[Rule(line.rule)],
            "department": line.department_name or _NONE,
            "submission": line.submission_id or _NONE,
            "state": FINDING_STATE_NAMES[line.state],
            "note": line.decided_note or "",
        }
        for number, line in enumerate(lines[:MOST_FINDINGS], start=1)
    ]


def _say_rate(rate: Rate) -> str:
    """A rate never stands without its counts."""
    share = _NONE if rate.value is None else f"{rate.value:.1%}"
    return f"{share}（{rate.numerator}/{rate.denominator}）"


def _say_hours(hours: Hours) -> dict[str, Any]:
    def say(value: float | None) -> str:
        return _NONE if value is None else f"{value:g}"

    return {"count": hours.count, "median": say(hours.median), "p90": say(hours.p90)}


def _say_change(change: int) -> str:
    return f"增加 {change} 件" if change > 0 else f"减少 {-change} 件" if change else "持平"


def _say_moment(moment: datetime) -> str:
    there = moment.astimezone(CHINA_TIME)
    return f"{say_day(there.date())}{there:%H:%M}"
