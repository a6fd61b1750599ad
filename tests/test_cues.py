"""Cues counted in one pass against each cue searched as it is written."""

import re
from math import log1p

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.cues import Cues

SOURCES = (
    "后天|大后天|明天",
    "停水|停水三天|水三",
    "无法|没法",
    "水水",
    "水",
    "(?:无法|没法)(?:用水|停水)",
)
PATTERNS = [re.compile(source) for source in SOURCES]
TEXTS = st.text(st.sampled_from("停水三天大后明无没法用，😀"), max_size=24)


def search(title: str, content: str) -> list[float]:
    counts: list[float] = []
    for pattern in PATTERNS:
        counts.append(float(pattern.search(title) is not None))
        counts.append(log1p(len(pattern.findall(content))))
    return counts


@settings(deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))
def test_cues_are_counted_as_a_search_counts_them(messages: list[tuple[str, str]]) -> None:
    assert Cues(PATTERNS).count(messages) == [search(*message) for message in messages]


@pytest.mark.parametrize("source", ["明天", "明.", "水"])
def test_the_end_of_a_very_long_content_is_not_read(source: str) -> None:
    content = "天" * 3999 + "明天" + "水"
    assert Cues([re.compile(source)]).count([("", content)]) == [[0.0, 0.0]]
    assert Cues([re.compile(source)]).count([("明天停水", "")]) == [[1.0, 0.0]]
