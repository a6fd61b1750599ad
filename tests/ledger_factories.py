"""Submissions, suggestions and departments for the tests of the ledger. All are invented."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from triage.departments import Department
from triage.submissions import Channel, Submission
from triage.suggestions import (
    DepartmentSuggestion,
    DomainSuggestion,
    NatureSuggestion,
    PlaceSuggestion,
    Suggestion,
    UrgencySuggestion,
)

NOW = datetime(2025, 3, 1, 1, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


HOUSING = Department("zhujian", "住建局", "住房和城乡建设局", "government", ("住建",), "住房")
CITY = Department("chengguan", "城管局", "城市管理局", "government", (), "市容")
DISCIPLINE = Department("jiwei", "纪委监委", "纪律检查委员会", "party", (), "监督")
DEPARTMENTS = (HOUSING, CITY, DISCIPLINE)


def make_submission(**changes: Any) -> Submission:
    submission = Submission(
        id="L-1",
        title="电梯停运三天",
        content="幸福里小区三号楼电梯停运三天，老人下不了楼。",
        channel=Channel.WEB,
        received_at=NOW - MINUTE,
        place="幸福里小区",
    )
    return replace(submission, **changes)


def make_suggestion(
    *,
    urgency: int = 3,
    confidence: float = 0.9,
    lead: str | None = "住建局",
    nature: str = "投诉",
    domain_code: str = "010203",
    **changes: Any,
) -> Suggestion:
    suggestion = Suggestion(
        id="L-1",
        domain=DomainSuggestion(
            domain_code, "城乡建设", "住房保障与房地产", "物业服务", confidence, 0.99, 0.95, ()
        ),
        urgency=UrgencySuggestion(urgency, "", 0.9, ("停运",)),
        nature=NatureSuggestion(nature, 0.9),
        flags=("老弱病残",),
        flag_probabilities={"老弱病残": 0.8},
        place=PlaceSuggestion("幸福里小区", None, ()),
        department=DepartmentSuggestion(lead, ("城管局",), ("领域属住房保障",)),
        confidential=False,
        needs_review=False,
        review_reasons=(),
        evidence=(),
        model="test-1",
    )
    return replace(suggestion, **changes)
