// Which column of the file is what: guessed by the server, mended here; and the first rows as read.

import { ElButton, ElInput, ElOption, ElSelect } from "element-plus";
import { reactive, watch } from "vue";
import { put } from "../../api.js";
import { day, domainLeaf, tag, urgencyTag } from "../../format.js";
import { html } from "../../html.js";
import { useAction } from "../../parts/failure.js";

export const FIELD_NAMES = {
  title: "标题", content: "内容", id: "编号", channel: "渠道", received_at: "收到时间", place: "地点", likes: "点赞数",
  name: "反映人姓名", phone: "电话", id_number: "证件号", address: "住址",
};

export const PREVIEW_COLUMNS = [
  { key: "row", name: "行", right: true, cell: (line) => line.row },
  { key: "what", name: "来件", wide: true, cell: (line) => (line.error
    ? html`<span class="tone-danger">${line.field && FIELD_NAMES[line.field] ? `${FIELD_NAMES[line.field]}：` : ""}${line.error}</span>`
    : html`<span>${line.title}<span class="excerpt">${line.excerpt}</span></span>`) },
  { key: "domain", name: "领域", nowrap: true, cell: (line) => (line.domain ? domainLeaf(line.domain) : "") },
  { key: "urgency", name: "紧急程度", nowrap: true, cell: (line) => (line.urgency ? urgencyTag(line.urgency) : "") },
  { key: "lead", name: "主办", nowrap: true, cell: (line) => line.lead ?? "" },
  { key: "goes", name: "去向", nowrap: true, cell: (line) => (line.needs_review === null ? tag("不入库", "danger") : line.needs_review ? tag("待复核", "wait") : tag("直接交办", "good")) },
  { key: "channel", name: "渠道", nowrap: true, cell: (line) => line.channel ?? "" },
  { key: "received", name: "收到", nowrap: true, cell: (line) => (line.received_at ? html`<span class="number">${day(line.received_at)}</span>` : "") },
  { key: "submitter", name: "反映人", nowrap: true, cell: (line) => line.submitter },
];

// html`<${Mapping} file=${file} path="/v1/imports/3" onChange=${(file) => …} />`: a change is read at once.
export const Mapping = {
  props: ["file", "path"],
  emits: ["change"],
  setup(props, { emit }) {
    const state = reactive({ columns: {}, sheet: "" });
    watch(() => props.file, (file) => {
      // What a person chose stays, also where it is not enough yet for the server to read by.
      if (Object.keys(file.columns).length) state.columns = { ...file.columns };
      state.sheet = file.sheet ?? "";
    }, { immediate: true });
    const send = useAction(async () => {
      const columns = Object.fromEntries(Object.entries(state.columns).filter(([, header]) => header));
      if (!columns.title && !columns.content) return;
      emit("change", await put(`${props.path}/columns`, { columns, ...(state.sheet.trim() ? { sheet: state.sheet.trim() } : {}) }));
    });
    const readSheet = useAction(async () => emit("change", await put(`${props.path}/columns`, { columns: {}, ...(state.sheet.trim() ? { sheet: state.sheet.trim() } : {}) })));
    const pick = (field) => (header) => {
      for (const other of Object.keys(state.columns)) if (header && state.columns[other] === header) delete state.columns[other];
      state.columns[field] = header || undefined;
      send.run();
    };
    const isBook = /\.xlsx?$/i.test(props.file.file_name);
    return () => {
      const { headers } = props.file;
      if (!headers.length) return null; // JSON lines name their own fields
      const unused = headers.filter((header) => !Object.values(state.columns).includes(header));
      const known = state.columns.title || state.columns.content;
      return html`<section class="panel" aria-label="哪一列是什么" aria-busy=${String(send.busy)}>
        <div class="panel-head"><h2>哪一列是什么</h2><span class="muted">${known ? "系统认出的，请核对；认错的改过来" : "没有认出，请指明标题或内容是哪一列"}</span><span class="grow"></span><span role="status" class="muted">${send.busy || readSheet.busy ? "正在重新读…" : ""}</span></div>
        <div class="mapping">${Object.entries(FIELD_NAMES).map(([field, name]) => html`<label key=${field} class="field"><span>${name}</span>
          <${ElSelect} ariaLabel=${`${name}是哪一列`} placeholder="没有这一列" clearable filterable noDataText="没有符合的" noMatchText="没有符合的" modelValue=${state.columns[field]} onChange=${pick(field)}>${headers.map((header) => html`<${ElOption} key=${header} value=${header} label=${header} />`)}</></label>`)}</div>
        ${unused.length > 0 && html`<p class="hint">没有用到的列：${unused.join("、")}</p>`}
        ${isBook && html`<div class="buttons worksheet"><label class="field"><span>工作表</span><${ElInput} aria-label="工作表" maxlength="31" placeholder="第一张有表头的" modelValue=${state.sheet} onUpdate:modelValue=${(name) => { state.sheet = name; }} /></label><${ElButton} loading=${readSheet.busy} onClick=${readSheet.run}>读这张工作表</></div>`}
      </section>`;
    };
  },
};
