"""The API described: OpenAPI for programs, one plain page for people that needs no network.

Bodies are read by hand (see `bodies`), so a route names the model of its body in `x-body`, and the
description is completed here.
"""

import json
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic.json_schema import models_json_schema

from api.routes import open311
from api.routes.accusations import HoldIn
from api.routes.citizen import RatingIn, TrackingIn
from api.routes.dispatching import DispatchIn
from api.routes.replies import ReplyIn
from api.routes.savedviews import ViewIn
from api.routes.scans import ScanIn
from api.schemas import deadlines as deadline_schemas
from api.schemas import findings as finding_schemas
from api.schemas import imports as import_schemas
from api.schemas import people as people_schemas
from api.schemas import problems as problem_schemas
from api.schemas import repeats as repeat_schemas
from api.schemas import reports as report_schemas
from api.schemas import tasks as task_schemas
from api.schemas import town as town_schemas
from api.schemas import words as word_schemas
from api.schemas import work as work_schemas
from api.schemas.entries import CommandIn, DecisionIn
from api.schemas.lists import ListImportIn
from api.schemas.open311 import FilingIn
from api.schemas.submissions import AlarmIn, BatchIn, ErrorOut, ReasonIn, SubmissionIn, TextIn
from api.schemas.webhooks import WebhookChangeIn, WebhookIn

_REF = "#/components/schemas/{model}"
_BODIES = (
    SubmissionIn,
    TextIn,
    BatchIn,
    CommandIn,
    DecisionIn,
    WebhookIn,
    WebhookChangeIn,
    FilingIn,
    ReasonIn,
    HoldIn,
    AlarmIn,
    TrackingIn,
    RatingIn,
    DispatchIn,
    *deadline_schemas.BODIES,
    *finding_schemas.BODIES,
    *import_schemas.BODIES,
    *people_schemas.BODIES,
    *problem_schemas.BODIES,
    *repeat_schemas.BODIES,
    *report_schemas.BODIES,
    *task_schemas.BODIES,
    *town_schemas.BODIES,
    *word_schemas.BODIES,
    *work_schemas.BODIES,
    ListImportIn,
    ReplyIn,
    ViewIn,
    ScanIn,
)
_BODY_KINDS = {"x-body": "application/json", "x-form": "application/x-www-form-urlencoded"}
_TYPES = {
    "string": "文字",
    "integer": "整数",
    "number": "小数",
    "boolean": "真假",
    "null": "空",
    "object": "对象",
}
_ERRORS = {
    "400": "请求体不是 UTF-8，或不是有效的 JSON",
    "401": "缺少密钥，或密钥无效",
    "403": "密钥没有这项权限",
    "404": "没有，或不许此密钥知道",
    "409": "编号或幂等键已用于其他内容，或已被他人改过、现在的状态不能这样办",
    "413": "请求体过大",
    "415": "请求体不是 JSON",
    "422": "字段不合要求",
    "503": "数据库暂不可用，稍后重试",
}


def add_reference(app: FastAPI) -> None:
    """Serve `/openapi.json` and `/docs`."""

    @app.get("/openapi.json", include_in_schema=False)
    def get_description() -> JSONResponse:
        return JSONResponse(describe_api(app))

    @app.get("/docs", include_in_schema=False)
    def get_page() -> HTMLResponse:
        return HTMLResponse(_render(describe_api(app)))


