"""The desk: one call that says everything the machine knows of a submission.

text -> domain -> urgency -> nature and flags -> place -> department -> evidence, and whether a
clerk has to look first. The desk only suggests; it stores nothing and reads no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from triage.artefacts import load_artefact, load_model_taxonomy
from triage.classifiers import ACCUSATION, Classifier, Judgements, read_signals
from triage.danger import Danger, DangerLexicon, load_dangers, rank_reasons
from triage.departments import Departments, load_departments
from triage.dispatch import Catalogue, load_catalogue
from triage.divisions import Divisions, load_divisions
from triage.errors import InvalidArtefact
from triage.evidence import find_evidence, list_clauses
from triage.features import Array, Reading, read_text
from triage.meanings import Meanings, load_meanings
from triage.places import PlacePhrase, find_place, find_places
from triage.placing import to_place_suggestion
from triage.submissions import Submission
from triage.suggestions import (
    FLAGS,
    NATURES,
    URGENCY_NAMES,
    DepartmentSuggestion,
    DomainCall,
    DomainSuggestion,
    Evidence,
    NatureSuggestion,
    Suggestion,
    UrgencySuggestion,
)
from triage.taxonomy import Domain, Taxonomy

CHUNK = 256  # submissions worked on at once: larger ones outgrow the processor's cache
_ALTERNATIVES = 3
_CLAUSES = 2  # quoted where no danger says why a submission is urgent
_LITTLE_TEXT = 8  # characters; below that the text can say almost nothing
_CHINESE_SHARE = 0.3  # of the characters; below that the models do not know the language
_ACCUSES = NATURES.index(ACCUSATION)
_MOST_CHECKED = 2000  # characters looked at for that
_CHINESE = bytes(range(0x4E, 0xA0))  # the first byte of a Chinese character


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything needed to suggest, loaded once. Safe to share between threads."""

    model: str
    classifier: Classifier
    taxonomy: Taxonomy
    dangers: DangerLexicon
    meanings: Meanings
    divisions: Divisions
    departments: Departments
    catalogue: Catalogue

    def suggest(self, submission: Submission) -> Suggestion:
        """The suggestion for one submission; any text is answered, doubtful ones for review."""
        return self.suggest_many([submission])[0]

    def suggest_many(self, submissions: Sequence[Submission]) -> list[Suggestion]:
        """The suggestions for many submissions, in the same order."""
        suggestions: list[Suggestion] = []
        for start in range(0, len(submissions), CHUNK):
            suggestions += self._suggest_chunk(submissions[start : start + CHUNK])
        return suggestions

    def dispatch(
        self, submission: Submission, *, domain: Domain, nature: str, flags: tuple[str, ...]
    ) -> DepartmentSuggestion:
        """Which departments answer for the submission where a person says what it is about."""
        reading = read_text(submission.title, submission.content)
        place = find_place(reading.title, reading.body, given=submission.place)
        return self.catalogue.dispatch(
            domain,
            nature=nature,
            flags=flags,
            text=f"{reading.title}\n{reading.content}",
            place_level=place.level if place else None,
        )

    def _suggest_chunk(self, submissions: Sequence[Submission]) -> list[Suggestion]:
        readings = [read_text(s.title, s.content) for s in submissions]
        dangers = self.dangers.find_many([(each.title, each.content) for each in readings])
        terms = self.classifier.features.read(readings)
        meant = self.meanings.read(readings)
        signals = read_signals(readings, dangers, self.dangers, meant)
        judged = self.classifier.judge(terms.rows, signals, dangers)
        paths = judged.best_paths()
        aims = self.classifier.find_directions(paths)
        evidence = find_evidence(readings, terms, scores=self.classifier.scores, aims=aims)
        places = find_places(
            [(r.title, r.body, s.place) for r, s in zip(readings, submissions, strict=True)]
        )
        parts = zip(
            submissions,
            readings,
            self._calls(judged, readings),
            self._domains(judged, paths),
            dangers,
            places,
            evidence,
            strict=True,
        )
        return [self._compose(*each) for each in parts]

    def _compose(
        self,
        submission: Submission,
        reading: Reading,
        call: "_Call",
        domain: DomainSuggestion,
        dangers: Sequence[Danger],
        phrase: PlacePhrase | None,
        evidence: tuple[Evidence, ...],
    ) -> Suggestion:
        text = f"{reading.title}\n{reading.content}"
        nature, flags = call.nature.name, call.flags
        received = submission.received_at
        place = to_place_suggestion(
            phrase, self.divisions, text=text, on=received.date() if received else None
        )
        confidential = nature == ACCUSATION or call.accusation
        department = self.catalogue.dispatch(
            self.taxonomy.get(domain.code),
            nature=ACCUSATION if confidential else nature,
            flags=flags,
            text=text,
            place_level=phrase.level if phrase else None,
        )
        reasons = self._review_reasons(reading, call, domain, department, confidential)
        return Suggestion(
            id=submission.id,
            domain=domain,
            urgency=self._urgency(reading, call, dangers, evidence),
            nature=call.nature,
            flags=flags,
            flag_probabilities=call.flag_probabilities,
            place=place,
            department=department,
            confidential=confidential,
            needs_review=bool(reasons),
            review_reasons=reasons,
            evidence=_quote(evidence, submission),
            model=self.model,
        )

    def _calls(self, judged: Judgements, readings: Sequence[Reading]) -> list["_Call"]:
        """What is decided of each document beside its domain."""
        lines = self.classifier.lines
        # A clerk has to see what the models cannot read, so it does not go under the seal.
        readable = np.array([_is_chinese(_opening(reading)) for reading in readings])
        natures = judged.nature.copy()
        natures[~readable, _ACCUSES] = 0
        found = zip(
            judged.urgency_level.tolist(),
            _round(judged.urgency),
            natures.argmax(axis=1).tolist(),
            _round(natures.max(axis=1)),
            _round(judged.flags),
            (judged.flags >= lines.flags).tolist(),
            (readable & (judged.accusation >= lines.accusation)).tolist(),
            readable.tolist(),
            strict=True,
        )
        return [
            _Call(
                level,
                urgency[level - 1],
                NatureSuggestion(NATURES[nature], likely),
                tuple(compress(FLAGS, raised)),
                dict(zip(FLAGS, flags, strict=True)),
                accusation,
                readable,
            )
            for level, urgency, nature, likely, flags, raised, accusation, readable in found
        ]

    def _domains(self, judged: Judgements, paths: Sequence[int]) -> list[DomainSuggestion]:
        """The domain of each document, whose path is known, and its likeliest alternatives."""
        domain = self.classifier.domain
        each = np.arange(len(paths))
        level2 = domain.up2[paths]
        leaves = self.taxonomy.domains  # in the order of the model's paths: load_desk sees to it

        def call(number: int, chance: float) -> DomainCall:
            leaf = leaves[number]
            return DomainCall(leaf.code, leaf.level1, leaf.level2, leaf.level3, chance)

        found = zip(
            paths,
            _round(judged.path[each, paths]),
            _round(judged.level1[each, domain.up1[level2]]),
            _round(judged.level2[each, level2]),
            _find_next(judged.path, paths, _ALTERNATIVES),
            strict=True,
        )
        return [
            DomainSuggestion(
                leaves[path].code,
                leaves[path].level1,
                leaves[path].level2,
                leaves[path].level3,
                confidence=confidence,
                level1_confidence=level1,
                level2_confidence=level2,
                alternatives=tuple(call(*other) for other in others),
            )
            for path, confidence, level1, level2, others in found
        ]

    def _urgency(
        self,
        reading: Reading,
        call: "_Call",
        dangers: Sequence[Danger],
        evidence: tuple[Evidence, ...],
    ) -> UrgencySuggestion:
        level = call.urgency_level
        reasons: tuple[str, ...] = ()
        if level <= 2:
            reasons = rank_reasons(dangers)
            if not reasons:
                clauses = list_clauses(evidence, reading, most=_CLAUSES)
                words = "、".join(f"“{clause}”" for clause in clauses) or "全文"
                reasons = (f"同类来件多为紧急事项，依据：{words}",)
        return UrgencySuggestion(level, URGENCY_NAMES[level], call.urgency, reasons)

    def _review_reasons(
        self,
        reading: Reading,
        call: "_Call",
        domain: DomainSuggestion,
        department: DepartmentSuggestion,
        confidential: bool,
    ) -> tuple[str, ...]:
        reasons = []
        if confidential:
            reasons.append("疑似检举控告，由纪检员核对后放行")
        if len(_opening(reading)) < _LITTLE_TEXT:
            reasons.append("文字太少，请联系反映人补充情况")
        elif not call.readable:
            reasons.append("中文太少或内容无法识别，请人工阅读")
        if domain.level1_confidence < self.classifier.lines.review:
            reasons.append(
                f"领域把握不足（{domain.level1} {domain.level1_confidence:.0%}），请核对分类"
            )
        if department.lead is None:
            reasons.append("责任单位不明或有争议，请人工指定")
        return tuple(reasons)


