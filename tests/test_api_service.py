"""How the service starts, describes itself, and is found in a browser without a network."""

import base64
import hashlib
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from service_factories import TINY_MODEL, load_tiny_desk, run_service
from work_factories import file_one

from api.app import create_app, listen
from api.console import STATIC
from api.logs import configure_logs
from api.reference import describe_api
from api.schemas.submissions import SubmissionIn
from api.service import open_service, read_clock
from api.settings import Settings
from triage.errors import InvalidArtefact, StoreUnavailable, TriageError
from triage.ledger.events import record_events
from triage.roles import Scope


def make_settings(folder: Path, **changes: str) -> Settings:
    return Settings(_env_file=None, database_url=f"sqlite:///{folder / 'new' / 'x.db'}", **changes)


def test_the_service_loads_nothing_heavy() -> None:
    program = (
        "import sys, tempfile; from pathlib import Path; from api.app import create_app; "
        "from api.settings import Settings; folder = tempfile.mkdtemp(); "
        "create_app(Settings(_env_file=None, database_url=f'sqlite:///{folder}/x.db', "
        f"model_dir=Path({str(TINY_MODEL)!r}))); "
        "print([name for name in ('pandas', 'sklearn', 'matplotlib', 'xlsxwriter')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_importing_the_service_reads_and_makes_nothing(tmp_path: Path) -> None:
    program = "import api.app, os; print(os.listdir('.'), hasattr(api.app, 'app'))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "[] False", done.stderr


def test_a_first_start_makes_the_folder_and_the_tables(tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path), desk=load_tiny_desk())
    app.state.service.store.check()
    app.state.service.close()
    assert (tmp_path / "new" / "x.db").exists()


def test_a_database_or_model_that_cannot_be_used_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        create_app(Settings(_env_file=None, database_url="mysql://x"), desk=load_tiny_desk())
    with pytest.raises(InvalidArtefact):
        create_app(make_settings(tmp_path, model_dir=str(tmp_path / "none")))


def test_a_clock_that_went_back_is_told_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = make_settings(tmp_path)
    for ahead, told in ((timedelta(minutes=1), False), (timedelta(days=1), True)):
        service = open_service(settings, desk=load_tiny_desk())
        with service.store.writing() as session:
            event = {"actor": "clerk", "kind": "submission.recorded"}
            record_events(session, [event], now=read_clock() + ahead)
        service.close()
        configure_logs(settings)
        open_service(settings, desk=load_tiny_desk()).close()
        assert ("请先校正时钟" in capsys.readouterr().err) is told


def test_an_address_that_is_taken_is_told_with_the_way_out() -> None:
    with listen("127.0.0.1", 0) as taken, pytest.raises(TriageError, match="换一个端口"):
        listen("127.0.0.1", taken.getsockname()[1])


def test_the_serve_command_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    environment = {**os.environ, "TRIAGE_MODEL_DIR": str(TINY_MODEL), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        made, greeting = server.stderr.readline(), server.stderr.readline()
        assert f"{tmp_path / 'data' / 'triage.db'} 还没有数据库，现在新建" in made
        invitation, link, hint = (server.stderr.readline() for _ in range(3))
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+/", greeting)
            assert address, greeting
            assert "还没有管理员" in invitation
            assert re.fullmatch(re.escape(address[0]) + r"account#invitation=[\w-]{43}\n", link)
            assert "triage keys create" in hint
            answer = httpx.get(f"{address[0]}readyz", trust_env=False)
            assert answer.json()["status"] == "ready"
        finally:
            server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=60) in (0, -signal.SIGTERM)
        assert "Traceback" not in server.stderr.read()
    assert (tmp_path / "data" / "triage.db").exists()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIAGE_MAX_BATCH_ROWS", "12")
    assert Settings(_env_file=None).max_batch_rows == 12


def test_the_description_is_complete(tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path), desk=load_tiny_desk())
    description = describe_api(app)
    schemas = description["components"]["schemas"]
    for ref in re.findall(r"'#/components/schemas/(\w+)'", str(description)):
        assert ref in schemas
    for operations in description["paths"].values():
        for method, operation in operations.items():
            assert re.search("[\u4e00-\u9fff]", operation["description"])
            assert method in ("post", "patch", "put") or "requestBody" not in operation
            assert all(answer["description"] for answer in operation["responses"].values())
    example = schemas["SubmissionIn"]["examples"][0]
    assert SubmissionIn.model_validate(example).channel == "微信"
    app.state.service.close()


def sum_of(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def test_the_pages_need_no_other_host_and_no_inline_script(tmp_path: Path) -> None:
    with run_service(tmp_path) as running, running.client() as visitor:
        answers = [visitor.get(path) for path in ("/", "/docs")]
        pages = [answer.text for answer in answers]
        for answer, page in zip(answers, pages, strict=True):
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            for script in re.findall(r"<script(?![^>]* src=)[^>]*>(.*?)</script>", page, re.DOTALL):
                assert f"'sha256-{sum_of(script)}'" in policy  # the import map
            assert not re.search(r"\son\w+=|style=", page)
            for address in re.findall(r"(?:src|href)=[\"']?([^\"'\s>]+)", page):
                assert address.startswith(("/", "#"))
        for file in STATIC.rglob("*"):
            name = str(file.relative_to(STATIC))
            if not file.is_file() or name.startswith("vendor/"):
                continue
            answer = visitor.get(f"/static/{name}")
            assert answer.status_code == 200
            for address in re.findall(r"https?://[^\s\"')]+", answer.text):
                assert address == "http://www.w3.org/2000/svg"
        assert "POST /v1/submissions:batch" in pages[1]


# These need what is not there: a person who has signed in, a code of a receipt, a link, a reader.
NEEDS_MORE = {
    "POST /v1/session",
    "POST /v1/me/password",
    "POST /v1/invitations:read",
    "POST /v1/invitations:accept",
    "POST /v1/tracking",
    "POST /v1/tracking/ratings",
    "PUT /v1/views",
    "POST /v1/ocr",
    "PUT /v1/models",
    "POST /v1/models:try",
}


def test_the_examples_of_the_reference_can_be_sent_as_they_stand(tmp_path: Path) -> None:
    with run_service(tmp_path) as running, running.client(*Scope) as client:
        for number in range(15):  # the entries that they speak of
            file_one(running, f"E-{number}")
        told = client.get("/openapi.json").json()
        sent = 0
        for path, operations in told["paths"].items():
            for method, operation in operations.items():
                contents = operation.get("requestBody", {}).get("content", {})
                content = contents.get("application/json")
                if content is None:
                    continue
                model = content["schema"]["$ref"].rpartition("/")[2]
                examples = told["components"]["schemas"][model].get("examples")
                assert examples, f"{model} has no example"
                if "{" in path or f"{method.upper()} {path}" in NEEDS_MORE:
                    continue
                for example in examples:
                    answer = client.request(method, path, json=example)
                    assert answer.is_success, (path, answer.text)
                    sent += 1
        assert sent > 15
