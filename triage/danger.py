"""Danger evidence: which words of a message say that someone is in danger, and how they mean it.

The words live in `data/danger.toml`, a file that a town edits; this module reads them. A message is
read in two passes: one search for the rarest pair of characters of each trigger word finds the
sentences worth a look (most messages have few), then the patterns of the words found are tried
within those sentences only, and each hit is judged by its surroundings (`triage.stances`). Offsets
are those of the text that came in, so callers pass text from `triage.text.clean_text`.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from math import log1p

from triage.cues import Cues
from triage.danger_table import WHO_NAMES, DangerRule, DangerTable, read_danger_table
from triage.numbering import find_pairs, mark_pairs
from triage.stances import STANCES, TENSES, Surroundings
from triage.text import quote_clause

# Stated evidence at least this strong is worth an urgent call of its level on its own word.
EVIDENT = 0.35

_TENSE_WEIGHTS = dict(zip(TENSES, (1.0, 0.95, 0.95, 0.45, 1.0, 0.9), strict=True))
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
# Behind the words, in a call: it has been so for long.
_FOR_YEARS = re.compile(r"[了着过]?(?:都|已经?|快|有|好|整整)*[几多好两三四五六七八九十\d]+多?年")
_MOST_OF_A_KIND = 6  # pieces of one kind in one field; more adds nothing but time
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

    def __init__(self, table: DangerTable, *, shipped: DangerTable | None = None) -> None:
        """`shipped`: the table that comes with the product, where `table` is a town's own. Its
        kinds and cues, in its order, are the numbers that the models were fitted with; a kind
        beyond them is found and quoted like the others, and calls urgent by its own word."""
        shipped = shipped or table
        kinds = tuple(dict.fromkeys(rule.kind for rule in shipped.rules))
        cues = {name: table.cues.get(name, own) for name, own in shipped.cues.items()}
        self.feature_names = _feature_names(kinds, tuple(cues))
        self._feature_at = {name: place for place, name in enumerate(self.feature_names)}
        at = self._feature_at
        self._weighed = len(at) - 2 * len(cues) - 1
        self._sums = [at[f"stance:{stance}"] for stance in STANCES]
        self._sums += at["level1:sum"], at["level2:sum"]
        self._cues = Cues(cues.values())
        self._table = table
        self._around = Surroundings(table)
        self._words_at: dict[str, list[tuple[str, int, frozenset[int]]]] = {}
        for word, numbers in table.triggers.items():
            place = _rarest_pair(word)
            self._words_at.setdefault(word[place : place + 2], []).append((word, place, numbers))
        self._misheard = table.misheard
        self._misheard_at = {
            next(word[i : i + 2] for i in range(len(word)) if word[i : i + 2] != meant[i : i + 2])
            for word, meant in table.misheard.items()
        }
        self._may_hold = mark_pairs([*self._words_at, *self._misheard_at])

    def find(self, title: str, content: str) -> tuple[Danger, ...]:
        """All danger evidence in a message, strongest first; both texts already cleaned."""
        return self.find_many([(title, content)])[0]

    def find_many(self, messages: Sequence[tuple[str, str]]) -> list[tuple[Danger, ...]]:
        """`find` for many (title, content)."""
        texts = [f"{title}\n{content}" for title, content in messages]
        return [
            self._read(*message, text, places)
            for message, text, places in zip(
                messages, texts, find_pairs(texts, self._may_hold), strict=True
            )
        ]

    def _read(self, title: str, content: str, text: str, places: list[int]) -> tuple[Danger, ...]:
        """The evidence of a message; `places` are those of `find_pairs` in `text`, all of it."""
        if not places:
            return ()
        sent = title, content
        if not self._misheard_at.isdisjoint([text[place : place + 2] for place in places]):
            for word, meant in self._misheard.items():  # of one length: every offset stays
                text = text.replace(word, meant)
            title, content = text[: len(title)], text[len(title) + 1 :]
            places = find_pairs([text], self._may_hold)[0]
        spoken = not title.strip()
        body = bisect_left(places, len(title))
        found: list[Danger] = []
        if body:
            found.extend(
                self._find_in("title", title, places[:body], sent=sent[0], side=1.0, spoken=False)
            )
        aside = not spoken and all(danger.stance != "stated" for danger in found)
        side = _SIDE_REMARK if aside else 1.0
        places = [place - len(title) - 1 for place in places[body:]]
        found += self._find_in("content", content, places, sent=sent[1], side=side, spoken=spoken)
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
                if name in at:
                    values[at[name]] = max(values[at[name]], danger.strength)
            values[at[f"level{danger.level}:sum"]] += danger.strength
        for place in self._sums:
            values[place] = log1p(values[place])
        return values

    def _find_in(
        self,
        field: str,
        text: str,
        places: list[int],
        *,
        sent: str,
        side: float,
        spoken: bool,
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
                    rule,
                    field,
                    text,
                    match.span(),
                    (start, end),
                    sent=sent,
                    side=side,
                    spoken=spoken,
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
        sent: str,
        side: float,
        spoken: bool,
    ) -> Danger:
        stance, weight = self._around.find_stance(text, span, sentence)
        tense = (
            "conditional"
            if stance == "hypothetical"
            else self._around.find_tense(text, span, sentence)
        )
        level = rule.level
        # A call or a field note (no title) tells of the moment unless it says otherwise.
        present = tense in ("now", "soon") or (
            spoken and tense == "unstated" and not _FOR_YEARS.match(text, span[1], sentence[1])
        )
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
            text=sent[span[0] : span[1]],
            who=rule.who or self._around.find_who(text, span, sentence),
            tense=tense,
            stance=stance,
            strength=round(strength, 3),
            reason=f"“{quote_clause(sent, span, within=sentence)}”：{rule.risk}{remark}",
        )


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
    table = read_danger_table(data, proven=proven)
    if proven:
        return DangerLexicon(table)
    shipped = (files("triage") / "data" / "danger.toml").read_bytes()
    return DangerLexicon(table, shipped=read_danger_table(shipped, proven=True))
