"""The rules by which deadlines (办理时限) are set: data of the town, checked when it is read.

`data/deadlines.toml` holds the presets; docs/deadlines.md has the format. A rulebook is stored
whole in the ledger, so that what is in force does not change with a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from triage.calendar import MAX_AMOUNT, Calendar, Span, Unit, read_span
from triage.departments import read_entries
from triage.errors import InvalidData, InvalidInput, NotFound
from triage.suggestions import NATURES, URGENCY_NAMES

DEFAULT = "beijing"  # by urgency alone, for every nature; well within the national 60 days


class Start(StrEnum):
    """From when the time to reply runs.

    `OPENED`: from the first assignment; a reassignment does not begin it anew. `ASSIGNED`: from the
    latest assignment. `ACCEPTED`: from when the department signs for it (受理), and until it has,
    from the last moment for that.
    """

    OPENED = "opened"
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it fits (nothing named: all), and the times that it gives.

    `within` None: no time to reply is set. `accept` is the time to sign for it, `object` that to
    say that it is another's, `extension` the most that one extension may give, `extensions` how
    often. `pauses` are the grounds on which the clock may stand still.
    """

    name: str
    within: Span | None
    starts: Start = Start.OPENED
    accept: Span | None = None
    object: Span | None = None
    extension: Span | None = None
    extensions: int = 0
    pauses: tuple[str, ...] = ()
    urgencies: tuple[int, ...] = ()
    natures: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    article: str = ""

    def fits(self, *, urgency: int, nature: str, domain_code: str) -> bool:
        """Whether this rule is for such an entry."""
        return (
            (not self.urgencies or urgency in self.urgencies)
            and (not self.natures or nature in self.natures)
            and (not self.domains or domain_code.startswith(self.domains))
        )

    @property
    def extension_article(self) -> str:
        """What `article` says of extensions; "" where it says nothing of them."""
        told = (part.strip() for part in self.article.split("；"))
        return next((part.partition("：")[2] for part in told if part.startswith("延期：")), "")

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a file: spans spelt out, nothing that is left at its default."""
        told: dict[str, Any] = {"name": self.name}
        for field in ("within", "accept", "object", "extension"):
            span = getattr(self, field)
            if span is not None:
                told[field] = str(span)
        told["starts"] = self.starts.value
        for field in ("extensions", "article"):
            if getattr(self, field):
                told[field] = getattr(self, field)
        for field in ("pauses", "urgencies", "natures", "domains"):
            if getattr(self, field):
                told[field] = list(getattr(self, field))
        return told


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rule makes of one entry. Times are UTC."""

    rule: str
    deadline_at: datetime | None
    accept_by: datetime | None
    return_by: datetime | None
    runs_from: datetime | None
    runs_for: Span | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of a town (时限规则), in order: the first that fits is the one; the last fits all.

    `source` names the regulation, `note` what a clerk should know about it.
    """

    name: str
    title: str
    source: str
    rules: tuple[Rule, ...]
    note: str = ""

    def choose(self, *, urgency: int, nature: str, domain_code: str) -> Rule:
        """The rule for such an entry."""
        return next(
            rule
            for rule in self.rules
            if rule.fits(urgency=urgency, nature=nature, domain_code=domain_code)
        )

    def find(self, name: str | None) -> Rule | None:
        """The rule of this name, if there still is one."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def as_dict(self) -> dict[str, Any]:
        """As `read_rulebook` takes it."""
        return {
            "name": self.name,
            "title": self.title,
            "source": self.source,
            "note": self.note,
            "rules": [rule.as_dict() for rule in self.rules],
        }


def set_terms(
    rule: Rule,
    *,
    assigned_at: datetime,
    calendar: Calendar,
    opened_at: datetime | None = None,
    accepted_at: datetime | None = None,
) -> Terms:
    """The times that a rule gives an entry assigned at this moment.

    `opened_at`: when its clock began, if not with this assignment; `accepted_at`: when it was
    signed for, once it was.
    """
    accept = calendar.advance(assigned_at, rule.accept) if rule.accept else None
    object_ = calendar.advance(assigned_at, rule.object) if rule.object else None
    runs_from = assigned_at
    if rule.starts is Start.OPENED:
        runs_from = opened_at or assigned_at
    elif rule.starts is Start.ACCEPTED:
        runs_from = accepted_at or (accept.at if accept else assigned_at)
    deadline = calendar.advance(runs_from, rule.within) if rule.within else None
    return Terms(
        rule=rule.name,
        deadline_at=deadline.at if deadline else None,
        accept_by=accept.at if accept else None,
        return_by=object_.at if object_ else None,
        runs_from=runs_from if deadline else None,
        runs_for=rule.within,
        provisional=any(end.provisional for end in (accept, object_, deadline) if end),
    )


def load_rulebooks(data: bytes) -> tuple[Rulebook, ...]:
    """The rulebooks in the bytes of a deadlines.toml. Raises InvalidData naming the place."""
    entries = read_entries(data, key="rulebooks", what="时限规则")
    rulebooks = []
    for entry in entries:
        try:
            rulebooks.append(read_rulebook(entry))
        except InvalidInput as error:
            raise InvalidData(error.message) from None
    names = [rulebook.name for rulebook in rulebooks]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InvalidData(f"时限规则有两套都叫 {'、'.join(sorted(twice))}，请改掉其中一个的 name")
    return tuple(rulebooks)


@cache
def load_presets() -> tuple[Rulebook, ...]:
    """The rulebooks that come with the product."""
    return load_rulebooks((files("triage") / "data" / "deadlines.toml").read_bytes())


