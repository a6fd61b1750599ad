from dataclasses import replace
from typing import Any

import pytest
from ledger_factories import DEPARTMENTS, MINUTE, NOW, make_submission, make_suggestion
from sqlalchemy import select

from triage.errors import AccessDenied, Conflict, InvalidInput, NotFound
from triage.ledger.accusations import put_away
from triage.ledger.commands import run_command
from triage.ledger.departments import sync_departments
from triage.ledger.queries import get_submission
from triage.ledger.records import record_batch
from triage.ledger.store import Store
from triage.ledger.submitters import find_masked, unmask
from triage.ledger.tables import EntryRow, EvaluationRow, EventRow, SubmissionRow, SubmitterRow
from triage.ledger.timetables import change_time_settings
from triage.ledger.tracking import (
    Tracked,
    TrackedMatter,
    find_code,
    find_tracked,
    rate_tracked,
    reissue_code,
)
from triage.roles import ROLE_ACTIONS, Caller, Role
from triage.submitters import Submitter
from triage.workflow import Command

CLERK = Caller("wang", ROLE_ACTIONS[Role.CLERK])
SUPERVISOR = Caller("sun", ROLE_ACTIONS[Role.SUPERVISOR])
OFFICER = Caller("li", ROLE_ACTIONS[Role.OFFICER], "zhujian", frozenset({"zhujian"}))
TOLD = Submitter("王小明", "13812345678", "", "幸福里3栋")
LATER = NOW + MINUTE


@pytest.fixture(autouse=True)
def departments(store: Store) -> None:
    with store.writing() as session:
        sync_departments(session, DEPARTMENTS)


def file_away(
    store: Store, submission_id: str = "L-1", *, submitter: Submitter | None = TOLD, **said: Any
) -> str:
    """The tracking code of a submission that was just taken in."""
    told = make_submission(id=submission_id, submitter=submitter)
    with store.writing() as session:
        record_batch(session, [(told, make_suggestion(**said))], now=NOW)
        code = find_code(session, submission_id)
    assert code is not None
    return code


def look_up(store: Store, code: str, tail: str = "5678") -> Tracked | None:
    with store.reading() as session:
        return find_tracked(session, code, tail)


def run(store: Store, command: Command, *, caller: Caller = OFFICER, **data: Any) -> None:
    with store.writing() as session:
        entry = session.scalars(select(EntryRow).order_by(EntryRow.id)).first()
        assert entry is not None
        entry_id = data.pop("entry_id", entry.id)
        version = session.get_one(EntryRow, entry_id).version
        given = {"now": NOW} | data
        run_command(session, entry_id, command, caller=caller, version=version, **given)


def answer(store: Store) -> None:
    run(store, Command.ACCEPT)
    run(store, Command.REPLY, text="维修资金已拨付，电梯今日恢复运行。", outcome="solved")


def rate(store: Store, code: str, **changes: Any) -> Tracked | None:
    with store.reading() as session:
        number = session.scalars(select(EntryRow.id).order_by(EntryRow.id)).first()
    said: dict[str, Any] = {"number": number, "solved": True, "satisfaction": 5, "comment": "好"}
    with store.writing() as session:
        return rate_tracked(session, code, "5678", now=LATER, **said | changes)


def test_code_and_last_digits_open_the_own_submission_and_nothing_else(store: Store) -> None:
    code, other = file_away(store), file_away(store, "L-2", submitter=Submitter(phone="5555000"))
    tracked = look_up(store, code)
    assert tracked is not None
    (matter,) = tracked.matters
    assert matter.department == "住房和城乡建设局"
    assert tracked.progress == matter.progress == "已交住建局，等待签收"
    assert (matter.reply, matter.may_rate) == (None, False)
    assert look_up(store, code.lower().replace("-", " "), "13812345678") == tracked
    for wrong in ("5679", "", "678", "000"):
        assert look_up(store, code, wrong) is None
    assert look_up(store, other, "5678") is None
    assert look_up(store, other, "5000") is not None
    assert look_up(store, "0000-0000-0000-0000") is None
    assert look_up(store, "不是查询码") is None


def see(store: Store, code: str) -> TrackedMatter:
    tracked = look_up(store, code)
    assert tracked is not None
    return tracked.matters[0]


def test_the_submitter_is_told_why_it_takes_longer_and_for_how_long(store: Store) -> None:
    code = file_away(store)
    run(store, Command.ACCEPT)
    asked = {"amount": 5, "unit": "day", "note": "维修基金要业主表决，联系李某13800001111"}
    run(store, Command.REQUEST_EXTENSION, **asked)
    assert see(store, code).delay is None  # nobody has granted it
    run(store, Command.GRANT_EXTENSION, caller=SUPERVISOR, amount=3)
    delay = see(store, code).delay
    assert delay is not None
    assert delay.startswith("经批准延长3日，理由：维修基金要业主表决")
    assert "13800001111" not in delay
    run(store, Command.REPLY, text="电梯今日恢复运行。", outcome="solved")
    assert see(store, code).delay is None
    run(store, Command.REOPEN, caller=CLERK, note="又停了", now=LATER)
    assert see(store, code).delay is None  # its clock began anew


