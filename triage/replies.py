"""How good a reply is, measured against the submission it answers: advice, never a gate.

Six things are looked at: relevance, completeness (each request found in the submission: answered or
not), grounds, action, timeliness, and 敷衍 (perfunctory). A small forest, learnt from replies that
were judged by hand (models/replies), weighs what can be counted; every mark comes with the
sentences that earned it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from triage.features import Array
from triage.replyreading import Phrases, Reading, Reply, find_copies, read_reply
from triage.sentences import Act, Sentence

ASPECTS = ("relevance", "completeness", "grounds", "action")
_ANSWERED = 0.15  # share of a request's words, by weight, that the reply takes up
_SHOWN = 3  # sentences shown for one mark


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a mark is what it is (Chinese), and the sentences of the reply that say so.

    `aspect` is one of ASPECTS, "timeliness" or "perfunctory".
    """

    aspect: str
    says: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is thought of a reply. The four marks run from 0 to 2, `score` is their sum.

    `perfunctory` (敷衍) is advice to look again, never a verdict. `days` lie between receipt and
    reply, None where one is not known. `requests` holds each request and whether it was answered.
    """

    id: str
    relevance: float
    completeness: float
    grounds: float
    action: float
    score: float
    perfunctory: bool
    days: float | None
    requests: tuple[tuple[str, bool], ...]
    reasons: tuple[Reason, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, in the order in which they are told."""
        told = asdict(self)
        told["requests"] = [{"text": text, "answered": done} for text, done in self.requests]
        told["reasons"] = [
            {"aspect": reason.aspect, "says": reason.says, "sentences": list(reason.sentences)}
            for reason in self.reasons
        ]
        return told

    def as_record(self) -> dict[str, Any]:
        """As `as_dict`, to keep beside the reply: without the words of the submission."""
        told = self.as_dict()
        told["requests"] = {
            "found": len(self.requests),
            "answered": sum(answered for _, answered in self.requests),
        }
        for reason in told["reasons"]:
            if reason["aspect"] == "completeness":
                reason["sentences"] = []
        return told


@dataclass(frozen=True, slots=True)
class Forest:
    """Regression trees side by side as plain arrays, so that nothing has to be unpickled.

    Nodes of all trees stand in one row; `roots` says where each tree begins. Of a leaf `feature` is
    -1 and `value` (nodes, outputs) what it answers; else `left` is taken where the feature is at
    most `threshold`.
    """

    roots: Array
    feature: Array
    threshold: Array
    left: Array
    right: Array
    value: Array

    def predict(self, rows: Array) -> Array:
        """(rows, outputs): the mean of all trees."""
        node = np.repeat(self.roots[None, :], len(rows), axis=0)
        row = np.arange(len(rows))[:, None]
        while (inner := self.feature[node] >= 0).any():
            low = rows[row, np.maximum(self.feature[node], 0)] <= self.threshold[node]
            node = np.where(inner, np.where(low, self.left[node], self.right[node]), node)
        answer: Array = self.value[node].mean(axis=1)
        return answer


@dataclass(frozen=True, slots=True)
class ReplyModel:
    """What was learnt from judged replies. `line` is where 敷衍 begins; `id` names the model."""

    id: str
    phrases: Phrases
    forest: Forest
    names: tuple[str, ...]
    line: float

    def assess(self, reply: Reply, *, others: Sequence[str] = ()) -> Assessment:
        """What is thought of `reply`; `others` are replies to other matters that it may copy."""
        return self.assess_all([reply], others=others)[0]

    def assess_all(
        self, replies: Sequence[Reply], *, others: Sequence[str] = ()
    ) -> list[Assessment]:
        """As `assess`, for many; each is also compared with the rest of them."""
        if not replies:
            return []
        readings = [read_reply(reply, self.phrases) for reply in replies]
        rows = np.array([[r.features[name] for name in self.names] for r in readings])
        copied = find_copies([reply.reply for reply in replies], others=others)
        return [
            self._assess(*told)
            for told in zip(replies, readings, self.forest.predict(rows), copied, strict=True)
        ]

    def _assess(self, reply: Reply, reading: Reading, scores: Array, copied: bool) -> Assessment:
        marks = {
            name: round(float(min(2.0, max(0.0, mark))), 2)
            for name, mark in zip(ASPECTS, scores, strict=False)
        }
        thin = float(scores[len(ASPECTS)]) >= self.line and not reading.features["substantial"]
        perfunctory = copied or not reading.said or thin
        days = _count_days(reply)
        reasons = [
            *_judge_relevance(reading),
            *_judge_completeness(reading),
            *_judge_grounds(reading),
            *_judge_action(reading),
            *([] if days is None else [Reason("timeliness", _say_days(days))]),
            *(_judge_perfunctory(reading, copied) if perfunctory else []),
        ]
        return Assessment(
            id=reply.id,
            **marks,
            score=round(sum(marks.values()), 2),
            perfunctory=perfunctory,
            days=days,
            requests=tuple(
                (request.text, cover >= _ANSWERED)
                for request, cover in zip(reading.requests, reading.covers, strict=True)
            ),
            reasons=tuple(reasons),
        )


