"""Measures `triage.repeats` on edits planted among real messages.

    python -m training repeats --data DIR

A thousand messages come in once more, each edited in one of five ways, and are looked up among all
messages, themselves not among the readings. What is found is right where it is the message that was
edited, or one that was a near copy of it before: the same title and content but for a few words, or
of one group in `problems_dev.jsonl`. A last figure is of letters from one template: a message with
the name of its place exchanged for another is not to be found.
"""

import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from triage.copies import count_said, cut_runs
from triage.errors import InvalidFile
from triage.places import find_places
from triage.repeats import (
    COMPARED,
    KEPT,
    Wording,
    judge_repeat,
    list_fingerprint,
    read_wording,
)
from triage.text import clean_text

PLANTED = 1_000
SHARE_EDITED = 0.1
SHARE_MISREAD = 0.06
_SEED = 20250301
_LONG = 8  # characters of a run that two texts do not share by chance
_COPIED = (
    0.2  # of the long runs of the shorter text: it was a near copy before anything was planted
)
_SHOWN = 20
_GREETINGS = (
    "尊敬的领导：您好！",
    "书记您好，打扰您了。",
    "各位领导：\n",
    "你好，我想反映一个问题：",
)
_CLOSINGS = ("请领导重视，谢谢！", "盼复，谢谢。", "望尽快解决为盼！", "此致\n敬礼")
_MARKS = "，。、！？；：,.!?;: \n"
# Characters that a scanner takes for one another.
_MISREAD = (
    "未末 己已 土士 日曰 人入 干千 大太 天夫 田由 甲申 没设 侍待 坏环 住往 拆折 货贷 今令 鸟乌 "
    "间问 门们 此比 北比 民氏 来采 车东 小少 目自 白百 无元 儿几 处外 找我 旧归 庄压 园圆 区匹 "
    "刀力 市布 工二 号另 楼搂 路跨 水永 电申 业亚 政攻 府俯 村材 镇慎 街衔 开升 活话 晚挽 清请 "
    "情清 关送 法注"
)
_SWAPS = {
    read: other
    for pair in _MISREAD.split()
    for read, other in ((pair[0], pair[1]), (pair[1], pair[0]))
}

# The last name in a phrase, with nothing of those before it: 前营 in 安平县柳河镇前营村3组.
_NAME = re.compile(
    r"(?:^|[省市县区旗镇乡村路街道社\d])([^\W\da-zA-Z省市县区旗镇乡村路街道社]{2,6})"
    r"(小区|小学|中学|公司|社区|村|街道|镇|路|医院)[\d一二三四五六七八九十栋号楼组期]*$"
)

Message = tuple[str, str, str]  # id, title, content


@dataclass(frozen=True, slots=True)
class Index:
    """Messages by the keys of their fingerprints, as the ledger keeps them."""

    wordings: list[Wording]
    places: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def find(self, wording: Wording) -> list[tuple[int, float]]:
        """The messages that `wording` repeats, with the share of words in common."""
        shared: Counter[int] = Counter()
        for key in list_fingerprint(wording):
            shared.update(self.places.get(key, ()))
        found = []
        for number, _ in shared.most_common(COMPARED):
            judged = judge_repeat(wording, self.wordings[number], same_person=False)
            if judged is not None:
                found.append((number, judged[1]))
        return found


def measure_repeats(data: Path) -> dict[str, Any]:
    """Recall and precision over the planted edits, by kind of edit. Raises InvalidFile."""
    messages = _read_messages(data)
    together = _read_together(data / "problems_dev.jsonl")
    rng = random.Random(_SEED)  # noqa: S311  draws examples, guards nothing
    index = _make_index(messages)
    chosen = rng.sample([n for n, one in enumerate(messages) if count_said(one[2]) >= 10], PLANTED)
    letters = [char for _, _, content in messages[::7] for char in content if char.isalnum()]
    kinds = _edits(letters)
    right: Counter[str] = Counter()
    found_right = found_wrong = before = 0
    missed: list[str] = []
    wrong: list[tuple[str, str]] = []
    for turn, number in enumerate(chosen):
        name, edit = list(kinds.items())[turn % len(kinds)]
        _, title, content = messages[number]
        edited = read_wording(edit(title, rng), edit(content, rng))
        found = [other for other, _ in index.find(edited)]
        right[name] += number in found
        if number not in found:
            missed.append(f"{messages[number][0]} {name}")
        for other in found:
            if other == number:
                found_right += 1
            elif _is_near(messages[number], messages[other], together):
                before += 1
            else:
                found_wrong += 1
                wrong.append((messages[number][0], messages[other][0]))
    each = PLANTED / len(kinds)
    return {
        "messages": len(messages),
        "planted": PLANTED,
        "recall": round(right.total() / PLANTED, 4),
        "recall_by_edit": {name: round(right[name] / each, 4) for name in kinds},
        "found": found_right,
        "near_before": before,
        "wrong": found_wrong,
        "precision": round((found_right + before) / (found_right + before + found_wrong), 4),
        "missed": missed[:_SHOWN],
        "wrong_pairs": wrong[:_SHOWN],
        "elsewhere": _measure_elsewhere(messages, index, rng),
        "real": _measure_real(messages, index, together),
    }


