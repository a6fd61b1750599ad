"""What a department does with what it is sent: sign, send back, work, ask for time, pass on."""

import struct
import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from api.demo.answers import Answers
from api.demo.hands import Hands, Matter, MatterStep
from triage.ledger.matters import Part
from triage.ledger.queries import get_submission
from triage.ledger.states import EntryState
from triage.ledger.views import StoredEntry
from triage.replies import ReplyModel
from triage.workflow import Command, may_return

_MINUTES = 1 / (24 * 60)
_RETURNED = (EntryState.RETURNED, EntryState.REGISTERED)


class Work:
    """The courses of entries, from the ledger of a department to the answer."""

    def __init__(self, hands: Hands, replies: ReplyModel) -> None:
        self._hands = hands
        self._answers = Answers(hands, replies, accept=self.accept)

    def await_signature(self, matter: Matter, entry: StoredEntry, now: datetime) -> None:
        roll, tries = self._hands.chance.random(), matter.rounds
        matter.rounds += 1
        passed = (matter.letter.role == "passed" and tries < 2) or (
            matter.letter.role == "returned" and not tries
        )
        if self._hands.waits(now) and matter.letter.role != "returned":
            return
        if entry.urgency <= 2:
            wait = self._hands.chance.uniform(4, 45) * _MINUTES
            self._hands.history.at(
                now + timedelta(days=wait), self._hands.bind(matter, self.accept)
            )
        elif passed or (roll < 0.035 and not tries):
            self._hands.later(matter, now, self._hands.chance.uniform(0.03, 0.2), self._send_back)
        elif roll > 0.975 and not tries:
            return  # nobody signs: the clock takes it back
        else:
            self._hands.later(matter, now, self._hands.chance.uniform(0.02, 0.35), self.accept)

    def _send_back(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is None or not may_return(entry, now=now):
            self.accept(session, now, matter)
            return
        other = self._hands.chance.choice(("街道乡镇", "城管局", "住建局"))
        note = self._hands.chance.choice(self._hands.words["returned"]).format(other=other)
        if self._hands.give(
            session, now, matter, Command.RETURN, self._hands.officer(entry), note=note
        ):
            self._hands.later(matter, now, self._hands.chance.uniform(0.05, 0.6), self.reassign)

    def reassign(self, session: Session, now: datetime, matter: Matter) -> None:
        """A clerk sends what came back to whom it belongs, or insists."""
        entry = self._hands.see(session, matter)
        if entry is None or entry.state not in _RETURNED or self._hands.waits(now, share=0.7):
            return
        here = self._hands.team.departments[entry.lead_department]
        lead = self._hands.find_lead(
            matter, self._hands.truth(matter.letter), matter.letter.nature or "投诉"
        )
        if lead == here:
            lead = self._hands.chance.choice(
                [one for one in ("街道乡镇", "信访局", "城管局") if one != here]
            )
        if matter.letter.role != "passed" and entry.returns and self._hands.chance.random() < 0.4:
            given = self._hands.give(
                session,
                now,
                matter,
                Command.OVERRULE,
                self._hands.clerk(),
                note="按派单目录属你单位职责，请按时办理",
            )
        else:
            given = self._hands.give(
                session,
                now,
                matter,
                Command.ASSIGN,
                self._hands.clerk(),
                lead=lead,
                note="改交职责单位办理",
            )
        if given is not None:
            self.await_signature(matter, given, now)

    def accept(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is None:
            return
        given = self._hands.give(session, now, matter, Command.ACCEPT, self._hands.officer(entry))
        if given is not None:
            self._plan_work(matter, given, now)

    def _plan_work(self, matter: Matter, entry: StoredEntry, now: datetime) -> None:
        chance, roll = self._hands.chance, self._hands.chance.random()
        if self._ends_otherwise(matter, now, roll):
            return
        allowed = timedelta(days=5)
        if entry.deadline_at is not None:
            allowed = max(entry.deadline_at - now, timedelta(minutes=30))
        if entry.urgency > 2:
            for _ in range(chance.choice((0, 1, 1, 2))):
                self._hands.later(
                    matter, now, allowed.days * chance.uniform(0.05, 0.5), self._progress
                )
            if chance.random() < 0.12:
                self._hands.later(
                    matter, now, allowed.days * chance.uniform(0.2, 0.6), self._attach
                )
            if matter.letter.role == "asked" or chance.random() < 0.05:
                self._hands.later(
                    matter, now, allowed.days * chance.uniform(0.5, 0.8), self._ask_for_time
                )
        if matter.letter.role in ("stuck", "asked") or (entry.urgency > 2 and roll > 0.975):
            if entry.deadline_at is not None:
                self._hands.later(matter, entry.deadline_at, chance.uniform(0.5, 4), self._urge)
            return  # nobody answers
        share = chance.uniform(0.15, 0.9) if chance.random() < 0.93 else chance.uniform(1.05, 1.4)
        answered = now + allowed * share
        if entry.urgency > 2:
            answered = self._hands.history.open_from(answered)
        self._hands.history.at(answered, self._hands.bind(matter, self._answers.reply))

    def _ends_otherwise(self, matter: Matter, now: datetime, roll: float) -> bool:
        """Whether it leaves the line: forwarded, declined, taken back."""
        wait = self._hands.chance.uniform(0.2, 2)
        if matter.letter.group or matter.letter.role:
            return False
        if roll < 0.02:
            ground = self._hands.chance.choice(self._hands.words["declined"])
            self._hands.later(matter, now, wait, self._decline_step(ground))
        elif roll < 0.045:
            to = self._hands.chance.choice(("court", "arbitration", "court", "other-place"))
            self._hands.later(matter, now, wait, self._forward_step(to))
        elif roll < 0.057:
            self._hands.later(matter, now, wait, self._withdraw)
        elif roll < 0.068:
            self._hands.later(matter, now, wait / 2, self._split)
            return False
        else:
            return False
        return True

    def _decline_step(self, ground: str) -> MatterStep:
        def decline(session: Session, now: datetime, matter: Matter) -> None:
            entry = self._hands.see(session, matter)
            if entry is not None:
                self._hands.give(
                    session, now, matter, Command.DECLINE, self._hands.officer(entry), ground=ground
                )

        return decline

    def _forward_step(self, to: str) -> MatterStep:
        def forward(session: Session, now: datetime, matter: Matter) -> None:
            note = "属诉讼、仲裁或外地管辖事项，转有权机关依法处理，已告知反映人"
            self._hands.give(
                session, now, matter, Command.FORWARD, self._hands.clerk(), to=to, note=note
            )

        return forward

    def _withdraw(self, session: Session, now: datetime, matter: Matter) -> None:
        note = "反映人来电说双方已经协商好，要求撤回"
        self._hands.give(session, now, matter, Command.WITHDRAW, self._hands.clerk(), note=note)

    def _split(self, session: Session, now: datetime, matter: Matter) -> None:
        part = Part(matter="其中涉及属地调解的事项", lead="街道乡镇")
        given = self._hands.give(
            session,
            now,
            matter,
            Command.SPLIT,
            self._hands.clerk(),
            parts=(part,),
            matter=matter.letter.title[:40],
            note="一件反映两件事，分别交办",
        )
        if given is None:
            return
        file = get_submission(session, matter.submission.id, may_see_confidential=False)
        for entry in file.entries:
            if entry.id != matter.entry:
                other = replace(matter, entry=entry.id, rounds=1)
                self._hands.later(other, now, self._hands.chance.uniform(0.1, 0.3), self.accept)

    def _progress(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is not None and entry.replied_at is None:
            note = self._hands.chance.choice(self._hands.words["progress"])
            self._hands.give(
                session, now, matter, Command.PROGRESS, self._hands.officer(entry), note=note
            )

    def _attach(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is not None:
            self._hands.give(
                session,
                now,
                matter,
                Command.ATTACH,
                self._hands.officer(entry),
                name=f"现场照片{matter.entry}.png",
                content=_draw_picture(self._hands.chance.randrange(2**24)),
                note="整改现场",
            )

    def _ask_for_time(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if (
            entry is None
            or entry.deadline_at is None
            or entry.deadline_at < now
            or entry.urgency < 3
        ):
            return
        reason = self._hands.chance.choice(self._hands.words["extension"])
        if (
            entry.extensions
            or self._hands.give(
                session,
                now,
                matter,
                Command.REQUEST_EXTENSION,
                self._hands.officer(entry),
                amount=5,
                unit="day",
                note=reason,
            )
            is None
        ):
            return
        if matter.letter.role == "asked":  # refused, and asked again
            self._hands.later(matter, now, 0.2, self._refuse)
            self._hands.later(matter, now, 1.0, self._ask_once_more)
        elif self._hands.chance.random() < 0.85:
            self._hands.later(matter, now, self._hands.chance.uniform(0.1, 1), self._grant)

    def _ask_once_more(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is None or entry.deadline_at is None or entry.deadline_at < now:
            return
        self._hands.give(
            session,
            now,
            matter,
            Command.REQUEST_EXTENSION,
            self._hands.officer(entry),
            amount=7,
            unit="day",
            note="仍在等待上级单位意见，再次申请延期",
        )

    def _grant(self, session: Session, now: datetime, matter: Matter) -> None:
        note = "情况属实，同意延期，请如期答复反映人"
        self._hands.give(
            session, now, matter, Command.GRANT_EXTENSION, self._hands.supervisor(), note=note
        )

    def _refuse(self, session: Session, now: datetime, matter: Matter) -> None:
        note = "理由不充分，请按原时限办理"
        self._hands.give(
            session, now, matter, Command.REFUSE_EXTENSION, self._hands.supervisor(), note=note
        )

    def _urge(self, session: Session, now: datetime, matter: Matter) -> None:
        entry = self._hands.see(session, matter)
        if entry is None or self._hands.chance.random() < 0.4:
            return
        more: dict[str, Any] = {}
        if self._hands.chance.random() < 0.2:
            by = now + timedelta(days=10)
            more = {"level": "listed", "person": "副县长 柏文忠", "by": by}
        note = "已超过办理时限，请说明原因并尽快答复反映人"
        self._hands.give(
            session, now, matter, Command.URGE, self._hands.supervisor(), note=note, **more
        )


def _draw_picture(seed: int) -> bytes:
    """A small picture of four bands of colour, in the place of a photograph."""
    width, height = 160, 120
    rows = bytearray()
    for row in range(height):
        shade = (seed >> (6 * (row * 4 // height))) & 0x3F
        rows += b"\0" + bytes((120 + shade, 140 + shade // 2, 150 + shade // 3)) * width
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
