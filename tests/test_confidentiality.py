"""An accusation is looked for everywhere by everybody, and only discipline officers find it.

The town holds two: J-1 was recognised as it came in, J-2 was in a ledger and worked on before a
clerk called it one. Both accuse the housing department.
"""

import base64
import io
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from people_factories import person
from service_factories import RunningService, add_webhook, make_body, run_service
from sqlalchemy import select
from structlog.testing import capture_logs
from work_factories import give

from api.app import create_app
from api.reference import describe_api
from triage.ledger.outbox import is_shown
from triage.ledger.tables import AccusationRow, DeliveryRow, EntryRow, EventRow
from triage.roles import Role

# What must not be found; each stands in one of the two and in nothing else.
WORDS = ("秦守财", "黑皮账本", "锦绣苑", "孙小红", "13812345678", "东街九号", "柏林墙纸", "翠竹里")
IDS = ("J-1", "J-2")
FIRST = {
    "id": "J-1",
    "title": "举报住建局局长秦守财",
    "content": "住建局局长秦守财收受开发商贿赂，贪污公款，钱记在黑皮账本上，请纪委查处。",
    "channel": "来信",
    "place": "锦绣苑",
    "submitter": {"name": "孙小红", "phone": "13812345678", "address": "柳河镇东街九号"},
}
SECOND = {
    "id": "J-2",
    "title": "电梯停运",
    "content": "翠竹里小区电梯停运四天，物业不修。住建局经办人收了柏林墙纸厂的东西，请管一管电梯。",
    "channel": "来信",
}
ORDINARY = make_body(id="L-1", content="翠湖小区电梯停运四天，物业说维修基金没批下来，请尽快派人。")
PICTURE = b"\x89PNG\r\n\x1a\n of the envelope"
SCOPES = ("submit", "suggest", "read", "review", "work", "admin")
VALUES: dict[str, tuple[str, ...]] = {
    "actor": ("clerk", "cli", "citizen"),
    "code": ("J-1",),
    "cursor": ("J-1", "W10"),
    "department": ("housing", "discipline", "住建局"),
    "domain": ("01",),
    "kind": ("accusation", "accusation.recorded", "submission", "submitter"),
    "limit": ("200",),
    "nature": ("检举控告", "投诉"),
    "role": ("discipline",),
    "since": ("2000-01-01",),
    "submission": IDS,
    "title": ("清单",),
    "unit": ("某镇",),
    "until": ("2099-01-01",),
    "urgency": ("1", "4"),
}


@dataclass
class Town:
    """A running service that holds the two accusations and one ordinary submission."""

    running: RunningService
    folder: Path
    entry_id: int
    description: dict[str, Any]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    with run_service(folder) as running:
        store = running.service.store
        add_webhook(store, "https://receiver.example.org/in")
        with running.client(*SCOPES) as clerk:
            assert clerk.post("/v1/submissions", json=ORDINARY).status_code == 201
            taken = clerk.post("/v1/submissions", json=FIRST).json()
            assert taken["destination"] == "discipline"
            clerk.post("/v1/submissions", json=SECOND)
            chosen = {"lead": "住建局", "nature": "投诉", "reason": "翠竹里的电梯"}
            decided = clerk.post("/v1/submissions/J-2/decisions", json=chosen)
            entry = decided.json()["entry"]
            with running.client("work", department="住建局") as housing:
                give(housing, entry["id"], "accept", note="翠竹里")
                give(housing, entry["id"], "progress", note="柏林墙纸厂的人来过翠竹里")
                name, content = "柏林墙纸.png", base64.b64encode(PICTURE).decode()
                give(housing, entry["id"], "attach", name=name, content=content)
            assert clerk.get("/v1/lists/problems").text.count("J-2")
            sealed = clerk.post(
                "/v1/submissions/J-2/decisions",
                json={"nature": "检举控告", "reason": "经办人收受柏林墙纸厂财物"},
            )
            assert sealed.json()["entry"] is None
        app_description = describe_api(_app_of(running))
        yield Town(running, folder, entry["id"], app_description)


def _app_of(running: RunningService) -> Any:
    """An application with the same routes: the running one is not to be had."""
    app = create_app(running.service.settings, desk=running.service.desk)
    app.state.service.close()
    return app


@dataclass(frozen=True)
class Request:
    """One way to knock: what is asked for J-1 and J-2 is asked for what does not exist too."""

    method: str
    url: str
    params: dict[str, str]
    twin: str | None


