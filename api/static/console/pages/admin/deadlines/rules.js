// The rulebook in force, the others that could be, and a trial of what the one in force gives.

import { ElButton, ElDatePicker, ElOption, ElSelect } from "element-plus";
import { reactive } from "vue";
import { get, patch } from "../../../api.js";
import { time } from "../../../format.js";
import { bind, html } from "../../../html.js";
import { NATURES, URGENCIES } from "../../../names.js";
import { confirm } from "../../../parts/dialogs.js";
import { told, useAction } from "../../../parts/failure.js";
import { Loaded } from "../../../parts/frame.js";
import { useLoad } from "../../../parts/load.js";
import { DomainPicker } from "../../../parts/pickers.js";
import { Table } from "../../../parts/table.js";
import { loadDomains } from "../../../reference.js";

const STARTS = { opened: "首次交办", assigned: "最近交办", accepted: "签收" };
const words = (values) => values.join("、") || "不限";

export const Rules = {
  setup() {
    const rules = useLoad(async (signal) => {
      const [presets, settings, domains] = await Promise.all([get("/v1/deadlines/presets", {}, { signal }), get("/v1/deadlines/settings", {}, { signal }), loadDomains()]);
      return { presets, rulebook: settings.rulebook, domains: Object.fromEntries(domains.map((one) => [one.code, one.path])) };
    });
    const state = reactive({ picked: null });
    const shown = () => rules.data.presets.find((one) => one.name === state.picked) ?? rules.data.rulebook;
    const adopt = useAction(async () => {
      const { name, title } = shown();
      if (!await confirm("以后交办的按新规则计时，在办的不变。", `改用“${title}”`, { yes: "改用" })) return;
      rules.data.rulebook = (await patch("/v1/deadlines/settings", { preset: name })).rulebook;
      state.picked = null;
      told("已经改用，以后交办的按新规则计时");
    });
    const columns = [
      { key: "name", name: "规则", nowrap: true, cell: (rule) => html`<b>${rule.name}</b>` },
      { key: "whom", name: "适用", cell: (rule) => [rule.urgencies.map((level) => URGENCIES[level]).join("、"), rule.natures.join("、"), rule.domains.map((code) => rules.data.domains[code] ?? code).join("、")].filter(Boolean).join("；") || "其余全部" },
      { key: "within", name: "办结", nowrap: true, cell: (rule) => rule.within_name ?? "不计时" },
      { key: "starts", name: "自何时起", nowrap: true, cell: (rule) => (rule.within ? STARTS[rule.starts] ?? rule.starts : "—") },
      { key: "accept", name: "签收", nowrap: true, cell: (rule) => rule.accept_name ?? "不限" },
      { key: "object", name: "退回", nowrap: true, cell: (rule) => rule.object_name ?? "不限" },
      { key: "extension", name: "延期", nowrap: true, cell: (rule) => (rule.extension_name ? `至多 ${rule.extension_name}，${rule.extensions} 次` : "不延") },
      { key: "pauses", name: "可停表的事由", cell: (rule) => rule.pauses.join("、") || "没有" },
      { key: "article", name: "依据", cell: (rule) => rule.article || "—" },
    ];
    const body = () => {
      const { presets, rulebook } = rules.data;
      const own = !presets.some((one) => one.name === rulebook.name);
      return html`<div>
        <section class="panel" aria-label="时限规则">
          <div class="panel-head"><h2>时限规则</h2><span>现行：<b>${rulebook.title}</b></span><span class="grow"></span>
            <${ElSelect} class="book" ariaLabel="看哪一套" modelValue=${state.picked ?? rulebook.name} onChange=${(name) => { state.picked = name === rulebook.name ? null : name; }}>
              ${own && html`<${ElOption} value=${rulebook.name} label=${`${rulebook.title}（现行）`} />`}
              ${presets.map((one) => html`<${ElOption} key=${one.name} value=${one.name} label=${one.name === rulebook.name ? `${one.title}（现行）` : one.title} />`)}</>
            ${state.picked && html`<${ElButton} type="primary" loading=${adopt.busy} onClick=${adopt.run}>改用这一套</>`}
          </div>
          <p class="above">出处：${shown().source}${shown().note && html`<br /><span class="muted">${shown().note}</span>`}</p>
          <div class="table-box"><div class="table-scroll whole" tabindex="0" role="region" aria-label="各条规则"><${Table} lines=${shown().rules} columns=${columns} rowKey=${(rule) => rule.name} /></div></div>
          <p class="muted">自上而下，第一条适用的即是。县里自己的规则写在数据目录的 deadlines.toml 里，这里就能选。</p>
        </section>
        <${Preview} rulebook=${rulebook} />
      </div>`;
    };
    return () => html`<${Loaded} load=${rules}>${body}</>`;
  },
};

const Preview = {
  props: ["rulebook"],
  setup(props) {
    const form = reactive({ urgency: 4, nature: "投诉", domain: "", assigned: null });
    const terms = useLoad(
      (signal) => get("/v1/deadlines/preview", { urgency: form.urgency, nature: form.nature, domain: form.domain, assigned_at: form.assigned && `${form.assigned}:00+08:00` }, { signal }),
      () => JSON.stringify([form, props.rulebook.name]),
    );
    const answer = ({ rule, deadline_at: deadline, accept_by: accept, return_by: back, provisional }) => html`<dl class="facts">
      <dt>适用</dt><dd><b>${rule.name}</b>${rule.article && html`<span class="muted">　${rule.article}</span>`}</dd>
      <dt>签收</dt><dd class="number">${accept ? `${time(accept)} 前` : "不限"}</dd>
      <dt>退回</dt><dd class="number">${back ? `${time(back)} 前` : "不限"}</dd>
      <dt>办结</dt><dd class="number">${deadline ? `${time(deadline)} 前` : "不计时"}${provisional && html`　<span class="tag warn">暂定：有的年份的节假日还没有公布</span>`}</dd>
    </dl>`;
    return () => html`<section class="panel" aria-label="试算"><div class="panel-head"><h2>试算</h2><span class="muted">按现行规则</span></div>
      <div class="filters">
        <div class="field"><span>紧急程度</span><${ElSelect} ariaLabel="紧急程度" ...${bind(form, "urgency")}>${Object.entries(URGENCIES).map(([level, name]) => html`<${ElOption} key=${level} value=${Number(level)} label=${name} />`)}</></div>
        <div class="field"><span>诉求性质</span><${ElSelect} ariaLabel="诉求性质" ...${bind(form, "nature")}>${NATURES.map((name) => html`<${ElOption} key=${name} value=${name} label=${name} />`)}</></div>
        <div class="field"><span>领域</span><${DomainPicker} label="领域" placeholder="不限" ...${bind(form, "domain")} /></div>
        <div class="field"><span>何时交办</span><${ElDatePicker} type="datetime" ariaLabel="何时交办" valueFormat="YYYY-MM-DDTHH:mm" format="YYYY-MM-DD HH:mm" placeholder="现在" ...${bind(form, "assigned")} /></div>
      </div>
      <${Loaded} load=${terms}>${() => answer(terms.data)}</></section>`;
  },
};
