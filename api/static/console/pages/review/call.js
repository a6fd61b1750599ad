// What the clerk decides on a sheet: domain, department, urgency, nature, place; each with its key.

import { ElButton, ElInput, ElOption, ElSelect } from "element-plus";
import { reactive } from "vue";
import { percent, tag } from "../../format.js";
import { bind, html } from "../../html.js";
import { NATURES, URGENCIES } from "../../names.js";
import { Hotlines } from "../../parts/hotlines.js";
import { DepartmentPicker, DivisionPicker, DomainPicker, isLeaf } from "../../parts/pickers.js";
import { RestFirst } from "../../parts/rest.js";
import { Labels } from "../../parts/suggestion.js";
import { find } from "../../parts/typing.js";
import { loadDepartments, loadDomains } from "../../reference.js";
import { ACCUSATION, followCatalogue, partsChanged } from "./sheets.js";

export const URGENCY_KEYS = ["q", "w", "e", "r"];
const TYPED = { 咨询: "zx zixun", 求助: "qz qiuzhu", 投诉: "ts tousu", 举报: "jb jubao", 检举控告: "jjkg jianjukonggao", 建议: "jy jianyi", 感谢: "gx ganxie" };
const NATURE_ITEMS = NATURES.map((name) => {
  const [initials, pinyin] = TYPED[name].split(" ");
  return { name, initials, pinyin };
});
const PART_NAMES = { domain: "领域", lead: "主办", assisting: "协办", urgency: "紧急程度", nature: "性质", division: "区划" };

// The suggested domain and its three alternatives, under the keys 1 to 4.
export const optionsOf = (sheet) => (sheet.suggestion ? [sheet.suggestion.domain, ...sheet.suggestion.domain.alternatives.slice(0, 3)] : []);

export function chooseDomain(sheet, code) {
  if (!code || sheet.call.domain === code) return;
  sheet.call.domain = code;
  followCatalogue(sheet);
}

function chooseNature(sheet, nature) {
  sheet.call.nature = nature || sheet.said.nature;
  followCatalogue(sheet);
}

function chooseLead(sheet, name) {
  Object.assign(sheet.lead, { chosen: Boolean(name), asking: null, reasons: null });
  sheet.call.lead = name ?? sheet.said.lead;
  sheet.call.assisting = sheet.call.assisting.filter((one) => one !== name);
}

