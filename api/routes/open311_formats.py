"""The two formats of Open311 answers: a JSON list, or the same as XML."""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any
from xml.etree import ElementTree

from fastapi import Response
from pydantic import BaseModel

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Format(StrEnum):
    """答复的格式。"""

    JSON = "json"
    XML = "xml"


def render(
    root: str, item: str, told: Sequence[BaseModel], form: Format, *, status_code: int = 200
) -> Response:
    """The answer: in XML `item` elements in a `root`. A list in an item becomes an element of
    elements named without the plural s."""
    plain = [each.model_dump(mode="json") for each in told]
    if form is Format.JSON:
        body = json.dumps(plain, ensure_ascii=False).encode()
        return Response(body, media_type="application/json", status_code=status_code)
    tree = ElementTree.Element(root)
    for each in plain:
        _fill(ElementTree.SubElement(tree, item), each)
    body = ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/xml", status_code=status_code)


def _fill(element: ElementTree.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        for name, part in value.items():
            _fill(ElementTree.SubElement(element, name), part)
    elif isinstance(value, list):
        for part in value:
            _fill(ElementTree.SubElement(element, element.tag.removesuffix("s")), part)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        element.text = _NOT_XML.sub("\ufffd", str(value))
