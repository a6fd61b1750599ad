// One file that is brought in: its columns and first rows before, its progress meanwhile, what came
// of it after.

import { ElButton, ElProgress } from "element-plus";
import { reactive, watch } from "vue";
import { download, get, post, remove } from "../../api.js";
import { count, span, tag, time } from "../../format.js";
import { html } from "../../html.js";
import { confirm } from "../../parts/dialogs.js";
import { told, useAction } from "../../parts/failure.js";
import { Frame, Loaded } from "../../parts/frame.js";
import { useLoad, useRepeat } from "../../parts/load.js";
import { Table } from "../../parts/table.js";
import { go, link } from "../../router.js";
import { Mapping, PREVIEW_COLUMNS } from "./mapping.js";

const TONES = { ready: "wait", running: "work", paused: "warn", done: "good", failed: "danger", undone: "calm" };
export const stateOf = (line) => tag(line.state_name, TONES[line.state]);

const STAYED = [
  { key: "id", name: "来件", link: true, cell: (line) => line.submission_id },
  { key: "reason", name: "为什么留下", cell: (line) => line.reason_name },
];

export const One = {
  props: ["id", "help"],
  setup(props) {
    const path = `/v1/imports/${props.id}`;
    const file = useLoad((signal) => get(path, {}, { signal }));
    const preview = useLoad(async (signal) => (canStart(file.data) ? get(`${path}/preview`, {}, { signal }) : { rows: [] }),
      () => file.data && JSON.stringify([file.data.state === "ready", file.data.columns, file.data.sheet, file.data.total]));
    const state = reactive({ undoing: false, gone: 0, stayed: [] });
    useRepeat(() => file.data?.state === "running" && file.reload(), 1_000);
    watch(() => file.data?.state, (now, before) => before === "running" && now === "done" && told("已经导完"));

    const set = (made) => { file.data = made; };
    const start = useAction(async () => set(await post(`${path}/start`)), { reload: file.reload });
    const pause = useAction(async () => set(await post(`${path}/pause`)), { reload: file.reload });
    const drop = useAction(async () => {
      if (!await confirm(`删去“${file.data.file_name}”？还没有导入任何一行。`, "删去文件", { yes: "删去", danger: true })) return;
      await remove(path);
      go("/imports", {}, { replace: true });
    });
    // Step by step, until all of them have been looked at; begun again it goes on.
    const undo = useAction(async () => {
      const text = `撤回这次导入的 ${count(file.data.taken)} 件：没有人办过的如同没有导入过，已经认定、办理的留下。不能恢复，要再用请重新导入。`;
      if (!await confirm(text, "撤销导入", { yes: "撤销导入", danger: true })) return;
      Object.assign(state, { undoing: true, gone: 0, stayed: [] });
      try {
        for (let after = ""; after !== null;) {
          const step = await post(`${path}/undo${after ? `?after=${encodeURIComponent(after)}` : ""}`);
          state.gone += step.gone;
          state.stayed.push(...step.stayed);
          set(step.standing);
          after = step.after;
        }
        told(`已撤回 ${count(state.gone)} 件`);
      } finally {
        state.undoing = false;
      }
    });
    const csv = useAction(() => download(`${path}/errors.csv`));
    const book = useAction(() => download(`${path}/errors.xlsx`));

    const actions = () => {
      const told = file.data;
      const may = (...states) => states.includes(told?.state);
      return [
        may("ready") && html`<${ElButton} type="primary" disabled=${!canStart(told)} loading=${start.busy} onClick=${start.run}>开始导入</>`,
        may("paused", "failed") && html`<${ElButton} type="primary" loading=${start.busy} onClick=${start.run}>接着导入</>`,
        may("running") && html`<${ElButton} loading=${pause.busy} onClick=${pause.run}>暂停</>`,
        may("paused", "failed", "done") && told.done > 0 && html`<${ElButton} type="danger" plain loading=${undo.busy} onClick=${undo.run}>撤销导入</>`,
        may("ready", "paused", "failed") && told.done === 0 && html`<${ElButton} loading=${drop.busy} onClick=${drop.run}>删去</>`,
        html`<${ElButton} onClick=${() => go("/imports")}>回到列表</>`,
      ];
    };
    return () => html`<${Frame} title=${file.data?.file_name ?? "批量导入"} help=${props.help} load=${file} actions=${actions}>${() => html`<div>
      ${file.data.failure && html`<p class="note bad" role="alert">${file.data.failure}</p>`}
      ${file.data.notes.map((note) => html`<p class="note warn" key=${note}>${note}</p>`)}
      ${file.data.state === "ready" ? html`<div>
        <${Mapping} file=${file.data} path=${path} onChange=${set} />
        <section class="panel" aria-label="前 20 行"><div class="panel-head"><h2>前 20 行会怎样标注</h2><span class="muted">共 ${count(file.data.total)} 行，这里只是看看，还没有入库</span></div>
          ${canStart(file.data) ? html`<${Loaded} load=${preview}>${() => html`<div class="table-scroll whole" tabindex="0" role="region" aria-label="前 20 行"><${Table} lines=${preview.data.rows} columns=${PREVIEW_COLUMNS} rowKey=${(line) => line.row} /></div>`}</>`
            : html`<p class="muted">指明标题或内容是哪一列后，这里显示前 20 行。</p>`}
        </section></div>`
        : html`<div>
        <${Progress} file=${file.data} />
        ${file.data.refused > 0 && html`<section class="panel"><div class="panel-head"><h2>有误的行</h2><span class="muted">${count(file.data.refused)} 行没有入库</span></div>
          <div class="buttons"><${ElButton} loading=${book.busy} onClick=${book.run}>下载 Excel</><${ElButton} loading=${csv.busy} onClick=${csv.run}>下载 CSV</><span class="hint">写明行号、哪一栏、怎样改。改正后连同整份再导一次也可以，已入库的不会重复。</span></div></section>`}
        ${(state.undoing || state.gone > 0 || state.stayed.length > 0) && html`<section class="panel" aria-label="撤销"><div class="panel-head"><h2>撤销</h2><span role="status">${state.undoing ? "正在撤回，" : ""}已撤回 ${count(state.gone)} 件${state.stayed.length ? `，留下 ${count(state.stayed.length)} 件` : ""}</span></div>
          ${state.stayed.length > 0 && html`<${Table} lines=${state.stayed.slice(0, 200)} columns=${STAYED} rowKey=${(line) => line.submission_id} open=${(line) => link(`/submissions/${encodeURIComponent(line.submission_id)}`)} />`}</section>`}
      </div>`}
    </div>`}</>`;
  },
};

