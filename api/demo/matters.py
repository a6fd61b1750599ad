"""What the people of the invented county tell: individual matters, common problems, repeats.

Individual matters are chosen from the project's own written corpus (`data/demo-letters.jsonl`);
common problems are put together from parts (`data/demo-problems.toml`) so that no two are alike.
"""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from api.demo.town import COUNTY, RURAL, SILENT, choose_spot, make_submitter
from triage.submissions import Channel
from triage.submitters import Submitter

DAYS = 90  # of history
_CHANNELS = {
    Channel.CALL: 34,
    Channel.WEB: 20,
    Channel.WECHAT: 22,
    Channel.LETTER: 10,
    Channel.VISIT: 9,
    Channel.FIELD: 5,
}
_GREETINGS = {
    Channel.LETTER: "尊敬的领导：",
    Channel.CALL: "来电人反映：",
    Channel.VISIT: "来访人说，",
    Channel.FIELD: "走访中群众反映，",
}
_WRITERS = (
    "我今年{age}岁，在这里住了{n}年",
    "我是附近的住户，家在{flat}楼",
    "我在县城开了{n}年小店，平时很少给政府添麻烦",
    "本人是退休工人，一个月就两千多块钱",
    "我家{n}口人，上有老下有小",
    "我是替我妈写的，她{age}岁了，不会用手机",
    "我是跑货运的，在家的日子不多",
    "我和爱人都在外地打工，家里只有老人孩子",
    "我们楼上楼下{n}户商量好了推我来反映",
    "我是一名乡村医生，接触的人多，大家都在说这件事",
    "我是个普通农民，不懂政策",
    "我是本地教师，学生家里也受影响",
)
_TRIED = (
    "前后打过{n}次电话没有下文",
    "社区登记过一回，让等通知",
    "在业主群里说了没有人理",
    "找过经办人，推来推去",
    "上个月写过一封信",
    "这是头一回向政府反映",
    "邻居报过一次警，民警说不归他们管",
    "网上留过言，回复说已转有关部门",
    "去窗口问了{n}趟，每次说法都不一样",
    "拍了照片和视频，需要可以提供",
)
_AGAIN = (
    "上次反映以后一直没有结果，再说一遍。",
    "半个月前打过电话，现在还是老样子。",
    "这是第二次反映了。",
)


@dataclass(frozen=True, slots=True)
class Letter:
    """One submission to be: `day` is how many days ago, `domain` the path that a clerk would give.

    `group` names the common problem that it is of, `role` what it is there to show, if anything:
    a key of `api.demo.courses`. `repeats` is the key of the letter that it says again.
    """

    key: str
    day: float
    title: str
    content: str
    channel: Channel
    place: str
    domain: str
    urgency: int | None = None
    nature: str | None = None
    submitter: Submitter | None = None
    source: str = ""
    group: str = ""
    role: str = ""
    repeats: str = ""


def load_samples() -> list[dict[str, Any]]:
    """The sixty samples that are sent over HTTP: all domains of level 1, channels, urgencies."""
    return [json.loads(line) for line in _read("demo.jsonl").splitlines()]


@cache
def load_letters() -> tuple[dict[str, Any], ...]:
    """Individual matters of the corpus, with the labels that were given to them by hand."""
    return tuple(json.loads(line) for line in _read("demo-letters.jsonl").splitlines())


@cache
def load_problems() -> tuple[dict[str, Any], ...]:
    """The parts of the common problems."""
    return tuple(tomllib.loads(_read("demo-problems.toml"))["problems"])


def write_letters(chance: Random) -> list[Letter]:
    """All letters of the ninety days, in no order; the same for the same `chance`."""
    letters = [*_write_single(chance), *_write_problems(chance)]
    letters += _write_again(letters, chance)
    letters += _write_shown(chance)
    return letters


def _write_single(chance: Random) -> Iterator[Letter]:
    for number, told in enumerate(load_letters()):
        level1 = told["domain"].split("/")[0]
        yield Letter(
            key=f"d{number:03}",
            day=_spread(chance),
            title=told["title"],
            content=told["content"],
            channel=_choose_channel(chance),
            place=choose_spot(chance, rural=level1 in RURAL),
            domain=told["domain"],
            urgency=told["urgency"],
            nature=told["nature"],
            submitter=make_submitter(chance) if chance.random() < 0.9 else None,
        )


