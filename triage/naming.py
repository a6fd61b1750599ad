"""What a common problem is called: what and where, in the members' own words, short enough to list.

The name is the title, or where titles say little the clause of a content, that holds most of what
the members share, without the courtesies around it (关于…的问题, 恳请领导…), and with the place in
front where it does not name it. Nothing is invented: all but the place in front stands in one
member as it is written here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from triage.places import find_places
from triage.privacy import mask
from triage.text import clean_text
from triage.traces import Told
from triage.words import cut_words

MAX_NAME = 30
_READ = 60  # members that are read; a problem of thousands is called what these say
_HEAD = 300  # characters of a content that are read for what the members share
_CLAUSES = 8  # of a content that may become a name
# Everyday words of messages, which say neither what nor where.
_COMMON_LIST = (
    "我们 你们 他们 自己 大家 领导 政府 部门 相关 有关 相关部门 问题 情况 建议 咨询 反映 投诉 举报 "
    "请问 请求 希望 恳请 要求 解决 处理 尽快 帮忙 帮助 谢谢 感谢 您好 你好 尊敬 书记 市长 县长 "
    "区长 胡书记 西地省 这个 那个 这里 那里 什么 为什么 怎么 怎么办 如何 是否 能否 可以 可否 没有 "
    "不能 一个 一直 已经 现在 目前 今天 昨天 今年 去年 时候 时间 何时 多年 多次 严重 严重影响 影响 "
    "生活 居民 业主 市民 百姓 老百姓 群众 村民 家长 小区 附近 周边 旁边 进行 存在 造成 导致 因为 "
    "由于 所以 但是 而且 以及 还是 就是 关于 对于 非常 十分 经常 长期 每天 开始 到底 究竟 还有 "
    "需要 应该 再次 强烈 呼吁 本人 位于 座落 给予 答复 回复 重视 关注 监管 部分 全体 广大 本来 "
    "作为 先生 女士 同志 朋友 中国 国家 人民 社会 地方 事情 方面 一下 一些 两个 几个 许多 很多 "
    "所有 任何 其他 之后 之前 以来 以后 左右 此致 敬礼 管理 有限公司 公司 "
)
_COMMON = frozenset(_COMMON_LIST.split())
_LEAD = re.compile(
    r"^(?:[\W_]+"
    r"|(?:再次|再|多次|第?[一二三四五六七八九十\d]+[次问]|强烈|实名|联名|紧急|急|继续|依然|关于(?:要求|请求|反映|咨询|建议)?|有关|对于|针对"
    r"|对(?=[^，。]{4,}的(?:建议|质疑|疑问|投诉|意见|咨询|看法|反馈))|就(?=[^，。]{4,}(?:问题|事宜|进行))|跪求|急求"
    r"|请求|恳请|恳求|请(?!假|示|客|来|人|帖|愿)|敬请|要求|希望|盼望|期盼|建议|呼吁|咨询|请教|请问|询问|想问|问|求助|求(?!职|学|医)|举报|投诉|检举|质疑"
    r"|反映|反应|反馈|控诉|诉|曝光|揭露|一?下"
    r"|(?:各位)?(?:尊敬的)?(?:市|省|区|县)?(?:领导|政府|书记|市长|县长|区长|有关部门|相关部门|有关单位|相关单位|贵局)(?:们)?(?:你好|您好|好)?"
    r"|帮助|帮忙|帮(?!扶)|严查|彻查|查处|重视|关注|关心|协调|督促|尽快|尽早|早日|(?:予以|给予)?解决|处理|管管|管一管))+"
)
_TAIL = re.compile(
    r"(?:[\W_]+|(?:的|之|等)?(?:相关|有关|一些|几点|若干|具体)*(?:问题|情况|事宜|建议|意见|投诉|举报|咨询|请求|诉求|疑问|质疑|反馈|求助|反映|申诉|请示"
    r"|报告|看法|一事|之事|事件)|(?:请|望|盼|恳请|希望|敬请|求)[^，。]{0,12}(?:解决|处理|重视|关注|回复|答复|管管|监管|查处|严查|帮助|介入|支持"
    r"|落实|过问)|谁来?管|无人管理?|怎么办|谢谢|了吗|了呢|好吗|吗|呢|啊|吧|了)+$"
)
_STOP = re.compile(r"[。！？!?；;，,：:、\s…—~～]+")
_SELF = re.compile(
    r"^(?:我们?|本人|咱们)(?:是|系|家住|住在?|现住)|^(?:尊敬|敬爱|各位)|您好|你好|^(?:谢谢|感谢|此致)|领导好"
)
_ADMIN = re.compile(
    r"(?:西地省|[\u4e00-\u9fff]{2,3}省|[\u4e00-\u9fffA-Z]{1,3}市(?![场政民委井内区])"
    r"|[A-Z]\d{1,2}[区县市]+|[\u4e00-\u9fff]{1,3}[区县](?![域间内长]))"
)
_VAGUE = re.compile(
    r"太差|太黑|黑心|无良|何时了|谁之过|天理|良心|可怜|救救|心寒|令人|天怒|怨声|维权|强烈|必须|凭什么|难道|何在|究竟|到底|竟然"
    r"|我们?的?|你们?|您|他们|已解决|感谢"
)
_FILLER = re.compile(
    r"经常性?|长期以来|长期|严重(?=影响|扰)|一直以来|一直|多次|非常|十分|真的|实在|现在|目前|仍然|还是|居然|竟然|大量(?=的)|请问|到底|究竟|为何还?|的居民"
)


@dataclass(frozen=True, slots=True)
class _Clause:
    """A run of words that may become the name; `weight` is what its place in the message gives."""

    text: str
    weight: float


def name_problem(tolds: Sequence[Told], *, domain: str) -> str:
    """The name of a problem with these members, at most `MAX_NAME` characters.

    `domain` is the name of its domain for people; it stands behind the place where the members'
    words give nothing. Personal data is masked.
    """
    read = _sample(tolds)
    shares = _share_words(read)
    place = _choose_place(read)
    clauses = [clause for told in read for clause in _list_clauses(told)]
    best = max(clauses, key=lambda clause: _rate(clause, shares, place), default=None)
    said = best.text if best else ""
    if not said or not _says_what(said, place):
        said = place + domain if place not in said else said + domain
    elif place and not _names(said, place):
        said = place + said
    return _shorten(mask(said), shares)


def find_words(tolds: Sequence[Told], *, count: int = 8) -> tuple[str, ...]:
    """The words that hold the members together: most shared first, at most `count`."""
    shares = _share_words(_sample(tolds))
    ranked = sorted(shares.items(), key=lambda item: (-item[1] * min(len(item[0]), 4), item[0]))
    words: list[str] = []
    for word, _ in ranked:
        if not any(word in other or other in word for other in words) and word == mask(word):
            words.append(word)
        if len(words) == count:
            break
    return tuple(words)


def choose_representatives(tolds: Sequence[Told], *, count: int = 3) -> tuple[str, ...]:
    """The ids of the members to read first: each holds much of what all share, and adds to those
    before it."""
    read = _sample(tolds)
    shares = _share_words(read)
    held = {told.id: {word for word in set(_words(told)) if word in shares} for told in read}
    left = {told.id: told for told in read}
    chosen: list[str] = []
    seen: set[str] = set()
    while left and len(chosen) < count:
        best = max(
            left,
            key=lambda one: (
                sum(shares[word] * (0.3 if word in seen else 1.0) for word in held[one]),
                one,
            ),
        )
        chosen.append(best)
        seen |= held[best]
        del left[best]
    return tuple(chosen)


def _sample(tolds: Sequence[Told]) -> list[Told]:
    """As many as are read, evenly over all, in a fixed order."""
    ordered = sorted(tolds, key=lambda told: told.id)
    step = max(1, len(ordered) // _READ)
    return ordered[::step][:_READ]


def _words(told: Told) -> list[str]:
    text = f"{clean_text(told.title)}。{clean_text(told.content[:_HEAD])}"
    return [
        word for word in cut_words(text) if len(word) > 1 and word not in _COMMON and word.isalnum()
    ]


def _share_words(tolds: Sequence[Told]) -> dict[str, float]:
    """The share of members that hold each word that at least two hold (of one member, all)."""
    held = Counter(word for told in tolds for word in set(_words(told)))
    least = min(2, len(tolds))
    return {word: number / len(tolds) for word, number in held.items() if number >= least}


def _choose_place(tolds: Sequence[Told]) -> str:
    """The place that most members name, its long form, "" where none does."""
    given = [(clean_text(told.title), clean_text(told.content), told.place) for told in tolds]
    phrases = [phrase.text for phrase in find_places(given) if phrase]
    cores = [(_core(phrase), phrase) for phrase in phrases]
    votes: Counter[str] = Counter()
    for core, phrase in cores:
        if core:
            votes[phrase] += sum(core in other for _, other in cores)
    if not votes:
        return ""
    most = max(votes.values())
    return min(
        (phrase for phrase in votes if votes[phrase] == most), key=lambda one: (len(one), one)
    )


def _core(phrase: str) -> str:
    """A place without the towns and districts that it lies in."""
    return _ADMIN.sub("", phrase)


def _names(text: str, place: str) -> bool:
    """Whether a text names this place: most of its name without towns and districts."""
    core = _core(place)
    if not core:
        return place in text
    half = max(2, (len(core) + 1) // 2)
    return any(core[at : at + half] in text for at in range(len(core) - half + 1))


def _list_clauses(told: Told) -> Iterable[_Clause]:
    title = _tidy(clean_text(told.title))
    if title:
        yield _Clause(title, 1.0)
        for part in _STOP.split(title):
            if part != title and len(part) >= 6:
                yield _Clause(_tidy(part), 0.9)
    parts = [part for part in _STOP.split(clean_text(told.content[:_HEAD])) if part]
    for part in parts[:_CLAUSES]:
        tidy = _tidy(part)
        if len(tidy) >= 6 and not _SELF.search(part):
            yield _Clause(tidy, 0.5)


def _tidy(text: str) -> str:
    """A clause without the courtesies around it."""
    text = _LEAD.sub("", text.strip())
    return _TAIL.sub("", text).strip()


def _says_what(text: str, place: str) -> bool:
    rest = _ADMIN.sub("", text.replace(place, "")) if place else text
    return len(rest) >= 2


def _rate(clause: _Clause, shares: dict[str, float], place: str) -> float:
    """How well a clause would do as the name."""
    words = {word for word in cut_words(clause.text) if word in shares}
    score = sum(shares[word] * min(len(word), 4) for word in words)
    if place and _names(clause.text, place):
        score += 3
    score -= 1.5 * len(_VAGUE.findall(clause.text))
    score -= 0.15 * max(0, len(clause.text) - 22)
    return clause.weight * score


def _shorten(text: str, shares: dict[str, float]) -> str:
    """The text in at most `MAX_NAME` characters, by dropping what says least first."""
    if len(text) > MAX_NAME:
        text = _FILLER.sub("", text)
    while len(text) > MAX_NAME and (admin := _ADMIN.match(text)) and admin.end() < len(text):
        text = text[admin.end() :]
    if len(text) <= MAX_NAME:
        return text
    words = cut_words(text)
    while len(words) > 1 and len("".join(words)) > MAX_NAME:
        rest = [word for word in words[1:-1] if word not in shares]
        words.remove(rest[-1] if rest else words[-1])
    return "".join(words)[:MAX_NAME]
