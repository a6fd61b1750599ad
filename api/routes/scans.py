"""The route by which a scanned or photographed letter is read as text."""

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from api.auth import needs
from api.bodies import read_as, read_body
from api.files.importfiles import decode_file
from api.files.scans import MAX_BYTES, read_scan
from api.schemas.submissions import ErrorOut
from triage.roles import Action, Caller

router = APIRouter(prefix="/v1", tags=["来件"])
Clerk = Annotated[Caller, Depends(needs(Action.SUBMIT))]


async def read_scan_body(request: Request) -> bytes:
    """The body of a picture in base64."""
    return await read_body(request, limit=MAX_BYTES * 4 // 3 + 10_000)


ScanBody = Annotated[bytes, Depends(read_scan_body)]


class ScanIn(BaseModel):
    """一封扫描或拍照的来信。"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"content": "iVBORw0KGgo…", "page": 1}]},
    )

    content: str = Field(description="图片（PNG、JPG、TIFF 等）或 PDF，base64 编码，至多 20 MB")
    page: int = Field(1, ge=1, le=1_000, description="第几页")


class ReadCharacterOut(BaseModel):
    """一个字和它的把握。"""

    model_config = ConfigDict(from_attributes=True)

    text: str
    confidence: float


class ReadLineOut(BaseModel):
    """一行字。"""

    model_config = ConfigDict(from_attributes=True)

    text: str
    confidence: float
    box: list[tuple[float, float]] = Field(description="四角的坐标，从左上顺时针")
    characters: list[ReadCharacterOut] = Field(description="各字的把握；分不开时为空")


class ScanOut(BaseModel):
    """识别出的一页；不入库。"""

    page: int
    pages: int = Field(description="文件共几页")
    width: int = Field(description="坐标所依的图宽")
    height: int
    text: str = Field(description="各行连起来的文字")
    lines: list[ReadLineOut]
    picture: str | None = Field(description="PDF 的这一页，PNG，base64 编码；图片文件为空")


@router.post(
    "/ocr",
    response_model=ScanOut,
    responses={501: {"model": ErrorOut, "description": "没有安装文字识别"}},
    openapi_extra={"x-body": "ScanIn"},
)
def post_ocr(_caller: Clerk, body: ScanBody) -> ScanOut:
    """识别扫描或拍照的来信：一页的各行文字、位置、把握；不入库。"""
    given = read_as(body, ScanIn)
    scan = read_scan(decode_file(given.content), page=given.page)
    return ScanOut(
        page=scan.page,
        pages=scan.pages,
        width=scan.width,
        height=scan.height,
        text=scan.text,
        lines=[ReadLineOut.model_validate(line) for line in scan.lines],
        picture=None if scan.picture is None else base64.b64encode(scan.picture).decode(),
    )