def _write_problems(chance: Random) -> Iterator[Letter]:
    for problem in load_problems():
        since, until, count = problem["since"], problem["until"], problem["count"]
        seen: set[tuple[str, ...]] = set()
        for number in range(count):
            parts = _choose_parts(problem, chance, seen)
            channel = _choose_channel(chance)
            yield Letter(
                key=f"{problem['key']}-{number:02}",
                # More and more of it, as more people hear of each other.
                day=until + (since - until) * (1 - chance.random() ** 0.7),
                title=chance.choice(problem["titles"]),
                content=_GREETINGS.get(channel, "") + "。".join(parts) + "。",
                channel=channel,
                place=_say_where(problem, chance),
                domain=problem["domain"],
                submitter=make_submitter(chance) if chance.random() < 0.95 else None,
                group=problem["key"],
            )


def _say_where(problem: dict[str, Any], chance: Random) -> str:
    """The place as one or the other clerk writes it down."""
    division = problem["division"]
    above = chance.choices((COUNTY + division, division, ""), (45, 45, 10))[0]
    return f"{above}{problem['place']}"


def _choose_parts(
    problem: dict[str, Any], chance: Random, seen: set[tuple[str, ...]]
) -> tuple[str, ...]:
    """Sentences that have not been put together so before."""
    while True:
        facts = sorted(chance.sample(range(len(problem["facts"])), 2))
        chosen = [problem["facts"][place] for place in facts]
        if tuple(chosen) not in seen or len(seen) > len(problem["facts"]):
            seen.add(tuple(chosen))
            harm, ask = chance.choice(problem["harms"]), chance.choice(problem["asks"])
            own = _write_own(chance)
            parts = [*chosen, harm, ask]
            if chance.random() < 0.3:
                parts.pop(chance.choice((1, 2)))
            parts.insert(chance.choice((0, 1)), own)
            return tuple(parts)


def _write_own(chance: Random) -> str:
    """What only this writer says: who one is, and what one has tried."""
    who, tried = chance.choice(_WRITERS), chance.choice(_TRIED)
    told = {"n": chance.randint(2, 9), "age": chance.randint(31, 76), "flat": chance.randint(2, 17)}
    return chance.choice((f"{who}，{tried}", f"{tried}，{who}", who)).format(**told)


def _write_again(letters: list[Letter], chance: Random) -> Iterator[Letter]:
    """The same person once more, and the same text from many (联名)."""
    old = [
        letter for letter in letters if letter.day > 14 and letter.submitter and not letter.group
    ]
    for number, letter in enumerate(chance.sample(old, 14)):
        yield replace(
            letter,
            key=f"again-{number:02}",
            day=letter.day - chance.uniform(3, 11),
            content=chance.choice(_AGAIN) + letter.content,
            channel=_choose_channel(chance),
            repeats=letter.key,
        )
    joint = next(letter for letter in letters if letter.group == "hengqi" and letter.day < 40)
    for number in range(5):
        yield replace(
            joint,
            key=f"joint-{number}",
            day=joint.day - 0.2 - 0.05 * number,
            channel=Channel.LETTER,
            submitter=make_submitter(chance),
            repeats=joint.key,
        )


