// One accusation: its words, whom it accuses, what was decided; held, or released with a reason.

import { ElButton, ElForm, ElFormItem, ElInput } from "element-plus";
import { reactive } from "vue";
import { get, post } from "../../api.js";
import { day } from "../../format.js";
import { bind, html } from "../../html.js";
import { actorName } from "../../names.js";
import { Dialog } from "../../parts/dialog.js";
import { askReason } from "../../parts/dialogs.js";
import { told, useAction } from "../../parts/failure.js";
import { Frame } from "../../parts/frame.js";
import { Hotlines } from "../../parts/hotlines.js";
import { Letter } from "../../parts/letter.js";
import { useLoad } from "../../parts/load.js";
import { DepartmentPicker } from "../../parts/pickers.js";
import { Submitter } from "../../parts/submitter.js";
import { CallFirst, Suggestion } from "../../parts/suggestion.js";
import { Timeline } from "../../parts/timeline.js";
import { loadDepartmentNames, loadPeople } from "../../reference.js";
import { go, link, route } from "../../router.js";
import { may } from "../../session.js";
import { stateOf } from "./list.js";

const HELP = `这一件的全文；您这次打开已记入操作日志。
“认定属检举控告”：留在这里，可指明被反映单位，这些单位及下属单位的人都看不到。
“不属检举控告，放行”：恢复原文，进复核队列，按普通来件办理；放行后不能收回。
拿不准的不要放行。查看检举人须写理由，另行记入日志。`;

export const Accusation = {
  setup() {
    const address = `/v1/accusations/${encodeURIComponent(route.params.id)}`;
    const file = useLoad((signal) => get(address, {}, { signal }));
    const names = useLoad(async () => ({ departments: await loadDepartmentNames(), people: await loadPeople() }));
    const form = reactive({ shown: false, reason: "", accused: [] });

    const openHold = () => Object.assign(form, { shown: true, reason: "", accused: [...file.data.accused] });
    const hold = useAction(async () => {
      file.data = await post(`${address}/hold`, { reason: form.reason.trim(), accused: form.accused });
      form.shown = false;
      told("已认定属检举控告");
    });
    const release = useAction(async () => {
      const reason = await askReason("不属检举控告，放行", { text: "放行后恢复原文，进复核队列，受理员和承办单位都看得到，不能收回。请写明理由。", yes: "放行", most: 500 });
      if (reason === null) return;
      await post(`${address}/release`, { reason });
      told("已经放行，进复核队列");
      go("/confidential");
    });
    const alarm = useAction(async ({ code, name }) => {
      const note = await askReason(`已转 ${code} ${name}`, { text: "请先拨电话，再记。何时、对谁说了什么，可写可不写。", required: false, yes: "记下", most: 500 });
      if (note === null) return;
      file.data = await post(`${address}/alarm`, { to: code, note });
      told(`已记为转 ${code} ${name}`);
    });
    const urgent = () => undecided() && file.data.suggestion?.urgency.level <= 2;
    const alarms = () => urgent() && html`<section class="panel" role="group" aria-label="记下转往哪条热线"><div class="panel-head"><h2>已拨电话的，记下转往哪条热线</h2></div>
      <${Hotlines} busy=${alarm.busy} onPick=${alarm.run} /></section>`;
    const undecided = () => may("decide_accusations") && file.data && file.data.state !== "released";
    const actions = () => undecided() && [
      html`<${ElButton} type="primary" onClick=${openHold}>${file.data.state === "held" ? "改认定" : "认定属检举控告"}</>`,
      html`<${ElButton} loading=${release.busy} onClick=${release.run}>不属检举控告，放行</>`,
    ];
    const holdForm = () => html`<${Dialog} shown=${form.shown} onClose=${() => { form.shown = false; }} title="认定属检举控告">
      <${ElForm} labelPosition="top">
        <${ElFormItem} label="被反映单位" for="accused"><${DepartmentPicker} id="accused" multiple label="被反映单位" ...${bind(form, "accused")} /><span class="hint">这些单位及其下属单位的人看不到这一件；没有可不填</span></>
        <${ElFormItem} label="理由" for="reason"><${ElInput} id="reason" type="textarea" rows=${3} maxlength="500" showWordLimit ...${bind(form, "reason")} /></>
        <${ElButton} type="primary" loading=${hold.busy} disabled=${!form.reason.trim()} onClick=${hold.run}>认定</>
      </>
    </>`;
    return () => html`<${Frame} title=${`保密件 ${route.params.id}`} help=${HELP} load=${file} actions=${actions}>${() => html`<div>
      ${body(file.data, address, names.data ?? { departments: {}, people: {} }, alarms())}
      ${holdForm()}
    </div>`}</>`;
  },
};

function body(accusation, address, { departments, people }, alarms) {
  return html`<p class="note warn">您这次查看已经记入操作日志。请勿转给被反映的人和单位。</p>
  ${accusation.state === "waiting" && html`<${CallFirst} suggestion=${accusation.suggestion} />`}
  ${alarms}
  <div class="split"><div>
    <section class="panel" aria-label="原文"><div class="panel-head"><h2>原文</h2><span class="grow"></span>${stateOf(accusation.state)}</div>
      <${Letter} submission=${accusation} suggestion=${accusation.suggestion} />
      <p class="muted">${[accusation.channel, accusation.place, accusation.sent_at && `${day(accusation.sent_at)} 收件`, `${day(accusation.received_at)} 入库`].filter(Boolean).join("，")}</p></section>
    <section class="panel" aria-label="认定经过"><div class="panel-head"><h2>认定经过</h2></div>
      ${accusation.notes.length ? html`<${Timeline} items=${accusation.notes.map((note) => ({ at: note.at, who: actorName(note.who, people), title: DECISIONS[note.kind] ?? "认定", text: note.reason, tone: note.kind === "released" ? "good" : "danger" }))} />` : html`<p class="muted">还没有人认定</p>`}</section>
    ${accusation.work.length > 0 && html`<section class="panel" aria-label="封存以前的办理"><div class="panel-head"><h2>封存以前的办理</h2></div>
      <${Timeline} items=${accusation.work.map((work) => step(work, address, people))} /></section>`}
  </div><div>
    <section class="panel" aria-label="被反映单位"><div class="panel-head"><h2>被反映单位</h2></div>
      <p>${accusation.accused.map((code) => departments[code] ?? code).join("、") || html`<span class="muted">没有认出单位；认定时可以指明</span>`}</p></section>
    <section class="panel" aria-label="检举人"><div class="panel-head"><h2>检举人</h2></div><${Submitter} of=${address} masked=${accusation.submitter} /></section>
    ${accusation.suggestion && html`<section class="panel" aria-label="系统建议"><div class="panel-head"><h2>系统建议</h2></div><${Suggestion} suggestion=${accusation.suggestion} /></section>`}
    <p><a href=${link("/confidential")}>回保密件清单</a></p>
  </div></div>`;
}

// What was done on the ledger before it was sealed: the words of each step, a file to take along.
const SAID = ["note", "reason", "decided_note", "text", "ground", "comment", "matter"];
const step = (work, address, people) => ({
  at: work.at, who: actorName(work.who, people), title: work.name,
  text: work.told.command === "alarm" ? `已转 ${work.told.to}` : work.kind === "attachment" ? html`<a href=${`${address}/attachments/${work.id}`} download=${work.told.name}>${work.told.name}</a>` : SAID.map((key) => work.told[key]).filter(Boolean).join("\n"),
});

const DECISIONS = { put_away: "转入纪检台账", alarm: "转紧急热线", held: "认定属检举控告", released: "认定不属检举控告，放行" };
