// The same command for many lines at once: each stands alone, and what was not done is told.

import { ElButton, ElDialog, ElForm } from "element-plus";
import { reactive } from "vue";
import { post } from "../../api.js";
import { html } from "../../html.js";
import { Dialog } from "../../parts/dialog.js";
import { told, useAction } from "../../parts/failure.js";
import { useLoad } from "../../parts/load.js";
import { loadWords } from "../../reference.js";
import { go, link } from "../../router.js";
import { may } from "../../session.js";
import { blankOf, Field, isFilled, read } from "../entry/fields.js";

const OPEN = ["registered", "returned", "assigned", "accepted", "reopened"];
// As the table of docs/workflow.md has them: for whom, in which states, with what.
const STEPS = [
  { command: "accept", name: "签收", action: "work", states: ["assigned", "reopened"], needs: [], takes: ["assignee", "note"] },
  { command: "progress", name: "记录进展", action: "work", states: ["accepted", "reopened", "replied", "evaluated"], needs: ["note"], takes: [] },
  { command: "delegate", name: "指定承办人", action: "work", states: ["accepted", "reopened"], needs: ["assignee"], takes: ["note"] },
  { command: "return", name: "退回", action: "work", states: ["assigned", "accepted"], needs: ["note"], takes: [] },
  { command: "assign", name: "交办", action: "assign", states: ["registered", "returned"], needs: ["lead"], takes: ["assisting", "note"] },
  { command: "reassign", name: "改派", action: "assign", states: ["assigned", "accepted", "reopened"], needs: ["lead", "note"], takes: ["assisting"] },
  { command: "merge", name: "并件", action: "assign", states: OPEN, needs: ["into"], takes: ["note"] },
  { command: "close", name: "销号", action: "close", states: ["evaluated"], needs: [], takes: ["note"] },
  { command: "urge", name: "督办", action: "urge", states: [...OPEN, "replied"], needs: ["note"], takes: ["level", "person", "by"] },
];
const suits = (step, line) => step.states.includes(line.entry.state);

// html`<${BulkButtons} lines=${chosen} onPick=${(step) => …} />`: what this person may do with some of them.
export const BulkButtons = (props, { emit }) => {
  const { lines } = props;
  const steps = STEPS.filter((step) => may(step.action) && lines.some((line) => suits(step, line)));
  return html`${steps.map((step) => html`<${ElButton} key=${step.command} size="small" onClick=${() => emit("pick", step)}>${step.name}</>`)}
    ${may("plan_tasks") && html`<${ElButton} key="task" size="small" onClick=${() => go("/tasks/new", { entries: lines.map((line) => line.entry.id) })}>安排任务</>`}
    ${steps.length === 0 && !may("plan_tasks") && html`<span class="muted">选中的没有可以一起办的动作</span>`}`;
};
BulkButtons.props = ["lines"];
BulkButtons.emits = ["pick"];

export const BulkDialog = {
  props: ["step", "lines"],
  emits: ["done", "close"],
  setup(props, { emit }) {
    const { command, name, needs, takes } = props.step;
    const lines = props.lines.filter((line) => suits(props.step, line));
    const [{ entry }] = lines;
    const ofOne = lines.every((line) => line.entry.lead_department === entry.lead_department);
    const keys = [...needs, ...takes];
    const state = reactive({ form: Object.fromEntries(keys.map((key) => [key, blankOf(key)])), wrong: {} });
    const words = useLoad(async () => Object.fromEntries(Object.entries((await loadWords()).enumerations).map(([key, list]) => [key, Object.fromEntries(list.map((one) => [one.code, one.name]))])));
    const file = () => ({ entry: { ...entry, assisting: [], lead_department: ofOne ? entry.lead_department : undefined }, words: words.data ?? {}, submissions: [], extensions: [] });

    const send = useAction(async () => {
      state.wrong = Object.fromEntries(needs.filter((key) => !isFilled(state.form[key])).map((key) => [key, "请填写"]));
      if (Object.keys(state.wrong).length) return;
      const { done, failed, entries } = await post("/v1/entries:batch", { command, entries: lines.map((line) => ({ id: line.entry.id, version: line.entry.version })), ...read(state.form) });
      if (!failed) told(`${name}：${done} 条已经办好`);
      const titles = Object.fromEntries(lines.map((line) => [line.entry.id, line.entry.matter || line.title || "（无标题）"]));
      emit("done", failed ? { name, done, failed: entries.filter((one) => one.status !== 200).map((one) => ({ ...one, title: titles[one.id] })) } : null);
    });
    const left = props.lines.length - lines.length;
    return () => html`<${Dialog} title=${`${name} ${lines.length} 条`} onClose=${() => emit("close")}>
      ${left > 0 && html`<p class="note">另有 ${left} 条现在不能${name}，不在其内。</p>`}
      <${ElForm} labelPosition="top" onSubmit=${(event) => { event.preventDefault(); send.run(); }}>
        ${keys.map((key) => html`<${Field} key=${key} name=${key} command=${command} form=${state.form} file=${file()} required=${needs.includes(key)} error=${state.wrong[key]} />`)}
        <div class="buttons"><${ElButton} type="primary" nativeType="submit" loading=${send.busy}>${name}</><${ElButton} onClick=${() => emit("close")}>取消</></div>
      </>
    </>`;
  },
};

// What was not done, and why.
export const BulkResult = (props, { emit }) => {
  const { name, done, failed } = props.result;
  return html`<${ElDialog} modelValue title=${`${name}：${done} 条已办，${failed.length} 条没有办成`} onUpdate:modelValue=${() => emit("close")}>
    <ul class="reasons">${failed.map((one) => html`<li key=${one.id}><a href=${link(`/entries/${one.id}`)} onClick=${() => emit("close")}>条目 ${one.id} ${one.title}</a><br /><span class="muted">${one.detail}</span></li>`)}</ul>
  </>`;
};
BulkResult.props = ["result"];
BulkResult.emits = ["close"];
