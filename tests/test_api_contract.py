"""Every route asked for what its description allows, and for what it does not.

schemathesis reads `/openapi.json` and thinks up the requests. No answer may be a fault of ours, and
each must be one that is described: its status, its kind of content, its fields.
"""

import base64
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from people_factories import PASSWORD, add_person, person
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from service_factories import RunningService, make_body, run_service
from sqlalchemy import func, select, update
from test_role_matrix import ROUTES
from work_factories import file_one, give

from api.background.clockwork import look_for_all_findings
from api.background.placing import place_all
from api.service import read_clock
from triage.ledger.invitations import invite_user
from triage.ledger.keys import create_key
from triage.ledger.states import ProblemState
from triage.ledger.tables import EntryRow, FindingRow, MemberRow, ProblemRow
from triage.roles import SHELL, Role, Scope
from triage.tracking import make_code

pytestmark = pytest.mark.slow

EXAMPLES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DESCRIBED = ROUTES.keys() - {
    "GET /",
    "GET /account",
    "GET /citizen",
    "GET /docs",
    "GET /openapi.json",
}
# Their own tests have what these need: a provider, shapes, a reader, a problem, a repeat, a report.
NOT_SET_UP = {
    "GET /v1/accusations/{submission_id}/attachments/{attachment_id}",
    "GET /v1/oidc/start",
    "GET /v1/oidc/callback",
    "GET /v1/map/shapes",
    "POST /v1/ocr",
    "POST /v1/problems/{problem_id}/corrections",
    "POST /v1/submissions/{submission_id}/repeats:merge",
    "POST /v1/submissions/{submission_id}/repeats:dismiss",
    "GET /v1/reports/{report}.xlsx",
}
# What no key may do; see docs/roles.md.
PEOPLE = {
    "DELETE /v1/session": Role.CLERK,
    "DELETE /v1/views/{view_id}": Role.CLERK,
    "GET /v1/findings/{finding_id}": Role.SUPERVISOR,
    "GET /v1/reports/{report}": Role.SUPERVISOR,
    "GET /v1/reports/{report}/template": Role.SUPERVISOR,
    "GET /v1/views": Role.CLERK,
    "POST /v1/accusations/{submission_id}/submitter": Role.DISCIPLINE,
    "POST /v1/findings/{finding_id}/decision": Role.SUPERVISOR,
    "POST /v1/findings:run": Role.SUPERVISOR,
    "POST /v1/reports/{report}": Role.SUPERVISOR,
    "POST /v1/me/password": Role.CLERK,
    "POST /v1/submissions/{submission_id}/submitter": Role.CLERK,
    "POST /v1/submissions/{submission_id}/tracking": Role.CLERK,
    "PUT /v1/views": Role.CLERK,
}
SUBMITTER = {"name": "王小明", "phone": "13812345678", "address": "幸福里小区3栋1704室"}
ACCUSATION = {"title": "举报住建局局长", "content": "举报住建局局长收受工程队礼金，请纪委查处。"}
LIST = base64.b64encode("编号,主要诉求\n7,电梯停运四天\n".encode()).decode()
FILE = base64.b64encode("编号,内容\n8,路灯不亮三天\n".encode()).decode()
TABLE = base64.b64encode("代码,名称\nhousing,住建局\n".encode()).decode()
SETTINGS = ("/v1/town/{table}", "/v1/review-line", "/v1/models")
REASON = {"reason": "回访核实"}
# What is sent first, where the description has no example or one that only shows the form.
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /v1/users/{user_id}": {"name": "李四"},
    "POST /v1/accusations/{submission_id}/hold": REASON,
    "POST /v1/accusations/{submission_id}/release": REASON,
    "POST /v1/accusations/{submission_id}/submitter": REASON,
    "POST /v1/findings/{finding_id}/decision": {"verdict": "confirmed"},
    "POST /v1/imports": {"file_name": "来件.csv", "content": FILE},
    "POST /v1/invitations:accept": {"token": "", "password": ""},
    "POST /v1/invitations:read": {"token": ""},
    "POST /v1/lists/problems/import": {
        "name": "旧台账",
        "file_name": "台账.csv",
        "content": LIST,
        "columns": {"content": "主要诉求"},
    },
    "POST /v1/models:try": {"folder": ""},
    "POST /v1/me/password": {"old": "", "password": ""},
    "POST /v1/submissions/{submission_id}/submitter": REASON,
    "POST /v1/submissions/{submission_id}/tracking": REASON,
    "POST /v1/submissions:batch": {"submissions": [make_body(id="批-1")]},
    "POST /v1/town/{table}:read": {"file_name": "单位.csv", "content": TABLE},
    "POST /v1/tasks/{task_id}/close": {
        "version": 0,
        "change": "电梯更换完毕",
        "evidence": [{"note": "验收报告"}],
        "ground": "反映人联系不上",
    },
    "PUT /v1/imports/{import_id}/columns": {"columns": {"content": "内容"}},
}
# Routes that leave what they work on otherwise than they found it.
WORK = (
    "PATCH /v1/tasks/",
    "PATCH /v1/webhooks/",
    "POST /v1/accusations/",
    "POST /v1/entries/",
    "POST /v1/findings/",
    "POST /v1/problems/",
    "POST /v1/tasks/",
    "POST /v1/tracking/",
    "POST /v1/webhooks/",
)
Known = dict[str, list[Any]]