def test_the_submitter_is_told_on_what_ground_the_clock_stands_still(store: Store) -> None:
    rule = {"name": "通用", "within": "15 day", "pauses": ["委托鉴定（第十二条）"]}
    town = {"name": "town", "title": "本地办法", "source": "本地办法", "rules": [rule]}
    with store.writing() as session:
        admin = Caller("gao", ROLE_ACTIONS[Role.ADMIN])
        change_time_settings(session, {"rulebook": town}, caller=admin, now=NOW)
    code = file_away(store)
    run(store, Command.ACCEPT)
    run(store, Command.PAUSE, ground="委托鉴定（第十二条）")
    assert see(store, code).delay == "按规定暂停计时，事由：委托鉴定（第十二条）"
    run(store, Command.RESUME)
    assert see(store, code).delay is None


def test_the_submitter_reads_the_law_that_the_reply_rests_on_even_after_it_is_closed(
    store: Store,
) -> None:
    code = file_away(store)
    run(store, Command.ACCEPT)
    law = "《物业管理条例》第五十三条"
    run(store, Command.REPLY, text="维修基金须业主表决。", outcome="not_supported", ground=law)
    assert see(store, code).ground == law
    run(store, Command.CLOSE, caller=CLERK, ground="三次回访未接通")
    assert see(store, code).ground == law


def test_who_left_no_number_looks_up_by_the_code_alone(store: Store) -> None:
    for submission_id, submitter in (("L-1", None), ("L-2", Submitter(name="王小明"))):
        code = file_away(store, submission_id, submitter=submitter)
        assert look_up(store, code, "") is not None


def test_the_database_keeps_neither_the_code_nor_the_digits(store: Store) -> None:
    code = file_away(store)
    with store.reading() as session:
        submission = session.get_one(SubmissionRow, "L-1")
        submitter = session.get_one(SubmitterRow, "L-1")
    assert code not in (submission.tracking_digest or "")
    assert "5678" not in repr((submitter.sealed, submitter.phone_tail, submitter.person))
    assert "王小明".encode() not in submitter.sealed


def test_the_same_person_is_known_again_by_a_digest(store: Store) -> None:
    for number, phone in enumerate(("13812345678", "138 1234 5678", "13900000000")):
        file_away(store, f"L-{number}", submitter=Submitter("随便", phone))
    with store.reading() as session:
        people = session.scalars(select(SubmitterRow.person).order_by(SubmitterRow.submission_id))
        one, again, other = people.all()
    assert one == again != other
    assert one is not None


def test_a_lost_code_is_told_again_by_who_took_the_letter_in_and_by_nobody_else(
    store: Store,
) -> None:
    code = file_away(store)
    given: dict[str, Any] = {"reason": "本人来电，13812345678，报对了地址", "now": LATER}
    with store.writing() as session:
        assert reissue_code(session, "L-1", caller=CLERK, **given) == code
    with store.reading() as session:
        (event,) = session.scalars(select(EventRow).where(EventRow.kind == "tracking.reissued"))
        assert (event.actor, event.submission_id) == ("wang", "L-1")
        assert "报对了地址" in event.payload["reason"]
        assert "13812345678" not in event.payload["reason"]
    of_a_department = replace(OFFICER, actions=ROLE_ACTIONS[Role.CLERK])
    for caller in (OFFICER, SUPERVISOR, of_a_department):
        with pytest.raises(AccessDenied), store.writing() as session:
            reissue_code(session, "L-1", caller=caller, **given)
    with pytest.raises(InvalidInput, match="理由"), store.writing() as session:
        reissue_code(session, "L-1", caller=CLERK, reason=" ", now=LATER)


def test_what_waits_in_review_is_told_as_received(store: Store) -> None:
    tracked = look_up(store, file_away(store, needs_review=True))
    assert tracked is not None
    assert (tracked.progress, tracked.matters) == ("已收到，正在确定由哪个单位办理", ())


def test_an_accusation_is_told_as_passed_on_and_no_more(store: Store) -> None:
    code = file_away(store, confidential=True, nature="检举控告", lead="纪委监委")
    tracked = look_up(store, code)
    assert tracked is not None
    assert tracked.matters == ()
    assert tracked.progress == "您反映的事项已转送有权处理的机关，由该机关依规办理"
    with pytest.raises(NotFound):
        rate(store, code, number=1)


def test_the_reply_is_shown_and_rated_once(store: Store) -> None:
    code = file_away(store)
    answer(store)
    tracked = look_up(store, code)
    assert tracked is not None
    (matter,) = tracked.matters
    assert matter.reply == "维修资金已拨付，电梯今日恢复运行。"
    assert matter.may_rate
    rated = rate(store, code)
    assert rated is not None
    assert not rated.matters[0].may_rate
    assert rated.progress == "住建局已答复，您已评价"
    with store.reading() as session:
        kept = session.scalars(select(EvaluationRow)).one()
    assert (kept.source, kept.who, kept.solved, kept.satisfaction) == (
        "citizen",
        "citizen",
        True,
        5,
    )
    with pytest.raises(Conflict, match="评价"):
        rate(store, code)