def _write_shown(chance: Random) -> Iterator[Letter]:
    """What the rules of the supervision list are there to find, and accusations."""
    yield Letter(
        "silent-0",
        DAYS + 1.2,
        "槐荫坡村路灯不亮",
        "槐荫坡村口到小学的八盏路灯坏了五盏，晚上走路看不见，请派人来修。",
        Channel.CALL,
        f"{COUNTY}{SILENT}槐荫坡村",
        "城乡建设/城市建设和市政管理/城市公共设施",
        submitter=make_submitter(chance),
    )
    for number, matter in enumerate(("路灯不亮", "路灯不亮", "路灯不亮了", "路灯不亮")):
        yield Letter(
            f"vague-{number}",
            21 - 0.1 * number,
            "走访登记",
            f"走访群众反映{matter}，已登记。",
            Channel.FIELD,
            "",
            "城乡建设/城市建设和市政管理/城市公共设施",
            urgency=4,
            nature="求助",
            source="松岗岭镇走访组",
            role="vague",
        )
    household = make_submitter(chance)
    visits = (
        (
            "住建局走访组",
            "房屋外墙渗水",
            "城乡建设/住房保障与房地产/修缮装修",
            "外墙渗水三年，卧室一面墙都发霉，请帮助联系维修。",
        ),
        (
            "民政局走访组",
            "老人低保续期",
            "民政/社会救助/城镇低保",
            "家中老人七十九岁，低保到期要续，腿脚不便，希望上门办理。",
        ),
        (
            "望云街道走访组",
            "楼道堆放杂物",
            "城乡建设/城市建设和市政管理/小区管理",
            "楼道里堆满旧家具，担心起火，邻居劝不听，请街道清理。",
        ),
    )
    for number, (source, title, domain, content) in enumerate(visits):
        yield Letter(
            f"visit-{number}",
            17 - 1.1 * number,
            title,
            f"走访望云街道学府巷12号住户。{content}",
            Channel.FIELD,
            f"{COUNTY}望云街道学府巷12号",
            domain,
            urgency=4,
            nature="求助",
            submitter=household,
            source=source,
        )
    for number, (title, content) in enumerate(_ACCUSATIONS):
        yield Letter(
            f"accuse-{number}",
            (2.2, 9.4, 16.3, 30.5, 51.2, 71.4)[number],
            title,
            content,
            (Channel.LETTER, Channel.VISIT, Channel.WEB)[number % 3],
            "",
            "纪检监察/贪污贿赂/挪用公款",
            nature="检举控告",
            submitter=make_submitter(chance) if number % 2 else None,
        )


_ACCUSATIONS = (
    (
        "举报杏花村支书套取危房改造补助",
        "杏花村支书邹某用已经倒塌的牛栏冒充危房，给他弟弟和小舅子各报了一户危房改造，每户领了两万六千元补助。村里公示栏上从来没有贴过这两户。补助发放表我拍了照片。请纪委查一查这两笔钱是怎么批下来的。",
    ),
    (
        "镇民政办副主任收受低保户好处",
        "松岗岭镇民政办副主任伍某，给人办低保要收两条烟，我邻居送了一千块钱红包，第二个月低保就批下来了；没有送的三户材料都齐，拖了一年。希望有关部门核实，不要让他知道是谁写的信。",
    ),
    (
        "学校食堂采购回扣",
        "来访人是石桥坊中学原食堂管理员，反映副校长费某指定亲戚供肉，每斤比市场贵四块，每月从供货商处拿回扣三千元，送货单和微信转账截图都留着。要求查处，并保护其身份。",
    ),
    (
        "执法中队长向商户索要烟酒",
        "滨溪夜市街的商户都知道，城管中队长戚某每月来拿两次烟酒，不给就天天开罚单。上个月我店里一天收到三张。有监控录像。请纪检监察机关调查此人。",
    ),
    (
        "水利站长把灌渠工程给了自己妻弟",
        "荷塘坪镇水利站长潘某，去年把四十万元的灌渠清淤工程交给妻弟，只清了一里多路，验收单上写了三里。妻弟没有施工资质。群众要求查账。",
    ),
    (
        "医院药剂科长吃回扣",
        "县医院药剂科长薛某，同一种输液泵管的进价比隔壁县贵一倍，医药代表亲口说给他提三个点。附去年的发票复印件。请监委查一查，还患者一个公道。",
    ),
)


def _spread(chance: Random) -> float:
    """How many days ago: a little more of late, and some of it today."""
    if chance.random() < 0.1:
        return 2 * chance.random()
    return DAYS * float(chance.random() ** 1.1)


def _choose_channel(chance: Random) -> Channel:
    return chance.choices(list(_CHANNELS), list(_CHANNELS.values()))[0]


def _read(name: str) -> str:
    return (files("api") / "data" / name).read_text(encoding="utf-8")