def get_rulebook(name: str, rulebooks: Iterable[Rulebook]) -> Rulebook:
    """The rulebook of this name; of several the last. Raises NotFound."""
    known = {rulebook.name: rulebook for rulebook in rulebooks}
    if name not in known:
        raise NotFound(f"没有“{name}”这套时限规则，可选 {'、'.join(known)}", field="name")
    return known[name]


def read_rulebook(told: Mapping[str, Any]) -> Rulebook:
    """The rulebook in plain values (TOML or JSON).

    Raises InvalidInput naming the rule and what is missing, unknown, malformed or never reached.
    """
    where = f"时限规则“{told.get('name') or '未命名'}”"
    _refuse_unknown(told, ("name", "title", "source", "note", "rules"), where)
    name, title, source = (_text(told, field, where) for field in ("name", "title", "source"))
    listed = told.get("rules")
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise InvalidInput(f"{where}缺少 rules 列表，请至少写一条规则", field="rules")
    rules = tuple(_read_rule(rule, f"{where}第 {n} 条") for n, rule in enumerate(listed, start=1))
    names = [rule.name for rule in rules]
    if twice := {name for name in names if names.count(name) > 1}:
        raise InvalidInput(f"{where}有两条都叫“{'、'.join(sorted(twice))}”，请改名", field="rules")
    for number, rule in enumerate(rules, start=1):
        limited = bool(rule.urgencies or rule.natures or rule.domains)
        if number == len(rules) and limited:
            raise InvalidInput(
                f"{where}最后一条“{rule.name}”还限定了范围，请在其后加一条不限范围的兜底规则",
                field="rules",
            )
        if number < len(rules) and not limited:
            raise InvalidInput(
                f"{where}第 {number} 条“{rule.name}”不限范围，其后的规则永远用不到，请移到最后",
                field="rules",
            )
    return Rulebook(name, title, source, rules, _text(told, "note", where, optional=True))


def _read_rule(told: Any, where: str) -> Rule:
    if not isinstance(told, Mapping):
        raise InvalidInput(f"{where}应写成 {{ 字段 = 值, … }}，请按模板改写", field="rules")
    where = f"{where}（{told.get('name') or '未命名'}）"
    _refuse_unknown(told, Rule.__slots__, where)
    starts = told.get("starts", Start.OPENED.value)
    if starts not in set(Start):
        raise InvalidInput(f"{where}的 starts 应为 {'、'.join(Start)} 之一，请改正", field="rules")
    extensions = told.get("extensions", 1 if told.get("extension") else 0)
    if type(extensions) is not int or not 0 <= extensions <= 10:
        raise InvalidInput(f"{where}的 extensions 应为 0 到 10 的整数，请改正", field="rules")
    rule = Rule(
        name=_text(told, "name", where),
        within=_span(told, "within", where),
        starts=Start(starts),
        accept=_span(told, "accept", where),
        object=_span(told, "object", where),
        extension=_span(told, "extension", where),
        extensions=extensions,
        pauses=_list(told, "pauses", where, str),
        urgencies=_list(told, "urgencies", where, int, known=tuple(URGENCY_NAMES)),
        natures=_list(told, "natures", where, str, known=NATURES),
        domains=_list(told, "domains", where, str),
        article=_text(told, "article", where, optional=True),
    )
    _check_extension(rule, where)
    return rule


def _check_extension(rule: Rule, where: str) -> None:
    """An extension is counted on in the unit of the deadline, so that the sum stays one span."""
    if bool(rule.extension) != bool(rule.extensions):
        raise InvalidInput(f"{where}的 extension 和 extensions 要么都写，要么都不写", field="rules")
    if rule.extension is None:
        return
    if rule.within is None:
        raise InvalidInput(f"{where}没有 within，也就无从延期，请删去 extension", field="rules")
    if rule.within.unit not in (Unit.HOUR, rule.extension.unit):
        raise InvalidInput(f"{where}的 extension 单位应与 within 相同，请改正", field="rules")
    if rule.within.amount + rule.extensions * rule.extension.amount > MAX_AMOUNT:
        raise InvalidInput(f"{where}连同延期超过 {MAX_AMOUNT}，请改短", field="rules")


def _refuse_unknown(told: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    if unknown := sorted(set(map(str, told)) - set(known)):
        raise InvalidInput(f"{where}有不认识的字段：{'、'.join(unknown)}，请删去或改正拼写")


def _text(told: Mapping[str, Any], field: str, where: str, *, optional: bool = False) -> str:
    value = told.get(field, "")
    if not isinstance(value, str) or len(value) > 500 or not (optional or value.strip()):
        raise InvalidInput(f"{where}的 {field} 应为 500 字以内的文字，请补填", field=field)
    return value.strip()


def _span(told: Mapping[str, Any], field: str, where: str) -> Span | None:
    value = told.get(field)
    if value is None:
        return None
    try:
        return read_span(value if isinstance(value, str) else str(value))
    except InvalidInput as error:
        raise InvalidInput(f"{where}的 {field}：{error.message}", field="rules") from None


def _list(
    told: Mapping[str, Any],
    field: str,
    where: str,
    kind: type,
    *,
    known: tuple[Any, ...] | None = None,
) -> tuple[Any, ...]:
    values = told.get(field, [])
    right = isinstance(values, list | tuple) and all(
        type(value) is kind and value != "" and (known is None or value in known)
        for value in values
    )
    if not right:
        allowed = f"，只能从 {'、'.join(map(str, known))} 中选" if known else ""
        raise InvalidInput(f"{where}的 {field} 应为列表{allowed}，请改正", field="rules")
    return tuple(values)
