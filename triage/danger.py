"""Danger evidence: which words of a message say that someone is in danger, and how they mean it.

The words live in `data/danger.toml`, a file that a town edits; this module reads them. A message is
read in two passes: one search for the rarest pair of characters of each trigger word finds the
sentences worth a look (most messages have few), then the patterns of the words found are tried
within those sentences only, and each hit is judged by its surroundings: negated, a manner of
speaking, a what-if, a question; now, past or about to happen; who is in danger. Offsets are those
of the text that came in, so callers pass text from `triage.text.clean_text`.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log1p

from triage.cues import Cues
from triage.danger_table import (
    TENSE_NAMES,
    WHO_NAMES,
    DangerRule,
    DangerTable,
    read_danger_table,
    scan,
)
from triage.numbering import find_pairs, mark_pairs
from triage.text import quote_clause

STANCES = ("stated", "hypothetical", "question", "negated", "figurative")
TENSES = (*TENSE_NAMES, "conditional", "unstated")

# Stated evidence at least this strong is worth an urgent call of its level on its own word.
EVIDENT = 0.35

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

# At most 160 characters are read as one sentence: text without stops stays linear.
_SENTENCE = re.compile(r"[^。！？!?；;]{1,160}[？?]?")
# Right behind the words: asked; once, and no more; come to a good end, with nobody left in it.
_ASKED = re.compile(r"[了过的]?(?:[吗么](?!的)|没有?[？?]|[？?])")
_ONCE = re.compile(
    r"[了困伤死]?过(?:一?[次回])?(?![来去后于程分道往年多度几数好很无两二三四五六七八九十])"
)
_OVER = re.compile(
    r"(?:虚惊一场|找到|找回|放出来|救出|救上来|扑灭|脱险|脱困|没事)(?:来|了)*(?=[，。！]|$)"
)
_BY_NOW = re.compile(r"(?:已|后来|总算|终于|现在|都|(?<![派让叫请])人)[^，。没未不]{0,5}$")
_NOT_ALL = re.compile(r"还有|还在|还没|仍|尚未|又")
# A transcript: what the operator asks or repeats is the caller's to confirm.
_SPEAKER = re.compile(
    r"(?:^|[。！？!?；;，\s”」])(?:(话务员|接线员|接警员|受理员|坐席|座席|客服)|[^，。！？!?；;：:\s]{1,6})[：:]"
)
_CALLER = re.compile(r"(?:来电人?|来电者|市民|群众|诉求人|反映人|报警人|对方|当事人)[：:]")
_MOST_OF_A_KIND = 6  # pieces of one kind in one field; more adds nothing but time
_NEAR = 60  # characters on either side in which a time word may stand
_AFTER = 24  # characters behind the words that tell how it ended
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


class DangerLexicon:
    """The words of danger, ready to read messages."""

    def __init__(self, table: DangerTable) -> None:
        self.kinds = tuple(dict.fromkeys(rule.kind for rule in table.rules))
        self.feature_names = _feature_names(self.kinds, tuple(table.cues))
        self._feature_at = {name: place for place, name in enumerate(self.feature_names)}
        at = self._feature_at
        self._weighed = len(at) - 2 * len(table.cues) - 1
        self._sums = [at[f"stance:{stance}"] for stance in STANCES]
        self._sums += at["level1:sum"], at["level2:sum"]
        self._cues = Cues(table.cues.values())
        self._table = table
        self._words_at: dict[str, list[tuple[str, int, frozenset[int]]]] = {}
        for word, numbers in table.triggers.items():
            place = _rarest_pair(word)
            self._words_at.setdefault(word[place : place + 2], []).append((word, place, numbers))
        self._may_hold = mark_pairs(self._words_at)

    def find(self, title: str, content: str) -> tuple[Danger, ...]:
        """All danger evidence in a message, strongest first; both texts already cleaned."""
        return self.find_many([(title, content)])[0]

    def find_many(self, messages: Sequence[tuple[str, str]]) -> list[tuple[Danger, ...]]:
        """`find` for many (title, content)."""
        places = find_pairs([f"{title}\n{content}" for title, content in messages], self._may_hold)
        return [
            self._read(title, content, each)
            for (title, content), each in zip(messages, places, strict=True)
        ]

    def _read(self, title: str, content: str, places: list[int]) -> tuple[Danger, ...]:
        """The evidence of a message; `places` are those of `find_pairs` in title and content."""
        if not places:
            return ()
        spoken = not title.strip()
        body = bisect_left(places, len(title))
        found: list[Danger] = []
        if body:
            found.extend(self._find_in("title", title, places[:body], side=1.0, spoken=False))
        aside = not spoken and all(danger.stance != "stated" for danger in found)
        side = _SIDE_REMARK if aside else 1.0
        places = [place - len(title) - 1 for place in places[body:]]
        found += self._find_in("content", content, places, side=side, spoken=spoken)
        found.sort(key=lambda danger: (-danger.strength, danger.field != "title", danger.start))
        return tuple(found)

    def features(
        self, dangers: Sequence[Sequence[Danger]], messages: Sequence[tuple[str, str]]
    ) -> list[list[float]]:
        """The evidence of each (title, content) as numbers for the urgency model, in the order of
        `feature_names`."""
        return [
            [*self._weigh(found), *cues, float(not title.strip())]
            for found, cues, (title, _) in zip(
                dangers, self._cues.count(messages), messages, strict=True
            )
        ]

    def _weigh(self, dangers: Sequence[Danger]) -> list[float]:
        """The evidence itself as numbers: the first of `feature_names`."""
        at = self._feature_at
        values = [0.0] * self._weighed
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
        for place in self._sums:
            values[place] = log1p(values[place])
        return values

    def _find_in(
        self, field: str, text: str, places: list[int], *, side: float, spoken: bool
    ) -> Iterator[Danger]:
        rules = self._table.rules
        counts: dict[str, int] = {}
        for start, end, numbers in self._sentences(text, places):
            taken: list[Danger] = []
            for number in sorted(numbers):
                rule = rules[number]
                if counts and counts.get(rule.kind, 0) >= _MOST_OF_A_KIND:
                    continue
                match = _find_first(rule.patterns, text, start, end)
                if match is None:
                    continue
                if taken and any(
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

    def _sentences(self, text: str, places: list[int]) -> Iterator[tuple[int, int, set[int]]]:
        """(start, end, rules to try) for each sentence that holds a trigger word."""
        words_at = self._words_at
        sentences: Iterator[re.Match[str]] | None = None
        start = end = 0
        numbers: set[int] = set()
        for place in places:
            for word, offset, rules in words_at.get(text[place : place + 2], ()):
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
        rule: DangerRule,
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
            reason=f"“{quote_clause(text, span, within=sentence)}”：{rule.risk}{remark}",
        )

    def _find_stance(
        self, text: str, span: tuple[int, int], sentence: tuple[int, int]
    ) -> tuple[str, float]:
        """How the words are meant, and the weight that leaves them."""
        context = self._table.context
        for match in context["figurative"].finditer(
            text, max(sentence[0], span[0] - 10), min(sentence[1], span[1] + 10)
        ):
            if match.start() < span[1] and span[0] < match.end():
                return "figurative", _STANCE_WEIGHTS["figurative"]
        before = text[max(sentence[0], span[0] - 40) : span[0]]
        after = text[span[1] : min(sentence[1], span[1] + 20)]
        for stance in ("question", "negated", "hypothetical"):
            if context[stance].search(before):
                return stance, _STANCE_WEIGHTS[stance]
        if _ASKED.match(after) or _says_operator(text, span[0]):
            return "question", _STANCE_WEIGHTS["question"]
        if context["hypothetical_after"].search(after) or context["quoted"].search(before):
            return "hypothetical", _STANCE_WEIGHTS["hypothetical"]
        if context["feared"].search(before):
            return "hypothetical", _FEARED
        return "stated", _STANCE_WEIGHTS["stated"]

    def _find_tense(self, text: str, span: tuple[int, int], sentence: tuple[int, int]) -> str:
        """The tense of the nearest time word of the sentence; words before count as nearer."""
        nearest, tense = 200, "unstated"
        near = max(sentence[0], span[0] - _NEAR), min(sentence[1], span[1] + _NEAR)
        for number, match in scan(self._table.tenses, text, *near):
            if match.end() <= span[0]:
                distance = span[0] - match.end()
            else:
                distance = max(0, match.start() - span[1] + 8)
            if distance < nearest:
                nearest, tense = distance, self._table.tense_names[number]
        if tense != "past":
            ending = min(sentence[1], span[1] + _AFTER)
            over = _OVER.search(text, span[1], ending)
            if (
                over
                and (over[0].startswith("虚惊") or _BY_NOW.search(text, span[1], over.start()))
                and not _NOT_ALL.search(text, over.end(), sentence[1])
            ):
                return "past"
            if tense in ("unstated", "lasting") and _ONCE.match(text, span[1], ending):
                return "past"
        return tense

    def _find_who(self, text: str, span: tuple[int, int], sentence: tuple[int, int]) -> str | None:
        """The person named last before the end of the words, else just after them."""
        found = None
        for match in self._table.who.finditer(
            text, max(sentence[0], span[0] - 20), min(sentence[1], span[1] + 8)
        ):
            if found is None or match.start() < span[1]:
                found = match.lastgroup
        return found


def _find_first(
    patterns: Sequence[re.Pattern[str]], text: str, start: int, end: int
) -> re.Match[str] | None:
    """The first match that `scan` would give."""
    first: re.Match[str] | None = None
    for pattern in patterns:
        match = pattern.search(text, start, end)
        if match and (first is None or match.start() < first.start()):
            first = match
    return first


def _says_operator(text: str, place: int) -> bool:
    """Whether the operator of a transcript, the caller named apart, speaks at `place`."""
    speaks = False
    for start, operator in _turns(text):
        if start > place:
            break
        speaks = operator
    return speaks


@lru_cache(maxsize=4)
def _turns(text: str) -> tuple[tuple[int, bool], ...]:
    """(start, whether the operator's) of each turn of a transcript; none for other texts."""
    if "员：" not in text and "席：" not in text and "服：" not in text:
        return ()
    if not _CALLER.search(text):
        return ()
    return tuple((turn.end(), turn[1] is not None) for turn in _SPEAKER.finditer(text))


def _rarest_pair(word: str) -> int:
    """Where the pair of characters of `word` begins that petitions hold least often."""

    def rarity(char: str) -> int:
        place = _COMMON.find(char)
        return len(_COMMON) if place < 0 else place

    return max(range(len(word) - 1), key=lambda i: 2 * rarity(word[i]) + rarity(word[i + 1]))


def _feature_names(kinds: tuple[str, ...], cues: tuple[str, ...]) -> tuple[str, ...]:
    return (
        *(
            f"level{level}:{part}"
            for level in (1, 2)
            for part in ("title", "content", "sum", "unsure")
        ),
        *(f"stance:{stance}" for stance in STANCES),
        *(f"tense:{tense}" for tense in TENSES),
        *(f"who:{who}" for who in (*WHO_NAMES, "unknown")),
        *(f"kind:{kind}" for kind in kinds),
        *(f"cue:{field}:{name}" for name in cues for field in ("title", "content")),
        "no title",
    )


def rank_reasons(dangers: Sequence[Danger], *, most: int = 3) -> tuple[str, ...]:
    """The reasons to show for an urgent call: what is stated first, level 1 first, one a kind.

    Of pieces that share words only the gravest is shown, so that no words are quoted twice.
    """
    ranked = sorted(
        dangers, key=lambda danger: (danger.stance != "stated", danger.level, -danger.strength)
    )
    shown: list[Danger] = []
    for danger in ranked:
        if not any(danger.kind == other.kind or _overlap(danger, other) for other in shown):
            shown.append(danger)
    return tuple(danger.reason for danger in shown[:most])


def _overlap(one: Danger, other: Danger) -> bool:
    return one.field == other.field and one.start < other.end and other.start < one.end


def load_dangers(data: bytes, *, proven: bool = False) -> DangerLexicon:
    """The lexicon from the bytes of a danger.toml.

    `proven` as in `triage.danger_table.read_danger_table`, which says too what InvalidData is
    raised for.
    """
    return DangerLexicon(read_danger_table(data, proven=proven))