// Rows are counted once it is known which column is which.
const canStart = (file) => file?.state === "ready" && file.total > 0;

const Progress = ({ file }) => {
  const share = file.total ? Math.floor(100 * file.done / file.total) : 0;
  const pace = [file.rate && `每秒 ${count(Math.round(file.rate))} 行`, file.remaining_s !== null && `还要约 ${file.remaining_s < 60 ? `${count(file.remaining_s)} 秒` : span(1_000 * file.remaining_s)}`].filter(Boolean);
  return html`<section class="panel" aria-label="进度">
    <div class="panel-head">${stateOf(file)}<span class="number" role="status">${count(file.done)}／${count(file.total)} 行</span><span class="muted number">${pace.join("，")}</span><span class="grow"></span><span class="muted number">${file.finished_at ? `${time(file.started_at)} 开始，${time(file.finished_at)} 结束` : file.started_at ? `${time(file.started_at)} 开始` : ""}</span></div>
    <${ElProgress} percentage=${share} strokeWidth=${12} status=${{ done: "success", failed: "exception", paused: "warning" }[file.state]} ariaLabel="导入进度" format=${() => `${share}%`} />
    ${file.state === "running" && html`<p class="hint">可以离开这一页，导入照常进行；回来时从“批量导入”的列表打开。</p>`}
    <div class="figures after">
      <div class="figure"><b>${count(file.taken)}</b><span>新入库</span></div>
      <div class="figure"><b>${count(file.standing)}</b><span>此前已有</span></div>
      <div class=${{ figure: true, danger: file.refused > 0 }}><b>${count(file.refused)}</b><span>有误，没有入库</span></div>
    </div>
  </section>`;
};
Progress.props = ["file"];
