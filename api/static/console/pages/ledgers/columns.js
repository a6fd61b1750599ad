// The columns of the ledger, and how near the deadline of a line is.

import { count, day, domainLeaf, stateTag, time, until, urgencyTag } from "../../format.js";
import { html } from "../../html.js";
import { OUTCOMES, SATISFACTIONS, actorName } from "../../names.js";

const SOON = 72 * 3_600_000;
const NONE = "—";

export const COLUMNS = [
  { key: "id", name: "编号", right: true, nowrap: true, cell: ({ entry }) => entry.id },
  { key: "urgency", name: "紧急程度", nowrap: true, cell: ({ entry }) => urgencyTag(entry.urgency) },
  { key: "title", name: "事项", wide: true, link: true, cell: (line) => html`${line.entry.matter || line.title || "（无标题）"}<span class="excerpt">${line.excerpt}</span>` },
  { key: "domain", name: "领域", nowrap: true, cell: ({ entry }) => domainLeaf(entry.domain) },
  { key: "nature", name: "性质", nowrap: true, cell: ({ entry }) => entry.nature },
  { key: "department", name: "主办单位", nowrap: true, cell: (line) => line.department_name },
  { key: "assisting", name: "协办单位", cell: ({ entry }) => entry.assisting.join("、") || NONE },
  { key: "assignee", name: "承办人", nowrap: true, cell: (line) => (line.entry.assignee ? line.assignee_name ?? actorName(line.entry.assignee) : NONE) },
  { key: "state", name: "状态", nowrap: true, cell: ({ entry }) => stateTag(entry.state) },
  { key: "deadline", name: "办理时限", nowrap: true, cell: ({ entry }) => html`<${Deadline} entry=${entry} />` },
  { key: "place", name: "地点", cell: (line) => line.place || NONE },
  { key: "channel", name: "渠道", nowrap: true, cell: (line) => line.channel ?? NONE },
  { key: "received", name: "收件日期", nowrap: true, cell: (line) => day(line.received_at) },
  { key: "opened", name: "交办日期", nowrap: true, cell: ({ entry }) => day(entry.opened_at) },
  { key: "reporters", name: "反映人次", right: true, cell: (line) => count(line.reporters) },
  { key: "outcome", name: "办理结果", nowrap: true, cell: ({ entry }) => OUTCOMES[entry.outcome] ?? NONE },
  { key: "judged", name: "评价", nowrap: true, cell: ({ entry }) => (entry.solved === null ? NONE : `${entry.solved ? "已解决" : "未解决"}，${SATISFACTIONS[entry.satisfaction]}`) },
];
export const HIDDEN_AT_FIRST = ["nature", "assisting", "assignee", "place", "channel", "received", "reporters", "outcome", "judged"];

// What is left while the clock runs; the bare moment where it has stopped.
const Deadline = ({ entry }) => {
  if (!entry.deadline_at) return NONE;
  if (entry.replied_at || entry.closed_at) return html`<span class="muted number">${day(entry.deadline_at)}</span>`;
  if (entry.paused_at) return html`<span class="muted" title=${time(entry.deadline_at)}>停表</span>`;
  const left = Date.parse(entry.deadline_at) - Date.now();
  return html`<span class=${left < 0 ? "tone-danger" : left < SOON ? "tone-warn" : ""} title=${`${time(entry.deadline_at)}${entry.provisional ? "（暂定）" : ""}`}>${until(entry.deadline_at)}</span>`;
};
Deadline.props = ["entry"];
