"""What a common problem is called: what and where, in the members' own words, short enough to list.

The name is the title, or where titles say little the clause of a content, that names the place and
holds most of what the members share, without the courtesies around it (see `triage.headings`).
Where it names no place, the place that most members name stands in front. Nothing is invented.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from triage.headings import (
    asks,
    count_vague,
    cut_admin,
    drop_codes,
    drop_filler,
    find_admin,
    is_admin,
    list_parts,
    list_sentences,
    tidy,
)
from triage.places import HEAD, find_places
from triage.privacy import mask
from triage.rarity import cut_runs, get_rarity
from triage.text import clean_text
from triage.themes import Theme, find_theme, list_terms
from triage.traces import Told
from triage.words import cut_words

MAX_NAME = 30
# Whom or what it concerns, which is not yet what is the matter.
_OBJECT_LIST = "开发商 楼盘 物业 社区 街道 空地 业主 单位 项目 学校 幼儿园 小学 中学 医院 派出所"
_OBJECTS = frozenset(_OBJECT_LIST.split())
_READ = 60  # members that are read; a problem of thousands is called what these say
_HEAD = 300  # characters of a content that are read for what the members share
_SENTENCES = 6  # of a content that may become a name
_SHORT = 22  # characters of a name that is easily taken in
_LEAST = 5  # characters that say something
_OPENING, _LATER = 0.0, 0.4  # worth of the first clause of a content; what each after it loses
# The rarity at which a word says nothing, and all that it can say; that of an unknown run is 1.
_ASKED = 0.8  # what a question is worth less than a statement
_PLAIN, _RARE = 0.215, 0.54
_MOST_RATED = 12  # clauses that are looked through for a place
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
    "以东 以西 以南 以北 所有 任何 其他 之后 之前 以来 以后 左右 此致 敬礼 管理 有限公司 公司 "
)
_COMMON = frozenset(_COMMON_LIST.split())


@dataclass(frozen=True, slots=True)
class _Clause:
    """A run of words that may become the name, and what its place in the message is worth."""

    text: str
    worth: float


@dataclass(frozen=True, slots=True)
class _Sought:
    """What the name should say: the words with the share of members that hold them, the place ("":
    none) and the terms of the theme."""

    shares: Mapping[str, float]
    place: str
    terms: tuple[str, ...]

    def rate(self, clause: _Clause, own: str) -> float:
        """How well a clause would do as the name: it says where, what the members share, and
        nothing else. `own` is the place that it names itself."""
        rest = clause.text.replace(own, "") if own else clause.text
        points = clause.worth + min(self.count(cut_words(rest)), 3.0)
        points += 1.5 * any(term in clause.text for term in self.terms)
        if self.place and _names(clause.text, self.place):
            points += 3.0
        elif own:
            points += 0.7 if is_admin(own) else 1.5
        if not _tells_more(rest):
            points -= 2.0
        points -= 1.2 * count_vague(clause.text)
        points -= _ASKED * asks(clause.text)
        if len(clause.text) > MAX_NAME:
            points -= 1.0
        return points - 0.12 * max(0, len(clause.text) - _SHORT)

    def has_matter(self, said: str, own: str) -> bool:
        """Whether more than places stands in what is said."""
        return _tells_more(said.replace(self.place or "\n", "").replace(own or "\n", ""))

    def count(self, words: Iterable[str]) -> float:
        """How much of what the members share these words hold."""
        return sum(self.shares.get(word, 0.0) for word in set(words))


@dataclass(frozen=True, slots=True)
class Description:
    """What is written of a problem: its name, the words that hold it together, and the ids of the
    members to read first."""

    name: str
    words: tuple[str, ...]
    examples: tuple[str, ...]


def describe_problem(tolds: Sequence[Told], *, domain: str, theme: Theme | None) -> Description:
    """`name_problem`, `find_words` and `choose_representatives` at once, which reads the members
    but once; `theme` is what `find_theme` makes of them."""
    read = _read(tolds)
    return Description(_name(read, domain, theme), _find_words(read, 8), _choose_examples(read, 3))


def name_problem(tolds: Sequence[Told], *, domain: str) -> str:
    """The name of a problem with these members, at most `MAX_NAME` characters.

    `domain` is the name of its domain for people; it stands behind the place where the members'
    words give nothing. Personal data is masked.
    """
    read = _read(tolds)
    return _name(read, domain, find_theme(read.tolds))


def _name(read: "_Read", domain: str, theme: Theme | None) -> str:
    terms = list_terms(theme) if theme else ()
    sought = _Sought(read.shares, _choose_place(read.tolds), terms)
    said, own = _choose_clause([one for told in read.tolds for one in _list_clauses(told)], sought)
    place = sought.place
    if not sought.has_matter(said, own):
        told_there = [one for told in read.tolds for one in _list_contents(told)]
        clause, named = _choose_clause(told_there, sought)
        if sought.has_matter(clause, named):
            said, own = clause, named
        else:
            said = (said or place) + (theme.name if theme else domain)
    if place and not _names(said, place) and is_admin(own):
        said = _put_before(place, said[find_admin(said) :])
    return _shorten(mask(said), sought)


def _put_before(place: str, said: str) -> str:
    """`place` and `said`, which may begin with the end of the place: that stands once."""
    for size in range(min(len(place), len(said)), 1, -1):
        if said.startswith(place[-size:]):
            return place + said[size:]
    return place + said


def find_words(tolds: Sequence[Told], *, count: int = 8) -> tuple[str, ...]:
    """The words that hold the members together: the rare ones that most share, those of titles
    before others; at most `count`."""
    return _find_words(_read(tolds), count)


def _find_words(read: "_Read", count: int) -> tuple[str, ...]:
    titles = " ".join(_plain(told.title) for told in read.tolds)
    points = {word: share * (3 if word in titles else 1) for word, share in read.shares.items()}
    words: list[str] = []
    for word in sorted(points, key=lambda one: (-points[one], one)):
        if not any(word in other or other in word for other in words) and word == mask(word):
            words.append(word)
        if len(words) == count:
            break
    return tuple(words)


def choose_representatives(tolds: Sequence[Told], *, count: int = 3) -> tuple[str, ...]:
    """The ids of the members to read first: each holds much of what all share, and adds to those
    before it."""
    return _choose_examples(_read(tolds), count)


def _choose_examples(read: "_Read", count: int) -> tuple[str, ...]:
    shares = read.shares
    left = {
        told.id: {word for word in words if word in shares}
        for told, words in zip(read.tolds, read.words, strict=True)
    }
    chosen: list[str] = []
    seen: set[str] = set()
    while left and len(chosen) < count:
        best = max(
            left,
            key=lambda one: sum(
                shares[word] * (0.3 if word in seen else 1.0) for word in left[one]
            ),
        )
        chosen.append(best)
        seen |= left.pop(best)
    return tuple(chosen)


def _sample(tolds: Sequence[Told]) -> list[Told]:
    """As many as are read, evenly over all, in the order of their ids."""
    ordered = sorted(tolds, key=lambda told: told.id)
    step = max(1, len(ordered) // _READ)
    return ordered[::step][:_READ]


@dataclass(frozen=True, slots=True)
class _Read:
    """The members that are read, the words of each, and what each word is worth."""

    tolds: list[Told]
    words: list[set[str]]
    shares: dict[str, float]


def _read(tolds: Sequence[Told]) -> _Read:
    sample = _sample(tolds)
    words = [_list_words(told) for told in sample]
    return _Read(sample, words, _share_words(words))


def _plain(text: str) -> str:
    """Clean text without the codes of towns and districts, which would be cut into words."""
    return drop_codes(clean_text(text))


def _list_words(told: Told) -> set[str]:
    text = f"{_plain(told.title)}。{_plain(told.content[:_HEAD])}"
    return {word for word in set(cut_words(text)) if _tells(word)}


def _tells(word: str) -> bool:
    return len(word) > 1 and word not in _COMMON and not word.isascii()


def _tells_more(rest: str) -> bool:
    """Whether what is left of a name without its place says what the matter is."""
    return any(_tells(word) and word not in _OBJECTS for word in cut_words(cut_admin(rest)))


def _share_words(words_of: Sequence[set[str]]) -> dict[str, float]:
    """What each word that at least two members hold (of one member, any) is worth: their share, and
    the more the rarer it is."""
    held = Counter(word for words in words_of for word in words)
    least = min(2, len(words_of))
    words = [word for word, number in held.items() if number >= least]
    runs, owners = cut_runs(words)[:2]
    rare = np.zeros(len(words))
    rarity = get_rarity()
    np.maximum.at(rare, owners, rarity.weigh(runs) / rarity.unknown)
    worth = np.clip(rare - _PLAIN, 0, _RARE - _PLAIN) / (_RARE - _PLAIN)
    return {
        word: held[word] / len(words_of) * float(own)
        for word, own in zip(words, worth, strict=True)
        if own > 0
    }


def _choose_place(tolds: Sequence[Told]) -> str:
    """The place that most members name, in its shortest form; "" where none does."""
    given = [
        (clean_text(told.title), clean_text(told.content[:HEAD]), told.place) for told in tolds
    ]
    phrases = [phrase.text for phrase in find_places(given) if phrase]
    cores = [cut_admin(phrase) for phrase in phrases]
    votes = {
        phrase: sum(core in other for other in cores) + sum(core in told[0] for told in given)
        for phrase, core in zip(phrases, cores, strict=True)
        if len(core) > 1
    }
    return min(votes, key=lambda one: (-votes[one], len(one), one), default="")


def _names(text: str, place: str) -> bool:
    """Whether a text names this place: half of its name without towns and districts."""
    core = cut_admin(place)
    half = max(2, (len(core) + 1) // 2)
    return any(core[at : at + half] in text for at in range(max(1, len(core) - half + 1)))


def _list_clauses(told: Told) -> Iterator[_Clause]:
    """The title and its parts; without a title what the content begins with."""
    title = tidy(clean_text(told.title))
    if len(title) < _LEAST:
        yield from _list_contents(told)
        return
    yield _Clause(title, 2.0)
    for part in list_parts(title):
        if part != title and len(part) >= _LEAST:
            yield _Clause(part, 1.0)


def _list_contents(told: Told) -> Iterator[_Clause]:
    clauses = islice(list_sentences(clean_text(told.content[:_HEAD])), _SENTENCES)
    for number, clause in enumerate(clauses):
        if len(clause) >= _LEAST:
            yield _Clause(clause, _OPENING - _LATER * number)


def _choose_clause(clauses: Sequence[_Clause], sought: _Sought) -> tuple[str, str]:
    """The best of these clauses and the place that it names itself; ("", "") of none."""
    ranked = sorted(set(clauses), key=lambda one: (-sought.rate(one, ""), one.text))[:_MOST_RATED]
    found = find_places([(clause.text, "", None) for clause in ranked])
    owns = [phrase.text if phrase else "" for phrase in found]
    rated = [
        (sought.rate(clause, own), clause.text, own)
        for clause, own in zip(ranked, owns, strict=True)
    ]
    _, said, own = max(rated, default=(0.0, "", ""))
    return said, own


def _shorten(text: str, sought: _Sought) -> str:
    """The text in at most `MAX_NAME` characters: without what only presses, without the district,
    then the run of words that says most."""
    if len(text) > MAX_NAME:
        text = drop_filler(text)
    if len(text) > MAX_NAME:
        text = text[find_admin(text) :] or text
    if len(text) <= MAX_NAME:
        return text
    words = cut_words(text)
    runs = []
    for start in range(len(words)):
        end, size = start, 0
        while end < len(words) and size + len(words[end]) <= MAX_NAME:
            size += len(words[end])
            end += 1
        run = "".join(words[start:end])
        points = sought.count(words[start:end]) + (start == 0) + (end == len(words))
        points += 2 * bool(sought.place and _names(run, sought.place))
        points += any(term in run for term in sought.terms)
        runs.append((points, -start, run))
    best = max(runs)[2] if runs else ""
    return tidy(best) or text[:MAX_NAME]
