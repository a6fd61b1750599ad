"""Danger evidence: which words of a message say that someone is in danger, and how they mean it.

The words live in `data/danger.toml`, a file that a town edits; this module reads them. A message is
read in two passes: one search for the rarest character of each trigger word finds the sentences
worth a look (most messages have few), then the patterns of the words found are tried within those
sentences only, and each hit is judged by its surroundings: negated, a manner of speaking, a
what-if, a question; now, past or about to happen; who is in danger. Offsets are those of the text
that came in, so callers pass text from `triage.text.clean_text`.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import log1p
from typing import Any

from triage.errors import InvalidData

STANCES = ("stated", "hypothetical", "question", "negated", "figurative")
TENSES = ("now", "soon", "lasting", "past", "conditional", "unstated")

_STANCE_WEIGHTS = dict(zip(STANCES, (1.0, 0.4, 0.3, 0.1, 0.05), strict=True))
_TENSE_WEIGHTS = dict(zip(TENSES, (1.0, 0.95, 0.95, 0.45, 1.0, 0.9), strict=True))
_FEARED = 0.8  # a hazard that may strike, against one that has
_SIDE_REMARK = 0.7  # level-2 evidence in the body of a message whose title speaks of no danger
_REMARKS = {
    "hypothetical": "（假设或担心）",
    "question": "（询问）",
    "negated": "（文中已否定）",
    "figurative": "（只是口头语）",
    "past": "（过去的事）",
}

# Parts of a pattern in danger.toml: a gap within a clause, and one within a sentence.
_GAPS = {"~": "[^，,。：]{0,8}?", "…": ".{0,24}?"}
_LIST = re.compile(r"\{([a-z_]+)\}")
# At most 160 characters are read as one sentence: text without stops stays linear.
_SENTENCE = re.compile(r"[^。！？!?；;]{1,160}[？?]?")
_CLAUSE_STOP = re.compile(r"[，,。！？!?；;：]")
_MOST_OF_A_KIND = 6  # pieces of one kind in one field; more adds nothing but time
_NEAR = 60  # characters on either side in which a time word may stand
_MOST_CUE_TEXT = 4000  # characters in which cues are counted
_QUOTE = 30  # characters of the message that a reason quotes
# The commonest characters of petitions: poor places to look for a trigger word.
_COMMON = (
    "0123456789"
    "的是不我一有在人了区业市们为公年小地到路个大上这行车民工主房法要开和以道建生时发能多政没中出学理部家下来门就交问月"
    "通关现于都也用经还规请过对商后可作导府管安全无水会本天城重设合方面事司费成定户实办么好住求分相位子进日次村居同所处"
    "题说领收前物县期电老员但已证给解而该自国间高保长此等之如他情其明局得园及资心三场新口严去楼与二体并望西里违知入决因"
    "改只社点校应动产当直未金目线停百条权常回将何加意正元省利几站号至施复很教从划任被务然反平修报什机向提由院信万查近果每"
    "两件内外造投名十活诉样打环况第谢且委原边让希书受买程栋置单想文购医做东接力响组今看标更据取影街者些款案着项考又表强放"
)


@dataclass(frozen=True, slots=True)
class Danger:
    """One piece of danger evidence (险情线索) in `field` ("title" or "content").

    `level` is the urgency that this evidence alone would justify (1 or 2), `start` and `end` are
    offsets into the field, `who` is "self", "other", "public", "child", "elder" or None, `tense`
    one of `TENSES`, `stance` one of `STANCES`, `strength` 0-1, `reason` what a clerk reads.
    """

    kind: str
    level: int
    field: str
    start: int
    end: int
    text: str
    who: str | None
    tense: str
    stance: str
    strength: float
    reason: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """One [[danger]] entry: what to find and what it means.

    `acute` evidence is level 1 only where it is told as happening now or soon, else level 2.
    """

    kind: str
    level: int
    strength: float
    acute: bool
    risk: str
    who: str | None
    pattern: re.Pattern[str]


class DangerLexicon:
    """The words of danger, ready to read messages."""

    def __init__(
        self,
        rules: tuple[_Rule, ...],
        *,
        triggers: dict[str, frozenset[int]],
        context: dict[str, re.Pattern[str]],
        tense: re.Pattern[str],
        who: re.Pattern[str],
        cues: dict[str, re.Pattern[str]],
    ) -> None:
        self.kinds = tuple(dict.fromkeys(rule.kind for rule in rules))
        self.feature_names = _feature_names(self.kinds, tuple(cues))
        self._feature_at = {name: place for place, name in enumerate(self.feature_names)}
        self._rules = rules
        self._context = context
        self._tense = tense
        self._who = who
        self._cues = cues
        self._words_at: dict[str, list[tuple[str, int, frozenset[int]]]] = {}
        for word, numbers in triggers.items():
            rarest = max(range(len(word)), key=lambda place: _rarity(word[place]))
            self._words_at.setdefault(word[rarest], []).append((word, rarest, numbers))
        self._rare = re.compile(f"[{re.escape(''.join(self._words_at))}]")

    def find(self, title: str, content: str) -> tuple[Danger, ...]:
        """All danger evidence in a message, strongest first; both texts already cleaned."""
        spoken = not title.strip()
        found = list(self._find_in("title", title, side=1.0, spoken=False))
        aside = not spoken and all(danger.stance != "stated" for danger in found)
        side = _SIDE_REMARK if aside else 1.0
        found += self._find_in("content", content, side=side, spoken=spoken)
        found.sort(key=lambda danger: (-danger.strength, danger.field != "title", danger.start))
        return tuple(found)

    def features(self, dangers: Sequence[Danger], *, title: str, content: str) -> list[float]:
        """The evidence as numbers for the urgency model, in the order of `feature_names`."""
        at = self._feature_at
        values = [0.0] * len(self.feature_names)
        for danger in dangers:
            values[at[f"stance:{danger.stance}"]] += 1
            if danger.stance != "stated":
                place = at[f"level{danger.level}:unsure"]
                values[place] = max(values[place], danger.strength)
                continue
            for name in (
                f"level{danger.level}:{danger.field}",
                f"kind:{danger.kind}",
                f"tense:{danger.tense}",
                f"who:{danger.who or 'unknown'}",
            ):
                values[at[name]] = max(values[at[name]], danger.strength)
            values[at[f"level{danger.level}:sum"]] += danger.strength
        for name in (*(f"stance:{stance}" for stance in STANCES), "level1:sum", "level2:sum"):
            values[at[name]] = log1p(values[at[name]])
        for name, pattern in self._cues.items():
            values[at[f"cue:title:{name}"]] = float(pattern.search(title) is not None)
            found = pattern.findall(content, 0, _MOST_CUE_TEXT)
            values[at[f"cue:content:{name}"]] = log1p(len(found))
        values[at["no title"]] = float(not title.strip())
        return values

    def _find_in(self, field: str, text: str, *, side: float, spoken: bool) -> Iterator[Danger]:
        counts: dict[str, int] = {}
        for start, end, numbers in self._sentences(text):
            taken: list[Danger] = []
            for number in sorted(numbers):
                rule = self._rules[number]
                if counts.get(rule.kind, 0) >= _MOST_OF_A_KIND:
                    continue
                match = rule.pattern.search(text, start, end)
                if match is None:
                    continue
                if any(
                    other.kind == rule.kind
                    and other.start < match.end()
                    and match.start() < other.end
                    for other in taken
                ):
                    continue
                danger = self._judge(
                    rule, field, text, match.span(), (start, end), side=side, spoken=spoken
                )
                taken.append(danger)
                counts[rule.kind] = counts.get(rule.kind, 0) + 1
                yield danger

    def _sentences(self, text: str) -> Iterator[tuple[int, int, set[int]]]:
        """(start, end, rules to try) for each sentence that holds a trigger word."""
        words_at = self._words_at
        sentences: Iterator[re.Match[str]] | None = None
        start = end = 0
        numbers: set[int] = set()
        for match in self._rare.finditer(text):
            place = match.start()
            for word, offset, rules in words_at[match.group()]:
                if place < offset or not text.startswith(word, place - offset):
                    continue
                if place >= end:
                    if numbers:
                        yield start, end, numbers
                        numbers = set()
                    sentences = sentences or _SENTENCE.finditer(text)
                    for sentence in sentences:
                        start, end = sentence.span()
                        if place < end:
                            break
                numbers |= rules
        if numbers:
            yield start, end, numbers

    def _judge(
        self,
        rule: _Rule,
        field: str,
        text: str,
        span: tuple[int, int],
        sentence: tuple[int, int],
        *,
        side: float,
        spoken: bool,
    ) -> Danger:
        stance, weight = self._find_stance(text, span, sentence)
        tense = (
            "conditional" if stance == "hypothetical" else self._find_tense(text, span, sentence)
        )
        level = rule.level
        # A call or a field note (no title) tells of the moment unless it says otherwise.
        present = tense in ("now", "soon") or (spoken and tense == "unstated")
        if stance != "stated" or tense == "past" or (rule.acute and not present):
            level = 2
        strength = rule.strength * weight * _TENSE_WEIGHTS[tense]
        if level == 2:
            strength *= side
        remark = _REMARKS.get(stance) or _REMARKS.get(tense, "")
        return Danger(
            kind=rule.kind,
            level=level,
            field=field,
            start=span[0],
            end=span[1],
            text=text[span[0] : span[1]],
            who=rule.who or self._find_who(text, span, sentence),
            tense=tense,
            stance=stance,
            strength=round(strength, 3),
            reason=f"“{_quote(text, span, sentence)}”：{rule.risk}{remark}",
        )

    def _find_stance(
        self, text: str, span: tuple[int, int], sentence: tuple[int, int]
    ) -> tuple[str, float]:
        """How the words are meant, and the weight that leaves them."""
        context = self._context
        for match in context["figurative"].finditer(
            text, max(sentence[0], span[0] - 10), min(sentence[1], span[1] + 10)
        ):
            if match.start() < span[1] and span[0] < match.end():
                return "figurative", _STANCE_WEIGHTS["figurative"]
        before = text[max(sentence[0], span[0] - 40) : span[0]]
        after = text[span[1] : min(sentence[1], span[1] + 20)]
        for stance in ("negated", "hypothetical", "question"):
            if context[stance].search(before):
                return stance, _STANCE_WEIGHTS[stance]
        if context["hypothetical_after"].search(after) or context["quoted"].search(before):
            return "hypothetical", _STANCE_WEIGHTS["hypothetical"]
        if context["feared"].search(before):
            return "hypothetical", _FEARED
        return "stated", _STANCE_WEIGHTS["stated"]

    def _find_tense(self, text: str, span: tuple[int, int], sentence: tuple[int, int]) -> str:
        """The tense of the nearest time word of the sentence; words before count as nearer."""
        nearest, tense = 200, "unstated"
        for match in self._tense.finditer(
            text, max(sentence[0], span[0] - _NEAR), min(sentence[1], span[1] + _NEAR)
        ):
            if match.end() <= span[0]:
                distance = span[0] - match.end()
            else:
                distance = max(0, match.start() - span[1] + 8)
            if distance < nearest and match.lastgroup:
                nearest, tense = distance, match.lastgroup
        return tense

    def _find_who(self, text: str, span: tuple[int, int], sentence: tuple[int, int]) -> str | None:
        """The person named last before the end of the words, else just after them."""
        found = None
        for match in self._who.finditer(
            text, max(sentence[0], span[0] - 20), min(sentence[1], span[1] + 8)
        ):
            if found is None or match.start() < span[1]:
                found = match.lastgroup
        return found


def _quote(text: str, span: tuple[int, int], sentence: tuple[int, int]) -> str:
    """The clause around the words, at most `_QUOTE` characters, the words always in it."""
    start, end = span
    room = max(0, _QUOTE - (end - start))
    left, right = max(sentence[0], start - room // 2), min(sentence[1], end + room // 2)
    for stop in _CLAUSE_STOP.finditer(text, left, start):
        left = stop.end()
    stop_after = _CLAUSE_STOP.search(text, end, right)
    return text[left : stop_after.start() if stop_after else right].strip()


def _rarity(char: str) -> int:
    place = _COMMON.find(char)
    return len(_COMMON) if place < 0 else place


def _feature_names(kinds: tuple[str, ...], cues: tuple[str, ...]) -> tuple[str, ...]:
    return (
        *(
            f"level{level}:{part}"
            for level in (1, 2)
            for part in ("title", "content", "sum", "unsure")
        ),
        *(f"stance:{stance}" for stance in STANCES),
        *(f"tense:{tense}" for tense in TENSES),
        *(f"who:{who}" for who in ("self", "other", "public", "child", "elder", "unknown")),
        *(f"kind:{kind}" for kind in kinds),
        *(f"cue:{field}:{name}" for name in cues for field in ("title", "content")),
        "no title",
    )


def load_dangers(data: bytes) -> DangerLexicon:
    """The lexicon from the bytes of a danger.toml (see docs/danger.md for its keys).

    Raises InvalidData, naming the entry, where a table or key is missing or unknown, a level is not
    1 or 2, a strength not above 0 and at most 1, a list is unknown or empty, a trigger word shorter
    than two characters, or a pattern does not compile.
    """
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidData(f"险情词表不是有效的 TOML 文件（{error}），请改正后重试") from error
    for name in ("words", "context", "tense", "who", "cues", "danger"):
        if not table.get(name):
            raise InvalidData(f"险情词表缺少 [{name}] 一节，请按说明补上")
    words: dict[str, list[str]] = table["words"]
    for name, entries in words.items():
        if not entries or not all(isinstance(word, str) and word for word in entries):
            raise InvalidData(f"险情词表中词组 {name} 是空的或含有非文字内容，请补上词语")
    rules = []
    triggers: dict[str, set[int]] = {}
    for number, entry in enumerate(table["danger"]):
        rules.append(_read_rule(entry, number=number + 1, words=words))
        for word in words[entry["on"]]:
            if len(word) < 2:
                raise InvalidData(
                    f"险情词表中词组 {entry['on']} 的“{word}”只有一个字，请写两个字以上"
                )
            triggers.setdefault(word, set()).add(number)
    return DangerLexicon(
        tuple(rules),
        triggers={word: frozenset(numbers) for word, numbers in triggers.items()},
        context={
            name: _compile("|".join(_parts(table["context"], name)), where=f"context.{name}")
            for name in (
                "figurative",
                "negated",
                "hypothetical",
                "hypothetical_after",
                "feared",
                "question",
                "quoted",
            )
        },
        tense=_compile(_named_groups(table["tense"], TENSES), where="tense"),
        who=_compile(
            _named_groups(table["who"], ("self", "other", "public", "child", "elder")), where="who"
        ),
        cues={
            name: _compile("|".join(_parts(table["cues"], name)), where=f"cues.{name}")
            for name in table["cues"]
        },
    )


def _read_rule(entry: dict[str, Any], *, number: int, words: dict[str, list[str]]) -> _Rule:
    where = f"第 {number} 条险情“{entry.get('kind', '')}”"
    needed = {"kind", "level", "strength", "on", "risk", "patterns"}
    if missing := needed - entry.keys():
        raise InvalidData(f"险情词表{where}缺少 {'、'.join(sorted(missing))}，请补上")
    if unknown := entry.keys() - needed - {"who", "acute"}:
        raise InvalidData(f"险情词表{where}有不认识的 {'、'.join(sorted(unknown))}，请删去或改正")
    if entry["level"] not in (1, 2):
        raise InvalidData(f"险情词表{where}的 level 应为 1 或 2")
    if not 0 < entry["strength"] <= 1:
        raise InvalidData(f"险情词表{where}的 strength 应大于 0、不超过 1")

    def expand(match: re.Match[str]) -> str:
        return f"(?:{_alternation(words[match.group(1)])})"

    source = "|".join(f"(?:{pattern})" for pattern in entry["patterns"])
    if unknown_lists := {entry["on"], *_LIST.findall(source)} - words.keys():
        raise InvalidData(
            f"险情词表{where}用到未定义的词组 {'、'.join(sorted(unknown_lists))}，请先定义"
        )
    for mark, gap in _GAPS.items():
        source = source.replace(mark, gap)
    return _Rule(
        kind=entry["kind"],
        level=entry["level"],
        strength=float(entry["strength"]),
        acute=bool(entry.get("acute", False)),
        risk=entry["risk"],
        who=entry.get("who"),
        pattern=_compile(_LIST.sub(expand, source), where=where),
    )


def _parts(table: dict[str, list[str]], name: str) -> list[str]:
    if not table.get(name):
        raise InvalidData(f"险情词表缺少 {name} 一项，请按说明补上")
    return table[name]


def _named_groups(table: dict[str, list[str]], names: Iterable[str]) -> str:
    """One alternation whose group names tell which entry of `table` was met."""
    if unknown := table.keys() - set(names):
        raise InvalidData(f"险情词表有不认识的 {'、'.join(sorted(unknown))}，请删去或改正")
    return "|".join(f"(?P<{name}>{'|'.join(table[name])})" for name in names if name in table)


def _compile(source: str, *, where: str) -> re.Pattern[str]:
    try:
        return re.compile(source)
    except re.error as error:
        raise InvalidData(f"险情词表{where}的写法有误（{error}），请改正") from error


def _alternation(words: Iterable[str]) -> str:
    """A regular expression for the longest of `words` at a place, sharing common beginnings."""
    tree: dict[str, Any] = {}
    for word in words:
        node = tree
        for char in word:
            node = node.setdefault(char, {})
        node[""] = {}
    return _branches(tree)


def _branches(tree: dict[str, Any]) -> str:
    parts = [re.escape(char) + _branches(rest) for char, rest in sorted(tree.items()) if char]
    if not parts:
        return ""
    single = parts[0] if len(parts) == 1 else f"(?:{'|'.join(parts)})"
    return f"(?:{single})?" if "" in tree else single
