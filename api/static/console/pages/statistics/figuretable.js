// A table of figures with its total, to be looked at and to be taken along as a file for Excel.

import { ElButton } from "element-plus";
import { download } from "../../api.js";
import { html } from "../../html.js";
import { attempt } from "../../parts/failure.js";
import { Table } from "../../parts/table.js";

// columns: those of Table; `book` is where the server has the same as an Excel file: { path, query }.
export const FigureTable = ({ name, lines, total, columns, book }) => html`<section class="table-box" aria-label=${name}>
  <div class="table-foot top-foot"><b>${name}</b><span class="grow"></span><${ElButton} size="small" class="no-print" onClick=${() => attempt(() => download(book.path, book.query))}>导出 Excel</></div>
  <div class="table-scroll whole" tabindex="0" role="region" aria-label=${name}>
    <${Table} lines=${[...lines, { ...total, key: "total", name: "合计" }]} columns=${columns} rowKey=${(line) => line.key} />
  </div>
</section>`;
FigureTable.props = ["name", "lines", "total", "columns", "book"];
