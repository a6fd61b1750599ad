// Lists that the server pages: one page at a time by its cursor, which stands in the address, so that
// a page of a filtered list of 100,000 can be sent to a colleague and the back button turns back.

import { ElButton, ElCheckbox, ElOption, ElSelect } from "element-plus";
import { reactive, watch } from "vue";
import { html } from "../html.js";
import { refine, route } from "../router.js";
import { explain } from "./failure.js";
import { useLoad } from "./load.js";
import { State } from "./state.js";

const ROWS = "rows-of-a-page";
const places = new Map(); // how far down a list was, so that coming back finds the same row

// const list = usePaged((query, signal) => get("/v1/lists/problems", query, { signal }), () => asked(FIELDS));
// `source` gives the query without paging; the answer must have `lines` and `next`.
export function usePaged(load, source = () => ({}), { key = (line) => line.id } = {}) {
  const state = reactive({ limit: Number(localStorage.getItem(ROWS)) || 50, before: new Map(), chosen: new Set(), key });
  state.load = useLoad(
    (signal) => load({ ...source(), limit: state.limit, cursor: route.query.cursor }, signal),
    () => JSON.stringify([source(), state.limit, route.query.cursor]),
  );
  watch(() => state.load.data, () => state.chosen.clear());
  watch(() => JSON.stringify([source(), state.limit]), () => state.before.clear());
  // `before`: the cursor of a page to that of the page before it, as far as it was walked here.
  state.forward = () => {
    const { next } = state.load.data;
    state.before.set(next, route.query.cursor ?? "");
    refine({ cursor: next });
  };
  state.back = () => refine({ cursor: state.before.get(route.query.cursor) ?? "" });
  state.setLimit = (limit) => {
    localStorage.setItem(ROWS, limit);
    state.limit = limit;
    refine({ cursor: "" });
  };
  return state;
}

// columns: [{ key, name, cell: (line) => …, right, nowrap, wide, link }]; `link` marks the cell that is
// the row's link. open: (line) => "#/…" or null. empty: { title, text }. hidden: keys not shown.
// choose: rows get a box, and `bulk` (the chosen lines) => buttons stands above them.
export const PagedTable = (props) => {
  const { list, columns, hidden = [] } = props;
  const { load } = list;
  if (load.error && !load.data) return html`<${State} kind=${load.error.status === 403 ? "rights" : "failed"} text=${explain(load.error)}><${ElButton} onClick=${load.reload}>重试</></>`;
  if (!load.data) return html`<${State} kind="loading" rows=${8} />`;
  const { lines } = load.data;
  const shown = columns.filter((column) => !hidden.includes(column.key));
  return html`<div class="table-box">
    ${load.error && html`<p class="note bad" role="alert">${explain(load.error)}</p>`}
    ${props.choose && list.chosen.size > 0 && html`<div class="bulk"><span>已选 ${list.chosen.size} 条</span>${props.bulk?.(lines.filter((line) => list.chosen.has(list.key(line))))}</div>`}
    ${lines.length === 0 ? html`<${State} kind="empty" ...${props.empty} />` : html`<div class=${{ "table-scroll": true, whole: props.whole, "table-busy": load.loading }} tabindex="0" role="region" aria-label=${props.label ?? "列表"} onKeydown=${walk}
      onScroll=${(event) => places.set(location.hash, event.target.scrollTop)} onVnodeMounted=${({ el }) => { el.scrollTop = places.get(location.hash) ?? 0; }}>
      <${Table} lines=${lines} columns=${shown} rowKey=${list.key} open=${props.open} chosen=${props.choose ? list.chosen : null} />
    </div>`}
    <${Foot} list=${list} />
  </div>`;
};
PagedTable.props = ["list", "columns", "hidden", "open", "empty", "label", "choose", "bulk", "whole"];

// The bare table, for lists that come whole.
export const Table = (props) => {
  const { lines, columns, open, chosen, rowKey = (line) => line.id } = props;
  const all = chosen && lines.length > 0 && lines.every((line) => chosen.has(rowKey(line)));
  return html`<table class="table">
    <thead><tr>
      ${chosen && html`<th><${ElCheckbox} aria-label="全选本页" modelValue=${all} onChange=${(on) => lines.forEach((line) => (on ? chosen.add(rowKey(line)) : chosen.delete(rowKey(line))))} /></th>`}
      ${columns.map((column) => html`<th key=${column.key} scope="col" class=${{ right: column.right }}>${column.name}</th>`)}
    </tr></thead>
    <tbody>${lines.map((line) => html`<tr key=${rowKey(line)} class=${{ opens: open?.(line), chosen: chosen?.has(rowKey(line)) }} onClick=${(event) => follow(event, open?.(line))}>
      ${chosen && html`<td data-label="选择"><${ElCheckbox} aria-label="选择这一条" modelValue=${chosen.has(rowKey(line))} onChange=${(on) => (on ? chosen.add(rowKey(line)) : chosen.delete(rowKey(line)))} /></td>`}
      ${columns.map((column) => html`<td key=${column.key} data-label=${column.name} class=${{ right: column.right, nowrap: column.nowrap, wide: column.wide }}>${cell(column, line, open?.(line))}</td>`)}
    </tr>`)}</tbody>
  </table>`;
};
Table.props = ["lines", "columns", "open", "chosen", "rowKey"];

const cell = (column, line, address) => (column.link && address ? html`<a class="row-link" href=${address}>${column.cell(line)}</a>` : column.cell(line));

// "第 3 页", where the way from the first page is known.
function pageNumber({ before }) {
  let [number, cursor] = [1, route.query.cursor];
  while (cursor && before.has(cursor)) [number, cursor] = [number + 1, before.get(cursor)];
  return cursor ? "" : `第 ${number} 页，`;
}

const Foot = ({ list }) => html`<div class="table-foot">
  <span>${pageNumber(list)}本页 ${list.load.data.lines.length} 条</span>
  <span class="grow"></span>
  <${ElSelect} size="small" ariaLabel="每页条数" modelValue=${list.limit} onChange=${list.setLimit} class="page-size">
    ${[50, 100, 200].map((number) => html`<${ElOption} key=${number} value=${number} label=${`每页 ${number} 条`} />`)}
  </>
  <${ElButton} size="small" disabled=${!route.query.cursor} onClick=${list.back}>${!route.query.cursor || list.before.has(route.query.cursor) ? "上一页" : "回第一页"}</>
  <${ElButton} size="small" disabled=${!list.load.data.next} onClick=${list.forward}>下一页</>
</div>`;
Foot.props = ["list"];

// A click anywhere in a row opens it, except on what is a button, a box or a link of its own, or
// where words were being marked for copying.
function follow(event, address) {
  if (!address || event.target.closest("a, button, label, input") || String(getSelection())) return;
  if (event.ctrlKey || event.metaKey) open(address, "_blank", "noopener");
  else location.hash = address;
}

// Up and down walk from row to row.
function walk(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const links = [...event.currentTarget.querySelectorAll("a.row-link")];
  const at = links.indexOf(document.activeElement);
  const next = links[at + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
