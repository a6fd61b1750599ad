"""What a person likes to look at, kept under a name."""

from pathlib import Path

import pytest
from ledger_factories import MINUTE, NOW
from people_factories import person
from service_factories import run_service

from triage.errors import Conflict, InvalidInput, NotFound
from triage.ledger import savedviews
from triage.ledger.savedviews import drop_view, list_views, save_view
from triage.ledger.store import Store
from triage.roles import Role


def test_a_view_is_kept_replaced_and_forgotten_by_its_owner_alone(store: Store) -> None:
    with store.writing() as session:
        kept = save_view(
            session, "wang", page="ledger", name=" 本周 ", query={"urgency": 1}, now=NOW
        )
        again = save_view(
            session, "wang", page="ledger", name="本周", query={"urgency": 2}, now=NOW + MINUTE
        )
        save_view(session, "li", page="ledger", name="本周", query={}, now=NOW)
        save_view(session, "wang", page="review", name="本周", query={}, now=NOW)
        assert (kept.id, kept.name) == (again.id, "本周")
    with store.reading() as session:
        assert [view.page for view in list_views(session, "wang")] == ["ledger", "review"]
        (view,) = list_views(session, "wang", page="ledger")
        assert (view.query, view.at) == ({"urgency": 2}, NOW + MINUTE)
    with store.writing() as session:
        with pytest.raises(NotFound):
            drop_view(session, "li", view.id)
        drop_view(session, "wang", view.id)
        with pytest.raises(NotFound):
            drop_view(session, "wang", view.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " "},
        {"name": "长" * 31},
        {"page": "Ledger"},
        {"page": ""},
        {"query": {"x": "长" * 4000}},
    ],
)
def test_a_view_that_is_none_is_refused(store: Store, wrong: dict[str, object]) -> None:
    told: dict[str, object] = {"page": "ledger", "name": "本周", "query": {}}
    with store.writing() as session, pytest.raises(InvalidInput):
        save_view(session, "wang", now=NOW, **told | wrong)  # type: ignore[arg-type]


def test_nobody_keeps_more_views_than_can_be_chosen_from(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(savedviews, "MOST", 2)
    with store.writing() as session:
        for name in ("a", "b", "a"):
            save_view(session, "wang", page="ledger", name=name, query={}, now=NOW)
        with pytest.raises(Conflict):
            save_view(session, "wang", page="ledger", name="c", query={}, now=NOW)


def test_views_are_kept_over_http_for_whoever_signed_in(tmp_path: Path) -> None:
    with run_service(tmp_path) as running, person(running, Role.OFFICER, department="住建局") as li:
        body = {"page": "ledger", "name": "逾期", "query": {"columns": ["title"]}}
        assert li.put("/v1/views", json=body).status_code == 200
        (view,) = li.get("/v1/views", params={"page": "ledger"}).json()
        assert view["query"] == {"columns": ["title"]}
        assert li.delete(f"/v1/views/{view['id']}").status_code == 204
        assert li.get("/v1/views").json() == []
        with running.client("read") as system:
            assert system.get("/v1/views").status_code == 403
