"""Filters in the query of an address: an empty one asks for nothing, an unknown value is refused.

Forms and scripts send the fields that nobody filled in as empty texts.
"""

from typing import Annotated, Any

from fastapi import Query
from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from api.explain import OWN
from triage.suggestions import NATURES


def _drop_blanks(told: Any) -> Any:
    if isinstance(told, list):
        return [one for one in told if one != ""] or None
    return None if told == "" else told


def _check_nature(told: str | None) -> str | None:
    if told is not None and told not in NATURES:
        raise PydanticCustomError(OWN, f"诉求性质应为 {'、'.join(NATURES)} 之一，请改正")
    return told


UNLESS_BLANK = BeforeValidator(_drop_blanks)  # stands last: limits are for what is left
Nature = Annotated[
    str | None,
    Query(description="只看一种诉求性质，如 投诉", json_schema_extra={"enum": list(NATURES)}),
    AfterValidator(_check_nature),
    UNLESS_BLANK,
]