def describe_api(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI description, with request bodies and error answers in place."""
    if app.openapi_schema:
        return app.openapi_schema
    description = get_openapi(
        title=app.title, version=app.version, summary=app.summary, routes=app.routes
    )
    schemas = description["components"]["schemas"]
    _, bodies = models_json_schema(
        [(model, "validation") for model in (*_BODIES, ErrorOut)], ref_template=_REF
    )
    schemas |= bodies["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in description["paths"].items():
        for operation in operations.values():
            for kind, media_type in _BODY_KINDS.items():
                model = operation.pop(kind, None)
                if model is not None:
                    operation["requestBody"] = {
                        "required": True,
                        "content": {media_type: {"schema": _ref(model)}},
                    }
            operation["responses"].pop("422", None)
            for answer in operation["responses"].values():
                if answer["description"] == "Successful Response":
                    answer["description"] = "成功"
            if path.startswith(open311.router.prefix):
                continue  # its errors are the specification's
            for status in _error_statuses(path, operation):
                operation["responses"][status] = {
                    "description": _ERRORS[status],
                    "content": {"application/json": {"schema": _ref("ErrorOut")}},
                }
    app.openapi_schema = description
    return description


def _error_statuses(path: str, operation: dict[str, Any]) -> list[str]:
    statuses = ["503"]
    if "security" in operation:
        statuses += ["401", "403"]
    if "{" in path or any(
        parameter["name"] == "department" for parameter in operation.get("parameters", ())
    ):
        statuses.append("404")
    if "requestBody" in operation:
        conflicts = "submissions" in path or "{" in path
        statuses += ["400", "413", "415"]
        if conflicts:
            statuses.append("409")
    if "requestBody" in operation or "parameters" in operation:
        statuses.append("422")
    return sorted(statuses)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": _REF.format(model=name)}


def _render(description: dict[str, Any]) -> str:
    schemas = description["components"]["schemas"]
    routes = "".join(
        _render_operation(path, method, operation, schemas)
        for path, operations in description["paths"].items()
        for method, operation in operations.items()
    )
    models = "".join(_render_model(name, schema) for name, schema in sorted(schemas.items()))
    title = f"{description['info']['title']} · 接口说明"
    return (
        "<!doctype html><html lang=zh-CN><head><meta charset=utf-8>"
        "<meta name=viewport content='width=device-width, initial-scale=1'>"
        f"<title>{title}</title><link rel=icon href=/static/icon.svg>"
        "<link rel=stylesheet href=/static/style.css></head><body class=reference>"
        f"<header><h1>{title}</h1><p>版本 {escape(description['info']['version'])} · "
        "<a href=/openapi.json>OpenAPI 描述</a> · <a href=/>工作台</a></p></header><main>"
        "<p>除“运行”两项外，都要在请求头里带密钥：<code>Authorization: Bearer 密钥</code>。"
        "出错时的答复见 <a href=#ErrorOut>ErrorOut</a>。</p>"
        f"{routes}<h2>数据结构</h2>{models}</main></body></html>"
    )


def _render_operation(
    path: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]
) -> str:
    rows = [
        (item["name"], _type_of(item["schema"]), item.get("description", ""), item["required"])
        for item in operation.get("parameters", ())
    ]
    body = operation.get("requestBody")
    example = ""
    if body is not None:
        ((media_type, content),) = body["content"].items()
        model = content["schema"]["$ref"].rpartition("/")[2]
        rows.append(("请求体", f"<a href=#{model}>{model}</a>", "", True))
        example = _render_example(method, path, schemas, model, media_type)
    answers = "".join(
        f"<li><b>{status}</b> {escape(answer['description'])} {_answer_type(answer)}</li>"
        for status, answer in sorted(operation["responses"].items())
    )
    return (
        f"<section><h2><code>{method.upper()} {escape(path)}</code></h2>"
        f"<p>{escape(operation.get('description', ''))}</p>{_render_table(rows)}{example}"
        f"<ul class=answers>{answers}</ul></section>"
    )


def _render_example(
    method: str, path: str, schemas: dict[str, Any], model: str, media_type: str
) -> str:
    """A call with the first example of its body's model."""
    told = schemas[model]
    first = told["examples"][0]
    sent = {name: first[name] for name in told["properties"] if name in first}
    if media_type == _BODY_KINDS["x-form"]:
        body = " \\\n".join(f"  --data-urlencode '{key}={value}'" for key, value in sent.items())
    else:
        spelt = json.dumps(sent, ensure_ascii=False, indent=2)
        body = f"  -H 'Content-Type: {media_type}' \\\n  -d '{spelt}'"
    command = (
        f"curl -X {method.upper()} http://127.0.0.1:8000{path} \\\n"
        f"  -H 'Authorization: Bearer 密钥' \\\n{body}"
    )
    return f"<pre>{escape(command)}</pre>"


def _render_model(name: str, schema: dict[str, Any]) -> str:
    required = schema.get("required", ())
    rows = [
        (field, _type_of(value), value.get("description", ""), field in required)
        for field, value in schema.get("properties", {}).items()
    ]
    values = "、".join(map(str, schema.get("enum", ())))
    about = escape(schema.get("description", "").partition("\n")[0])
    return (
        f"<section id={name}><h3>{name}</h3><p>{about} {values}</p>{_render_table(rows)}</section>"
    )


def _render_table(rows: list[tuple[str, str, str, bool]]) -> str:
    if not rows:
        return ""
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{kind}</td>"
        f"<td>{'必填' if required else ''}</td><td>{escape(about)}</td></tr>"
        for name, kind, about, required in rows
    )
    return f"<table><tr><th>名称<th>类型<th><th>说明</tr>{lines}</table>"


def _type_of(schema: dict[str, Any]) -> str:
    """The type as a short phrase of HTML; a model is a link."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"<a href=#{name}>{name}</a>"
    if "anyOf" in schema:
        return " 或 ".join(_type_of(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"{_type_of(schema.get('items', {}))} 的列表"
    return _TYPES.get(schema.get("type", ""), "任意")


def _answer_type(answer: dict[str, Any]) -> str:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return _type_of(schema) if schema else ""
