from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound, TriageError
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.departments import sync_departments
from triage.ledger.history import get_entry_file
from triage.ledger.queries import get_submission, list_departments, list_ledger, list_review
from triage.ledger.records import record_batch, record_submission
from triage.ledger.states import EntryState, SubmissionStatus
from triage.ledger.store import Store
from triage.ledger.views import StoredEntry
from triage.roles import ROLE_ACTIONS, Action, Caller, Role
from triage.taxonomy import Domain
from triage.workflow import Command

CLERK = Caller("王受理", ROLE_ACTIONS[Role.CLERK])
DECIDER = Caller("李认定", frozenset({Action.DECIDE}))


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def file_away(store: Store, **suggested: Any) -> None:
    with store.writing() as session:
        record_batch(session, [(make_submission(), make_suggestion(**suggested))], now=NOW)


def decide(store: Store, decision: Decision, **options: Any) -> StoredEntry:
    options = {"caller": CLERK, "now": NOW + MINUTE} | options
    with store.writing() as session:
        entry = record_decision(session, "L-1", decision, **options)
    assert entry is not None
    return entry


def test_confirming_opens_the_entry_that_was_suggested(store: Store) -> None:
    file_away(store, needs_review=True)
    entry = decide(store, Decision())
    assert (entry.lead_department, entry.urgency, entry.nature) == ("zhujian", 3, "投诉")
    assert (entry.assisting, entry.opened_at) == (("城管局",), NOW + MINUTE)
    with store.reading() as session:
        file = get_submission(session, "L-1", may_see_confidential=False)
        assert list_review(session, may_see_confidential=False).lines == ()
        ledger = list_ledger(session, "zhujian", may_see_confidential=False)
    assert file.submission.status is SubmissionStatus.ASSIGNED
    assert file.entries == (entry,)
    assert [line.entry for line in ledger.lines] == [entry]
    (decision,) = file.decisions
    assert (decision.kind, decision.who, decision.decided_at) == (
        "confirmed",
        "王受理",
        NOW + MINUTE,
    )


def test_a_correction_is_appended_and_the_suggestion_stays(store: Store) -> None:
    file_away(store, needs_review=True)
    domain = Domain("020101", "城乡建设", "城市管理", "市容环境")
    entry = decide(
        store,
        Decision(
            lead="城管局", assisting=(), domain=domain, urgency=2, nature="求助", reason="属市容"
        ),
    )
    assert (entry.lead_department, entry.assisting, entry.urgency) == ("chengguan", (), 2)
    assert (entry.domain_code, entry.domain) == ("020101", "城乡建设/城市管理/市容环境")
    with store.reading() as session:
        file = get_submission(session, "L-1", may_see_confidential=False)
    assert file.suggestion is not None
    assert file.suggestion["department"]["lead"] == "住建局"
    (decision,) = file.decisions
    assert (decision.kind, decision.reason) == ("corrected", "属市容")
    assert decision.before["lead_department"] == "zhujian"
    assert decision.after["lead_department"] == "chengguan"


def test_a_new_lead_department_signs_for_the_entry_anew_and_the_clock_runs_on(store: Store) -> None:
    file_away(store)
    with store.writing() as session:
        session.execute(text("UPDATE entry SET state = 'accepted'"))
    same = decide(store, Decision(urgency=1))
    assert (same.state, same.version) == (EntryState.ACCEPTED, 2)
    moved = decide(store, Decision(lead="城管局"))
    assert (moved.state, moved.version) == (EntryState.ASSIGNED, 3)
    assert (moved.id, moved.opened_at, moved.urgency) == (same.id, NOW, 1)
    with store.reading() as session:
        decisions = get_submission(session, "L-1", may_see_confidential=False).decisions
    assert [decision.before["urgency"] for decision in decisions] == [3, 1]


def test_who_is_given_the_lead_no_longer_assists(store: Store) -> None:
    file_away(store, needs_review=True)
    entry = decide(store, Decision(lead="城管局", reason="属市容"))
    assert (entry.lead_department, entry.assisting) == ("chengguan", ())


def test_only_departments_that_there_are_assist_and_never_the_lead(store: Store) -> None:
    file_away(store, needs_review=True)
    with pytest.raises(NotFound, match="龙宫") as caught:
        decide(store, Decision(assisting=("龙宫",)))
    assert caught.value.field == "assisting"
    entry = decide(store, Decision(assisting=("住建局", "城管局", "城管局")))
    assert (entry.lead_department, entry.assisting) == ("zhujian", ("城管局",))


def test_who_looked_at_an_older_version_is_told_to_look_again(store: Store) -> None:
    file_away(store)
    decide(store, Decision(urgency=1), version=1)
    with pytest.raises(Conflict, match="刷新") as caught:
        decide(store, Decision(urgency=4), version=1)
    assert caught.value.field == "version"
    assert decide(store, Decision(), version=2).urgency == 1


def test_a_closed_entry_is_not_changed(store: Store) -> None:
    file_away(store)
    with store.writing() as session:
        session.execute(text("UPDATE entry SET closed_at = opened_at, state = 'closed'"))
    with pytest.raises(Conflict, match="销号"):
        decide(store, Decision(urgency=1))


