"""The days of the living example go on whatever one of their steps meets."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy.orm import Session

from api.demo.history import History
from triage.calendar import Calendar
from triage.errors import Conflict
from triage.ledger.store import Store

MORNING = datetime(2025, 3, 3, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_step_that_the_ledger_refuses_is_left_and_the_day_goes_on(store: Store) -> None:
    taken: list[str] = []
    chance = Random(0)  # noqa: S311  no secret
    history = History(store, Calendar(), now=MORNING + timedelta(days=1), chance=chance)

    def take(name: str, *, refused: bool = False) -> None:
        taken.append(name)
        if refused:
            raise Conflict("该条目已有一份延期申请在等审批，请等批复后再办")

    def within(name: str, *, refused: bool = False) -> None:
        def step(_session: Session, _now: datetime) -> None:
            take(name, refused=refused)

        history.at(MORNING + timedelta(minutes=len(taken)), step)

    within("first")
    within("refused", refused=True)
    within("second")
    history.apart(MORNING, lambda _now: take("refused apart", refused=True))
    within("last")
    assert len(list(history.run())) >= 1
    assert taken == ["first", "refused", "second", "refused apart", "last"]
