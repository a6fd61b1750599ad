"""The supervision list over HTTP: looked for on demand, decided by a supervisor."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_factories import RunningService, run_service
from sqlalchemy import update
from work_factories import file_one, give, sign_in

from api.background.clockwork import look_for_all_findings
from api.background.worker import DUTIES, do_duty
from api.service import read_clock
from triage.errors import Conflict
from triage.findings import Rule
from triage.ledger.store import Store
from triage.ledger.tables import EntryRow
from triage.roles import Role


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def supervisor(running: RunningService) -> Iterator[httpx.Client]:
    with sign_in(running, "sun", Role.SUPERVISOR) as client:
        yield client


def file_overdue(running: RunningService, name: str = "A-1") -> int:
    entry = file_one(running, name)
    late = read_clock() - timedelta(days=2)
    with running.service.store.writing() as session:
        session.execute(update(EntryRow).where(EntryRow.id == entry).values(deadline_at=late))
    return entry


def find_one(running: RunningService, supervisor: httpx.Client) -> dict[str, Any]:
    """The finding about an overdue entry, as the supervision list shows it."""
    file_overdue(running)
    assert supervisor.post("/v1/findings:run").json() == {"new": 1, "known": 0, "settled": 0}
    (line,) = supervisor.get("/v1/lists/supervision").json()["lines"]
    found: dict[str, Any] = line
    return found


def decide(client: httpx.Client, finding: dict[str, Any], **said: Any) -> httpx.Response:
    return client.post(f"/v1/findings/{finding['id']}/decision", json=said)


def test_what_is_found_on_demand_stands_in_the_supervision_list(
    running: RunningService, supervisor: httpx.Client
) -> None:
    line = find_one(running, supervisor)
    assert (line["rule"], line["state"]) == ("overdue", "open")
    told = supervisor.get(f"/v1/findings/{line['id']}").json()
    assert told["rule_name"] == "逾期未回告"
    assert told["state_name"] == "待处理"
    assert told["evidence"]["hours_late"] == pytest.approx(48, abs=0.2)
    assert supervisor.post("/v1/findings:run").json() == {"new": 0, "known": 1, "settled": 0}


def test_a_finding_becomes_an_urging_that_the_entry_shows(
    running: RunningService, supervisor: httpx.Client
) -> None:
    line = find_one(running, supervisor)
    told = decide(
        supervisor, line, verdict="urged", note="请三日内回告", level="listed", person="李局长",
        by=(read_clock() + timedelta(days=3)).isoformat(),
    )  # fmt: skip
    assert told.status_code == 200, told.text
    assert told.json()["state_name"] == "已督办"
    entry = supervisor.get(f"/v1/entries/{line['entry_id']}").json()
    assert entry["entry"]["urges"] == 1
    again = decide(supervisor, line, verdict="dismissed", note="再看")
    assert (again.status_code, again.json()["error"]) == (409, "conflict")


def test_a_dismissal_needs_a_reason(running: RunningService, supervisor: httpx.Client) -> None:
    line = find_one(running, supervisor)
    refused = decide(supervisor, line, verdict="dismissed")
    assert (refused.status_code, refused.json()["field"]) == (422, "note")
    assert decide(supervisor, line, verdict="dismissed", note="已答复").status_code == 200


@pytest.mark.parametrize(
    "said",
    [{}, {"verdict": "open"}, {"verdict": "urged", "unknown": 1}, {"verdict": "urged", "by": "x"}],
)
def test_a_decision_that_cannot_be_read_is_refused(
    running: RunningService, supervisor: httpx.Client, said: dict[str, Any]
) -> None:
    line = find_one(running, supervisor)
    assert decide(supervisor, line, **said).status_code == 422


def test_an_unknown_finding_is_not_found(supervisor: httpx.Client) -> None:
    for call in (
        supervisor.get("/v1/findings/7"),
        supervisor.post("/v1/findings/7/decision", json={"verdict": "confirmed"}),
    ):
        assert (call.status_code, call.json()["error"]) == (404, "not_found")


def test_who_does_not_supervise_neither_looks_nor_decides(
    running: RunningService, supervisor: httpx.Client
) -> None:
    line = find_one(running, supervisor)
    for login, role, department in (
        ("wang", Role.CLERK, None),
        ("li", Role.OFFICER, "住建局"),
        ("chen", Role.DISCIPLINE, None),
        ("root", Role.ADMIN, None),
    ):
        with sign_in(running, login, role, department=department) as client:
            assert client.post("/v1/findings:run").status_code == 403
            assert client.get(f"/v1/findings/{line['id']}").status_code == 403
            assert decide(client, line, verdict="confirmed").status_code == 403


def test_an_administrator_sets_the_thresholds(running: RunningService) -> None:
    with sign_in(running, "root", Role.ADMIN) as admin:
        assert admin.get("/v1/findings/thresholds").json()["handovers"] == 2
        changed = admin.patch("/v1/findings/thresholds", json={"handovers": 3})
        assert (changed.status_code, changed.json()["handovers"]) == (200, 3)
        for wrong in ({"handovers": 0}, {"unknown": 1}, {"handovers": "3"}):
            refused = admin.patch("/v1/findings/thresholds", json=wrong)
            assert (refused.status_code, refused.json()["field"]) == (422, next(iter(wrong)))
    with sign_in(running, "sun", Role.SUPERVISOR) as supervisor:
        assert supervisor.get("/v1/findings/thresholds").json()["handovers"] == 3
        assert supervisor.patch("/v1/findings/thresholds", json={}).status_code == 403


def test_a_copied_reply_is_found_after_the_work_of_a_department(
    running: RunningService, supervisor: httpx.Client
) -> None:
    words = (
        "您反映的问题我单位高度重视，已安排专人现场核查，将依法依规及时处理，如有疑问请与我们联系，"
        "感谢您对我们工作的关心和支持。"
    )
    with sign_in(running, "li", Role.OFFICER, department="住建局") as officer:
        for name in ("A-1", "A-2"):
            entry = file_one(running, name)
            give(officer, entry, "accept")
            give(officer, entry, "reply", text=words, outcome="explained")
    supervisor.post("/v1/findings:run")
    lines = supervisor.get("/v1/lists/supervision").json()["lines"]
    # both letters are about one matter, so one answer to both is no copy; it is empty all the same
    assert {line["rule"] for line in lines} == {Rule.EMPTY_REPLY.value}


def test_the_duty_looks_and_a_second_look_at_the_same_time_is_refused(
    store: Store,
) -> None:
    (duty,) = [duty for duty in DUTIES if duty.run is look_for_all_findings]
    do_duty(duty, store, read_clock())
    refusals = []
    real = store.reading

    class Greedy:
        """A store in whose every read another look is tried."""

        def reading(self) -> Any:
            with pytest.raises(Conflict) as caught:
                look_for_all_findings(store, read_clock())
            refusals.append(caught.value)
            return real()

        writing = store.writing

    look_for_all_findings(Greedy(), read_clock())  # type: ignore[arg-type]
    assert len(refusals) == len(Rule)
