"""Writing a report: the figures put into its template, ours or the town's own."""

import io
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zipfile import BadZipFile

from docxtpl import DocxTemplate
from jinja2.sandbox import SandboxedEnvironment
from sqlalchemy.orm import Session

from api.faults import name_fault
from api.reports.figures import describe, list_charts
from api.reports.periods import REPORT_NAMES, Period, Report
from api.reports.wordcharts import place_chart
from triage.errors import InvalidData
from triage.roles import Caller


def write_report(
    session: Session,
    report: Report,
    period: Period,
    *,
    data_dir: Path | None,
    unit: str,
    caller: Caller,
    now: datetime,
    text: str = "",
) -> bytes:
    """The report as a Word document, each line of `text` a paragraph of it. Raises AccessDenied,
    InvalidData where the town's template cannot be used."""
    figures = describe(session, report, period, unit=unit, caller=caller, now=now)
    template = _open_template(read_template(report, data_dir=data_dir), report)
    placed = {
        name: place_chart(template, chart, number=number)
        for number, (name, chart) in enumerate(list_charts(figures, period).items(), start=1)
    }
    return _render(template, figures | placed | {"text": _list_lines(text)}, report)


def read_template(report: Report, *, data_dir: Path | None) -> bytes:
    """The town's template, else ours. Raises InvalidData where the town's cannot be read."""
    own = data_dir and data_dir / template_name(report)
    try:
        if own and own.is_file():
            return own.read_bytes()
    except OSError as error:
        raise InvalidData(f"读不了模板 {own}（{name_fault(error)}），请检查权限") from error
    return (Path(str(files("api"))) / "data" / template_name(report)).read_bytes()


def template_name(report: Report) -> str:
    """What the file of a template is called, ours and a town's own."""
    return f"report-{report}.docx"


def report_name(report: Report, period: Period, *, kind: str = "docx") -> str:
    """What the file of a report is called."""
    return f"{REPORT_NAMES[report]}-{period.first:%Y%m%d}-{period.last:%Y%m%d}.{kind}"


def _list_lines(text: str) -> list[str]:
    """The lines that say something, without the characters that no document may hold."""
    lines = ("".join(one for one in line if one.isprintable()) for line in text.splitlines())
    return [line.strip() for line in lines if line.strip()]


def _open_template(content: bytes, report: Report) -> DocxTemplate:
    template = DocxTemplate(io.BytesIO(content))
    try:
        template.init_docx()
    except (BadZipFile, KeyError, ValueError) as error:
        raise InvalidData(
            f"模板 {template_name(report)} 不是 Word 文档（.docx），请用 Word 或 WPS 另存后放回"
        ) from error
    return template


def _render(template: DocxTemplate, values: dict[str, object], report: Report) -> bytes:
    """The document. Raises InvalidData saying what is wrong with the template."""
    written = io.BytesIO()
    try:
        # A template is a program too: it reads the figures and nothing else.
        template.render(values, SandboxedEnvironment(), autoescape=True)
        template.save(written)
    except Exception as error:  # … and fails like one: what it asks for is no number, no list
        raise InvalidData(
            f"模板 {template_name(report)} 有误（{error}），请对照 docs/statistics.md 改正"
        ) from error
    return written.getvalue()
