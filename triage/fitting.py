"""A desk with one of its parts changed for the town's own: departments, catalogue, line, model.

The desk that is given stays as it is, so that it can go on answering beside the new one.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

from triage.artefacts import Artefact
from triage.departmenttable import departments_from_rows
from triage.desk import Desk
from triage.dispatch import catalogue_from_rows, catalogue_rows
from triage.errors import InvalidArtefact, InvalidInput

LINES = (0.5, 0.9999)
"""Between which the line lies: below one half the likeliest level is often a mere guess."""


def fit_departments(desk: Desk, rows: Sequence[Mapping[str, str]]) -> Desk:
    """With these departments (spreadsheet rows); the rules of the catalogue stay.

    Raises InvalidData where a row is wrong, or a rule names a department that is no longer there.
    """
    departments = departments_from_rows(rows)
    rules = catalogue_rows(desk.catalogue)
    catalogue = catalogue_from_rows(rules, departments, desk.taxonomy)
    return replace(desk, departments=departments, catalogue=catalogue)


def fit_catalogue(desk: Desk, rows: Sequence[Mapping[str, str]]) -> Desk:
    """With this dispatch catalogue (spreadsheet rows). Raises InvalidData naming the rule."""
    return replace(desk, catalogue=catalogue_from_rows(rows, desk.departments, desk.taxonomy))


def fit_review_line(desk: Desk, line: float) -> Desk:
    """With this level-1 probability below which a clerk decides. Raises InvalidInput."""
    if not LINES[0] <= line <= LINES[1]:
        raise InvalidInput(f"复核线应在 {LINES[0]} 到 {LINES[1]} 之间，请改正", field="line")
    classifier = copy(desk.classifier)
    classifier.lines = replace(classifier.lines, review=line)
    return replace(desk, classifier=classifier)


def fit_model(desk: Desk, artefact: Artefact, *, folder: Path) -> Desk:
    """With this model. Raises InvalidArtefact where it was made for another taxonomy."""
    if [domain.code for domain in desk.taxonomy] != artefact.classifier.codes:
        raise InvalidArtefact(
            f"模型 {artefact.id}（{folder.name}）与分类表不一致，请用当前分类表重新训练模型"
        )
    return replace(desk, model=artefact.id, classifier=artefact.classifier)
