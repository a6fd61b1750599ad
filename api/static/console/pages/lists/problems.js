// 问题清单: the entries, new ones first; some of them marked become one task; an old list is brought in.

import { ElButton } from "element-plus";
import { reactive } from "vue";
import { count, day, domainLeaf, stateTag, urgencyTag } from "../../format.js";
import { html } from "../../html.js";
import { OUTCOMES, STATES, URGENCIES } from "../../names.js";
import { go, link } from "../../router.js";
import { may } from "../../session.js";
import { ListImport } from "./import.js";
import { OneList } from "./list.js";

const HELP = "问题清单就是台账条目：一条一个问题，写明谁办、何时办结、办得怎样。勾选几条同类的，可以安排成一项任务；以前用表格记的清单，可以导入。";
const FIELDS = [
  { key: "state", name: "状态", kind: "select", options: STATES },
  { key: "urgency", name: "紧急程度", kind: "select", options: URGENCIES },
  { key: "department", name: "主办单位", kind: "department" },
  { key: "domain", name: "领域", kind: "domain" },
  { key: "division", name: "行政区划", kind: "division" },
  { key: "days", name: "交办日期", kind: "days" },
];
const COLUMNS = [
  { key: "submission", name: "来件编号", nowrap: true, cell: ({ entry }) => entry.submission_id },
  { key: "urgency", name: "紧急程度", nowrap: true, cell: ({ entry }) => urgencyTag(entry.urgency) },
  { key: "title", name: "问题", wide: true, link: true, cell: (line) => html`${line.entry.matter || line.title || "（无标题）"}<span class="excerpt">${line.excerpt}</span>` },
  { key: "domain", name: "领域", nowrap: true, cell: ({ entry }) => domainLeaf(entry.domain) },
  { key: "department", name: "主办单位", nowrap: true, cell: (line) => line.department_name },
  { key: "reporters", name: "反映人次", right: true, cell: (line) => count(line.reporters) },
  { key: "opened", name: "交办日期", nowrap: true, cell: ({ entry }) => day(entry.opened_at) },
  { key: "deadline", name: "办理时限", nowrap: true, cell: ({ entry }) => day(entry.deadline_at) },
  { key: "state", name: "状态", nowrap: true, cell: ({ entry }) => stateTag(entry.state) },
  { key: "outcome", name: "办理结果", nowrap: true, cell: ({ entry }) => OUTCOMES[entry.outcome] ?? "—" },
  { key: "place", name: "地点", cell: (line) => line.place || "—" },
  { key: "channel", name: "渠道", nowrap: true, cell: (line) => line.channel ?? "—" },
];
const HIDDEN = ["submission", "place", "channel", "opened"];

export const ProblemList = {
  props: ["choice"],
  setup(props) {
    const state = reactive({ importing: false });
    const bulk = (lines) => html`<${ElButton} size="small" type="primary" onClick=${() => go("/tasks/new", { entries: lines.map((line) => line.entry.id) })}>安排成一项任务</>`;
    const buttons = () => may("import_lists") && html`<${ElButton} onClick=${() => { state.importing = true; }}>导入清单</>`;
    return () => html`<div>
      <${OneList} name="problems" title="问题清单" help=${HELP} fields=${FIELDS} columns=${COLUMNS} hidden=${HIDDEN} rowKey=${(line) => line.entry.id} open=${(line) => link(`/entries/${line.entry.id}`)}
        choice=${props.choice} bulk=${may("plan_tasks") ? bulk : null} buttons=${(list) => { state.list = list; return buttons(); }} empty=${{ title: "还没有问题", text: "来件交办以后列在这里；以前的清单可以导入。" }} />
      ${state.importing && html`<${ListImport} onDone=${() => state.list.load.reload()} onClose=${() => { state.importing = false; }} />`}
    </div>`;
  },
};
