"""Wrong usage: what the parser of the command line complains of in English, told in Chinese."""

import re
from collections.abc import Sequence
from typing import Any

from triage.errors import InvalidInput

# What a complaint looks like, whichever version of the parser it is of → what is said instead.
_SENTENCES = tuple(
    (re.compile(pattern), sentence)
    for pattern, sentence in (
        (r"greater than or equal to (\S+)$", "{at} 不能小于 {0}"),
        (r"less than or equal to (\S+)$", "{at} 不能大于 {0}"),
        (r"not in the range (\S+?)<=x<=(\S+?)\.?$", "{at} 应在 {0} 到 {1} 之间"),
        (r"not in the range x>=(\S+?)\.?$", "{at} 不能小于 {0}"),
        (r"valid integer", "{at} 应是整数"),
        (r"valid (?:number|float)", "{at} 应是数字"),
        (r"valid boolean", "{at} 应是 true 或 false"),
        (r"not one of (.+?)\.?$", "{at} 应为 {0} 之一"),
        (r"does not match the formats?", "{at} 的日期应写成 2025-03-31 这样"),
        (r"No such command '?(.*?)'?\. Did you mean (.*)\?$", "没有命令 {0}，是不是 {1}"),
        (r"No such command '?(.*?)'?\.?$", "没有命令 {0}"),
        (r"unexpected extra arguments?\S* \((.*)\)$", "多出了参数 {0}"),
        (r"[Oo]ption '?(\S+?)'? requires (?:an|\d+) arguments?", "选项 {0} 后面要写上值"),
        (r"[Oo]ption '?(\S+?)'? does not take a value", "选项 {0} 后面不写值"),
    )
)


class WrongUsage(InvalidInput):
    """An option is spelt as no option may be; not a fault of what it names."""


def explain_usage(error: Exception) -> str | None:
    """What is wrong with the command line, where `error` is a complaint of its parser; else None.

    An empty text where the parser has shown the help instead. Told by the names of its classes:
    they are the same wherever the parser comes from, which changes between versions.
    """
    if not hasattr(error, "format_message"):
        return None
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "NoArgsIsHelpError" in kinds:
        return ""
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", None) or "triage"
    return f"用法有误：{_complain(error, kinds)}。请看 {command} --help"


def read_columns(pairs: Sequence[str] | None, *, example: str) -> dict[str, str]:
    """Field → column, as `--column` names them. Raises WrongUsage, with an example."""
    columns = {}
    for pair in pairs or ():
        field, equals, name = pair.partition("=")
        if not equals or not field.strip():
            raise WrongUsage(f"用法有误：--column 应写成 字段=列名，如 {example}，而不是“{pair}”")
        columns[field.strip()] = name.strip()
    return columns


def _complain(error: Any, kinds: set[str]) -> str:
    message = str(error.message or "")
    where = _name_parameter(error)
    if "MissingParameter" in kinds:
        return f"缺少 {where}"
    if "NoSuchOption" in kinds:
        alike = "、".join(sorted(error.possibilities or ()))
        return f"没有选项 {error.option_name}" + (f"，是不是 {alike}" if alike else "")
    for pattern, sentence in _SENTENCES:
        if found := pattern.search(message):
            told = [part.replace("'", "").replace(", ", "、") for part in found.groups()]
            return sentence.format(*told, at=where)
    return f"{where} 的值不合要求"


def _name_parameter(error: Any) -> str:
    parameter = getattr(error, "param", None)
    hint = getattr(error, "param_hint", None)
    if hint is None and parameter is not None:
        options = [name for name in parameter.opts if name.startswith("-")]
        hint = options or getattr(parameter, "metavar", None) or parameter.name
    if hint is None:
        return "参数"
    return (hint if isinstance(hint, str) else "、".join(hint)).replace("'", "")
