"""Every setting of the service, in one place; each is a `TRIAGE_…` environment variable."""

from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _released_model() -> Path:
    return Path(str(files("models"))) / "default"


def _released_reply_model() -> Path:
    return Path(str(files("models"))) / "replies"


class Settings(BaseSettings):
    """What a town may change without touching code; passed to `create_app`, read nowhere else."""

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", env_file=".env", extra="ignore")

    database_url: str = Field(
        "sqlite:///data/triage.db",
        description="数据库地址：sqlite:///文件路径，或 postgresql://用户@主机/库名",
    )
    model_dir: Path = Field(
        default_factory=_released_model, description="模型目录；默认用随程序发布的模型"
    )
    models_dir: Path | None = Field(
        None, description="可供切换的各模型所在的目录；缺省为模型目录的上级目录"
    )
    reply_model_dir: Path = Field(
        default_factory=_released_reply_model,
        description="回告质量模型的目录；默认用随程序发布的模型",
    )
    data_dir: Path | None = Field(
        None, description="本地数据目录：其中的责任单位、派单目录等文件替换自带的同名文件"
    )
    key_file: Path | None = Field(
        None,
        description="密钥文件，加密反映人信息和检举控告用，首次启动时建立；"
        "缺省为 SQLite 库旁边的同名 .key 文件，PostgreSQL 为 data/triage.key",
    )
    host: str = Field("127.0.0.1", description="监听地址；对外服务时放在反向代理之后")
    port: int = Field(8000, ge=0, le=65535, description="监听端口；0 表示任选一个空闲端口")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="几个进程一起答复；多于一个请用 PostgreSQL，每个进程约占 300 MB 内存",
    )
    max_body_bytes: int = Field(
        1_000_000, ge=1_000, description="单件请求体的上限（字节），超过答 413"
    )
    max_batch_bytes: int = Field(
        50_000_000, ge=1_000, description="批量请求体的上限（字节），超过答 413"
    )
    max_batch_rows: int = Field(10_000, ge=1, description="一批最多几件来件")
    batch_chunk: int = Field(
        250, ge=1, le=5_000, description="批量报送时每多少件提交一次；已提交的不会因断线丢失"
    )
    run_worker: bool = Field(
        True,
        description="serve 是否同时推送消息、做定时工作；另起 triage worker 时可设为 false",
    )
    webhook_timeout_s: float = Field(10, gt=0, le=60, description="推送一条消息最多等对方多少秒")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]+(/[^\s]*)?$",
        description="用户访问本服务的网址，如 https://triage.example.gov.cn；用于邀请链接和单点登录",
    )
    session_idle_minutes: int = Field(
        60, ge=5, le=1_440, description="登录后多少分钟没有操作就要重新登录"
    )
    session_hours: int = Field(12, ge=1, le=720, description="一次登录最长多少小时")
    sign_in_failures: int = Field(5, ge=3, le=100, description="密码连续输错几次就暂停该账号登录")
    sign_in_lock_minutes: int = Field(15, ge=1, le=1_440, description="暂停登录多少分钟")
    tracking_failures: int = Field(
        5, ge=3, le=100, description="同一查询码连续几次后四位不符就暂停查询"
    )
    tracking_lock_minutes: int = Field(60, ge=1, le=1_440, description="暂停查询多少分钟")
    oidc_issuer: str | None = Field(
        None,
        pattern=r"^https?://[^\s]+$",
        description="统一身份（OpenID Connect）的签发者网址；不设就没有单点登录",
    )
    oidc_client_id: str = Field("", description="在统一身份登记的客户端编号")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="客户端密钥；公开客户端留空")
    oidc_claim: str = Field(
        "preferred_username", description="身份令牌中哪一项是本系统的登录名；用 email 须已核验"
    )
    max_export_rows: int = Field(
        20_000, ge=1, le=1_000_000, description="一张导出的清单最多多少条，超过答 422"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="日志级别；日志不含来件文字和个人信息"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="日志格式：text 供人阅读，json 供日志系统收集"
    )

    def make_database_folder(self) -> None:
        """SQLite makes its file, but not the folder that the address names."""
        path = self.find_database_file()
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)

    def find_key_file(self) -> Path:
        """Where the key file is, or will be made."""
        if self.key_file is not None:
            return self.key_file
        path = self.find_database_file()
        return path.with_suffix(".key") if path is not None else Path("data/triage.key")

    def find_jobs_file(self) -> Path | None:
        """Where the queue of timed work lies beside an SQLite database; None where it is none."""
        path = self.find_database_file()
        return path.with_suffix(".jobs") if path is not None else None

    def find_database_file(self) -> Path | None:
        """The file of an SQLite database; None for one in memory and for every other kind."""
        if not self.database_url.startswith("sqlite:///"):
            return None
        place = self.database_url.removeprefix("sqlite:///").partition("?")[0]
        return Path(place) if place not in ("", ":memory:") else None
