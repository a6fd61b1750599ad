// Office hours and how long before a deadline a department is reminded.

import { ElButton, ElInputNumber, ElOption, ElSelect, ElTimeSelect } from "element-plus";
import { reactive, watch } from "vue";
import { get, patch } from "../../../api.js";
import { bind, html } from "../../../html.js";
import { URGENCIES } from "../../../names.js";
import { told, useAction } from "../../../parts/failure.js";
import { Loaded } from "../../../parts/frame.js";
import { useLoad } from "../../../parts/load.js";
import { useUnsaved } from "../../../parts/unsaved.js";
import { loadWords } from "../../../reference.js";

export const Hours = {
  setup() {
    const settings = useLoad(async (signal) => {
      const [told, words] = await Promise.all([get("/v1/deadlines/settings", {}, { signal }), loadWords()]);
      return { ...told, units: words.enumerations.units };
    });
    const form = reactive({ hours: [], reminders: {} });
    watch(() => settings.data, (data) => {
      if (!data) return;
      form.hours = data.hours.map(([from, to]) => ({ from, to }));
      form.reminders = Object.fromEntries(Object.entries(data.reminders).map(([level, span]) => [level, { amount: Number(span.split(" ")[0]), unit: span.split(" ")[1] }]));
    });
    const given = () => ({
      hours: form.hours.map(({ from, to }) => [from, to]),
      reminders: Object.fromEntries(Object.entries(form.reminders).map(([level, { amount, unit }]) => [level, `${amount} ${unit}`])),
    });
    const isChanged = () => Boolean(settings.data) && JSON.stringify(given()) !== JSON.stringify({ hours: settings.data.hours, reminders: settings.data.reminders });
    useUnsaved(isChanged);
    const save = useAction(async () => {
      const answer = await patch("/v1/deadlines/settings", given());
      settings.data = { ...settings.data, ...answer };
      told("已经保存");
    });
    const clock = (span, key, label) => html`<${ElTimeSelect} start="00:00" end="23:30" step="00:30" ariaLabel=${label} clearable=${false} ...${bind(span, key)} />`;
    const body = () => html`<section class="panel" aria-label="办公时间和提醒">
      <div class="panel-head"><h2>办公时间</h2><span class="muted">工作日只在其间提醒；特急随时提醒</span></div>
      ${form.hours.map((span, at) => html`<div class="buttons spans" key=${at}>
        ${clock(span, "from", `第 ${at + 1} 段，从`)}<span>到</span>${clock(span, "to", `第 ${at + 1} 段，到`)}
        <button type="button" class="plain about" disabled=${form.hours.length === 1} onClick=${() => form.hours.splice(at, 1)}>删去</button></div>`)}
      <button type="button" class="plain about" onClick=${() => form.hours.push({ from: "19:00", to: "20:00" })}>加一段</button>
      <div class="panel-head under"><h2>提前多久提醒</h2><span class="muted">到期前这么久提醒承办单位一次；时限还没过一半的不提醒</span></div>
      <dl class="fields">${Object.entries(form.reminders).map(([level, span]) => [html`<dt>${URGENCIES[level]}</dt>`, html`<dd class="buttons">
        <${ElInputNumber} min=${1} max=${999} ariaLabel=${`${URGENCIES[level]}提前多少`} controlsPosition="right" ...${bind(span, "amount")} />
        <${ElSelect} class="unit" ariaLabel=${`${URGENCIES[level]}的单位`} ...${bind(span, "unit")}>${settings.data.units.map((unit) => html`<${ElOption} key=${unit.code} value=${unit.code} label=${unit.name} />`)}</></dd>`])}</dl>
      <div class="buttons above-gap"><${ElButton} type="primary" loading=${save.busy} disabled=${!isChanged()} onClick=${save.run}>保存</></div>
    </section>`;
    return () => html`<${Loaded} load=${settings}>${body}</>`;
  },
};
