"""A service that answers first and takes in the rest behind: nobody sees that a part is missing."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from database_factories import write_migrated
from service_factories import load_tiny_desk, make_body, run_service

from api.app import create_app
from api.following import LateRoutes, following
from api.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    write_migrated(tmp_path / "x.db")
    return Settings(_env_file=None, database_url=f"sqlite:///{tmp_path / 'x.db'}")


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    ending = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ending
        time.sleep(0.02)


def test_a_suggestion_needs_none_of_the_late_routes(tmp_path: Path) -> None:
    with run_service(tmp_path, late=True) as running, running.client("suggest") as caller:
        body = {name: make_body()[name] for name in ("title", "content")}
        assert caller.post("/v1/suggest", json=body).json()["urgency"]
        assert caller.get("/readyz").json()["status"] == "ready"


def test_what_is_asked_of_a_late_route_waits_until_it_is_there(tmp_path: Path) -> None:
    with run_service(tmp_path, late=True) as running, running.client("read") as caller:
        assert caller.get("/v1/statistics").status_code == 200


def test_an_address_that_there_is_not_is_not_found_either(tmp_path: Path) -> None:
    with run_service(tmp_path, late=True) as running, running.client() as caller:
        answers = [caller.get("/v1/none"), caller.get("/v1/none")]
        assert [answer.json()["error"] for answer in answers] == ["no_such_address"] * 2
        assert caller.delete("/healthz").json()["error"] == "wrong_method"


def test_soon_after_the_start_all_routes_are_there_and_the_work_has_begun(
    settings: Settings,
) -> None:
    app = create_app(settings, desk=load_tiny_desk(), late=True)
    whole = create_app(settings, desk=load_tiny_desk())
    (late,) = (route for route in app.routes if isinstance(route, LateRoutes))
    jobs = settings.find_jobs_file()
    assert jobs is not None
    with following(app.state.service, late, after_s=0):
        wait_for(lambda: late not in app.routes)
        wait_for(jobs.exists)
    assert [route.path for route in app.routes] == [route.path for route in whole.routes]  # type: ignore[attr-defined]
    assert not late.take_in()
    for each in (app, whole):
        each.state.service.close()


def test_a_service_that_ends_at_once_begins_nothing(settings: Settings) -> None:
    app = create_app(settings, desk=load_tiny_desk(), late=True)
    (late,) = (route for route in app.routes if isinstance(route, LateRoutes))
    with following(app.state.service, late, after_s=60):
        pass
    assert late in app.routes
    app.state.service.close()


def test_work_that_cannot_begin_is_told_in_the_log_and_the_service_goes_on(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings, desk=load_tiny_desk(), late=True)
    (late,) = (route for route in app.routes if isinstance(route, LateRoutes))
    jobs = settings.find_jobs_file()
    assert jobs is not None
    jobs.mkdir()
    with following(app.state.service, late, after_s=0):
        wait_for(lambda: "work_failed" in "".join(capfd.readouterr()))
    app.state.service.store.check()
    app.state.service.close()
