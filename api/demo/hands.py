"""What every course needs: who acts, how an entry stands, how a step is taken or put off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from api.demo.history import History, Step
from api.demo.matters import Letter
from api.demo.replies import load_words
from triage.desk import Desk
from triage.ledger.commands import run_command
from triage.ledger.sight import get_visible
from triage.ledger.views import StoredEntry, entry_view
from triage.roles import Caller
from triage.submissions import Submission
from triage.suggestions import Suggestion
from triage.taxonomy import Domain
from triage.workflow import Command, find_transition

OFFICE = "信访局"  # whose is what is nobody else's


@dataclass(frozen=True, slots=True)
class Team:
    """Who does what; `officers` by department (code), `names` of people by login, of departments by
    code."""

    clerks: tuple[Caller, ...]
    supervisors: tuple[Caller, ...]
    discipline: Caller
    officers: Mapping[str, Caller]
    names: Mapping[str, str]
    departments: Mapping[str, str]


@dataclass(slots=True)
class Matter:
    """A letter on its way; `entry` is its id once it has one."""

    letter: Letter
    submission: Submission
    suggestion: Suggestion
    entry: int | None = None
    rounds: int = 0


MatterStep = Callable[[Session, datetime, Matter], object]


@dataclass(slots=True)
class Hands:
    """The hands by which all courses act."""

    history: History
    desk: Desk
    team: Team
    words: dict[str, Any] = field(default_factory=load_words)

    @property
    def chance(self) -> Random:
        """The one source of chance."""
        return self.history.chance

    def waits(self, now: datetime, *, days: float = 1, share: float = 0.55) -> bool:
        """Whether this is left for whoever opens the console: some of what came in of late."""
        fresh = self.history.open_from(now + timedelta(days=days)) > self.history.now
        return fresh and self.chance.random() < share

    def later(self, matter: Matter, now: datetime, days: float, step: MatterStep) -> None:
        self.history.after(now, days, self.bind(matter, step))

    def bind(self, matter: Matter, step: MatterStep) -> Step:
        return lambda session, at: step(session, at, matter)

    def see(self, session: Session, matter: Matter) -> StoredEntry | None:
        """The entry as it stands; None where there is none, or no longer for anybody here."""
        if matter.entry is None:
            return None
        return entry_view(get_visible(session, matter.entry, caller=self.team.clerks[0]))

    def give(
        self,
        session: Session,
        now: datetime,
        of: Matter,
        command: Command,
        caller: Caller,
        /,
        **data: Any,
    ) -> StoredEntry | None:
        """Give a command where the state allows it; the entry as it then stands, else None."""
        entry = self.see(session, of)
        if entry is None or find_transition(command, state=entry.state) is None:
            return None
        return run_command(
            session, entry.id, command, caller=caller, version=entry.version, now=now, **data
        )

    def find_lead(self, matter: Matter, domain: Domain, nature: str) -> str:
        said = self.desk.dispatch(
            matter.submission, domain=domain, nature=nature, flags=matter.suggestion.flags
        )
        return said.lead or OFFICE

    def truth(self, letter: Letter) -> Domain:
        return self.desk.taxonomy.get_by_path(*letter.domain.split("/"))

    def clerk(self) -> Caller:
        return self.chance.choice(self.team.clerks)

    def supervisor(self) -> Caller:
        return self.chance.choice(self.team.supervisors)

    def officer(self, entry: StoredEntry) -> Caller:
        return self.team.officers[entry.lead_department]