def list_requests(town: Town, *, filtered: bool) -> list[Request]:
    """Every route, and with every filter too; those that change something only on the two
    themselves."""
    requests = []
    for path, operations in town.description["paths"].items():
        if path.startswith("/v1/accusations"):
            continue
        for method, operation in operations.items():
            for url, twin in _fill(path, operation, town):
                if method == "get":
                    requests.append(Request("GET", url, {}, twin))
                    requests += filtered * [
                        Request("GET", url, {parameter["name"]: value}, twin)
                        for parameter in operation.get("parameters", ())
                        if parameter["in"] == "query"
                        for value in _values(parameter, town)
                    ]
                elif twin is not None:
                    requests.append(Request(method.upper(), url, {}, twin))
    return requests


def _fill(path: str, operation: dict[str, Any], town: Town) -> list[tuple[str, str | None]]:
    """The addresses that a path stands for, each with that of what does not exist."""
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in ("format", "report"):
            return [
                filled
                for value in _values(parameter, town)
                for filled in _fill(path.replace(f"{{{parameter['name']}}}", value), {}, town)
            ]
    for name in ("{submission_id}", "{service_request_id}"):
        if name in path:
            return [(path.replace(name, known), path.replace(name, "J-404")) for known in IDS]
    if "{entry_id}" in path:
        commands = ("progress", "accept", "reply", "merge", "reopen", "evaluate", "close")
        filled = path.replace("{attachment_id}", "1")
        return [
            (
                filled.replace("{entry_id}", str(town.entry_id)).replace("{command}", command),
                filled.replace("{entry_id}", "404404").replace("{command}", command),
            )
            for command in (commands if "{command}" in path else ("",))
        ]
    if "{department}" in path:
        return [(path.replace("{department}", code), None) for code in ("housing", "discipline")]
    return [(re.sub(r"\{\w+\}", "1", path), None)]


def _values(parameter: dict[str, Any], town: Town) -> tuple[str, ...]:
    spelt = str(parameter["schema"])
    for name, schema in town.description["components"]["schemas"].items():
        if f"/{name}'" in spelt and "enum" in schema:
            return tuple(map(str, schema["enum"]))
    if parameter["name"] == "entry":
        return (str(town.entry_id),)
    enums = re.findall(r"'enum': \[([^\]]*)\]", spelt)
    if enums:
        return tuple(re.findall(r"'([^']+)'", enums[0]))
    return VALUES.get(parameter["name"], ("J-1",))


def read_all(answer: httpx.Response) -> str:
    """Head and body; a workbook is unpacked."""
    body = answer.text
    if answer.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
            body = "".join(book.read(name).decode(errors="replace") for name in book.namelist())
    return f"{answer.headers}{body}"


def bodies_for(town: Town, path: str) -> list[dict[str, Any]]:
    """Bodies that a route may take, so that refusals come from where they should."""
    version = {"version": 2}
    return [
        {},
        {"reason": "核实"},
        {"reason": "核实", "nature": "投诉", "lead": "住建局"},
        version | {"note": "看看"},
        version | {"text": "已办", "outcome": "solved"},
        version | {"into": town.entry_id, "note": "同一件"},
        version | {"solved": True, "satisfaction": 5},
    ][: 7 if "entries" in path else 3]


class Reader:
    """Somebody who knocks at every door, and what was found: (request, the word, where it stood).

    `shut` holds the addresses that answered 401 or 403 to a plain look.
    """

    def __init__(self, client: httpx.Client, town: Town) -> None:
        self._client = client
        self._town = town
        self._absent: dict[str, httpx.Response] = {}
        self.found: list[tuple[Request, str, str]] = []
        self.shut: set[str] = set()

    def knock(self, request: Request, *, words: tuple[str, ...]) -> None:
        bodies = bodies_for(self._town, request.url) if request.method != "GET" else [None]
        for body in bodies:
            answer = self._ask(request, request.url, body)
            assert answer.status_code < 500, (request, answer.text)
            if request.method == "GET" and not request.params and answer.status_code in (401, 403):
                self.shut.add(request.url)
            told = read_all(answer)
            asked = request.url + str(request.params)
            hidden = [word for word in words if word in told and word not in asked]
            self.found += [(request, word, told) for word in hidden]
            if request.twin is not None:
                absent = self._ask_for_nothing(request, request.twin, body)
                alike = absent.text.replace("J-404", "J-X").replace("404404", "N")
                here = answer.text.replace("J-1", "J-X").replace("J-2", "J-X")
                here = here.replace(f" {self._town.entry_id} ", " N ")
                if (answer.status_code, here) != (absent.status_code, alike):
                    told = "differs from what does not exist"
                    self.found.append((request, told, answer.text))
            elif any(f'"{name}"' in told or f">{name}<" in told for name in words):
                self.found.append((request, "asked for, and there as a value", told))

    def _ask(self, request: Request, url: str, body: dict[str, Any] | None) -> httpx.Response:
        return self._client.request(request.method, url, params=request.params, json=body)

    def _ask_for_nothing(
        self, request: Request, twin: str, body: dict[str, Any] | None
    ) -> httpx.Response:
        """What J-1 and J-2 have the same twin for is asked once."""
        key = f"{request.method} {twin} {request.params} {body}"
        if key not in self._absent:
            self._absent[key] = self._ask(request, twin, body)
        return self._absent[key]


