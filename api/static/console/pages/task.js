// 任务: what is to be done by whom until when, how far it is, what came of it.

import { ElButton, ElDatePicker, ElForm, ElFormItem, ElInput } from "element-plus";
import { reactive } from "vue";
import { get, patch, post } from "../api.js";
import { count, day, tag, time } from "../format.js";
import { bind, html } from "../html.js";
import { TASK_STATES, actorName } from "../names.js";
import { Dialog } from "../parts/dialog.js";
import { askReason } from "../parts/dialogs.js";
import { attempt, told } from "../parts/failure.js";
import { Frame } from "../parts/frame.js";
import { useLoad } from "../parts/load.js";
import { DeadlineBar, Timeline } from "../parts/timeline.js";
import { link, route } from "../router.js";
import { may } from "../session.js";

const HELP = `一项任务的时间节点、进展和效果。
责任单位登记进展、完成节点；全部办完，写明解决了什么、有什么佐证，任务即完成并列入效果清单。改时限要写明原因。`;
const TONES = { open: "work", done: "good", cancelled: "calm" };
const STEPS = { planned: "安排", changed: "调整", progressed: "进展", closed: "完成", cancelled: "取消" };

export default {
  setup() {
    const file = useLoad((signal) => get(`/v1/tasks/${route.params.id}`, {}, { signal }));
    const dialog = reactive({ kind: null, form: {}, busy: false });
    const task = () => file.data.task;

    const open = (kind, form) => Object.assign(dialog, { kind, form, busy: false });
    async function send(step, done) {
      if (dialog.busy) return;
      dialog.busy = true;
      if (await attempt(step, { reload: file.reload })) {
        told(done);
        dialog.kind = null;
        await file.reload();
      }
      dialog.busy = false;
    }
    const cancel = async () => {
      const note = await askReason("取消任务", { text: "取消后，各条台账照旧办理。请写明原因。" });
      if (note !== null) await send(() => post(`/v1/tasks/${task().id}/cancel`, { version: task().version, note }), "任务已经取消");
    };
    const works = () => file.data?.task.state === "open" && may("plan_tasks");
    const actions = () => works() && [
      html`<${ElButton} type="primary" onClick=${() => open("progress", { note: "", milestone: null, done: false })}>登记进展</>`,
      html`<${ElButton} onClick=${() => open("effect", { change: "", evidence: "", ground: "" })}>以效果完成</>`,
      html`<${ElButton} onClick=${() => open("deadline", { deadline: task().deadline_at?.slice(0, 10), note: "" })}>改时限</>`,
      html`<${ElButton} onClick=${cancel}>取消任务</>`,
    ];
    const forms = {
      progress: () => progressForm(dialog, task(), send),
      effect: () => effectForm(dialog, task(), send),
      deadline: () => deadlineForm(dialog, task(), send),
    };
    return () => html`<${Frame} title=${file.data?.task.title ?? "任务"} help=${HELP} load=${file} actions=${actions}>${() => html`<div>
      ${body(file.data, works(), (milestone) => open("progress", { note: "", milestone, done: true }))}
      <${Dialog} shown=${dialog.kind !== null} onClose=${() => { dialog.kind = null; }} title=${{ progress: "登记进展", effect: "以效果完成", deadline: "改时限" }[dialog.kind]}>${dialog.kind && forms[dialog.kind]()}</>
    </div>`}</>`;
  },
};