def _read_messages(data: Path) -> list[Message]:
    """All messages, each title and content once."""
    seen: dict[tuple[str, str], str] = {}
    paths = sorted(data.glob("messages_*.jsonl"))
    if not paths:
        raise InvalidFile(f"{data} 里没有 messages_*.jsonl，请用 --data 指明目录")
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            seen.setdefault((row["title"].strip(), row["content"].strip()), str(row["id"]))
    return [(name, title, content) for (title, content), name in seen.items()]


def _read_together(path: Path) -> dict[str, int]:
    """The number of its group for each message that was grouped by hand."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name: n for n, line in enumerate(lines) for name in json.loads(line)["ids"]}


def _make_index(messages: Sequence[Message]) -> Index:
    index = Index([read_wording(title, content) for _, title, content in messages])
    for number, wording in enumerate(index.wordings):
        for key in list_fingerprint(wording):
            same = index.places[key]
            if len(same) < KEPT:
                same.append(number)
    return index


def _is_near(one: Message, other: Message, together: dict[str, int]) -> bool:
    """Whether two messages were near copies as they came, by runs too long for chance."""
    if one[0] in together and together[one[0]] == together.get(other[0]):
        return True
    mine, theirs = (cut_runs(told[1] + told[2], _LONG) for told in (one, other))
    return len(mine & theirs) >= _COPIED * min(len(mine), len(theirs))


def _edits(letters: list[str]) -> dict[str, Callable[[str, random.Random], str]]:
    def points(text: str, rng: random.Random) -> str:
        drawn = (
            rng.choice(("", *_MARKS)) if char in _MARKS and rng.random() < 0.7 else char
            for char in text
        )
        return "".join(char + (rng.choice(_MARKS) if rng.random() < 0.03 else "") for char in drawn)

    def characters(text: str, rng: random.Random) -> str:
        changed = list(text)
        for at in rng.sample(range(len(text)), round(SHARE_EDITED * len(text))):
            changed[at] = rng.choice(letters)
        return "".join(changed)

    def sentences(text: str, rng: random.Random) -> str:
        parts = [part for part in re.split(r"(?<=[。！？!?，,；;])", text) if part]
        rng.shuffle(parts)
        return "".join(parts)

    def greeting(text: str, rng: random.Random) -> str:
        return rng.choice(_GREETINGS) + text + rng.choice(_CLOSINGS)

    def misreading(text: str, rng: random.Random) -> str:
        def read(char: str) -> str:
            if char in _SWAPS and rng.random() < 0.5:
                return _SWAPS[char]
            if rng.random() < SHARE_MISREAD:
                return rng.choice(("", char + " ", rng.choice(letters), "\n" + char))
            return char

        return "".join(map(read, text))

    return {
        "punctuation": points,
        "characters": characters,
        "sentences": sentences,
        "greeting": greeting,
        "misread": misreading,
    }


def _measure_elsewhere(
    messages: Sequence[Message], index: Index, rng: random.Random
) -> dict[str, Any]:
    """Of messages in which the name of an estate, road, village, … was exchanged for another one
    wherever it stands, how many are found."""
    told = {
        n: (clean_text(messages[n][1]), clean_text(messages[n][2])) for n in _draw(messages, rng)
    }
    phrases = find_places([(title, content, None) for title, content in told.values()])
    named = [
        (number, str(match[1]), str(match[2]))
        for number, phrase in zip(told, phrases, strict=True)
        if phrase is not None and (match := _NAME.search(phrase.text))
    ]
    tried = taken = 0
    for number, name, end in named:
        others = [
            other for _, other, its_end in named if its_end == end and not set(other) & set(name)
        ]
        if not others:
            continue
        instead = rng.choice(others)
        moved = [text.replace(name, instead) for text in told[number]]
        if name[:2] in "".join(moved):  # named in short as well, which makes it the same place
            continue
        tried += 1
        taken += any(found == number for found, _ in index.find(read_wording(*moved)))
    return {"templates": tried, "taken_for_repeats": taken}


def _draw(messages: Sequence[Message], rng: random.Random) -> list[int]:
    return rng.sample(range(len(messages)), min(len(messages), PLANTED))


def _measure_real(
    messages: Sequence[Message], index: Index, together: dict[str, int]
) -> dict[str, Any]:
    """What is found among the messages as they came, and how much of it long runs confirm."""
    pairs = sorted(_list_real(index))
    doubtful = [
        (messages[one][0], messages[other][0], share)
        for one, other, share in pairs
        if not _is_near(messages[one], messages[other], together)
    ]
    return {"pairs": len(pairs), "unconfirmed": len(doubtful), "shown": doubtful[:_SHOWN]}


def _list_real(index: Index) -> Iterator[tuple[int, int, float]]:
    for number, wording in enumerate(index.wordings):
        for other, share in index.find(wording):
            if other < number:
                yield other, number, share