def load_desk(model_dir: Path, *, data_dir: Path | None = None) -> Desk:
    """A desk with the model in `model_dir`, which brings its taxonomy.

    A file in `data_dir` (departments.toml, dispatch.toml, danger.toml) takes the place of the one
    that comes with the product. Raises InvalidArtefact or InvalidData.
    """
    artefact = load_artefact(model_dir)
    taxonomy = load_model_taxonomy(model_dir)
    if [domain.code for domain in taxonomy] != artefact.classifier.codes:
        raise InvalidArtefact(f"模型 {artefact.id} 与分类表不一致，请用当前分类表重新训练模型")
    departments = load_departments(_read_data("departments.toml", data_dir))
    own = _find_own("danger.toml", data_dir)
    dangers = load_dangers(_read_data("danger.toml", data_dir), proven=own is None)
    return Desk(
        model=artefact.id,
        classifier=artefact.classifier,
        taxonomy=taxonomy,
        dangers=dangers,
        meanings=load_meanings(),
        divisions=load_divisions(),
        departments=departments,
        catalogue=load_catalogue(
            _read_data("dispatch.toml", data_dir), departments=departments, taxonomy=taxonomy
        ),
    )


def _read_data(name: str, data_dir: Path | None) -> bytes:
    own = _find_own(name, data_dir)
    return own.read_bytes() if own else (files("triage") / "data" / name).read_bytes()


