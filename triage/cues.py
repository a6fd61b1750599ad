"""How a message is put: the words that ask, wish, complain, thank or accuse, and where they stand.

The nature of a request (诉求性质) lies less in its matter than in its wording: 咨询… as a title, a
closing question, an office named beside 贪污. These counts stand beside the scores of the terms.
"""

from collections.abc import Iterator, Sequence
from math import log1p

import numpy as np

from triage.features import Array, Reading
from triage.numbering import PAIRS, number_pairs

# A line a group: asks; wishes; complains and reports; asks for help; thanks; accuses.
_TABLE = """
咨询 请问 是否 如何 怎么 什么时候 何时 为什么 为何 能否 可否 吗 多久 哪里 能不能 可不可以
政策 怎样 几时 有没有
建议 希望 呼吁 恳请 请求 期待 盼 增设 增加 加快 尽快 开通 修建 改善 优化 应该 建成 规划
完善 加强 能够
投诉 反映 举报 查处 严查 维权 不合理 乱收费 扰民 违法 违规 非法 黑心 欺骗 诈骗 虚假 拖欠
霸王 强制 强行 不作为 推诿 太差 态度 严重影响 私自 偷 无证 取缔 制止 整治
求助 帮助 救救 困难 无力 解决 怎么办 帮帮 补助 救助 病 残疾 低保 感谢 表扬 点赞 谢谢 致谢
感恩 锦旗
书记 村支书 支书 村主任 村长 组长 局长 科长 所长 镇长 乡长 主任 队长 站长 校长 民警 干部
公务员 领导 工作人员 村委 村干部 贪污 受贿 行贿 以权谋私 公款 滥用职权 勾结 保护伞 腐败
挪用 克扣 侵占 截留 私分 冒领 徇私 包庇 渎职 失职 纪委 监委 官商 黑恶 索要 吃拿卡要
优亲厚友 作风 暗箱 套取 虚报 贪官 违纪
"""
_WORDS = tuple(_TABLE.split())
_CHARACTERS = tuple((number, word) for number, word in enumerate(_WORDS) if len(word) == 1)
_WORDS_AT: dict[int, list[tuple[int, str]]] = {}  # by the pair they begin with: a text holds few
for _number, _word in enumerate(_WORDS):
    if len(_word) > 1:
        _WORDS_AT.setdefault(number_pairs(_word[:2]).item(), []).append((_number, _word))
_MAY_BEGIN = np.zeros(PAIRS, bool)
_MAY_BEGIN[list(_WORDS_AT)] = True
_TITLES = "咨询 建议 投诉 举报 反映 请求 求助 感谢 希望 请问 关于 质疑 再次 要求 强烈 呼吁 请 对"
_OPENINGS = tuple(_TITLES.split())
_ENDINGS = (("?", "？"), ("吗", "呢", "么"), ("建议", "意见"), ("问题",))
_TAIL = 40  # characters at the end of the body in which a question is the request itself

_OPENINGS_AT = 2 * len(_WORDS)
_ENDINGS_AT = _OPENINGS_AT + len(_OPENINGS)
CUES = _ENDINGS_AT + len(_ENDINGS) + 1


def count_cues(readings: Sequence[Reading]) -> Array:
    """(documents, `CUES`) float32: each word in title and body, how the title begins and ends.

    The last one is whether the body ends with a question.
    """
    cues = np.zeros((len(readings), CUES), np.float32)
    titles, bodies = [r.title for r in readings], [r.body for r in readings]
    for text, number, count in _count_words([*titles, *bodies]):
        if text < len(titles):
            cues[text, number] = 1
        else:
            cues[text - len(titles), len(_WORDS) + number] = log1p(count)
    for row, title, body in zip(cues, titles, bodies, strict=True):
        if title.startswith(_OPENINGS):
            for number, word in enumerate(_OPENINGS, _OPENINGS_AT):
                if title.startswith(word):
                    row[number] = 1
        end = title.rstrip(" 。!！")
        for number, ending in enumerate(_ENDINGS, _ENDINGS_AT):
            if end.endswith(ending):
                row[number] = 1
        row[-1] = "?" in body[-_TAIL:] or "？" in body[-_TAIL:]
    return cues


def _count_words(texts: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(text, number, times it stands there) of each of `_WORDS` that does."""
    pairs = number_pairs("\n".join(texts))
    places = _MAY_BEGIN.take(pairs).nonzero()[0]
    ends = np.array([len(text) + 1 for text in texts]).cumsum()
    seen = set(
        zip(ends.searchsorted(places, "right").tolist(), pairs.take(places).tolist(), strict=True)
    )
    words = [(document, word) for document, pair in seen for word in _WORDS_AT[pair]]
    words += [(document, word) for document in range(len(texts)) for word in _CHARACTERS]
    for document, (number, word) in words:
        count = texts[document].count(word)
        if count:
            yield document, number, count