def enter(stack: ExitStack, town: Town, who: str) -> httpx.Client:
    """Someone who may do as much as anybody of the kind."""
    if who == "nobody":
        return stack.enter_context(town.running.client())
    if who == "key":
        return stack.enter_context(town.running.client(*SCOPES))
    if who == "key that may":
        return stack.enter_context(town.running.client(*SCOPES, "discipline"))
    if who == "accused key":
        keys = town.running.client(*SCOPES, "discipline", department="housing")
        return stack.enter_context(keys)
    department = "housing" if who == Role.OFFICER else None
    return stack.enter_context(person(town.running, Role(who), department=department))


@pytest.mark.slow
@pytest.mark.parametrize(
    "who",
    ["nobody", "key", "key that may", "accused key", *(role.value for role in Role)],
)
def test_no_ordinary_route_with_any_filter_shows_an_accusation_to_anybody(
    town: Town, who: str
) -> None:
    # What a filter shows follows from what the caller may do, and a key here may do all that any
    # role may: so people are asked each route once, and the keys every filter as well.
    requests = list_requests(town, filtered=who.endswith(("key", "may")))
    assert len(requests) > 100
    with ExitStack() as stack, capture_logs() as lines:
        reader = Reader(enter(stack, town, who), town)
        for request in requests:
            if request.url in reader.shut:  # refused at the door is refused whatever is asked for
                continue
            # The log of looks tells numbers to who may read it and sees accusations, and no words.
            may = who == "key that may" and request.url == "/v1/audit"
            reader.knock(request, words=WORDS if may else (*WORDS, *IDS))
    assert reader.found == []
    logged = str(lines)
    assert "request" in logged
    assert not any(word in logged for word in (*WORDS, *IDS))


@pytest.mark.parametrize("who", ["nobody", "key", *(r.value for r in Role if r != "discipline")])
def test_the_accusations_own_routes_are_closed_to_everybody_else(town: Town, who: str) -> None:
    with ExitStack() as stack:
        client = enter(stack, town, who)
        for method, path in (
            ("GET", "/v1/accusations"),
            ("GET", "/v1/accusations/J-1"),
            ("GET", "/v1/accusations/J-1/attachments/1"),
            ("POST", "/v1/accusations/J-1/hold"),
            ("POST", "/v1/accusations/J-1/release"),
            ("POST", "/v1/accusations/J-1/submitter"),
        ):
            body = {"reason": "核实"} if method == "POST" else None
            answers = [
                client.request(method, path.replace("J-1", name), json=body)
                for name in ("J-1", "J-404")
            ]
            assert {one.status_code for one in answers} == {401 if who == "nobody" else 403}
            assert len({one.text for one in answers}) == 1


@pytest.mark.parametrize("who", ["accused key", "accused officer"])
def test_for_a_discipline_officer_of_the_accused_department_there_is_none(
    town: Town, who: str
) -> None:
    with ExitStack() as stack:
        if who == "accused key":
            client = enter(stack, town, who)
        else:
            accused = person(town.running, Role.DISCIPLINE, department="housing")
            client = stack.enter_context(accused)
        assert client.get("/v1/accusations").json() == {"lines": [], "next": None}
        for method, path in (("GET", ""), ("POST", "/hold"), ("POST", "/release")):
            body = {"reason": "核实"} if method == "POST" else None
            here, absent = (
                client.request(method, f"/v1/accusations/{name}{path}", json=body)
                for name in ("J-1", "J-404")
            )
            assert here.status_code == 404
            assert here.text.replace("J-1", "J-404") == absent.text


def test_a_discipline_officer_reads_all_of_it_and_every_look_is_logged(town: Town) -> None:
    with person(town.running, Role.DISCIPLINE, login="hong") as officer:
        lines = officer.get("/v1/accusations?limit=1").json()
        assert len(lines["lines"]) == 1
        rest = officer.get(f"/v1/accusations?cursor={lines['next']}").json()
        ids = {line["submission_id"] for line in (*lines["lines"], *rest["lines"])}
        assert ids == set(IDS)
        first = officer.get("/v1/accusations/J-1").json()
        second = officer.get("/v1/accusations/J-2").json()
        assert first["content"] == FIRST["content"]
        assert first["submitter"]["name"] == "孙某某"
        assert first["accused"] == ["housing"]
        assert second["content"] == SECOND["content"]
        assert second["notes"][0]["reason"] == "经办人收受柏林墙纸厂财物"
        kinds = [work["told"].get("command", work["kind"]) for work in second["work"]]
        assert kinds == ["decision", "accept", "progress", "attach", "attachment"]
        reason = {"reason": "当面核实"}
        seen = officer.post("/v1/accusations/J-1/submitter", json=reason).json()
        assert seen["phone"] == "13812345678"
        assert officer.post("/v1/submissions/J-1/submitter", json=reason).status_code == 403
    with town.running.service.store.reading() as session:
        events = session.scalars(select(EventRow).where(EventRow.actor == "hong")).all()
        kinds = [event.kind for event in events if event.kind.startswith(("acc", "submitter"))]
        everything = str([(event.actor, event.kind, event.payload) for event in events])
    assert kinds == [
        "accusation.listed",
        "accusation.listed",
        "accusation.seen",
        "accusation.seen",
        "submitter.seen",
    ]
    assert not any(word in everything for word in WORDS)


