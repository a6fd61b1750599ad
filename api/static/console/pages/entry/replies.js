// The replies given so far, what is thought of each, and what the reporters said of them.

import { percent, tag, time } from "../../format.js";
import { html } from "../../html.js";
import { SATISFACTIONS, actorName } from "../../names.js";

const TONES = { solved: "good", explained: "work", not_supported: "warn" };
export const ASPECTS = { relevance: "针对性", completeness: "完整性", grounds: "依据", action: "措施" };

export const Replies = ({ file }) => {
  if (!file.replies.length) return null;
  const name = (who) => actorName(who, file.people);
  return html`<section class="panel"><div class="panel-head"><h2>回告</h2></div>
    ${file.replies.toReversed().map((reply) => html`<article class="reply" key=${reply.id}>
      <div class="buttons">${tag(reply.outcome_name, TONES[reply.outcome])}<span class="muted number">${name(reply.who)}，${time(reply.at)}</span></div>
      <p class="letter">${reply.text}</p>
      ${reply.quality && html`<details><summary>系统对回告质量的提示（仅供参考）</summary><${Quality} quality=${reply.quality} /></details>`}
    </article>`)}
    ${file.evaluations.length > 0 && html`<h3 class="under">反映人评价</h3><ul class="waiting">${file.evaluations.map((one) => html`<li key=${one.id}>
      ${tag(one.solved ? "已解决" : "未解决", one.solved ? "good" : "danger")}<span class="grow">${SATISFACTIONS[one.satisfaction]}${one.comment ? `：${one.comment}` : ""}</span>
      <span class="when muted number">${one.source === "citizen" ? "自评" : `${name(one.who)}回访`}，${time(one.at)}</span></li>`)}</ul>`}
  </section>`;
};
Replies.props = ["file"];

// The four marks as bars, and why. `quality`: an assessment, live or as it was kept.
export const Quality = ({ quality }) => html`<div class="quality">
  ${quality.perfunctory && html`<p class="note warn">疑似敷衍，请再看一看</p>`}
  ${Object.entries(ASPECTS).map(([aspect, name]) => html`<div key=${aspect} class="aspect">
    <span class="sure"><b>${name}</b><span class="track" role="img" aria-label=${`${name} ${quality[aspect].toFixed(1)} 分，满分 2 分`}><span class=${tone(quality[aspect])} style=${{ width: percent(quality[aspect] / 2) }}></span></span><span class="number">${quality[aspect].toFixed(1)}/2</span></span>
    <${Reasons} reasons=${quality.reasons.filter((one) => one.aspect === aspect)} /></div>`)}
  <${Reasons} reasons=${quality.reasons.filter((one) => !ASPECTS[one.aspect])} />
</div>`;
Quality.props = ["quality"];

const tone = (mark) => (mark >= 1.4 ? "good" : mark >= 0.8 ? "warn" : "danger");

const Reasons = ({ reasons }) => reasons.length > 0 && html`<ul class="reasons">${reasons.map((one, at) => html`<li key=${at}>${one.says}${one.sentences?.length > 0 && html`<span class="muted">　“${one.sentences.join("”“")}”</span>`}</li>`)}</ul>`;
Reasons.props = ["reasons"];
