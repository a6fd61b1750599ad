// The overdue board: whose, how long, and urging several at once.

import { ElButton } from "element-plus";
import { reactive } from "vue";
import { ApiError, download, get, post } from "../../api.js";
import { count, stateTag, time, until, urgencyTag } from "../../format.js";
import { html } from "../../html.js";
import { URGENCIES, actorName } from "../../names.js";
import { attempt, told, useAction } from "../../parts/failure.js";
import { Filters, asked } from "../../parts/filters.js";
import { Loaded } from "../../parts/frame.js";
import { useLoad } from "../../parts/load.js";
import { PagedTable, usePaged } from "../../parts/table.js";
import { link, refine, route } from "../../router.js";
import { Urging } from "./urging.js";

const FIELDS = [
  { key: "department", name: "责任单位", kind: "department" },
  { key: "urgency", name: "紧急程度", kind: "select", options: URGENCIES },
  { key: "domain", name: "领域", kind: "domain" },
  { key: "division", name: "行政区划", kind: "division" },
];
const MOST_BARS = 12;
const wanted = () => ({ ...asked(FIELDS), standing: "overdue", order: "deadline" });

const COLUMNS = [
  { key: "title", name: "来件", link: true, wide: true, cell: (line) => html`${line.title || "（无标题）"}<span class="excerpt">${line.excerpt}</span>` },
  { key: "urgency", name: "紧急", nowrap: true, cell: (line) => urgencyTag(line.entry.urgency) },
  { key: "department", name: "责任单位", nowrap: true, cell: (line) => line.department_name },
  { key: "assignee", name: "承办人", nowrap: true, cell: (line) => (line.entry.assignee ? line.assignee_name ?? actorName(line.entry.assignee) : "未指定") },
  { key: "late", name: "超期", nowrap: true, cell: (line) => html`<b class="tone-danger">${until(line.entry.deadline_at).slice(3)}</b><span class="excerpt">时限 ${time(line.entry.deadline_at)}</span>` },
  { key: "state", name: "状态", nowrap: true, cell: (line) => stateTag(line.entry.state) },
  { key: "urges", name: "已督办", right: true, nowrap: true, cell: (line) => (line.entry.urges ? `${line.entry.urges} 次` : "—") },
];

export const Overdue = {
  setup() {
    const list = usePaged((query, signal) => get("/v1/ledger", query, { signal }), wanted, { key: (line) => line.entry.id });
    const board = useLoad(async (signal) => {
      const table = await get("/v1/statistics", { by: "department" }, { signal });
      return table.groups.map((one) => ({ code: one.key, name: one.name, overdue: one.counts.overdue, due: one.counts.due })).filter((one) => one.overdue).sort((one, other) => other.overdue - one.overdue);
    });
    const state = reactive({ lines: null, busy: false });

    async function urge(said) {
      if (state.busy) return;
      state.busy = true;
      await attempt(async () => {
        const entries = state.lines.map(({ entry }) => ({ id: entry.id, version: entry.version }));
        const done = await post("/v1/entries:batch", { command: "urge", entries, ...said });
        state.lines = null;
        await list.load.reload();
        if (done.failed) throw new ApiError(`督办了 ${done.done} 条，${done.failed} 条没有办成：${done.entries.find((one) => one.detail)?.detail ?? ""}`);
        told(`已督办 ${done.done} 条`);
      });
      state.busy = false;
    }
    const book = useAction(() => download("/v1/ledger.xlsx", { ...wanted(), title: "超期件清单" }));
    const bulk = (lines) => html`<${ElButton} size="small" type="primary" onClick=${() => { state.lines = lines; }}>督办所选</>`;
    return () => html`<div>
      <${Loaded} load=${board}>${() => board.data.length > 0 && html`<section class="panel board" aria-label="各单位超期件">
        <div class="panel-head"><h2>各单位超期件</h2><span class="muted">到期未回告的，占全部到期件；点单位只看它的</span></div>
        <ul class="bars">${board.data.slice(0, MOST_BARS).map((one) => bar(one, board.data[0].overdue))}</ul>
        ${board.data.length > MOST_BARS && html`<p class="hint">另有 ${board.data.length - MOST_BARS} 个单位，见“单位比较”</p>`}
      </section>`}</>
      <${Filters} fields=${FIELDS}><${ElButton} loading=${book.busy} onClick=${book.run}>导出 Excel</></>
      <${PagedTable} list=${list} columns=${COLUMNS} choose bulk=${bulk} open=${(line) => link(`/entries/${line.entry.id}`)} label="超期件"
        empty=${{ title: "没有超期件", text: "过了时限还没有回告的会列在这里，超期最久的在前；停表的不算。" }} />
      ${state.lines && html`<${Urging} about=${` ${state.lines.length} 条`} busy=${state.busy} onSay=${urge} onClose=${() => { state.lines = null; }} />`}
    </div>`;
  },
};

const bar = (one, most) => html`<li key=${one.code}>
  <button type="button" class="plain" aria-pressed=${String(route.query.department === one.code)} onClick=${() => refine({ department: route.query.department === one.code ? "" : one.code, cursor: "" })}>
    <span class="name">${one.name}</span><span class="track"><span style=${{ width: `${(100 * one.overdue) / most}%` }}></span></span><span class="number">${count(one.overdue)}<small> / ${count(one.due)}</small></span>
  </button>
</li>`;
