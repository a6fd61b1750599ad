"""How letters come in: who decides what each is, whose it is, and what it has to do with others.

A course is drawn by chance when its turn comes, and each step is taken only where the state of the
entry then allows it, so that courses which meet (a merge, an urging, the clock) do not break.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.demo.hands import Hands, Matter
from api.demo.matters import Letter
from api.demo.work import Work
from triage.classifiers import ACCUSATION
from triage.ledger.decisions import Decision, record_decision
from triage.ledger.discipline import hold_accusation, release_accusation
from triage.ledger.lapses import return_unaccepted
from triage.ledger.paging import MAX_PAGE
from triage.ledger.placing import place_waiting
from triage.ledger.queries import list_review
from triage.ledger.records import record_batch
from triage.ledger.repeatdecisions import dismiss_repeat, merge_repeat
from triage.ledger.states import EntryState
from triage.ledger.views import StoredEntry
from triage.replies import ReplyModel
from triage.submissions import Channel, Submission
from triage.suggestions import Suggestion
from triage.workflow import Command, find_transition

LEFT = 3  # in the review queue


class Courses:
    """The courses of all letters."""

    def __init__(self, hands: Hands, replies: ReplyModel) -> None:
        self._hands = hands
        self._work = Work(hands, replies)
        self.matters: dict[str, Matter] = {}
        self._by_entry: dict[int, Matter] = {}

    def expect(self, letter: Letter, submission: Submission, suggestion: Suggestion) -> None:
        """Let a letter come in when it was received."""
        matter = Matter(letter, submission, suggestion)
        self.matters[letter.key] = matter
        assert submission.received_at is not None  # noqa: S101 - every letter has a day
        self._hands.history.at(
            submission.received_at, lambda session, now: self._arrive(session, now, matter)
        )

    def find_answered(self, session: Session) -> Submission:
        """One that has been answered and that its reporter has not rated yet, else any."""
        found = []
        for matter in self.matters.values():
            entry = self._hands.see(session, matter) if matter.submission.submitter else None
            if entry is not None and entry.state is EntryState.REPLIED:
                found.append(matter)
        found.sort(key=lambda matter: not matter.letter.group)  # those are answered in more detail
        return (found or list(self.matters.values()))[0].submission

    def watch_clock(self, session: Session, now: datetime) -> None:
        """Give back to the clerk what nobody has signed for, and let it be assigned anew."""
        for entry in return_unaccepted(session, now=now):
            matter = self._by_entry.get(entry.id)
            if matter is not None:
                wait = self._hands.chance.uniform(0.05, 1.2)
                self._hands.later(matter, now, wait, self._work.reassign)

    def review_next(self, session: Session, now: datetime) -> None:
        """A clerk decides on the next of the review queue; some are left for whoever comes."""
        queue = list_review(session, may_see_confidential=False, limit=MAX_PAGE).lines
        by_id = {one.submission.id: one for one in self.matters.values()}
        ordinary = [
            matter
            for matter in (by_id.get(line.submission_id) for line in queue)
            if matter is not None and matter.letter.nature != ACCUSATION
        ]
        if len(queue) > LEFT and ordinary:
            self._decide(session, now, ordinary[0])

    def _arrive(self, session: Session, now: datetime, matter: Matter) -> None:
        told = matter.letter
        if told.source or told.channel is Channel.FIELD:
            source = told.source or f"{told.place.removeprefix('安平县')[:4]}走访组"
        else:
            source = self._hands.clerk().who
        (filed,) = record_batch(
            session,
            [(matter.submission, matter.suggestion)],
            now=now,
            source=source,
            taxonomy=self._hands.desk.taxonomy.name,
        )
        place_waiting(session, now=now)
        if filed.entry is not None:
            self._open(matter, filed.entry, now)
        elif self._hands.waits(now, days=1.5, share=0.6):
            pass  # whoever opens the console finds it in the queue
        elif matter.suggestion.confidential:
            self._hands.later(matter, now, self._hands.chance.uniform(0.2, 2.5), self._judge)
        else:
            urgent = matter.suggestion.urgency.level <= 2
            self._hands.later(
                matter,
                now,
                self._hands.chance.uniform(0.005, 0.05 if urgent else 0.3),
                self._decide,
            )
        if told.repeats:
            self._hands.later(
                matter, now, self._hands.chance.uniform(0.1, 0.9), self._look_at_repeat
            )

    def _judge(self, session: Session, now: datetime, matter: Matter) -> None:
        """A discipline officer looks whether it is an accusation."""
        who = self._hands.team.discipline
        if matter.letter.nature == ACCUSATION:
            if self._hands.chance.random() < 0.6:
                hold_accusation(
                    session,
                    matter.submission.id,
                    caller=who,
                    now=now,
                    reason="反映具体、可查，按检举控告留置办理",
                )
            return
        release_accusation(
            session,
            matter.submission.id,
            caller=who,
            now=now,
            reason="反映的是办事和服务问题，不属检举控告，转受理员按普通件办理",
        )
        self._hands.later(matter, now, self._hands.chance.uniform(0.05, 0.4), self._decide)

    def _decide(self, session: Session, now: datetime, matter: Matter) -> None:
        """A clerk says what it is about, and whose."""
        letter, said = matter.letter, matter.suggestion
        if letter.nature == ACCUSATION:
            record_decision(
                session,
                matter.submission.id,
                Decision(nature=ACCUSATION, reason="反映公职人员违纪，转纪检"),
                caller=self._hands.clerk(),
                now=now,
            )
            self._hands.later(matter, now, 1.0, self._judge)
            return
        domain, nature = self._hands.truth(letter), letter.nature or said.nature.name
        if nature == ACCUSATION:
            nature = "投诉"
        lead = self._hands.find_lead(matter, domain, nature)
        decision = Decision(
            lead=None if lead == said.department.lead else lead,
            domain=None if domain.code == said.domain.code else domain,
            urgency=None if letter.urgency == said.urgency.level else letter.urgency,
            nature=None if nature == said.nature.name else nature,
        )
        entry = record_decision(
            session,
            matter.submission.id,
            decision,
            caller=self._hands.clerk(),
            now=now,
            taxonomy=self._hands.desk.taxonomy.name,
        )
        if entry is not None:
            self._open(matter, entry, now)

    def _look_at_repeat(self, session: Session, now: datetime, matter: Matter) -> None:
        """A clerk merges what is said again, or finds that it is another matter."""
        first = self.matters.get(matter.letter.repeats)
        if first is None or first.entry is None or matter.entry is None:
            return
        roll = self._hands.chance.random()
        if roll < 0.2:
            return  # still to be looked at
        if roll < 0.3:
            dismiss_repeat(
                session,
                matter.submission.id,
                first.submission.id,
                caller=self._hands.clerk(),
                now=now,
                note="上次的已办结，这次是新发生的情况，分别办理",
            )
            return
        mine, other = (self._hands.see(session, one) for one in (matter, first))
        at_work = find_transition(Command.MERGE, state=mine.state) if mine else None
        if mine is None or other is None or at_work is None or other.closed_at is not None:
            return
        merge_repeat(
            session,
            matter.submission.id,
            first.submission.id,
            caller=self._hands.clerk(),
            version=mine.version,
            now=now,
            note="同一事项重复反映，并入前件一并答复",
        )

    def _open(self, matter: Matter, entry: StoredEntry, now: datetime) -> None:
        matter.entry = entry.id
        self._by_entry[entry.id] = matter
        if entry.urgency == 1 and self._hands.chance.random() < 0.4:
            line = self._hands.chance.choice(("110", "119", "120"))
            self._hands.history.at(
                now + timedelta(minutes=self._hands.chance.uniform(2, 9)),
                lambda session, at: self._hands.give(
                    session,
                    at,
                    matter,
                    Command.ALARM,
                    self._hands.clerk(),
                    to=line,
                    note="险情已转热线",
                ),
            )
        self._work.await_signature(matter, entry, now)