def _find_own(name: str, data_dir: Path | None) -> Path | None:
    """The town's file of that name, or None where it has none."""
    own = data_dir / name if data_dir is not None else None
    return own if own is not None and own.is_file() else None


@dataclass(frozen=True, slots=True)
class _Call:
    """What is decided of a document beside its domain, with rounded probabilities; `readable` where
    the models know its language."""

    urgency_level: int
    urgency: float
    nature: NatureSuggestion
    flags: tuple[str, ...]
    flag_probabilities: dict[str, float]
    accusation: bool
    readable: bool


def _quote(evidence: tuple[Evidence, ...], submission: Submission) -> tuple[Evidence, ...]:
    """The spans with the words as they were sent, not as they were cleaned."""
    quoted = []
    for span in evidence:
        field = submission.title if span.field == "title" else submission.content
        sent = field[span.start : span.end]
        quoted.append(span if sent == span.text else replace(span, text=sent))
    return tuple(quoted)


def _opening(reading: Reading) -> str:
    """As much of the text as tells whether it can be read."""
    return (reading.title + reading.body)[:_MOST_CHECKED].replace(" ", "")


def _is_chinese(text: str) -> bool:
    """Whether there is any text, and enough of its characters are Chinese."""
    if not text:
        return False
    first = text.encode("utf-16-be", "surrogatepass")[::2]
    return len(first) - len(first.translate(None, _CHINESE)) >= _CHINESE_SHARE * len(text)


def _find_next(
    chances: Array, best: Sequence[int], count: int
) -> list[tuple[tuple[int, float], ...]]:
    """(number, rounded chance) of the greatest in each row after its best, the greatest first."""
    left = chances.ravel().copy()
    rows = np.arange(0, left.size, chances.shape[1])
    at = rows + best
    found = []
    for _ in range(count):
        left[at] = -1
        numbers = left.reshape(chances.shape).argmax(axis=1)
        at = rows + numbers
        found.append(zip(numbers.tolist(), _round(left.take(at)), strict=True))
    return list(zip(*found, strict=True))


def _round(probabilities: Array) -> list[Any]:
    """To four digits, as nested lists."""
    rounded: list[Any] = probabilities.astype(float).round(4).tolist()
    return rounded
