// A table to be edited in place, as in a spreadsheet: walk by the arrows, Enter or typing edits,
// Ctrl+V pastes cells copied from Excel. Long tables show one page of rows at a time.

import { ElButton, ElInput } from "element-plus";
import { nextTick, reactive, ref } from "vue";
import { count } from "../format.js";
import { bind, html } from "../html.js";
import { State } from "./state.js";

const PAGE = 50;
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
let numbers = 0;

// What a sheet edits: `columns`, and `rows` as [{ id, cells, was }]; `was` is as it stands on the
// server (null where the row is new), so that what was changed can be told.
export const openSheet = ({ columns, rows }) => reactive({ columns, gone: 0, rows: rows.map((cells) => ({ id: (numbers += 1), cells: [...cells], was: cells })) });
export const cellsOf = (sheet) => sheet.rows.map((row) => row.cells);

// The same sheet with the rows of a file: those that stand on the server already are not new.
export function refill(sheet, rows) {
  const known = new Map(sheet.rows.map((row) => [JSON.stringify(row.was), row]));
  const before = sheet.rows.filter((row) => row.was).length + sheet.gone;
  sheet.rows = rows.map((cells) => ({ id: (numbers += 1), cells: [...cells], was: known.get(JSON.stringify(cells))?.was ?? null }));
  sheet.gone = Math.max(0, before - sheet.rows.filter((row) => row.was).length);
}

// The same sheet over what somebody else has made of the table meanwhile: own changes stay, the rest
// is taken from `rows`. Where rows came or went, every own row stays and shows against the new table.
export function rebase(sheet, rows) {
  if (sheet.rows.length !== rows.length || sheet.gone || sheet.rows.some((row) => !row.was)) {
    const own = cellsOf(sheet);
    Object.assign(sheet, { rows: rows.map((cells) => ({ id: (numbers += 1), cells: [...cells], was: cells })), gone: 0 });
    return refill(sheet, own);
  }
  return sheet.rows.forEach((row, at) => {
    if (!isChanged(row)) row.cells = [...rows[at]];
    row.was = rows[at];
  });
}

// { added, changed, gone } in rows.
export function countChanges({ rows, gone }) {
  const added = rows.filter((row) => !row.was).length;
  return { added, changed: rows.filter((row) => row.was && isChanged(row)).length, gone };
}
const isChanged = (row) => row.cells.some((cell, at) => cell !== row.was[at]);

