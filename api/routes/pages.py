"""Routes that are not the API: the console's page, and signs of life."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from pydantic import BaseModel

from api.console import console_page
from api.plainroute import PlainRoute
from api.service import ServiceHere

router = APIRouter(tags=["运行"], route_class=PlainRoute)


class Health(BaseModel):
    """服务的状况。"""

    status: str
    model: str | None = None


@router.get("/", include_in_schema=False)
def get_console() -> HTMLResponse:
    """The console."""
    return console_page()


@router.get("/account", include_in_schema=False)
def get_account() -> HTMLResponse:
    """The console where people set a password by a one-time link."""
    return console_page()


@router.get("/citizen", include_in_schema=False)
def get_citizen() -> HTMLResponse:
    """The console where citizens look up what became of their submission; printed on receipts."""
    return console_page()


@router.get("/healthz")
def get_health() -> Health:
    """进程活着。"""
    return Health(status="ok")


@router.get("/readyz")
def get_readiness(service: ServiceHere) -> Health:
    """可以受理：模型已装载，数据库有应答；否则答 503。"""
    service.store.check()
    return Health(status="ready", model=service.desk.model)