class Contract:
    """A running service held to its description; each route is asked once, by somebody new."""

    def __init__(self, running: RunningService) -> None:
        self._running = running
        self._numbers = count(1)
        self._known = self._fill()
        self._failures: dict[str, list[str]] = {}
        self.answers: dict[str, Counter[int]] = {}
        # The first to ask waits while the description is made, on a busy machine for long.
        self.schema = schemathesis.openapi.from_url(f"{running.url}/openapi.json", timeout=120)
        self.schema.config.generation.with_security_parameters = False

    def ask(self, route: str) -> list[str]:
        """What was wrong with the answers of this route."""
        if route not in self.answers:
            self.answers[route] = Counter()
            self._failures[route] = []
            self._ask(route)
        return self._failures[route]

    def _ask(self, route: str) -> None:
        method, path = route.split(" ")
        operation = self.schema[path][method]

        @seed(1)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a service does not stand still while a case is made smaller
            suppress_health_check=list(HealthCheck),
        )
        @given(st.data())
        def think_up(data: st.DataObject) -> None:
            mode = data.draw(st.sampled_from(list(GenerationMode)))
            case = data.draw(operation.as_strategy(mode))
            for part in (case.path_parameters, case.query, case.body):
                if isinstance(part, dict):
                    for name in sorted(part.keys() & known.keys()):
                        if data.draw(st.integers(0, 3)):  # else it would hardly ever meet anything
                            part[name] = data.draw(st.sampled_from(known[name]))
            self._send(route, case, caller)

        with self._let_in(route) as (caller, known):
            self._send(route, first_case(operation, known), caller)
            think_up()

    def _send(self, route: str, case: Case, caller: requests.Session) -> None:
        response = case.call(self._running.url, session=caller, allow_redirects=False)
        self.answers[route][response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as failure:
            self._failures[route].append(failure.message)

    @contextmanager
    def _let_in(self, route: str) -> Iterator[tuple[requests.Session, Known]]:
        """Somebody who may ask for this route, and what there is to ask about: whatever is signed
        out, revoked or closed here, no other route needs."""
        store = self._running.service.store
        number = next(self._numbers)
        with store.writing() as session:
            _, spare = create_key(session, name="备用", scopes=["read"], now=read_clock())
        user = add_person(store, f"spare-{number}", Role.CLERK, now=read_clock())
        with store.writing() as session:
            token, _ = invite_user(session, user.id, caller=SHELL, now=read_clock())
        known = (self._fill() if route.startswith(WORK) else self._known) | {
            "key_id": [spare.id],
            "user_id": [user.id],
            "token": [token],
            "login": [f"new-{number}" if route == "POST /v1/users" else user.login],
            "password": ["Liuhe-2026-xin" if "/me/" in route else PASSWORD],
            "old": [PASSWORD],
        }
        if "/accusations" in route:
            known["submission_id"] = known["accusation_id"]
        if "/tasks" in route:
            known["version"] = known["task_version"]
        if "/problems" in route:
            known["version"] = known["problem_version"]
        with ExitStack() as stack:
            if route in PEOPLE:
                client = stack.enter_context(person(self._running, PEOPLE[route]))
            else:
                client = stack.enter_context(self._running.client(*Scope))
            self._add_own(client, route, known)
            if route == "POST /v1/tracking/ratings":
                give(client, known["entry_id"][0], "reply", text="已修好。", outcome="solved")
            if route == "POST /v1/tasks/{task_id}/close":
                told = {"milestone": known["milestone"][0], "done": True, "note": "更换完毕"}
                told |= {"version": known["version"][0]}
                progress = client.post(f"/v1/tasks/{known['task_id'][0]}/progress", json=told)
                known["version"] = [progress.json()["version"]]
            caller = stack.enter_context(requests.Session())
            caller.trust_env = False
            caller.headers.update(client.headers)
            caller.cookies.update(dict(client.cookies))
            yield caller, known

    def _add_own(self, client: Any, route: str, known: Known) -> None:
        """What only whoever made it may ask for, and settings as they stand."""
        if "/imports/" in route:
            body = {"file_name": "来件.csv", "content": FILE}
            known["import_id"] = [client.post("/v1/imports", json=body).json()["id"]]
            if route.endswith("/pause"):
                client.post(f"/v1/imports/{known['import_id'][0]}/start")
        if route == "POST /v1/submissions/{submission_id}/alarm":
            brought = make_body(id="own") | ACCUSATION
            assert client.post("/v1/submissions", json=brought).is_success
            known["submission_id"] = ["own"]
        if "/views/" in route:
            body = {"page": "ledger", "name": "本周", "query": {}}
            known["view_id"] = [client.put("/v1/views", json=body).json()["id"]]
        if route == "POST /v1/entries:batch":
            known["entries"] = [[{"id": known["entry_id"][0], "version": 1}]]
        for path in SETTINGS:
            if f" {path}" in route:
                standing = client.get(path.replace("{table}", "departments")).json()
                told = standing.keys() & {"version", "columns", "rows"}
                known.update({name: [standing[name]] for name in told})

    def _fill(self) -> Known:
        """Things that are there, by the names that routes have for them."""
        number = next(self._numbers)
        store = self._running.service.store
        entry = file_one(self._running, f"K-{number}")
        with self._running.client(*Scope) as key:

            def post(path: str, **body: Any) -> dict[str, Any]:
                answer = key.post(path, json=body)
                assert answer.is_success, answer.text
                told: dict[str, Any] = answer.json()
                return told

            named = make_body(id=f"L-{number}", submitter=SUBMITTER)
            post("/v1/submissions", **named)
            post("/v1/submissions", **named | {"id": f"M-{number}"})  # both are of one matter
            accusation = named | ACCUSATION | {"id": f"J-{number}"}
            assert post("/v1/submissions", **accusation)["destination"] == "discipline"
            give(key, entry, "accept")
            scan = base64.b64encode(b"%PDF-1.7 ").decode()
            standing = give(key, entry, "attach", name="现场.pdf", content=scan)["entry"]
            attachments = key.get(f"/v1/entries/{entry}").json()["attachments"]
            due = str((read_clock() + timedelta(days=100)).date())
            task = post(
                "/v1/tasks",
                title="电梯整治",
                department="housing",
                person="王工",
                deadline=due,
                entries=[entry],
                measures=["更换曳引机"],
                milestones=[{"name": "更换", "due": due}],
            )
            webhook = post("/v1/webhooks", name="工单", url="http://127.0.0.1:9/", kinds=["*"])
            webhook_id = webhook["webhook"]["id"]
            post(f"/v1/webhooks/{webhook_id}/trial")
            deliveries = key.get(f"/v1/webhooks/{webhook_id}/deliveries").json()["lines"]
            holiday = {"day": "2027-02-08", "working": False, "note": "春节"}
            assert key.put("/v1/holidays", json={"holidays": [holiday]}).is_success
        assert place_all(store, now=read_clock(), patience_s=60)
        with store.writing() as session:
            late = update(EntryRow).where(EntryRow.id == entry)
            session.execute(late.values(deadline_at=read_clock()))
        assert look_for_all_findings(store, read_clock()).new
        with store.reading() as session:
            finding = session.scalar(select(func.max(FindingRow.id)))
            problem = session.scalar(
                select(MemberRow.problem_id).where(MemberRow.submission_id == f"M-{number}")
            )
        with store.writing() as session:
            row = session.get_one(ProblemRow, problem)
            row.state, problem_version = ProblemState.OPEN, row.version
        assert store.ring is not None
        return {
            "submission_id": [f"K-{number}", f"L-{number}"],
            "service_request_id": [f"K-{number}", f"L-{number}"],
            "accusation_id": [accusation["id"]],
            "entry_id": [entry],
            "command": ["reply"],
            "version": [standing["version"]],
            "attachment_id": [attachments[0]["id"]],
            "task_id": [task["id"]],
            "task_version": [task["version"]],
            "problem_id": [problem],
            "problem_version": [problem_version],
            "entries": [[entry]],
            "deadline": [due],
            "milestone": [task["milestones"][0]["id"]],
            "webhook_id": [webhook_id],
            "delivery_id": [deliveries[0]["id"]],
            "finding_id": [finding],
            "department": ["housing", "住建局", "没有的单位"],
            "lead": ["住建局"],
            "assisting": [["市场监管局"]],
            "code": [make_code(store.ring, f"K-{number}")],
            "tail": [""],  # nobody left a telephone number
            "number": [entry],
            "day": [holiday["day"]],
            "division": ["430102"],
            "folder": ["tiny"],
            "format": ["json", "xml"],
            "kind": ["csv", "xlsx"],
            "table": ["departments"],
            "report": ["daily", "weekly"],
            "urgency": [3],
            "nature": ["投诉"],
        }


def first_case(operation: APIOperation, known: Known) -> Case:
    """A request that ought to succeed: the described example, about things that are there."""
    parts: dict[str, Any] = {}
    for name, parameters in (
        ("path_parameters", operation.path_parameters),
        ("query", operation.query),
    ):
        parts[name] = {one.name: known[one.name][0] for one in parameters if one.is_required}
    for told in operation.definition.raw.get("requestBody", {}).get("content", {}).items():
        media_type, content = told
        model = content["schema"]["$ref"].rpartition("/")[2]
        described = operation.schema.raw_schema["components"]["schemas"][model]
        body = BODIES.get(operation.label) or described["examples"][0]
        about = {name: known[name][0] for name in body.keys() & known.keys()}
        parts |= {"media_type": media_type, "body": body | about}
    return operation.Case(**parts)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contract]:
    with run_service(tmp_path_factory.mktemp("contract")) as running:
        yield Contract(running)


@pytest.mark.parametrize("route", sorted(DESCRIBED))
def test_a_route_answers_as_it_is_described(contract: Contract, route: str) -> None:
    failures = contract.ask(route)
    assert not failures, "\n\n".join(failures)


def test_every_described_route_is_asked_and_gives_what_was_asked_for(contract: Contract) -> None:
    described = {
        f"{method.upper()} {path}"
        for path, operations in contract.schema.raw_schema["paths"].items()
        for method in operations
    }
    assert described == DESCRIBED
    for route in sorted(described):
        contract.ask(route)
    barren = {route for route, told in contract.answers.items() if min(told) >= 400}
    assert barren == NOT_SET_UP
