"""People over HTTP: signing in and out, links, users and keys; forged requests and guesses."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from people_factories import PASSWORD, add_person, person, sign_in
from service_factories import RunningService, run_service
from sqlalchemy import text
from test_api_errors import check_refusal

from triage.ledger.invitations import invite_first_admin
from triage.roles import Role

NEW = "Another-2025-mima"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with run_service(tmp_path_factory.mktemp("people"), sign_in_failures=5) as running:
        yield running


@pytest.fixture
def admin(running: RunningService) -> Iterator[httpx.Client]:
    with person(running, Role.ADMIN) as client:
        yield client


def test_a_person_signs_in_does_the_work_and_signs_out(running: RunningService) -> None:
    with person(running, Role.CLERK, login="wang") as clerk:
        me = clerk.get("/v1/me").json()
        assert (me["who"], me["role_name"], me["department"]) == ("wang", "受理员", None)
        assert "read_review" in me["actions"]
        assert clerk.get("/v1/review").status_code == 200
        assert clerk.delete("/v1/session").status_code == 204
        check_refusal(clerk.get("/v1/me"), 401)


def test_the_cookie_is_closed_to_scripts_and_other_sites(running: RunningService) -> None:
    add_person(running.service.store, "cookie", Role.CLERK)
    with running.client() as client:
        told = sign_in(client, "cookie").headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=strict" in told
    assert "max-age" not in told  # gone when the browser closes
    assert "secure" not in told  # this is plain http on one machine


def test_behind_an_https_address_the_cookie_never_goes_over_http(tmp_path: Path) -> None:
    with run_service(tmp_path, public_url="https://triage.example.gov.cn") as running:
        add_person(running.service.store, "wang", Role.ADMIN)
        with running.client() as client:
            assert "; secure" in sign_in(client, "wang").headers["set-cookie"].lower()


def test_a_request_that_changes_something_needs_the_token_of_the_session(
    running: RunningService,
) -> None:
    with person(running, Role.CLERK) as one, person(running, Role.CLERK) as other:
        foreign = other.headers["X-CSRF-Token"]
        own = one.headers.pop("X-CSRF-Token")
        for wrong in (None, "", "x", foreign, own[:-1]):
            headers = {} if wrong is None else {"X-CSRF-Token": wrong}
            answer = one.post("/v1/suggest", json={"content": "路灯不亮"}, headers=headers)
            assert "刷新页面" in check_refusal(answer, 403)
        assert one.get("/v1/me").json()["csrf"] == own
        headers = {"X-CSRF-Token": own}
        assert one.post("/v1/suggest", json={"content": "路灯不亮"}, headers=headers).is_success


def test_a_form_of_another_site_cannot_sign_a_browser_in(running: RunningService) -> None:
    with running.client() as client:
        answer = client.post("/v1/session", data={"login": "wang", "password": PASSWORD})
        check_refusal(answer, 415)


def test_an_unknown_login_and_a_wrong_password_get_the_same_answer(running: RunningService) -> None:
    add_person(running.service.store, "known", Role.CLERK)
    add_person(running.service.store, "invited", Role.CLERK, with_password=False)
    with running.client() as client:
        told = {
            check_refusal(sign_in(client, login, "Wrong-2025-mima"), 401)
            for login in ("known", "unknown", "invited", "key:1", "\ufffd")
        }
    assert len(told) == 1


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(
    running: RunningService,
) -> None:
    add_person(running.service.store, "locked", Role.CLERK)
    with running.client() as client:
        for _ in range(5):
            check_refusal(sign_in(client, "locked", "Wrong-2025-mima"), 401)
        answer = sign_in(client, " LOCKED ")
        assert "15 分钟后" in check_refusal(answer, 429)
        assert 0 < int(answer.headers["retry-after"]) <= 900
    with running.service.store.reading() as session:
        query = text("SELECT count(*) FROM event WHERE kind='session.refused' AND actor='locked'")
        assert session.scalar(query) == 5


def test_guesses_sent_all_at_once_are_stopped_too(running: RunningService) -> None:
    add_person(running.service.store, "flood", Role.CLERK)
    with running.client() as client, ThreadPoolExecutor(12) as pool:
        statuses = list(
            pool.map(lambda n: sign_in(client, "flood", f"Wrong-2025-{n}").status_code, range(24))
        )
    assert statuses.count(401) <= 5
    assert statuses.count(429) == 24 - statuses.count(401)


def test_a_right_password_clears_the_count(running: RunningService) -> None:
    add_person(running.service.store, "typo", Role.CLERK)
    with running.client() as client:
        for _ in range(3):
            for _ in range(4):
                check_refusal(sign_in(client, "typo", "Wrong-2025-mima"), 401)
            assert sign_in(client, "typo").status_code == 200


def test_an_administrator_opens_an_account_and_the_person_sets_the_password(
    running: RunningService, admin: httpx.Client
) -> None:
    body = {"login": "Li.Si", "name": "李四", "role": "officer", "department": "住建局"}
    made = admin.post("/v1/users", json=body)
    assert made.status_code == 201, made.text
    user, link = made.json()["user"], made.json()["invitation"]["link"]
    assert (user["login"], user["department"], user["has_password"]) == ("li.si", "housing", False)
    address, _, token = link.partition("#invitation=")
    with running.client() as browser:
        assert browser.get(address).status_code == 200
        told = browser.post("/v1/invitations:read", json={"token": token}).json()
        assert (told["first"], told["login"], told["name"]) == (False, "li.si", "李四")
        weak = browser.post("/v1/invitations:accept", json={"token": token, "password": "123456"})
        check_refusal(weak, 422, "password")
        me = browser.post("/v1/invitations:accept", json={"token": token, "password": NEW})
        assert me.json()["role"] == "officer"
        assert browser.get("/v1/me").json()["who"] == "li.si"
        again = browser.post("/v1/invitations:accept", json={"token": token, "password": NEW})
        check_refusal(again, 404, "token")
    with running.client() as browser:
        assert sign_in(browser, "li.si", NEW).status_code == 200


def test_switching_a_user_off_ends_the_session_at_once(
    running: RunningService, admin: httpx.Client
) -> None:
    with person(running, Role.CLERK, login="leaver") as leaver:
        (user,) = [one for one in list_all(admin) if one["login"] == "leaver"]
        change = admin.patch(f"/v1/users/{user['id']}", json={"active": False})
        assert change.json()["active"] is False
        check_refusal(leaver.get("/v1/me"), 401)
        check_refusal(sign_in(leaver, "leaver"), 403)
        check_refusal(admin.post(f"/v1/users/{user['id']}/invitation"), 409)
        admin.patch(f"/v1/users/{user['id']}", json={"active": True, "name": "回来的人"})
        assert sign_in(leaver, "leaver").status_code == 200
        assert leaver.get("/v1/me").json()["name"] == "回来的人"


def test_a_new_password_ends_all_other_sessions(running: RunningService) -> None:
    with person(running, Role.CLERK, login="changer") as one, running.client() as two:
        sign_in(two, "changer")
        for body, field in (
            ({"old": PASSWORD, "password": "short"}, "password"),
            ({"old": PASSWORD, "password": PASSWORD}, "password"),
        ):
            check_refusal(one.post("/v1/me/password", json=body), 422, field)
        wrong = {"old": "Wrong-2025-mima", "password": NEW}
        check_refusal(one.post("/v1/me/password", json=wrong), 401)
        done = one.post("/v1/me/password", json={"old": PASSWORD, "password": NEW})
        assert done.status_code == 200, done.text
        assert one.get("/v1/me").json()["csrf"] == done.json()["csrf"]
        check_refusal(two.get("/v1/me"), 401)
        check_refusal(sign_in(two, "changer"), 401)
        assert sign_in(two, "changer", NEW).status_code == 200


def test_discipline_officers_manage_their_own_accounts_and_keys(
    running: RunningService, admin: httpx.Client
) -> None:
    body = {"login": "ji2", "name": "纪二", "role": "discipline"}
    with person(running, Role.DISCIPLINE, login="ji1") as monitor:
        check_refusal(admin.post("/v1/users", json=body), 403)
        (first,) = [one for one in list_all(admin) if one["login"] == "ji1"]
        check_refusal(admin.post(f"/v1/users/{first['id']}/invitation"), 403)
        check_refusal(admin.patch(f"/v1/users/{first['id']}", json={"role": "clerk"}), 403)
        assert monitor.post("/v1/users", json=body).status_code == 201
        assert {one["role"] for one in list_all(monitor)} == {"discipline"}
        (clerk, *_) = [one for one in list_all(admin) if one["role"] == "clerk"]
        check_refusal(monitor.get(f"/v1/users/{clerk['id']}"), 404, "id")
        key = {"name": "纪检系统", "scopes": ["discipline"]}
        check_refusal(admin.post("/v1/keys", json=key), 403)
        assert monitor.post("/v1/keys", json=key).status_code == 201
        check_refusal(monitor.post("/v1/keys", json={"name": "x", "scopes": ["read"]}), 403)


def test_keys_are_made_shown_once_and_revoked(running: RunningService, admin: httpx.Client) -> None:
    body = {"name": "住建系统", "scopes": ["work"], "department": "住建局"}
    made = admin.post("/v1/keys", json=body).json()
    with running.client() as system:
        system.headers["Authorization"] = f"Bearer {made['secret']}"
        me = system.get("/v1/me").json()
        assert (me["who"], me["csrf"]) == (f"key:{made['key']['id']}", None)
        assert set(me["actions"]) == {"read", "work"}
        check_refusal(system.delete("/v1/session"), 403)
        assert made["secret"] not in admin.get("/v1/keys").text
        gone = admin.delete(f"/v1/keys/{made['key']['id']}").json()
        assert gone["revoked_at"] is not None
        check_refusal(system.get("/v1/me"), 401)
    check_refusal(admin.post("/v1/keys", json={"name": "x", "scopes": ["root"]}), 422, "scopes.0")
    check_refusal(admin.delete("/v1/keys/999999"), 404, "id")


def test_users_are_listed_page_by_page_and_filtered(admin: httpx.Client) -> None:
    page = admin.get("/v1/users", params={"limit": 2}).json()
    following = admin.get("/v1/users", params={"limit": 2, "cursor": page["next"]}).json()
    logins = [one["login"] for one in page["lines"] + following["lines"]]
    assert logins == sorted(set(logins))
    assert len(logins) == 4
    admins = admin.get("/v1/users", params={"role": "admin", "active": True}).json()["lines"]
    assert {one["role"] for one in admins} == {"admin"}
    check_refusal(admin.get("/v1/users", params={"role": "king"}), 422, "role")
    check_refusal(admin.get("/v1/users", params={"department": "龙宫"}), 404, "department")
    check_refusal(admin.get("/v1/users/0"), 422, "user_id")


def test_a_first_administrator_comes_in_by_the_link_of_the_first_start(tmp_path: Path) -> None:
    from api.service import read_clock

    with run_service(tmp_path) as running, running.client() as browser:
        with running.service.store.writing() as session:
            first = invite_first_admin(session, now=read_clock())
        assert first is not None
        told = browser.post("/v1/invitations:read", json={"token": first[0]}).json()
        assert (told["first"], told["login"]) == (True, None)
        body = {"token": first[0], "password": NEW}
        check_refusal(browser.post("/v1/invitations:accept", json=body), 422, "login")
        body |= {"login": "root", "name": "首位管理员"}
        made = browser.post("/v1/invitations:accept", json=body)
        assert made.json()["role"] == "admin"
        browser.headers["X-CSRF-Token"] = made.json()["csrf"]
        assert browser.get("/v1/users").json()["lines"][0]["login"] == "root"


def list_all(client: httpx.Client) -> list[dict[str, str]]:
    lines: list[dict[str, str]] = client.get("/v1/users", params={"limit": 200}).json()["lines"]
    return lines
