"""Signing in by a provider: a real one on this machine, which also tries to cheat."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from people_factories import add_person
from service_factories import RunningService, run_service

from triage.ledger.users import UserChange, change_user, find_user
from triage.roles import SHELL, Role

CLIENT = "minsheng"
SECRET = "a secret of the tests/+"


class Provider:
    """An identity provider at `issuer`; the tests say who is signed in there and how it lies."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.key = RSAKey.generate_key(2048, parameters={"kid": "1"})
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.header = {"alg": "RS256", "kid": "1"}
        self.signing_key: Any = self.key
        self.down = False
        self.asked: dict[str, dict[str, str]] = {}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self.asked.pop(form.get("code", ""), None)
        login = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        challenge = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or tuple(map(unquote, login.split(":"))) != (CLIENT, SECRET)
            or asked["redirect_uri"] != form["redirect_uri"]
            or asked["code_challenge"] != base64.urlsafe_b64encode(challenge).decode().rstrip("=")
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        told = {
            "iss": self.issuer,
            "sub": "4711",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            "preferred_username": "wang",
        } | self.claims
        told = {name: value for name, value in told.items() if value is not None}
        return 200, {
            "access_token": "a-token",
            "token_type": "Bearer",
            "id_token": jwt.encode(
                self.header, told, self.signing_key, algorithms=[self.header["alg"]]
            ),
        }


@contextmanager
def run_provider() -> Iterator[Provider]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            address = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(address.query).items()}
            if provider.down:
                self._say(500, {})
            elif address.path == "/.well-known/openid-configuration":
                self._say(200, provider.discovery())
            elif address.path == "/keys":
                self._say(200, {"keys": [provider.key.as_dict(private=False)]})
            elif address.path == "/userinfo":
                right = self.headers["Authorization"] == "Bearer a-token"
                self._say(200 if right else 401, provider.userinfo)
            elif address.path == "/authorize":
                assert query["code_challenge_method"] == "S256"
                assert "openid" in query["scope"]
                provider.asked["a-code"] = query
                back = urlencode({"code": "a-code", "state": query["state"]})
                self.send_response(302)
                self.send_header("Location", f"{query['redirect_uri']}?{back}")
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(*provider.token(form, self.headers["Authorization"]))

        def _say(self, status: int, told: dict[str, Any]) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningService, Provider]]:
    with run_provider() as provider:
        folder = tmp_path_factory.mktemp("oidc")
        settings = {
            "oidc_issuer": f"{provider.issuer}/",
            "oidc_client_id": CLIENT,
            "oidc_client_secret": SECRET,
        }
        with run_service(folder, **settings) as running:
            add_person(running.service.store, "wang", Role.CLERK, with_password=False)
            add_person(running.service.store, "ji", Role.DISCIPLINE)
            yield running, provider


@pytest.fixture
def provider(town: tuple[RunningService, Provider]) -> Provider:
    honest = town[1]
    honest.claims, honest.userinfo, honest.down = {}, {}, False
    honest.header, honest.signing_key = {"alg": "RS256", "kid": "1"}, honest.key
    honest.asked.clear()
    return honest


@pytest.fixture
def browser(town: tuple[RunningService, Provider]) -> Iterator[httpx.Client]:
    with town[0].client() as client:
        client.follow_redirects = True
        yield client


def refusal(answer: httpx.Response) -> str:
    """Why the page to sign in was shown instead of the console."""
    assert answer.url.path == "/account"
    return unquote(answer.url.fragment.removeprefix("refused="))


@pytest.mark.usefixtures("provider")
def test_who_is_signed_in_at_the_provider_comes_in_with_the_own_role(
    browser: httpx.Client,
) -> None:
    assert browser.get("/v1/oidc").json() == {"available": True}
    answer = browser.get("/v1/oidc/start")
    assert (answer.status_code, answer.url.path) == (200, "/")
    me = browser.get("/v1/me").json()
    assert (me["who"], me["role"]) == ("wang", "clerk")
    assert "triage_oidc" not in browser.cookies


