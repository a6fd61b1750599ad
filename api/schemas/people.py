"""What goes in and out where people sign in and are managed. The examples are invented."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, computed_field

from api.schemas.submissions import Moment
from triage.ledger.keys import ApiKey
from triage.ledger.users import MAX_NAME, UserChange
from triage.passwords import MAX_LENGTH, MIN_LENGTH
from triage.roles import ROLE_NAMES, Role, Scope

_MOST = 1_000  # characters of a field; the rules proper are those of the core
_PASSWORD = (
    f"{MIN_LENGTH} 到 {MAX_LENGTH} 个字符，须含大写、小写、数字、其他中的三种，或至少 16 个字符"
)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class SignInIn(_In):
    """登录名和密码。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"login": "wang", "password": "Liuhe-2025-zhen"}]},
    )

    login: str = Field(max_length=_MOST, description="登录名，不分大小写")
    password: str = Field(max_length=_MOST, description="密码")


class PasswordIn(_In):
    """改密码。"""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"old": "原密码", "password": "Liuhe-2025-xin"}]}
    )

    old: str = Field(max_length=_MOST, description="原密码")
    password: str = Field(max_length=_MOST, description=f"新密码：{_PASSWORD}")


class LinkIn(_In):
    """邀请链接中的令牌。"""

    model_config = ConfigDict(json_schema_extra={"examples": [{"token": "链接中井号后面的令牌"}]})

    token: str = Field(max_length=_MOST, description="链接中 #invitation= 之后的部分")


class AcceptIn(LinkIn):
    """用邀请链接设密码。"""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"token": "链接中井号后面的令牌", "password": "Liuhe-2025-xin"}]
        }
    )

    password: str = Field(max_length=_MOST, description=f"密码：{_PASSWORD}")
    login: str = Field("", max_length=_MOST, description="登录名，只有首位管理员要填")
    name: str = Field("", max_length=_MOST, description="姓名，只有首位管理员要填")


class UserIn(_In):
    """要开通的用户。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"login": "li.si", "name": "李四", "role": "officer", "department": "housing"}
            ]
        },
    )

    login: str = Field(
        max_length=_MOST, description="登录名：2 到 64 个小写字母、数字或 . _ - @；不能再改"
    )
    name: str = Field(max_length=_MOST, description=f"姓名，至多 {MAX_NAME} 字")
    role: Role = Field(description="角色")
    department: str | None = Field(
        None,
        max_length=_MOST,
        description="责任单位的代码或名称；承办人必填，其他人填了就只管该单位",
    )


class UserChangeIn(_In):
    """要改的各项；没写的不变。"""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "李四", "department": "住建局"}]}
    )

    name: str | None = Field(None, max_length=_MOST, description="姓名")
    role: Role | None = Field(None, description="角色")
    department: str | None = Field(
        None, max_length=_MOST, description="责任单位的代码或名称；空文字表示不属任何单位"
    )
    active: bool | None = Field(None, description="false 停用，立即退出登录；true 重新启用")

    def read(self) -> UserChange:
        """The change."""
        return UserChange(**dict(self))


class UserOut(_Out):
    """一位用户。"""

    id: int
    login: str
    name: str
    role: Role
    department: str | None = Field(description="责任单位代码")
    active: bool
    has_password: bool = Field(description="false：还没有用邀请链接设过密码")
    created_at: Moment
    last_login_at: Moment | None

    @computed_field
    def role_name(self) -> str:
        """角色的中文名"""
        return ROLE_NAMES[self.role]


class UserPageOut(_Out):
    """用户的一页，按登录名排列。"""

    lines: list[UserOut]
    next: str | None = Field(description="下一页的翻页标记；空表示没有了")


class InvitationOut(_Out):
    """一次性邀请链接，只显示这一次；请当面或经可信渠道交给本人。"""

    link: str = Field(description="打开后设密码；用一次即失效，重发后旧的也失效")
    expires_at: Moment


class InvitedOut(_Out):
    """新开通的用户和给他的邀请链接。"""

    user: UserOut
    invitation: InvitationOut


class InvitedPersonOut(_Out):
    """邀请链接是给谁的；`first` 为真时要自己填登录名和姓名。"""

    first: bool
    login: str | None
    name: str | None
    expires_at: Moment


class MeOut(_Out):
    """现在是谁在用，能做什么。"""

    who: str = Field(description="登录名；密钥为 key:编号")
    name: str | None
    role: Role | None
    department: str | None = Field(description="责任单位代码")
    actions: list[str] = Field(description="能做的各项，见 docs/roles.md")
    csrf: str | None = Field(description="改动性请求要在 X-CSRF-Token 中带上；密钥没有")
    expires_at: Moment | None = Field(description="最迟到此时须重新登录")

    @computed_field
    def role_name(self) -> str | None:
        """角色的中文名"""
        return None if self.role is None else ROLE_NAMES[self.role]


class KeyIn(_In):
    """要新建的接口密钥。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "住建局业务系统", "scopes": ["work"], "department": "housing"}]
        },
    )

    name: str = Field(max_length=_MOST, description="名称，写明哪个系统在用")
    scopes: list[Scope] = Field(max_length=len(Scope), description="权限，至少一项")
    department: str | None = Field(
        None, max_length=_MOST, description="限于这个责任单位及其下属单位（代码或名称）"
    )


class KeyOut(_Out):
    """一个接口密钥（不含密钥本身）。"""

    id: int
    name: str
    prefix: str
    scopes: list[Scope]
    department: str | None
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """The key, its scopes in order."""
        return cls.model_validate(
            {name: getattr(key, name) for name in cls.model_fields} | {"scopes": sorted(key.scopes)}
        )


BODIES = (SignInIn, PasswordIn, LinkIn, AcceptIn, UserIn, UserChangeIn, KeyIn)


class NewKeyOut(_Out):
    """新建的密钥；`secret` 只显示这一次。"""

    secret: str = Field(description="密钥本身，请立即保存")
    key: KeyOut
