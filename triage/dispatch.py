"""The dispatch catalogue (派单目录): which department answers for which kind of submission.

A catalogue is one flat list of rules, each a row that a town edits as a spreadsheet. A rule says
when it holds (domain, nature, flags, kind of place, cue words) and who then leads and assists. It
is bound to one taxonomy and one list of departments when it is loaded, and never guesses: what it
does not cover, and what two rules claim with equal right, goes to the clerk (国办函〔2025〕66号
asks for a catalogue, and for disputes over dispatch to be ruled on). `docs/dispatch.md` has the
format.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from triage.departments import Departments, read_entries
from triage.errors import InvalidData
from triage.suggestions import FLAGS, NATURES, DepartmentSuggestion
from triage.taxonomy import Domain, Taxonomy

EVERY_DOMAIN = "*"
PLACE_LEVELS = {"村": "village", "乡镇": "township", "城区": "urban", "全市": "city"}

# The columns in their order: the key in dispatch.toml, the heading in a spreadsheet.
COLUMNS = {
    "path": "领域",
    "natures": "诉求性质",
    "flags": "风险标签",
    "place_levels": "地点类型",
    "cues": "关键词",
    "lead": "主办",
    "assisting": "协办",
    "forward": "转送",
    "ground": "依据",
    "reason": "理由",
}
_LISTS = ("natures", "flags", "place_levels", "cues", "assisting")
_CHOICES: dict[str, Iterable[str]] = {
    "natures": NATURES,
    "flags": FLAGS,
    "place_levels": PLACE_LEVELS,
}
_SEPARATORS = re.compile(r"[、，,；;|\n]+")
_TOLD = 10  # faults of a catalogue
_SHORTEST_CUE = 2  # characters; a single character stands in half of all messages


@dataclass(frozen=True)  # without slots, for the cached properties
class Rule:
    """One row of the catalogue; `number` is its place in the list, from 1.

    An empty condition holds for everything, a filled one for any of its values. `lead` None means
    that the clerk decides; in a rule for every domain (`EVERY_DOMAIN`) it means that the rule only
    adds its reason and assisting departments to what another rule decides. `forward` marks matters
    that are passed on (转送) to a body outside the government's own procedure.
    """

    number: int
    path: str
    natures: tuple[str, ...]
    flags: tuple[str, ...]
    place_levels: tuple[str, ...]
    cues: tuple[str, ...]
    lead: str | None
    assisting: tuple[str, ...]
    forward: bool
    ground: str | None
    reason: str

    @cached_property
    def conditions(self) -> tuple[object, ...]:
        """What the rule asks for, comparable whatever the order of the values."""
        return (
            self.path,
            *map(frozenset, (self.natures, self.flags, self.place_levels, self.cues)),
        )

    @cached_property
    def kinds(self) -> int:
        """How many of nature, flags and place the rule asks for, cue words aside."""
        return bool(self.natures) + bool(self.flags) + bool(self.place_levels)

    def holds(self, nature: str, flags: tuple[str, ...], place_level: str | None) -> bool:
        """Whether nature, flags and place (as rules name it) are what the rule asks for."""
        return (
            (not self.natures or nature in self.natures)
            and (not self.place_levels or place_level in self.place_levels)
            and (not self.flags or not set(flags).isdisjoint(self.flags))
        )

    def reasons(self, domain: Domain, nature: str, cues: tuple[str, ...]) -> tuple[str, ...]:
        """Why this rule was chosen: what was matched, what it says, and its legal ground."""
        matched = f"领域“{domain}”、诉求性质“{nature}”"
        if self.kinds:
            matched += self._narrowed
        if cues:
            matched += f"、文中提到“{'”“'.join(cues)}”"
        return (f"{matched}，适用派单目录第 {self.number} 条", *self._explained)

    @cached_property
    def _narrowed(self) -> str:
        flags = f"、风险标签“{'、'.join(self.flags)}”" if self.flags else ""
        return flags + (f"、地点在{'或'.join(self.place_levels)}" if self.place_levels else "")

    @cached_property
    def _explained(self) -> tuple[str, ...]:
        ground = (f"依据：{self.ground}",) if self.ground else ()
        forward = (f"属转送事项，请转{self.lead}依其程序办理",) if self.forward else ()
        return (self.reason, *ground, *forward)


_Match = tuple[Rule, tuple[str, ...]]


class Catalogue:
    """The rules of a town, indexed by the leaves of its taxonomy."""

    def __init__(self, rules: tuple[Rule, ...], taxonomy: Taxonomy) -> None:
        self.rules = rules
        by_path: dict[str, list[Rule]] = {}
        for rule in rules:
            by_path.setdefault(rule.path, []).append(rule)
        everywhere = by_path.pop(EVERY_DOMAIN, [])
        self._standing = tuple(rule for rule in everywhere if rule.lead)
        self._notes = tuple(rule for rule in everywhere if not rule.lead)
        self._by_path = by_path
        # For each leaf the rules of the leaf itself, of its level 2 and of its level 1.
        self._by_leaf = {
            domain.path: tuple(
                tuple(by_path[path]) for path in reversed(_prefixes(domain)) if path in by_path
            )
            for domain in taxonomy
        }
        plain = {rule.path: rule for rule in rules if not rule.cues and not rule.kinds}
        found = {
            domain: next((plain[p] for p in reversed(_prefixes(domain)) if p in plain), None)
            for domain in taxonomy
        }
        # Leaves no unconditioned rule covers, and leaves a rule leaves to the clerk on purpose.
        self.uncovered = tuple(domain for domain, rule in found.items() if rule is None)
        self.undecided = tuple(domain for domain, rule in found.items() if rule and not rule.lead)

    @property
    def disputed(self) -> tuple[tuple[Rule, Rule], ...]:
        """Pairs of rules for one path with different leads that one shared cue word brings to a
        draw: a message with that word alone always goes to the clerk.
        """
        return tuple(
            (one, other)
            for rules in self._by_path.values()
            for one, other in combinations(rules, 2)
            if one.lead != other.lead and one.kinds == other.kinds and _overlap(one, other)
        )

    def dispatch(
        self,
        domain: Domain,
        *,
        nature: str,
        flags: tuple[str, ...],
        text: str,
        place_level: str | None,
    ) -> DepartmentSuggestion:
        """Who leads and who assists, and why.

        A rule for every domain that names a lead goes first (accusations). Then the deepest path
        with a rule that holds; there, the rule with most of its cue words in `text` (clean text of
        title and content), then the one with most other conditions. Rules that draw and name
        different leads leave the matter to the clerk, and so does a domain without a rule.
        `place_level` is that of `triage.places.PlacePhrase`.
        """
        place = _PLACE_NAMES.get(place_level or "")
        best = _find_best(_find_matches(self._standing, text, nature, flags, place))
        notes: list[_Match] = []
        if not best:
            notes = _find_matches(self._notes, text, nature, flags, place)
            for rules in self._by_leaf.get(domain.path, ()):
                best = _find_best(_find_matches(rules, text, nature, flags, place))
                if best:
                    break
        reasons = [reason for rule, cues in best for reason in rule.reasons(domain, nature, cues)]
        if not best:
            reasons = [f"派单目录没有“{domain}”的规则，请人工指定责任单位"]
        leads = tuple(dict.fromkeys([rule.lead for rule, _ in best]))
        decided = len(leads) == 1
        if len(leads) > 1:
            names = "、".join(lead or "人工指定" for lead in leads)
            reasons.insert(
                0, f"派单目录中有同等适用的规则指向不同单位（{names}），请人工裁定主办单位"
            )
        lead = leads[0] if decided else None
        assisting = [name for rule, _ in best if decided for name in rule.assisting]
        for rule, _ in notes:
            reasons.append(rule.reason)
            assisting += [name for name in rule.assisting if name != lead]
        return DepartmentSuggestion(
            lead=lead,
            assisting=tuple(dict.fromkeys(assisting)),
            reasons=tuple(dict.fromkeys(reasons)),
            ground=best[0][0].ground if lead else None,
        )


_PLACE_NAMES = {level: name for name, level in PLACE_LEVELS.items()}


def load_catalogue(data: bytes, *, departments: Departments, taxonomy: Taxonomy) -> Catalogue:
    """The catalogue in the bytes of a dispatch.toml.

    Raises InvalidData with the numbers of the first ten rules whose path is not in the taxonomy,
    whose department is not in the directory, that repeat the conditions of another, or are
    malformed.
    """
    entries = read_entries(data, key="rules", what="派单目录")
    return _build(entries, departments=departments, taxonomy=taxonomy)


def catalogue_rows(catalogue: Catalogue) -> list[dict[str, str]]:
    """The rules as spreadsheet rows under the headings of `COLUMNS`, lists joined by “、”."""
    return [
        {heading: _to_cell(getattr(rule, field)) for field, heading in COLUMNS.items()}
        for rule in catalogue.rules
    ]


def catalogue_from_rows(
    rows: Iterable[Mapping[str, str]], departments: Departments, taxonomy: Taxonomy
) -> Catalogue:
    """The catalogue in spreadsheet rows as `catalogue_rows` writes them; blank rows are skipped.

    Rule n is the n-th row that is not blank. Raises InvalidData as `load_catalogue` does, and
    where a column is missing.
    """
    filled = [row for row in rows if any((value or "").strip() for value in row.values())]
    if not filled:
        raise InvalidData("派单目录没有任何规则，请检查表格内容；只读第一张工作表表头以下的各行")
    known = {heading for row in filled for heading in row}  # a row may end at its last filled cell
    missing = [heading for heading in COLUMNS.values() if heading not in known]
    if missing:
        raise InvalidData(f"派单目录缺少列：{'、'.join(missing)}，请按导出的表头补齐")
    entries: list[dict[str, Any]] = []
    for row in filled:
        entry: dict[str, Any] = {}
        for field, heading in COLUMNS.items():
            cell = (row.get(heading) or "").strip()
            if field in _LISTS:
                entry[field] = [part.strip() for part in _SEPARATORS.split(cell) if part.strip()]
            elif field == "forward":
                entry[field] = {"是": True, "": False, "否": False}.get(cell, cell)
            else:
                entry[field] = cell
        entries.append(entry)
    return _build(entries, departments=departments, taxonomy=taxonomy)


def _build(
    entries: Iterable[Mapping[str, Any]], *, departments: Departments, taxonomy: Taxonomy
) -> Catalogue:
    paths = {path for domain in taxonomy for path in _prefixes(domain)} | {EVERY_DOMAIN}
    rules: list[Rule] = []
    seen: dict[tuple[object, ...], int] = {}
    faults: list[str] = []
    for number, entry in enumerate(entries, start=1):
        try:
            rule = _read_rule(entry, number, departments)
        except InvalidData as error:
            faults.append(error.message)
            continue
        first = seen.setdefault(rule.conditions, number)
        if rule.path not in paths:
            faults.append(
                f"派单目录第 {number} 条：分类“{taxonomy.name}”中没有领域“{rule.path}”，"
                "请按“一级/二级/三级”填写分类表中的名称"
            )
        elif first != number:
            faults.append(
                f"派单目录第 {number} 条与第 {first} 条的条件完全相同，请合并或删去其中一条"
            )
        rules.append(rule)
    if faults:  # a department that is given up stands in dozens of rules: not told one at a time
        more = [f"……等共 {len(faults)} 处"] if len(faults) > _TOLD else []
        raise InvalidData("\n".join([*faults[:_TOLD], *more]))
    return Catalogue(tuple(rules), taxonomy)


def _read_rule(entry: Mapping[str, Any], number: int, departments: Departments) -> Rule:
    where = f"派单目录第 {number} 条"
    unknown = sorted(set(entry) - set(COLUMNS))
    if unknown:
        raise InvalidData(f"{where}有不认识的字段：{'、'.join(unknown)}，请删去或改正拼写")
    texts: dict[str, str] = {}
    for field in ("path", "lead", "ground", "reason"):
        value = entry.get(field, "")
        if not isinstance(value, str):
            raise InvalidData(f"{where}的{COLUMNS[field]}（{field}）应为文字，请改写")
        texts[field] = value.strip()
    lists: dict[str, tuple[str, ...]] = {}
    for field in _LISTS:
        values = entry.get(field, [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise InvalidData(f"{where}的{COLUMNS[field]}（{field}）应为文字列表，请改写")
        lists[field] = tuple(dict.fromkeys(value.strip() for value in values))
        choices = _CHOICES.get(field)
        wrong = [value for value in lists[field] if choices and value not in choices]
        if choices and wrong:
            raise InvalidData(
                f"{where}的{COLUMNS[field]}“{wrong[0]}”无效，可填：{'、'.join(choices)}"
            )
        split = [value for value in lists[field] if not value or _SEPARATORS.search(value)]
        if split:
            raise InvalidData(
                f"{where}的{COLUMNS[field]}“{split[0]}”为空或含有顿号、逗号、分号，请拆成几个值"
            )
    short = [cue for cue in lists["cues"] if len(cue) < _SHORTEST_CUE]
    if short:
        raise InvalidData(f"{where}的关键词“{short[0]}”太短，容易误配，请改用两个字以上的词")
    forward = entry.get("forward", False)
    if not isinstance(forward, bool):
        raise InvalidData(f"{where}的转送（forward）应填“是”或留空（TOML 中为 true 或 false）")
    if not texts["reason"]:
        raise InvalidData(f"{where}缺少理由，请写明为什么由该单位办理，承办人要看")
    if forward and not texts["lead"]:
        raise InvalidData(f"{where}标为转送但没有主办，请填写转送的单位")
    rule = Rule(
        number=number,
        path=texts["path"],
        natures=lists["natures"],
        flags=lists["flags"],
        place_levels=lists["place_levels"],
        cues=lists["cues"],
        lead=_name_department(texts["lead"], departments, where) if texts["lead"] else None,
        assisting=tuple(_name_department(name, departments, where) for name in lists["assisting"]),
        forward=forward,
        ground=texts["ground"] or None,
        reason=texts["reason"],
    )
    if rule.path == EVERY_DOMAIN and not rule.kinds and not rule.cues:
        raise InvalidData(
            f"{where}适用于所有领域（*），必须限定诉求性质、风险标签、地点类型或关键词，请补填"
        )
    if rule.lead in rule.assisting:
        raise InvalidData(f"{where}的“{rule.lead}”既是主办又是协办，请删去一处")
    return rule


def _name_department(key: str, departments: Departments, where: str) -> str:
    department = departments.find(key)
    if department is None:
        raise InvalidData(f"{where}：单位目录中没有“{key}”，请先在单位目录中登记，或改用已有名称")
    return department.name


def _prefixes(domain: Domain) -> tuple[str, str, str]:
    """The paths of level 1, level 2 and the leaf, as rules write them."""
    level2 = f"{domain.level1}/{domain.level2}"
    return domain.level1, level2, f"{level2}/{domain.level3}"


def _to_cell(value: object) -> str:
    if isinstance(value, bool):
        return "是" if value else ""
    if isinstance(value, tuple):
        return "、".join(value)
    return "" if value is None else str(value)


def _overlap(one: Rule, other: Rule) -> bool:
    """Whether a cue word, and any nature, flags and place, can fit both rules."""
    return not set(one.cues).isdisjoint(other.cues) and all(
        not these or not those or not set(these).isdisjoint(those)
        for these, those in (
            (one.natures, other.natures),
            (one.flags, other.flags),
            (one.place_levels, other.place_levels),
        )
    )


def _find_matches(
    rules: tuple[Rule, ...],
    text: str,
    nature: str,
    flags: tuple[str, ...],
    place_level: str | None,
) -> list[_Match]:
    """The rules that hold, each with its cue words found in the text."""
    matches: list[_Match] = []
    for rule in rules:
        if rule.kinds and not rule.holds(nature, flags, place_level):
            continue
        if not rule.cues:
            matches.append((rule, ()))
        elif cues := [cue for cue in rule.cues if cue in text]:
            matches.append((rule, tuple(cues)))
    return matches


def _find_best(matches: list[_Match]) -> list[_Match]:
    """The most specific of the matches; more than one where they draw."""
    if len(matches) < 2:
        return matches
    ranks = [(len(cues), rule.kinds) for rule, cues in matches]
    most = max(ranks)
    return [match for match, rank in zip(matches, ranks, strict=True) if rank == most]
