// 任务清单: what is to be done by whom until when, the soonest due first.

import { ElButton } from "element-plus";
import { day, tag, until } from "../../format.js";
import { html } from "../../html.js";
import { TASK_STATES, URGENCIES } from "../../names.js";
import { go, link } from "../../router.js";
import { may } from "../../session.js";
import { OneList } from "./list.js";

const HELP = "任务清单：针对问题安排的任务，时间节点从完成时限倒排。点进去登记进展、完成节点、写明效果。";
const TONES = { open: "work", done: "good", cancelled: "calm" };
const FIELDS = [
  { key: "state", name: "状态", kind: "select", options: TASK_STATES },
  { key: "department", name: "责任单位", kind: "department" },
  { key: "urgency", name: "紧急程度", kind: "select", options: URGENCIES },
  { key: "domain", name: "领域", kind: "domain" },
  { key: "division", name: "行政区划", kind: "division" },
  { key: "days", name: "安排日期", kind: "days" },
];
const late = ({ state, deadline_at: deadline }) => state === "open" && deadline && Date.parse(deadline) < Date.now();
const next = ({ milestones }) => milestones.find((one) => !one.done_at);
const COLUMNS = [
  { key: "title", name: "任务", wide: true, link: true, cell: ({ task, latest }) => html`${task.title}<span class="excerpt">${latest || task.measures.join("；")}</span>` },
  { key: "department", name: "责任单位", nowrap: true, cell: ({ task }) => task.department_name },
  { key: "assisting", name: "配合单位", cell: ({ task }) => task.assisting.join("、") || "—" },
  { key: "person", name: "责任人", nowrap: true, cell: ({ task }) => task.person },
  { key: "entries", name: "针对", right: true, cell: ({ task }) => `${task.entries.length} 条` },
  { key: "progress", name: "节点", nowrap: true, cell: ({ task }) => html`<span class="number">${task.progress}</span>` },
  { key: "next", name: "下一节点", nowrap: true, cell: ({ task }) => (task.state === "open" && next(task) ? `${next(task).name}，${day(next(task).due_at)}` : "—") },
  { key: "deadline", name: "完成时限", nowrap: true, cell: ({ task }) => (task.state === "open" && task.deadline_at ? html`<span class=${late(task) ? "tone-danger" : ""} title=${day(task.deadline_at)}>${until(task.deadline_at)}</span>` : day(task.deadline_at)) },
  { key: "state", name: "状态", nowrap: true, cell: ({ task }) => tag(TASK_STATES[task.state], TONES[task.state]) },
];

export const TaskList = {
  props: ["choice"],
  setup(props) {
    const buttons = () => may("plan_tasks") && html`<${ElButton} type="primary" onClick=${() => go("/tasks/new")}>安排任务</>`;
    return () => html`<${OneList} name="tasks" title="任务清单" help=${HELP} fields=${FIELDS} columns=${COLUMNS} hidden=${["assisting"]} rowKey=${(line) => line.task.id} open=${(line) => link(`/tasks/${line.task.id}`)}
      choice=${props.choice} buttons=${buttons} empty=${{ title: "还没有任务", text: "在问题清单勾选几条，或从一件共性问题，安排任务。" }} />`;
  },
};
