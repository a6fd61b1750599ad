"""Bad input: a clear 4xx in Chinese that names the field and the remedy, and nothing of ours."""

import gzip
import json
import re
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_factories import RunningService, load_tiny_desk, make_body, run_service
from test_role_matrix import ROUTES

from api.errors import STATUS, status_of
from triage import errors as core_errors
from triage.errors import TriageError
from triage.roles import ACTION_NAMES, SCOPE_ACTIONS, Action, Scope
from triage.submissions import Channel, Submission
from triage.suggestions import Suggestion

JSON = {"Content-Type": "application/json"}
API_PAGE = Path(__file__).parent.parent / "docs" / "api.md"
# Whoever may read may ask; which command it is decides the rest.
BY_COMMAND = ("POST /v1/entries:batch", "POST /v1/entries/{entry_id}/{command}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    limits = {"max_body_bytes": 400_000, "max_batch_bytes": 1_000_000}
    with run_service(tmp_path_factory.mktemp("errors"), **limits) as running:
        yield running


@pytest.fixture(scope="module")
def client(running: RunningService) -> Iterator[httpx.Client]:
    with running.client("submit", "suggest", "read", "review") as client:
        yield client


def check_refusal(answer: httpx.Response, status: int, field: str | None = None) -> str:
    """The detail of an error answer, after all that every such answer must be."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) <= {"error", "detail", "field"}
    assert body.get("field") == field
    detail: str = body["detail"]
    assert re.search("[\u4e00-\u9fff]", detail), "not in Chinese"
    assert re.search("请|可用|应为", detail), "no remedy"
    assert "Traceback" not in answer.text
    assert "pydantic" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    return detail


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"id": None}, "id", "应是文字"),
        ({"id": ""}, "id", "缺少编号"),
        ({"id": "   "}, "id", "缺少编号"),
        ({"id": "x" * 129}, "id", "上限 128 字"),
        ({"id": 7}, "id", "应是文字"),
        ({"id": "a\x00b"}, "id", "无法保存的字符"),
        ({"title": "长" * 501}, "title", "上限 500 字"),
        ({"title": None}, "title", "应是文字"),
        ({"title": ["列表"]}, "title", "应是文字"),
        ({"content": "长" * 100_001}, "content", "上限 100000 字"),
        ({"content": {}}, "content", "应是文字"),
        ({"content": True}, "content", "应是文字"),
        ({"title": "", "content": " \n"}, "content", "都为空"),
        ({"place": "长" * 201}, "place", "上限 200 字"),
        ({"place": 3}, "place", "应是文字"),
        ({"channel": "传真"}, "channel", "、".join(Channel)),
        ({"channel": 1}, "channel", "、".join(Channel)),
        ({"received_at": "2099-01-01T00:00:00+08:00"}, "received_at", "在将来"),
        ({"received_at": "9999-12-31T23:59:59-23:59"}, "received_at", ""),
        ({"received_at": "0001-01-01T00:00:00+23:59"}, "received_at", ""),
        ({"received_at": "昨天"}, "received_at", "2025-03-01T09:30:00+08:00"),
        ({"received_at": "2025-02-30"}, "received_at", "不认识"),
        ({"received_at": 1740792600}, "received_at", "不认识"),
        ({"recieved_at": "2025-03-01"}, "recieved_at", "核对拼写"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named_with_the_remedy(
    client: httpx.Client, changes: dict[str, Any], field: str, words: str
) -> None:
    answer = client.post("/v1/submissions", json=make_body(**changes))
    assert words in check_refusal(answer, 422, field)


@pytest.mark.parametrize("missing", ["id", "content"])
def test_a_missing_field_is_named(client: httpx.Client, missing: str) -> None:
    body = {"id": "M-1", "content": "有内容"}
    del body[missing]
    check_refusal(client.post("/v1/submissions", json=body), 422, missing)


@pytest.mark.parametrize("body", ["null", "[]", '"文字"', "1", "[{}]"])
def test_a_body_that_is_no_object_is_told_the_shape(client: httpx.Client, body: str) -> None:
    answer = client.post("/v1/submissions", content=body.encode(), headers=JSON)
    assert "JSON 对象" in check_refusal(answer, 422)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "空的"),
        (b"  \n", "空的"),
        (b"{", "第 1 行第 2 个字符"),
        (b'{"id": "1",\n "title": }', "第 2 行"),
        ('{"id": "1", "content": "内容"}'.encode("gbk"), "UTF-8"),
        (b'{"id": "1", "content": "\xff\xfe"}', "第 25 个字节"),
        (b'{"id": "1", "content": NaN}', "NaN"),
        (b'{"id": 1' + b"0" * 5000 + b"}", "数字"),
        (b"[" * 50_000, "嵌套"),
        (b"{'id': '1'}", "引号"),
        ('{"content": "内容"}'.encode("utf-16"), "UTF-8"),
    ],
)
def test_a_body_that_is_no_utf8_json_is_told_where_it_fails(
    client: httpx.Client, body: bytes, words: str
) -> None:
    for path in ("/v1/submissions", "/v1/submissions:batch", "/v1/suggest"):
        answer = client.post(path, content=body, headers=JSON)
        assert words in check_refusal(answer, 400)


def test_a_byte_order_mark_and_raw_emoji_are_no_errors(client: httpx.Client) -> None:
    body = "\ufeff" + json.dumps({"content": "路灯😀不亮"}, ensure_ascii=False)
    assert client.post("/v1/suggest", content=body.encode(), headers=JSON).status_code == 200


@pytest.mark.parametrize("half", [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"\\\ud800"])
def test_half_a_character_never_breaks_an_answer(client: httpx.Client, half: str) -> None:
    body = f'{{"id": "h{half}", "title": "路灯{half}", "{half}": 1}}'
    assert client.post("/v1/suggest", content=body.encode(), headers=JSON).status_code == 422
    body = f'{{"id": "h{half}", "title": "路灯{half}"}}'
    answer = client.post("/v1/suggest", content=body.encode(), headers=JSON)
    assert "\ufffd" in answer.json()["id"]
    whole = client.post("/v1/suggest", content=rb'{"title": "\ud83d\ude00"}', headers=JSON)
    assert whole.status_code == 200


def test_text_with_nul_is_taken_in_with_its_length_kept(client: httpx.Client) -> None:
    taken = client.post("/v1/submissions", json=make_body(id="N-1", content="路\x00灯不亮"))
    assert taken.status_code == 201
    stored = client.get("/v1/submissions/N-1").json()["submission"]["content"]
    assert stored == "路\ufffd灯不亮"


@pytest.mark.parametrize("media_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_media_type_is_refused(
    client: httpx.Client, media_type: str | None
) -> None:
    headers = {"Content-Type": media_type} if media_type else {}
    answer = client.post("/v1/suggest", content=b"{}", headers=headers)
    assert "application/json" in check_refusal(answer, 415)


def test_a_packed_body_is_told_so_and_not_that_it_is_no_utf8(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    packed = gzip.compress(json.dumps(make_body()).encode())
    answer = client.post("/v1/submissions", content=packed, headers=headers)
    assert "Content-Encoding" in check_refusal(answer, 415)


@pytest.mark.parametrize("path", ["/v1/submissions", "/v1/suggest", "/v1/submissions:batch"])
def test_a_body_over_the_limit_is_refused_announced_or_chunked(
    client: httpx.Client, path: str
) -> None:
    body = json.dumps(make_body(content="x" * 1_000_000)).encode()
    announced = client.post(path, content=body, headers=JSON)
    assert "超过上限" in check_refusal(announced, 413)
    chunked = client.post(
        path, content=(body[at : at + 65_536] for at in range(0, len(body), 65_536)), headers=JSON
    )
    check_refusal(chunked, 413)
    assert client.get("/healthz").status_code == 200


def test_a_body_that_announces_fifty_gigabytes_is_refused_before_it_is_sent(
    running: RunningService, client: httpx.Client
) -> None:
    host, port = running.url.removeprefix("http://").split(":")
    request = (
        "POST /v1/submissions:batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: {client.headers['authorization']}\r\nContent-Length: 50000000000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413")


def test_without_a_valid_key_nothing_but_signs_of_life_is_open(running: RunningService) -> None:
    with running.client() as stranger:
        routes = stranger.get("/openapi.json").json()["paths"]
        guarded = [
            (method, path)
            for path, operations in routes.items()
            for method, operation in operations.items()
            if "security" in operation  # tests/test_role_matrix.py knows which need none
            and "/open311/" not in path  # where it is 403; see tests/test_api_open311.py
        ]
        assert ("post", "/v1/submissions") in guarded
        for headers in ({}, {"Authorization": "Bearer mst_0_0"}, {"Authorization": "Basic eDp4"}):
            for method, path in guarded:
                answer = stranger.request(method, path, headers=headers, content=b"{")
                check_refusal(answer, 401)
                assert answer.headers["www-authenticate"] == "Bearer"
        assert stranger.get("/healthz").json()["status"] == "ok"
        assert stranger.get("/readyz").json()["status"] == "ready"


def test_a_key_may_do_only_what_its_scopes_say(running: RunningService) -> None:
    needs = {
        ("POST", "/v1/submissions"): Action.SUBMIT,
        ("POST", "/v1/submissions:batch"): Action.SUBMIT,
        ("GET", "/v1/submissions/1"): Action.READ,
        ("POST", "/v1/suggest"): Action.SUGGEST,
        ("GET", "/v1/review"): Action.READ_REVIEW,
        ("GET", "/v1/departments"): Action.READ,
        ("GET", "/v1/ledgers/housing"): Action.READ,
    }
    for scope in Scope:
        with running.client(scope) as client:
            for (method, path), needed in needs.items():
                answer = client.request(method, path, content=b"{", headers=JSON)
                if needed in SCOPE_ACTIONS[scope]:
                    assert answer.status_code in (200, 400, 404)
                else:
                    assert ACTION_NAMES[needed] in check_refusal(answer, 403)


def test_the_manual_names_every_scope_that_opens_a_route() -> None:
    rows = re.findall(r"\| `([A-Z]+ [^`]+)` \| ([^|]+) \|", API_PAGE.read_text(encoding="utf-8"))
    told = {route: set(cell.strip().split("、")) for route, cell in rows}
    checked = 0
    for route, guard in ROUTES.items():
        if not isinstance(guard, tuple) or route in BY_COMMAND or not told[route] & set(Scope):
            continue
        opening = {scope for scope in Scope if SCOPE_ACTIONS[scope] & set(guard)}
        assert told[route] == opening, route
        checked += 1
    assert checked > 60


@pytest.mark.parametrize(
    ("path", "status", "field"),
    [
        ("/v1/nothing", 404, None),
        ("/static/../app.py", 404, None),
        ("/v1/submissions/不存在", 404, "id"),
        ("/v1/ledgers/不存在", 404, "department"),
        ("/v1/ledgers/housing?limit=0", 422, "limit"),
        ("/v1/ledgers/housing?limit=201", 422, "limit"),
        ("/v1/ledgers/housing?limit=多", 422, "limit"),
        ("/v1/ledgers/housing?urgency=5", 422, "urgency"),
        ("/v1/ledgers/housing?state=done", 422, "state"),
        ("/v1/ledgers/housing?since=yesterday", 422, "since"),
        ("/v1/ledgers/housing?cursor=abc", 422, "cursor"),
        ("/v1/review?cursor=W10", 422, "cursor"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    client: httpx.Client, path: str, status: int, field: str | None
) -> None:
    check_refusal(client.get(path), status, field)


def test_a_wrong_method_is_told_so(client: httpx.Client) -> None:
    answer = client.delete("/v1/submissions/1")
    check_refusal(answer, 405)
    assert answer.json()["error"] == "wrong_method"


def test_an_idempotency_key_that_is_empty_or_too_long_is_refused(client: httpx.Client) -> None:
    for key in ("", "k" * 201):
        headers = {"Idempotency-Key": key}
        answer = client.post("/v1/submissions", json=make_body(), headers=headers)
        check_refusal(answer, 422, "idempotency-key")


class BreakingDesk:
    """The tiny desk with a fault built in, whose message quotes the text as such messages do."""

    def __getattr__(self, name: str) -> Any:
        return getattr(load_tiny_desk(), name)

    def suggest_many(self, submissions: Sequence[Submission]) -> list[Suggestion]:
        raise ZeroDivisionError(f"cannot read: {submissions[0].content}")


def test_a_fault_of_ours_is_a_number_to_the_caller_and_a_place_in_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk: Any = BreakingDesk()
    with run_service(tmp_path, desk=desk) as running, running.client("suggest") as client:
        answer = client.post("/v1/suggest", json={"content": "我叫王小明，住三号楼"})
    detail = check_refusal(answer, 500)
    number = detail.partition("错误编号 ")[2][:8]
    captured = capsys.readouterr()
    logged = captured.out + captured.err
    assert re.fullmatch("[0-9a-f]{8}", number)
    assert number in logged
    assert "ZeroDivisionError" in logged
    assert "test_api_errors.py" in logged
    assert "王小明" not in logged + answer.text


def test_every_answer_carries_the_security_headers(client: httpx.Client) -> None:
    for path in ("/", "/static/app.js", "/docs", "/v1/departments", "/nothing", "/healthz"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


def test_every_error_class_has_a_status_of_its_own_kind() -> None:
    for kind in vars(core_errors).values():
        if isinstance(kind, type) and issubclass(kind, TriageError):
            assert kind in STATUS
    codes = [code for _, code in STATUS.values()]
    assert len(codes) == len(set(codes))
    assert status_of(core_errors.NotFound("没有"))[0] == 404


def test_who_only_reads_needs_nobody_to_be_able_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("triage.ledger.store.PATIENCE_S", 0.1)
    with run_service(tmp_path) as running, running.client("read", "submit") as client:
        with closing(sqlite3.connect(tmp_path / "service.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert client.get("/v1/ledger").status_code == 200  # the first use of the key
            answer = client.post("/v1/submissions", json=make_body())
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "15")
            other.execute("ROLLBACK")
        assert client.post("/v1/submissions", json=make_body()).status_code == 201


def send_raw(running: RunningService, request: bytes) -> tuple[int, bytes]:
    """The status and the body of the answer to these bytes."""
    host, _, port = running.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(request)
        head, _, body = b"".join(iter(lambda: line.recv(65_536), b"")).partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_chinese_that_stands_raw_in_an_address_is_understood(
    running: RunningService, client: httpx.Client
) -> None:
    key = client.headers["Authorization"]
    for address, status in (
        ("/v1/ledgers/住建局?urgency=3&nature=投诉", 200),
        ("/v1/ledgers/无此局?nature=投诉", 404),
        ("/v1/ledgers/住建局?nature=胡说", 422),
    ):
        head = f"GET {address} HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\n"
        told, body = send_raw(running, f"{head}Connection: close\r\n\r\n".encode())
        assert told == status, body.decode()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /v1/ledger?q=a b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /v1/ledger?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /v1/submissions HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
    ids=["a blank in the address", "a long address", "no length", "TLS"],
)
def test_what_is_no_request_is_told_so_in_chinese(running: RunningService, request_: bytes) -> None:
    status, body = send_raw(running, request_)
    told = json.loads(body)
    assert (status, told["error"]) == (400, "bad_request")
    assert "不合 HTTP 规范" in told["detail"]
