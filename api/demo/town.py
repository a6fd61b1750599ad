"""The county of the demonstration: its divisions, places and people, all invented.

No division, street, school, company or person here exists; telephone numbers begin with 12, which
no line in China does. The one table of divisions that the demonstration knows is this one, so that
no real place is ever named by mistake.
"""

from dataclasses import dataclass, replace
from random import Random

from triage.desk import Desk
from triage.divisions import Divisions
from triage.gazetteer import Gazetteer
from triage.roles import Role
from triage.submitters import Submitter

COUNTY = "安平县"
COUNTY_CODE = "990121"
_ABOVE = (("990000", "云江省"), ("990100", "宁溪市"), (COUNTY_CODE, COUNTY))
SILENT = "槐荫坡乡"  # from where nothing has come for three months

# Name, how many of the individual letters come from there, and spots in it.
STREETS: dict[str, tuple[int, tuple[str, ...]]] = {
    "望云街道": (15, ("学府巷社区", "长乐南路", "望云桥社区", "文昌里小区", "百货大楼周边")),
    "鹤鸣街道": (13, ("鹤鸣里社区", "滨溪路", "老电影院片区", "纺机家属院", "双井巷")),
    "清晏街道": (12, ("清晏里小区", "平川大道", "新车站社区", "金合园", "体育场北路")),
    "石桥坊镇": (8, ("石桥坊中街", "南坪村", "上桥村", "石桥坊中学旁", "北岔村")),
    "苇塘镇": (7, ("苇塘后街", "苇塘新村", "芦花村", "渡口村")),
    "桑园岗镇": (7, ("桑园岗老街", "东岗村", "茶亭村", "砖窑村")),
    "荷塘坪镇": (7, ("荷塘坪正街", "莲子村", "荷塘坪卫生院旁", "五里墩村")),
    "金桥坪镇": (6, ("金桥坪集镇", "榨油坊村", "高桥村", "河湾村")),
    "松岗岭镇": (6, ("松岗岭集镇", "林场社区", "松下村", "药材坪村")),
    "杏林坡镇": (6, ("杏林坡老街", "杏花村", "柿子沟村", "水口村")),
    "坝头岭乡": (5, ("坝口村", "岭后村", "坝头岭乡集市", "石门坎村")),
    SILENT: (0, ("槐荫坡村", "半山村")),
}
RURAL = frozenset({"农村农业", "国土资源"})  # domains whose letters come from villages

_SURNAMES = (
    "周吴郑冯陈褚卫蒋沈韩杨朱秦尤许何吕施孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭鲁韦"
    "马苗方俞任袁柳唐费薛雷贺倪汤滕罗毕郝安常乐于傅皮齐康伍余顾孟黄穆萧尹"
)
_GIVEN = (
    "秀英",
    "桂兰",
    "建国",
    "志强",
    "玉梅",
    "文斌",
    "春生",
    "海燕",
    "丽华",
    "永福",
    "晓东",
    "红霞",
    "大勇",
    "素珍",
    "国平",
    "凤琴",
    "明亮",
    "小芳",
    "长水",
    "月娥",
    "卫东",
    "雪梅",
    "成林",
    "金凤",
    "立新",
    "巧云",
    "德才",
    "淑芬",
    "宝山",
    "慧敏",
    "根生",
    "翠莲",
    "学军",
    "爱华",
    "家栋",
    "美玲",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account; `told` is what the list of sign-ins says of them, if it does."""

    login: str
    name: str
    role: Role
    department: str | None = None
    told: str = ""


# The first of each role has a password that is made anew at each start; the others have none that
# anybody knows.
STAFF = (
    Person("shouli", "周敏", Role.CLERK, told="登记、复核、交办、回访、销号"),
    Person("chengban", "何建军", Role.OFFICER, "housing", "住建局：签收、办理、回告"),
    Person("ducha", "沈立群", Role.SUPERVISOR, told="督查、共性问题、任务、通报"),
    Person("jijian", "严正清", Role.DISCIPLINE, told="只有这个角色看得到检举控告"),
    Person("guanli", "余晓棠", Role.ADMIN, told="用户、目录、时限、模型、密钥"),
    Person("shouli2", "许静文", Role.CLERK),
    Person("ducha2", "柏长河", Role.SUPERVISOR),
)


def make_divisions() -> Divisions:
    """The table of the invented county."""
    streets = ((f"{COUNTY_CODE}{number:03}", name) for number, name in enumerate(STREETS, start=1))
    return Divisions(Gazetteer((code, name, "", "") for code, name in (*_ABOVE, *streets)))


def move_desk(desk: Desk) -> Desk:
    """The same desk, in the invented county."""
    return replace(desk, divisions=make_divisions())


def make_staff(departments: list[str]) -> tuple[Person, ...]:
    """All who have an account: `STAFF`, and an officer in each of these departments (codes)."""
    taken = {person.department for person in STAFF}
    chance = Random("officers")  # noqa: S311 - the same names in every demonstration
    officers = (
        Person(f"{code}.cb", make_name(chance), Role.OFFICER, code)
        for code in departments
        if code not in taken
    )
    return (*STAFF, *officers)


def make_submitter(chance: Random) -> Submitter:
    """Somebody who reports something."""
    return Submitter(name=make_name(chance), phone=f"12{chance.randrange(10**9):09}")


def make_name(chance: Random) -> str:
    """A name of a person who does not exist."""
    return chance.choice(_SURNAMES) + chance.choice(_GIVEN)


def choose_spot(chance: Random, *, rural: bool) -> str:
    """A place in the county, as a clerk writes it down."""
    names = [name for name in STREETS if not (rural and name.endswith("街道"))]
    street = chance.choices(names, [STREETS[name][0] for name in names])[0]
    spots = STREETS[street][1]
    if rural:
        spots = tuple(spot for spot in spots if spot.endswith("村")) or spots
    return f"{COUNTY}{street}{chance.choice(spots)}"
