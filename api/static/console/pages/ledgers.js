// 台账: every entry within reach, looked through by any filter, worked on by many lines at once.

import { ElButton } from "element-plus";
import { reactive, watch } from "vue";
import { download, get } from "../api.js";
import { count } from "../format.js";
import { html } from "../html.js";
import { CHANNELS, NATURES, OUTCOMES, STATES, URGENCIES } from "../names.js";
import { useAction } from "../parts/failure.js";
import { asked, Filters } from "../parts/filters.js";
import { Frame } from "../parts/frame.js";
import { PagedTable, usePaged } from "../parts/table.js";
import { ColumnChooser, useColumns, Views } from "../parts/views.js";
import { link, route } from "../router.js";
import { BulkButtons, BulkDialog, BulkResult } from "./ledgers/bulk.js";
import { COLUMNS, HIDDEN_AT_FIRST } from "./ledgers/columns.js";

const HELP = `看得到的全部台账：承办人看本单位和下属单位的，受理员、督查员看全部。
上面一排按时限看，下面的条件可以一起用；条件都在网址里，把网址发给同事，他看到同样的清单。
“常用视图”把条件和列存下来；勾选几条可以一起签收、改派、督办。一条里要写回告的，点进去办。`;

const STANDINGS = [["", "全部"], ["open", "在办"], ["overdue", "已超期"], ["due_soon", "三天内到期"], ["unaccepted", "未签收"], ["paused", "停表"], ["asking", "等批延期"], ["closed", "已了结"]];
const ORDERS = { newest: "新的在前", oldest: "旧的在前", urgent: "急的在前", deadline: "先到期的在前" };
const COUNTED = 10_000; // where the server stops counting
const FIELDS = [
  { key: "q", name: "查找", kind: "text", hint: "文字或编号" },
  { key: "state", name: "状态", kind: "select", options: STATES, many: true },
  { key: "urgency", name: "紧急程度", kind: "select", options: URGENCIES },
  { key: "department", name: "主办单位", kind: "department" },
  { key: "domain", name: "领域", kind: "domain" },
  { key: "order", name: "排序", kind: "select", options: ORDERS, usual: "newest" },
];
const MORE = [
  { key: "days", name: "交办日期", kind: "days" },
  { key: "division", name: "行政区划", kind: "division" },
  { key: "nature", name: "性质", kind: "select", options: NATURES.filter((word) => word !== "检举控告").map((word) => [word, word]) },
  { key: "channel", name: "渠道", kind: "select", options: CHANNELS.map((word) => [word, word]) },
  { key: "outcome", name: "办理结果", kind: "select", options: OUTCOMES },
  { key: "assignee", name: "承办人", kind: "person" },
];
const ALL = [...FIELDS, ...MORE];
const query = () => ({ ...asked(ALL), standing: route.query.standing });
const usesMore = () => MORE.some(({ key, kind }) => Boolean(kind === "days" ? route.query.since || route.query.until : route.query[key]));

export default {
  setup() {
    const list = usePaged((wanted, signal) => get("/v1/ledger", wanted, { signal }), query, { key: (line) => line.entry.id });
    const columns = useColumns("ledger", COLUMNS, HIDDEN_AT_FIRST);
    const state = reactive({ more: usesMore(), total: null, bulk: null, result: null });
    // Only the first page tells how many there are; the others are of the same list.
    watch(() => list.load.data, (data) => { if (data?.total !== null && data?.total !== undefined) state.total = data.total; });
    watch(() => JSON.stringify(query()), () => { state.total = null; });
    watch(usesMore, (uses) => { if (uses) state.more = true; });
    const save = useAction(() => download("/v1/ledger.xlsx", query()));

    async function worked(result) {
      state.bulk = null;
      state.result = result;
      await list.load.reload();
    }
    const lead = () => state.total !== null && (state.total >= COUNTED ? `${count(COUNTED)} 条以上` : `共 ${count(state.total)} 条`);
    const actions = () => html`<${Views} page="ledger" columns=${columns} /><${ColumnChooser} columns=${columns} /><${ElButton} loading=${save.busy} onClick=${save.run}>导出 Excel</>`;
    return () => html`<${Frame} help=${HELP} lead=${lead()} actions=${actions}>${() => html`<div>
      <nav class="tabs no-print" aria-label="按时限看">${STANDINGS.map(([key, name]) => html`<a key=${key} href=${link(route.path, { ...route.query, standing: key, cursor: "" })} aria-current=${(route.query.standing ?? "") === key ? "page" : null}>${name}</a>`)}</nav>
      <${Filters} fields=${state.more ? ALL : FIELDS}><${ElButton} aria-expanded=${state.more} onClick=${() => { state.more = !state.more; }}>${state.more ? "收起条件" : "更多条件"}</></>
      <${PagedTable} list=${list} columns=${COLUMNS} hidden=${columns.hidden} open=${(line) => link(`/entries/${line.entry.id}`)} choose label="台账"
        bulk=${(lines) => html`<${BulkButtons} lines=${lines} onPick=${(step) => { state.bulk = { step, lines }; }} />`}
        empty=${{ title: "没有符合条件的条目", text: "换一个条件，或清除筛选试试。" }} />
      ${state.bulk && html`<${BulkDialog} key=${state.bulk.step.command} step=${state.bulk.step} lines=${state.bulk.lines} onDone=${worked} onClose=${() => { state.bulk = null; }} />`}
      ${state.result && html`<${BulkResult} result=${state.result} onClose=${() => { state.result = null; }} />`}
    </div>`}</>`;
  },
};
