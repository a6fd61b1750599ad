// What stands beside the words: what one should know first, deadlines, who is in charge, place, problem, files.

import { ElButton } from "element-plus";
import { download } from "../../api.js";
import { count, size, stateTag, tag, time, urgencyTag } from "../../format.js";
import { html } from "../../html.js";
import { OUTCOMES, SATISFACTIONS, actorName } from "../../names.js";
import { attempt } from "../../parts/failure.js";
import { DeadlineBar } from "../../parts/timeline.js";
import { link } from "../../router.js";

const offers = (file, command) => file.commands.some((one) => one.command === command);

// What decides what is to be done next, above all else.
export const Notices = (props, { emit }) => {
  const { file } = props;
  const { entry, words } = file;
  const asked = file.extensions.find((one) => one.granted === null);
  const urged = file.actions.findLast((one) => one.command === "urge");
  const returned = entry.state === "returned" && file.actions.findLast((one) => one.to_state === "returned");
  const denied = entry.state === "reopened" && file.evaluations.findLast((one) => !one.solved);
  return html`<div>
    ${entry.merged_into && html`<p class="note warn">本条已并入<a href=${link(`/entries/${entry.merged_into}`)}>条目 ${entry.merged_into}</a>，由那一条答复。</p>`}
    ${returned && html`<p class="note warn">${returned.command === "recall" ? "没有签收，已收回" : "承办单位退回"}${returned.note ? `：${returned.note}` : ""}。请改交其他单位，或驳回退件。</p>`}
    ${denied && html`<p class="note bad">反映人说没有解决${denied.comment ? `：${denied.comment}` : ""}，请重新办理。</p>`}
    ${asked && html`<div class="note warn"><div class="buttons"><span>承办单位申请延期 ${asked.amount} ${words.units[asked.unit] ?? ""}：${asked.reason}</span>
      ${offers(file, "grant-extension") && html`<${ElButton} size="small" type="primary" onClick=${() => emit("pick", "grant-extension")}>批准延期</>`}
      ${offers(file, "refuse-extension") && html`<${ElButton} size="small" onClick=${() => emit("pick", "refuse-extension")}>不批延期</>`}</div></div>`}
    ${urged && !entry.closed_at && !entry.replied_at && html`<p class="note warn">${words.urge_levels[urged.data.level] ?? "督办"}${entry.urges > 1 ? `（第 ${entry.urges} 次）` : ""}：${urged.note}${urged.data.person ? `。包案人 ${urged.data.person}` : ""}${urged.data.by ? `，${time(urged.data.by)} 前` : ""}</p>`}
    ${entry.paused_at && !entry.closed_at && html`<p class="note">已停表：${entry.pause_ground}，自 ${time(entry.paused_at)} 起；恢复后补回这段时间。</p>`}
  </div>`;
};
Notices.props = ["file"];
Notices.emits = ["pick"];

// How much of each time limit is used up. The time to reply begins anew when an entry is reopened.
export const Deadlines = ({ file }) => {
  const { entry, actions } = file;
  const began = actions.findLast((one) => one.to_state === "reopened" && one.from_state !== "reopened")?.at ?? entry.opened_at;
  const open = entry.state === "assigned" || entry.state === "accepted";
  return html`<section class="panel"><div class="panel-head"><h2>时限</h2>${entry.rule && html`<span class="muted">按“${entry.rule}”</span>`}</div>
    ${entry.accept_by && open && html`<${DeadlineBar} name="签收" from=${entry.assigned_at} to=${entry.accept_by} stopped=${entry.accepted_at} />`}
    ${entry.return_by && open && Date.parse(entry.return_by) > Date.now() && html`<${DeadlineBar} name="可以退回" from=${entry.assigned_at} to=${entry.return_by} />`}
    ${entry.deadline_at ? html`<${DeadlineBar} name="办理" from=${began} to=${entry.deadline_at} stopped=${entry.replied_at ?? entry.closed_at} paused=${entry.paused_at} note=${entry.provisional ? "暂定：放假安排尚未公布" : ""} />`
      : html`<p class="muted">${entry.state === "registered" ? "交办以后开始计时" : "这类来件不计办理时限"}</p>`}
  </section>`;
};
Deadlines.props = ["file"];

