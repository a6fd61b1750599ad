"""The answer, what its reader thinks of it, and how the matter ends or begins again."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from api.demo.hands import Hands, Matter, MatterStep
from api.demo.history import Step
from api.demo.replies import choose_outcome, write_empty_reply, write_reply
from triage.ledger.states import EntryState, Outcome
from triage.ledger.tracking import find_code, rate_tracked
from triage.replies import ReplyModel
from triage.replyreading import Reply
from triage.workflow import Command, find_transition


class Answers:
    """The courses of entries from the answer on; `accept` signs for what was reopened."""

    def __init__(self, hands: Hands, replies: ReplyModel, *, accept: MatterStep) -> None:
        self._hands = hands
        self._replies = replies
        self._accept = accept
        self._copied: str | None = None  # what one officer sends to whoever asks

    def reply(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is None or find_transition(Command.REPLY, state=entry.state) is None:
            return
        chance, letter = self._hands.chance, matter.letter
        empty = not entry.reopenings and (letter.role == "empty" or chance.random() < 0.05)
        outcome = Outcome.SOLVED if empty else choose_outcome(letter, chance)
        officer = self._hands.officer(entry)
        text, ground = write_reply(
            letter, outcome, officer=self._hands.team.names[officer.who], now=now, chance=chance
        )
        if empty:
            text, ground = write_empty_reply(chance), None
        if letter.role == "copied":
            text = self._copied = self._copied or text
        told = matter.submission
        quality = self._replies.assess(
            Reply(told.id, told.title, told.content, text, told.received_at, now)
        ).as_record()
        given = self._hands.give(
            session,
            now,
            matter,
            Command.REPLY,
            officer,
            text=text,
            outcome=outcome.value,
            ground=ground,
            quality=quality,
        )
        if given is None:
            return
        roll = chance.random()
        if roll < 0.45:
            self._hands.history.at(
                now + timedelta(days=chance.uniform(0.1, 3)), self._rating(matter, empty)
            )
        elif roll < 0.85:
            self._hands.later(matter, now, chance.uniform(0.5, 4), self._call_back(empty))
        else:
            self._hands.later(matter, now, chance.uniform(6, 9), self._close_unheard)

    def _rating(self, matter: Matter, empty: bool) -> Step:
        """The citizen says by the tracking code what the reply is worth."""

        def rate(session: Session, now: datetime) -> None:
            entry = self._hands.see(session, matter)
            if entry is None or entry.state is not EntryState.REPLIED:
                return
            submitter = matter.submission.submitter
            solved, satisfaction, comment = self._opinion(empty)
            rate_tracked(
                session,
                find_code(session, matter.submission.id) or "",
                (submitter.tail if submitter else None) or "",
                number=entry.id,
                solved=solved,
                satisfaction=satisfaction,
                comment=comment,
                now=now,
            )
            self._go_on(session, now, matter)

        return rate

    def _call_back(self, empty: bool) -> MatterStep:
        def call(session: Session, now: datetime, matter: Matter) -> None:
            entry = self._hands.see(session, matter)
            if entry is None or entry.state is not EntryState.REPLIED:
                return
            solved, satisfaction, comment = self._opinion(empty)
            self._hands.give(
                session,
                now,
                matter,
                Command.EVALUATE,
                self._hands.clerk(),
                solved=solved,
                satisfaction=satisfaction,
                comment=comment or None,
            )
            self._go_on(session, now, matter)

        return call

    def _go_on(self, session: Session, now: datetime, matter: Matter) -> None:
        """Evaluated: struck off soon; not solved: back at work."""
        entry = self._hands.see(session, matter)
        if entry is None:
            return
        if entry.state is EntryState.REOPENED:
            self._hands.later(matter, now, self._hands.chance.uniform(0.1, 1), self._accept)
        elif entry.state is EntryState.EVALUATED:
            self._hands.later(matter, now, self._hands.chance.uniform(0.1, 2), self._close)

    def _close(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is not None and entry.state is EntryState.EVALUATED:
            self._hands.give(session, now, matter, Command.CLOSE, self._hands.clerk())

    def _close_unheard(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is not None and entry.state is EntryState.REPLIED:
            ground = "两次回访电话无人接听，短信告知评价方式满五日未回复"
            self._hands.give(
                session, now, matter, Command.CLOSE, self._hands.clerk(), ground=ground
            )

    def _opinion(self, empty: bool) -> tuple[bool, int, str]:
        chance = self._hands.chance
        if chance.random() < (0.25 if empty else 0.93):
            comment = (
                chance.choice(self._hands.words["comments_good"]) if chance.random() < 0.5 else ""
            )
            return True, chance.choices((5, 4, 3), (5, 4, 2))[0], comment
        return False, chance.choice((2, 1, 2)), chance.choice(self._hands.words["comments_bad"])
