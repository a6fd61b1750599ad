"""Urging (督办): a supervisor says that this has waited long enough (Art. 40-41)."""

from datetime import datetime

from triage.errors import InvalidInput
from triage.ledger.paging import check_time
from triage.ledger.steps import Done, Step, check_words
from triage.transitions import URGE_LEVELS

MAX_PERSON = 50


def urge(
    step: Step, *, level: str = "urge", person: str | None = None, by: datetime | None = None
) -> Done:
    """Counted and kept with its words; one that is listed (挂牌督办) names who answers for it and
    until when."""
    if level not in URGE_LEVELS:
        levels = "、".join(f"{code}（{name}）" for code, name in URGE_LEVELS.items())
        raise InvalidInput(f"督办方式应为 {levels} 之一，请改正", field="level")
    if level == "listed" and (person is None or by is None):
        field = "person" if person is None else "by"
        raise InvalidInput("挂牌督办请写明包案人和督办期限", field=field)
    until = None if by is None else check_time(by, "by")
    if until is not None and until <= step.now:
        raise InvalidInput("督办期限已过，请填写将来的时间", field="by")
    step.entry.urges += 1
    data = {
        "level": level,
        "person": person and check_words(person, "person", what="包案人", most=MAX_PERSON),
        "by": until and until.isoformat(),
    }
    return Done(data, {"level": level, "by": data["by"], "urges": step.entry.urges})
