// 经过: every step of the entry from its registration on, who took it, and what it changed.

import { time } from "../../format.js";
import { html } from "../../html.js";
import { OUTCOMES, SATISFACTIONS, URGENCIES, actorName } from "../../names.js";
import { Timeline } from "../../parts/timeline.js";

const TONES = { reply: "good", evaluate: "good", close: "good", return: "warn", recall: "warn", reopen: "warn", urge: "danger", "refuse-extension": "warn", decline: "warn", withdraw: "warn" };

export const History = ({ file }) => html`<section class="panel"><div class="panel-head"><h2>经过</h2></div><${Timeline} items=${list(file)} /></section>`;
History.props = ["file"];

function list(file) {
  const name = (who) => actorName(who, file.people);
  const items = [
    ...file.submissions.map((one, at) => ({ at: one.recorded_at, title: at ? `来件 ${one.id} 登记，后并入本条` : "来件登记" })),
    ...file.decisions.map((one) => ({ at: one.decided_at, who: name(one.who), title: one.kind === "confirmed" ? "确认系统建议" : "更正系统建议", text: join(changes(one, file), one.reason) })),
    ...file.actions.map((one) => ({ at: one.at, who: name(one.who), title: one.name, text: join(describe(one, file), one.note), tone: denied(one) ? "danger" : TONES[one.command] })),
  ];
  return items.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

const denied = ({ command, data }) => command === "evaluate" && !data.solved;
const join = (...parts) => parts.filter(Boolean).join("\n");

// 领域 城乡建设/… 改为 商贸旅游/…
function changes({ before, after }, { departments, divisions }) {
  const read = {
    lead_department: ["主办", (value) => departments[value] ?? value],
    assisting: ["协办", (value) => value.join("、") || "无"],
    domain: ["领域", (value) => value],
    urgency: ["紧急程度", (value) => URGENCIES[value]],
    nature: ["性质", (value) => value],
    division: ["行政区划", (value) => divisions[value]?.full_name ?? value],
  };
  const spell = (key, value) => (value === null || value === undefined ? "未定" : read[key][1](value));
  return Object.keys(read).filter((key) => JSON.stringify(before[key] ?? null) !== JSON.stringify(after[key] ?? null))
    .map((key) => `${read[key][0]}由“${spell(key, before[key])}”改为“${spell(key, after[key])}”`).join("\n");
}

function describe({ command, data }, { departments, words, people }) {
  const department = (code) => departments[code] ?? code;
  const unit = words.units[data.unit] ?? "";
  switch (command) {
    case "assign": case "reassign": case "overrule":
      return data.lead && (data.before && data.before !== data.lead ? `由${department(data.before)}改交${department(data.lead)}` : `交${department(data.lead)}`);
    case "accept": case "delegate": return data.assignee && `承办人 ${actorName(data.assignee, people)}`;
    case "request-extension": return `申请延长 ${data.amount} ${unit}`;
    case "grant-extension": return `延长 ${data.amount} ${unit}，新的时限 ${time(data.deadline_at)}`;
    case "forward": return words.forward_bodies[data.to];
    case "alarm": return `${data.to} ${words.emergency_lines[data.to]}`;
    case "reply": return [OUTCOMES[data.outcome], data.ground && `依据 ${data.ground}`].filter(Boolean).join("，");
    case "evaluate": return `${data.source === "citizen" ? "反映人自评" : "回访"}：${data.solved ? "已解决" : "未解决"}，${SATISFACTIONS[data.satisfaction]}`;
    case "split": return `拆出条目 ${data.into.join("、")}`;
    case "merge": return `并入条目 ${data.into}`;
    case "urge": return [words.urge_levels[data.level], data.person && `包案人 ${data.person}`, data.by && `${time(data.by)} 前`].filter(Boolean).join("，");
    case "attach": return data.name;
    default: return data.ground ?? "";
  }
}
