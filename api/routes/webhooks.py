"""Routes by which an administrator manages who is told of events, and what did not arrive."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query

from api.auth import needs
from api.bodies import OneBody, read_as
from api.routes.ledgers import Cursor, Limit
from api.schemas.entries import MAX_NUMBER
from api.schemas.submissions import ErrorOut
from api.schemas.webhooks import (
    DeliveryOut,
    DeliveryPageOut,
    NewWebhookOut,
    ResentOut,
    SecretOut,
    WebhookChangeIn,
    WebhookHealthOut,
    WebhookIn,
    WebhookOut,
)
from api.service import ServiceHere, read_clock
from triage.ledger.webhooks import (
    DeliveryState,
    change_webhook,
    create_webhook,
    list_deliveries,
    list_webhooks,
    renew_secret,
    resend,
    resend_dead,
    try_webhook,
)
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["推送"])

Manager = Annotated[Caller, Depends(needs(Action.MANAGE_WEBHOOKS))]
WebhookId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="推送地址的编号")]
DeliveryId = Annotated[int, Path(ge=1, le=MAX_NUMBER, description="消息的编号")]


@router.get("/webhooks", response_model=list[WebhookHealthOut])
def get_webhooks(caller: Manager, service: ServiceHere) -> Any:
    """全部推送地址，各有多少消息在等、多少没有送到。"""
    with service.store.reading() as session:
        return list_webhooks(session, caller=caller)


@router.post(
    "/webhooks",
    status_code=201,
    response_model=NewWebhookOut,
    responses={404: {"model": ErrorOut, "description": "没有这个责任单位"}},
    openapi_extra={"x-body": "WebhookIn"},
)
def post_webhook(caller: Manager, service: ServiceHere, body: OneBody) -> Any:
    """新建一个推送地址；签名密钥只在答复里显示这一次。"""
    told = read_as(body, WebhookIn)
    with service.store.writing() as session:
        secret, webhook = create_webhook(session, caller=caller, now=read_clock(), **dict(told))
    return {"webhook": webhook, "secret": secret}


@router.patch(
    "/webhooks/{webhook_id}",
    response_model=WebhookOut,
    openapi_extra={"x-body": "WebhookChangeIn"},
)
def patch_webhook(
    caller: Manager, service: ServiceHere, webhook_id: WebhookId, body: OneBody
) -> Any:
    """改名称、地址、事件，或停用、启用。"""
    told = read_as(body, WebhookChangeIn)
    with service.store.writing() as session:
        return change_webhook(session, webhook_id, caller=caller, now=read_clock(), **dict(told))


@router.post("/webhooks/{webhook_id}/secret", response_model=SecretOut)
def post_secret(caller: Manager, service: ServiceHere, webhook_id: WebhookId) -> Any:
    """换一个签名密钥，只显示这一次；旧的立即不再使用。"""
    with service.store.writing() as session:
        return {"secret": renew_secret(session, webhook_id, caller=caller, now=read_clock())}


@router.post("/webhooks/{webhook_id}/trial", status_code=202, response_model=ResentOut)
def post_trial(caller: Manager, service: ServiceHere, webhook_id: WebhookId) -> Any:
    """发一条试验消息（webhook.trial），结果见消息列表。"""
    with service.store.writing() as session:
        try_webhook(session, webhook_id, caller=caller, now=read_clock())
    return {"resent": 1}


@router.get("/webhooks/{webhook_id}/deliveries", response_model=DeliveryPageOut)
def get_deliveries(
    caller: Manager,
    service: ServiceHere,
    webhook_id: WebhookId,
    state: Annotated[DeliveryState | None, Query(description="只看一种状态")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Any:
    """发给一个推送地址的消息，新的在前，一次一页。"""
    with service.store.reading() as session:
        return list_deliveries(
            session, webhook_id, caller=caller, state=state, limit=limit, cursor=cursor
        )


@router.post("/webhooks/{webhook_id}/resend", response_model=ResentOut)
def post_resend_dead(caller: Manager, service: ServiceHere, webhook_id: WebhookId) -> Any:
    """把没有送到的全部重新发送，用原来的幂等键。"""
    with service.store.writing() as session:
        return {"resent": resend_dead(session, webhook_id, caller=caller, now=read_clock())}


@router.post("/deliveries/{delivery_id}/resend", response_model=DeliveryOut)
def post_resend(caller: Manager, service: ServiceHere, delivery_id: DeliveryId) -> Any:
    """把一条消息重新发送，不论它没有送到还是已经送到。"""
    with service.store.writing() as session:
        return resend(session, delivery_id, caller=caller, now=read_clock())
