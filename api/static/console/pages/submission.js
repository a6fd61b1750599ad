// 来件: one submission as it came, what the system said of it, and what became of it.

import { ElButton } from "element-plus";
import { get } from "../api.js";
import { count, day, stateTag, tag, time, urgencyTag } from "../format.js";
import { html } from "../html.js";
import { actorName } from "../names.js";
import { Frame } from "../parts/frame.js";
import { Letter } from "../parts/letter.js";
import { useLoad } from "../parts/load.js";
import { Submitter } from "../parts/submitter.js";
import { Suggestion } from "../parts/suggestion.js";
import { Timeline } from "../parts/timeline.js";
import { loadDepartmentNames } from "../reference.js";
import { go, link, route } from "../router.js";
import { may } from "../session.js";

const HELP = `一件来件的原文和系统建议。原文登记后不再改动；标黄的字是判断领域的依据，标红的是紧急的依据。
来件已经交办的，从“台账条目”进去办理；还在待复核的，到“人工复核”认定。`;

export default {
  setup() {
    const file = useLoad(async (signal) => {
      const [told, departments] = await Promise.all([get(`/v1/submissions/${encodeURIComponent(route.params.id)}`, {}, { signal }), loadDepartmentNames()]);
      return { ...told, departments };
    });
    return () => html`<${Frame} title=${`来件 ${route.params.id}`} help=${HELP} load=${file} actions=${() => actions(file.data)}>${() => body(file.data)}</>`;
  },
};

const waits = (file) => file?.submission.status === "review";

const actions = (file) => waits(file) && may("decide") && html`<${ElButton} type="primary" onClick=${() => go("/review", { id: file.submission.id })}>去复核</>`;

const body = (file) => html`<div class="split">
  <div>
    <section class="panel"><div class="panel-head"><h2>原文</h2><span class="grow"></span>${waits(file) ? tag("待复核", "wait") : tag("已交办", "work")}</div>
      <${Letter} submission=${file.submission} suggestion=${file.suggestion} /></section>
    ${file.entries.length > 0 && html`<section class="panel"><div class="panel-head"><h2>台账条目</h2></div>
      <ul class="waiting">${file.entries.map((entry) => html`<li key=${entry.id}>${urgencyTag(entry.urgency)}${stateTag(entry.state)}
        <a class="what" href=${link(`/entries/${entry.id}`)}>${entry.matter || entry.domain}</a>
        <span class="where muted">${file.departments[entry.lead_department] ?? entry.lead_department}</span><span class="when number muted">${day(entry.opened_at)}</span></li>`)}</ul></section>`}
    ${file.decisions.length > 0 && html`<section class="panel"><div class="panel-head"><h2>经办人认定</h2></div>
      <${Timeline} items=${file.decisions.map((one) => ({ at: one.decided_at, who: actorName(one.who, file.people), title: one.kind === "confirmed" ? "确认建议" : "更正建议", text: one.reason }))} /></section>`}
  </div>
  <div>
    <section class="panel"><div class="panel-head"><h2>登记</h2></div>
      <dl class="facts">
        <dt>编号</dt><dd>${file.submission.id}</dd>
        <dt>渠道</dt><dd>${file.submission.channel ?? "未注明"}</dd>
        <dt>收件</dt><dd class="number">${time(file.submission.received_at)}</dd>
        <dt>入库</dt><dd class="number">${time(file.submission.recorded_at)}</dd>
        ${file.submission.likes !== null && [html`<dt>点赞</dt>`, html`<dd class="number">${count(file.submission.likes)} 次</dd>`]}
        ${file.submission.place && [html`<dt>报送的地点</dt>`, html`<dd>${file.submission.place}</dd>`]}
      </dl></section>
    ${file.suggestion && html`<section class="panel"><div class="panel-head"><h2>系统建议</h2></div><${Suggestion} suggestion=${file.suggestion} /></section>`}
    <section class="panel"><div class="panel-head"><h2>反映人</h2></div><${Submitter} of=${`/v1/submissions/${encodeURIComponent(file.submission.id)}`} masked=${file.submitter} /></section>
  </div>
</div>`;
