"""What goes in and out where receivers of messages are managed. The examples are invented."""

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.submissions import Moment
from triage.ledger.webhooks import DeliveryState


class WebhookIn(BaseModel):
    """一个新的推送地址。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "住建局工单系统",
                    "url": "https://oa.zhujian.example/hooks/minsheng",
                    "kinds": ["entry.*"],
                    "department": "住建局",
                }
            ]
        },
    )

    name: str = Field(description="名称，写明哪个系统在收")
    url: str = Field(description="http 或 https 地址")
    kinds: list[str] = Field(max_length=100, description="要哪些事件；* 为全部，entry.* 为一类")
    department: str | None = Field(
        None, description="只要这个单位及其下属单位主办、协办的（代码或名称）；不填为全部"
    )


class WebhookChangeIn(BaseModel):
    """推送地址的改动；没写的不变。"""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    name: str | None = Field(None, description="名称")
    url: str | None = Field(None, description="http 或 https 地址")
    kinds: list[str] | None = Field(None, max_length=100, description="要哪些事件")
    active: bool | None = Field(None, description="false 停用：不再写入新消息，已有的留着不发")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class WebhookOut(_Out):
    """推送地址。"""

    id: int
    name: str
    url: str
    kinds: list[str]
    department: str | None = Field(description="只推送这个单位及其下属单位的（代码）")
    active: bool
    created_at: Moment


class NewWebhookOut(_Out):
    """新的推送地址和它的签名密钥；密钥只显示这一次。"""

    webhook: WebhookOut
    secret: str = Field(description="验证签名用，请立即保存")


class SecretOut(_Out):
    """新的签名密钥，只显示这一次；此后的消息都用它签名。"""

    secret: str


class WebhookHealthOut(_Out):
    """推送地址和它的状况。"""

    webhook: WebhookOut
    waiting: int = Field(description="等待发出的消息几条")
    dead: int = Field(description="多次发送不成、不再重试的几条")
    waiting_since: Moment | None = Field(description="等得最久的一条是何时写入的")
    last_error: str = Field(description="等得最久的一条上次为何没有送到；空为还没有试过")


class DeliveryOut(_Out):
    """一条消息和它的下落。"""

    id: int
    key: str = Field(description="幂等键，接收方在请求头 webhook-id 里看到的")
    kind: str
    entry_id: int | None
    state: DeliveryState = Field(description="waiting 等待发出，delivered 已送到，dead 不再重试")
    attempts: int = Field(description="已试几次")
    created_at: Moment
    next_at: Moment | None = Field(description="何时再试")
    delivered_at: Moment | None
    dead_at: Moment | None
    last_status: int | None = Field(description="对方上次答复的状态码")
    last_error: str


class DeliveryPageOut(_Out):
    """消息的一页，新的在前。"""

    lines: list[DeliveryOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class ResentOut(_Out):
    """重新发送了几条。"""

    resent: int
