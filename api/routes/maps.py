"""Routes of the map of divisions: a tile for each with its counts, and the town's own shapes."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from api.auth import CallerHere, needs
from api.routes.lists import FilterHere
from api.schemas.submissions import ErrorOut
from api.service import ServiceHere, read_clock
from triage.divisiontree import grow_tree
from triage.errors import InvalidData, NotFound
from triage.ledger.mapcounts import count_by_division
from triage.roles import Action, Caller
from triage.tilemap import choose_top, lay_tiles, roll_up

router = APIRouter(prefix="/v1/map", tags=["地图"])
Reader = Annotated[Caller, Depends(needs(Action.READ_STATISTICS))]
SHAPES_FILE = "map.geojson"
_MOST_BYTES = 20_000_000
_CODE_KEYS = ("code", "adcode", "行政区划代码")


class TileOut(BaseModel):
    """一个行政区划的方块，和其中（含下级）的条数。"""

    code: str
    name: str
    level: str
    below: int = Field(description="直接下级有几个；大于 0 的可以点进去")
    row: int = Field(description="第几行，从 0 起")
    column: int = Field(description="第几列，从 0 起")
    entries: int = Field(description="台账条目")
    open: int = Field(description="其中在办的")
    overdue: int = Field(description="其中已超期的")
    problems: int | None = Field(description="涉及的共性问题；限于本单位的人为空")


class MapOut(BaseModel):
    """一张方块图：一个行政区划的各直接下级。"""

    under: str | None = Field(description="看的是哪个区划的下级；空为全国各省")
    name: str
    path: list[str] = Field(description="从省到它自己的代码，供逐级返回")
    rows: int
    columns: int
    tiles: list[TileOut]
    here: int = Field(description="落在它自己、没有细到下级的条目")
    elsewhere: int = Field(description="在它以外的条目")
    unplaced: int = Field(description="没有区划的条目")
    shapes: bool = Field(description="本地有没有自己的地图，见 GET /v1/map/shapes")


@router.get("", response_model=MapOut)
def get_map(
    caller: Reader,
    service: ServiceHere,
    wanted: FilterHere,
    under: Annotated[
        str | None, Query(max_length=9, description="看哪个区划的下级；不填为条目所集中的地方")
    ] = None,
) -> MapOut:
    """方块图：各行政区划的台账条数、在办、超期和共性问题；不需要在线地图。"""
    tree = grow_tree(service.desk.divisions.gazetteer)
    with service.store.reading() as session:
        counts = count_by_division(session, wanted, caller=caller, now=read_clock())
    placed = {code: count for code, count in counts.entries.items() if code}
    top = choose_top(tree, placed) if under is None else tree.get(under).code
    below = tree.list_under(top)
    tiles = lay_tiles(below)
    sums = [roll_up(below, part) for part in (counts.entries, counts.open, counts.overdue)]
    problems = None if counts.problems is None else roll_up(below, counts.problems)
    inside = sum(placed.values())
    if top is not None:
        inside = roll_up([tree.get(top)], placed)[top]
    path = tree.list_path(top) if top is not None else ()
    return MapOut(
        under=top,
        name="".join(branch.name for branch in path) or "全国",
        path=[branch.code for branch in path],
        rows=max((tile.row + 1 for tile in tiles), default=0),
        columns=max((tile.column + 1 for tile in tiles), default=0),
        tiles=[
            TileOut(
                code=tile.branch.code,
                name=tile.branch.name,
                level=tile.branch.level,
                below=tile.branch.below,
                row=tile.row,
                column=tile.column,
                entries=sums[0][tile.branch.code],
                open=sums[1][tile.branch.code],
                overdue=sums[2][tile.branch.code],
                problems=None if problems is None else problems[tile.branch.code],
            )
            for tile in tiles
        ],
        here=inside - sum(sums[0].values()),
        elsewhere=sum(placed.values()) - inside,
        unplaced=counts.entries[""],
        shapes=_find_shapes(service.settings.data_dir) is not None,
    )


@router.get(
    "/shapes",
    response_class=Response,
    responses={
        200: {"content": {"application/geo+json": {}}, "description": "GeoJSON"},
        404: {"model": ErrorOut, "description": "本地没有自己的地图"},
    },
)
def get_shapes(_caller: CallerHere, service: ServiceHere) -> Response:
    """本地自己的地图：数据目录里的 map.geojson；各区域的 code 是行政区划代码。"""
    path = _find_shapes(service.settings.data_dir)
    if path is None:
        raise NotFound(
            f"本地没有地图；需要的话把 {SHAPES_FILE} 放进数据目录，每个区域写明 code", field="map"
        )
    return Response(_read_shapes(path, path.stat().st_mtime_ns), media_type="application/geo+json")


def _find_shapes(data_dir: Path | None) -> Path | None:
    path = None if data_dir is None else data_dir / SHAPES_FILE
    return path if path is not None and path.is_file() else None


@lru_cache(maxsize=1)
def _read_shapes(path: Path, _changed_at: int) -> bytes:
    """The shapes with nothing of each feature but its code and name. Raises InvalidData."""
    if path.stat().st_size > _MOST_BYTES:
        raise InvalidData(f"{SHAPES_FILE} 超过 {_MOST_BYTES // 1_000_000} MB，请先简化边界")
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        features = [_read_feature(feature) for feature in told["features"]]
    except (ValueError, LookupError, TypeError) as error:
        raise InvalidData(
            f"{SHAPES_FILE} 不是 GeoJSON 的 FeatureCollection，"
            "或有区域没有写明行政区划代码（properties 的 code），请改正"
        ) from error
    kept = {"type": "FeatureCollection", "features": features}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")).encode()


def _read_feature(feature: Mapping[str, Any]) -> dict[str, Any]:
    known = feature["properties"]
    code, *_ = (str(known[key]) for key in _CODE_KEYS if known.get(key))
    return {
        "type": "Feature",
        "properties": {"code": code, "name": str(known.get("name") or known.get("名称") or code)},
        "geometry": feature["geometry"],
    }
