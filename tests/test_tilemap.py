"""Tiles of divisions: laid out, looked into where most lies, counted within reach."""

import json
from pathlib import Path
from typing import Any

import pytest
from clock_factories import CLERK, HOUSING_OFFICER, alter, china, open_at, set_up_departments
from ledger_factories import make_suggestion
from service_factories import run_service
from sqlalchemy import insert

from triage.divisiontree import DivisionTree, grow_tree
from triage.errors import AccessDenied
from triage.gazetteer import load_gazetteer
from triage.ledger.listfilters import ListFilter
from triage.ledger.mapcounts import count_by_division
from triage.ledger.states import ProblemState
from triage.ledger.store import Store
from triage.ledger.tables import ProblemRow
from triage.roles import Caller
from triage.tilemap import choose_top, lay_tiles, roll_up

NOW = china("2025-03-12 10:00")
OPENED = "2025-03-03 10:00"


@pytest.fixture(scope="module")
def tree() -> DivisionTree:
    return grow_tree(load_gazetteer())


def test_every_tile_has_a_place_of_its_own_on_a_grid_wider_than_high(tree: DivisionTree) -> None:
    for under in (None, "430000", "430102"):
        tiles = lay_tiles(tree.list_under(under))
        places = {(tile.row, tile.column) for tile in tiles}
        assert len(places) == len(tiles)
        assert max(row for row, _ in places) <= max(column for _, column in places)
    assert lay_tiles(()) == ()


def test_the_map_looks_into_the_place_where_nearly_all_lies(tree: DivisionTree) -> None:
    assert choose_top(tree, {}) is None
    assert choose_top(tree, {"430102": 50, "110105": 50}) is None
    assert choose_top(tree, {"430102": 60, "430103": 40}) == "430100"
    assert choose_top(tree, {"430102": 95, "430103": 5}) == "430102"


def test_what_lies_below_counts_above_and_an_abolished_code_where_its_digits_say(
    tree: DivisionTree,
) -> None:
    street = tree.list_under("430102")[0].code
    counts = {"430102": 2, street: 3, "430199": 4, "110000": 5}
    assert roll_up(tree.list_under(None), counts) == {"430000": 9, "110000": 5}
    assert roll_up(tree.list_under("430100"), counts) == {"430102": 5}
    assert roll_up(tree.list_under("430102"), counts) == {street: 3}


def test_entries_are_counted_by_division_within_reach_and_never_accusations(
    store: Store,
) -> None:
    set_up_departments(store)
    ids = [open_at(store, OPENED, f"M-{n}", urgency=2) for n in range(4)]
    far = open_at(store, OPENED, "M-far", lead="城管局", urgency=4)
    for entry_id in (*ids[:2], far):
        alter(store, entry_id, division="430102")
    alter(store, ids[3], division="430103")
    alter(store, ids[1], closed_at=NOW)
    alter(store, ids[3], confidential=True)
    with store.writing() as session:
        session.execute(insert(ProblemRow).values(**make_problem(["430102", "430102", "430103"])))
    with store.reading() as session:
        everything = count_by_division(session, ListFilter(), caller=CLERK, now=NOW)
        own = count_by_division(session, ListFilter(), caller=HOUSING_OFFICER, now=NOW)
        some = count_by_division(session, ListFilter(urgency=4), caller=CLERK, now=NOW)
        nobody = Caller("x", frozenset())
        with pytest.raises(AccessDenied):
            count_by_division(session, ListFilter(), caller=nobody, now=NOW)
    assert everything.entries == {"430102": 3, "": 1}
    assert everything.open["430102"] == 2
    assert everything.overdue["430102"] == 1
    assert everything.problems == {"430102": 1, "430103": 1}
    assert own.entries == {"430102": 2, "": 1}
    assert own.problems is None
    assert some.entries == {"430102": 1}


def make_problem(divisions: list[str]) -> dict[str, Any]:
    return {
        "name": "电梯停运",
        "state": ProblemState.OPEN,
        "version": 1,
        "size": 2,
        "reporters": 2,
        "heat": 1.0,
        "domain_code": make_suggestion().domain.code,
        "theme": "lift",
        "divisions": divisions,
        "departments": [],
        "first_seen": NOW,
        "last_seen": NOW,
        "figures": {},
        "updated_at": NOW,
    }


def test_the_map_and_the_towns_own_shapes_are_given_over_http(tmp_path: Path) -> None:
    town = tmp_path / "town"
    town.mkdir()
    with run_service(tmp_path, data_dir=town) as running, running.client("read") as client:
        told = client.get("/v1/map").json()
        assert (told["under"], told["name"], len(told["tiles"])) == (None, "全国", 34)
        told = client.get("/v1/map", params={"under": "430100"}).json()
        assert told["path"] == ["430000", "430100"]
        assert told["rows"] * told["columns"] >= len(told["tiles"])
        assert client.get("/v1/map", params={"under": "999999"}).status_code == 404
        assert client.get("/v1/map/shapes").status_code == 404
        shapes = town / "map.geojson"
        square = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
        known = {"adcode": 430102, "name": "芙蓉区", "population": 1}
        feature = {"type": "Feature", "properties": known, "geometry": square}
        content = {"type": "FeatureCollection", "features": [feature]}
        shapes.write_text(json.dumps(content), encoding="utf-8")
        assert client.get("/v1/map").json()["shapes"] is True
        (found,) = client.get("/v1/map/shapes").json()["features"]
        assert found["properties"] == {"code": "430102", "name": "芙蓉区"}
        shapes.write_text('{"features": [{}]}', encoding="utf-8")
        assert client.get("/v1/map/shapes").json()["error"] == "invalid_data"
