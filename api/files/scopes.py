"""What a printed table covers, in the words that stand above it."""

from datetime import date, datetime, timedelta

from api.files.reading import CHINA_TIME
from triage.desk import Desk
from triage.divisiontree import grow_tree
from triage.errors import InvalidInput, NotFound
from triage.ledger.listfilters import ListFilter
from triage.ledger.selection import Selection
from triage.suggestions import URGENCY_NAMES
from triage.taxonomy import Taxonomy

_TICK = timedelta(microseconds=1)


def spell_scope(asked: ListFilter | Selection, *further: str, desk: Desk) -> str:
    """The period and what else was asked for, by name; a code that nobody knows stands as it is.

    Raises InvalidInput for a time beyond all calendars.
    """
    said = []
    if asked.since is not None:
        said.append(f"{_day(asked.since, 'since')}起")
    if asked.until is not None:
        # the moment itself no longer counts: midnight ends the day before
        said.append(f"{_day(asked.until, 'until', before=_TICK)}止")
    if asked.urgency is not None:
        said.append(URGENCY_NAMES[asked.urgency])
    if asked.domain:
        said.append(f"领域 {_name_domain(desk.taxonomy, asked.domain)}")
    if asked.division:
        said.append(f"行政区划 {name_division(desk, asked.division)}")
    return "，".join([*said, *further])


def name_division(desk: Desk, code: str) -> str:
    """The division with all above it; the code of one that the tree does not have."""
    try:
        return "".join(
            branch.name for branch in grow_tree(desk.divisions.gazetteer).list_path(code)
        )
    except NotFound:
        return code


def _name_domain(taxonomy: Taxonomy, code: str) -> str:
    """What the heading with this code is called, of whichever level."""
    for section in taxonomy.sections:
        if code == section.above:
            return section.level1
        if code == section.code:
            return section.level2
    try:
        return taxonomy.get(code).level3
    except NotFound:
        return code


def _day(moment: datetime, field: str, *, before: timedelta = timedelta()) -> date:
    """The day in China of this moment, or of a little before it. Raises InvalidInput."""
    try:
        return (moment.astimezone(CHINA_TIME) - before).date()
    except OverflowError:
        raise InvalidInput("时间超出范围，请核对年份", field=field) from None