def test_who_sends_it_again_learns_no_more_than_that_it_was_passed_on(town: Town) -> None:
    with town.running.client("submit", "read") as other:
        again = other.post("/v1/submissions", json=FIRST)
        row = other.post("/v1/submissions:batch", json={"submissions": [FIRST]}).json()["rows"][0]
    assert again.status_code == 200
    assert (again.json()["suggestion"], again.json()["entry"]) == (None, None)
    assert again.json()["tracking_code"] is None
    assert not any(word in again.text for word in WORDS)
    assert row == {"index": 0, "id": "J-1", "status": 200, "destination": "discipline"}


def test_no_webhook_hears_of_it(town: Town) -> None:
    with town.running.service.store.reading() as session:
        told = session.scalars(select(DeliveryRow).where(is_shown())).all()
        hidden = session.scalars(select(EntryRow.id).where(EntryRow.confidential)).all()
        assert hidden == [town.entry_id]
        assert all(delivery.entry_id != town.entry_id for delivery in told)
        everything = str([(delivery.kind, delivery.body) for delivery in told])
    assert not any(word in everything for word in (*WORDS, *IDS))


def test_the_database_holds_neither_words_nor_the_keys(tmp_path: Path) -> None:
    with run_service(tmp_path) as running:
        with running.client(*SCOPES) as clerk:
            clerk.post("/v1/submissions", json=FIRST)
            files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
            for word in WORDS[:6]:  # those of J-1, while the service runs
                assert not any(word.encode() in content for content in files.values())
            clerk.post("/v1/submissions", json=SECOND)
            decision = {"nature": "检举控告", "reason": "经办人收受柏林墙纸厂财物"}
            assert clerk.post("/v1/submissions/J-2/decisions", json=decision).status_code == 200
        with running.service.store.reading() as session:
            assert len(session.scalars(select(AccusationRow)).all()) == 2
        keys = (tmp_path / "service.key").read_text()
    database = (tmp_path / "service.db").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"service.db", "service.key"}
    for word in WORDS:
        assert word.encode() not in database
        assert word.encode("unicode_escape") not in database
    for key in re.findall(r'"([A-Za-z0-9+/=]{44})"', keys):
        assert key.encode() not in database


def test_without_its_key_file_the_service_does_not_start_over_the_sealed_ones(
    tmp_path: Path,
) -> None:
    with run_service(tmp_path) as running, running.client("submit") as clerk:
        clerk.post("/v1/submissions", json=FIRST)
    key_file = tmp_path / "service.key"
    kept = key_file.rename(tmp_path / "elsewhere.key")
    with pytest.raises(Exception, match="TRIAGE_KEY_FILE"), run_service(tmp_path):
        pass
    assert not key_file.exists()
    with run_service(tmp_path, key_file=kept) as running, running.client("discipline") as officer:
        assert officer.get("/v1/accusations/J-1").json()["content"] == FIRST["content"]


def test_what_is_released_goes_the_ordinary_way(tmp_path: Path) -> None:
    with (
        run_service(tmp_path) as running,
        running.client(*SCOPES) as clerk,
        running.client("discipline") as officer,
    ):
        clerk.post("/v1/submissions", json=FIRST)
        naming = {"reason": "线索具体", "accused": ["城管局"]}
        held = officer.post("/v1/accusations/J-1/hold", json=naming).json()
        assert (held["state"], held["accused"]) == ("held", ["city-management"])
        released = officer.post("/v1/accusations/J-1/release", json={"reason": "查无此人"})
        assert released.json()["content"] == FIRST["content"]
        again = officer.post("/v1/accusations/J-1/hold", json={"reason": "再看"})
        assert (again.status_code, again.json()["error"]) == (409, "conflict")
        (line,) = clerk.get("/v1/review").json()["lines"]
        assert line["submission_id"] == "J-1"
        decision = {"lead": "住建局", "nature": "投诉"}
        decided = clerk.post("/v1/submissions/J-1/decisions", json=decision)
        assert decided.json()["entry"]["lead_department"] == "housing"
