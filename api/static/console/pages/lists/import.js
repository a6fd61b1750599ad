// 导入清单: a town's own problem list from Excel or CSV. First read on trial, columns put right, then brought in.

import { ElButton, ElDialog, ElForm, ElFormItem, ElInput, ElOption, ElSelect } from "element-plus";
import { reactive } from "vue";
import { encodeFile, post } from "../../api.js";
import { count, tag } from "../../format.js";
import { bind, html } from "../../html.js";
import { OUTCOMES } from "../../names.js";
import { FileDrop } from "../../parts/drop.js";
import { told, useAction } from "../../parts/failure.js";
import { Table } from "../../parts/table.js";
import { link } from "../../router.js";

const MOST = 50 * 1024 ** 2;
const SHOWN = 100; // rows of what is wrong
const FIELDS = {
  content: "问题内容", title: "标题", id: "编号", channel: "渠道", received_at: "收件日期", place: "地点", lead: "主办单位", assisting: "协办单位", domain: "领域", level1: "一级领域", level2: "二级领域", level3: "三级领域", urgency: "紧急程度", nature: "诉求性质",
  division: "行政区划", opened_at: "交办日期", deadline_at: "办理时限", state: "状态", outcome: "办理结果", reply: "回告内容", replied_at: "回告日期", closed_at: "销号日期",
};
const WHERE = { ledger: "台账", review: "待复核", discipline: "转纪检" };
const ROW_COLUMNS = [
  { key: "row", name: "行", right: true, cell: (row) => row.row },
  { key: "id", name: "编号", nowrap: true, cell: (row) => row.id ?? "—" },
  { key: "what", name: "结果", nowrap: true, cell: (row) => (row.error ? tag("有误", "danger") : tag(row.status === 201 ? "新导入" : "已有", "good")) },
  { key: "detail", name: "说明", wide: true, cell: (row) => row.detail ?? (row.entry ? html`<a href=${link(`/entries/${row.entry}`)}>条目 ${row.entry}</a>` : WHERE[row.destination] ?? "可以导入") },
];

export const ListImport = {
  emits: ["done", "close"],
  setup(_, { emit }) {
    const state = reactive({ file: null, content: "", name: "", outcome: undefined, columns: {}, tried: null, done: null });
    const sent = (check) => ({
      name: state.name.trim() || state.file.name.replace(/\.\w+$/, "").slice(0, 80), file_name: state.file.name, content: state.content, columns: state.columns, check,
      ...(state.outcome ? { outcome: state.outcome } : {}),
    });
    const tryOut = useAction(async () => { state.tried = await post("/v1/lists/problems/import", sent(true)); });
    const pick = async (file) => {
      Object.assign(state, { file, content: await encodeFile(file), columns: {}, tried: null, done: null });
      if (!state.name) state.name = file.name.replace(/\.\w+$/, "").slice(0, 80);
      await tryOut.run();
    };
    const bring = useAction(async () => {
      state.done = await post("/v1/lists/problems/import", sent(false));
      told(`新导入 ${count(state.done.created)} 行`);
      emit("done");
    });
    // What a field is read from: a column of the file, or "" for none.
    const choose = async (field, header) => {
      state.columns = { ...state.tried.columns, ...state.columns, [field]: header ?? "" };
      await tryOut.run();
    };
    const headers = () => [...new Set([...Object.values(state.tried.columns), ...state.tried.others])].filter(Boolean);
    return () => html`<${ElDialog} modelValue title="导入清单" class="large" closeOnClickModal=${false} onUpdate:modelValue=${() => emit("close")}>
      ${state.done ? outcome(state.done, () => emit("close")) : html`<div>
        <p class="hint above">以前用表格记的问题清单，逐行成为来件和台账条目，状态、回告照原样记下。列名不限；先试读给您看，确认后才导入。同一份清单再导入一次不会重复。</p>
        <${FileDrop} accept=".xlsx,.xls,.csv,.jsonl" most=${MOST} onPick=${pick}>${state.file ? html`<b>${state.file.name}</b>，点击换一个` : "把 Excel 或 CSV 拖到这里，或点击选择"}</>
        ${tryOut.busy && html`<p class="hint" role="status">正在试读…</p>`}
        ${state.tried && html`<${ElForm} labelPosition="top" class="import-form">
          <p class="above" role="status">可以导入 ${count(state.tried.existing)} 行${state.tried.failed ? html`，<b class="tone-danger">有误 ${count(state.tried.failed)} 行</b>` : ""}。</p>
          <div class="mapping">${Object.entries(FIELDS).map(([field, name]) => html`<${ElFormItem} key=${field} label=${name} for=${`column-${field}`} required=${field === "content"}>
            <${ElSelect} id=${`column-${field}`} ariaLabel=${`${name}取哪一列`} clearable placeholder="不读" modelValue=${state.tried.columns[field]} onChange=${(header) => choose(field, header)}>${headers().map((header) => html`<${ElOption} key=${header} value=${header} label=${header} />`)}</></>`)}</div>
          <div class="mapping">
            <${ElFormItem} label="清单名称" for="list-name"><${ElInput} id="list-name" maxlength="80" ...${bind(state, "name")} /></>
            <${ElFormItem} label="没写办理结果的按" for="list-outcome"><${ElSelect} id="list-outcome" ariaLabel="没写办理结果的按" clearable placeholder="不填则算有误" ...${bind(state, "outcome")} onChange=${tryOut.run}>${Object.entries(OUTCOMES).map(([code, name]) => html`<${ElOption} key=${code} value=${code} label=${name} />`)}</></>
          </div>
          ${state.tried.notes.map((note) => html`<p class="note" key=${note}>${note}</p>`)}
          ${state.tried.failed > 0 && wrong(state.tried.rows)}
          <div class="buttons"><${ElButton} type="primary" loading=${bring.busy} disabled=${tryOut.busy || state.tried.existing === 0} onClick=${bring.run}>导入 ${count(state.tried.existing)} 行</><${ElButton} onClick=${() => emit("close")}>取消</></div>
        </>`}
      </div>`}
    </>`;
  },
};

const wrong = (rows) => {
  const bad = rows.filter((row) => row.error);
  return html`<div class="table-scroll rows-told">
    <${Table} lines=${bad.slice(0, SHOWN)} columns=${ROW_COLUMNS} rowKey=${(row) => row.row} /></div>${bad.length > SHOWN && html`<p class="hint">只列出前 ${SHOWN} 行</p>`}`;
};

const outcome = (done, close) => html`<div>
  <p class=${`note ${done.failed ? "warn" : "good"}`} role="status">新导入 ${count(done.created)} 行，此前已有 ${count(done.existing)} 行，有误 ${count(done.failed)} 行。${done.failed ? "改正后把整份清单再导入一次即可，已有的不会重复。" : ""}</p>
  ${done.failed > 0 && wrong(done.rows)}
  <div class="buttons"><${ElButton} type="primary" onClick=${close}>看清单</></div>
</div>`;
