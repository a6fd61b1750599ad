// What the system says about a submission, and why: labels, reasons, department, place, alternatives.

import { percent, tag, urgencyTag } from "../format.js";
import { html } from "../html.js";

// The labels in one line: urgency, nature, flags, and whether it went out by itself.
export const Labels = ({ suggestion }) => html`<div class="buttons">
  ${urgencyTag(suggestion.urgency.level)}
  ${tag(suggestion.nature.name, "work")}
  ${suggestion.flags.map((flag) => tag(flag, flag === "极端风险" ? "danger" : "warn"))}
  ${suggestion.confidential && tag("涉检举控告", "danger")}
</div>`;
Labels.props = ["suggestion"];

// Where nobody has forwarded it yet: somebody may be in danger now. Nothing, where it is less urgent.
export const CallFirst = ({ suggestion }) => (suggestion?.urgency.level === 1
  ? html`<p class="note bad" role="alert"><b>特急：</b>可能有人正有危险。请先拨 110（公安）、119（消防）、120（急救）或 122（交通事故），不必等登记、认定。</p>`
  : null);
CallFirst.props = ["suggestion"];

// How sure it is: a bar and the figure. html`<${Sure} share=${0.83} />`
export const Sure = ({ share, name }) => html`<span class="sure" title="系统估计的、这个判断正确的可能，经过校准">
  <span class="track" role="img" aria-label=${`${name ?? "把握"} ${percent(share)}`}><span class=${share >= 0.8 ? "good" : share >= 0.5 ? "warn" : "danger"} style=${{ width: percent(share) }}></span></span>
  <span class="number">${name ?? "把握"} ${percent(share)}</span>
</span>`;
Sure.props = ["share", "name"];

// level1 › level2 › level3, each heading but the last in grey.
export const DomainPath = ({ domain }) => html`<span class="domain"><span>${domain.level1} › ${domain.level2} › </span><b>${domain.level3}</b></span>`;
DomainPath.props = ["domain"];

// All of it, as facts. html`<${Suggestion} suggestion=${said} />`; `alternatives` as (call, index) => node
// draws the other domains in its own way, such as with keys to choose them.
export const Suggestion = ({ suggestion, alternatives }) => {
  const { department, domain, place, urgency } = suggestion;
  return html`<div class="suggestion">
    <${Labels} suggestion=${suggestion} />
    ${suggestion.review_reasons.length > 0 && html`<p class="note warn">需要人工复核：${suggestion.review_reasons.join("；")}</p>`}
    <dl class="facts">
      <dt>领域</dt><dd><${DomainPath} domain=${domain} /><br /><${Sure} share=${domain.confidence} /></dd>
      <dt>主办</dt><dd><b>${department.lead ?? "未定，由经办人选择"}</b>${department.assisting.length > 0 && html`<span class="muted">　协办 ${department.assisting.join("、")}</span>`}</dd>
      ${department.reasons.length > 0 && [html`<dt>为何派给它</dt>`, html`<dd>${lines(department.reasons)}</dd>`]}
      ${department.ground && [html`<dt>法规依据</dt>`, html`<dd>${department.ground}</dd>`]}
      <dt>为何${urgency.name}</dt><dd>${urgency.reasons.length ? lines(urgency.reasons) : `未见紧急情形，把握 ${percent(urgency.confidence)}`}</dd>
      <dt>地点</dt><dd>${place.text || "文中没有写明"}${place.candidates.length > 0 && html`<span class="muted">　${place.division ? "" : "可能是 "}${place.candidates.map((one) => one.name).join("、")}</span>`}</dd>
      ${domain.alternatives.length > 0 && [html`<dt>备选领域</dt>`, html`<dd>${domain.alternatives.map((call, at) => alternatives?.(call, at) ?? html`<div key=${call.code} class="muted">${call.level1} › ${call.level2} › ${call.level3} ${percent(call.confidence)}</div>`)}</dd>`]}
    </dl>
  </div>`;
};
Suggestion.props = ["suggestion", "alternatives"];

const lines = (items) => (items.length === 1 ? items[0] : html`<ul class="reasons">${items.map((item) => html`<li key=${item}>${item}</li>`)}</ul>`);
