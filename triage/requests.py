"""What a submission asks for: its questions, demands and numbered points, each with its place."""

import re
from dataclasses import dataclass

_BREAK = re.compile(
    r"[。！？!?；;]+[”\"』」)）]*| {2,}"
    r"|(?<=[^\d一二三四五六七八九十]) *(?=[一二三四五六七八九十\d]{1,2}[、.．](?!\d))"
)
_POINT = re.compile(
    r"^ *(?:[一二三四五六七八九十]{1,2}[、是]|\d{1,2}[、.．)）](?!\d)|[①-⑩]"
    r"|第[一二三四五六七八九][,，、：:])"
)
_QUESTION = re.compile(
    r"[?？]|请问|想问|问一下|咨询|吗(?![\u4e00-\u9fff])|呢(?![\u4e00-\u9fff])|什么时候|何时|如何|怎么[样办才]?|怎样|为什么"
    r"|为何|能[否不]|是否|可否|可不可以"
    r"|多少|哪[里个些种]|有没有|会不会|该不该|几时"
)
_DEMAND = re.compile(
    r"请求|恳请|恳求|希望|要求|建议|呼吁|盼望|期盼|渴望|诉求|敬请|务必|请(?!假|示|客|来|人|帖)|望(?=[\u4e00-\u9fff]{0,8}(?:给|予|处"
    r"|解|重|关|帮|查|落|能|尽|早|领|政|部|相))"
    r"|求(?:助|解|救|帮)|应该|应当|麻烦|能够|尽快|尽早|早日"
)
_POLITE = re.compile(
    r"^[^，。]{0,10}(?:谢谢|感谢|您好|你好|此致|敬礼)|百忙|望回复|盼回复|请回复|请答复|盼复|望领导(?:重视|关注)$|为[^，。]{0,6}(?:做主|作主)"
)
_LEAST = 5  # characters


@dataclass(frozen=True, slots=True)
class Request:
    """One thing asked for; `field` is "title" or "content", with offsets in it."""

    field: str
    start: int
    end: int
    text: str


def find_requests(title: str, content: str) -> tuple[Request, ...]:
    """What the clean title and content ask for, in order; the title always counts as one.

    Where the content has neither question nor demand, its title alone stands for the matter.
    """
    found = [Request("title", 0, len(title), title)] if title.strip() else []
    start = 0
    for end in (*(match.end() for match in _BREAK.finditer(content)), len(content)):
        piece = content[start:end]
        text = piece.strip()
        if len(text) >= _LEAST and not _POLITE.search(text):
            asks = _QUESTION.search(text) or _DEMAND.search(text) or _POINT.match(piece)
            if asks:
                begin = start + len(piece) - len(piece.lstrip())
                found.append(Request("content", begin, begin + len(text), text))
        start = end
    return tuple(found)
