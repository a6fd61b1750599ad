"""Charts in Word documents as Word draws them itself, so that they can be edited like any other.

A chart is two parts of the document: how it looks with the values it shows, and a small workbook
that opens at “编辑数据”.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import xlsxwriter
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docxtpl import DocxTemplate
from markupsafe import Markup

_CHART = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_NAMESPACE = "http://schemas.openxmlformats.org/drawingml/2006"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_EMU_MM = 36_000
_WIDTH_MM, _HEIGHT_MM = 150, 75
_COLOURS = ("2F5597", "C55A11", "548235", "7F7F7F")
_FONT = "仿宋"


@dataclass(frozen=True, slots=True)
class Chart:
    """Some values for each category: bars that lie, or `line` for what goes on in time."""

    title: str
    categories: Sequence[str]
    series: Sequence[tuple[str, Sequence[float]]]
    line: bool = False


def place_chart(template: DocxTemplate, chart: Chart, *, number: int) -> Markup:
    """Put the chart into the document; what stands for it where the template names it.

    `number` tells the charts of one document apart. Nothing where there is nothing to show.
    """
    if not chart.categories:
        return Markup("")
    package = template.get_docx().part.package
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), _CHART, b"", package)
    book = Part(
        PackURI(f"/word/embeddings/chart{number}.xlsx"), _WORKBOOK, _write_book(chart), package
    )
    held = part.relate_to(book, RELATIONSHIP_TYPE.PACKAGE)
    part._blob = _draw(chart, held).encode()
    shown = template.get_docx().part.relate_to(part, RELATIONSHIP_TYPE.CHART)
    frame = (
        '<wp:inline distT="0" distB="0" distL="0" distR="0" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        f'<wp:extent cx="{_WIDTH_MM * _EMU_MM}" cy="{_HEIGHT_MM * _EMU_MM}"/>'
        f'<wp:docPr id="{1000 + number}" name="图 {number}" descr="{_quote(chart.title)}"/>'
        f'<wp:cNvGraphicFramePr/><a:graphic xmlns:a="{_NAMESPACE}/main">'
        f'<a:graphicData uri="{_NAMESPACE}/chart"><c:chart xmlns:c="{_NAMESPACE}/chart" '
        f'xmlns:r="{_RELATIONS}" r:id="{shown}"/></a:graphicData></a:graphic></wp:inline>'
    )
    return Markup(  # noqa: S704 - our own words; what comes from the ledger is escaped above
        f'</w:t></w:r><w:r><w:drawing>{frame}</w:drawing></w:r><w:r><w:t xml:space="preserve">'
    )


def _draw(chart: Chart, workbook: str) -> str:
    kind = "lineChart" if chart.line else "barChart"
    opening = '<c:grouping val="standard"/>' if chart.line else _BARS
    closing = '<c:marker val="1"/>' if chart.line else '<c:gapWidth val="60"/>'
    series = "".join(_draw_series(chart, place) for place in range(len(chart.series)))
    # Bars lie, so their first category has to be turned to the top.
    order, sides = ("minMax", ("b", "l")) if chart.line else ("maxMin", ("l", "t"))
    legend = '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>'
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<c:chartSpace xmlns:c="{_NAMESPACE}/chart" xmlns:a="{_NAMESPACE}/main" '
        f'xmlns:r="{_RELATIONS}"><c:roundedCorners val="0"/><c:chart>'
        f'<c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz="1200" b="1"/></a:pPr>'
        f'<a:r><a:rPr lang="zh-CN" sz="1200" b="1"/><a:t>{escape(chart.title)}</a:t></a:r></a:p>'
        '</c:rich></c:tx><c:overlay val="0"/></c:title><c:autoTitleDeleted val="0"/>'
        f'<c:plotArea><c:layout/><c:{kind}>{opening}<c:varyColors val="0"/>{series}{closing}'
        f'<c:axId val="1"/><c:axId val="2"/></c:{kind}>'
        f'<c:catAx><c:axId val="1"/><c:scaling><c:orientation val="{order}"/></c:scaling>'
        f'<c:delete val="0"/><c:axPos val="{sides[0]}"/><c:numFmt formatCode="General" '
        'sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        '<c:tickLblPos val="nextTo"/><c:crossAx val="2"/><c:crosses val="autoZero"/></c:catAx>'
        '<c:valAx><c:axId val="2"/><c:scaling><c:orientation val="minMax"/><c:min val="0"/>'
        f'</c:scaling><c:delete val="0"/><c:axPos val="{sides[1]}"/><c:majorGridlines><c:spPr>'
        '<a:ln w="6350"><a:solidFill><a:srgbClr val="D9D9D9"/></a:solidFill></a:ln></c:spPr>'
        '</c:majorGridlines><c:numFmt formatCode="General" sourceLinked="0"/>'
        '<c:majorTickMark val="none"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
        '<c:crossAx val="1"/><c:crosses val="autoZero"/></c:valAx></c:plotArea>'
        f'{legend if len(chart.series) > 1 else ""}<c:plotVisOnly val="1"/>'
        '<c:dispBlanksAs val="gap"/></c:chart><c:txPr><a:bodyPr/><a:p><a:pPr><a:defRPr sz="900">'
        f'<a:ea typeface="{_FONT}"/></a:defRPr></a:pPr><a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'
        f'<c:externalData r:id="{workbook}"><c:autoUpdate val="0"/></c:externalData>'
        "</c:chartSpace>"
    )


_BARS = '<c:barDir val="bar"/><c:grouping val="clustered"/>'


def _draw_series(chart: Chart, place: int) -> str:
    name, values = chart.series[place]
    column = "BCDE"[place]
    last = len(chart.categories) + 1
    colour = f'<a:solidFill><a:srgbClr val="{_COLOURS[place]}"/></a:solidFill>'
    look = f'<a:ln w="25400">{colour}</a:ln>' if chart.line else colour
    after = (
        '<c:marker><c:symbol val="circle"/><c:size val="5"/></c:marker>'
        if chart.line
        else ('<c:invertIfNegative val="0"/>')
    )
    shown = "".join(
        f'<c:{part} val="{int(part == "showVal")}"/>'
        for part in (
            *("showLegendKey", "showVal", "showCatName", "showSerName", "showPercent"),
            "showBubbleSize",
        )
    )
    return (
        f'<c:ser><c:idx val="{place}"/><c:order val="{place}"/><c:tx><c:strRef>'
        f"<c:f>Sheet1!${column}$1</c:f>{_cache([name])}</c:strRef></c:tx>"
        f"<c:spPr>{look}</c:spPr>{after}<c:dLbls>{shown}</c:dLbls>"
        f"<c:cat><c:strRef><c:f>Sheet1!$A$2:$A${last}</c:f>{_cache(chart.categories)}</c:strRef>"
        f"</c:cat><c:val><c:numRef><c:f>Sheet1!${column}$2:${column}${last}</c:f>"
        f"{_cache(values, numbers=True)}</c:numRef></c:val>"
        f"{'<c:smooth val=' + chr(34) + '0' + chr(34) + '/>' if chart.line else ''}</c:ser>"
    )


def _cache(values: Sequence[str | float], *, numbers: bool = False) -> str:
    kind = "numCache" if numbers else "strCache"
    form = "<c:formatCode>General</c:formatCode>" if numbers else ""
    points = "".join(
        f'<c:pt idx="{place}"><c:v>{escape(str(value))}</c:v></c:pt>'
        for place, value in enumerate(values)
    )
    return f'<c:{kind}>{form}<c:ptCount val="{len(values)}"/>{points}</c:{kind}>'


def _write_book(chart: Chart) -> bytes:
    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True, "strings_to_urls": False})
    sheet = book.add_worksheet("Sheet1")
    for row, category in enumerate(chart.categories, start=1):
        sheet.write_string(row, 0, category)
    for column, (name, values) in enumerate(chart.series, start=1):
        sheet.write_string(0, column, name)
        for row, value in enumerate(values, start=1):
            sheet.write_number(row, column, value)
    book.close()
    return written.getvalue()


def _quote(text: str) -> str:
    return escape(text, {'"': "&quot;"})
