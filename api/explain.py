"""What pydantic found wrong, said in Chinese to the person who has to put it right."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from triage.errors import InvalidInput
from triage.submissions import Channel

OWN = "own"  # error type of our own validators, whose message is already a Chinese sentence
_SENTENCES = {
    "missing": "缺少字段 {field}，请补上",
    "extra_forbidden": "不认识的字段 {field}，请核对拼写或删去",
    "string_type": "字段 {field} 应是文字（加引号的字符串），请改正",
    "string_unicode": "字段 {field} 含有残缺的字符，请重新录入后再提交",
    "string_too_long": "字段 {field} 超过上限 {max_length} 字，请缩短",
    "string_too_short": "字段 {field} 不能为空，请填写",
    "string_pattern_mismatch": "字段 {field} 的写法不对，请按接口说明改正",
    "int_type": "字段 {field} 应是整数，请改正",
    "int_parsing": "字段 {field} 应是整数，请改正",
    "int_from_float": "字段 {field} 应是整数，请改正",
    "bool_type": "字段 {field} 应是 true 或 false，请改正",
    "bool_parsing": "字段 {field} 应是 true 或 false，请改正",
    "greater_than_equal": "字段 {field} 不能小于 {ge}，请改正",
    "less_than_equal": "字段 {field} 不能大于 {le}，请改正",
    "list_type": "字段 {field} 应是列表，请改正",
    "too_long": "字段 {field} 有 {actual_length} 项，最多 {max_length} 项，请分批提交",
    "too_short": "字段 {field} 至少要有 {min_length} 项，请补上",
    "enum": "字段 {field} 应为 {allowed} 之一，请改正",
    "literal_error": "字段 {field} 应为 {allowed} 之一，请改正",
    "model_type": '应是 JSON 对象，形如 {{"id": "…", "title": "…", "content": "…"}}，请改正',
}
_ANY_OTHER = "字段 {field} 的值不合要求，请对照接口说明 /docs 改正"
_CHANNEL = f"字段 {{field}} 的值不是六种渠道之一，请改为 {'、'.join(Channel)} 之一"
_WHERE = frozenset(("body", "query", "path", "header", "cookie"))
_Kind = TypeVar("_Kind", bound=InvalidInput)


def explain(problems: Sequence[Mapping[str, Any]], *, kind: type[_Kind]) -> _Kind:
    """The first of pydantic's `errors()` as an error of `kind`, naming its field."""
    problem = problems[0]
    path = [part for part in problem["loc"] if part not in _WHERE]
    field = ".".join(map(str, path)) or None
    known: dict[str, Any] = {"field": field or "请求体"}
    known |= problem.get("ctx") or {}
    if problem["type"] == OWN:
        return kind(problem["msg"], field=field)
    sentence = _SENTENCES.get(problem["type"], _ANY_OTHER)
    if problem["type"] in ("enum", "literal_error"):
        known["allowed"] = (
            known["expected"].replace("'", "").replace(" or ", "、").replace(", ", "、")
        )
        if field == "channel":
            sentence = _CHANNEL
    return kind(sentence.format_map(known), field=field)
