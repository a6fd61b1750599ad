"""Building the demonstration: people, letters, and ninety days in which both meet."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from api.demo.courses import Courses
from api.demo.hands import Hands, Team
from api.demo.history import History
from api.demo.matters import DAYS, Letter, write_letters
from api.demo.outside import connect_others, plan_outside
from api.demo.oversight import Oversight
from api.demo.town import STAFF, Person, make_staff
from api.service import Service
from triage.calendar import CHINA_TIME
from triage.deadlines import get_rulebook, load_presets
from triage.ledger.queries import list_departments
from triage.ledger.timetables import change_time_settings, load_timetable
from triage.ledger.tracking import find_code
from triage.ledger.users import create_user, set_password, user_caller
from triage.passwords import hash_password
from triage.roles import SHELL, Role
from triage.submissions import Channel, Submission

_SEED = 20260101
_PUBLIC = (Channel.WEB, Channel.WECHAT)  # where others see it and approve
_FILED = 16  # letters that a clerk brings in as a file
_REVIEWED = 18  # of the review queue, the last thing before somebody opens the console
_TURN = timedelta(seconds=12)  # 300 an hour
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without those that are mistaken for others


@dataclass(frozen=True, slots=True)
class SignIn:
    """How to sign in as one of the staff, at this start only."""

    person: Person
    password: str


@dataclass(frozen=True, slots=True)
class Built:
    """The sign-ins of each role, and what a citizen types on the public page: code and tail."""

    sign_ins: tuple[SignIn, ...]
    tracking: tuple[str, str]
    letters: int


def build(
    service: Service,
    *,
    now: datetime,
    tell: Callable[[str, float], None],
    letters: Sequence[Letter] | None = None,
) -> Built:
    """Fill an empty service with the ninety days before `now`; `tell` hears what is being done and
    how much of all is."""
    tell("建立用户", 0.0)
    began = now - timedelta(days=DAYS + 2)
    sign_ins, team = _hire(service, now=began)
    chance = Random(_SEED)  # noqa: S311 - the same history at each start
    with service.store.reading() as session:
        calendar = load_timetable(session).calendar
    history = History(service.store, calendar, now=now, chance=chance)
    courses = Courses(Hands(history, service.desk, team), service.replies)
    tell("标注来件", 0.03)
    letters = _cast(write_letters(chance) if letters is None else list(letters), chance)
    letters, filed = _put_aside(letters)
    submissions = _submit(letters, history)
    suggestions = service.desk.suggest_many(submissions)
    for letter, submission, suggestion in zip(letters, submissions, suggestions, strict=True):
        courses.expect(letter, submission, suggestion)
    oversight = Oversight(service, history, team)
    oversight.plan()
    plan_outside(service, history, team.clerks[0], filed)
    connect_others(service, now=began)
    _watch_clock(history, courses, since=began)
    for turn in range(_REVIEWED):  # today's: the page shows how often the machine was right
        history.at(now - turn * _TURN, courses.review_next)
    for day in history.run():
        past = (day - began) / (now - began)
        tell(f"办理 {day:%Y-%m-%d}", 0.1 + 0.8 * min(past, 1))
    tell("归并共性问题，查找监督事项", 0.9)
    oversight.finish()
    with service.store.reading() as session:
        shown = courses.find_answered(session)
        code = find_code(session, shown.id) or ""
    tail = (shown.submitter.tail if shown.submitter else None) or ""
    return Built(sign_ins, (code, tail), len(letters) + len(filed))


def _hire(service: Service, *, now: datetime) -> tuple[tuple[SignIn, ...], Team]:
    """Accounts for all staff; a fresh password for the first of each role."""
    with service.store.reading() as session:
        departments = list_departments(session, may_see_confidential=False)
    codes = [one.department.code for one in departments]
    nobody = hash_password(secrets.token_urlsafe(24))
    staff = make_staff(codes)
    sign_ins = tuple(SignIn(one, make_password()) for one in STAFF if one.told)
    hashes = {one.person.login: hash_password(one.password) for one in sign_ins}
    rules = get_rulebook("beijing", load_presets()).as_dict()
    callers = {}
    with service.store.writing() as session:
        change_time_settings(session, {"rulebook": rules}, caller=SHELL, now=now)
        for person in staff:
            user = create_user(
                session,
                login=person.login,
                name=person.name,
                role=person.role,
                department=person.department,
                caller=SHELL,
                now=now,
            )
            set_password(session, user.id, hashes.get(person.login, nobody), now=now)
            callers[person.login] = user_caller(session, user)
    by_role = {
        role: tuple(callers[one.login] for one in staff if one.role is role) for role in Role
    }
    return sign_ins, Team(
        clerks=by_role[Role.CLERK],
        supervisors=by_role[Role.SUPERVISOR],
        discipline=by_role[Role.DISCIPLINE][0],
        officers={one.department: callers[one.login] for one in staff if one.department},
        names={one.login: one.name for one in staff},
        departments={one.department.code: one.department.name for one in departments},
    )


def make_password() -> str:
    """A password that can be typed from a screen: four groups of four."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _put_aside(letters: list[Letter]) -> tuple[list[Letter], list[Letter]]:
    """All letters but a few, and those few, which come in with a file."""
    plain = [one for one in letters if one.key.startswith("d") and not one.role]
    repeated = {one.repeats for one in letters}
    filed = [one for one in plain if one.key not in repeated][:_FILED]
    keys = {one.key for one in filed}
    return [one for one in letters if one.key not in keys], filed


def _cast(letters: list[Letter], chance: Random) -> list[Letter]:
    """Give some letters a part to play, so that no kind of trouble is missing by chance."""
    plain = [
        place
        for place, letter in enumerate(letters)
        if letter.key.startswith("d") and (letter.urgency or 4) > 2 and not letter.role
    ]
    chance.shuffle(plain)
    for role, count, least, most in (
        ("passed", 4, 15, 70),
        ("stuck", 9, 17, 50),
        ("asked", 3, 17, 40),
        ("empty", 7, 12, 60),
        ("returned", 4, 0.3, 2.5),
        ("copied", 4, 15, 60),
    ):
        fitting = [place for place in plain if least < letters[place].day < most][:count]
        for place in fitting:
            letters[place] = replace(letters[place], role=role)
            plain.remove(place)
    return letters


def _submit(letters: list[Letter], history: History) -> list[Submission]:
    """The submissions, numbered in the order in which they came in."""
    days = [
        min(history.open_from(history.now - timedelta(days=letter.day)), history.now)
        for letter in letters
    ]
    rank = {
        place: number for number, place in enumerate(sorted(range(len(days)), key=days.__getitem__))
    }
    return [
        Submission(
            id=f"AP{received.astimezone(CHINA_TIME):%Y%m%d}-{rank[place] + 1:03}",
            title=letter.title,
            content=letter.content,
            channel=letter.channel,
            received_at=received,
            place=letter.place or None,
            likes=rank[place] * 7 % 40 if letter.group and letter.channel in _PUBLIC else None,
            submitter=letter.submitter,
        )
        for place, (letter, received) in enumerate(zip(letters, days, strict=True))
    ]


def _watch_clock(history: History, courses: Courses, *, since: datetime) -> None:
    moment = since
    while moment < history.now:
        history.at(moment, courses.watch_clock)
        moment += timedelta(hours=4)
