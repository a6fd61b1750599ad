"""Charts that Word draws itself, in a document that still opens."""

import io
import zipfile
from xml.etree import ElementTree

import pytest
from docx import Document
from docxtpl import DocxTemplate
from openpyxl import load_workbook

from api.reports.wordcharts import Chart, place_chart

NAMES = {
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
}
BARS = Chart("各单位<到期>", ["住建局", "城管&执法局"], [("到期", [3, 2]), ("按时", [1.5, 0])])


def write(*charts: Chart) -> zipfile.ZipFile:
    document = Document()
    for number in range(len(charts)):
        document.add_paragraph(f"前{{{{ chart_{number} }}}}后")
    source = io.BytesIO()
    document.save(source)
    template = DocxTemplate(source)
    placed = {
        f"chart_{place}": place_chart(template, chart, number=place + 1)
        for place, chart in enumerate(charts)
    }
    template.render(placed, autoescape=True)
    written = io.BytesIO()
    template.save(written)
    assert Document(io.BytesIO(written.getvalue())).paragraphs[0].text == "前后"
    return zipfile.ZipFile(written)


@pytest.mark.parametrize("line", [False, True])
def test_a_chart_shows_its_values_and_opens_as_a_workbook(line: bool) -> None:
    chart = Chart(BARS.title, BARS.categories, BARS.series, line=line)
    document = write(chart)
    drawn = ElementTree.fromstring(document.read("word/charts/chart1.xml"))  # noqa: S314
    assert drawn.find(f".//c:{'lineChart' if line else 'barChart'}", NAMES) is not None
    assert drawn.findtext(".//c:title//a:t", namespaces=NAMES) == chart.title
    series = drawn.findall(".//c:ser", NAMES)
    shown = [
        (
            each.findtext("./c:tx//c:v", namespaces=NAMES),
            [float(v.text or "") for v in each.findall("./c:val//c:v", NAMES)],
            [v.text for v in each.findall("./c:cat//c:v", NAMES)],
        )
        for each in series
    ]
    assert shown == [
        ("到期", [3.0, 2.0], ["住建局", "城管&执法局"]),
        ("按时", [1.5, 0.0], ["住建局", "城管&执法局"]),
    ]
    sheet = load_workbook(io.BytesIO(document.read("word/embeddings/chart1.xlsx"))).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet]
    assert rows == [[None, "到期", "按时"], ["住建局", 3, 1.5], ["城管&执法局", 2, 0]]
    assert series[1].findtext("./c:val//c:f", namespaces=NAMES) == "Sheet1!$C$2:$C$3"


def test_the_document_names_each_chart_and_each_chart_its_workbook() -> None:
    document = write(BARS, BARS)
    links = document.read("word/_rels/document.xml.rels").decode()
    kinds = document.read("[Content_Types].xml").decode()
    for number in (1, 2):
        assert f"charts/chart{number}.xml" in links
        assert f'PartName="/word/charts/chart{number}.xml"' in kinds
        own = document.read(f"word/charts/_rels/chart{number}.xml.rels").decode()
        assert f"embeddings/chart{number}.xlsx" in own


def test_a_chart_of_nothing_leaves_its_place_empty() -> None:
    document = write(Chart("无", [], [("件数", [])]))
    assert not any("chart" in name for name in document.namelist())
