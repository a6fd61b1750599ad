"""What the departments of the invented county answer: mostly good, now and then perfunctory."""

import re
import tomllib
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from api.demo.matters import Letter
from triage.calendar import CHINA_TIME
from triage.ledger.states import Outcome

_STOPS = re.compile("[？！?!\n]")
_ASKS = re.compile("请|希望|要求|恳请|求|望|建议|能不能|能否|盼")
_OPENINGS = (
    "您好，您反映的“{title}”一事收悉，经调查现答复如下。",
    "关于“{title}”，我单位已核实，答复如下。",
    "您所反映“{title}”的问题，{day}我单位派人到{place}查看。",
    "来件提到“{one}”，我单位作了专门调查。",
)
_FOUND = ("经核实，{found}。", "经查，{found}。", "调查情况：{found}。", "查明：{found}。")
_DONE = ("处理情况：{done}。", "处理结果：{done}。", "目前，{done}。", "{done}。")
_CLOSINGS = (
    "如有疑问请于工作日来我单位，或拨打12345，经办人{officer}。",
    "经办人{officer}已于{day}电话向您说明。",
    "进展由{officer}负责告知，欢迎监督。",
    "如对本答复不服，可自收到之日起三十日内申请复查。",
    "",
)


@cache
def load_words() -> dict[str, Any]:
    """All that departments, clerks and citizens of the demonstration say."""
    source = files("api") / "data" / "demo-replies.toml"
    return tomllib.loads(source.read_text(encoding="utf-8"))


def choose_outcome(letter: Letter, chance: Random) -> Outcome:
    """How it ends: enquiries and proposals are mostly explained."""
    if letter.nature in ("咨询", "建议", "感谢"):
        return chance.choices((Outcome.SOLVED, Outcome.EXPLAINED), (4, 6))[0]
    return chance.choices(tuple(Outcome), (80, 14, 0 if letter.group else 6))[0]


def write_reply(
    letter: Letter, outcome: Outcome, *, officer: str, now: datetime, chance: Random
) -> tuple[str, str | None]:
    """The words of a reply, and the ground where one is needed."""
    words = load_words()
    ground = chance.choice(words["grounds"]) if outcome is Outcome.NOT_SUPPORTED else None
    one, two = _choose_clauses(letter, chance)
    told = {
        "title": letter.title.rstrip("？?！!。"),
        "one": one,
        "two": two,
        "place": letter.place.removeprefix("安平县") or "现场",
        "officer": f"{officer[0]}同志",
        "ground": ground or "",
    } | _draw(now, chance)
    parts = [chance.choice(_OPENINGS)]
    if letter.group in words["problems"]:
        parts += _choose_sentences(words["problems"][letter.group], chance)
    else:
        if outcome is Outcome.SOLVED:
            case = chance.choice(words["natures"][letter.nature or "投诉"])
        else:
            case = {part: chance.choice(said) for part, said in words[outcome.value].items()}
        parts.append(chance.choice(_FOUND).replace("{found}", case["found"]))
        parts.append(chance.choice(_DONE).replace("{done}", case["done"]))
    parts.append(chance.choice(_CLOSINGS))
    return "".join(parts).format(**told), ground


def write_empty_reply(chance: Random) -> str:
    """A reply that says nothing."""
    return str(chance.choice(load_words()["empty"]))


def _choose_sentences(replies: list[str], chance: Random) -> list[str]:
    """Some sentences of what is known of a common problem: no two reporters get the same letter."""
    first = chance.choice(replies).split("。")[0]
    rest = [one for reply in replies for one in reply.split("。") if one and one != first]
    kept = sorted(chance.sample(range(len(rest)), min(len(rest), chance.choice((2, 3)))))
    return [f"{one}。" for one in (first, *(rest[place] for place in kept))]


def _choose_clauses(letter: Letter, chance: Random) -> tuple[str, str]:
    """What the letter tells, and what it asks for, short enough to quote."""
    text = _STOPS.sub("。", letter.content).replace("“", "‘").replace("”", "’")
    clauses = [clause.strip("，、；： ") for clause in text.split("。")]
    clauses = [clause for clause in clauses if 6 <= len(clause) <= 42]
    if len(clauses) < 2:
        commas = [clause.strip() for clause in re.split("[，。；]", text)]
        clauses = [clause for clause in commas if 5 <= len(clause) <= 42] or [letter.title]
    asked = next((clause for clause in clauses if _ASKS.match(clause)), clauses[-1])
    told = [clause for clause in clauses if clause != asked]
    return chance.choice(told[:2]) if told else letter.title, asked


def _draw(now: datetime, chance: Random) -> dict[str, str]:
    day = (now - timedelta(days=chance.randint(1, 3))).astimezone(CHINA_TIME)
    until = (now + timedelta(days=chance.randint(5, 40))).astimezone(CHINA_TIME)
    return {
        "day": f"{day.month}月{day.day}日",
        "until": f"{until.month}月{until.day}日",
        "n": str(chance.randint(3, 48)),
        "m": str(chance.randint(12, 96)),
    }
