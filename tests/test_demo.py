import json
import re
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from people_factories import sign_in
from service_factories import TINY_MODEL, RunningService, load_tiny_desk, run_service

from api.demo import load_samples, run_demo
from api.demo.build import Built, build
from api.demo.courses import LEFT
from api.demo.matters import Letter, load_letters, load_problems, write_letters
from api.demo.town import COUNTY, STREETS, make_divisions, make_submitter, move_desk
from api.service import read_clock
from triage.gazetteer import load_gazetteer
from triage.roles import ROLE_NAMES, Role
from triage.submissions import Channel

CORPUS = Path(__file__).parent.parent / "training" / "corpus"


def chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same letters in each test


def read_corpus(name: str) -> dict[str, dict[str, str]]:
    with (CORPUS / name).open(encoding="utf-8") as lines:
        return {row["content"]: row for row in map(json.loads, lines)}


def choose_few() -> list[Letter]:
    """Two common problems, what the rules are to find, and some single letters."""
    letters = write_letters(chance(1))
    shown = [
        letter
        for letter in letters
        if letter.group in ("yunjin", "honghe")
        or letter.key[:4] in ("vagu", "visi", "accu", "sile")
    ]
    return shown + [letter for letter in letters if letter.key.startswith("d")][:30]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningService, Built]]:
    desk = move_desk(load_tiny_desk())
    with run_service(tmp_path_factory.mktemp("demo"), desk=desk) as running:
        letters = choose_few()
        yield (
            running,
            build(running.service, now=read_clock(), tell=lambda *_: None, letters=letters),
        )


def test_the_samples_are_sixty_of_the_seed_corpus_of_all_kinds() -> None:
    samples = load_samples()
    assert len({sample["id"] for sample in samples}) == 60
    seed = read_corpus("seed.jsonl")
    rows = [seed[sample["content"]] for sample in samples]
    assert len({row["l1"] for row in rows}) == 15
    assert min(Counter(row["urgency"] for row in rows).values()) >= 10
    assert len({row["nature"] for row in rows}) == 7
    assert Counter(sample["channel"] for sample in samples) == dict.fromkeys(Channel, 10)


def test_the_single_letters_are_written_for_the_project_and_name_no_real_place() -> None:
    written = read_corpus("seed.jsonl") | read_corpus("written.jsonl")
    for letter in load_letters():
        row = written[letter["content"]]
        assert letter["domain"] == "/".join((row["l1"], row["l2"], row["l3"]))
        assert not re.search(r"[A-Z]\d*[市区县]|\d{7,}", letter["title"] + letter["content"])


def test_the_county_is_invented() -> None:
    real = set(load_gazetteer().present().values())
    assert real.isdisjoint(STREETS)
    invented = make_divisions().gazetteer.present()
    assert {COUNTY, *STREETS} < set(invented.values())
    assert real & set(invented.values()) <= {COUNTY}
    assert all(make_submitter(chance(seed)).phone.startswith("12") for seed in range(20))


def test_all_letters_are_the_same_at_each_start_and_no_two_alike() -> None:
    letters = write_letters(chance(7))
    assert letters == write_letters(chance(7))
    assert 500 <= len(letters) <= 620
    plain = [letter for letter in letters if not letter.repeats and letter.role != "vague"]
    assert len({letter.content for letter in plain}) == len(plain)
    groups = Counter(letter.group for letter in letters if letter.group)
    assert len(groups) == len(load_problems()) >= 15


def test_the_ninety_days_leave_something_to_see_for_each_role(
    town: tuple[RunningService, Built],
) -> None:
    running, built = town
    seen = {}
    for one in built.sign_ins:
        with running.client() as client:
            assert sign_in(client, one.person.login, one.password).is_success
            cards = client.get("/v1/home").json()["cards"]
            seen[one.person.role] = {card["kind"]: card["count"] for card in cards}
            if one.person.role is Role.SUPERVISOR:
                problems = client.get("/v1/problems").json()["lines"]
                lines = client.get("/v1/lists/supervision", params={"limit": 200}).json()["lines"]
                tasks = client.get("/v1/lists/tasks").json()["lines"]
                tiles = client.get("/v1/map").json()
                states = Counter(
                    line["entry"]["state"]
                    for line in client.get("/v1/ledger", params={"limit": 200}).json()["lines"]
                )
                audit = client.get("/v1/audit/verification").json()
                reviewed = client.get("/v1/reviews/today").json()
    assert set(seen) == set(Role)
    names = " ".join(problem["name"] for problem in problems if problem["size"] >= 10)
    assert "云锦花园" in names
    assert "宏禾建材厂" in names
    assert {"crowded", "invented", "untasked"} <= {line["rule"] for line in lines}
    assert [task for task in tasks if "云锦花园" in json.dumps(task, ensure_ascii=False)]
    assert tiles["name"].endswith(COUNTY)
    assert sum(tile["entries"] for tile in tiles["tiles"]) > 30
    assert {"closed", "accepted"} <= set(states)
    # Of so few letters no more may wait, at some hours, than are left for whoever comes.
    assert reviewed["everyone"]["decided"] > 0 or reviewed["waiting"] <= LEFT
    assert reviewed["waiting"] > 0
    assert audit["sound"] > 100
    assert audit["broken_id"] is None


def test_a_citizen_can_look_up_a_reply_with_what_is_printed(
    town: tuple[RunningService, Built],
) -> None:
    running, built = town
    code, tail = built.tracking
    with running.client() as client:
        told = client.post("/v1/tracking", json={"code": code, "tail": tail})
    assert told.is_success
    assert told.json()["matters"]


def test_the_demo_sends_all_samples_and_prints_a_sign_in_for_each_role(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRIAGE_MODEL_DIR", str(TINY_MODEL))
    passwords = set()
    letters = [letter for letter in write_letters(chance(1)) if letter.key.startswith("d")][:5]
    for _ in range(2):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            run_demo(port=port, wait=False, letters=letters)
        told = capsys.readouterr().out
        assert "\x1b" not in told
        counted = re.search(r"已派出 (\d+) 件，待复核 (\d+) 件，转纪检 (\d+) 件", told)
        assert counted
        assert sum(map(int, counted.groups())) == 60
        address = re.search(r"工作台：http://127\.0\.0\.1:(\d+)/", told)
        assert address
        assert int(address[1]) != port
        for name in ROLE_NAMES.values():
            line = re.search(rf"{name} +\S+ +((?:[a-z0-9]{{4}}-){{3}}[a-z0-9]{{4}})", told)
            assert line
            passwords.add(line[1])
    assert len(passwords) == 2 * len(ROLE_NAMES)
