// A table of figures with its total, to be looked at and to be taken along as a file for Excel.

import { ElButton } from "element-plus";
import { save } from "../../api.js";
import { percent } from "../../format.js";
import { html } from "../../html.js";
import { Table } from "../../parts/table.js";
import { readPeriod } from "../../parts/period.js";

// columns: those of Table, each with `text` (a line) => what goes into the file, or with `rate`, of
// which the share and both counts go there.
export const FigureTable = ({ name, lines, total, columns }) => html`<section class="table-box" aria-label=${name}>
  <div class="table-foot top-foot"><b>${name}</b><span class="grow"></span><${ElButton} size="small" class="no-print" onClick=${() => take(name, [...lines, { ...total, name: "合计" }], columns)}>导出表格</></div>
  <div class="table-scroll whole" tabindex="0" role="region" aria-label=${name}>
    <${Table} lines=${[...lines, { ...total, key: "total", name: "合计" }]} columns=${columns} rowKey=${(line) => line.key} />
  </div>
</section>`;
FigureTable.props = ["name", "lines", "total", "columns"];

function take(name, lines, columns) {
  const header = columns.flatMap((column) => (column.rate ? [column.name, `${column.name}分子`, `${column.name}分母`] : [column.name]));
  const rows = lines.map((line) => columns.flatMap((column) => {
    if (!column.rate) return [column.text(line)];
    const { numerator, denominator, value } = column.rate(line);
    return [denominator ? percent(value, 1) : "", numerator, denominator];
  }));
  const told = [header, ...rows].map((row) => row.map(spell).join(",")).join("\r\n");
  // The mark at its head tells Excel that the file is UTF-8.
  save(new Blob(["\ufeff", told, "\r\n"], { type: "text/csv;charset=utf-8" }), `${name}-${readPeriod().join("至").replaceAll("-", "")}.csv`);
}

// What begins like a formula is made text, so that Excel does not reckon it.
function spell(value) {
  const told = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(told) ? `'${told}` : told;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
