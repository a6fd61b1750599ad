// A trial (试算): what a change would have meant for last month's submissions, before it counts.

import { count, percent, tag } from "../format.js";
import { html } from "../html.js";
import { URGENCIES } from "../names.js";
import { Table } from "./table.js";

const PARTS = { lead: "主办", assisting: "协办", domain: "领域", urgency: "紧急程度", nature: "性质", review: "是否复核" };
const SHOWN = 15;

const MOVES = [
  { key: "before", name: "现在的主办", cell: (move) => move.before ?? "人工指定" },
  { key: "after", name: "改了以后", cell: (move) => move.after ?? "人工指定" },
  { key: "count", name: "件数", right: true, cell: (move) => count(move.count) },
];
const CHANGED = [
  { key: "id", name: "来件编号", nowrap: true, cell: (one) => one.submission_id },
  { key: "what", name: "变了什么", wide: true, cell: differences },
];

// html`<${Trial} trial=${answer} />`, of any route that ends in :try.
export const Trial = ({ trial }) => {
  if (!trial.submissions) return html`<p class="note warn">最近一个月没有来件，试算不出变化；改动照样可以生效。</p>`;
  const changed = Object.entries(trial.parts).filter(([, number]) => number);
  const shift = trial.review_after - trial.review_before;
  return html`<div class="trial">
    <div class="figures">
      <div class="figure"><b>${count(trial.submissions)}</b><span>最近一个月试算的来件</span></div>
      <div class="figure"><b>${count(trial.review_before)} → ${count(trial.review_after)}</b><span>须人工复核${shift ? `，${shift > 0 ? "多" : "少"} ${count(Math.abs(shift))} 件` : "，不变"}</span></div>
      <div class="figure"><b>${percent(1 - trial.review_after / trial.submissions)}</b><span>直接交办的占比，现在 ${percent(1 - trial.review_before / trial.submissions)}</span></div>
    </div>
    ${changed.length ? html`<p>有变化的：${changed.map(([part, number]) => tag(`${PARTS[part] ?? part} ${count(number)} 件`, "warn"))}</p>` : html`<p class="note good">这些来件的去向都不变。</p>`}
    ${trial.moves.length > 0 && html`<div class="table-box"><${Table} lines=${trial.moves.slice(0, SHOWN)} columns=${MOVES} rowKey=${(move) => `${move.before}→${move.after}`} /></div>`}
    ${trial.moves.length > SHOWN && html`<p class="muted">另有 ${count(trial.moves.length - SHOWN)} 种改派，各 ${count(trial.moves[SHOWN].count)} 件以下</p>`}
    ${trial.changed.length > 0 && html`<details><summary>看其中 ${count(Math.min(SHOWN, trial.changed.length))} 件怎样变</summary>
      <div class="table-box"><${Table} lines=${trial.changed.slice(0, SHOWN)} columns=${CHANGED} rowKey=${(one) => one.submission_id} /></div></details>`}
  </div>`;
};
Trial.props = ["trial"];

function differences({ before, after }) {
  const told = Object.keys(PARTS).filter((part) => spell(part, before) !== spell(part, after));
  return told.map((part) => html`<div key=${part}>${PARTS[part]}：<span class="muted">${spell(part, before)}</span> → ${spell(part, after)}</div>`);
}

function spell(part, call) {
  const value = call[part];
  if (part === "assisting") return value.join("、") || "无";
  if (part === "urgency") return URGENCIES[value];
  if (part === "review") return value ? "须复核" : "直接交办";
  return value ?? "人工指定";
}