export const Facts = ({ file }) => {
  const { entry, departments, words, people } = file;
  const times = [["退回", entry.returns], ["延期", entry.extensions], ["督办", entry.urges], ["重办", entry.reopenings]].filter(([, number]) => number);
  const links = (ids) => ids.map((id, at) => [at ? "、" : "", html`<a key=${id} href=${link(`/entries/${id}`)}>条目 ${id}</a>`]);
  return html`<section class="panel"><div class="panel-head"><h2>办理</h2><span class="grow"></span>${urgencyTag(entry.urgency)}${stateTag(entry.state)}</div>
    <dl class="facts">
      <dt>主办</dt><dd><b>${departments[entry.lead_department] ?? entry.lead_department}</b></dd>
      ${entry.assisting.length > 0 && [html`<dt>协办</dt>`, html`<dd>${entry.assisting.join("、")}</dd>`]}
      <dt>承办人</dt><dd>${entry.assignee ? actorName(entry.assignee, people) : "还没有"}</dd>
      <dt>领域</dt><dd>${entry.domain.replaceAll("/", " › ")}</dd>
      <dt>性质</dt><dd>${entry.nature}</dd>
      <dt>交办</dt><dd class="number">${time(entry.opened_at)}</dd>
      ${entry.outcome && [html`<dt>结果</dt>`, html`<dd>${OUTCOMES[entry.outcome]}${entry.ground ? `（${entry.ground}）` : ""}</dd>`]}
      ${!entry.outcome && entry.ground && [html`<dt>依据</dt>`, html`<dd>${entry.ground}</dd>`]}
      ${entry.solved !== null && [html`<dt>评价</dt>`, html`<dd>${entry.solved ? "已解决" : "未解决"}，${SATISFACTIONS[entry.satisfaction]}</dd>`]}
      ${entry.forwarded_to && [html`<dt>转往</dt>`, html`<dd>${words.forward_bodies[entry.forwarded_to] ?? words.emergency_lines[entry.forwarded_to] ?? entry.forwarded_to}</dd>`]}
      ${entry.closed_at && [html`<dt>了结</dt>`, html`<dd class="number">${time(entry.closed_at)}</dd>`]}
      ${times.length > 0 && [html`<dt>次数</dt>`, html`<dd>${times.map(([name, number]) => `${name} ${count(number)} 次`).join("，")}</dd>`]}
      ${file.others.length > 0 && [html`<dt>同件他事</dt>`, html`<dd>${links(file.others)}</dd>`]}
      ${file.merged.length > 0 && [html`<dt>并入的</dt>`, html`<dd>${links(file.merged)}</dd>`]}
    </dl></section>`;
};
Facts.props = ["file"];

export const Problem = ({ file: { problem } }) => problem && html`<section class="panel"><div class="panel-head"><h2>共性问题</h2><span class="muted">共 ${count(problem.size)} 件</span></div>
  <a href=${link(`/problems/${problem.id}`)}>${problem.name}</a></section>`;
Problem.props = ["file"];

// From the province down to where it is, each step a link to what else the ledger has from there.
export const Place = ({ file }) => {
  const { entry, suggestion, submissions } = file;
  const place = file.divisions[entry.division];
  const told = suggestion?.place.text || submissions[0].place;
  const maybe = !entry.division && (suggestion?.place.candidates ?? []);
  return html`<section class="panel"><div class="panel-head"><h2>地点</h2></div>
    ${told && html`<p>${told}</p>`}
    ${place?.path.length > 0 && html`<ol class="branch">${place.path.map((one, at) => html`<li key=${one.code} class=${{ here: at === place.path.length - 1 }} style=${{ paddingLeft: `${at * 16}px` }}>
      <a href=${link("/ledgers", { division: one.code })} title=${`看${one.name}的台账`}>${one.name}</a>${one.below > 0 && at === place.path.length - 1 && html`<span class="muted">　下辖 ${count(one.below)} 个</span>`}</li>`)}</ol>`}
    ${!entry.division && html`<p class="muted">没有落到行政区划${maybe.length ? `，可能是 ${maybe.map((one) => one.name).join("、")}` : ""}</p>`}
  </section>`;
};
Place.props = ["file"];

export const Files = (props, { emit }) => {
  const { file } = props;
  const fetchOne = (one) => attempt(() => download(`/v1/entries/${file.entry.id}/attachments/${one.id}`, {}, { name: one.name }));
  return html`<section class="panel"><div class="panel-head"><h2>附件</h2><span class="grow"></span>${offers(file, "attach") && html`<${ElButton} size="small" onClick=${() => emit("pick", "attach")}>附证据</>`}</div>
    ${file.attachments.length === 0 ? html`<p class="muted">还没有附件</p>` : html`<ul class="waiting">${file.attachments.map((one) => html`<li key=${one.id}>
      <button type="button" class="plain about what" title=${`SHA-256 ${one.sha256}`} onClick=${() => fetchOne(one)}>${one.name}</button>
      <span class="when muted number">${size(one.size)}，${actorName(one.who, file.people)}，${time(one.at)}</span></li>`)}</ul>`}
  </section>`;
};
Files.props = ["file"];
Files.emits = ["pick"];
