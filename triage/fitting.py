"""A desk with one of its parts changed for the town's own: departments, catalogue, line, model.

The desk that is given stays as it is, so that it can go on answering beside the new one.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path

from triage.artefacts import Artefact, load_model_taxonomy
from triage.departmenttable import departments_from_rows
from triage.desk import Desk
from triage.dispatch import catalogue_from_rows, catalogue_rows
from triage.errors import InvalidArtefact, InvalidInput

LINES = (0.5, 0.9999)
"""Between which the line lies: below one half the likeliest level is often a mere guess."""


def fit_tables(
    desk: Desk,
    *,
    departments: Sequence[Mapping[str, str]] | None = None,
    catalogue: Sequence[Mapping[str, str]] | None = None,
) -> Desk:
    """With these departments, this dispatch catalogue, or both (spreadsheet rows; None: as it is).

    Both at once: a town that gives up a department changes both, and each fits the other alone.
    Raises InvalidData where a row is wrong, or a rule names a department that is not there.
    """
    known = desk.departments if departments is None else departments_from_rows(departments)
    rules = catalogue_rows(desk.catalogue) if catalogue is None else catalogue
    return replace(
        desk, departments=known, catalogue=catalogue_from_rows(rules, known, desk.taxonomy)
    )


def fit_review_line(desk: Desk, line: float) -> Desk:
    """With this level-1 probability below which a clerk decides. Raises InvalidInput."""
    if not LINES[0] <= line <= LINES[1]:
        raise InvalidInput(f"复核线应在 {LINES[0]} 到 {LINES[1]} 之间，请改正", field="line")
    classifier = copy(desk.classifier)
    classifier.lines = replace(classifier.lines, review=line)
    return replace(desk, classifier=classifier)


def fit_model(desk: Desk, artefact: Artefact, *, folder: Path) -> Desk:
    """With this model. Raises InvalidArtefact where it was made for another taxonomy."""
    told = load_model_taxonomy(folder).domains  # its names too: one code may have two
    if (
        told != desk.taxonomy.domains
        or [domain.code for domain in told] != artefact.classifier.codes
    ):
        raise InvalidArtefact(
            f"模型 {artefact.id}（{folder.name}）的分类表与现用的不同，不能在这里换；"
            "请用当前分类表重新训练，或用 TRIAGE_MODEL_DIR 指明它，连同派单目录一起换"
        )
    return replace(desk, model=artefact.id, classifier=artefact.classifier)
