// What a finding rests on, in words: numbers, times and the entries, tasks and replies it names.

import { ref } from "vue";
import { count, day, percent, span, time } from "../../format.js";
import { html } from "../../html.js";
import { SATISFACTIONS, TASK_STATES } from "../../names.js";
import { loadDivisionName } from "../../reference.js";
import { link } from "../../router.js";

const HOUR = 3_600_000;
const STEPS = { return: "退回", reassign: "改派" };
const MOST = 8; // entries named; the count is always whole

const entry = (id) => html`<a key=${id} href=${link(`/entries/${id}`)}>${id}</a>`;
const entries = (ids) => [ids.slice(0, MOST).map((id, at) => [at ? "、" : "条目 ", entry(id)]), ids.length > MOST ? ` 等` : ""];
const days = (moments) => moments.map(day).join("、");
// "agency:key:3" and the like name where lists come from; people read the last part.
const source = (told) => String(told).split(":").at(-1);

// A division stands as its code in the evidence, a street of the town by its name.
const Place = {
  props: ["name"],
  setup(props) {
    const shown = ref(props.name);
    if (/^\d+$/.test(props.name)) loadDivisionName(props.name).then((name) => { shown.value = name; });
    return () => html`<span>${shown.value}</span>`;
  },
};

const TELL = {
  overdue: (told) => [`时限 ${time(told.deadline_at)}，查到时已超 ${span(told.hours_late * HOUR)}`, told.rule && `；按“${told.rule}”`, told.provisional && "（时限暂定）"],
  extended: (told) => [`申请延期 ${told.requests} 次（${days(told.asked_at)}），批准 ${told.granted} 次，不批 ${told.refused} 次`],
  paused: (told) => [`停表 ${told.pauses} 次（${days(told.paused_at)}），共 ${told.days} 天，事由：${told.grounds.join("、")}`, told.stands_still && "；还在停表"],
  passed_on: (told) => [`退回 ${told.returns} 次，改派 ${told.reassignments} 次：`, told.steps.map((one) => `${day(one.at)} ${STEPS[one.command] ?? one.command}`).join("，")],
  copied_reply: (told) => [`${day(told.replied_at)} 的回告与`, " 条目 ", entry(told.copies_entry), ` 更早的回告有 ${percent(told.similarity)} 相同，两件来件说的不是一回事`],
  empty_reply: (told) => [`${day(told.replied_at)} 的回告`, told.words_in_common === 0 ? "没有提到来件中的任何一个词" : quality(told), reasons(told.reasons)],
  disputed: (told) => [`回告为“已解决”，反映人 ${told.denials} 次说未解决：`, told.said.map((one) => `${day(one.evaluated_at)} ${SATISFACTIONS[one.satisfaction] ?? ""}`).join("，"), told.solved_since && "；此后又说已解决", told.closed_at && `；${day(told.closed_at)} 销号`],
  invented: (told) => [`同一来源“${source(told.source)}”有 ${count(told.copies)} 条雷同，缺人 ${told.without_person} 条，缺地 ${told.without_place} 条，缺事 ${told.without_matter} 条：`, entries(told.entries)],
  silent: (told) => [html`<${Place} key=${told.name} name=${told.name} />`, ` ${told.days} 天内没有条目，${told.neighbours} 个邻近的中位数是 ${told.median_of_neighbours} 条`],
  crowded: (told) => [`${day(told.from)} 至 ${day(told.to)}，${told.teams.length} 个组走访同一户 ${told.visits} 次：`, entries(told.entries)],
  untasked: (told) => [`${told.days} 天内 ${count(told.entries)} 条说同一件事，没有任务：`, entries(told.examples)],
  no_effect: (told) => [html`<a href=${link(`/tasks/${told.task}`)}>任务 ${told.task}</a>`, `${TASK_STATES[told.state] ?? told.state}`, told.deadline_at && `，完成时限 ${day(told.deadline_at)}`, "，没有登记效果"],
};

const quality = ({ perfunctory, relevance }) => [perfunctory ? "疑似敷衍" : "没有触及诉求", relevance === undefined ? "" : `，针对性 ${relevance} 分（满分 2）`].join("");
const reasons = (told) => (Array.isArray(told) && told.length ? `：${told.map((one) => (typeof one === "string" ? one : one.says)).filter(Boolean).join("；")}` : "");

// Nodes for one line of the supervision list.
export const evidence = ({ rule, evidence: told }) => TELL[rule]?.(told).filter(Boolean) ?? "";

// The problem, task or place that a finding is about where it is no entry.
export function subject({ subject: told }) {
  const [kind, id] = told.split(":");
  if (kind === "task") return html`<a href=${link(`/tasks/${id}`)}>任务 ${id}</a>`;
  if (kind === "division") return html`<${Place} name=${id} />`;
  if (kind === "problem" && /^\d+$/.test(id)) return html`<a href=${link(`/problems/${id}`)}>共性问题 ${id}</a>`;
  return null;
}
