"""Ninety days lived in order: whatever is to happen waits for its moment, the clock goes on to it.

Steps are carried out by the product's own functions at moments of the past, a transaction for each
day; what would happen after the present is left for whoever opens the console.
"""

import heapq
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random

from sqlalchemy.orm import Session

from triage.calendar import CHINA_TIME, Calendar, day_of
from triage.errors import Conflict
from triage.ledger.store import Store

Step = Callable[[Session, datetime], object]
StepApart = Callable[[datetime], None]  # opens transactions of its own
_OPENS, _CLOSES = time(8, 30), time(17, 30)


class History:
    """What has happened and what waits; `now` is the present, behind which nothing happens."""

    def __init__(self, store: Store, calendar: Calendar, *, now: datetime, chance: Random) -> None:
        self.now = now
        self.chance = chance
        self._store = store
        self._calendar = calendar
        self._waiting: list[tuple[datetime, int, Step | None, StepApart | None]] = []
        self._numbers = count()

    def at(self, moment: datetime, step: Step) -> None:
        """Let the step be taken at this very moment."""
        heapq.heappush(self._waiting, (moment, next(self._numbers), step, None))

    def apart(self, moment: datetime, step: StepApart) -> None:
        """As `at`, between transactions."""
        heapq.heappush(self._waiting, (moment, next(self._numbers), None, step))

    def after(self, moment: datetime, days: float, step: Step) -> None:
        """Let the step be taken so many days later, in the next office hours."""
        self.at(self.open_from(moment + timedelta(days=days)), step)

    def open_from(self, moment: datetime) -> datetime:
        """This moment if it lies in office hours, else one early on the next working day."""
        here = moment.astimezone(CHINA_TIME)
        day = here.date()
        if self._calendar.is_working(day) and _OPENS <= here.time() <= _CLOSES:
            return moment
        if here.time() > _CLOSES or not self._calendar.is_working(day):
            day += timedelta(days=1)
            while not self._calendar.is_working(day):
                day += timedelta(days=1)
        opening = datetime.combine(day, _OPENS, CHINA_TIME)
        return opening + timedelta(minutes=self.chance.uniform(1, 150))

    def run(self) -> Iterator[datetime]:
        """Take all steps up to the present; gives each day when it is over.

        What came about by chance since a step was planned may forbid it, as a request that still
        waits or a letter that was split. As in an office, it is then left.
        """
        while self._waiting and self._waiting[0][0] <= self.now:
            moment, _, _, apart = self._waiting[0]
            day = day_of(moment)
            if apart is not None:
                heapq.heappop(self._waiting)
                with suppress(Conflict):
                    apart(moment)
                continue
            with self._store.writing() as session:
                while (step := self._take(day)) is not None:
                    with suppress(Conflict):
                        step(session)
            yield datetime.combine(day, _CLOSES, CHINA_TIME)

    def _take(self, day: date) -> Callable[[Session], object] | None:
        """The next step of this day, unless it is one apart or lies behind the present."""
        if not self._waiting:
            return None
        moment, _, step, _ = self._waiting[0]
        if step is None or moment > self.now or day_of(moment) != day:
            return None
        heapq.heappop(self._waiting)
        return lambda session: step(session, moment)
