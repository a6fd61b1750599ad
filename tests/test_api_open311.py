"""City tools file and follow by Open311 GeoReport v2, in JSON and in XML."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from ledger_factories import make_submission, make_suggestion
from service_factories import RunningService, load_tiny_desk, run_service

from api.routes.open311_formats import Format, render
from api.schemas.open311 import GeoErrorOut
from api.service import read_clock
from triage.ledger.commands import run_command
from triage.ledger.history import get_entry_file
from triage.ledger.records import record_batch
from triage.ledger.states import Outcome
from triage.ledger.tracking import find_code
from triage.roles import Action, Caller
from triage.workflow import Command

BASE = "/open311/v2"
ALL = Caller("wang", frozenset(Action))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    with run_service(tmp_path) as running:
        yield running


@pytest.fixture
def tool(service: RunningService) -> Iterator[httpx.Client]:
    """A city tool, which may file and read."""
    with service.client("submit", "read") as client:
        yield client


def make_form(**changes: Any) -> dict[str, Any]:
    form = {
        "service_code": "0109",
        "description": "3栋电梯停运四天，老人下不了楼，请尽快派人修理。",
        "address_string": "幸福里小区3栋",
        "lat": "30.1234564",
        "long": "120.6543216",
        "last_name": "张",
        "first_name": "三",
        "phone": "13800000000",
    }
    return form | changes


def file(client: httpx.Client, **changes: Any) -> str:
    answer = client.post(f"{BASE}/requests.json", data=make_form(**changes))
    assert answer.status_code == 201, answer.text
    key: str = answer.json()[0]["service_request_id"]
    return key


def follow(client: httpx.Client, key: str) -> dict[str, Any]:
    answer = client.get(f"{BASE}/requests/{key}.json")
    assert answer.status_code == 200, answer.text
    (told,) = answer.json()
    assert isinstance(told, dict)
    return told


def parse(answer: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(answer)  # noqa: S314 - it is our own


def take_in(service: RunningService, *ids: str, days_ago: int = 0, **suggested: Any) -> None:
    with service.service.store.writing() as session:
        record_batch(
            session,
            [(make_submission(id=key), make_suggestion(**suggested)) for key in ids],
            now=read_clock() - timedelta(days=days_ago),
            source="key:99",
        )


def command(service: RunningService, entry_id: int, *steps: tuple[Command, dict[str, Any]]) -> None:
    with service.service.store.writing() as session:
        for given, data in steps:
            version = get_entry_file(session, entry_id, caller=ALL).entry.version
            run_command(
                session, entry_id, given, caller=ALL, version=version, now=read_clock(), **data
            )


def test_the_services_are_the_headings_of_the_taxonomy_and_one_for_the_unsure(
    tool: httpx.Client,
) -> None:
    services = tool.get(f"{BASE}/services.json").json()
    assert len(services) == len(load_tiny_desk().taxonomy.sections) + 1
    assert services[0] == {
        "service_code": "0101",
        "service_name": "安全生产",
        "description": "城乡建设：安全生产",
        "metadata": False,
        "type": "realtime",
        "keywords": "",
        "group": "城乡建设",
    }
    assert services[-1]["service_code"] == "other"


def test_the_same_services_come_as_xml(tool: httpx.Client) -> None:
    answer = tool.get(f"{BASE}/services.xml")
    assert answer.headers["content-type"].startswith("application/xml")
    tree = parse(answer.content)
    assert tree.tag == "services"
    first = tree.findall("service")[0]
    assert first.findtext("service_code") == "0101"
    assert first.findtext("metadata") == "false"
    assert len(tree) == len(tool.get(f"{BASE}/services.json").json())


def test_what_is_filed_goes_the_way_of_every_submission(
    service: RunningService, tool: httpx.Client
) -> None:
    answer = tool.post(f"{BASE}/requests.json", data=make_form(media_url="https://a.example/1.jpg"))
    assert answer.status_code == 201
    (filed,) = answer.json()
    with service.service.store.reading() as session:
        code = find_code(session, filed["service_request_id"])
    assert code is not None
    assert code in filed["service_notice"]
    stored = tool.get(f"/v1/submissions/{filed['service_request_id']}").json()
    submission = stored["submission"]
    assert submission["title"] == "城乡建设：住房保障与房地产"
    assert submission["content"].endswith("附件链接：https://a.example/1.jpg")
    assert (submission["channel"], submission["place"]) == (
        "网络",
        "幸福里小区3栋（30.123456,120.654322）",
    )
    assert stored["submitter"]["phone"].endswith("00")
    assert "13800000000" not in str(stored)
    assert stored["suggestion"]["domain"]


def test_what_is_filed_can_be_followed(tool: httpx.Client) -> None:
    told = follow(tool, file(tool))
    assert told["status"] == "open"
    assert told["description"].startswith("3栋电梯停运四天")
    assert (told["address"], told["lat"], told["long"]) == (
        "幸福里小区3栋",
        30.123456,
        120.654322,
    )
    assert told["requested_datetime"].endswith("+08:00")
    assert told["extended_attributes"]["title"] == "城乡建设：住房保障与房地产"


def test_filing_answers_in_xml_too(tool: httpx.Client) -> None:
    answer = tool.post(f"{BASE}/requests.xml", data=make_form())
    assert answer.status_code == 201
    tree = parse(answer.content)
    assert tree.tag == "service_requests"
    key = tree.findtext("request/service_request_id")
    assert key is not None
    told = parse(tool.get(f"{BASE}/requests/{key}.xml").content)
    assert told.findtext("request/status") == "open"
    assert told.findtext("request/address") == "幸福里小区3栋"


def test_a_resend_with_the_same_idempotency_key_files_once(tool: httpx.Client) -> None:
    form = make_form()
    keys = {
        tool.post(f"{BASE}/requests.json", data=form, headers={"Idempotency-Key": "K-1"}).json()[0][
            "service_request_id"
        ]
        for _ in range(3)
    }
    assert len(keys) == 1
    assert len(tool.get(f"{BASE}/requests.json").json()) == 1


def test_the_states_of_the_work_come_out_as_open_and_closed_with_the_detail(
    service: RunningService, tool: httpx.Client
) -> None:
    take_in(service, "L-1")
    told = follow(tool, "L-1")
    (matter,) = told["extended_attributes"]["matters"]
    assert (told["status"], matter["state"], matter["state_name"]) == ("open", "assigned", "交办")
    assert told["agency_responsible"] == "住房和城乡建设局"
    assert told["expected_datetime"] == matter["deadline"]
    assert (told["service_code"], told["service_name"]) == ("0102", "城市建设和市政管理")
    command(
        service,
        matter["entry_id"],
        (Command.ACCEPT, {}),
        (Command.REPLY, {"text": "已更换曳引机，恢复运行。", "outcome": Outcome.SOLVED}),
    )
    told = follow(tool, "L-1")
    assert told["status"] == "open"
    assert "已更换曳引机" in told["status_notes"]
    assert "已解决" in told["status_notes"]
    assert told["updated_datetime"] >= told["requested_datetime"]
    command(
        service,
        matter["entry_id"],
        (Command.EVALUATE, {"solved": True, "satisfaction": 5}),
        (Command.CLOSE, {}),
    )
    told = follow(tool, "L-1")
    assert (told["status"], told["extended_attributes"]["matters"][0]["outcome"]) == (
        "closed",
        "solved",
    )
    for status, expected in (("open", 0), ("closed", 1), ("open,closed", 1)):
        found = tool.get(f"{BASE}/requests.json", params={"status": status}).json()
        assert len(found) == expected, status


def test_what_was_merged_is_open_as_long_as_what_it_was_merged_into(
    service: RunningService, tool: httpx.Client
) -> None:
    take_in(service, "L-1")
    take_in(service, "L-2")
    first, second = (
        follow(tool, key)["extended_attributes"]["matters"][0]["entry_id"] for key in ("L-1", "L-2")
    )
    command(service, second, (Command.MERGE, {"into": first, "note": "同一部电梯"}))
    told = follow(tool, "L-2")
    assert (told["status"], told["extended_attributes"]["matters"][0]["entry_id"]) == (
        "open",
        first,
    )
    found = tool.get(f"{BASE}/requests.json", params={"status": "open"}).json()
    assert {each["service_request_id"] for each in found} == {"L-1", "L-2"}
    command(
        service,
        first,
        (Command.ACCEPT, {}),
        (Command.REPLY, {"text": "已修好。", "outcome": Outcome.SOLVED}),
        (Command.EVALUATE, {"solved": True, "satisfaction": 4}),
        (Command.CLOSE, {}),
    )
    assert follow(tool, "L-2")["status"] == "closed"
    found = tool.get(f"{BASE}/requests.json", params={"status": "closed"}).json()
    assert {each["service_request_id"] for each in found} == {"L-1", "L-2"}


def test_requests_are_found_by_id_service_and_period_page_by_page(
    service: RunningService, tool: httpx.Client
) -> None:
    take_in(service, "L-1", "L-2", "L-3")
    take_in(service, "W-1", lead=None, domain_code="020101")
    take_in(service, "OLD-1", days_ago=100)

    def find(**asked: Any) -> list[str]:
        answer = tool.get(f"{BASE}/requests.json", params=asked)
        assert answer.status_code == 200, answer.text
        return [each["service_request_id"] for each in answer.json()]

    assert set(find()) == {"L-1", "L-2", "L-3", "W-1"}
    assert set(find(service_request_id="L-1, OLD-1,none")) == {"L-1", "OLD-1"}
    assert set(find(service_code="0102")) == {"L-1", "L-2", "L-3"}
    assert find(service_code="02,0301") == ["W-1"]
    assert find(service_code=",") == []
    now = read_clock()
    period = {
        "start_date": (now - timedelta(days=120)).isoformat(),
        "end_date": (now - timedelta(days=90)).isoformat(),
    }
    assert find(**period) == ["OLD-1"]
    assert find(start_date=period["start_date"]) == ["OLD-1"]
    assert find(end_date=period["end_date"]) == ["OLD-1"]
    pages = [find(page=page, page_size=3) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [3, 1, 0]
    assert len({key for page in pages for key in page}) == 4


def test_who_may_only_submit_follows_what_the_same_key_has_filed_and_nothing_else(
    service: RunningService, tool: httpx.Client
) -> None:
    others = file(tool)
    with service.client("submit") as app:
        own = file(app)
        assert follow(app, own)["service_request_id"] == own
        assert app.get(f"{BASE}/requests/{others}.json").status_code == 404
        listed = app.get(f"{BASE}/requests.json").json()
        assert [each["service_request_id"] for each in listed] == [own]


def test_a_departments_key_follows_what_its_department_leads(service: RunningService) -> None:
    take_in(service, "L-1")
    take_in(service, "L-2", lead="城管局")
    with service.client("read", department="住建局") as own:
        listed = own.get(f"{BASE}/requests.json").json()
        assert [each["service_request_id"] for each in listed] == ["L-1"]
        assert own.get(f"{BASE}/requests/L-2.json").status_code == 404


def test_an_accusation_is_taken_and_then_exists_for_nobody_here(tool: httpx.Client) -> None:
    answer = tool.post(
        f"{BASE}/requests.json",
        data=make_form(
            service_code="other",
            description="我要实名检举村支书王某贪污征地补偿款，收受老板贿赂，私分集体资金。",
        ),
    )
    assert answer.status_code == 201
    (filed,) = answer.json()
    assert "转送有权处理的机关" in filed["service_notice"]
    unknown = tool.get(f"{BASE}/requests/NONE.json")
    hidden = tool.get(f"{BASE}/requests/{filed['service_request_id']}.json")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.text.replace(filed["service_request_id"], "NONE") == unknown.text
    assert tool.get(f"{BASE}/requests.json").json() == []


def test_personal_data_in_the_words_is_masked(tool: httpx.Client) -> None:
    told = follow(tool, file(tool, description="电梯坏了，请打13912345678联系我。"))
    assert "13912345678" not in str(told)


def test_a_key_may_come_as_api_key_in_the_form_or_the_address(
    service: RunningService, tool: httpx.Client
) -> None:
    key = tool.headers["Authorization"].removeprefix("Bearer ")
    with service.client() as plain:
        filed = plain.post(f"{BASE}/requests.json", data=make_form(api_key=key))
        assert filed.status_code == 201
        assert plain.get(f"{BASE}/services.json", params={"api_key": key}).status_code == 200
        assert plain.get(f"{BASE}/services.json").status_code == 403
        wrong = plain.get(f"{BASE}/services.xml", params={"api_key": "mst_no"})
    tree = parse(wrong.content)
    assert (wrong.status_code, tree.tag, tree.findtext("error/code")) == (403, "errors", "403")
    assert "密钥无效" in (tree.findtext("error/description") or "")


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ({"service_code": "9999"}, 404, "服务类别"),
        ({"description": " "}, 400, "description"),
        ({"lat": "north"}, 400, "lat"),
        ({"lat": "91"}, 400, "lat"),
        ({"lat": "nan"}, 400, "lat"),
        ({"description": "长" * 100_001}, 400, "content"),
        ({"address_string": "长" * 300}, 400, "place"),
        ({"phone": "1" * 100}, 400, "phone"),
    ],
    ids=str,
)
def test_what_cannot_be_taken_is_told_in_the_words_of_the_specification(
    tool: httpx.Client, changes: dict[str, Any], status: int, words: str
) -> None:
    answer = tool.post(f"{BASE}/requests.json", data=make_form(**changes))
    (error,) = answer.json()
    assert (answer.status_code, error["code"]) == (status, status)
    assert words in error["description"]


def test_a_filing_without_a_service_or_a_form_is_refused(tool: httpx.Client) -> None:
    missing = tool.post(f"{BASE}/requests.json", data={"description": "电梯坏了"})
    assert missing.status_code == 400
    assert "service_code" in missing.json()[0]["description"]
    assert tool.post(f"{BASE}/requests.json", json=make_form()).status_code == 415
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    broken = tool.post(f"{BASE}/requests.json", content=b"description=%ff", headers=form)
    assert broken.status_code == 400
    raw = tool.post(f"{BASE}/requests.json", content=b"description=\xff", headers=form)
    assert raw.status_code == 400
    many = "&".join(f"a{number}=1" for number in range(300))
    assert tool.post(f"{BASE}/requests.json", content=many, headers=form).status_code == 400
    long = b"description=" + b"a" * 2_000_000
    assert tool.post(f"{BASE}/requests.json", content=long, headers=form).status_code == 413


@pytest.mark.parametrize(
    "asked",
    [
        {"status": "lost"},
        {"start_date": "yesterday"},
        {"start_date": "2024-01-01T00:00:00Z", "end_date": "2024-06-01T00:00:00Z"},
        {"end_date": "0001-01-02T00:00:00Z"},
        {"start_date": "9999-12-30T00:00:00Z"},
        {"page": "0"},
        {"page_size": "201"},
        {"page": "1000000"},
        {"service_request_id": ",".join(str(number) for number in range(300))},
    ],
    ids=str,
)
def test_a_question_that_makes_no_sense_is_refused(
    tool: httpx.Client, asked: dict[str, str]
) -> None:
    answer = tool.get(f"{BASE}/requests.json", params=asked)
    assert answer.status_code == 400, answer.text
    assert answer.json()[0]["code"] == 400


def test_an_unknown_format_is_refused(tool: httpx.Client) -> None:
    assert tool.get(f"{BASE}/services.txt").status_code == 400


def test_who_may_neither_read_nor_submit_is_refused(service: RunningService) -> None:
    with service.client("admin") as admin:
        for path in ("services.json", "requests.json", "requests/L-1.json"):
            answer = admin.get(f"{BASE}/{path}")
            assert (answer.status_code, answer.json()[0]["code"]) == (403, 403)
        assert admin.post(f"{BASE}/requests.json", data=make_form()).status_code == 403


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    told = GeoErrorOut(code=400, description="a\x00b\x0bc\ud800<&>")
    answer = render("errors", "error", [told], Format.XML)
    tree = parse(bytes(answer.body))
    assert tree.findtext("error/description") == "a\ufffdb\ufffdc\ufffd<&>"