function body({ task, effect, history, people }, works, finish) {
  const late = task.state === "open" && task.deadline_at && Date.parse(task.deadline_at) < Date.now();
  return html`<div class="split"><div>
    <section class="panel"><div class="panel-head"><h2>时间节点</h2><span class="muted number">${task.progress}</span><span class="grow"></span>${tag(TASK_STATES[task.state], TONES[task.state])}${late && tag("已超期", "danger")}</div>
      <ol class="timeline">${task.milestones.map((milestone) => html`<li key=${milestone.id} class=${milestone.done_at ? "good" : isLate(milestone, task) ? "danger" : ""}>
        <div class="buttons"><span>${milestone.name}</span>${milestone.done_at ? tag("已完成", "good") : isLate(milestone, task) ? tag("已过期", "danger") : tag("未完成")}
          ${works && !milestone.done_at && html`<${ElButton} size="small" onClick=${() => finish(milestone.id)}>完成这一步</>`}</div>
        <div class="moment">${milestone.done_at ? `${day(milestone.done_at)} 完成，` : ""}应在 ${day(milestone.due_at)} 前</div>
        ${milestone.note && html`<div class="letter">${milestone.note}</div>`}
      </li>`)}</ol></section>
    ${effect && html`<section class="panel"><div class="panel-head"><h2>效果</h2></div>
      <p class="letter">${effect.change}</p>
      <dl class="facts"><dt>佐证</dt><dd>${effect.evidence.map((one) => [one.note, one.name].filter(Boolean).join("：")).join("；") || "—"}</dd>
        <dt>反映人</dt><dd>${opinions(effect.evaluation)}</dd></dl></section>`}
    <section class="panel"><div class="panel-head"><h2>经过</h2></div>
      <${Timeline} items=${history.map((one) => ({ at: one.at, who: actorName(one.who, people), title: STEPS[one.command] ?? one.command, text: one.note, tone: { closed: "good", cancelled: "warn" }[one.command] }))} /></section>
  </div><div>
    <section class="panel">${task.deadline_at && html`<${DeadlineBar} name="完成时限" from=${task.created_at} to=${task.deadline_at} stopped=${task.closed_at} />`}</section>
    <section class="panel"><dl class="facts">
      <dt>责任单位</dt><dd>${task.department_name}</dd>
      ${task.assisting.length > 0 && [html`<dt>配合单位</dt>`, html`<dd>${task.assisting.join("、")}</dd>`]}
      <dt>责任人</dt><dd>${task.person}</dd>
      <dt>安排</dt><dd>${actorName(task.created_by, people)}，<span class="number">${time(task.created_at)}</span></dd>
      ${task.problem_id && [html`<dt>共性问题</dt>`, html`<dd><a href=${link(`/problems/${task.problem_id}`)}>问题 ${task.problem_id}</a></dd>`]}
      <dt>针对</dt><dd>${task.entries.map((id, at) => [at ? "、" : "", html`<a key=${id} href=${link(`/entries/${id}`)}>条目 ${id}</a>`])}</dd>
    </dl></section>
    <section class="panel"><div class="panel-head"><h2>措施</h2></div><ol class="reasons">${task.measures.map((measure) => html`<li key=${measure}>${measure}</li>`)}</ol></section>
  </div></div>`;
}

const isLate = (milestone, task) => task.state === "open" && !milestone.done_at && Date.parse(milestone.due_at) < Date.now();

function opinions({ reporters, evaluated, solved, satisfied, ground }) {
  if (!evaluated) return `没有评价${ground ? `：${ground}` : ""}`;
  return `${count(reporters)} 人反映，${count(evaluated)} 人评价，${count(solved)} 人说已解决，${count(satisfied)} 人满意`;
}

const foot = (dialog, step, word) => html`<${ElButton} type="primary" loading=${dialog.busy} onClick=${step}>${word}</>`;

function progressForm(dialog, task, send) {
  const { form } = dialog;
  const step = () => send(() => post(`/v1/tasks/${task.id}/progress`, { version: task.version, ...form }), "进展已经登记");
  const milestone = task.milestones.find((one) => one.id === form.milestone);
  return html`<${ElForm} labelPosition="top">
    ${milestone && html`<p class="note">时间节点“${milestone.name}”，登记后即为完成</p>`}
    <${ElFormItem} label="进展情况" for="note"><${ElInput} id="note" type="textarea" rows=${5} maxlength="2000" showWordLimit ...${bind(form, "note")} /></>
    ${foot(dialog, step, "登记")}
  </>`;
}

function effectForm(dialog, task, send) {
  const { form } = dialog;
  const evidence = () => form.evidence.split("\n").map((note) => note.trim()).filter(Boolean).map((note) => ({ note }));
  const step = () => send(() => post(`/v1/tasks/${task.id}/close`, { version: task.version, change: form.change, evidence: evidence(), ground: form.ground }), "任务已经完成，列入效果清单");
  return html`<${ElForm} labelPosition="top">
    <${ElFormItem} label="解决了什么、有什么变化" for="change"><${ElInput} id="change" type="textarea" rows=${5} maxlength="5000" showWordLimit ...${bind(form, "change")} /></>
    <${ElFormItem} label="佐证（一行一项）" for="evidence"><${ElInput} id="evidence" type="textarea" rows=${3} placeholder="如：验收报告 2026 年第 12 号" ...${bind(form, "evidence")} /></>
    <${ElFormItem} label="没有评价的理由" for="ground"><${ElInput} id="ground" maxlength="500" ...${bind(form, "ground")} /><span class="hint">反映人的评价由系统汇总；一个评价也没有的才要写</span></>
    ${foot(dialog, step, "完成任务")}
  </>`;
}

function deadlineForm(dialog, task, send) {
  const { form } = dialog;
  const step = () => send(() => patch(`/v1/tasks/${task.id}`, { version: task.version, ...form }), "时限已经改好");
  return html`<${ElForm} labelPosition="top">
    <${ElFormItem} label="新的完成时限" for="deadline"><${ElDatePicker} id="deadline" valueFormat="YYYY-MM-DD" format="YYYY-MM-DD" clearable=${false} ...${bind(form, "deadline")} /><span class="hint">没有完成的节点重新倒排</span></>
    <${ElFormItem} label="原因" for="note"><${ElInput} id="note" type="textarea" rows=${3} maxlength="2000" ...${bind(form, "note")} /></>
    ${foot(dialog, step, "改时限")}
  </>`;
}