// html`<${Call} sheet=${sheet} missing=${missing} home=${() => …} confirm=${…} skip=${…} back=${…} />`;
// `home` gives the keyboard back to the page, so that single letters are keys again; `alarm` forwards
// to an emergency line, null for whoever may not.
export const Call = {
  props: ["sheet", "missing", "home", "alarm", "confirm", "skip", "back"],
  setup(props) {
    const known = reactive({ departments: [], domains: [], typed: "" });
    loadDepartments().then((all) => { known.departments = all; }, () => {}); // the pickers say so where it fails
    loadDomains().then((all) => { known.domains = all; }, () => {});
    const codeOf = (name) => known.departments.find((one) => one.name === name)?.code;
    const nameOf = (code) => known.departments.find((one) => one.code === code)?.name;
    // Until the directory is there the names stand where they will be chosen.
    const waiting = (names) => (known.departments.length ? undefined : names || undefined);
    const then = (step) => (value) => {
      step(value);
      props.home();
    };
    // Whoever chose what stood already, or left the list by Escape, is done with the field as well;
    // whoever went on by Tab or by the mouse is elsewhere by then.
    const leaving = (id) => ({ id, onClose: () => setTimeout(() => { if (document.activeElement?.id === id) props.home(); }) });
    const nature = (sheet) => html`<${ElSelect} id="review-nature" ariaLabel="诉求性质" modelValue=${sheet.call.nature} filterable defaultFirstOption placeholder="性质" noMatchText="没有符合的" noDataText="没有符合的"
      filterMethod=${(typed) => { known.typed = typed; }} onVisibleChange=${(open) => { if (!open) { known.typed = ""; leaving("review-nature").onClose(); } }} onChange=${then((value) => chooseNature(sheet, value))}>
      ${find(NATURE_ITEMS, known.typed).map(({ name }) => html`<${ElOption} key=${name} value=${name} label=${name} />`)}
    </>`;

    return () => {
      const { sheet } = props;
      const { call } = sheet;
      const options = optionsOf(sheet);
      const other = options.some((one) => one.code === call.domain) ? undefined : call.domain;
      const changed = partsChanged(sheet).map((part) => PART_NAMES[part]);
      return html`<section class="panel call" aria-label="认定">
        ${sheet.suggestion && html`<div class="panel-head"><${Labels} suggestion=${sheet.suggestion} /></div>`}
        ${sheet.failure && html`<p class="note bad" role="alert">没有办成：${sheet.failure}</p>`}
        ${sheet.suggestion?.review_reasons.length > 0 && html`<p class="note warn">${sheet.suggestion.review_reasons.join("；")}</p>`}
        ${call.urgency === 1 && props.alarm && html`<div class="note bad" role="group" aria-label="转紧急热线"><p><kbd>A</kbd> <b>特急：</b>请先拨电话，再按该条热线，${call.nature === ACCUSATION ? "立即转纪检；转哪条热线，纪检人员看得到。" : "立即交办；其余各项事后可改。"}</p>
          <${Hotlines} first="review-alarm" onPick=${({ code, name }) => props.alarm(code, name)} /></div>`}
        <div class="options" role="group" aria-label="领域">${options.map((one, at) => html`<button type="button" key=${one.code} class=${{ keyed: true, chosen: call.domain === one.code }} aria-pressed=${String(call.domain === one.code)} onClick=${() => then(() => chooseDomain(sheet, one.code))()}>
            <kbd>${at + 1}</kbd><span class="domain"><span>${one.level1} › ${one.level2} › </span><b>${one.level3}</b></span>${at === 0 && html`<span class="tag">系统建议</span>`}<span class="number muted">${percent(one.confidence)}</span></button>`)}</div>
        <dl class="fields">
          ${field("l", "另选领域", html`<${DomainPicker} ...${leaving("review-domain")} only=${isLeaf} label="另选领域" modelValue=${other} onPick=${then((code) => chooseDomain(sheet, code ?? sheet.said.domain))} />
            ${other && html`<span class="hint">${known.domains.find((one) => one.code === other)?.path.replaceAll("/", " › ")}</span>`}`)}
          <dt>紧急程度</dt><dd><div class="levels" role="group" aria-label="紧急程度">${Object.entries(URGENCIES).map(([level, name], at) => html`<button type="button" key=${level} class=${{ keyed: true, chosen: call.urgency === Number(level) }} aria-pressed=${String(call.urgency === Number(level))}
            onClick=${() => then(() => { call.urgency = Number(level); })()}><kbd>${URGENCY_KEYS[at].toUpperCase()}</kbd>${name}</button>`)}</div></dd>
          ${field("z", "主办", html`<${DepartmentPicker} ...${leaving("review-lead")} label="主办单位" placeholder=${waiting(call.lead)} modelValue=${codeOf(call.lead)} onPick=${then((code) => chooseLead(sheet, nameOf(code)))} />`)}
          ${field("x", "协办", html`<${DepartmentPicker} ...${leaving("review-assisting")} multiple label="协办单位" placeholder=${waiting(call.assisting.join("、"))} modelValue=${call.assisting.map(codeOf).filter(Boolean)} onPick=${(codes) => { call.assisting = codes.map(nameOf); }} />`)}
          ${field("s", "性质", nature(sheet))}
          ${field("d", "区划", html`<${DivisionPicker} ...${leaving("review-division")} modelValue=${call.division ?? undefined} onPick=${then((code) => { call.division = code ?? sheet.said.division; })} />`)}
          ${field("y", "原因", html`<${ElInput} id="review-reason" aria-label="更正的原因" maxlength="2000" placeholder="可不填，供以后改进" ...${bind(call, "reason")} onKeydown=${leaveByEnter(props.home)} />`)}
        </dl>
        ${call.nature === ACCUSATION && [html`<p class="note warn" key="sealed">检举控告确认后即转纪检，您将看不到这一件。</p>`, html`<${RestFirst} key="rest" id=${sheet.id} />`]}
        ${props.missing && html`<p class="note bad" role="alert">${props.missing}</p>`}
        <div class="buttons">
          <${ElButton} type="primary" onClick=${once(props.confirm)}>${sheet.entry ? "保存更正" : changed.length ? "更正" : "确认"}，下一件 <kbd>Enter</kbd></>
          <${ElButton} onClick=${once(props.skip)}>跳过 <kbd>→</kbd></>
          <${ElButton} disabled=${!props.back} onClick=${props.back}>上一件 <kbd>←</kbd></>
        </div>
        <p class="hint" aria-live="polite">${changed.length ? `更正：${changed.join("、")}` : sheet.entry ? "已认定，没有改动" : "没有改动，按 Enter 照系统建议确认"}</p>
      </section>`;
    };
  },
};

// The second press of a double click would meet the next sheet, which nobody has read.
const once = (step) => (event) => {
  if (event.detail < 2) step();
};

const field = (key, name, control) => [html`<dt><kbd>${key.toUpperCase()}</kbd> ${name}</dt>`, html`<dd>${control}</dd>`];

const leaveByEnter = (home) => (event) => {
  if (event.key !== "Enter" || event.isComposing || event.ctrlKey) return;
  event.preventDefault();
  home();
};

// Why the machine says so: for whom it sends it to and how urgent it is.
export const Why = ({ sheet }) => {
  const said = sheet.suggestion;
  if (!said) return null;
  const reasons = sheet.lead.reasons ?? said.department.reasons;
  return html`<section class="panel" aria-label="系统为什么这样建议">
    <dl class="facts">
      <dt>为何派给它</dt><dd>${reasons.join("；") || "—"}</dd>
      ${said.department.ground && [html`<dt>依据</dt>`, html`<dd>${said.department.ground}</dd>`]}
      <dt>为何${said.urgency.name}</dt><dd>${said.urgency.reasons.join("；") || `未见紧急情形，把握 ${percent(said.urgency.confidence)}`}</dd>
      <dt>地点</dt><dd>${said.place.text || "文中没有写明"}${said.place.candidates.length > 1 && !said.place.division ? html`<span class="muted">　可能是 ${said.place.candidates.map((one) => one.name).join("、")}</span>` : ""}</dd>
      ${said.flags.length > 0 && [html`<dt>风险标签</dt>`, html`<dd class="buttons">${said.flags.map((flag) => tag(flag, "warn"))}</dd>`]}
    </dl>
  </section>`;
};
Why.props = ["sheet"];