def test_what_a_clerk_calls_an_accusation_disappears_from_ordinary_sight(store: Store) -> None:
    file_away(store)
    with store.writing() as session:
        accusation = Decision(nature="检举控告", reason="举报村支书")
        assert record_decision(session, "L-1", accusation, caller=CLERK, now=NOW) is None
    with pytest.raises(NotFound):
        decide(store, Decision(urgency=4))
    with store.reading() as session:
        with pytest.raises(NotFound):
            get_submission(session, "L-1", may_see_confidential=False)
        assert all(not c.total for c in list_departments(session, may_see_confidential=False))
        assert session.scalar(text("SELECT count(*) FROM decision")) == 0


def test_who_may_not_decide_is_refused(store: Store) -> None:
    file_away(store, needs_review=True)
    officer = Caller("li", ROLE_ACTIONS[Role.OFFICER], "zhujian", frozenset({"zhujian"}))
    with pytest.raises(AccessDenied, match="认定"):
        decide(store, Decision(), caller=officer)


@pytest.mark.parametrize(
    ("decision", "error", "field"),
    [
        (Decision(), InvalidInput, "lead"),
        (Decision(lead="没有这个局"), NotFound, "lead"),
        (Decision(lead="住建局", urgency=5), InvalidInput, "urgency"),
        (Decision(lead="住建局", nature="别的"), InvalidInput, "nature"),
    ],
    ids=["no lead", "unknown lead", "urgency", "nature"],
)
def test_an_incomplete_or_impossible_decision_is_refused_by_field(
    store: Store, decision: Decision, error: type[InvalidInput], field: str
) -> None:
    file_away(store, lead=None)
    with pytest.raises(error) as caught:
        decide(store, decision)
    assert caught.value.field == field
    with store.reading() as session:
        file = get_submission(session, "L-1", may_see_confidential=False)
    assert (file.entries, file.decisions) == ((), ())


def test_a_submission_without_a_suggestion_can_be_decided_in_full(store: Store) -> None:
    with store.writing() as session:
        record_submission(session, make_submission(), now=NOW)
    with pytest.raises(InvalidInput) as caught:
        decide(store, Decision(lead="住建局"))
    assert caught.value.field == "domain"
    domain = Domain("010203", "城乡建设", "住房保障与房地产", "物业服务")
    entry = decide(store, Decision(lead="住建局", domain=domain, urgency=3, nature="投诉"))
    assert (entry.lead_department, entry.taxonomy) == ("zhujian", "letters")


def test_an_emergency_in_review_is_told_to_a_line_with_the_decision_and_nothing_filled_in(
    store: Store,
) -> None:
    file_away(store, urgency=2, nature="检举控告", needs_review=True)  # released: none is known
    entry = decide(store, Decision(alarm="119"))
    assert (entry.lead_department, entry.urgency, entry.nature) == ("zhujian", 1, "求助")
    assert (entry.state, entry.forwarded_to, entry.version) == (EntryState.ASSIGNED, "119", 2)
    with store.reading() as session:
        assert list_review(session, may_see_confidential=False).lines == ()
        history = get_entry_file(session, entry.id, caller=CLERK)
        events = session.execute(text("SELECT kind, payload FROM event ORDER BY id")).all()
    (decision,) = history.decisions
    assert (decision.kind, decision.reason) == ("corrected", "特急，立即转119（消防）")
    (action,) = history.actions
    assert (action.command, action.data, action.who) == (Command.ALARM, {"to": "119"}, "王受理")
    kinds = [kind for kind, _ in events]
    assert kinds[-2:] == ["decision.corrected", "entry.alarm"]
    assert "forwarded_to" in str(events[-1].payload)


def test_what_was_suggested_as_an_emergency_counts_as_confirmed(store: Store) -> None:
    file_away(store, urgency=1, needs_review=True)
    entry = decide(store, Decision(alarm="120", reason="家属来电"))
    with store.reading() as session:
        (decision,) = get_submission(session, "L-1", may_see_confidential=False).decisions
    assert (decision.kind, decision.reason) == ("confirmed", "家属来电")
    again = decide(store, Decision(alarm="110"), version=entry.version)
    assert (again.forwarded_to, again.version) == ("110", entry.version + 2)


@pytest.mark.parametrize(
    ("decision", "caller", "error", "field"),
    [
        (Decision(alarm="999", lead="住建局"), CLERK, InvalidInput, "alarm"),
        (Decision(alarm="119"), CLERK, InvalidInput, "lead"),
        (Decision(alarm="999", nature="检举控告"), CLERK, InvalidInput, "alarm"),
        (Decision(alarm="119", nature="检举控告"), DECIDER, AccessDenied, None),
        (Decision(alarm="119", lead="住建局"), DECIDER, AccessDenied, None),
    ],
    ids=["no such line", "nobody to lead", "an accusation", "of an accusation", "may not forward"],
)
def test_an_alarm_that_is_refused_leaves_the_submission_in_review(
    store: Store,
    decision: Decision,
    caller: Caller,
    error: type[TriageError],
    field: str | None,
) -> None:
    file_away(store, urgency=1, lead=None)
    with pytest.raises(error) as caught:
        decide(store, decision, caller=caller)
    assert caught.value.field == field
    with store.reading() as session:
        file = get_submission(session, "L-1", may_see_confidential=False)
    assert (file.submission.status, file.entries) == (SubmissionStatus.REVIEW, ())
    assert file.decisions == ()


def test_a_decision_refuses_every_change(store: Store) -> None:
    file_away(store)
    decide(store, Decision())
    with pytest.raises(DBAPIError, match="append-only"), store.writing() as session:
        session.execute(text("UPDATE decision SET reason = 'x'"))