def _count_days(reply: Reply) -> float | None:
    if reply.received_at is None or reply.replied_at is None:
        return None
    return round((reply.replied_at - reply.received_at).total_seconds() / 86_400, 1)


def _say_days(days: float) -> str:
    return "收件后一天内回告" if days < 1 else f"收件后 {days:g} 天回告"


def _quote(sentences: Sequence[Sentence], *acts: Act) -> tuple[str, ...]:
    return tuple(s.body for s in sentences if s.acts & set(acts))[:_SHOWN]


def _judge_relevance(reading: Reading) -> list[Reason]:
    if not reading.said:
        return [Reason("relevance", "除客套和转办外没有谈到所反映的事")]
    if reading.features["cover_all"] < 0.05:
        return [Reason("relevance", "几乎没有用到来件中的词语，可能答非所问")]
    return []


def _judge_completeness(reading: Reading) -> list[Reason]:
    missing = tuple(
        request.text
        for request, cover in zip(reading.requests, reading.covers, strict=True)
        if cover < _ANSWERED and request.field == "content"
    )
    if not missing:
        return []
    return [Reason("completeness", "来件中的这些诉求似未答复", missing[:_SHOWN])]


def _judge_grounds(reading: Reading) -> list[Reason]:
    reasons = []
    if quoted := _quote(reading.said, Act.FOUND, Act.DENIED):
        reasons.append(Reason("grounds", "写明了调查了解的情况", quoted))
    if quoted := _quote(reading.said, Act.RULE):
        reasons.append(Reason("grounds", "写明了依据的规定", quoted))
    return reasons or [Reason("grounds", "没有写明查明的事实，也没有引用规定")]


def _judge_action(reading: Reading) -> list[Reason]:
    reasons = []
    for says, acts in (
        ("写明了已采取的措施", (Act.DONE,)),
        ("写明了打算和时间", (Act.PLANNED,)),
        ("告诉了怎样办理", (Act.INSTRUCTED,)),
        ("给出了联系方式", (Act.CONTACT,)),
    ):
        if quoted := _quote(reading.said, *acts):
            reasons.append(Reason("action", says, quoted))
    if not reasons and (quoted := _quote(reading.said, Act.PROMISED)):
        return [Reason("action", "只有笼统的表态，没有措施、时间和责任人", quoted)]
    return reasons or [Reason("action", "没有写明做了什么、将做什么或找谁办")]


def _judge_perfunctory(reading: Reading, copied: bool) -> list[Reason]:
    if copied:
        return [Reason("perfunctory", "与另一件的答复几乎逐字相同")]
    reasons = []
    if quoted := _quote(reading.sentences, Act.PASSED_ON):
        reasons.append(Reason("perfunctory", "只是转办，或请群众另找单位", quoted))
    if quoted := _quote(reading.sentences, Act.PUT_OFF):
        reasons.append(Reason("perfunctory", "要求等待、补充材料，或称无法办理", quoted))
    if reading.features["promise_alone"]:
        quoted = _quote(reading.said, Act.PROMISED)
        reasons.append(Reason("perfunctory", "只有表态，没有具体措施", quoted))
    if not reading.said:
        reasons.append(Reason("perfunctory", "除客套外没有内容"))
    return reasons or [Reason("perfunctory", "内容单薄，没有回应具体诉求")]
