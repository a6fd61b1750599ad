"""Every setting of the service, in one place; each is a `TRIAGE_…` environment variable."""

from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def _released_model() -> Path:
    return Path(str(files("models"))) / "default"


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
    data_dir: Path | None = Field(
        None, description="本地数据目录：其中的责任单位、派单目录等文件替换自带的同名文件"
    )
    host: str = Field("127.0.0.1", description="监听地址；对外服务时放在反向代理之后")
    port: int = Field(8000, ge=0, le=65535, description="监听端口；0 表示任选一个空闲端口")
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
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="日志级别；日志不含来件文字和个人信息"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="日志格式：text 供人阅读，json 供日志系统收集"
    )

    def make_database_folder(self) -> None:
        """SQLite makes its file, but not the folder that the address names."""
        if self.database_url.startswith("sqlite:///") and self.database_url != "sqlite:///":
            path = self.database_url.removeprefix("sqlite:///").partition("?")[0]
            Path(path).parent.mkdir(parents=True, exist_ok=True)