def test_not_solved_sends_the_matter_back_to_work_and_the_next_reply_is_rated_anew(
    store: Store,
) -> None:
    code = file_away(store)
    answer(store)
    tracked = rate(store, code, solved=False, satisfaction=1, comment="又停了")
    assert tracked is not None
    assert tracked.progress == "住建局正在重新办理"
    assert not tracked.matters[0].may_rate
    with store.writing() as session:
        entry = session.scalars(select(EntryRow)).one()
        run_command(
            session,
            entry.id,
            Command.REPLY,
            caller=OFFICER,
            version=entry.version,
            now=LATER + MINUTE,
            text="更换了主板，已试运行三天。",
            outcome="solved",
        )
    again = look_up(store, code)
    assert again is not None
    assert again.matters[0].may_rate
    assert again.matters[0].reply == "更换了主板，已试运行三天。"


def test_each_reporter_of_a_merged_matter_sees_and_rates_the_one_reply(store: Store) -> None:
    file_away(store)
    other = file_away(store, "L-2")
    with store.reading() as session:
        first, second = session.scalars(select(EntryRow.id).order_by(EntryRow.id)).all()
    run(store, Command.MERGE, caller=CLERK, entry_id=second, into=first)
    answer(store)
    tracked = look_up(store, other)
    assert tracked is not None
    (matter,) = tracked.matters
    assert (matter.number, matter.may_rate) == (second, True)
    assert matter.reply is not None
    assert rate(store, other, number=second, satisfaction=4) is not None
    with store.reading() as session:
        kept = session.scalars(select(EvaluationRow)).one()
    assert (kept.entry_id, kept.submission_id, kept.satisfaction) == (first, "L-2", 4)


def test_a_matter_merged_into_what_became_an_accusation_goes_on_alone(store: Store) -> None:
    file_away(store)
    other = file_away(store, "L-2")
    with store.reading() as session:
        first, second = session.scalars(select(EntryRow.id).order_by(EntryRow.id)).all()
    run(store, Command.MERGE, caller=CLERK, entry_id=second, into=first)
    answer(store)
    with store.writing() as session:
        put_away(session, session.get_one(SubmissionRow, "L-1"), who="wang", now=NOW)
    tracked = look_up(store, other)
    assert tracked is not None
    (matter,) = tracked.matters
    assert matter.progress == "住建局正在重新办理"
    assert (matter.reply, matter.may_rate) == (None, False)


def test_nobody_rates_what_has_no_reply_or_is_anothers(store: Store) -> None:
    code = file_away(store)
    file_away(store, "L-2")
    with pytest.raises(Conflict):
        rate(store, code)
    with store.reading() as session:
        second = session.scalars(select(EntryRow.id).order_by(EntryRow.id.desc())).first()
    answer(store)
    with pytest.raises(NotFound):
        rate(store, code, number=second)
    with pytest.raises(NotFound):
        rate(store, code, number=10**9)
    with pytest.raises(InvalidInput):
        rate(store, code, satisfaction=6)
    assert rate(store, "0000-0000-0000-0000") is None


def test_the_submitter_is_masked_where_a_submission_is_read(store: Store) -> None:
    file_away(store)
    with store.reading() as session:
        file = get_submission(session, "L-1", may_see_confidential=False)
        assert find_masked(session, "L-9") is None
    assert file.submitter == Submitter("王某某", "*********78", "", "***")


def test_unmasking_needs_the_right_and_a_reason_and_goes_on_record(store: Store) -> None:
    file_away(store)
    supervisor = Caller("sun", ROLE_ACTIONS[Role.SUPERVISOR])
    with store.writing() as session, pytest.raises(AccessDenied, match="反映人"):
        unmask(session, "L-1", caller=supervisor, reason="看看", now=NOW)
    for reason in ("", "  ", "长" * 201):
        with store.writing() as session, pytest.raises(InvalidInput):
            unmask(session, "L-1", caller=CLERK, reason=reason, now=NOW)
    with store.writing() as session:
        seen = unmask(session, "L-1", caller=CLERK, reason="回访13812345678核实", now=NOW)
        assert unmask(session, "L-9", caller=CLERK, reason="核实", now=NOW) is None
    assert seen == TOLD
    with store.reading() as session:
        event = session.scalars(select(EventRow).where(EventRow.kind == "submitter.seen")).first()
    assert event is not None
    assert (event.actor, event.submission_id) == ("wang", "L-1")
    assert event.payload == {"reason": "回访*********78核实"}


def test_a_resend_keeps_the_submitter_that_stands(store: Store) -> None:
    file_away(store)
    file_away(store, submitter=Submitter("别人", "13999999999"))
    with store.writing() as session:
        assert unmask(session, "L-1", caller=CLERK, reason="核实", now=NOW) == TOLD
