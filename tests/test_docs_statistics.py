"""Each rule, threshold, rate, count, stage, report and template value stands in the documents."""

from dataclasses import fields
from pathlib import Path

import pytest

from api.reports.periods import REPORT_NAMES, Report
from api.reports.writing import template_name
from triage.findings import RULE_NAMES, Rule
from triage.ledger.selection import By
from triage.ledger.statistics import Stage
from triage.rates import COUNTS, RATE_NAMES
from triage.thresholds import RANGES, Thresholds

DOCS = Path(__file__).parent.parent / "docs"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_is_documented_by_its_name(rule: Rule) -> None:
    assert f"| `{rule}` | {RULE_NAMES[rule]} |" in read("findings.md")


@pytest.mark.parametrize("name", [field.name for field in fields(Thresholds)])
def test_every_threshold_is_documented_with_default_and_range(name: str) -> None:
    least, most = RANGES[name]
    value = getattr(Thresholds(), name)
    assert f"| `{name}` | {value:g} | {least:g}–{most:.0f} |" in read("findings.md")


@pytest.mark.parametrize("rate", [*RATE_NAMES, "repeat"])
def test_every_rate_is_documented(rate: str) -> None:
    assert f"| `{rate}` | {RATE_NAMES.get(rate, '重复率')} |" in read("statistics.md")


@pytest.mark.parametrize("name", [*(f"`{stage}`" for stage in Stage), *(f"`{by}`" for by in By)])
def test_every_stage_and_grouping_is_documented(name: str) -> None:
    assert name in read("statistics.md")


@pytest.mark.parametrize("count", COUNTS)
def test_every_count_is_documented(count: str) -> None:
    told = (
        "`due_`" if count.startswith("due_") else "`rated_1`" if "rated" in count else f"`{count}`"
    )
    assert told in read("statistics.md")


@pytest.mark.parametrize("report", list(Report))
def test_every_report_and_its_template_are_documented(report: Report) -> None:
    assert f"| `{report}` | {REPORT_NAMES[report]} |" in read("statistics.md")
    assert f"`{template_name(report)}`" in read("statistics.md")