// html`<${Sheet} sheet=${sheet} label="派单目录" wide=${["职责"]} />`
export const Sheet = {
  props: ["sheet", "label", "wide"],
  setup(props) {
    const state = reactive({ typed: "", page: 0, at: [0, 0], editing: false, text: "" });
    const body = ref(null);
    const found = () => {
      const wanted = state.typed.trim();
      const rows = props.sheet.rows.map((row, number) => ({ row, number }));
      return wanted ? rows.filter(({ row }) => row.cells.some((cell) => cell.includes(wanted))) : rows;
    };
    const shown = () => found().slice(state.page * PAGE, (state.page + 1) * PAGE);

    async function focus(down, right) {
      const rows = shown().length;
      state.at = [Math.min(rows - 1, Math.max(0, down)), Math.min(props.sheet.columns.length - 1, Math.max(0, right))];
      await nextTick();
      body.value?.querySelector(`[data-at="${state.at.join(",")}"]`)?.focus();
    }
    async function edit(text) {
      const { row } = shown()[state.at[0]];
      Object.assign(state, { editing: true, text: text ?? row.cells[state.at[1]] });
      await nextTick();
      const field = body.value.querySelector("textarea");
      field?.focus();
      field?.setSelectionRange(field.value.length, field.value.length);
    }
    function keep() {
      if (!state.editing) return;
      shown()[state.at[0]].row.cells[state.at[1]] = state.text.replace(/\s*\n\s*/g, " ").trim();
      state.editing = false;
    }
    function press(event) {
      const [down, right] = state.at;
      if (state.editing) {
        if (event.isComposing) return;
        if (event.key === "Enter") { event.preventDefault(); keep(); focus(down + 1, right); }
        else if (event.key === "Escape") { event.preventDefault(); state.editing = false; focus(down, right); }
        else if (event.key === "Tab") { event.preventDefault(); keep(); focus(down, right + (event.shiftKey ? -1 : 1)); }
        return;
      }
      if (!event.target.dataset.at) return; // a button in the row
      if (STEPS[event.key]) { event.preventDefault(); focus(down + STEPS[event.key][0], right + STEPS[event.key][1]); }
      else if (event.key === "Enter" || event.key === "F2") { event.preventDefault(); edit(); }
      else if (event.key === "Delete") { event.preventDefault(); shown()[down].row.cells[right] = ""; }
      else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); edit(event.key); }
    }
    // Cells copied from Excel: lines of cells parted by tabs.
    function paste(event) {
      if (state.editing) return;
      event.preventDefault();
      const lines = event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
      const rows = shown();
      lines.forEach((cells, down) => cells.forEach((cell, right) => {
        const row = rows[state.at[0] + down]?.row;
        if (row && state.at[1] + right < row.cells.length) row.cells[state.at[1] + right] = cell.trim();
      }));
    }
    async function insert(number) {
      state.typed = "";
      props.sheet.rows.splice(number, 0, { id: (numbers += 1), cells: props.sheet.columns.map(() => ""), was: null });
      state.page = Math.floor(number / PAGE);
      await nextTick();
      await focus(number % PAGE, 0);
    }
    function drop(number) {
      if (props.sheet.rows[number].was) props.sheet.gone += 1;
      props.sheet.rows.splice(number, 1);
    }
    const pages = () => Math.max(1, Math.ceil(found().length / PAGE));
    const turn = (step) => { keep(); state.page = Math.min(pages() - 1, Math.max(0, state.page + step)); state.at = [0, 0]; };

    const cell = ({ row, number }, down, right) => {
      const here = state.at[0] === down && state.at[1] === right;
      const text = row.cells[right];
      const name = `第 ${number + 1} 行，${props.sheet.columns[right]}`;
      if (here && state.editing) return html`<td key=${right} role="gridcell" class="editing"><textarea rows="3" aria-label=${name} value=${state.text} onInput=${(event) => { state.text = event.target.value; }} onBlur=${keep}></textarea></td>`;
      return html`<td key=${right} role="gridcell" data-at=${`${down},${right}`} data-label=${props.sheet.columns[right]} tabindex=${here ? 0 : -1} class=${{ changed: row.was && text !== row.was[right], wide: props.wide?.includes(props.sheet.columns[right]) }}
        onFocus=${() => { state.at = [down, right]; }} onDblclick=${() => edit()}>${text}</td>`;
    };
    return () => {
      const all = found().length;
      return html`<div class="table-box">
        <div class="sheet-head">
          <${ElInput} ...${bind(state, "typed")} clearable aria-label="在表中查找" placeholder="在表中查找" onInput=${() => { state.page = 0; }} />
          <span class="muted">${count(all)} 行${all === props.sheet.rows.length ? "" : `（全表 ${count(props.sheet.rows.length)} 行）`}</span>
          <span class="grow"></span>
          <span class="muted">双击或回车改，方向键走，可从 Excel 粘贴</span>
          <${ElButton} onClick=${() => insert(props.sheet.rows.length)}>加一行</>
        </div>
        ${all === 0 ? html`<${State} kind="empty" title="表中没有" text="换个词找，或加一行。" />` : html`<div class="table-scroll sheet">
          <table class="table" role="grid" aria-label=${props.label} ref=${body} onKeydown=${press} onPaste=${paste}>
            <thead><tr><th scope="col">行</th><th scope="col">操作</th>${props.sheet.columns.map((name) => html`<th key=${name} scope="col">${name}</th>`)}</tr></thead>
            <tbody>${shown().map((line, down) => html`<tr key=${line.row.id} class=${{ added: !line.row.was }}>
              <td class="muted number nowrap" data-label="行">${line.number + 1}</td>
              <td class="nowrap" data-label="操作"><button type="button" class="plain about" aria-label=${`在第 ${line.number + 1} 行下插入`} onClick=${() => insert(line.number + 1)}>插入</button><button type="button" class="plain about" aria-label=${`删去第 ${line.number + 1} 行`} onClick=${() => drop(line.number)}>删去</button></td>
              ${line.row.cells.map((_, right) => cell(line, down, right))}
            </tr>`)}</tbody>
          </table>
        </div>`}
        <div class="table-foot"><span>第 ${state.page + 1} 页，共 ${pages()} 页</span><span class="grow"></span>
          <${ElButton} size="small" disabled=${state.page === 0} onClick=${() => turn(-1)}>上一页</><${ElButton} size="small" disabled=${state.page >= pages() - 1} onClick=${() => turn(1)}>下一页</></div>
      </div>`;
    };
  },
};
