"""Routes that are not the API: the console's page, the reference, and signs of life."""

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from pydantic import BaseModel

from api.service import ServiceHere

STATIC = Path(str(files("api"))) / "static"
router = APIRouter(tags=["运行"])


class Health(BaseModel):
    """服务的状况。"""

    status: str
    model: str | None = None


@router.get("/", include_in_schema=False)
def get_console() -> FileResponse:
    """The console."""
    return FileResponse(STATIC / "index.html")


@router.get("/account", include_in_schema=False)
def get_account() -> FileResponse:
    """The page on which people sign in and set a password."""
    return FileResponse(STATIC / "account.html")


@router.get("/healthz")
def get_health() -> Health:
    """进程活着。"""
    return Health(status="ok")


@router.get("/readyz")
def get_readiness(service: ServiceHere) -> Health:
    """可以受理：模型已装载，数据库有应答；否则答 503。"""
    service.store.check()
    return Health(status="ready", model=service.desk.model)
