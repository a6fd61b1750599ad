"""Submissions of the same and of other matters, for the tests of common problems. All invented."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ledger_factories import NOW, make_submission, make_suggestion
from sqlalchemy import select

from triage.ledger.placing import place_waiting
from triage.ledger.records import Filed, record_batch
from triage.ledger.store import Store
from triage.ledger.tables import MemberRow, ProblemRow
from triage.submissions import Submission
from triage.suggestions import PlaceSuggestion, Suggestion

LIFT = "幸福里小区电梯"
NOISE = "滨河夜市噪音"
_WORDS: dict[str, Sequence[tuple[str, str]]] = {
    LIFT: (
        ("幸福里小区3栋电梯停运四天", "幸福里小区3栋电梯从周三停到现在，老人下不了楼，物业不管。"),
        ("幸福里小区电梯老是坏", "幸福里小区的电梯三天两头停运，物业说没有维修基金，请督促维修。"),
        ("请修好幸福里小区的电梯", "我住幸福里小区3栋，电梯停运，老人孩子上下楼很困难，物业推脱。"),
        ("幸福里小区电梯停运无人维修", "幸福里小区电梯停运一周，维修基金批不下来，物业没人维修。"),
    ),
    NOISE: (
        ("滨河夜市噪音扰民", "滨河夜市每天唱歌到凌晨两点，噪音太大，附近住户睡不着觉。"),
        ("滨河夜市音响太吵", "滨河夜市摊主用音响招揽生意，噪音扰民，凌晨还在唱歌。"),
        ("请管管滨河夜市的噪音", "滨河夜市深夜唱歌、音响噪音很大，孩子没法睡觉，请城管管理。"),
        ("滨河夜市深夜唱歌扰民", "滨河夜市一到晚上就摆音响唱歌，噪音到凌晨两点，住户受不了。"),
    ),
}
_OTHER = (
    ("咨询落户办理材料", "本人研究生毕业，想把户口迁过来，请问需要哪些材料？"),
    ("建议增开定制公交", "高新产业园早高峰打车难，建议开通从地铁站到园区的定制班车。"),
    ("养老金补缴年限问题", "父亲是退伍军人，养老保险少缴三年，能否一次性补缴？"),
    ("水库泄洪淹了玉米地", "上游水库夜里泄洪没有通知，河边二十亩玉米全被淹了，要求赔偿。"),
)


def tell(matter: str, number: int, submission_id: str, **changes: Any) -> Submission:
    """One of several ways to tell of a matter; "" is of no matter that another is of."""
    words = _WORDS.get(matter, _OTHER)
    title, content = words[number % len(words)]
    told = make_submission(id=submission_id, title=title, content=content, place=None)
    return replace(told, **changes)


def suggest_for(submission: Submission, **changes: Any) -> Suggestion:
    """A sure suggestion, with the division that is told."""
    division = changes.pop("division", "430102")
    place = PlaceSuggestion("", division, ())
    return make_suggestion(id=submission.id, place=place, **changes)


def file(
    store: Store, *submissions: Submission, now: datetime = NOW, **suggested: Any
) -> list[Filed]:
    """Take these in, in one batch, and place them."""
    pairs = [(one, suggest_for(one, **suggested)) for one in submissions]
    with store.writing() as session:
        filed = record_batch(session, pairs, now=now)
        place_waiting(session, now=now, most=len(pairs))
        return filed


def file_matter(
    store: Store, matter: str, count: int, *, prefix: str, now: datetime = NOW, **suggested: Any
) -> list[str]:
    """So many submissions of one matter, one after the other, an hour apart; their ids."""
    ids = []
    for number in range(count):
        at = now + timedelta(hours=number)
        one = tell(matter, number, f"{prefix}-{number}", received_at=at)
        file(store, one, now=at, **suggested)
        ids.append(one.id)
    return ids


def members_of(store: Store) -> dict[str, int]:
    """The problem of each submission that belongs to one."""
    with store.reading() as session:
        rows = session.execute(select(MemberRow.submission_id, MemberRow.problem_id))
        return dict(rows.all())


def read_problem(store: Store, problem_id: int) -> ProblemRow:
    """The row as it stands."""
    with store.reading() as session:
        row = session.get(ProblemRow, problem_id)
        assert row is not None
        return row
