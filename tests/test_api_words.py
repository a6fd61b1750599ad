"""What pages choose from and call things by."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from people_factories import add_person, person
from service_factories import RunningService, run_service

from api.eventnames import EVENT_NAMES
from api.words import list_enumerations, load_glossary
from triage.roles import Role
from triage.transitions import Command

GLOSSARY = Path(__file__).parent.parent / "docs" / "glossary.md"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with run_service(tmp_path_factory.mktemp("words")) as running:
        yield running


@pytest.fixture(scope="module")
def admin(running: RunningService) -> Iterator[httpx.Client]:
    with person(running, Role.ADMIN) as client:
        yield client


def test_the_taxonomy_is_a_tree_that_can_be_typed(
    running: RunningService, admin: httpx.Client
) -> None:
    told = admin.get("/v1/taxonomy").json()
    leaves = [
        leaf for top in told["levels"] for part in top["children"] for leaf in part["children"]
    ]
    assert len(leaves) == told["size"] == len(running.service.desk.taxonomy)
    first = told["levels"][0]
    assert (first["code"], first["name"], first["initials"]) == ("01", "城乡建设", "cxjs")
    for top in told["levels"]:
        for part in top["children"]:
            assert part["code"].startswith(top["code"])
            assert all(leaf["code"].startswith(part["code"]) for leaf in part["children"])


def test_the_directory_names_every_department_and_the_one_above(admin: httpx.Client) -> None:
    told = {line["code"]: line for line in admin.get("/v1/directory").json()}
    housing = told["housing"]
    assert (housing["name"], housing["initials"], housing["active"]) == ("住建局", "zjj", True)
    assert housing["duties"]
    assert {line["parent"] for line in told.values()} - {None} <= set(told)


def test_divisions_are_walked_and_searched(admin: httpx.Client) -> None:
    assert len(admin.get("/v1/divisions").json()) == 34
    under = admin.get("/v1/divisions", params={"under": "430100"}).json()
    assert "芙蓉区" in {one["name"] for one in under}
    found = admin.get("/v1/divisions", params={"q": "frq", "under": "430100"}).json()
    assert found[0]["name"] == "芙蓉区"
    told = admin.get("/v1/divisions/430102").json()
    assert told["full_name"] == "湖南省长沙市芙蓉区"
    assert told["children"]
    assert admin.get("/v1/divisions/999999").status_code == 404
    assert admin.get("/v1/divisions", params={"under": "99"}).status_code == 404


def test_every_code_has_a_chinese_name(admin: httpx.Client) -> None:
    told = admin.get("/v1/words").json()
    states = {one["code"]: one["name"] for one in told["enumerations"]["states"]}
    assert states["closed"] == "销号"
    assert told["enumerations"]["urgencies"][0] == {"code": 1, "name": "特急"}
    for name, codes in list_enumerations().items():
        assert codes, name
        assert all(re.search("[一-鿿]", said) for said in codes.values()), name


def test_every_event_that_the_ledger_writes_has_a_name() -> None:
    written = re.compile(
        r'"kind": "([a-z_]+\.[a-z_]+)"|_record\(session,(?: \w+,)* "([a-z_]+\.[a-z_]+)"'
    )
    ledger = Path(__file__).parent.parent / "triage" / "ledger"
    kinds = {
        one or other
        for file in ledger.glob("*.py")
        for one, other in written.findall(file.read_text("utf-8"))
    }
    assert len(kinds) > 30
    assert kinds <= EVENT_NAMES.keys()
    assert {f"entry.{command}" for command in Command} <= EVENT_NAMES.keys()


def test_the_terms_shown_are_those_of_the_glossary() -> None:
    page = GLOSSARY.read_text(encoding="utf-8")
    for term in load_glossary():
        assert term.term in page, term.term
        assert term.about.endswith("。")


def test_personal_data_is_shown_as_one_types_and_nothing_is_kept(
    running: RunningService,
) -> None:
    with person(running, Role.CLERK) as clerk:
        text = "请打13800000000联系我。"
        answer = clerk.post("/v1/privacy:find", json={"title": "来电", "content": text})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        (span,) = told["spans"]
        assert text[span["start"] : span["end"]] == "13800000000"
        assert (span["field"], span["name"]) == ("content", "电话")
        assert "13800000000" not in told["content"]
        assert len(told["content"]) == len(text)
        raw = clerk.post(
            "/v1/privacy:find",
            json={"title": "", "content": "我叫張國榮，電話１３８００１３８０００"},
        )
        kinds = [span["kind"] for span in raw.json()["spans"]]
        assert sorted(kinds) == ["name", "phone"]  # all that is masked is marked
        assert clerk.post("/v1/privacy:find", json={"text": "x"}).status_code == 422


def test_people_to_put_in_charge_are_found_by_their_department(running: RunningService) -> None:
    add_person(running.service.store, "huang.qi", Role.OFFICER, department="housing")
    with person(running, Role.SUPERVISOR) as supervisor:
        told = supervisor.get("/v1/people", params={"department": "住建局"}).json()
        assert {"login": "huang.qi", "name": "测试huang.qi"}.items() <= told[0].items()
        assert told[0]["initials"].startswith("cs")
        assert supervisor.get("/v1/people", params={"department": "没有的局"}).status_code == 404