@pytest.mark.parametrize(
    "lie",
    [
        {"iss": "http://elsewhere.example"},
        {"aud": "another-client"},
        {"aud": ["another-client", CLIENT], "azp": "another-client"},
        {"exp": 1_000_000_000},
        {"iat": 9_999_999_999},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": None},
        {"sub": None},
        {"at_hash": "wrong"},
    ],
)
def test_a_token_whose_claims_do_not_hold_opens_nothing(
    provider: Provider, browser: httpx.Client, lie: dict[str, Any]
) -> None:
    provider.claims = lie
    assert "没有确认您的身份" in refusal(browser.get("/v1/oidc/start"))
    assert browser.get("/v1/me").status_code == 401


def test_a_token_that_the_provider_did_not_sign_opens_nothing(
    provider: Provider, browser: httpx.Client
) -> None:
    public = provider.key.as_pem(private=False)
    shared = OctKey.import_key(base64.urlsafe_b64encode(public).decode())
    for header, key in (
        ({"alg": "RS256", "kid": "1"}, RSAKey.generate_key(2048)),
        ({"alg": "HS256", "kid": "1"}, shared),
    ):
        provider.header, provider.signing_key = header, key
        assert "没有确认您的身份" in refusal(browser.get("/v1/oidc/start"))


def test_a_return_that_this_browser_did_not_set_out_for_opens_nothing(
    provider: Provider, browser: httpx.Client
) -> None:
    callback = "/v1/oidc/callback"
    for query in ({}, {"code": "a-code"}, {"code": "a-code", "state": "guessed"}):
        assert "重新登录" in refusal(browser.get(callback, params=query))
    browser.follow_redirects = False
    browser.get("/v1/oidc/start")
    browser.follow_redirects = True
    for query in ({"code": "a-code", "state": "another"}, {"code": "a-code"}):
        refusal(browser.get(callback, params=query))
    start = browser.get("/v1/oidc/start", follow_redirects=False).headers["location"]
    state = parse_qs(urlsplit(start).query)["state"][0]
    provider.asked.clear()
    assert "没有确认" in refusal(
        browser.get(callback, params={"code": "stolen-code", "state": state})
    )
    assert browser.get("/v1/me").status_code == 401


def test_only_users_of_this_service_come_in_and_no_discipline_officer(
    town: tuple[RunningService, Provider], provider: Provider, browser: httpx.Client
) -> None:
    provider.claims = {"preferred_username": "stranger"}
    assert "还没有本系统的账号" in refusal(browser.get("/v1/oidc/start"))
    provider.claims = {"preferred_username": "ji"}
    assert "纪检员" in refusal(browser.get("/v1/oidc/start"))
    provider.claims = {"preferred_username": 7}
    assert "没有给出您的登录名" in refusal(browser.get("/v1/oidc/start"))
    provider.claims = {}
    store = town[0].service.store
    for active in (False, True):
        with store.writing() as session:
            found = find_user(session, "wang")
            assert found is not None
            change = UserChange(active=active)
            change_user(session, found[0].id, change, caller=SHELL, now=found[0].created_at)
        answer = browser.get("/v1/oidc/start")
        assert (answer.url.path == "/") == active
        if not active:
            assert "停用" in refusal(answer)


def test_a_login_that_stands_only_in_the_user_info_is_found_there(
    provider: Provider, browser: httpx.Client
) -> None:
    provider.claims = {"preferred_username": None}
    provider.userinfo = {"sub": "another person", "preferred_username": "wang"}
    assert "没有给出" in refusal(browser.get("/v1/oidc/start"))
    provider.userinfo = {"sub": "4711", "preferred_username": "wang"}
    assert browser.get("/v1/oidc/start").url.path == "/"


def test_a_provider_that_is_down_is_told_and_does_no_harm(
    provider: Provider, browser: httpx.Client
) -> None:
    provider.down = True
    assert "密码登录" in refusal(browser.get("/v1/oidc/start"))


def test_without_a_provider_there_is_none(tmp_path: Any) -> None:
    with run_service(tmp_path) as running, running.client() as browser:
        assert browser.get("/v1/oidc").json() == {"available": False}
        for path in ("/v1/oidc/start", "/v1/oidc/callback"):
            assert browser.get(path).status_code == 404
